/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of subscribers or pairs, the last one that was read: numbers come ascending. */
#include <sodium.h>
#include <stdlib.h>

#include "seen/finder_record.h"

enum { PAIR = 12 };

enum err shelf_init(struct shelf *s, struct registry *reg, bool of_pairs)
{
    *s = (struct shelf){.reg = reg, .of_pairs = of_pairs};
    if (!of_pairs)
        s->who = calloc(SEEN_PART, sizeof *s->who);
    return of_pairs || s->who ? ERR_OK : ERR_MEMORY;
}

void shelf_release(struct shelf *s)
{
    if (s->who)
        sodium_memzero(s->who, SEEN_PART * sizeof *s->who);
    free(s->who);
    buf_release(&s->pairs);
    buf_release(&s->key);
}

static bool keep_part(void *ctx, const struct record *record)
{
    struct shelf *s = ctx;
    buf_clear(&s->key);
    buf_clear(&s->pairs);
    buf_str(&s->key, record->key);
    buf_str(&s->pairs, record->value);
    return true;
}

static enum err read_pairs(struct shelf *s, uint32_t number, struct fault *fault)
{
    struct record_key from = finder_key('p'), to = from;
    record_key_number(&from, number < SEEN_PART ? 0 : number - SEEN_PART + 1, 4);
    record_key_number(&to, number, 4);
    record_key_bytes(&to, "", 1);
    buf_clear(&s->key);
    buf_clear(&s->pairs);
    s->n = 0;
    enum err err = store_records(s->reg->store, record_key_str(&from), record_key_str(&to),
                                 keep_part, s, fault);
    if (err || s->key.failed || s->pairs.failed)
        return err ? err : ERR_MEMORY;
    if (s->key.n != from.n || s->pairs.n % PAIR || s->pairs.n / PAIR > SEEN_PART)
        return finder_damaged(fault);
    s->first = (uint32_t)get_be(s->key.p + s->key.n - 4, 4);
    s->n = s->pairs.n / PAIR;
    return ERR_OK;
}

enum err shelf_at(struct shelf *s, uint32_t number, struct fault *fault)
{
    if (s->n && number >= s->first && number - s->first < s->n)
        return ERR_OK;
    enum err err = s->of_pairs
                       ? read_pairs(s, number, fault)
                       : seen_subscribers_get(s->reg, number, s->who, &s->first, &s->n, fault);
    if (err == ERR_NOT_FOUND || (!err && number - s->first >= s->n))
        err = finder_damaged(fault);
    if (err)
        s->n = 0;
    return err;
}

struct seen_pair shelf_pair(const struct shelf *s, uint32_t number)
{
    const uint8_t *p = s->pairs.p + (size_t)(number - s->first) * PAIR;
    return (struct seen_pair){.imei = get_be(p, 6),
                              .subscriber = (uint32_t)get_be(p + 6, 4),
                              .day = (uint16_t)get_be(p + 10, 2)};
}
