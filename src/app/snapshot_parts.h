/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot_parts - the snapshots of parts that a register keeps: for each set of ranges of TACs that nodes asked for
 * the last file and the one before. A handful of operators ask for a handful of sets each, and no operator for so many
 * that none is left to the others. One that nobody has asked for in SNAPSHOT_PART_REST_S is let go, and gives its place
 * to another. The files have no name in the directory, so their bytes are counted here, and bounded: beyond
 * LIMIT_SNAPSHOT_PARTS_BYTES those before the last go first, then those that were asked for longest ago.
 *
 * Only app/snapshots.c includes this, and calls it with its lock held. */
#ifndef APP_SNAPSHOT_PARTS_H
#define APP_SNAPSHOT_PARTS_H

#include "app/snapshots.h"

enum {
    SNAPSHOT_PART_RETRY_S = 5, /* after one could not be made; doubled each time */
    SNAPSHOT_PART_RETRY_MOST_S = 300,
};

struct snapshot_part {
    struct tac_ranges tacs;             /* count 0: a free place */
    char operator_name[LIMIT_NAME + 1]; /* who asked for it first */
    bool wanted, making;
    int64_t asked_us;            /* monotonic: last */
    struct snapshot now, before; /* fd -1: none */
    uint64_t next_seq;           /* of now */
    int64_t made_us;             /* monotonic: when the whole was made that it is of */
    struct fault failure;        /* of the last try; err ERR_OK: it went well */
    int64_t retry_us;            /* monotonic: not made again before; 0: at once */
    unsigned pause_s;            /* that was waited after the last failure */
};

struct snapshot_parts {
    struct snapshot_part of[LIMIT_SNAPSHOT_PARTS];
    uint64_t bytes_most; /* LIMIT_SNAPSHOT_PARTS_BYTES; a test's own */
};

void snapshot_parts_init(struct snapshot_parts *parts);
void snapshot_parts_release(struct snapshot_parts *parts);
/* The place of the ranges that are asked for, a new one if need be. ERR_SNAPSHOT_PARTS: all are taken by sets that are
 * still asked for, or this operator has as many as one may. */
MUST_USE enum err snapshot_parts_find(struct snapshot_parts *parts, const struct snapshot_ask *ask,
                                      int64_t now_us, struct snapshot_part **out,
                                      struct fault *fault);
/* The next that is to be made now; NULL: none. */
struct snapshot_part *snapshot_parts_wanted(struct snapshot_parts *parts, int64_t now_us);
/* When the first of those that are wanted, and wait after a failure, may be made; INT64_MAX: none does. */
int64_t snapshot_parts_retry_us(const struct snapshot_parts *parts, int64_t now_us);
/* The file with this tag, which is asked for by that; NULL: none. */
const struct snapshot *snapshot_parts_named(struct snapshot_parts *parts, const char *tag,
                                            int64_t now_us);
/* A new one takes its place; the part's then. */
void snapshot_parts_take(struct snapshot_parts *parts, struct snapshot_part *part,
                         const struct snapshot *made);
/* It could not be made: it rests before the next try, longer each time. */
void snapshot_part_fail(struct snapshot_part *part, const struct fault *failure, int64_t now_us);
/* Lets go of what nobody asks for any more. */
void snapshot_parts_rest(struct snapshot_parts *parts, int64_t now_us);
/* No file is given any more; what was there is wanted anew. */
void snapshot_parts_forget(struct snapshot_parts *parts);
struct snapshots_kept snapshot_parts_kept(const struct snapshot_parts *parts);

#endif
