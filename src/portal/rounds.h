/* SPDX-License-Identifier: Apache-2.0
 *
 * rounds - a thread that does one thing again and again with rests between, so that nobody waits for it: what workers that
 * count now and then share. What a round fails with is said once, until it changes. */
#ifndef PORTAL_ROUNDS_H
#define PORTAL_ROUNDS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

/* *rest_ms: how long to rest after it, set whatever comes of it. */
typedef enum err rounds_fn(void *ctx, int64_t *rest_ms, struct fault *fault);

struct rounds {
    const char *event; /* these four are set by the owner */
    rounds_fn *round;
    void *ctx;
    int64_t rest_ms; /* before the first; then the thread's own */
    atomic_int stop; /* for a round at work */
    bool running;
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_t thread;
};

/* ERR_MEMORY. */
MUST_USE enum err rounds_start(struct rounds *rounds, struct fault *fault);
/* Waits for the round at work. One that never started is allowed. */
void rounds_stop(struct rounds *rounds);

#endif
