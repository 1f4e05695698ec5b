/* SPDX-License-Identifier: Apache-2.0
 *
 * index_race_test - readers beside a writer, through all growth: what was written is found, nothing
 * is half. Under ThreadSanitizer it also shows that nothing is read without order. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>

#include "chain.h"
#include "index/index.h"
#include "prop/random.h"

enum { THREADS = 3, WRITES = 200000 };

struct shared {
    struct index *ix;
    uint64_t spread;          /* how far apart bodies are: few of a TAC, thousands, most of one */
    _Atomic uint64_t written; /* bodies below it, times spread, must be found */
    _Atomic bool done;
    _Atomic uint64_t wrong;
};

/* Both days of a verdict move together, or both reasons: half a verdict would show. */
static struct verdict twin_verdict(uint64_t i)
{
    static const uint8_t plain[] = {REASON_AMNESTY, REASON_VERIFIED, REASON_GSMA,
                                    REASON_EXPIRED, REASON_STOLEN,   REASON_MACHINE};
    if (i % 3)
        return plain_verdict(plain[i / 3 % sizeof plain]);
    struct verdict v = plain_verdict(REASON_UNVERIFIED);
    v.deadline = v.valid_through = DAYNUM_FIRST + (daynum)(i % 60000);
    v.next_reason = REASON_EXPIRED;
    return v;
}

static bool is_whole(const struct verdict *v)
{
    if (v->reason == REASON_UNVERIFIED)
        return v->deadline == v->valid_through && v->next_reason == REASON_EXPIRED;
    return v->next_reason == v->reason && v->deadline == DAYNUM_NONE &&
           v->valid_through == DAYNUM_OPEN;
}

static void read_some(struct shared *s, struct rng *rng)
{
    uint64_t below = atomic_load(&s->written);
    struct imei imeis[40];
    struct verdict v[40];
    bool found[40];
    if (below == 0)
        return;
    for (int i = 0; i < 40; i++)
        imeis[i].body = rng_next(rng) % below * s->spread;
    index_find_batch(s->ix, imeis, 40, v, found);
    for (int i = 0; i < 40; i++) {
        struct verdict one;
        bool right = found[i] && is_whole(&v[i]) && index_find(s->ix, imeis[i], &one) &&
                     is_whole(&one) && index_is_paired(s->ix, imeis[i], 1) &&
                     !index_is_paired(s->ix, imeis[i], 2);
        if (!right)
            atomic_fetch_add(&s->wrong, 1);
    }
}

static void *reader(void *ctx)
{
    struct shared *s = ctx;
    struct rng rng = {(uint64_t)(uintptr_t)&rng};
    while (!atomic_load(&s->done)) {
        read_some(s, &rng);
        struct index_state state = index_state(s->ix);
        for (int i = 0; i < SHA256_BYTES; i++)
            if (state.hash[i] != (uint8_t)state.next_seq || state.rules != state.next_seq)
                atomic_fetch_add(&s->wrong, 1);
        if (index_count(s->ix) > WRITES || index_bytes(s->ix) == 0)
            atomic_fetch_add(&s->wrong, 1);
    }
    return NULL;
}

static void set_state(struct index *ix, uint64_t n)
{
    struct index_state state = {.next_seq = n, .rules = (uint32_t)n};
    memset(state.hash, (int)(n & 255), SHA256_BYTES);
    index_set_state(ix, &state);
}

static void readers_beside_a_writer(void **state)
{
    struct shared s = {.spread = *(const uint64_t *)*state};
    pthread_t threads[THREADS];
    assert_int_equal(index_new(&s.ix), ERR_OK);
    set_state(s.ix, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint64_t i = 0; i < WRITES; i++) {
        struct verdict v = twin_verdict(i), moved = twin_verdict(i * 31);
        struct pair pair = {{i * s.spread}, 1, false}, gone = {{i * s.spread}, 2, true};
        assert_int_equal(index_put_pair(s.ix, &pair), ERR_OK);
        assert_int_equal(index_put_pair(s.ix, &gone), ERR_OK);
        assert_int_equal(index_put(s.ix, (struct imei){i * s.spread}, &v), ERR_OK);
        assert_int_equal(index_put(s.ix, (struct imei){i / 2 * s.spread}, &moved), ERR_OK);
        set_state(s.ix, i);
        atomic_store(&s.written, i + 1);
    }
    atomic_store(&s.done, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(s.wrong, 0);
    assert_true(index_count(s.ix) == WRITES);
    index_free(s.ix);
}

int main(void)
{
    static uint64_t spreads[] = {7919, 1001, 37, 3};
    const struct CMUnitTest tests[] = {
        {"few of each TAC", readers_beside_a_writer, NULL, NULL, &spreads[0]},
        {"a thousand of each TAC", readers_beside_a_writer, NULL, NULL, &spreads[1]},
        {"thousands of each TAC", readers_beside_a_writer, NULL, NULL, &spreads[2]},
        {"a fifth of a TAC", readers_beside_a_writer, NULL, NULL, &spreads[3]},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
