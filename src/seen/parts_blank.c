/* SPDX-License-Identifier: Apache-2.0
 *
 * Blanking: entries of a part that nobody names any more become zeros in their place, so that no number moves. A
 * subscriber's hash and what is sealed of him go together. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "people/seal.h"
#include "seen/parts.h"

enum { PAIR = 12, SUBSCRIBER = 16 };

static const uint8_t zeros[SUBSCRIBER];

static enum err damaged(struct fault *fault)
{
    return fault_set(fault, ERR_CODEC, "what networks saw: a part cannot be read: it is damaged");
}

static struct record_key prefix_of(bool pairs)
{
    struct record_key key = record_key(pairs ? RECORD_SEEN_PAIRS : RECORD_SEEN_HASHES);
    if (pairs)
        record_key_bytes(&key, "p", 1);
    return key;
}

static bool is_live(const uint64_t *live, uint32_t number)
{
    return live[number >> 6] >> (number & 63) & 1;
}

/* A pair without a subscriber, a hash of zeros. */
static bool is_blank(const uint8_t *entry, bool pairs)
{
    return pairs ? memcmp(entry + 6, zeros, 4) == 0 : memcmp(entry, zeros, SEEN_HASH) == 0;
}

/* ---- which parts ---- */

struct listing {
    const uint64_t *live;
    struct seen_part_list *out;
    size_t size;
    bool pairs, broken;
    enum err err;
};

static bool on_part(void *ctx, const struct record *record)
{
    struct listing *l = ctx;
    size_t entry = l->pairs ? PAIR : SEEN_HASH, head = l->pairs ? 2 : 1;
    size_t n = record->value.n / entry;
    uint64_t before = l->out->stale;
    l->broken = record->key.n != head + 4 || record->value.n % entry || n > SEEN_PART;
    if (l->broken)
        return false;
    uint32_t first = (uint32_t)get_be((const uint8_t *)record->key.p + head, 4);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = (const uint8_t *)record->value.p + i * entry;
        if (is_blank(p, l->pairs))
            continue;
        if (is_live(l->live, first + (uint32_t)i))
            l->out->live++;
        else
            l->out->stale++;
    }
    if (l->out->stale == before)
        return true;
    if (l->out->n == l->size) {
        size_t size = l->size ? 2 * l->size : 256;
        uint32_t *firsts = realloc(l->out->first, size * sizeof *firsts);
        if (!firsts) {
            l->err = ERR_MEMORY;
            return false;
        }
        l->out->first = firsts;
        l->size = size;
    }
    l->out->first[l->out->n++] = first;
    return true;
}

enum err seen_parts_stale(struct registry *reg, bool pairs, const uint64_t *live,
                          struct seen_part_list *out, struct fault *fault)
{
    struct record_key from = prefix_of(pairs), to = record_key_past(&from);
    struct listing l = {.live = live, .out = out, .pairs = pairs};
    *out = (struct seen_part_list){0};
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), on_part, &l, fault);
    err = err ? err : l.broken ? damaged(fault) : l.err;
    if (err)
        seen_part_list_release(out);
    return err;
}

void seen_part_list_release(struct seen_part_list *list)
{
    free(list->first);
    *list = (struct seen_part_list){0};
}

/* ---- blanking ---- */

static enum err blank_open(struct registry *reg, bool pairs, uint32_t first, const uint64_t *live,
                           struct fault *fault)
{
    struct record_key key = prefix_of(pairs);
    size_t entry = pairs ? PAIR : SEEN_HASH;
    struct buf value = {0};
    bool found;
    record_key_number(&key, first, 4);
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && (!found || value.n % entry))
        err = damaged(fault);
    for (size_t i = 0; !err && i < value.n / entry; i++)
        if (!is_live(live, first + (uint32_t)i)) {
            memset(value.p + i * entry, 0, entry);
            if (pairs) /* nothing is known by it */
                put_be(value.p + i * entry + 10, SEEN_DAY_NONE, 2);
        }
    if (!err)
        err = record_put(reg, &key, (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&value);
    return err;
}

static enum err blank_sealed(struct registry *reg, uint32_t first, const uint64_t *live,
                             struct fault *fault)
{
    struct record_key key = record_key(RECORD_SEEN_SUBSCRIBERS);
    struct buf sealed = {0}, plain = {0}, anew = {0};
    bool found;
    record_key_number(&key, first, 4);
    enum err err = record_find(reg, &key, &sealed, &found, fault);
    if (!err && !found)
        err = damaged(fault);
    if (!err)
        err = record_unseal(reg, record_key_str(&key),
                            (struct str){(const char *)sealed.p, sealed.n}, &plain, fault);
    for (size_t i = 0; !err && i < plain.n / SUBSCRIBER; i++)
        if (!is_live(live, first + (uint32_t)i))
            memset(plain.p + i * SUBSCRIBER, 0, SUBSCRIBER);
    if (!err)
        err = seal_put(&reg->keys.people, record_key_str(&key),
                       (struct str){(const char *)plain.p, plain.n}, &anew);
    if (!err)
        err = record_put(reg, &key, (struct str){(const char *)anew.p, anew.n}, fault);
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&plain);
    buf_release(&sealed);
    buf_release(&anew);
    return err;
}

enum err seen_pairs_blank(struct registry *reg, uint32_t first, const uint64_t *live,
                          struct fault *fault)
{
    return blank_open(reg, true, first, live, fault);
}

enum err seen_subscribers_blank(struct registry *reg, uint32_t first, const uint64_t *live,
                                struct fault *fault)
{
    enum err err = blank_open(reg, false, first, live, fault);
    return err ? err : blank_sealed(reg, first, live, fault);
}
