/* SPDX-License-Identifier: Apache-2.0
 *
 * The finder against a naive model: subscribers and pairs of random loads, some of them written by a program that knew no
 * finder, are found by number, IMSI, IMEI and subscriber, before they are caught up with and after; what is stopped goes
 * on; who was dropped is not found, and his entries go. */
#include "app/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "app/commit.h"
#include "prop/random.h"
#include "seen/finder.h"
#include "seen/lately.h"

enum { WHO = 900, PAIRS = 2500, STEPS = 12, IMEIS = 40 };

struct world {
    struct fixture *f;
    struct rng rng;
    struct seen_subscriber who[WHO + 1];
    struct seen_pair pairs[PAIRS + 1];
    struct seen_head head;
    uint32_t subscriber_n, pair_n; /* of the step at hand */
    bool enters;
};

static uint64_t imsi_of(uint32_t n)
{
    return 1401010000000000ULL + n;
}

static uint64_t msisdn_of(uint32_t n)
{
    return n % 7 ? 177010000000ULL + n % 100 : 0;
}

static enum err write_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct world *w = c->ctx;
    const uint32_t s = w->head.subscribers + 1, p = w->head.pairs + 1;
    const struct finder_fresh fresh = {.first_subscriber = s,
                                       .first_pair = p,
                                       .subscribers = &w->who[s],
                                       .subscriber_n = w->subscriber_n,
                                       .pairs = &w->pairs[p],
                                       .pair_n = w->pair_n};
    enum err err = ERR_OK;
    if (w->subscriber_n)
        err = seen_subscribers_put(reg, s, &w->who[s], w->subscriber_n, fault);
    if (!err)
        err = seen_pairs_put(reg, p, &w->pairs[p], w->pair_n, fault);
    if (!err && w->enters)
        err = finder_enter(reg, &fresh, fault);
    w->head.subscribers += w->subscriber_n;
    w->head.pairs += w->pair_n;
    return err ? err : seen_head_put(reg, &w->head, fault);
}

static void step(struct world *w, bool enters)
{
    w->subscriber_n = rng_below(&w->rng, WHO / STEPS);
    if (!w->head.subscribers)
        w->subscriber_n++;
    w->pair_n = 1 + rng_below(&w->rng, PAIRS / STEPS);
    w->enters = enters;
    const uint32_t all = w->head.subscribers + w->subscriber_n;
    for (uint32_t i = w->head.subscribers + 1; i <= all; i++)
        w->who[i] = (struct seen_subscriber){imsi_of(i), msisdn_of(i)};
    for (uint32_t i = 1; i <= w->pair_n; i++)
        w->pairs[w->head.pairs + i] =
            (struct seen_pair){35735007990500ULL + rng_below(&w->rng, IMEIS),
                               1 + rng_below(&w->rng, all), SEEN_DAY_NONE};
    struct commit_case c = {.also = write_step, .ctx = w};
    OK(commit_one(w->f->reg, &c, NULL));
}

static void expect_who(struct world *w, enum finder_by by, uint64_t value)
{
    uint32_t *got = calloc(FINDER_MOST, sizeof *got);
    struct seen_subscriber *who = calloc(FINDER_MOST, sizeof *who);
    size_t n = 0, at = 0;
    assert_non_null(got);
    assert_non_null(who);
    OK(finder_subscribers(w->f->reg, by, value, got, who, &n, NULL));
    for (uint32_t i = 1; i <= w->head.subscribers; i++) {
        if (!w->who[i].imsi || (by == FINDER_IMSI ? w->who[i].imsi : w->who[i].msisdn) != value)
            continue;
        assert_true(at < n);
        assert_int_equal(got[at], i);
        assert_int_equal(who[at].imsi, w->who[i].imsi);
        assert_int_equal(who[at++].msisdn, w->who[i].msisdn);
    }
    assert_int_equal(n, at);
    free(got);
    free(who);
}

static void expect_pairs(struct world *w, enum finder_by by, uint64_t value)
{
    struct finder_pair *got = calloc(FINDER_MOST, sizeof *got);
    size_t n = 0, at = 0;
    bool more = true;
    assert_non_null(got);
    OK(finder_pairs(w->f->reg, by, value, got, &n, &more, NULL));
    for (uint32_t i = 1; i <= w->head.pairs; i++) {
        const struct seen_pair *p = &w->pairs[i];
        if (!p->subscriber || (by == FINDER_IMEI ? p->imei : p->subscriber) != value)
            continue;
        assert_true(at < n);
        assert_int_equal(got[at].number, i);
        assert_int_equal(got[at].pair.imei, p->imei);
        assert_int_equal(got[at++].pair.subscriber, p->subscriber);
    }
    assert_int_equal(n, at);
    assert_false(more);
    free(got);
}

static void expect_all(struct world *w)
{
    for (uint32_t i = 0; i < 30; i++) {
        const uint32_t one = 1 + rng_below(&w->rng, w->head.subscribers);
        expect_who(w, FINDER_IMSI, imsi_of(one));
        expect_who(w, FINDER_MSISDN, 177010000000ULL + rng_below(&w->rng, 103));
        expect_pairs(w, FINDER_IMEI, 35735007990500ULL + rng_below(&w->rng, IMEIS + 2));
        expect_pairs(w, FINDER_SUBSCRIBER, one);
    }
    expect_who(w, FINDER_MSISDN, 0 + 1); /* nobody */
}

static struct world *world_new(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->f = fixture_sqlite("2026-03-10");
    w->rng = random_start("finder", seed);
    w->head.tag[0] = 1;
    return w;
}

static void world_free(struct world *w)
{
    fixture_free(w->f);
    free(w);
}

static void as_the_naive_model(void **state)
{
    (void)state;
    struct world *w = world_new(11);
    atomic_int stop = 1;
    for (int i = 0; i < 4; i++)
        step(w, true);
    expect_all(w);
    for (int i = 0; i < 4; i++)
        step(w, i % 2); /* what comes after a gap is left for later */
    expect_all(w);
    assert_int_equal(finder_catch_up(w->f->reg, &stop, NULL), ERR_STOPPED);
    expect_all(w);
    OK(finder_catch_up(w->f->reg, NULL, NULL));
    expect_all(w);
    for (int i = 0; i < 4; i++)
        step(w, true);
    expect_all(w);
    OK(finder_catch_up(w->f->reg, &stop, NULL)); /* nothing is left to be done */
    world_free(w);
}

static bool count(void *ctx, const struct record *record)
{
    size_t *n = ctx;
    if (record->key.n == 7)
        *n += record->value.n / 4;
    return true;
}

static size_t entries(struct registry *reg)
{
    size_t n = 0;
    static const char of[] = "mnis";
    for (const char *p = of; *p; p++) {
        const char from[2] = {'3', *p}, to[2] = {'3', (char)(*p + 1)};
        OK(store_records(reg->store, (struct str){from, 2}, (struct str){to, 2}, count, &n, NULL));
    }
    return n;
}

static void drop(struct world *w, uint64_t *who, uint64_t *pairs)
{
    OK(store_write_begin(w->f->reg->store, NULL));
    for (uint32_t i = 1; i <= w->head.subscribers; i++) {
        if (i % 3)
            who[i >> 6] |= UINT64_C(1) << (i & 63);
        else
            w->who[i] = (struct seen_subscriber){0, 0};
    }
    for (uint32_t i = 1; i <= w->head.pairs; i++) {
        if (w->pairs[i].subscriber % 3)
            pairs[i >> 6] |= UINT64_C(1) << (i & 63);
        else
            w->pairs[i] = (struct seen_pair){0, 0, SEEN_DAY_NONE};
    }
    OK(seen_pairs_blank(w->f->reg, 1, pairs, NULL));
    OK(seen_subscribers_blank(w->f->reg, 1, who, NULL));
    OK(store_write_commit(w->f->reg->store, NULL));
}

static void whom_a_term_dropped(void **state)
{
    (void)state;
    struct world *w = world_new(12);
    uint64_t who[WHO / 64 + 1] = {0}, pairs[PAIRS / 64 + 1] = {0};
    size_t left = 0;
    step(w, true);
    expect_all(w);
    drop(w, who, pairs);
    expect_all(w); /* an entry that leads to nobody finds nobody */
    OK(finder_sift(w->f->reg, who, pairs, NULL, NULL));
    expect_all(w);
    for (uint32_t i = 1; i <= w->head.subscribers; i++)
        left += (w->who[i].imsi ? 1U : 0U) + (w->who[i].msisdn ? 1U : 0U);
    for (uint32_t i = 1; i <= w->head.pairs; i++)
        left += w->pairs[i].subscriber ? 2 : 0;
    assert_int_equal(entries(w->f->reg), left);
    world_free(w);
}

static void on_which_day(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    const daynum today = fixture_daynum("2026-03-10");
    static const struct {
        uint64_t party;
        int ago;
        uint32_t number;
    } rows[] = {{7, 9, 1}, {7, 3, 1}, {7, 3, 2}, {8, 1, 1}, {7, 40, 3}, {7, 1, (1U << 22) + 5}};
    uint64_t new;
    OK(store_write_begin(f->reg->store, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        roaring_bitmap_t *bits = roaring_bitmap_create();
        roaring_bitmap_add(bits, rows[i].number);
        OK(seen_day_add(f->reg, rows[i].party, daynum_pack(today - rows[i].ago), bits, &new, NULL));
        roaring_bitmap_free(bits);
    }
    OK(store_write_commit(f->reg->store, NULL));
    struct lately l[] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}, {(1U << 22) + 5, 0}, {(1U << 22) + 6, 0}};
    OK(lately_seen(f->reg, 7, today - 30, today, l, 6, NULL));
    assert_int_equal(l[0].last, today - 3);
    assert_int_equal(l[1].last, today - 3);
    assert_int_equal(l[2].last, DAYNUM_NONE);
    assert_int_equal(l[3].last, DAYNUM_NONE);
    assert_int_equal(l[4].last, today - 1);
    assert_int_equal(l[5].last, DAYNUM_NONE);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_naive_model),
                                       cmocka_unit_test(whom_a_term_dropped),
                                       cmocka_unit_test(on_which_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
