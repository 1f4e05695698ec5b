/* SPDX-License-Identifier: Apache-2.0
 *
 * A delta is read from the log alone: the changes behind the cursor, folded to one an IMEI. Where nothing is new it costs
 * one look at the journal's block and a search in the log. */
#include "app/lists.h"

#include <stdlib.h>

struct collecting {
    struct lists_moved *rows;
    size_t count, size;
};

static enum err collect(void *ctx, const struct lists_change *change)
{
    struct collecting *c = ctx;
    if (c->count == c->size) {
        const size_t size = c->size ? 2 * c->size : 256;
        struct lists_moved *rows = realloc(c->rows, size * sizeof *rows);
        if (!rows)
            return ERR_MEMORY;
        c->rows = rows;
        c->size = size;
    }
    c->rows[c->count++] = (struct lists_moved){change->imei, change->was, change->is};
    return ERR_OK;
}

/* By IMEI, of one IMEI in the order in which they came: merge sort keeps it. */
static void merge(struct lists_moved *rows, size_t n, struct lists_moved *room)
{
    const size_t half = n / 2;
    if (n < 2)
        return;
    merge(rows, half, room);
    merge(rows + half, n - half, room);
    if (rows[half - 1].imei.body <= rows[half].imei.body)
        return;
    memcpy(room, rows, half * sizeof *rows);
    size_t a = 0, b = half, to = 0;
    while (a < half)
        rows[to++] = b < n && rows[b].imei.body < room[a].imei.body ? rows[b++] : room[a++];
}

static bool same_outside(const struct listed *a, const struct listed *b)
{
    if (a->reason == LISTED_NOT || b->reason == LISTED_NOT)
        return a->reason == b->reason;
    return a->since == b->since && strcmp(reason_public(a->reason), reason_public(b->reason)) == 0;
}

static void fold(struct lists_delta *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->count;) {
        struct lists_moved one = d->rows[i];
        for (i++; i < d->count && d->rows[i].imei.body == one.imei.body; i++)
            one.is = d->rows[i].is;
        if (same_outside(&one.was, &one.is))
            continue;
        d->added += one.was.reason == LISTED_NOT;
        d->removed += one.is.reason == LISTED_NOT;
        d->rows[kept++] = one;
    }
    d->count = kept;
    d->changed = kept - d->added - d->removed;
}

static enum err fold_changes(struct collecting *c, struct lists_delta *out)
{
    struct lists_moved *room = malloc((c->count / 2 + 1) * sizeof *room);
    if (!room)
        return ERR_MEMORY;
    merge(c->rows, c->count, room);
    free(room);
    out->rows = c->rows;
    out->count = c->count;
    fold(out);
    return ERR_OK;
}

/* ---- the cursor ---- */

struct looking {
    const struct feed_cursor *cursor;
    bool found;
};

static bool hangs_there(void *ctx, const struct block *block)
{
    struct looking *look = ctx;
    look->found = block->header.first_seq == look->cursor->next_seq &&
                  memcmp(block->prev_hash, look->cursor->hash, FEED_CURSOR_HASH) == 0;
    return false;
}

enum err lists_check_cursor(const struct lists *l, struct registry *reg,
                            const struct feed_cursor *cursor, struct fault *fault)
{
    const struct lists_place place = lists_place(l);
    struct looking look = {.cursor = cursor};
    enum err err = ERR_OK;
    if (cursor->next_seq == place.next_seq)
        look.found = memcmp(cursor->hash, place.hash, FEED_CURSOR_HASH) == 0;
    else if (cursor->next_seq < place.next_seq)
        err = store_blocks(reg->store, cursor->next_seq, hangs_there, &look, fault);
    if (!err && !look.found)
        return fault_set(fault, ERR_LIST_CURSOR,
                         "this register has no such place: it was restored, or the cursor is of "
                         "another; ask for a full list, without since");
    return err;
}

struct asking_since {
    const struct feed_cursor *cursor;
    struct lists_delta *out;
};

static enum err since(struct lists *l, struct registry *reg, void *ctx, struct fault *fault)
{
    const struct asking_since *ask = ctx;
    struct collecting c = {0};
    struct lists_delta delta = {.from = *ask->cursor, .to = lists_place(l)};
    struct lists_log *log = lists_log_of(l);
    uint64_t at;
    enum err err = lists_check_cursor(l, reg, ask->cursor, fault);
    if (!err)
        err = lists_log_find(log, ask->cursor->next_seq, &at, fault);
    if (!err)
        err = lists_log_read(log, at, lists_log_count(log), collect, &c, fault);
    if (!err && c.count)
        err = fold_changes(&c, &delta);
    if (err) {
        free(c.rows);
        return err;
    }
    *ask->out = delta;
    return ERR_OK;
}

enum err lists_since(struct lists *l, struct registry *reg, const struct feed_cursor *cursor,
                     struct lists_delta *out, struct fault *fault)
{
    struct asking_since ask = {cursor, out};
    return lists_held(l, reg, &(struct lists_held){since, &ask}, fault);
}

void lists_delta_release(struct lists_delta *delta)
{
    free(delta->rows);
    *delta = (struct lists_delta){0};
}
