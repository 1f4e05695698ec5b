/* SPDX-License-Identifier: Apache-2.0
 *
 * After a term: entries of who was dropped go, too. A bucket in which one is dead is written anew, or taken away. */
#include <stdlib.h>
#include <string.h>

#include "app/commit.h"
#include "seen/finder_record.h"

enum { AT_ONCE = 256 /* buckets of a transaction: 1 MB */ };

struct sifting {
    const uint64_t *live;
    struct record_key *keys; /* of those with somebody dead in them */
    size_t n, size;
    size_t from, count; /* of the step at hand */
    enum err err;
    bool broken;
};

static bool is_live(const struct sifting *s, uint32_t number)
{
    return s->live[number >> 6] >> (number & 63) & 1;
}

static bool on_bucket(void *ctx, const struct record *record)
{
    struct sifting *s = ctx;
    const uint8_t *p = (const uint8_t *)record->value.p;
    uint32_t first;
    bool stale = false;
    s->broken = !finder_is_bucket(record, &first);
    if (s->broken)
        return false;
    for (size_t i = 0; !stale && i < record->value.n; i += FINDER_ENTRY)
        stale = !is_live(s, first + (uint32_t)get_be(p + i, 2));
    if (!stale)
        return true;
    if (s->n == s->size) {
        const size_t size = s->size ? 2 * s->size : AT_ONCE;
        struct record_key *keys = realloc(s->keys, size * sizeof *keys);
        if (!keys) {
            s->err = ERR_MEMORY;
            return false;
        }
        s->keys = keys;
        s->size = size;
    }
    struct record_key *key = &s->keys[s->n++];
    key->n = record->key.n;
    memcpy(key->bytes, record->key.p, key->n);
    return true;
}

static enum err sift_one(struct registry *reg, const struct sifting *s,
                         const struct record_key *key, struct fault *fault)
{
    struct buf value = {0};
    bool found;
    size_t n = 0;
    enum err err = record_find(reg, key, &value, &found, fault);
    const uint32_t first = (uint32_t)get_be((const uint8_t *)key->bytes + 3, 4);
    for (size_t i = 0; !err && i < value.n; i += FINDER_ENTRY)
        if (is_live(s, first + (uint32_t)get_be(value.p + i, 2))) {
            memmove(value.p + n, value.p + i, FINDER_ENTRY);
            n += FINDER_ENTRY;
        }
    if (!err && found)
        err = n ? record_put(reg, key, (struct str){(const char *)value.p, n}, fault)
                : record_drop(reg, key, fault);
    buf_release(&value);
    return err;
}

static enum err sift_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct sifting *s = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->count; i++)
        err = sift_one(reg, s, &s->keys[s->from + i], fault);
    return err;
}

static enum err sift_all(struct registry *reg, enum finder_by of, struct sifting *s,
                         const atomic_int *stop, struct fault *fault)
{
    const char letter = (char)of;
    struct record_key from = record_key(RECORD_SEEN_PAIRS);
    record_key_bytes(&from, &letter, 1);
    const struct record_key to = record_key_past(&from);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), on_bucket, s, fault);
    if (!err)
        err = s->broken ? finder_damaged(fault) : s->err;
    for (s->from = 0; !err && s->from < s->n; s->from += s->count) {
        struct commit_case c = {.also = sift_step, .ctx = s};
        s->count = s->n - s->from < AT_ONCE ? s->n - s->from : AT_ONCE;
        err = stop && *stop ? fault_set(fault, ERR_STOPPED, "stopped; the next one goes on")
                            : commit_one(reg, &c, fault);
    }
    free(s->keys);
    return err;
}

enum err finder_sift(struct registry *reg, const uint64_t *live_subscribers,
                     const uint64_t *live_pairs, const atomic_int *stop, struct fault *fault)
{
    static const enum finder_by all[] = {FINDER_MSISDN, FINDER_IMSI, FINDER_IMEI,
                                         FINDER_SUBSCRIBER};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof all / sizeof *all; i++) {
        struct sifting s = {.live = i < 2 ? live_subscribers : live_pairs};
        err = sift_all(reg, all[i], &s, stop, fault);
    }
    return err;
}
