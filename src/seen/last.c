/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/last.h"

enum { DAY_KEY = 14 };

struct going {
    struct seen_last *last;
    enum err err;
};

/* Which of them; SEEN_NETWORKS: there are too many. */
static size_t network_of(struct seen_last *last, uint64_t party)
{
    for (size_t i = 0; i < last->n; i++)
        if (last->of[i].party == party)
            return i;
    if (last->n == SEEN_NETWORKS)
        return SEEN_NETWORKS;
    roaring_bitmap_t *pairs = roaring_bitmap_create();
    if (!pairs)
        return SEEN_NETWORKS;
    last->of[last->n].party = party;
    last->of[last->n].pairs = pairs;
    return last->n++;
}

/* Days come in order, so the one that is read last counts. */
static bool take(void *ctx, const struct record *record)
{
    struct going *g = ctx;
    const uint8_t *key = (const uint8_t *)record->key.p;
    roaring_bitmap_t *bits =
        record->key.n == DAY_KEY
            ? roaring_bitmap_portable_deserialize_safe(record->value.p, record->value.n)
            : NULL;
    if (!bits) {
        g->err = ERR_CODEC;
        return false;
    }
    size_t at = network_of(g->last, get_be(key + 4, 8));
    if (at == SEEN_NETWORKS)
        g->err = ERR_TOO_MANY;
    for (size_t i = 0; !g->err && i < g->last->n; i++)
        if (i == at)
            roaring_bitmap_or_inplace(g->last->of[i].pairs, bits);
        else
            roaring_bitmap_andnot_inplace(g->last->of[i].pairs, bits);
    roaring_bitmap_free(bits);
    return !g->err;
}

enum err seen_last_get(struct registry *reg, uint16_t from, uint16_t to, struct seen_last *out,
                       struct fault *fault)
{
    struct seen_last last = {0};
    struct going g = {.last = &last};
    struct record_key begin = record_key(RECORD_SEEN_PAIRS), end = record_key(RECORD_SEEN_PAIRS);
    record_key_bytes(&begin, "d", 1);
    record_key_number(&begin, from, 2);
    record_key_bytes(&end, "d", 1);
    record_key_number(&end, (uint64_t)to + 1, 2);
    enum err err =
        store_records(reg->store, record_key_str(&begin), record_key_str(&end), take, &g, fault);
    if (!err && g.err)
        err = fault_set(fault, g.err, "what networks saw: a day cannot be read");
    if (err)
        seen_last_release(&last);
    else
        *out = last;
    return err;
}

void seen_last_release(struct seen_last *last)
{
    for (size_t i = 0; i < last->n; i++)
        roaring_bitmap_free(last->of[i].pairs);
    last->n = 0;
}
