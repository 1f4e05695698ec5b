/* SPDX-License-Identifier: Apache-2.0
 *
 * snapshot_parts - the snapshots of parts that a register keeps: for each set of ranges of TACs that nodes asked for
 * the last file and the one before. A handful of operators ask for a handful of sets; one that nobody has asked for in
 * SNAPSHOT_PART_REST_S gives its place to another.
 *
 * Only app/snapshots.c includes this, and calls it with its lock held. */
#ifndef APP_SNAPSHOT_PARTS_H
#define APP_SNAPSHOT_PARTS_H

#include "app/snapshots.h"

struct snapshot_part {
    struct tac_ranges tacs; /* count 0: a free place */
    bool wanted, making;
    int64_t asked_us;            /* monotonic: last */
    struct snapshot now, before; /* fd -1: none */
    uint64_t next_seq;           /* of now */
    int64_t made_us;             /* monotonic: when the whole was made that it is of */
    struct fault failure;        /* of the last try; err ERR_OK: it went well */
};

struct snapshot_parts {
    struct snapshot_part of[LIMIT_SNAPSHOT_PARTS];
};

void snapshot_parts_init(struct snapshot_parts *parts);
void snapshot_parts_release(struct snapshot_parts *parts);
/* The place of these ranges, a new one if need be. ERR_SNAPSHOT_PARTS: all are taken by sets that are still asked for. */
MUST_USE enum err snapshot_parts_find(struct snapshot_parts *parts, const struct tac_ranges *tacs,
                                      int64_t now_us, struct snapshot_part **out,
                                      struct fault *fault);
/* The next that is to be made; NULL: none. */
struct snapshot_part *snapshot_parts_wanted(struct snapshot_parts *parts);
/* The file with this tag; NULL: none. */
const struct snapshot *snapshot_parts_named(const struct snapshot_parts *parts, const char *tag);
/* A new one takes its place; the part's then. */
void snapshot_part_take(struct snapshot_part *part, const struct snapshot *made);
/* No file is given any more; what was there is wanted anew. */
void snapshot_parts_forget(struct snapshot_parts *parts);

#endif
