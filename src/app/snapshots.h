/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshots - the signed index file that new nodes begin with, kept as a file beside the server. It is made when
 * somebody wants one and the last is too old: the thread that follows the register takes an image of the index
 * where no batch is open (quiet.h) and goes on, a thread of its own writes it. Where no such place comes for
 * SNAPSHOT_PATIENCE_MS, that thread makes the index as it was at the last one, out of the file before and the journal.
 * A node may ask for some ranges of TACs alone: such a part is made out of the last whole file, by the same thread, and
 * kept as the whole is (snapshot_parts.h).
 * Whoever sends one holds it open, so a newer one may take its place at any time. */
#ifndef APP_SNAPSHOTS_H
#define APP_SNAPSHOTS_H

#include "app/readers.h"
#include "core/tac_ranges.h"

enum {
    SNAPSHOT_TAG = 48,
    SNAPSHOT_EVERY_S = 600,
    SNAPSHOT_ITEMS = 1000000,
    SNAPSHOT_PATIENCE_MS = 5000,
    SNAPSHOT_PART_REST_S = 3600,
};

struct snapshots;

struct snapshots_options {
    const char *directory; /* made when it is missing; of it only snapshot-*.tgix is ours */
    unsigned every_s;      /* older ones are made anew; 0 = SNAPSHOT_EVERY_S */
    uint64_t items;        /* so many journal items behind is too old as well; 0 = SNAPSHOT_ITEMS */
};

struct snapshot {
    int fd; /* the caller's to close */
    uint64_t bytes;
    char tag[SNAPSHOT_TAG]; /* entity tag with its quotes, RFC 9110 8.8.3: sequence and hash */
};

/* readers: borrowed. ERR_MEMORY. */
MUST_USE enum err snapshots_new(const struct snapshots_options *options, struct readers *readers,
                                struct snapshots **out);
void snapshots_free(struct snapshots *snapshots); /* ends what it writes; NULL is allowed */

struct snapshot_ask {
    struct str tag; /* one that the caller has the beginning of is fresh whatever its age */
    bool any;       /* too old is good enough: ERR_NOT_NOW only where there is none */
    const struct tac_ranges *tacs; /* that are wanted alone; NULL: all */
    struct str
        operator_name; /* of whose node asks: one has LIMIT_SNAPSHOT_PARTS_OPERATOR sets at most */
};
/* The last one, unless it is too old and a new one is being made: ERR_NOT_NOW, come again when snapshots_made moves.
 * ERR_FILE_WRITE: none could be made. ERR_SNAPSHOT_PARTS. Any thread. */
MUST_USE enum err snapshots_open(struct snapshots *snapshots, const struct snapshot_ask *ask,
                                 struct snapshot *out, struct fault *fault);
/* The one of this name, a tag without its quotes, when it is the last of its ranges or the one before: so who loads one while
 * another takes its place can go on. ERR_NOT_FOUND. Any thread. */
MUST_USE enum err snapshots_named(struct snapshots *snapshots, struct str name,
                                  struct snapshot *out, struct fault *fault);
/* Of sets of TACs. Their files have no name in the directory. Any thread. */
struct snapshots_kept {
    unsigned sets, failing; /* failing: could not be made when they were last tried */
    uint64_t bytes;
};
struct snapshots_kept snapshots_kept(struct snapshots *snapshots);
/* How many were made, or failed to be. Any thread. */
uint64_t snapshots_made(struct snapshots *snapshots);

/* Between two blocks, by the follower: takes an image where one is wanted. quiet: no batch is open here. */
void snapshots_look(struct snapshots *snapshots, const struct index *index, bool quiet);
/* By the follower, when the register is not what was followed: what was made is given no more. */
void snapshots_forget(struct snapshots *snapshots);

#endif
