/* SPDX-License-Identifier: Apache-2.0
 *
 * The violation report against a naive model over random histories: marks set and lifted, clones with and without pairs,
 * revocations, receipts that go on and go back, days seen by own subscribers, roamers and in another network. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "app/commit.h"
#include "prop/random.h"
#include "seen/parts.h"
#include "seen/told.h"
#include "seen/violations.h"

enum { IMEIS = 8, SUBSCRIBERS = 5, PAIRED = 3, FOREIGN = 4, DAYS = 14, RECEIPTS = 200 };
#define PHONE      35735007990300ULL
#define SUBSCRIBER 1401010000000100ULL /* as imsi_parse packs it */

struct history {
    struct fixture *f;
    struct lists *lists;
    char dir[96];
    unsigned steps;        /* writes so far */
    unsigned black[IMEIS]; /* the step from which on it is black; 0: it is not */
    bool seen[DAYS][IMEIS][SUBSCRIBERS];
    struct {
        unsigned step, day;
        struct feed_cursor cursor;
    } receipts[RECEIPTS], places[RECEIPTS]; /* what he said; what he could say */
    unsigned receipt_count, place_count, day;
};

static daynum day_of(unsigned day)
{
    return fixture_daynum("2026-03-01") + (daynum)day;
}

static void set_day(struct history *h, unsigned day)
{
    char text[DAYNUM_TEXT];
    daynum_format(day_of(day), text);
    fixture_day(h->f, text);
    h->day = day;
}

static uint64_t imsi_of(unsigned s)
{
    return s == FOREIGN ? 1250010000000100ULL : SUBSCRIBER + s;
}

/* Each subscriber has each phone: pair number = 1 + imei * SUBSCRIBERS + subscriber. */
static void make_pairs(struct history *h)
{
    struct seen_subscriber subscribers[SUBSCRIBERS];
    struct seen_pair pairs[IMEIS * SUBSCRIBERS];
    for (unsigned s = 0; s < SUBSCRIBERS; s++)
        subscribers[s] = (struct seen_subscriber){imsi_of(s), 0};
    for (unsigned i = 0; i < IMEIS * SUBSCRIBERS; i++)
        pairs[i] = (struct seen_pair){PHONE + i / SUBSCRIBERS, 1 + i % SUBSCRIBERS, SEEN_DAY_NONE};
    OK(store_write_begin(h->f->reg->store, NULL));
    OK(seen_subscribers_put(h->f->reg, 1, subscribers, SUBSCRIBERS, NULL));
    OK(seen_pairs_put(h->f->reg, 1, pairs, IMEIS * SUBSCRIBERS, NULL));
    OK(store_write_commit(h->f->reg->store, NULL));
}

static void see(struct history *h, struct rng *rng, const char *name, bool counts)
{
    roaring_bitmap_t *bits = roaring_bitmap_create();
    uint64_t new;
    for (uint32_t i = 0; i < IMEIS * SUBSCRIBERS; i++)
        if (rng_one_in(rng, 4)) {
            roaring_bitmap_add(bits, i + 1);
            if (counts)
                h->seen[h->day][i / SUBSCRIBERS][i % SUBSCRIBERS] = true;
        }
    OK(store_write_begin(h->f->reg->store, NULL));
    OK(seen_day_add(h->f->reg, registry_party_id(h->f->reg, PARTY_OPERATOR, str_z(name)),
                    daynum_pack(day_of(h->day)), bits, &new, NULL));
    OK(store_write_commit(h->f->reg->store, NULL));
    roaring_bitmap_free(bits);
}

static void set_clone(struct history *h, struct imei imei, bool on)
{
    const struct pair pair = {imei, answer_subscriber(h->f->reg->keys.subscriber, imsi_of(PAIRED)),
                              false};
    const struct change change = {
        .imei = imei, .kind = CHANGE_CLONE, .clone = on ? FACTS_CLONE : 0};
    struct commit_case c = {.entry = {.event = EVENT_CLONE, .effective = DAYNUM_NONE},
                            .changes = &change,
                            .count = 1,
                            .pairs = &pair,
                            .pair_count = 1,
                            .always = true};
    OK(commit_one(h->f->reg, &c, NULL));
}

static void write_one(struct history *h, struct rng *rng)
{
    const struct imei imei = {PHONE + rng_below(rng, IMEIS)};
    const struct suspension mark = fixture_mark(MARK_STOLEN);
    struct batch_result result;
    switch (rng_below(rng, 5)) {
    case 0:
        (void)!suspend(h->f->reg, &mark, &imei, 1, &result, NULL);
        return;
    case 1:
        (void)!resume(h->f->reg, &mark, &imei, 1, &result, NULL);
        return;
    case 2: {
        struct change change = {.imei = imei,
                                .kind = CHANGE_REVOKED,
                                .approval.at = zone_day_start(&h->f->reg->zone, 9000)};
        if (imei.body % 4 == 0)
            fixture_give(h->f, EVENT_OBSERVED, &change, 1);
        return;
    }
    default:
        set_clone(h, imei, rng_one_in(rng, 2));
    }
}

static void follow(struct history *h)
{
    OK(lists_follow(h->lists, h->f->reg, NULL));
    for (unsigned i = 0; i < IMEIS; i++) {
        const bool is = reason_list(fixture_verdict(h->f, PHONE + i).reason) == LIST_BLACK;
        h->black[i] = !is ? 0 : h->black[i] ? h->black[i] : h->steps;
    }
    const struct lists_place place = lists_place(h->lists);
    assert_true(h->place_count < RECEIPTS);
    h->places[h->place_count].step = h->steps;
    h->places[h->place_count].cursor.next_seq = place.next_seq;
    memcpy(h->places[h->place_count++].cursor.hash, place.hash, FEED_CURSOR_HASH);
}

static void say(struct history *h, struct rng *rng)
{
    const unsigned at = rng_one_in(rng, 4) ? rng_below(rng, h->place_count) : h->place_count - 1;
    const struct lists_receipt receipt = {.operator_name = "Altel",
                                          .list = LISTS_BLACK,
                                          .place = h->places[at].cursor,
                                          .at_ms =
                                              clock_now_us(&h->f->clock) / 1000 + h->receipt_count};
    OK(lists_receipt_put(h->lists, h->f->reg, &receipt, NULL));
    h->receipts[h->receipt_count] = h->places[at];
    h->receipts[h->receipt_count++].day = h->day;
}

/* ---- the naive model ---- */

static bool refuses(const struct history *h, unsigned i, unsigned s)
{
    const uint8_t reason = fixture_verdict(h->f, PHONE + i).reason;
    if (reason == REASON_STOLEN)
        return true;
    return s != FOREIGN && (reason != REASON_CLONE || s != PAIRED);
}

/* Days of an IMEI; first: of them. -1: he does not apply it. */
static unsigned naive_days(const struct history *h, unsigned i, unsigned since, unsigned *first)
{
    int told = -1;
    for (int r = (int)h->receipt_count - 1; r >= 0; r--) {
        if (!h->black[i] || h->receipts[r].step < h->black[i])
            break;
        told = r;
    }
    unsigned days = 0;
    for (unsigned day = 0; told >= 0 && day <= h->day; day++) {
        bool seen = false;
        for (unsigned s = 0; s < SUBSCRIBERS; s++)
            seen |= h->seen[day][i][s] && refuses(h, i, s);
        if (day > h->receipts[told].day && day >= since && seen && !days++)
            *first = day;
    }
    return days;
}

static unsigned compare(struct history *h, unsigned since)
{
    struct lists_violations v;
    unsigned met = 0;
    const struct lists_violations_ask ask = {"Altel", since ? day_of(since) : DAYNUM_NONE};
    OK(seen_violations(h->lists, h->f->reg, &ask, &v, NULL));
    for (unsigned i = 0; i < IMEIS; i++) {
        unsigned first = 0;
        const unsigned days = naive_days(h, i, since, &first);
        if (!days)
            continue;
        assert_true(met < v.count);
        const struct lists_violation *row = &v.rows[met++];
        assert_int_equal(row->imei.body, PHONE + i);
        assert_int_equal(row->days, days);
        assert_int_equal(row->first, day_of(first));
        assert_true(row->last >= row->first && row->last <= day_of(h->day));
        assert_int_equal(row->is.reason, fixture_verdict(h->f, PHONE + i).reason);
        assert_true(zone_day(&h->f->reg->zone, row->applied_ms / 1000) < row->first);
    }
    assert_int_equal(v.count, met);
    uint64_t by_row = 0, by_day = 0;
    for (size_t i = 0; i < v.count; i++)
        by_row += v.rows[i].days;
    for (size_t i = 0; i < v.day_count; i++) {
        assert_true(v.days[i].imeis > 0 && (!i || v.days[i].day > v.days[i - 1].day));
        by_day += v.days[i].imeis;
    }
    assert_int_equal(by_row, by_day);
    assert_false(v.more);
    lists_violations_release(&v);
    return met;
}

static unsigned one_history(struct rng *rng)
{
    struct history h = {.f = fixture_sqlite("2026-03-01")};
    unsigned met = 0;
    set_day(&h, 0);
    make_pairs(&h);
    snprintf(h.dir, sizeof h.dir, "%s/lists", h.f->dir);
    OK(lists_open(h.dir, LISTS_BLACK, &h.lists, NULL));
    for (unsigned day = 0; day < DAYS; day++) {
        set_day(&h, day);
        for (unsigned i = rng_below(rng, 5); i > 0; i--) {
            h.steps++;
            write_one(&h, rng);
            follow(&h);
        }
        if (!h.place_count)
            follow(&h);
        for (unsigned i = rng_below(rng, 3); i > 0; i--)
            say(&h, rng);
        see(&h, rng, "Altel", true);
        see(&h, rng, "Kcell", false);
        met += compare(&h, 0);
        met += compare(&h, day / 2);
    }
    lists_close(h.lists);
    fixture_free(h.f);
    return met;
}

static void as_a_naive_model_says(void **state)
{
    (void)state;
    struct rng rng = random_start("violations", 20261128);
    const uint32_t rounds = random_rounds(6);
    unsigned met = 0;
    for (uint32_t i = 0; i < rounds; i++)
        met += one_history(&rng);
    assert_true(met > 20 * rounds);
}

/* Each number's receipt is the first of the last ones in a row that hold it. */
static void who_goes_back(void **state)
{
    (void)state;
    struct rng rng = random_start("told", 7);
    for (int round = 0; round < 200; round++) {
        struct told told = {.count = 0};
        uint64_t said[30];
        for (unsigned n = 0; n < 30; n++) {
            said[n] = 1 + rng_below(&rng, 12) + n / 4;
            const struct lists_receipt r = {.place = {.next_seq = said[n]}, .at_ms = n};
            OK(told_take(&told, &r));
            for (uint64_t seq = 0; seq < 22; seq++) {
                int64_t want = -1;
                for (int k = (int)n; k >= 0 && said[k] > seq; k--)
                    want = k;
                const struct told_step *step = told_find(&told, seq);
                assert_int_equal(step ? step->at_ms : -1, want);
            }
        }
        told_release(&told);
    }
}

static void without_a_receipt_there_is_none(void **state)
{
    (void)state;
    struct history h = {.f = fixture_sqlite("2026-03-01")};
    struct lists_violations v;
    const struct lists_violations_ask ask = {"Altel", DAYNUM_NONE};
    snprintf(h.dir, sizeof h.dir, "%s/lists", h.f->dir);
    OK(lists_open(h.dir, LISTS_BLACK, &h.lists, NULL));
    OK(lists_follow(h.lists, h.f->reg, NULL));
    OK(seen_violations(h.lists, h.f->reg, &ask, &v, NULL));
    assert_int_equal(v.count, 0);
    assert_int_equal(v.from, DAYNUM_NONE);
    lists_violations_release(&v);
    lists_close(h.lists);
    fixture_free(h.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_goes_back),
        cmocka_unit_test(without_a_receipt_there_is_none),
        cmocka_unit_test(as_a_naive_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
