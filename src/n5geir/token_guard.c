/* SPDX-License-Identifier: Apache-2.0 */
#include "n5geir/token_guard.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "n5geir/token_budget.h"

enum {
    SETS = LIMIT_N5G_TOKENS_KEPT / 4,
    WAYS = 4, /* the last is for what was refused */
    REFUSED_US = 5000000,
};

struct remembered {
    uint8_t hash[SHA256_BYTES];
    const struct key_ring *ring; /* with which it was judged; NULL: nothing stands here */
    int64_t until_us;            /* monotonic */
    enum token_verdict verdict;
};

struct memory {
    struct sha256 *sha;
    struct remembered of[SETS][WAYS];
    struct token_budget budget;
};

/* Keys that were replaced stay: a worker may be looking at them. Reloads are few. */
struct key_ring {
    struct token_keys *keys;
    struct key_ring *older;
};

struct token_guard {
    struct token_guard_options with;
    _Atomic(struct key_ring *) ring;
    struct memory **memories; /* one a worker */
};

enum err token_guard_take(struct token_guard *guard, struct token_keys *keys)
{
    struct key_ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return ERR_MEMORY;
    ring->keys = keys;
    ring->older = atomic_load(&guard->ring);
    atomic_store(&guard->ring, ring);
    return ERR_OK;
}

static bool make_memories(struct token_guard *guard)
{
    unsigned n = guard->with.workers;
    guard->memories = calloc(n ? n : 1, sizeof *guard->memories);
    bool ok = guard->memories != NULL;
    for (unsigned i = 0; ok && i < n; i++) {
        struct memory *m = guard->memories[i] = calloc(1, sizeof *m);
        ok = m && (m->sha = sha256_new()) != NULL;
    }
    return ok;
}

enum err token_guard_new(const struct token_guard_options *options, struct token_guard **out,
                         struct fault *fault)
{
    struct token_guard *guard = calloc(1, sizeof *guard);
    if (!guard)
        return ERR_MEMORY;
    struct token_keys *keys = NULL;
    guard->with = *options;
    enum err err = make_memories(guard) ? ERR_OK : ERR_MEMORY;
    if (!err)
        err = token_keys_read(options->keys, &keys, fault);
    if (!err)
        err = token_guard_take(guard, keys);
    if (err && keys)
        token_keys_free(keys);
    if (err)
        token_guard_free(guard);
    else
        *out = guard;
    return err;
}

void token_guard_free(struct token_guard *guard)
{
    if (!guard)
        return;
    for (struct key_ring *ring = atomic_load(&guard->ring), *older; ring; ring = older) {
        older = ring->older;
        token_keys_free(ring->keys);
        free(ring);
    }
    for (unsigned i = 0; guard->memories && i < guard->with.workers; i++) {
        if (guard->memories[i])
            sha256_free(guard->memories[i]->sha);
        free(guard->memories[i]);
    }
    free(guard->memories);
    free(guard);
}

/* Where to write it down: over what is worth least. */
static struct remembered *place_for(struct remembered *set, const struct key_ring *ring,
                                    enum token_verdict verdict, int64_t now_us)
{
    struct remembered *least = &set[0];
    if (verdict != TOKEN_GOOD)
        return &set[WAYS - 1];
    for (unsigned i = 0; i < WAYS - 1; i++) {
        if (set[i].ring != ring || set[i].until_us <= now_us)
            return &set[i];
        if (set[i].until_us < least->until_us)
            least = &set[i];
    }
    return least;
}

static void judge(struct token_guard *guard, struct str token, const struct key_ring *ring,
                  int64_t now_us, struct remembered *out)
{
    int64_t now_s = clock_now_us(guard->with.clock) / 1000000, until_s = now_s;
    out->ring = ring;
    out->verdict = token_judge(token, &guard->with.rules, ring->keys, now_s, &until_s);
    out->until_us =
        now_us + (out->verdict == TOKEN_GOOD ? (until_s - now_s) * 1000000 : REFUSED_US);
}

enum token_verdict token_guard_check(struct token_guard *guard, unsigned worker,
                                     const struct token_brought *brought, bool *out_read)
{
    const struct str token = brought->token;
    const int64_t now_us = brought->now_us;
    struct memory *m = guard->memories[worker];
    const struct key_ring *ring = atomic_load(&guard->ring);
    struct remembered fresh = {0};
    *out_read = false;
    if (token.n > LIMIT_N5G_TOKEN)
        return TOKEN_INVALID;
    sha256_begin(m->sha);
    sha256_add(m->sha, token.p, token.n);
    sha256_end(m->sha, fresh.hash);
    struct remembered *set = m->of[(fresh.hash[0] | fresh.hash[1] << 8) % SETS];
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].ring == ring && set[i].until_us > now_us &&
            memcmp(set[i].hash, fresh.hash, SHA256_BYTES) == 0)
            return set[i].verdict;
    const uint64_t who = brought->from.p ? token_budget_who(brought->from) : 0;
    if (who && !token_budget_has(&m->budget, who, now_us))
        return TOKEN_UNREAD;
    *out_read = true;
    judge(guard, token, ring, now_us, &fresh);
    if (who && fresh.verdict != TOKEN_GOOD)
        token_budget_take(&m->budget, who, now_us);
    *place_for(set, ring, fresh.verdict, now_us) = fresh;
    return fresh.verdict;
}
