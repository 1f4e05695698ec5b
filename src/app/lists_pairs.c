/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs stand in a table of open addressing; one that was taken away stays in it, so that a delta finds what was. */
#include "app/lists_pairs.h"

#include <stdlib.h>

#include "base/mix.h"

enum { FIRST_CELLS = 256 };

struct cell {
    uint64_t key; /* body + 1; 0: empty */
    uint64_t subscriber;
    bool on, was; /* was: of a delta that is being made */
};

struct lists_pairs {
    struct lists_map clones; /* IMEI -> is it one */
    struct cell *cells;
    size_t size, used;
};

enum err lists_pairs_new(struct lists_pairs **out)
{
    struct lists_pairs *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_MEMORY;
    *out = p;
    return ERR_OK;
}

void lists_pairs_free(struct lists_pairs *p)
{
    if (!p)
        return;
    lists_map_release(&p->clones);
    free(p->cells);
    free(p);
}

static struct cell *place_of(struct cell *cells, size_t size, uint64_t key, uint64_t subscriber)
{
    size_t i = (size_t)mix_range(mix64(key ^ mix64(subscriber)), size);
    while (cells[i].key && (cells[i].key != key || cells[i].subscriber != subscriber))
        i = i + 1 == size ? 0 : i + 1;
    return &cells[i];
}

static struct cell *find(const struct lists_pairs *p, struct imei imei, uint64_t subscriber)
{
    if (!p->used)
        return NULL;
    struct cell *cell = place_of(p->cells, p->size, imei.body + 1, subscriber);
    return cell->key ? cell : NULL;
}

static enum err grow(struct lists_pairs *p)
{
    const size_t size = p->size ? 2 * p->size : FIRST_CELLS;
    struct cell *cells = calloc(size, sizeof *cells);
    if (!cells)
        return ERR_MEMORY;
    for (size_t i = 0; i < p->size; i++)
        if (p->cells[i].key)
            *place_of(cells, size, p->cells[i].key, p->cells[i].subscriber) = p->cells[i];
    free(p->cells);
    p->cells = cells;
    p->size = size;
    return ERR_OK;
}

enum err lists_pairs_put(struct lists_pairs *p, const struct lists_change *change)
{
    const bool on = change->is.reason != LISTED_NOT;
    if (!change->subscriber)
        return lists_map_put(&p->clones, change->imei.body, on);
    if (p->used >= p->size - p->size / 4) {
        enum err err = grow(p);
        if (err)
            return err;
    }
    struct cell *cell = place_of(p->cells, p->size, change->imei.body + 1, change->subscriber);
    p->used += !cell->key;
    *cell = (struct cell){change->imei.body + 1, change->subscriber, on, on};
    return ERR_OK;
}

bool lists_pairs_is_clone(const struct lists_pairs *p, struct imei imei)
{
    const uint64_t *on = lists_map_find(&p->clones, imei.body);
    return on && *on;
}

bool lists_pairs_stands(const struct lists_pairs *p, struct imei imei, uint64_t subscriber)
{
    const struct cell *cell = find(p, imei, subscriber);
    return cell && cell->on;
}

/* ---- reading ---- */

static int by_pair(const void *a, const void *b)
{
    const struct lists_exception *x = a, *y = b;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return x->subscriber < y->subscriber ? -1 : x->subscriber > y->subscriber;
}

/* clones_were NULL: all that count; else what counts now and did not, or the other way round. */
static enum err gather(const struct lists_pairs *p, const struct lists_map *clones_were,
                       struct lists_exception **out, size_t *out_n)
{
    struct lists_exception *rows = malloc((p->used + 1) * sizeof *rows);
    size_t n = 0;
    if (!rows)
        return ERR_MEMORY;
    for (size_t i = 0; i < p->size; i++) {
        const struct cell *cell = &p->cells[i];
        if (!cell->key)
            continue;
        const struct imei imei = {cell->key - 1};
        const bool clone = lists_pairs_is_clone(p, imei), is = clone && cell->on;
        const uint64_t *clone_was = clones_were ? lists_map_find(clones_were, imei.body) : NULL;
        const bool was = clones_were && cell->was && (clone_was ? *clone_was != 0 : clone);
        if (is != was)
            rows[n++] = (struct lists_exception){imei, cell->subscriber, 0, was};
    }
    qsort(rows, n, sizeof *rows, by_pair);
    *out = rows;
    *out_n = n;
    return ERR_OK;
}

enum err lists_pairs_all(const struct lists_pairs *p, struct lists_exception **out, size_t *out_n)
{
    return gather(p, NULL, out, out_n);
}

/* Of each the first change says what was before all of them: from the last to the first, the first one stays. */
enum err lists_pairs_moved(struct lists_pairs *p, const struct lists_change *changes, size_t n,
                           struct lists_exception **out, size_t *out_n)
{
    struct lists_map clones_were = {0};
    enum err err = ERR_OK;
    for (size_t i = 0; i < p->size; i++)
        p->cells[i].was = p->cells[i].on;
    for (size_t i = n; !err && i-- > 0;) {
        const bool was = changes[i].was.reason != LISTED_NOT;
        struct cell *cell =
            changes[i].subscriber ? find(p, changes[i].imei, changes[i].subscriber) : NULL;
        if (cell)
            cell->was = was;
        else if (!changes[i].subscriber)
            err = lists_map_put(&clones_were, changes[i].imei.body, was);
    }
    if (!err)
        err = gather(p, &clones_were, out, out_n);
    lists_map_release(&clones_were);
    return err;
}
