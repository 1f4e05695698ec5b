/* SPDX-License-Identifier: Apache-2.0
 *
 * The committer: one thread, one queue. When a commit ends it takes whatever is queued and goes
 * on; it never lingers for company. Callers sleep on their own place in the queue. Waking is dear,
 * so the committer wakes one of those that it served, and each that wakes up wakes two more. */
#include "app/commit.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

/* Stands on its caller's stack: gone as soon as done is posted. */
struct place {
    struct commit_case *c;
    struct place *next;
    struct place *wakes[2];
    enum err err;
    sem_t done;
};

struct committer {
    struct registry *registry;
    pthread_mutex_t lock;
    pthread_cond_t queued;
    struct place *first, **last;
    bool stopping;
    pthread_t thread;
};

/* Takes places off the queue, as many as fit one commit. Called with the lock held. */
static size_t take(struct committer *c, struct place **out, size_t max)
{
    size_t n = 0, changes = 0;
    while (c->first && n < max) {
        changes += c->first->c->count;
        if (n && changes > LIMIT_COMMIT_ROWS)
            break;
        out[n++] = c->first;
        c->first = c->first->next;
    }
    if (!c->first)
        c->last = &c->first;
    return n;
}

static void commit_places(struct committer *c, struct place **places, size_t n)
{
    struct commit_case *cases[LIMIT_COMMIT_ROWS];
    for (size_t i = 0; i < n; i++)
        cases[i] = places[i]->c;
    enum err err = commit_cases(c->registry, cases, n, NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        places[i]->err = err ? err : cases[i]->err;
        places[i]->wakes[0] = 2 * i + 1 < n ? places[2 * i + 1] : NULL;
        places[i]->wakes[1] = 2 * i + 2 < n ? places[2 * i + 2] : NULL;
    }
    sem_post(&places[0]->done);
}

static void *run(void *arg)
{
    struct committer *c = arg;
    struct place *places[LIMIT_COMMIT_ROWS];
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->first && !c->stopping)
            pthread_cond_wait(&c->queued, &c->lock);
        size_t n = take(c, places, LIMIT_COMMIT_ROWS);
        if (!n)
            break;
        pthread_mutex_unlock(&c->lock);
        commit_places(c, places, n);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum err committer_new(struct registry *registry, struct committer **out)
{
    struct committer *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_MEMORY;
    c->registry = registry;
    c->last = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->queued, NULL);
    if (pthread_create(&c->thread, NULL, run, c) != 0) {
        free(c);
        return ERR_MEMORY;
    }
    *out = c;
    return ERR_OK;
}

void committer_free(struct committer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->queued);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->queued);
    free(c);
}

enum err committer_submit(struct committer *c, struct commit_case *wanted)
{
    assert(wanted->count <= LIMIT_COMMIT_ROWS);
    struct place place = {.c = wanted};
    sem_init(&place.done, 0, 0);
    pthread_mutex_lock(&c->lock);
    *c->last = &place;
    c->last = &place.next;
    pthread_cond_signal(&c->queued);
    pthread_mutex_unlock(&c->lock);
    while (sem_wait(&place.done) != 0) /* interrupted by a signal */
        ;
    for (int i = 0; i < 2; i++)
        if (place.wakes[i])
            sem_post(&place.wakes[i]->done);
    sem_destroy(&place.done);
    return place.err;
}
