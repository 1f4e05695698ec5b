/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_exceptions.h"

#include <sodium.h>
#include <stdlib.h>

#include "app/lists_inside.h"

static enum err full(struct lists *l, struct registry *reg, void *ctx, struct fault *fault)
{
    struct lists_exceptions *out = ctx;
    enum err err = lists_swept(l, reg, fault);
    if (!err)
        err = lists_ready(l, fault);
    out->to = lists_place(l);
    return err ? err : lists_pairs_all(lists_pairs_of(l), &out->rows, &out->count);
}

enum err lists_exceptions_full(struct lists *l, struct registry *reg, struct lists_exceptions *out,
                               struct fault *fault)
{
    struct lists_exceptions made = {.count = 0};
    enum err err = lists_held(l, reg, &(struct lists_held){full, &made}, fault);
    if (!err)
        *out = made;
    return err;
}

struct collecting {
    struct lists_change *all;
    size_t count, size;
};

static enum err collect(void *ctx, const struct lists_change *change)
{
    struct collecting *c = ctx;
    if (c->count == c->size) {
        const size_t size = c->size ? 2 * c->size : 256;
        struct lists_change *all = realloc(c->all, size * sizeof *all);
        if (!all)
            return ERR_MEMORY;
        c->all = all;
        c->size = size;
    }
    c->all[c->count++] = *change;
    return ERR_OK;
}

static enum err since(struct lists *l, struct registry *reg, void *ctx, struct fault *fault)
{
    struct lists_exceptions *out = ctx;
    struct collecting c = {0};
    struct lists_log *log = lists_log_of(l);
    uint64_t at;
    out->to = lists_place(l);
    enum err err = lists_check_cursor(l, reg, &out->from, fault);
    if (!err)
        err = lists_log_find(log, out->from.next_seq, &at, fault);
    if (!err)
        err = lists_log_read(log, at, lists_log_count(log), collect, &c, fault);
    if (!err && c.count)
        err = lists_ready(l, fault);
    if (!err && c.count)
        err = lists_pairs_moved(lists_pairs_of(l), c.all, c.count, &out->rows, &out->count);
    free(c.all);
    return err;
}

enum err lists_exceptions_since(struct lists *l, struct registry *reg,
                                const struct feed_cursor *cursor, struct lists_exceptions *out,
                                struct fault *fault)
{
    struct lists_exceptions made = {.from = *cursor};
    enum err err = lists_held(l, reg, &(struct lists_held){since, &made}, fault);
    if (!err)
        *out = made;
    return err;
}

void lists_exceptions_release(struct lists_exceptions *e)
{
    if (e->rows)
        sodium_memzero(e->rows, e->count * sizeof *e->rows);
    free(e->rows);
    *e = (struct lists_exceptions){.count = 0};
}

static int by_imsi(const void *a, const void *b)
{
    const struct lists_exception *x = a, *y = b;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return x->imsi < y->imsi ? -1 : x->imsi > y->imsi;
}

enum err lists_exceptions_own(struct lists_exceptions *e, const struct plmn_list *plmn,
                              struct fault *fault)
{
    size_t n = 0, unnamed = 0;
    for (size_t i = 0; i < e->count; i++) {
        unnamed += !e->rows[i].imsi;
        if (!e->rows[i].imsi && e->rows[i].removed)
            return fault_set(fault, ERR_LIST_CURSOR,
                             "a pair was taken away whose subscriber nobody can name any more: ask "
                             "for a full list, without since");
        if (e->rows[i].imsi && plmn_is_own(plmn, e->rows[i].imsi))
            e->rows[n++] = e->rows[i];
    }
    e->count = n;
    e->unnamed = unnamed;
    if (n)
        qsort(e->rows, n, sizeof *e->rows, by_imsi);
    return ERR_OK;
}
