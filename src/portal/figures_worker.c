/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/figures_worker.h"

#include <stdlib.h>

#include "app/service.h"
#include "portal/rounds.h"

enum {
    REST_MS = 100,            /* between two steps that have more to do */
    IDLE_MS = 1000,           /* and when there is nothing */
    CASES_A_STEP = 250,       /* applications */
    JOURNAL_A_STEP = 4 << 20, /* bytes */
    PAGES_A_STEP = 500,       /* of the audit log */
    COUNT_REST_S = 5,         /* at least, between two counts */
    COUNT_REST_MAX_S = 600,
    COUNT_SHARE = 10, /* a count rests so many times as long as it took */
    IMEIS_KEPT_S = 60,
    PATIENCE_MS = 1000,
};

struct figures_worker {
    struct office office; /* its own register */
    pthread_mutex_t lock; /* guards figures, proof */
    struct figures figures;
    struct figures_proof proof;
    pthread_mutex_t imeis_lock; /* one counts, the others wait for it */
    struct figures_imeis imeis;
    struct rounds rounds;
    /* The thread's own. */
    struct figures_count *count;
    struct figures_proof at;
    int64_t began_s, rests_until_s;
    bool counting;
};

void figures_worker_figures(struct figures_worker *w, struct figures *out)
{
    pthread_mutex_lock(&w->lock);
    *out = w->figures;
    pthread_mutex_unlock(&w->lock);
}

void figures_worker_proof(struct figures_worker *w, struct figures_proof *out)
{
    pthread_mutex_lock(&w->lock);
    *out = w->proof;
    pthread_mutex_unlock(&w->lock);
}

void figures_worker_imeis(struct figures_worker *w, struct service *service, int64_t now_s,
                          struct figures_imeis *out)
{
    pthread_mutex_lock(&w->imeis_lock);
    if (!w->imeis.at_s || now_s - w->imeis.at_s >= IMEIS_KEPT_S) {
        service_count(service, w->imeis.count);
        w->imeis.at_s = now_s;
    }
    *out = w->imeis;
    pthread_mutex_unlock(&w->imeis_lock);
}

/* ---- the thread ---- */

static void tell(struct figures_worker *w, const struct figures *whole)
{
    pthread_mutex_lock(&w->lock);
    w->proof = w->at;
    if (whole)
        w->figures = *whole;
    pthread_mutex_unlock(&w->lock);
}

static enum err count_step(struct figures_worker *w, bool *out_more, struct fault *fault)
{
    int64_t now_s = clock_monotonic_us() / 1000000;
    if (!w->counting && now_s < w->rests_until_s)
        return ERR_OK;
    if (!w->counting) {
        figures_begin(&w->office, w->count);
        w->began_s = now_s;
        w->counting = true;
    }
    enum err err = figures_step(&w->office, w->count, CASES_A_STEP, fault);
    *out_more = *out_more || (!err && !w->count->over);
    if (err || !w->count->over)
        return err;
    int64_t took = clock_monotonic_us() / 1000000 - w->began_s, wait = took * COUNT_SHARE;
    w->counting = false;
    w->rests_until_s = now_s + (wait < COUNT_REST_S       ? COUNT_REST_S
                                : wait > COUNT_REST_MAX_S ? COUNT_REST_MAX_S
                                                          : wait);
    tell(w, &w->count->out);
    return ERR_OK;
}

static enum err one_step(struct figures_worker *w, bool *out_more, struct fault *fault)
{
    bool journal = false, audit = false;
    struct registry *reg = w->office.registry;
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = journal_watch_step(reg, &w->at.journal, JOURNAL_A_STEP, &journal, fault);
    if (!err)
        err = audit_log_follow(reg, &w->at.audit, PAGES_A_STEP, &audit, fault);
    *out_more = journal || audit;
    if (!err)
        tell(w, NULL);
    return err ? err : count_step(w, out_more, fault);
}

static enum err one_round(void *ctx, int64_t *rest_ms, struct fault *fault)
{
    bool more = false;
    const enum err err = one_step(ctx, &more, fault);
    *rest_ms = more ? REST_MS : IDLE_MS;
    return err;
}

/* ---- opening and closing ---- */

enum err figures_worker_open(const struct figures_options *o, struct figures_worker **out,
                             struct fault *fault)
{
    struct figures_worker *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(fault, ERR_MEMORY, "a worker");
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->imeis_lock, NULL);
    w->rounds =
        (struct rounds){.event = "figures", .round = one_round, .ctx = w, .rest_ms = REST_MS};
    w->office.hours = o->hours;
    w->count = calloc(1, sizeof *w->count);
    const struct registry_options reads = {.url = o->url, .key = o->key, .clock = o->clock};
    enum err err = w->count ? registry_open(&reads, &w->office.registry, fault) : ERR_MEMORY;
    if (!err) {
        store_patience(w->office.registry->store, PATIENCE_MS);
        err = rounds_start(&w->rounds, fault);
    }
    if (err)
        figures_worker_close(w);
    else
        *out = w;
    return err;
}

void figures_worker_close(struct figures_worker *w)
{
    if (!w)
        return;
    rounds_stop(&w->rounds);
    registry_close(w->office.registry);
    pthread_mutex_destroy(&w->lock);
    pthread_mutex_destroy(&w->imeis_lock);
    free(w->count);
    free(w);
}
