/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/bulk_askers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cases/checks.h"

enum {
    ASKERS = 4,
    TASKS_MOST = 256,
    AWAY_REST_S = 30, /* before one that waits for a source is taken again */
};

enum task_state { TASK_NONE, TASK_WAITS, TASK_AT_WORK, TASK_RESTS };

struct task {
    uint64_t id;
    enum task_state state;
    uint64_t turn; /* waits: the least is the next */
    int64_t until_s;
};

struct asker {
    struct bulk_askers *of;
    struct office office; /* its own register */
    struct bulk_progress progress;
    pthread_t thread;
    bool running;
};

struct bulk_askers {
    pthread_mutex_t lock; /* guards the tasks */
    pthread_cond_t work;
    struct task tasks[TASKS_MOST];
    uint64_t turns;
    bool stopping;
    struct asker askers[ASKERS];
};

/* ---- the tasks ---- */

static struct task *task_of(struct bulk_askers *all, uint64_t id)
{
    for (size_t i = 0; i < TASKS_MOST; i++)
        if (all->tasks[i].state != TASK_NONE && all->tasks[i].id == id)
            return &all->tasks[i];
    return NULL;
}

static void line_up(struct bulk_askers *all, struct task *task)
{
    task->state = TASK_WAITS;
    task->turn = all->turns++;
    pthread_cond_signal(&all->work);
}

void bulk_askers_put(struct bulk_askers *all, uint64_t id)
{
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    struct task *task = task_of(all, id), *at = task;
    for (size_t i = 0; !task && i < TASKS_MOST; i++) /* none free: it comes again */
        if (all->tasks[i].state == TASK_NONE)
            task = &all->tasks[i];
    if (task && !at) {
        task->id = id;
        line_up(all, task);
    }
    pthread_mutex_unlock(&all->lock);
}

bool bulk_askers_have(struct bulk_askers *all, uint64_t id)
{
    if (!all)
        return false;
    pthread_mutex_lock(&all->lock);
    struct task *task = task_of(all, id);
    if (task && task->state == TASK_RESTS && task->until_s <= clock_monotonic_us() / 1000000)
        line_up(all, task);
    pthread_mutex_unlock(&all->lock);
    return task;
}

static struct task *next_of(struct bulk_askers *all)
{
    struct task *next = NULL;
    for (size_t i = 0; i < TASKS_MOST; i++) {
        struct task *task = &all->tasks[i];
        if (task->state == TASK_WAITS && (!next || task->turn < next->turn))
            next = task;
    }
    return next;
}

int bulk_askers_progress(const struct bulk_askers *all, uint64_t id)
{
    for (size_t i = 0; all && i < ASKERS; i++)
        if (atomic_load(&all->askers[i].progress.id) == id)
            return (int)atomic_load(&all->askers[i].progress.done);
    return -1;
}

/* ---- the threads ---- */

static void *run(void *arg)
{
    struct asker *me = arg;
    struct bulk_askers *all = me->of;
    pthread_mutex_lock(&all->lock);
    while (!all->stopping) {
        struct task *task = next_of(all);
        if (!task) {
            pthread_cond_wait(&all->work, &all->lock);
            continue;
        }
        struct fault fault = {0};
        task->state = TASK_AT_WORK;
        pthread_mutex_unlock(&all->lock);
        enum err err = bulk_enter(&me->office, task->id, &me->progress, &fault);
        atomic_store(&me->progress.id, 0);
        bulk_worker_tell(task->id, err, &fault);
        pthread_mutex_lock(&all->lock);
        task->state = err == ERR_SOURCE_AWAY ? TASK_RESTS : TASK_NONE;
        task->until_s = clock_monotonic_us() / 1000000 + AWAY_REST_S;
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

static enum asked later(void *ctx, const struct customs_question *question,
                        struct customs_answer *out)
{
    (void)ctx, (void)question, (void)out;
    return ASKED_LATER;
}

static enum asked gsma_later(void *ctx, const char *number, const struct imei *imeis, size_t n,
                             bool *listed)
{
    (void)ctx, (void)number, (void)imeis, (void)n, (void)listed;
    return ASKED_LATER;
}

struct check_sources bulk_askers_later(const struct check_sources *sources)
{
    struct check_sources all = *sources;
    all.customs.ask = all.customs.ask ? later : NULL;
    all.gsma.ask = all.gsma.ask ? gsma_later : NULL;
    return all;
}

/* ---- opening and closing ---- */

static enum err start(struct asker *me, const struct bulk_options *o, struct fault *fault)
{
    const struct registry_options writes = {
        .url = o->url, .key = o->key, .clock = o->clock, .write = true};
    me->office =
        (struct office){.committer = o->committer, .hours = o->hours, .sources = o->sources};
    enum err err = registry_open(&writes, &me->office.registry, fault);
    if (err)
        return err;
    me->running = pthread_create(&me->thread, NULL, run, me) == 0;
    return me->running ? ERR_OK : fault_set(fault, ERR_MEMORY, "a thread");
}

enum err bulk_askers_open(const struct bulk_options *o, struct bulk_askers **out,
                          struct fault *fault)
{
    *out = NULL;
    if (!o->sources || (!o->sources->customs.ask && !o->sources->gsma.ask))
        return ERR_OK;
    struct bulk_askers *all = calloc(1, sizeof *all);
    if (!all)
        return fault_set(fault, ERR_MEMORY, "threads");
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->work, NULL);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < ASKERS; i++) {
        all->askers[i].of = all;
        err = start(&all->askers[i], o, fault);
    }
    if (err)
        bulk_askers_close(all);
    else
        *out = all;
    return err;
}

void bulk_askers_close(struct bulk_askers *all)
{
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    all->stopping = true;
    pthread_cond_broadcast(&all->work);
    pthread_mutex_unlock(&all->lock);
    for (size_t i = 0; i < ASKERS; i++)
        atomic_store(&all->askers[i].progress.stop, true);
    for (size_t i = 0; i < ASKERS; i++) {
        if (all->askers[i].running)
            pthread_join(all->askers[i].thread, NULL);
        registry_close(all->askers[i].office.registry);
    }
    pthread_cond_destroy(&all->work);
    pthread_mutex_destroy(&all->lock);
    free(all);
}
