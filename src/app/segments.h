/* SPDX-License-Identifier: Apache-2.0
 *
 * segments - the blocks behind the head in pieces that caches may keep for ever (ARCHITECTURE.md, "Segments of the
 * feed"). A segment becomes a file when it is first asked for, and another packed by zstd; both stay beside the
 * snapshots until newer ones need the room.
 *
 * Expected workload: each segment once for each cache, or some hundred nodes at once where there is none: one
 * makes it, the others come again when that is done and get the file. Nobody waits in here, so that who asks for
 * segments holds one thread and no more. */
#ifndef APP_SEGMENTS_H
#define APP_SEGMENTS_H

#include "app/feed.h"
#include "app/snapshots.h"

enum {
    SEGMENT_ITEMS = LIMIT_BLOCK_ITEMS, /* sequence numbers in which a segment's blocks begin */
    SEGMENT_NAME = 20 + 1 + 2 * SHA256_BYTES + 1, /* "N-HASH", NUL */
};

struct segments;

/* directory: of it only segment-* is ours. ERR_MEMORY. */
MUST_USE enum err segments_new(const char *directory, struct segments **out);
void segments_free(struct segments *segments); /* NULL is allowed */

/* The register was restored: what was looked up and made of it is not given any more. */
void segments_forget(struct segments *segments);
/* Appends a line for each sealed segment from the one on that goes on behind next_seq, LIMIT_SEGMENTS at most. Of the
 * store, ERR_MEMORY. Any thread, with a register of its own, as the next. */
MUST_USE enum err segments_list(struct segments *segments, struct registry *registry,
                                uint64_t next_seq, struct buf *out, struct fault *fault);
/* The file of a name out of the list; packed: by zstd. ERR_NOT_FOUND: the register has no such segment; ERR_NOT_NOW: it is
 * not made yet, and another thread makes one: come again when segments_made moves; ERR_TOO_LONG; ERR_FILE_WRITE,
 * ERR_MEMORY; of the store. */
MUST_USE enum err segments_open(struct segments *segments, struct registry *registry,
                                struct str name, bool packed, struct snapshot *out,
                                struct fault *fault);
/* Moves when one was made, or failed to be. Any thread. */
uint64_t segments_made(const struct segments *segments);

#endif
