/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_spared.h"

#include <stdlib.h>

#include "app/expiry_hold.h"

enum { ROWS = 1024, TRIES = 8 };

enum err lists_full_for(struct lists *l, struct registry *reg, const char *operator_name,
                        struct lists_view **out, struct fault *fault)
{
    struct spared spared;
    struct lists_view *view = NULL;
    enum err err = lists_full(l, reg, &view, fault);
    if (!err)
        err = expiry_spared(reg, str_z(operator_name), lists_place(l).next_seq, &spared, fault);
    if (err) {
        lists_view_free(view);
        return err;
    }
    lists_view_spare(view, &spared);
    *out = view;
    return ERR_OK;
}

/* ---- deltas ---- */

struct sparing {
    struct spared was, is; /* at the cursor, and where the delta ends */
    struct lists_delta *from;
    struct lists_delta out;
    size_t size;
};

static struct listed hide(const struct spared *spared, struct imei imei, struct listed is)
{
    return listed_is_spared(spared, imei, is) ? (struct listed){LISTED_NOT, DAYNUM_NONE} : is;
}

static enum err add(struct sparing *s, struct imei imei, struct listed was, struct listed is)
{
    struct lists_delta *d = &s->out;
    struct lists_moved one = {imei, hide(&s->was, imei, was), hide(&s->is, imei, is)};
    if (listed_equal(&one.was, &one.is))
        return ERR_OK;
    if (d->count == s->size) {
        size_t size = s->size ? 2 * s->size : 256;
        struct lists_moved *rows = realloc(d->rows, size * sizeof *rows);
        if (!rows)
            return ERR_MEMORY;
        d->rows = rows;
        s->size = size;
    }
    d->rows[d->count++] = one;
    d->added += one.was.reason == LISTED_NOT;
    d->removed += one.is.reason == LISTED_NOT;
    return ERR_OK;
}

static enum err moved_before(struct sparing *s, size_t *at, uint64_t body)
{
    enum err err = ERR_OK;
    for (; !err && *at < s->from->count && s->from->rows[*at].imei.body < body; (*at)++) {
        const struct lists_moved *m = &s->from->rows[*at];
        err = add(s, m->imei, m->was, m->is);
    }
    return err;
}

/* Both ascending: what moved, and all that stand, of whom what the operator is spared has moved instead. */
static enum err merge(struct sparing *s, struct lists_view *view)
{
    struct listed_imei rows[ROWS];
    size_t at = 0;
    enum err err = ERR_OK;
    for (size_t n; !err && view && (n = lists_view_next(view, rows, ROWS)) > 0;)
        for (size_t i = 0; !err && i < n; i++) {
            if (rows[i].is.reason != REASON_EXPIRED)
                continue;
            err = moved_before(s, &at, rows[i].imei.body);
            bool moved = at < s->from->count && s->from->rows[at].imei.body == rows[i].imei.body;
            if (!err && !moved)
                err = add(s, rows[i].imei, rows[i].is, rows[i].is);
        }
    if (!err)
        err = moved_before(s, &at, UINT64_MAX);
    s->out.changed = s->out.count - s->out.added - s->out.removed;
    return err;
}

/* The delta, and all that stand at its end where they are needed. */
static enum err take(struct lists *l, struct registry *reg, const struct lists_ask *ask,
                     struct sparing *s, struct lists_view **out_view, struct fault *fault)
{
    const struct str name = str_z(ask->operator_name);
    enum err err = lists_since(l, reg, ask->since, s->from, fault);
    if (!err)
        err = expiry_spared(reg, name, ask->since->next_seq, &s->was, fault);
    if (!err)
        err = expiry_spared(reg, name, s->from->to.next_seq, &s->is, fault);
    if (!err && !spared_equal(&s->was, &s->is))
        err = lists_view(l, reg, out_view, fault);
    return err;
}

enum err lists_since_for(struct lists *l, struct registry *reg, const struct lists_ask *ask,
                         struct lists_delta *out, struct fault *fault)
{
    struct lists_delta delta = {0};
    struct sparing s = {.from = &delta};
    struct lists_view *view = NULL;
    enum err err = take(l, reg, ask, &s, &view, fault);
    for (unsigned i = 0; !err && view && lists_place(l).next_seq != delta.to.next_seq; i++) {
        lists_view_free(view); /* the view went further */
        view = NULL;
        lists_delta_release(&delta);
        err = i < TRIES ? take(l, reg, ask, &s, &view, fault) : ERR_STORE_BUSY;
    }
    if (!err && !s.was.count && !s.is.count) {
        *out = delta;
        return ERR_OK;
    }
    if (!err) {
        s.out = (struct lists_delta){.from = delta.from, .to = delta.to};
        err = merge(&s, view);
    }
    lists_view_free(view);
    lists_delta_release(&delta);
    if (err)
        lists_delta_release(&s.out);
    else
        *out = s.out;
    return err;
}
