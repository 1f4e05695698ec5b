/* SPDX-License-Identifier: Apache-2.0
 *
 * index_test - the index against plain arrays on random operations; blocks applied and refused;
 * the sorting of its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "chain.h"
#include "index/index.h"
#include "index/sort.h"
#include "prop/random.h"

enum { UNIVERSE = 40000, OPERATIONS = 1000000, SUBSCRIBERS = 5, PAIR_IMEIS = 300, BATCH = 100 };

/* Bodies that lie together as in life, with both ends of the range. */
static struct imei imei_of(uint32_t i)
{
    if (i == 0 || i == UNIVERSE - 1)
        return (struct imei){i ? IMEI_BODIES - 1 : 0};
    return (struct imei){(35824005 + i / 5000) * 1000000ULL + i % 5000};
}

static struct verdict random_verdict(struct rng *rng)
{
    struct verdict v = plain_verdict(rng_one_in(rng, 2) ? REASON_VERIFIED : REASON_UNVERIFIED);
    v.flags = (uint8_t)rng_below(rng, 4);
    if (v.reason == REASON_UNVERIFIED) {
        v.deadline = v.valid_through = random_day(rng);
        v.next_reason = REASON_EXPIRED;
    }
    return v;
}

/* ---- the model ---- */

struct model {
    struct index *ix;
    struct verdict verdicts[UNIVERSE];
    bool known[UNIVERSE];
    bool paired[PAIR_IMEIS][SUBSCRIBERS];
    uint64_t count;
};

static void check_single(const struct model *m, uint32_t i)
{
    struct verdict v;
    bool found = index_find(m->ix, imei_of(i), &v);
    assert_int_equal(found, m->known[i]);
    if (found)
        assert_true(verdict_equal(&v, &m->verdicts[i]));
}

static void check_batch(const struct model *m, struct rng *rng)
{
    uint32_t at[BATCH], n = rng_below(rng, BATCH) + 1;
    struct imei imeis[BATCH];
    struct verdict v[BATCH];
    bool found[BATCH];
    for (uint32_t i = 0; i < n; i++) {
        at[i] = rng_below(rng, UNIVERSE);
        imeis[i] = imei_of(at[i]);
    }
    index_find_batch(m->ix, imeis, n, v, found);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(found[i], m->known[at[i]]);
        if (found[i])
            assert_true(verdict_equal(&v[i], &m->verdicts[at[i]]));
    }
}

static void put_random(struct model *m, struct rng *rng)
{
    uint32_t i = rng_below(rng, UNIVERSE);
    struct verdict v = random_verdict(rng);
    assert_int_equal(index_put(m->ix, imei_of(i), &v), ERR_OK);
    m->count += !m->known[i];
    m->known[i] = true;
    m->verdicts[i] = v;
}

static void pair_random(struct model *m, struct rng *rng)
{
    uint32_t i = rng_below(rng, PAIR_IMEIS), s = rng_below(rng, SUBSCRIBERS);
    struct pair pair = {imei_of(i), s, rng_one_in(rng, 3)};
    assert_int_equal(index_put_pair(m->ix, &pair), ERR_OK);
    m->paired[i][s] = !pair.removed;
}

static void check_pair(const struct model *m, struct rng *rng)
{
    uint32_t i = rng_below(rng, PAIR_IMEIS), s = rng_below(rng, SUBSCRIBERS);
    assert_int_equal(index_is_paired(m->ix, imei_of(i), s), m->paired[i][s]);
}

struct walked {
    const struct model *m;
    uint64_t count;
};

static bool count_one(void *ctx, struct imei imei, const struct verdict *verdict)
{
    struct walked *w = ctx;
    struct verdict v;
    assert_true(index_find(w->m->ix, imei, &v) && verdict_equal(&v, verdict));
    return ++w->count < 1000000;
}

static void random_operations(void **state)
{
    (void)state;
    struct rng rng = random_start("index", 3);
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    assert_int_equal(index_new(&m->ix), ERR_OK);
    for (int i = 0; i < OPERATIONS; i++) {
        switch (rng_below(&rng, 8)) {
        case 0:
        case 1:
            put_random(m, &rng);
            break;
        case 2:
            pair_random(m, &rng);
            break;
        case 3:
            check_pair(m, &rng);
            break;
        case 4:
            if (rng_one_in(&rng, 20))
                check_batch(m, &rng);
            break;
        default:
            check_single(m, rng_below(&rng, UNIVERSE));
        }
    }
    for (uint32_t i = 0; i < UNIVERSE; i++)
        check_single(m, i);
    struct walked w = {m, 0};
    index_iterate(m->ix, count_one, &w);
    assert_true(w.count == m->count && index_count(m->ix) == m->count);
    assert_true(m->count > UNIVERSE * 9 / 10);
    assert_true(index_bytes(m->ix) < 100 * m->count);
    index_free(m->ix);
    free(m);
}

static bool stop_at_three(void *ctx, struct imei imei, const struct verdict *verdict)
{
    (void)imei;
    (void)verdict;
    return ++*(int *)ctx < 3;
}

static void small_promises(void **state)
{
    (void)state;
    struct index *ix;
    assert_int_equal(index_new(&ix), ERR_OK);
    uint64_t bytes = index_bytes(ix);
    struct verdict v = plain_verdict(REASON_GSMA), got;
    assert_false(index_find(ix, (struct imei){0}, &got));
    assert_false(index_is_paired(ix, (struct imei){0}, 0));
    index_find_batch(ix, NULL, 0, NULL, NULL);
    for (uint64_t i = 0; i < 100000; i++)
        assert_int_equal(index_put(ix, (struct imei){i}, &v), ERR_OK);
    assert_true(index_bytes(ix) == bytes); /* as many as were expected: nothing grew */
    int seen = 0;
    index_iterate(ix, stop_at_three, &seen);
    assert_int_equal(seen, 3);
    index_free(ix);
    index_free(NULL);
}

/* ---- blocks ---- */

static const daynum today = 20700;

static void says(const struct index *ix, uint64_t body, const struct verdict *want)
{
    struct verdict v;
    assert_true(index_find(ix, (struct imei){body}, &v));
    assert_true(verdict_equal(&v, want));
}

static void blocks_are_applied(void **state)
{
    (void)state;
    struct index *ix;
    struct chain c;
    struct verdict v;
    chain_init(&c, 1);
    assert_int_equal(index_new(&ix), ERR_OK);
    assert_true(index_state(ix).next_seq == 1);

    chain_entry(&c, today);
    struct row row = plain_row(5, REASON_NEVER_ACTIVATED, REASON_CLONE);
    chain_row(&c, &row);
    chain_gate(&c, (struct gate){20690, 20699});
    chain_pair(&c, (struct imei){5}, 111, false);
    chain_pair(&c, (struct imei){5}, 222, false);
    struct block b = *chain_seal(&c);
    assert_int_equal(index_apply(ix, &b, today), ERR_OK);
    struct index_state s = index_state(ix);
    assert_true(s.next_seq == 4 && s.rules == 1);
    assert_memory_equal(s.hash, b.hash, 32);
    assert_int_equal(s.gate.expire_through, 20690);
    assert_int_equal(s.gate.swept_through, 20699);
    says(ix, 5, &row.after);
    assert_true(index_is_paired(ix, (struct imei){5}, 111));
    assert_true(index_is_paired(ix, (struct imei){5}, 222));
    assert_int_equal(index_apply(ix, &b, today), ERR_CHAIN); /* not twice */

    chain_entry(&c, today);
    chain_pair(&c, (struct imei){5}, 111, true);
    chain_pair(&c, (struct imei){5}, 111, false); /* the last word counts */
    chain_pair(&c, (struct imei){5}, 222, true);
    assert_int_equal(index_apply(ix, chain_seal(&c), today), ERR_OK);
    assert_true(index_is_paired(ix, (struct imei){5}, 111));
    assert_false(index_is_paired(ix, (struct imei){5}, 222));

    chain_entry(&c, today);
    row = plain_row(6, REASON_NEVER_ACTIVATED, REASON_GSMA);
    chain_row(&c, &row);
    chain_pair(&c, (struct imei){5}, 111, true);
    b = *chain_seal(&c);
    struct block foreign = b;
    foreign.prev_hash[31] ^= 1;
    assert_int_equal(index_apply(ix, &foreign, today), ERR_CHAIN);
    struct block broken = b;
    broken.body.n--;
    assert_int_equal(index_apply(ix, &broken, today), ERR_CODEC);
    broken = b;
    broken.section.n--;
    assert_int_equal(index_apply(ix, &broken, today), ERR_CODEC);
    assert_false(index_find(ix, (struct imei){6}, &v)); /* nothing of a refused block */
    assert_true(index_is_paired(ix, (struct imei){5}, 111));
    assert_int_equal(index_apply(ix, &b, today), ERR_OK);
    says(ix, 6, &row.after);
    index_free(ix);
    chain_release(&c);
}

static void first_block_must_be_a_first_block(void **state)
{
    (void)state;
    struct index *ix;
    struct chain c;
    chain_init(&c, 1);
    assert_int_equal(index_new(&ix), ERR_OK);
    chain_entry(&c, today);
    struct block b = *chain_seal(&c);
    b.prev_hash[16] = 1; /* behind the register id: zeros */
    assert_int_equal(index_apply(ix, &b, today), ERR_CHAIN);
    struct index_state s = index_state(ix);
    s.hash[0] = 2; /* an index that knows its register takes no other */
    index_set_state(ix, &s);
    assert_int_equal(index_apply(ix, &c.block, today), ERR_CHAIN);
    index_free(ix);
    chain_release(&c);
}

static void rows_of_a_later_day_become_the_next_step(void **state)
{
    (void)state;
    struct index *ix;
    struct chain c;
    chain_init(&c, 1);
    assert_int_equal(index_new(&ix), ERR_OK);
    struct verdict white = plain_verdict(REASON_VERIFIED), visit = plain_verdict(REASON_TEMPORARY);
    visit.valid_through = today + 3;
    visit.next_reason = REASON_NEVER_ACTIVATED;
    assert_int_equal(index_put(ix, (struct imei){1}, &white), ERR_OK);
    assert_int_equal(index_put(ix, (struct imei){2}, &visit), ERR_OK);

    chain_entry(&c, today + 10);
    struct row rows[] = {plain_row(1, REASON_VERIFIED, REASON_UNVERIFIED),
                         plain_row(2, REASON_TEMPORARY, REASON_TAC_UNALLOCATED)};
    rows[0].after.deadline = rows[0].after.valid_through = today + 30;
    rows[0].after.next_reason = REASON_EXPIRED;
    chain_row(&c, &rows[0]);
    assert_int_equal(index_apply(ix, chain_seal(&c), today), ERR_OK);
    chain_row(&c, &rows[1]); /* the entry goes on in the next block */
    struct row unheard = plain_row(3, REASON_NEVER_ACTIVATED, REASON_TAC_UNALLOCATED);
    chain_row(&c, &unheard);
    assert_int_equal(index_apply(ix, chain_seal(&c), today), ERR_OK);

    struct verdict want = white;
    want.valid_through = today + 9;
    want.next_reason = REASON_UNVERIFIED;
    want.deadline = today + 30;
    says(ix, 1, &want);
    says(ix, 2, &visit); /* the nearer step stays */
    want = plain_verdict(REASON_NEVER_ACTIVATED);
    want.valid_through = today + 9;
    want.next_reason = REASON_TAC_UNALLOCATED;
    says(ix, 3, &want);
    struct verdict v;
    assert_true(index_find(ix, (struct imei){1}, &v));
    v = verdict_step(v, today + 10, today);
    assert_int_equal(v.reason, REASON_UNVERIFIED);
    assert_int_equal(v.deadline, today + 30);
    index_free(ix);
    chain_release(&c);
}

/* ---- sorting ---- */

static void check_sorted(struct rng *rng, size_t n, uint64_t spread)
{
    struct record *r = malloc((n + 1) * sizeof *r);
    uint64_t sum = 0, again = 0;
    assert_non_null(r);
    for (size_t i = 0; i < n; i++) {
        r[i] = (struct record){rng_next(rng) % spread, rng_next(rng) % spread};
        sum += r[i].key * 3 + r[i].value;
    }
    sort_records(r, n);
    for (size_t i = 0; i < n; i++) {
        again += r[i].key * 3 + r[i].value;
        if (i)
            assert_true(r[i - 1].key < r[i].key ||
                        (r[i - 1].key == r[i].key && r[i - 1].value <= r[i].value));
    }
    assert_true(sum == again);
    free(r);
}

static void records_are_sorted(void **state)
{
    (void)state;
    struct rng rng = random_start("sort", 4);
    static const uint64_t spreads[] = {1, 3, 1000, IMEI_BODIES, UINT64_MAX};
    for (size_t s = 0; s < sizeof spreads / sizeof spreads[0]; s++) {
        for (size_t n = 0; n < 100; n++)
            check_sorted(&rng, n, spreads[s]);
        check_sorted(&rng, 70000, spreads[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
        cmocka_unit_test(small_promises),
        cmocka_unit_test(blocks_are_applied),
        cmocka_unit_test(first_block_must_be_a_first_block),
        cmocka_unit_test(rows_of_a_later_day_become_the_next_step),
        cmocka_unit_test(records_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
