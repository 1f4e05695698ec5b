/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/parts.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "people/seal.h"

enum { FORM = 1, HEAD = 1 + 4 + 4 + SEEN_TAG, SUBSCRIBER = 16, PAIR = 12 };

static enum err damaged(struct fault *fault, const char *what)
{
    return fault_set(fault, ERR_CODEC, "what networks saw: %s cannot be read: it is damaged", what);
}

/* ---- the head ---- */

enum err seen_head_get(struct registry *reg, struct seen_head *out, struct fault *fault)
{
    struct record_key key = record_key(RECORD_SEEN);
    struct buf value = {0};
    bool found;
    *out = (struct seen_head){0};
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && found && (value.n != HEAD || value.p[0] != FORM))
        err = damaged(fault, "their head");
    if (!err && found) {
        out->subscribers = (uint32_t)get_be(value.p + 1, 4);
        out->pairs = (uint32_t)get_be(value.p + 5, 4);
        memcpy(out->tag, value.p + 9, SEEN_TAG);
    }
    buf_release(&value);
    return err;
}

enum err seen_head_put(struct registry *reg, const struct seen_head *head, struct fault *fault)
{
    struct record_key key = record_key(RECORD_SEEN);
    uint8_t value[HEAD] = {FORM};
    put_be(value + 1, head->subscribers, 4);
    put_be(value + 5, head->pairs, 4);
    memcpy(value + 9, head->tag, SEEN_TAG);
    return record_put(reg, &key, (struct str){(const char *)value, sizeof value}, fault);
}

void seen_tag_new(struct seen_head *head)
{
    randombytes_buf(head->tag, SEEN_TAG);
}

/* ---- subscribers and pairs ---- */

void seen_hash_key(const struct registry *reg, uint8_t out[SEEN_HASH_KEY])
{
    uint8_t mac[SHA256_BYTES];
    sha256_hmac(reg->keys.subscriber, "seen", 4, mac);
    memcpy(out, mac, SEEN_HASH_KEY);
}

struct seen_key seen_hash(const uint8_t key[SEEN_HASH_KEY], uint64_t imsi)
{
    uint8_t bytes[8], mac[crypto_shorthash_siphashx24_BYTES];
    static_assert(SEEN_HASH_KEY == crypto_shorthash_siphashx24_KEYBYTES, "one key");
    memcpy(bytes, &imsi, 8);
    crypto_shorthash_siphashx24(mac, bytes, sizeof bytes, key);
    struct seen_key hash;
    memcpy(&hash.hash, mac, 8);
    memcpy(&hash.mark, mac + 8, 2);
    return hash;
}

static struct record_key part_key(enum record_kind kind, const char *of, uint32_t first)
{
    struct record_key key = record_key(kind);
    record_key_bytes(&key, of, strlen(of));
    record_key_number(&key, first, 4);
    return key;
}

enum err seen_subscribers_put(struct registry *reg, uint32_t first,
                              const struct seen_subscriber *subscribers, size_t n,
                              struct fault *fault)
{
    struct buf hashes = {0}, plain = {0}, sealed = {0};
    uint8_t key[SEEN_HASH_KEY];
    assert(n && n <= SEEN_PART);
    seen_hash_key(reg, key);
    for (size_t i = 0; i < n; i++) {
        struct seen_key hash = seen_hash(key, subscribers[i].imsi);
        buf_uint(&hashes, hash.hash, 8);
        buf_uint(&hashes, hash.mark, 2);
        buf_uint(&plain, subscribers[i].imsi, 8);
        buf_uint(&plain, subscribers[i].msisdn, 8);
    }
    struct record_key open = part_key(RECORD_SEEN_HASHES, "", first);
    struct record_key shut = part_key(RECORD_SEEN_SUBSCRIBERS, "", first);
    enum err err = hashes.failed || plain.failed
                       ? ERR_MEMORY
                       : seal_put(&reg->keys.people, record_key_str(&shut),
                                  (struct str){(const char *)plain.p, plain.n}, &sealed);
    if (!err)
        err = record_put(reg, &open, (struct str){(const char *)hashes.p, hashes.n}, fault);
    if (!err)
        err = record_put(reg, &shut, (struct str){(const char *)sealed.p, sealed.n}, fault);
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&hashes);
    buf_release(&plain);
    buf_release(&sealed);
    return err;
}

enum err seen_pairs_put(struct registry *reg, uint32_t first, const struct seen_pair *pairs,
                        size_t n, struct fault *fault)
{
    struct buf value = {0};
    struct record_key key = part_key(RECORD_SEEN_PAIRS, "p", first);
    assert(n && n <= SEEN_PART);
    for (size_t i = 0; i < n; i++) {
        buf_uint(&value, pairs[i].imei, 6);
        buf_uint(&value, pairs[i].subscriber, 4);
        buf_uint(&value, pairs[i].day, 2);
    }
    enum err err = value.failed
                       ? ERR_MEMORY
                       : record_put(reg, &key, (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&value);
    return err;
}

/* ---- reading them ---- */

struct reading {
    union {
        seen_hash_fn *hash;
        seen_pair_fn *pair;
    } fn;
    void *ctx;
    size_t entry, key; /* bytes of an entry; of a key before its number */
    uint32_t next;     /* number that comes next */
    bool pairs, broken;
};

static bool give(const struct reading *r, uint32_t number, const uint8_t *p)
{
    if (r->pairs) {
        struct seen_pair pair = {.imei = get_be(p, 6),
                                 .subscriber = (uint32_t)get_be(p + 6, 4),
                                 .day = (uint16_t)get_be(p + 10, 2)};
        return r->fn.pair(r->ctx, number, &pair);
    }
    struct seen_key hash = {get_be(p, 8), (uint16_t)get_be(p + 8, 2)};
    return r->fn.hash(r->ctx, number, &hash);
}

static bool on_part(void *ctx, const struct record *record)
{
    struct reading *r = ctx;
    size_t n = record->value.n / r->entry;
    if (record->key.n != r->key + 4 || record->value.n % r->entry || !n || n > SEEN_PART ||
        get_be((const uint8_t *)record->key.p + r->key, 4) != r->next) {
        r->broken = true;
        return false;
    }
    for (size_t i = 0; i < n; i++)
        if (!give(r, r->next++, (const uint8_t *)record->value.p + i * r->entry))
            return false;
    return true;
}

static enum err read_parts(struct registry *reg, const struct record_key *prefix, struct reading *r,
                           struct fault *fault)
{
    struct record_key past = record_key_past(prefix);
    r->next = 1;
    r->key = prefix->n;
    enum err err =
        store_records(reg->store, record_key_str(prefix), record_key_str(&past), on_part, r, fault);
    return err ? err : r->broken ? damaged(fault, r->pairs ? "pairs" : "subscribers") : ERR_OK;
}

enum err seen_hashes(struct registry *reg, seen_hash_fn *fn, void *ctx, struct fault *fault)
{
    struct reading r = {.fn.hash = fn, .ctx = ctx, .entry = SEEN_HASH};
    struct record_key prefix = record_key(RECORD_SEEN_HASHES);
    return read_parts(reg, &prefix, &r, fault);
}

enum err seen_pairs(struct registry *reg, seen_pair_fn *fn, void *ctx, struct fault *fault)
{
    struct reading r = {.fn.pair = fn, .ctx = ctx, .entry = PAIR, .pairs = true};
    struct record_key prefix = record_key(RECORD_SEEN_PAIRS);
    record_key_bytes(&prefix, "p", 1);
    return read_parts(reg, &prefix, &r, fault);
}

/* ---- the part of a number ---- */

struct part {
    struct buf key, value;
};

static void part_release(struct part *part)
{
    buf_release(&part->key);
    buf_release(&part->value);
}

static bool keep_part(void *ctx, const struct record *record)
{
    struct part *part = ctx;
    buf_clear(&part->key);
    buf_clear(&part->value);
    buf_str(&part->key, record->key);
    buf_str(&part->value, record->value);
    return true;
}

/* The last part that begins at the number or before it; ERR_NOT_FOUND. */
static enum err find_part(struct registry *reg, enum record_kind kind, const char *of,
                          uint32_t number, struct part *out, struct fault *fault)
{
    /* A part holds SEEN_PART at most, so it begins no further back. */
    uint32_t least = number < SEEN_PART ? 0 : number - SEEN_PART + 1;
    struct record_key from = part_key(kind, of, least), to = part_key(kind, of, number);
    record_key_bytes(&to, "", 1);
    enum err err = store_records(reg->store, record_key_str(&from), record_key_str(&to), keep_part,
                                 out, fault);
    if (!err && (out->key.failed || out->value.failed))
        err = ERR_MEMORY;
    return err || out->key.n == from.n ? err : ERR_NOT_FOUND;
}

static uint32_t first_of(const struct part *part)
{
    return (uint32_t)get_be(part->key.p + part->key.n - 4, 4);
}

enum err seen_pairs_date(struct registry *reg, const uint64_t *keys, size_t n, size_t *out_n,
                         struct fault *fault)
{
    struct part part = {0};
    size_t used = 0;
    bool moved = false;
    enum err err = find_part(reg, RECORD_SEEN_PAIRS, "p", (uint32_t)(keys[0] >> 16), &part, fault);
    uint64_t first = err ? 0 : first_of(&part), past = err ? 0 : first + part.value.n / PAIR;
    if (!err && (part.value.n % PAIR || keys[0] >> 16 >= past))
        err = ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND)
        err = damaged(fault, "pairs");
    for (; !err && used < n && keys[used] >> 16 < past; used++) {
        uint8_t *p = part.value.p + ((keys[used] >> 16) - first) * PAIR;
        if (!get_be(p + 6, 4) || get_be(p + 10, 2) <= (uint16_t)keys[used])
            continue;
        put_be(p + 10, (uint16_t)keys[used], 2);
        moved = true;
    }
    if (!err && moved) {
        struct record_key key = part_key(RECORD_SEEN_PAIRS, "p", (uint32_t)first);
        err = record_put(reg, &key, (struct str){(const char *)part.value.p, part.value.n}, fault);
    }
    part_release(&part);
    if (!err)
        *out_n = used;
    return err;
}

/* The part of a number in plain; the caller wipes and releases it. *out_first: the part's first number. */
static enum err open_part(struct registry *reg, uint32_t number, struct buf *out_plain,
                          uint32_t *out_first, struct fault *fault)
{
    struct part part = {0};
    enum err err = find_part(reg, RECORD_SEEN_SUBSCRIBERS, "", number, &part, fault);
    if (!err)
        err =
            record_unseal(reg, (struct str){(const char *)part.key.p, part.key.n},
                          (struct str){(const char *)part.value.p, part.value.n}, out_plain, fault);
    if (!err)
        *out_first = first_of(&part);
    part_release(&part);
    return err;
}

static void wipe(struct buf *plain)
{
    if (plain->p)
        sodium_memzero(plain->p, plain->n);
    buf_release(plain);
}

enum err seen_subscriber_get(struct registry *reg, uint32_t number, struct seen_subscriber *out,
                             struct fault *fault)
{
    struct buf plain = {0};
    uint32_t first = 0;
    enum err err = open_part(reg, number, &plain, &first, fault);
    size_t at = err ? 0 : (size_t)(number - first) * SUBSCRIBER;
    if (!err && at + SUBSCRIBER > plain.n)
        err = ERR_NOT_FOUND;
    if (!err)
        *out = (struct seen_subscriber){get_be(plain.p + at, 8), get_be(plain.p + at + 8, 8)};
    wipe(&plain);
    return err;
}

enum err seen_subscribers_get(struct registry *reg, uint32_t number, struct seen_subscriber *out,
                              uint32_t *out_first, size_t *out_n, struct fault *fault)
{
    struct buf plain = {0};
    uint32_t first = 0;
    enum err err = open_part(reg, number, &plain, &first, fault);
    size_t n = plain.n / SUBSCRIBER;
    if (!err && (n > SEEN_PART || plain.n % SUBSCRIBER))
        err = damaged(fault, "subscribers");
    if (!err && number - first >= n)
        err = ERR_NOT_FOUND;
    for (size_t i = 0; !err && i < n; i++) {
        const uint8_t *p = plain.p + i * SUBSCRIBER;
        out[i] = (struct seen_subscriber){get_be(p, 8), get_be(p + 8, 8)};
    }
    wipe(&plain);
    if (!err) {
        *out_first = first;
        *out_n = n;
    }
    return err;
}

enum err seen_subscribers_of(struct registry *reg, const uint32_t *numbers, size_t n,
                             struct seen_subscriber *out, struct fault *fault)
{
    struct buf plain = {0};
    uint32_t first = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        out[i] = (struct seen_subscriber){0};
        if (!plain.n || numbers[i] - first >= plain.n / SUBSCRIBER) {
            wipe(&plain);
            plain = (struct buf){0};
            err = open_part(reg, numbers[i], &plain, &first, fault);
        }
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            continue;
        }
        const size_t at = err ? 0 : (size_t)(numbers[i] - first) * SUBSCRIBER;
        if (!err && at + SUBSCRIBER <= plain.n)
            out[i] = (struct seen_subscriber){get_be(plain.p + at, 8), get_be(plain.p + at + 8, 8)};
    }
    wipe(&plain);
    return err;
}
