/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/rounds.h"

#include <stdio.h>

#include "base/clock.h"

/* False: it closes. */
static bool rest(struct rounds *r)
{
    const struct timespec until = clock_in_ms(r->rest_ms);
    pthread_mutex_lock(&r->lock);
    while (!r->stop && pthread_cond_timedwait(&r->work, &r->lock, &until) == 0)
        ;
    const bool goes_on = !r->stop;
    pthread_mutex_unlock(&r->lock);
    return goes_on;
}

static void *work(void *arg)
{
    struct rounds *r = arg;
    enum err before = ERR_OK;
    while (rest(r)) {
        struct fault fault = {0};
        const enum err err = r->round(r->ctx, &r->rest_ms, &fault);
        if (err && err != before)
            fprintf(stderr, "event=%s result=%s detail=%s\n", r->event, err_name(err),
                    fault.detail);
        before = err;
    }
    return NULL;
}

enum err rounds_start(struct rounds *r, struct fault *fault)
{
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->work, NULL);
    r->running = pthread_create(&r->thread, NULL, work, r) == 0;
    if (r->running)
        return ERR_OK;
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->work);
    return fault_set(fault, ERR_MEMORY, "a thread");
}

void rounds_stop(struct rounds *r)
{
    if (!r->running)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = 1;
    pthread_cond_signal(&r->work);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->work);
    r->running = false;
}
