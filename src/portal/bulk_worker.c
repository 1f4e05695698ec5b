/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/bulk_worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cases/seal_files.h"
#include "portal/bulk_askers.h"

enum {
    LOOK_EVERY_S = 1,
    SWEEP_EVERY_S = 600,
    WORK_MOST = 64,
    SETTLE_S = 3, /* after another key is used: all registers of this process use it then */
};

struct bulk_worker {
    struct upload_room room;
    struct office office;         /* its own register */
    struct check_sources sources; /* customs, GSMA: another thread asks */
    struct bulk_askers *askers;
    struct bulk_progress progress;
    pthread_mutex_t lock; /* guards woken */
    pthread_cond_t work;
    bool woken;
    pthread_t thread;
    bool running;
    _Atomic uint32_t spool_under; /* key of all uploads; 0: not known yet */
    uint32_t use_seen;            /* of the thread: the key that is used, and since when */
    int64_t use_seen_s;
};

const struct upload_room *bulk_worker_room(const struct bulk_worker *w)
{
    return &w->room;
}

int bulk_worker_progress(const struct bulk_worker *w, uint64_t id)
{
    return atomic_load(&w->progress.id) == id ? (int)atomic_load(&w->progress.done)
                                              : bulk_askers_progress(w->askers, id);
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

/* Dropped meanwhile, at another server, or at work in another process: nothing to tell. */
static bool is_news(enum err err)
{
    return err && err != ERR_STALE && err != ERR_NOT_FOUND && err != ERR_STORE_BUSY &&
           err != ERR_STOPPED && err != ERR_SOURCE_AWAY;
}

void bulk_worker_tell(uint64_t id, enum err err, const struct fault *fault)
{
    if (is_news(err))
        fprintf(stderr, "event=bulk id=%llu result=%s detail=%s\n", (unsigned long long)id,
                err_name(err), fault->detail);
}

/* All that waits after `from`, at most WORK_MOST; then *from is behind the last. */
static enum err do_some(struct bulk_worker *w, struct record_key *from, size_t *out_n,
                        struct fault *fault)
{
    struct waiting waiting = {0};
    struct record_key to = record_key(RECORD_BULK_WORK + 1);
    enum err err = store_records(w->office.registry->store, record_key_str(from),
                                 record_key_str(&to), take_work, &waiting, fault);
    for (size_t i = 0; !err && i < waiting.n && !atomic_load(&w->progress.stop); i++) {
        uint64_t id = waiting.list[i].id;
        *from = bulk_work_key(waiting.list[i].kind, id + 1);
        if (waiting.list[i].kind != BULK_WORK_UPLOAD && bulk_askers_have(w->askers, id))
            continue;
        enum err one = do_one(w, waiting.list[i].kind, id, fault);
        atomic_store(&w->progress.id, 0);
        if (one == ERR_SOURCE_AWAY)
            bulk_askers_put(w->askers, id);
        bulk_worker_tell(id, one, fault);
    }
    *out_n = waiting.n;
    return err;
}

static void do_all(struct bulk_worker *w)
{
    struct fault fault = {0};
    struct record_key from = record_key(RECORD_BULK_WORK);
    size_t n = WORK_MOST;
    enum err err = ERR_OK;
    while (!err && n == WORK_MOST && !atomic_load(&w->progress.stop))
        err = do_some(w, &from, &n, &fault);
    if (err)
        fprintf(stderr, "event=bulk result=%s detail=%s\n", err_name(err), fault.detail);
}

static bool wait_for_work(struct bulk_worker *w)
{
    const struct timespec until = clock_in_ms(1000 * LOOK_EVERY_S);
    pthread_mutex_lock(&w->lock);
    while (!w->woken && !atomic_load(&w->progress.stop) &&
           pthread_cond_timedwait(&w->work, &w->lock, &until) == 0)
        ;
    w->woken = false;
    pthread_mutex_unlock(&w->lock);
    return !atomic_load(&w->progress.stop);
}

uint32_t bulk_worker_spool_under(const struct bulk_worker *w)
{
    return atomic_load(&w->spool_under);
}

/* Uploads under an older key than the one that is used are sealed anew. */
static void renew_spool(struct bulk_worker *w)
{
    struct registry *reg = w->office.registry;
    if (registry_refresh(reg, NULL))
        return;
    const struct people_keys *ring = &reg->keys.people;
    uint32_t uses = ring->number[ring->use];
    int64_t now_s = clock_monotonic_us() / 1000000;
    if (w->use_seen != uses) {
        w->use_seen = uses;
        w->use_seen_s = now_s;
    }
    if (atomic_load(&w->spool_under) == uses || now_s - w->use_seen_s < SETTLE_S)
        return;
    const struct spool spool = spool_under(&w->room.spool, ring);
    if (seal_spool_renew(&spool, &w->progress.stop))
        atomic_store(&w->spool_under, uses);
}

static void *work(void *arg)
{
    struct bulk_worker *w = arg;
    int64_t swept_s = -SWEEP_EVERY_S;
    while (wait_for_work(w)) {
        int64_t now_s = clock_monotonic_us() / 1000000;
        do_all(w);
        renew_spool(w);
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
    w->sources = bulk_askers_later(o->sources);
    w->office =
        (struct office){.committer = o->committer, .hours = o->hours, .sources = &w->sources};
    w->room.bytes = o->spool_bytes;
    w->woken = true; /* what a server before this one left is taken up at once */
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    const struct registry_options writes = {
        .url = o->url, .key = o->key, .clock = o->clock, .write = true};
    enum err err = registry_open(&writes, &w->office.registry, fault);
    if (!err)
        err = spool_init(&w->room.spool, o->spool, fault);
    if (!err)
        err = bulk_askers_open(o, &w->askers, fault);
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
    bulk_askers_close(w->askers);
    registry_close(w->office.registry);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    free(w);
}
