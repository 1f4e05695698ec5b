/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_keep - a list that is kept, as its three files share it: lists.c holds the lock and says what is given out,
 * lists_walk.c reads the journal, lists_stand.c knows what stands in memory and in the files. All of it under the lock. */
#ifndef APP_LISTS_KEEP_H
#define APP_LISTS_KEEP_H

#include "app/lists_batches.h"
#include "app/lists_inside.h"

enum { LISTS_PATH = 4096 };

struct lists {
    uint8_t kind;
    char directory[LISTS_PATH], log_path[LISTS_PATH], base_path[LISTS_PATH], lock_path[LISTS_PATH];
    int lock;              /* -1: not opened */
    struct lists_log *log; /* NULL: not opened yet */
    struct lists_state *state;
    struct lists_pairs *pairs; /* of exceptions, in place of the state; else NULL */
    bool ready;                /* the state stands at `place` */
    uint8_t register_id[REGISTER_ID_BYTES];
    uint64_t in_log; /* records of the log that are in it */
    struct lists_batches batches;
    bool warm; /* the batches are those of `place` */
    struct lists_place place;
    bool begun;
    bool distrusted;
};

/* ---- what stands (lists_stand.c) ---- */

/* Takes a change over into what stands in memory; a lists_change_fn. ctx: the lists. ERR_MEMORY. */
MUST_USE enum err lists_put_change(void *ctx, const struct lists_change *change);
/* Is `place` the register's head? */
bool lists_at_head(const struct lists *lists, const struct registry *registry);
/* From nothing: the files go. */
MUST_USE enum err lists_start_anew(struct lists *lists, struct fault *fault);
/* What was known of files that stand there no more. */
void lists_forget_log(struct lists *lists);
/* Opens the log, or sees what others wrote. */
MUST_USE enum err lists_look_at_log(struct lists *lists, struct fault *fault);
/* At the last place that is written: what was passed since moved nothing. */
MUST_USE enum err lists_save_base(struct lists *lists, struct fault *fault);

/* ---- the walk (lists_walk.c) ---- */

/* One look at the store, of so many items at most: from the blocks of open batches on, where they are not known. ERR_CHAIN:
 * the register is another one, or has gone back. */
MUST_USE enum err lists_pass(struct lists *lists, struct registry *registry, bool *out_more,
                             struct fault *fault);

#endif
