/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/retention_named.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAIRED_KEY = 9, /* '9', keyed hash 8 */
    IMSI = 8,
    TOLD_KEY = 12,    /* '7', 't', IMEI 6, subscriber 4 */
    NOTICES_KEY = 18, /* '7', 'n', operator 8, first number 8 */
    NOTICES_HEAD = 6, /* form 1, made 5 */
};

struct looking {
    const struct seen *seen;
    const uint64_t *live;
    daynum first;
    struct record_keys *out;
    enum err err;
    struct fault *fault;
};

enum err record_keys_add(struct record_keys *keys, struct str key)
{
    if (key.n > RECORD_KEY_MAX)
        return ERR_CODEC;
    if (keys->n == keys->size) {
        const size_t size = keys->size ? 2 * keys->size : 256;
        struct record_key *p = realloc(keys->p, size * sizeof *p);
        if (!p)
            return ERR_MEMORY;
        keys->p = p;
        keys->size = size;
    }
    struct record_key *to = &keys->p[keys->n++];
    to->n = key.n;
    memcpy(to->bytes, key.p, key.n);
    return ERR_OK;
}

void record_keys_release(struct record_keys *keys)
{
    free(keys->p);
    *keys = (struct record_keys){0};
}

/* One with a number that this load of the tables knows, and that stays. */
static bool stays(const struct looking *l, uint32_t number)
{
    return number > l->seen->head.subscribers || (l->live[number >> 6] >> (number & 63) & 1);
}

static bool on_paired(void *ctx, const struct record *record)
{
    struct looking *l = ctx;
    struct buf plain = {0};
    const struct seen *s = l->seen;
    if (record->key.n != PAIRED_KEY)
        return true;
    l->err = record_unseal(s->reg, record->key, record->value, &plain, l->fault);
    if (!l->err && plain.n == IMSI) {
        const struct seen_key key = seen_hash(s->key, get_be(plain.p, IMSI));
        const struct seen_slot *slot = seen_table_find(&s->subscribers.table, &key);
        if (!slot || !stays(l, slot->number))
            l->err = record_keys_add(l->out, record->key);
    }
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&plain);
    return !l->err;
}

static bool on_notices(void *ctx, const struct record *record)
{
    struct looking *l = ctx;
    const uint8_t *key = (const uint8_t *)record->key.p;
    const uint8_t *value = (const uint8_t *)record->value.p;
    bool goes = false;
    if (record->key.n == TOLD_KEY && key[1] == 't')
        goes = !stays(l, (uint32_t)get_be(key + 8, 4));
    if (record->key.n == NOTICES_KEY && key[1] == 'n' && record->value.n >= NOTICES_HEAD)
        goes = zone_day(&l->seen->reg->zone, (int64_t)get_be(value + 1, 5)) < l->first;
    if (goes)
        l->err = record_keys_add(l->out, record->key);
    return !l->err;
}

static enum err each(struct looking *l, enum record_kind kind, store_record_fn *fn)
{
    const struct record_key from = record_key(kind), past = record_key_past(&from);
    enum err err = store_records(l->seen->reg->store, record_key_str(&from), record_key_str(&past),
                                 fn, l, l->fault);
    return err ? err : l->err;
}

enum err retention_named(const struct seen *seen, const uint64_t *live, daynum first,
                         struct record_keys *out, struct fault *fault)
{
    struct looking l = {.seen = seen, .live = live, .first = first, .out = out, .fault = fault};
    enum err err = each(&l, RECORD_PAIRED, on_paired);
    return err ? err : each(&l, RECORD_NOTICES, on_notices);
}
