/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows are found by their `due` column and judged as of the day after the last one asked about, with expiry let
 * through up to it: who is EXPIRED then, and since when, is told by the one judge. */
#include "app/expiring.h"

#include <stdlib.h>

enum { ROWS = 1024 }; /* read at a time */

struct due {
    struct imei *p;
    size_t n, size;
    bool failed;
};

static bool collect(void *ctx, const struct facts_row *row)
{
    struct due *due = ctx;
    if (due->n == due->size) {
        size_t size = due->size ? 2 * due->size : ROWS;
        struct imei *p = realloc(due->p, size * sizeof *p);
        due->failed = !p;
        if (!p)
            return false;
        due->p = p;
        due->size = size;
    }
    due->p[due->n++] = row->imei;
    return true;
}

static int by_imei(const void *a, const void *b)
{
    uint64_t x = ((const struct imei *)a)->body, y = ((const struct imei *)b)->body;
    return (x > y) - (x < y);
}

static void count(const struct registry *reg, const struct expiring_ask *ask,
                  const struct facts_row *row, struct expiring *e)
{
    daynum last = e->from + (daynum)e->days - 1;
    struct verdict v = policy_judge_gated(row->imei, &row->facts, &reg->rules, last + 1, last);
    bool expires = v.reason == REASON_EXPIRED;
    if (expires && v.deadline >= e->from)
        e->imeis[v.deadline - e->from]++;
    /* Those that are black already are no news. */
    else if (expires)
        expires = policy_judge_gated(row->imei, &row->facts, &reg->rules, e->from,
                                     reg->head.gate.expire_through)
                      .reason != REASON_EXPIRED;
    e->waiting += expires && v.deadline < e->from;
    top_models_add(&e->models, row->imei, expires);
    if (expires && ask->expires)
        ask->expires(ask->ctx, row->imei);
}

static enum err count_all(struct registry *reg, const struct expiring_ask *ask,
                          const struct due *due, struct expiring *e, struct fault *fault)
{
    struct facts_row *rows = calloc(ROWS, sizeof *rows);
    enum err err = rows ? ERR_OK : ERR_MEMORY;
    for (size_t at = 0; !err && at < due->n;) {
        size_t n = due->n - at < ROWS ? due->n - at : ROWS;
        for (size_t i = 0; i < n; i++)
            rows[i] = (struct facts_row){.imei = due->p[at + i]};
        err = store_facts_get(reg->store, rows, n, fault);
        for (size_t i = 0; !err && i < n; i++)
            count(reg, ask, &rows[i], e);
        at += n;
    }
    top_models_end(&e->models);
    free(rows);
    return err;
}

enum err expiring_count(struct registry *reg, const struct expiring_ask *ask, struct expiring *out,
                        struct fault *fault)
{
    unsigned days = ask->days;
    if (days < 1 || days > EXPIRING_DAYS)
        return fault_set(fault, ERR_DATE, "1 to %d days can be told of", EXPIRING_DAYS);
    enum err err = registry_refresh(reg, fault);
    if (err)
        return err;
    struct expiring e = {.from = registry_today(reg), .days = days};
    struct due due = {0};
    err = store_facts_due(reg->store, DAYNUM_FIRST, e.from + (daynum)days, collect, &due, fault);
    if (!err && due.failed)
        err = ERR_MEMORY;
    if (!err) {
        if (due.n)
            qsort(due.p, due.n, sizeof *due.p, by_imei);
        err = count_all(reg, ask, &due, &e, fault);
    }
    free(due.p);
    if (!err)
        *out = e;
    return err;
}
