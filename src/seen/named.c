/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/named.h"

#include <sodium.h>

enum { SUBSCRIBER = 16, KEY = 5, TAIL = 64 /* more than a seal adds */ };

struct naming {
    struct registry *reg;
    const uint32_t *numbers; /* NULL: all */
    size_t n, at;
    named_fn *fn;
    void *ctx;
    struct buf plain;
    enum err err;
    struct fault *fault;
};

static bool give(struct naming *g, uint32_t first)
{
    const size_t count = g->plain.n / SUBSCRIBER;
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = first + (uint32_t)i;
        if (g->numbers && (g->at == g->n || g->numbers[g->at] != number))
            continue;
        g->at += g->numbers != NULL;
        const uint8_t *p = g->plain.p + i * SUBSCRIBER;
        const struct seen_subscriber s = {get_be(p, 8), get_be(p + 8, 8)};
        if (s.imsi && !g->fn(g->ctx, number, &s))
            return false;
    }
    return true;
}

static bool on_part(void *ctx, const struct record *record)
{
    struct naming *g = ctx;
    if (record->key.n != KEY)
        return true;
    const uint32_t first = (uint32_t)get_be((const uint8_t *)record->key.p + 1, 4);
    const uint64_t past = first + record->value.n / SUBSCRIBER; /* at least as many as it has */
    while (g->numbers && g->at < g->n && g->numbers[g->at] < first)
        g->at++;
    if (g->numbers && g->at == g->n)
        return false;
    if (g->numbers && g->numbers[g->at] >= past)
        return true;
    buf_clear(&g->plain);
    g->err = record_unseal(g->reg, record->key, record->value, &g->plain, g->fault);
    const bool on = !g->err && give(g, first);
    if (g->plain.p)
        sodium_memzero(g->plain.p, g->plain.n);
    return on;
}

enum err named_each(struct registry *reg, const uint32_t *numbers, size_t n, named_fn *fn,
                    void *ctx, struct fault *fault)
{
    struct record_key from = record_key(RECORD_SEEN_SUBSCRIBERS), to = record_key_past(&from);
    struct naming g = {
        .reg = reg, .numbers = numbers, .n = n, .fn = fn, .ctx = ctx, .fault = fault};
    if (numbers && !n)
        return ERR_OK;
    if (!buf_reserve(&g.plain,
                     (size_t)SEEN_PART * SUBSCRIBER + TAIL)) /* never moved: it is wiped */
        return ERR_MEMORY;
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), on_part, &g, fault);
    buf_release(&g.plain);
    return err ? err : g.err;
}
