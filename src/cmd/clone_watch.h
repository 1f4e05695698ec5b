/* SPDX-License-Identifier: Apache-2.0
 *
 * clone_watch - clones while `serve` runs: the look at night, and the figures of the cases for /metrics. The keeper's thread
 * looks and counts with its register; whoever asks gets what was counted last, so that a question costs the register
 * nothing. */
#ifndef CMD_CLONE_WATCH_H
#define CMD_CLONE_WATCH_H

#include <pthread.h>

#include "clones/case.h"

struct clone_figures {
    bool known; /* counted once */
    struct clone_standing standing;
    struct clone_by_rule by_rule; /* of today */
    daynum today;
};

struct clone_watch {
    pthread_mutex_t lock; /* guards figures */
    struct clone_figures figures;
    daynum looked; /* the day of the last look, the keeper's own; 0 = not yet */
};

void clone_watch_init(struct clone_watch *watch);
/* Looks for clones, once a day from a quarter of the night on. What stops it is said, and tried again the day after; a store
 * that is away, at the next call. */
void clone_watch_night(struct clone_watch *watch, struct registry *registry,
                       const atomic_int *stop);
/* Counts the cases anew. */
void clone_watch_count(struct clone_watch *watch, struct registry *registry);
/* ctx: the watch. From any thread. */
void clone_watch_metrics(void *ctx, struct buf *out);

#endif
