/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups against a naive model: random pairs and days of some operators, asked by phone, by IMSI and by number, for all
 * days and for windows. */
#include "app/fixture.h"

#include <stdlib.h>

#include "prop/random.h"
#include "seen/history.h"

enum {
    IMEIS = 12,
    SUBSCRIBERS = 15,
    DAYS = 20,
    OPERATORS = 3,
    PAIRS = 80,
    FIRST = 9000,
    ROUNDS = 30
};

struct world {
    struct seen_pair pairs[PAIRS + 1]; /* by number */
    bool seen[DAYS][OPERATORS][PAIRS + 1];
};

static uint64_t imsi_of(uint32_t subscriber)
{
    return 1401010000000000ULL + subscriber;
}

/* Three numbers for all. */
static uint64_t msisdn_of(uint32_t subscriber)
{
    return 177010000000ULL + subscriber % 3;
}

static void make(struct fixture *f, struct rng *rng, struct world *w)
{
    struct seen_subscriber who[SUBSCRIBERS];
    struct seen_head head = {.subscribers = SUBSCRIBERS, .pairs = PAIRS, .tag = {1}};
    for (uint32_t i = 0; i < SUBSCRIBERS; i++)
        who[i] = (struct seen_subscriber){imsi_of(i + 1), msisdn_of(i + 1)};
    for (uint32_t i = 1; i <= PAIRS; i++)
        w->pairs[i] = (struct seen_pair){35735007990500ULL + rng_below(rng, IMEIS),
                                         rng_below(rng, SUBSCRIBERS + 1), FIRST};
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_subscribers_put(f->reg, 1, who, SUBSCRIBERS, NULL));
    OK(seen_pairs_put(f->reg, 1, w->pairs + 1, PAIRS / 2, NULL));
    OK(seen_pairs_put(f->reg, 1 + PAIRS / 2, w->pairs + 1 + PAIRS / 2, PAIRS / 2, NULL));
    OK(seen_head_put(f->reg, &head, NULL));
    for (unsigned day = 0; day < DAYS; day++)
        for (unsigned o = 0; o < OPERATORS; o++) {
            struct seen_report report = {.loads = 1};
            roaring_bitmap_t *bits = roaring_bitmap_create();
            uint64_t new;
            for (uint32_t i = 1; i <= PAIRS; i++) {
                w->seen[day][o][i] = rng_one_in(rng, 6);
                if (w->seen[day][o][i])
                    roaring_bitmap_add(bits, i);
            }
            OK(seen_day_add(f->reg, 100 + o, (uint16_t)(FIRST + day), bits, &new, NULL));
            OK(seen_report_put(f->reg, 100 + o, (uint16_t)(FIRST + day), &report, NULL));
            roaring_bitmap_free(bits);
        }
    OK(store_write_commit(f->reg->store, NULL));
}

static bool wanted(const struct world *w, const struct history_ask *ask, uint32_t i)
{
    const struct seen_pair *p = &w->pairs[i];
    if (!p->subscriber)
        return false;
    return ask->by_imei ? p->imei == ask->imei.body
           : ask->imsi  ? imsi_of(p->subscriber) == ask->imsi
                        : msisdn_of(p->subscriber) == ask->msisdn;
}

struct naive {
    uint32_t n, days;
    uint64_t pair_days;
};

/* One pair as it must be; what it adds to the whole. */
static void expect_pair(const struct world *w, uint32_t i, const unsigned window[2],
                        const struct history *h, const struct history_pair *got)
{
    uint16_t first = SEEN_DAY_NONE, last = SEEN_DAY_NONE;
    uint32_t days = 0, by[OPERATORS] = {0};
    uint16_t from[OPERATORS] = {0}, to[OPERATORS] = {0};
    for (unsigned day = window[0]; day <= window[1]; day++) {
        bool any = false;
        for (unsigned o = 0; o < OPERATORS; o++) {
            if (w->seen[day][o][i]) {
                from[o] = by[o]++ ? from[o] : (uint16_t)(FIRST + day);
                to[o] = (uint16_t)(FIRST + day);
            }
            any = any || w->seen[day][o][i];
        }
        days += any;
        last = any ? (uint16_t)(FIRST + day) : last;
        first = any && first == SEEN_DAY_NONE ? last : first;
    }
    assert_int_equal(got->number, i);
    assert_int_equal(got->imei, w->pairs[i].imei);
    assert_int_equal(got->subscriber, w->pairs[i].subscriber);
    assert_int_equal(got->first, first);
    assert_int_equal(got->last, last);
    assert_int_equal(got->days, days);
    for (size_t k = 0; k < h->operator_count; k++) {
        const size_t o = h->operators[k] - 100;
        assert_int_equal(got->by[k], by[o]);
        assert_true(!by[o] || (got->span[k].first == from[o] && got->span[k].last == to[o]));
    }
}

static void compare(struct fixture *f, const struct world *w, const struct history_ask *ask,
                    const unsigned window[2])
{
    struct history h;
    struct naive n = {0};
    OK(history_find(f->reg, ask, &h, NULL));
    for (uint32_t i = 1; i <= PAIRS; i++)
        if (wanted(w, ask, i)) {
            assert_true(n.n < h.n);
            expect_pair(w, i, window, &h, &h.pairs[n.n++]);
        }
    assert_int_equal(h.n, n.n);
    for (unsigned day = window[0]; day <= window[1]; day++) {
        uint64_t before = n.pair_days;
        for (uint32_t i = 1; i <= PAIRS; i++)
            n.pair_days += wanted(w, ask, i) &&
                           (w->seen[day][0][i] || w->seen[day][1][i] || w->seen[day][2][i]);
        n.days += n.pair_days > before;
    }
    assert_int_equal(h.days, n.days);
    assert_int_equal(h.pair_days, n.pair_days);
    assert_int_equal(history_average(&h), n.days ? n.pair_days * 100 / n.days : 0);
    assert_false(h.more);
    assert_true(h.steps <= (uint64_t)DAYS * OPERATORS); /* one part of each day */
    history_release(&h);
}

static void as_the_naive_model(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct rng rng = random_start("history", 5);
    static struct world w;
    make(f, &rng, &w);
    for (int round = 0; round < ROUNDS; round++) {
        unsigned from = rng_below(&rng, DAYS), to = from + rng_below(&rng, DAYS - from);
        unsigned window[2] = {from, to}, all[2] = {0, DAYS - 1};
        struct history_ask ask = {.from = DAYNUM_FIRST + FIRST + (daynum)from,
                                  .to = DAYNUM_FIRST + FIRST + (daynum)to};
        ask.by_imei = round % 3 == 0;
        ask.imei.body = 35735007990500ULL + rng_below(&rng, IMEIS);
        ask.imsi = round % 3 == 1 ? imsi_of(1 + rng_below(&rng, SUBSCRIBERS + 2)) : 0;
        ask.msisdn = msisdn_of(1 + rng_below(&rng, 4));
        compare(f, &w, &ask, window);
        ask.from = ask.to = DAYNUM_NONE;
        compare(f, &w, &ask, all);
    }
    fixture_free(f);
}

static void of_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct history h;
    atomic_int stop = 1;
    struct history_ask ask = {.msisdn = 12345678, .from = DAYNUM_NONE, .to = DAYNUM_NONE};
    OK(history_find(f->reg, &ask, &h, NULL));
    assert_int_equal(h.n, 0);
    history_release(&h);
    static struct world w;
    struct rng rng = random_start("history", 6);
    make(f, &rng, &w);
    ask.stop = &stop;
    assert_int_equal(history_find(f->reg, &ask, &h, NULL), ERR_STOPPED);
    assert_null(h.pairs);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_naive_model),
                                       cmocka_unit_test(of_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
