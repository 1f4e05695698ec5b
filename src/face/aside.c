/* SPDX-License-Identifier: Apache-2.0 */
#include "face/aside.h"

#include <pthread.h>
#include <stdlib.h>

struct aside {
    void (*work)(void *job);
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    void *jobs[ASIDE_MOST]; /* a ring */
    unsigned first, count;
    bool closing;
    unsigned thread_count;
    pthread_t threads[];
};

static void *work_away(void *arg)
{
    struct aside *a = arg;
    pthread_mutex_lock(&a->lock);
    while (a->count || !a->closing) {
        if (!a->count) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        void *job = a->jobs[a->first];
        a->first = (a->first + 1) % ASIDE_MOST;
        a->count--;
        pthread_mutex_unlock(&a->lock);
        a->work(job);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

enum err aside_new(unsigned threads, void (*work)(void *job), struct aside **out)
{
    struct aside *a = calloc(1, sizeof *a + threads * sizeof a->threads[0]);
    if (!a)
        return ERR_MEMORY;
    a->work = work;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    while (a->thread_count < threads &&
           pthread_create(&a->threads[a->thread_count], NULL, work_away, a) == 0)
        a->thread_count++;
    if (a->thread_count < threads) {
        aside_close(a);
        aside_free(a);
        return ERR_MEMORY;
    }
    *out = a;
    return ERR_OK;
}

bool aside_put(struct aside *a, void *job)
{
    pthread_mutex_lock(&a->lock);
    bool taken = !a->closing && a->count < ASIDE_MOST;
    if (taken) {
        a->jobs[(a->first + a->count) % ASIDE_MOST] = job;
        a->count++;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return taken;
}

void aside_close(struct aside *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->closing = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    for (unsigned i = 0; i < a->thread_count; i++)
        pthread_join(a->threads[i], NULL);
}

void aside_free(struct aside *a)
{
    if (!a)
        return;
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    free(a);
}
