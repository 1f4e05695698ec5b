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

/* What the service said of one line. */
struct answered {
    char declaration[LIMIT_DOCUMENT + 1];
    uint32_t item;
    enum asked asked; /* ASKED_YES or ASKED_NO */
    struct customs_answer is;
};

struct task {
    uint64_t id;
    struct answered *answers; /* in the order in which they were asked; of whoever is at work */
    size_t n, size;
    enum task_state state;
    uint64_t turn; /* waits: the least is the next */
    int64_t until_s;
};

struct asker {
    struct bulk_askers *of;
    struct office office;         /* its own register */
    struct check_sources sources; /* customs: what is remembered, else the service */
    const struct customs_source *service;
    struct task *task; /* at work */
    size_t at;         /* in its answers, where the next is expected */
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

static void forget(struct task *task)
{
    free(task->answers);
    *task = (struct task){.state = TASK_NONE};
}

int bulk_askers_progress(const struct bulk_askers *all, uint64_t id)
{
    for (size_t i = 0; all && i < ASKERS; i++)
        if (atomic_load(&all->askers[i].progress.id) == id)
            return (int)atomic_load(&all->askers[i].progress.done);
    return -1;
}

/* ---- the threads ---- */

/* Lines come in the same order each time, so that the next answer stands where the last one ended. */
static const struct answered *remembered(struct asker *me, const struct customs_question *q)
{
    const struct task *task = me->task;
    for (size_t i = 0; i < task->n; i++) {
        size_t at = (me->at + i) % task->n;
        const struct answered *a = &task->answers[at];
        if (a->item != q->item || !str_eq(str_z(a->declaration), q->declaration))
            continue;
        me->at = at + 1;
        return a;
    }
    return NULL;
}

/* Without memory it is asked again. */
static void remember(struct task *task, const struct answered *a)
{
    if (task->n == task->size) {
        size_t size = task->size ? 2 * task->size : 64;
        struct answered *more = realloc(task->answers, size * sizeof *more);
        if (!more)
            return;
        task->answers = more;
        task->size = size;
    }
    task->answers[task->n++] = *a;
}

static enum asked ask(void *ctx, const struct customs_question *q, struct customs_answer *out)
{
    struct asker *me = ctx;
    const struct answered *known = remembered(me, q);
    if (known) {
        *out = known->is;
        return known->asked;
    }
    struct answered a = {.item = q->item};
    a.asked = me->service->ask(me->service->ctx, q, &a.is);
    str_copy(a.declaration, sizeof a.declaration, q->declaration);
    *out = a.is;
    if (a.asked == ASKED_YES || a.asked == ASKED_NO)
        remember(me->task, &a);
    return a.asked;
}

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
        me->task = task;
        me->at = 0;
        pthread_mutex_unlock(&all->lock);
        enum err err = bulk_enter(&me->office, task->id, &me->progress, &fault);
        atomic_store(&me->progress.id, 0);
        bulk_worker_tell(task->id, err, &fault);
        pthread_mutex_lock(&all->lock);
        task->state = TASK_RESTS;
        task->until_s = clock_monotonic_us() / 1000000 + AWAY_REST_S;
        if (err != ERR_SOURCE_AWAY)
            forget(task);
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
    all.customs = (struct customs_source){all.customs.ask ? later : NULL, NULL, true};
    all.gsma.ask = all.gsma.ask ? gsma_later : NULL;
    return all;
}

/* ---- opening and closing ---- */

static enum err start(struct asker *me, const struct bulk_options *o, struct fault *fault)
{
    const struct registry_options writes = {
        .url = o->url, .key = o->key, .clock = o->clock, .write = true};
    me->sources = *o->sources;
    me->service = &o->sources->customs;
    me->sources.customs = (struct customs_source){.ask = ask, .ctx = me};
    me->office =
        (struct office){.committer = o->committer, .hours = o->hours, .sources = &me->sources};
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
    for (size_t i = 0; i < TASKS_MOST; i++)
        forget(&all->tasks[i]);
    pthread_cond_destroy(&all->work);
    pthread_mutex_destroy(&all->lock);
    free(all);
}
