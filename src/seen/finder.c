/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/finder.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "app/commit.h"
#include "seen/finder_record.h"

enum { FORM = 1, HEAD = 9, STEP_MOST = 65536 };

enum err finder_damaged(struct fault *fault)
{
    return fault_set(fault, ERR_CODEC, "what networks saw: its finder is damaged");
}

/* ---- the head: how far they are entered ---- */

struct record_key finder_key(char of)
{
    struct record_key key = record_key(RECORD_SEEN_PAIRS);
    record_key_bytes(&key, &of, 1);
    return key;
}

enum err finder_through(struct registry *reg, struct finder_through *out, struct fault *fault)
{
    const struct record_key key = finder_key('f');
    struct buf value = {0};
    bool found;
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && found && (value.n != HEAD || value.p[0] != FORM))
        err = finder_damaged(fault);
    if (!err)
        *out = found ? (struct finder_through){(uint32_t)get_be(value.p + 1, 4),
                                               (uint32_t)get_be(value.p + 5, 4)}
                     : (struct finder_through){0, 0};
    buf_release(&value);
    return err;
}

static enum err through_put(struct registry *reg, const struct finder_through *through,
                            struct fault *fault)
{
    const struct record_key key = finder_key('f');
    uint8_t value[HEAD] = {FORM};
    put_be(value + 1, through->subscribers, 4);
    put_be(value + 5, through->pairs, 4);
    return record_put(reg, &key, (struct str){(const char *)value, sizeof value}, fault);
}

/* ---- entering ---- */

void finder_secret(const struct registry *reg, uint8_t out[FINDER_SECRET])
{
    uint8_t mac[SHA256_BYTES];
    static_assert((int)FINDER_SECRET == (int)crypto_shorthash_KEYBYTES, "one key");
    sha256_hmac(reg->keys.subscriber, "finder", 6, mac);
    memcpy(out, mac, FINDER_SECRET);
}

struct finder_place finder_place(const uint8_t key[FINDER_SECRET], enum finder_by of,
                                 uint64_t value)
{
    uint8_t bytes[9] = {(uint8_t)of}, hash[crypto_shorthash_BYTES];
    put_be(bytes + 1, value, 8);
    crypto_shorthash(hash, bytes, sizeof bytes, key);
    return (struct finder_place){hash[0] % FINDER_BUCKETS, (uint16_t)get_be(hash + 1, 2)};
}

static uint64_t value_of(const struct finder_fresh *f, enum finder_by of, size_t i)
{
    switch (of) {
    case FINDER_MSISDN:
        return f->subscribers[i].imsi ? f->subscribers[i].msisdn : 0;
    case FINDER_IMSI:
        return f->subscribers[i].imsi;
    case FINDER_IMEI:
        return f->pairs[i].subscriber ? f->pairs[i].imei : 0;
    case FINDER_SUBSCRIBER:
        return f->pairs[i].subscriber;
    }
    return 0;
}

static enum err put_buckets(struct registry *reg, enum finder_by of, uint32_t first,
                            const struct buf *buckets, struct fault *fault)
{
    struct record_key keys[FINDER_BUCKETS];
    struct record records[FINDER_BUCKETS];
    size_t n = 0;
    for (unsigned b = 0; b < FINDER_BUCKETS; b++) {
        if (buckets[b].failed)
            return ERR_MEMORY;
        if (!buckets[b].n)
            continue;
        keys[n] = finder_key((char)of);
        record_key_number(&keys[n], b, 1);
        record_key_number(&keys[n], first, 4);
        records[n] =
            (struct record){record_key_str(&keys[n]), {(const char *)buckets[b].p, buckets[b].n}};
        n++;
    }
    return n ? store_records_put(reg->store, records, n, fault) : ERR_OK;
}

static enum err enter(struct registry *reg, const struct finder_fresh *f, enum finder_by of,
                      struct fault *fault)
{
    const bool pairs = of == FINDER_IMEI || of == FINDER_SUBSCRIBER;
    const size_t n = pairs ? f->pair_n : f->subscriber_n;
    struct buf buckets[FINDER_BUCKETS] = {0};
    uint8_t key[FINDER_SECRET];
    assert(n <= STEP_MOST);
    finder_secret(reg, key);
    for (size_t i = 0; i < n; i++) {
        const uint64_t value = value_of(f, of, i);
        if (!value)
            continue; /* no number, or dropped */
        const struct finder_place at = finder_place(key, of, value);
        buf_uint(&buckets[at.bucket], i, 2);
        buf_uint(&buckets[at.bucket], at.mark, 2);
    }
    enum err err =
        put_buckets(reg, of, pairs ? f->first_pair : f->first_subscriber, buckets, fault);
    for (unsigned b = 0; b < FINDER_BUCKETS; b++)
        buf_release(&buckets[b]);
    return err;
}

enum err finder_enter(struct registry *reg, const struct finder_fresh *f, struct fault *fault)
{
    struct finder_through through;
    enum err err = finder_through(reg, &through, fault);
    const bool subscribers =
        !err && f->subscriber_n && through.subscribers + 1 == f->first_subscriber;
    const bool pairs = !err && f->pair_n && through.pairs + 1 == f->first_pair;
    if (subscribers) {
        err = enter(reg, f, FINDER_MSISDN, fault);
        if (!err)
            err = enter(reg, f, FINDER_IMSI, fault);
        through.subscribers += (uint32_t)f->subscriber_n;
    }
    if (!err && pairs) {
        err = enter(reg, f, FINDER_IMEI, fault);
        if (!err)
            err = enter(reg, f, FINDER_SUBSCRIBER, fault);
        through.pairs += (uint32_t)f->pair_n;
    }
    return err || !(subscribers || pairs) ? err : through_put(reg, &through, fault);
}

/* ---- catching up ---- */

static enum err enter_fresh(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    return finder_enter(reg, c->ctx, fault);
}

/* The rest of the part from the number on. */
static enum err catch_part(struct shelf *s, uint32_t number, struct fault *fault)
{
    struct seen_pair *pairs = NULL;
    struct finder_fresh fresh = {.first_subscriber = number, .first_pair = number};
    enum err err = shelf_at(s, number, fault);
    if (err)
        return err;
    const size_t n = s->first + s->n - number;
    if (s->of_pairs) {
        pairs = calloc(n, sizeof *pairs);
        for (size_t i = 0; pairs && i < n; i++)
            pairs[i] = shelf_pair(s, number + (uint32_t)i);
        fresh.pairs = pairs;
        fresh.pair_n = n;
    } else {
        fresh.subscribers = s->who + (number - s->first);
        fresh.subscriber_n = n;
    }
    struct commit_case c = {.also = enter_fresh, .ctx = &fresh};
    err = s->of_pairs && !pairs ? ERR_MEMORY : commit_one(s->reg, &c, fault);
    free(pairs);
    return err;
}

enum err finder_catch_up(struct registry *reg, const atomic_int *stop, struct fault *fault)
{
    struct finder_through through;
    struct seen_head head;
    enum err err = finder_through(reg, &through, fault);
    if (!err)
        err = seen_head_get(reg, &head, fault);
    for (int pairs = 0; !err && pairs < 2; pairs++) {
        const uint32_t last = pairs ? head.pairs : head.subscribers;
        uint64_t number = (pairs ? through.pairs : through.subscribers) + UINT64_C(1);
        struct shelf s;
        if (number > last)
            continue;
        err = shelf_init(&s, reg, pairs);
        while (!err && number <= last) {
            err = stop && *stop ? fault_set(fault, ERR_STOPPED, "the next load goes on")
                                : catch_part(&s, (uint32_t)number, fault);
            number = (uint64_t)s.first + s.n;
        }
        shelf_release(&s);
    }
    return err;
}
