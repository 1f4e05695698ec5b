/* SPDX-License-Identifier: Apache-2.0
 *
 * Time is counted in ticks of 1/16 microsecond, modulo 2^48 (203 days): an instant that lies further
 * ahead than a whole bucket is one of an age before, and its word is free. */
#include "face/limiter.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"

enum {
    TICKS_A_US = 16,
    WAYS = 8, /* words of a cache line */
    LINES = LIMIT_CLIENTS / WAYS,
    TRIES = 16, /* of a swap; a word that so many others move at once is let pass */
    PIECES_BYTES = 512,
};
#define TIME_BITS 48
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

struct bucket_price {
    uint64_t token; /* ticks */
    uint64_t whole; /* ticks of a full bucket */
};

struct line {
    _Alignas(
        64) _Atomic uint64_t word[WAYS]; /* tag 16 bits, full-again instant 48 bits; 0 = free */
};

struct limiter {
    struct bucket_price price[LIMIT_KINDS];
    uint64_t longest; /* the greatest whole */
    uint8_t secret[crypto_shorthash_KEYBYTES];
    struct line *lines;
};

struct limits limits_default(void)
{
    return (struct limits){{
        [LIMIT_KIND_PERSON] = {LIMIT_PERSON_RATE, LIMIT_PERSON_BURST},
        [LIMIT_KIND_ADDRESS] = {LIMIT_ADDRESS_RATE, LIMIT_ADDRESS_BURST},
        [LIMIT_KIND_KEY] = {LIMIT_KEY_RATE, LIMIT_KEY_BURST},
        [LIMIT_KIND_PUBLIC] = {LIMIT_PUBLIC_RATE, LIMIT_PUBLIC_BURST},
    }};
}

struct limiter *limiter_new(const struct limits *limits)
{
    struct limiter *l = calloc(1, sizeof *l);
    if (!l || sodium_init() < 0) {
        free(l);
        return NULL;
    }
    l->lines = aligned_alloc(_Alignof(struct line), LINES * sizeof *l->lines);
    if (!l->lines) {
        free(l);
        return NULL;
    }
    memset(l->lines, 0, LINES * sizeof *l->lines);
    randombytes_buf(l->secret, sizeof l->secret);
    for (int i = 0; i < LIMIT_KINDS; i++) {
        const struct limit *limit = &limits->kind[i];
        uint64_t token = limit->rate ? UINT64_C(1000000) * TICKS_A_US / limit->rate : 0;
        l->price[i] = (struct bucket_price){token, token * (limit->burst ? limit->burst : 1)};
        if (l->price[i].whole > l->longest)
            l->longest = l->price[i].whole;
    }
    return l;
}

void limiter_free(struct limiter *l)
{
    if (!l)
        return;
    free(l->lines);
    free(l);
}

uint64_t limiter_client(const struct limiter *l, enum limit_kind kind, const struct str *pieces,
                        size_t n)
{
    uint8_t bytes[PIECES_BYTES] = {(uint8_t)kind}, hash[crypto_shorthash_BYTES];
    size_t at = 1;
    for (size_t i = 0; i < n; i++) {
        size_t room = sizeof bytes - at - 1;
        size_t take = pieces[i].n < room ? pieces[i].n : room;
        if (take)
            memcpy(bytes + at, pieces[i].p, take);
        at += take;
        if (at + 1 < sizeof bytes)
            bytes[at++] = 0xff; /* no byte of a text: pieces cannot flow into each other */
    }
    crypto_shorthash(hash, bytes, at, l->secret);
    uint64_t client;
    memcpy(&client, hash, sizeof client);
    return client;
}

/* Ticks until the bucket is full again; 0: it is, or its word is from another age. */
static uint64_t owed(const struct limiter *l, uint64_t word, uint64_t now)
{
    uint64_t ahead = (word - now) & TIME_MASK;
    return word && ahead <= l->longest ? ahead : 0;
}

/* The client's word, or the one it may have. */
static unsigned place(const struct limiter *l, const struct line *line, uint64_t tag, uint64_t now,
                      uint64_t *out_word)
{
    unsigned best = 0;
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t word = atomic_load_explicit(&line->word[i], memory_order_relaxed);
        if (word && word >> TIME_BITS == tag) {
            *out_word = word;
            return i;
        }
        uint64_t left = owed(l, word, now);
        if (left < least) {
            least = left;
            best = i;
            *out_word = word;
        }
    }
    return best;
}

int64_t limiter_take(struct limiter *l, enum limit_kind kind, uint64_t client, uint64_t tokens,
                     int64_t now_us)
{
    const struct bucket_price *price = &l->price[kind];
    if (!price->token || !tokens)
        return 0;
    uint64_t now = (uint64_t)now_us * TICKS_A_US & TIME_MASK, tag = client & 0xffff;
    uint64_t most = price->whole > price->token ? price->whole - price->token : price->whole;
    uint64_t want = tokens > most / price->token ? most : tokens * price->token;
    struct line *line = &l->lines[(client >> 16) % LINES];
    for (int i = 0; i < TRIES; i++) {
        uint64_t word = 0;
        unsigned at = place(l, line, tag, now, &word);
        uint64_t debt = word >> TIME_BITS == tag ? owed(l, word, now) : 0;
        if (debt + want > price->whole)
            return (int64_t)((debt + want - price->whole) / TICKS_A_US) + 1;
        uint64_t next = tag << TIME_BITS | ((now + debt + want) & TIME_MASK);
        if (atomic_compare_exchange_weak_explicit(&line->word[at], &word, next,
                                                  memory_order_relaxed, memory_order_relaxed))
            return 0;
    }
    return 0;
}
