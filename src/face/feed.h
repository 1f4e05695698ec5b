/* SPDX-License-Identifier: Apache-2.0
 *
 * feed - what EIR nodes follow the register by (ARCHITECTURE.md, "Feed"). Open to keys with the scope feed. All
 * three may wait for the store, so they are answered aside; who waits for news holds no thread. */
#ifndef FACE_FEED_H
#define FACE_FEED_H

#include "app/feed.h"
#include "face/request.h"

void feed_blocks(struct exchange *x);   /* GET /api/v1/feed?after=CURSOR&wait=SECONDS */
void feed_snapshot(struct exchange *x); /* GET /api/v1/snapshot */
void feed_tac(struct exchange *x);      /* GET /api/v1/tac-list/{number} */

/* "bytes=0-99" of so many bytes (RFC 9110 14.1.2): one range. RANGE_NONE: the whole is sent, because none, several, or
 * a unit that we do not know is asked for; RANGE_BAD: none of it is there (416). */
enum range { RANGE_NONE, RANGE_PART, RANGE_BAD };
enum range feed_range(struct str header, uint64_t bytes, uint64_t *out_at, uint64_t *out_bytes);
/* Does a list of entity tags, or *, name this one? (RFC 9110 13.1.2) */
bool feed_tag_listed(struct str header, struct str tag);

/* For addresses of their own that give files and wait for news. */

/* The request is asked again when there is news behind what was seen, until that time. False: it has waited long
 * enough. behind: seen before what it is about was looked at, so that nothing falls between. */
bool feed_wait_on(struct exchange *x, unsigned seconds, const struct service_news *behind);
/* What ?wait= says: 0 to LIMIT_FEED_WAIT_SECONDS. ERR_NUMBER; ERR_CROWDED: so many wait already. */
MUST_USE enum err feed_read_wait(struct exchange *x, unsigned *out, struct fault *fault);
/* A cursor out of the query. ERR_USAGE. */
MUST_USE enum err feed_read_cursor(struct exchange *x, const char *name, bool *out_given,
                                   struct feed_cursor *out, struct fault *fault);
/* A file as answer, or the part of it that is wanted, or that it has not changed. Takes the descriptor. */
struct feed_file {
    int fd;
    uint64_t bytes;
    struct str tag;
    const char *type;
};
void feed_send_file(struct exchange *x, const struct feed_file *file);
/* The same of what is read while it is sent: all of it, `at` 0. Takes the stream. */
void feed_send_stream(struct exchange *x, const struct response_stream *stream, const char *type);

#endif
