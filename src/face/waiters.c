/* SPDX-License-Identifier: Apache-2.0 */
#include "face/waiters.h"

#include <pthread.h>
#include <stdlib.h>

struct waiters {
    unsigned most;
    bool (*wake)(void *ctx, struct waiter *waiter);
    void *ctx;
    pthread_mutex_t lock; /* guards what follows */
    struct waiter *first;
    unsigned count;
    bool closing;
};

enum err waiters_new(unsigned most, bool (*wake)(void *ctx, struct waiter *waiter), void *ctx,
                     struct waiters **out)
{
    struct waiters *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_MEMORY;
    w->most = most;
    w->wake = wake;
    w->ctx = ctx;
    pthread_mutex_init(&w->lock, NULL);
    *out = w;
    return ERR_OK;
}

void waiters_free(struct waiters *w)
{
    if (!w)
        return;
    pthread_mutex_destroy(&w->lock);
    free(w);
}

unsigned waiters_count(struct waiters *w)
{
    pthread_mutex_lock(&w->lock);
    const unsigned count = w->count;
    pthread_mutex_unlock(&w->lock);
    return count;
}

bool waiters_full(struct waiters *w)
{
    return waiters_count(w) >= w->most;
}

bool waiters_put(struct waiters *w, struct waiter *waiter)
{
    pthread_mutex_lock(&w->lock);
    const bool taken = !w->closing && w->count < w->most;
    if (taken) {
        waiter->next = w->first;
        w->first = waiter;
        w->count++;
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

static bool is_due(const struct waiter *waiter, const struct service_news *news, int64_t now_us)
{
    return !news || waiter->until_us <= now_us || waiter->behind.next_seq != news->next_seq ||
           waiter->behind.snapshots != news->snapshots || waiter->behind.segments != news->segments;
}

/* Takes out those that are due. */
static struct waiter *take_due(struct waiters *w, const struct service_news *news, bool close)
{
    const int64_t now_us = clock_monotonic_us();
    struct waiter *due = NULL;
    pthread_mutex_lock(&w->lock);
    w->closing |= close;
    for (struct waiter **at = &w->first; *at;) {
        struct waiter *waiter = *at;
        if (!is_due(waiter, news, now_us)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        waiter->next = due;
        due = waiter;
        w->count--;
    }
    pthread_mutex_unlock(&w->lock);
    return due;
}

/* Those that wake refused. */
static struct waiter *wake_all(struct waiters *w, struct waiter *due)
{
    struct waiter *refused = NULL;
    for (struct waiter *next; due; due = next) {
        next = due->next; /* woken, it is another thread's */
        if (!w->wake(w->ctx, due)) {
            due->next = refused;
            refused = due;
        }
    }
    return refused;
}

unsigned waiters_look(struct waiters *w, const struct service_news *news)
{
    struct waiter *refused = wake_all(w, take_due(w, news, false));
    pthread_mutex_lock(&w->lock);
    while (refused) { /* even while it closes: who closes looks again */
        struct waiter *next = refused->next;
        refused->next = w->first;
        w->first = refused;
        w->count++;
        refused = next;
    }
    const unsigned left = w->count;
    pthread_mutex_unlock(&w->lock);
    return left;
}

struct waiter *waiters_close(struct waiters *w)
{
    return wake_all(w, take_due(w, NULL, true));
}
