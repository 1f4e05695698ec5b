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

enum { THREADS = 3, WRITES = 200000, SPREAD = 7919 };

struct shared {
    struct index *ix;
    _Atomic uint64_t written; /* bodies below it, times SPREAD, must be found */
    _Atomic bool done;
    _Atomic uint64_t wrong;
};

/* Both days of a verdict move together: half a verdict would show. */
static struct verdict twin_verdict(uint64_t i)
{
    struct verdict v = plain_verdict(REASON_UNVERIFIED);
    v.deadline = v.valid_through = DAYNUM_FIRST + (daynum)(i % 60000);
    v.next_reason = REASON_EXPIRED;
    return v;
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
        imeis[i].body = rng_next(rng) % below * SPREAD;
    index_find_batch(s->ix, imeis, 40, v, found);
    for (int i = 0; i < 40; i++) {
        struct verdict one;
        bool right = found[i] && v[i].deadline == v[i].valid_through &&
                     index_find(s->ix, imeis[i], &one) && one.deadline == one.valid_through &&
                     index_is_paired(s->ix, imeis[i], 1) && !index_is_paired(s->ix, imeis[i], 2);
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
    (void)state;
    struct shared s = {0};
    pthread_t threads[THREADS];
    assert_int_equal(index_new(0, &s.ix), ERR_OK);
    set_state(s.ix, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint64_t i = 0; i < WRITES; i++) {
        struct verdict v = twin_verdict(i), moved = twin_verdict(i * 31);
        struct pair pair = {{i * SPREAD}, 1, false}, gone = {{i * SPREAD}, 2, true};
        assert_int_equal(index_put_pair(s.ix, &pair), ERR_OK);
        assert_int_equal(index_put_pair(s.ix, &gone), ERR_OK);
        assert_int_equal(index_put(s.ix, (struct imei){i * SPREAD}, &v), ERR_OK);
        assert_int_equal(index_put(s.ix, (struct imei){i / 2 * SPREAD}, &moved), ERR_OK);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_beside_a_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
