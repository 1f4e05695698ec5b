/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/reports_worker.h"

#include <inttypes.h>
#include <stdlib.h>

#include "face/metrics.h"
#include "portal/rounds.h"
#include "seen/quality.h"
#include "seen/violations.h"

enum {
    REST_LEAST_S = 2,
    REST_MOST_S = 1800,
    PATIENCE_MS = 1000,
    FIRST_WAIT_MS = 2000,
    DIRECTORY = 4096,
};

struct held {
    struct reports is;
    unsigned holders; /* under lock; the worker is one while it is the last count */
};

struct reports_worker {
    struct registry *reg;
    char lists[DIRECTORY];
    struct odd_prefixes tests;
    pthread_mutex_t lock; /* guards last, holders */
    struct held *last;
    pthread_cond_t counted;
    struct rounds rounds;
};

const struct reports_operator *reports_find(const struct reports *r, struct str name)
{
    for (size_t i = 0; i < r->count; i++)
        if (str_eq(str_z(r->operators[i].name), name))
            return &r->operators[i];
    return NULL;
}

static void held_free(struct held *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->is.count; i++)
        lists_violations_release(&h->is.operators[i].found);
    free(h);
}

/* With the lock held. */
static void let_go(struct held *h)
{
    if (h && --h->holders == 0)
        held_free(h);
}

static const struct reports *take(struct reports_worker *w, int wait_ms)
{
    const struct timespec until = clock_in_ms(wait_ms);
    pthread_mutex_lock(&w->lock);
    while (!w->last && !w->rounds.stop &&
           pthread_cond_timedwait(&w->counted, &w->lock, &until) == 0)
        ;
    struct held *h = w->last;
    if (h)
        h->holders++;
    pthread_mutex_unlock(&w->lock);
    return h ? &h->is : NULL;
}

const struct reports *reports_take(struct reports_worker *w)
{
    return take(w, FIRST_WAIT_MS);
}

void reports_give(struct reports_worker *w, const struct reports *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&w->lock);
    if (w->last && &w->last->is == r)
        w->last->holders--; /* the worker holds it still */
    else
        let_go((struct held *)(uintptr_t)r);
    pthread_mutex_unlock(&w->lock);
}

/* ---- whose there are ---- */

/* NULL: he is there already, or there is no room. */
static struct reports_operator *add_operator(struct reports *r, const char *name)
{
    if (!*name || reports_find(r, str_z(name)) || r->count == REPORTS_OPERATORS)
        return NULL;
    struct reports_operator *o = &r->operators[r->count++];
    *o = (struct reports_operator){.oldest = DAYNUM_NONE};
    o->found.from = o->found.through = DAYNUM_NONE;
    str_copy(o->name, sizeof o->name, str_z(name));
    return o;
}

static enum err look_at_feed(struct registry *reg, uint64_t id, struct reports_operator *o,
                             struct fault *fault)
{
    struct quality q;
    enum err err = quality_read(reg, id, DAYNUM_NONE, DAYNUM_NONE, &q, fault);
    if (err)
        return err;
    o->fed = q.newest != DAYNUM_NONE;
    o->feed_age_days = q.age_days;
    quality_release(&q);
    return ERR_OK;
}

static bool on_receipt(void *ctx, const struct lists_receipt *receipt)
{
    add_operator(ctx, receipt->operator_name);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct reports_operator *)a)->name,
                  ((const struct reports_operator *)b)->name);
}

static enum err find_operators(struct registry *reg, struct reports *r, struct fault *fault)
{
    uint64_t parties[REPORTS_OPERATORS];
    size_t n = 0;
    enum err err = quality_parties(reg, parties, REPORTS_OPERATORS, &n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        struct party party = {0};
        if (store_party_get(reg->store, parties[i], &party, NULL))
            continue;
        struct reports_operator *o = add_operator(r, party.name);
        if (o)
            err = look_at_feed(reg, parties[i], o, fault);
    }
    if (!err)
        err = lists_receipts(reg, on_receipt, r, fault);
    qsort(r->operators, r->count, sizeof *r->operators, by_name);
    return err;
}

/* ---- violations ---- */

static void sum_up(struct reports_operator *o)
{
    struct lists_violations *v = &o->found;
    o->imeis = v->count;
    for (size_t i = 0; i < v->count; i++)
        if (o->oldest == DAYNUM_NONE || v->rows[i].first < o->oldest)
            o->oldest = v->rows[i].first;
    if (v->count <= REPORTS_ROWS)
        return;
    struct lists_violation *fewer = realloc(v->rows, REPORTS_ROWS * sizeof *fewer);
    v->rows = fewer ? fewer : v->rows;
    v->count = REPORTS_ROWS;
    v->more = true;
}

static enum err count_violations(struct reports_worker *w, struct reports *r, struct fault *fault)
{
    struct lists *black;
    r->lists = *w->lists != '\0';
    if (!r->lists || !r->count)
        return ERR_OK;
    enum err err = lists_open(w->lists, LISTS_BLACK, &black, fault);
    if (err)
        return err;
    err = lists_follow(black, w->reg, fault);
    for (size_t i = 0; !err && i < r->count && !w->rounds.stop; i++) {
        const struct lists_violations_ask ask = {.operator_name = r->operators[i].name,
                                                 .since =
                                                     registry_today(w->reg) - REPORTS_DAYS + 1};
        err = seen_violations(black, w->reg, &ask, &r->operators[i].found, fault);
        if (!err)
            sum_up(&r->operators[i]);
    }
    lists_close(black);
    return err;
}

/* ---- the thread ---- */

static enum err count(struct reports_worker *w, struct reports *r, struct fault *fault)
{
    const struct odd_ask odd = {
        .tests = &w->tests, .operator_name = STR(""), .groups = {.stop = &w->rounds.stop}};
    struct clone_standing now = {.oldest = DAYNUM_NONE};
    enum err err = registry_refresh(w->reg, fault);
    r->at_s = clock_now_us(w->reg->clock) / 1000000;
    if (!err)
        err = find_operators(w->reg, r, fault);
    if (!err)
        err = count_violations(w, r, fault);
    if (!err)
        err = odd_tacs_count(w->reg, &odd, &r->odd, fault);
    if (!err)
        err = clone_months(w->reg, r->month, REPORTS_MONTHS, &r->months, fault);
    if (!err)
        err = clone_counts(w->reg, &now, fault);
    r->fleets = err ? 0 : now.count[CLONE_FLEET];
    return err;
}

static enum err count_once(struct reports_worker *w, struct fault *fault)
{
    struct held *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_MEMORY;
    enum err err = count(w, &h->is, fault);
    if (err || w->rounds.stop) {
        held_free(h);
        return err;
    }
    h->holders = 1;
    pthread_mutex_lock(&w->lock);
    let_go(w->last);
    w->last = h;
    pthread_cond_broadcast(&w->counted);
    pthread_mutex_unlock(&w->lock);
    return ERR_OK;
}

static enum err one_round(void *ctx, int64_t *rest_ms, struct fault *fault)
{
    struct reports_worker *w = ctx;
    const int64_t began_us = clock_monotonic_us();
    const enum err err = count_once(w, fault);
    const int64_t wait = (clock_monotonic_us() - began_us) * REPORTS_SHARE / 1000000;
    *rest_ms = 1000 * (wait < REST_LEAST_S  ? REST_LEAST_S
                       : wait > REST_MOST_S ? REST_MOST_S
                                            : wait);
    return w->rounds.stop ? ERR_OK : err; /* one that is stopped has nothing to tell */
}

/* ---- /metrics ---- */

static void put_gauge(struct buf *out, const char *name, const char *help)
{
    buf_printf(out, "# HELP tamga_%s %s\n# TYPE tamga_%s gauge\n", name, help, name);
}

static void put_line(struct buf *out, const char *name, const char *operator_name, uint64_t value)
{
    buf_printf(out, "tamga_%s{operator=\"", name);
    metrics_label(out, operator_name);
    buf_printf(out, "\"} %" PRIu64 "\n", value);
}

void reports_metrics(struct reports_worker *w, struct buf *out)
{
    const struct reports *r = take(w, 0); /* no check waits behind a scrape */
    if (!r)
        return;
    put_gauge(out, "reports_counted_time_seconds", "When violations and findings were counted.");
    buf_printf(out, "tamga_reports_counted_time_seconds %" PRIi64 "\n", r->at_s);
    put_gauge(out, "list_violations",
              "Black IMEIs that an operator saw in the last 35 days, after he applied the list.");
    for (size_t i = 0; i < r->count; i++)
        if (r->operators[i].found.from != DAYNUM_NONE)
            put_line(out, "list_violations", r->operators[i].name, r->operators[i].imeis);
    put_gauge(out, "list_violation_oldest_days", "Since the first day on which one was seen.");
    for (size_t i = 0; i < r->count; i++)
        if (r->operators[i].oldest != DAYNUM_NONE)
            put_line(out, "list_violation_oldest_days", r->operators[i].name,
                     (uint64_t)(r->operators[i].found.through - r->operators[i].oldest));
    put_gauge(out, "feed_age_days", "Since the newest day of an operator's files.");
    for (size_t i = 0; i < r->count; i++)
        if (r->operators[i].fed && r->operators[i].feed_age_days >= 0)
            put_line(out, "feed_age_days", r->operators[i].name,
                     (uint64_t)r->operators[i].feed_age_days);
    reports_give(w, r);
}

/* ---- opening and closing ---- */

enum err reports_worker_open(const struct reports_options *o, struct reports_worker **out,
                             struct fault *fault)
{
    struct reports_worker *w = calloc(1, sizeof *w);
    if (!w)
        return fault_set(fault, ERR_MEMORY, "a worker");
    pthread_mutex_init(&w->lock, NULL);
    w->rounds = (struct rounds){.event = "reports", .round = one_round, .ctx = w};
    pthread_cond_init(&w->counted, NULL);
    if (o->lists)
        str_copy(w->lists, sizeof w->lists, str_z(o->lists));
    /* 00: test IMEIs, TS.06 of GSMA. */
    const struct str tests = o->test_tacs && *o->test_tacs ? str_z(o->test_tacs) : STR("00");
    const struct registry_options reads = {.url = o->url, .key = o->key, .clock = o->clock};
    enum err err = odd_prefixes_read(tests, &w->tests, fault);
    if (!err)
        err = registry_open(&reads, &w->reg, fault);
    if (!err) {
        store_patience(w->reg->store, PATIENCE_MS);
        err = rounds_start(&w->rounds, fault);
    }
    if (err)
        reports_worker_close(w);
    else
        *out = w;
    return err;
}

void reports_worker_close(struct reports_worker *w)
{
    if (!w)
        return;
    rounds_stop(&w->rounds);
    registry_close(w->reg);
    held_free(w->last);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->counted);
    free(w);
}
