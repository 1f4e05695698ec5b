/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/bulk_worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    LOOK_EVERY_S = 1,
    SWEEP_EVERY_S = 600,
    WORK_MOST = 64,
    AWAY_REST_S = 30, /* before one that waits for a source is looked at again */
    RESTING_MOST = 64,
};

/* What waits for somebody who could not be asked: the others go on. */
struct resting {
    uint64_t id;
    int64_t until_s;
};

struct bulk_worker {
    struct upload_room room;
    struct office office; /* its own register */
    struct bulk_progress progress;
    pthread_mutex_t lock; /* guards woken */
    pthread_cond_t work;
    bool woken;
    pthread_t thread;
    bool running;
    struct resting resting[RESTING_MOST]; /* of the thread */
    size_t resting_at;
};

const struct upload_room *bulk_worker_room(const struct bulk_worker *w)
{
    return &w->room;
}

int bulk_worker_progress(const struct bulk_worker *w, uint64_t id)
{
    return atomic_load(&w->progress.id) == id ? (int)atomic_load(&w->progress.done) : -1;
}

void bulk_worker_wake(struct bulk_worker *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->woken = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

/* ---- the thread ---- */

struct waiting {
    struct {
        uint8_t kind;
        uint64_t id;
    } list[WORK_MOST];
    size_t n;
};

static bool take_work(void *ctx, const struct record *record)
{
    struct waiting *w = ctx;
    if (record->key.n != 10)
        return true;
    w->list[w->n].kind = (uint8_t)record->key.p[1];
    w->list[w->n++].id = record_key_last(record->key);
    return w->n < WORK_MOST;
}

static enum err do_one(struct bulk_worker *w, uint8_t kind, uint64_t id, struct fault *fault)
{
    if (kind == BULK_WORK_UPLOAD)
        return bulk_check(&w->office, &w->room, id, &w->progress, fault);
    return bulk_enter(&w->office, id, &w->progress, fault);
}

static bool rests(const struct bulk_worker *w, uint64_t id)
{
    int64_t now_s = clock_monotonic_us() / 1000000;
    for (size_t i = 0; i < RESTING_MOST; i++)
        if (w->resting[i].id == id && w->resting[i].until_s > now_s)
            return true;
    return false;
}

static void rest(struct bulk_worker *w, uint64_t id)
{
    struct resting *r = &w->resting[w->resting_at++ % RESTING_MOST];
    *r = (struct resting){id, clock_monotonic_us() / 1000000 + AWAY_REST_S};
}

/* Dropped meanwhile, at another server, or at work in another process: nothing to tell. */
static bool is_news(enum err err)
{
    return err && err != ERR_STALE && err != ERR_NOT_FOUND && err != ERR_STORE_BUSY &&
           err != ERR_STOPPED && err != ERR_SOURCE_AWAY;
}

static void do_all(struct bulk_worker *w)
{
    struct fault fault = {0};
    struct waiting waiting = {0};
    struct record_key from = record_key(RECORD_BULK_WORK), to = record_key(RECORD_BULK_WORK + 1);
    struct store *store = w->office.registry->store;
    enum err err = store_records(store, record_key_str(&from), record_key_str(&to), take_work,
                                 &waiting, &fault);
    for (size_t i = 0; !err && i < waiting.n && !atomic_load(&w->progress.stop); i++) {
        if (rests(w, waiting.list[i].id))
            continue;
        enum err one = do_one(w, waiting.list[i].kind, waiting.list[i].id, &fault);
        atomic_store(&w->progress.id, 0);
        if (one == ERR_SOURCE_AWAY)
            rest(w, waiting.list[i].id);
        if (is_news(one))
            fprintf(stderr, "event=bulk id=%llu result=%s detail=%s\n",
                    (unsigned long long)waiting.list[i].id, err_name(one), fault.detail);
    }
    if (err)
        fprintf(stderr, "event=bulk result=%s detail=%s\n", err_name(err), fault.detail);
}

static bool wait_for_work(struct bulk_worker *w)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOK_EVERY_S;
    pthread_mutex_lock(&w->lock);
    while (!w->woken && !atomic_load(&w->progress.stop) &&
           pthread_cond_timedwait(&w->work, &w->lock, &until) == 0)
        ;
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
    return !atomic_load(&w->progress.stop);
}

static void *work(void *arg)
{
    struct bulk_worker *w = arg;
    int64_t swept_s = -SWEEP_EVERY_S;
    while (wait_for_work(w)) {
        int64_t now_s = clock_monotonic_us() / 1000000;
        do_all(w);
        if (now_s - swept_s < SWEEP_EVERY_S)
            continue;
        struct fault fault = {0};
        enum err err = upload_sweep(&w->office, &w->room, &fault);
        if (err)
            fprintf(stderr, "event=bulk_sweep result=%s detail=%s\n", err_name(err), fault.detail);
        swept_s = now_s;
    }
    return NULL;
}

/* ---- opening and closing ---- */

enum err bulk_worker_open(const struct bulk_options *o, struct bulk_worker **out,
                          struct fault *fault)
{
    struct bulk_worker *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(fault, ERR_MEMORY, "a worker");
    w->office =
        (struct office){.committer = o->committer, .hours = o->hours, .sources = o->sources};
    w->room.bytes = o->spool_bytes;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    const struct registry_options writes = {
        .url = o->url, .key = o->key, .clock = o->clock, .write = true};
    enum err err = registry_open(&writes, &w->office.registry, fault);
    if (!err)
        err = spool_init(&w->room.spool, o->spool, &w->office.registry->keys.people, fault);
    if (!err) {
        w->running = pthread_create(&w->thread, NULL, work, w) == 0;
        err = w->running ? ERR_OK : fault_set(fault, ERR_MEMORY, "a thread");
    }
    if (err)
        bulk_worker_close(w);
    else
        *out = w;
    return err;
}

void bulk_worker_close(struct bulk_worker *w)
{
    if (!w)
        return;
    atomic_store(&w->progress.stop, true);
    bulk_worker_wake(w);
    if (w->running)
        pthread_join(w->thread, NULL);
    registry_close(w->office.registry);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    free(w);
}
