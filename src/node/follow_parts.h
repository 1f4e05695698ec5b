/* SPDX-License-Identifier: Apache-2.0
 *
 * follow_parts - what the files of follow share: its state, and what one does for the others. Nobody else includes
 * it. */
#ifndef NODE_FOLLOW_PARTS_H
#define NODE_FOLLOW_PARTS_H

#include <pthread.h>

#include "node/follow.h"

enum { FETCH_BACK_OFF_MS = 2000 }; /* between snapshots that bring nothing newer */

struct follow {
    struct follow_options with;
    struct pull pull;
    struct fetch *fetch;
    struct copy *copy;
    pthread_t thread;
    bool runs;
    atomic_bool opened; /* open_err and open_fault are there */
    enum err open_err;
    struct fault open_fault;
    bool restored; /* the copy is no more the register's: whatever comes, it is newer */
    int64_t back_off_ms;
    int64_t next_short_us; /* monotonic: not before, to shorten the log */
    int64_t next_fetch_us; /* monotonic: not before, for anything */
    int64_t fetch_back_off_ms;
    uint64_t fetched_seq; /* of the snapshot that came last; 0: none */
    int64_t
        older_us; /* monotonic: since when heads are older than the one before; 0: they are not */
    struct tac_ranges tacs;  /* that are wanted */
    bool wants_tacs;         /* and no snapshot of them was taken yet */
    struct tac_ranges asked; /* of the snapshot that was asked for last */
    pthread_mutex_t lock;    /* of coming */
    struct tac_ranges coming;
    atomic_bool tacs_came;
    int64_t day_seconds; /* after which the log is old: a day, and a random hour */
};

/* ---- follow_tell.c ---- */
void follow_show(struct follow *f);
/* whole: the index is another. ERR_MEMORY. */
MUST_USE enum err follow_publish(struct follow *f, bool whole, struct fault *fault);
/* Too long without a word of the register, and back again. */
void follow_look_at_age(struct follow *f);

/* ---- follow_snapshots.c ---- */
/* anew: as fetch_begin. */
void follow_want_snapshot(struct follow *f, const char *why, uint64_t at_least, uint64_t in_use,
                          bool anew);
/* What follow_want_tacs brought, if it did. */
void follow_take_tacs(struct follow *f);
/* Of a copy that was opened or taken over: has it what is wanted, no more and no less? */
void follow_look_at_tacs(struct follow *f);
void follow_want_shorter_log(struct follow *f);
/* What fetch has brought, or why it has not. */
MUST_USE enum err follow_take_fetched(struct follow *f, struct fault *fault);
/* ERR_NOT_FOUND, ERR_SNAPSHOT: nothing good is there; ERR_MEMORY. */
MUST_USE enum err follow_open_kept(struct follow *f);
/* ERR_STOPPED. */
MUST_USE enum err follow_wait_for_first(struct follow *f);

#endif
