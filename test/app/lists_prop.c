/* SPDX-License-Identifier: Apache-2.0
 *
 * Base and deltas make the full list, over random histories: imports, marks, resumes, sweeps, rule sets, days that pass,
 * keepers that die and come back, expiry that is held for an operator or some models and let go. After each step a reader who took a list some steps ago and applies one delta has
 * what the full list has; and after a sweep the list is what the register says of every IMEI, no more and no less. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/expiry_hold.h"
#include "app/lists_spared.h"
#include "app/sweep.h"
#include "app/whatif.h"
#include "prop/random.h"

enum { IMEIS = 24, STEPS = 40, READERS = 4 };
#define PHONE 35735007990500ULL

static const char *const operators[] = {"Altel", "Kcell"};

/* An operator: what he has, and his cursor. */
struct reader {
    const char *name;
    struct feed_cursor cursor;
    struct listed is[IMEIS];
};

struct history {
    struct fixture *f;
    struct lists *lists;
    char dir[96];
    daynum today;
    struct reader readers[READERS];
};

static struct imei any(struct rng *rng)
{
    return (struct imei){PHONE + rng_below(rng, IMEIS)};
}

static void set_day(struct history *h, daynum day)
{
    char text[DAYNUM_TEXT];
    daynum_format(day, text);
    fixture_day(h->f, text);
    h->today = day;
}

static void give_changes(struct history *h, struct rng *rng)
{
    struct change changes[6];
    const size_t n = 1 + rng_below(rng, 6);
    for (size_t i = 0; i < n; i++) {
        static const uint8_t kinds[] = {CHANGE_ACTIVATED, CHANGE_ACTIVATED, CHANGE_GSMA,
                                        CHANGE_VERIFIED,  CHANGE_REVOKED,   CHANGE_CLONE,
                                        CHANGE_TEMPORARY, CHANGE_HOLD,      CHANGE_AMNESTY};
        changes[i] = random_change_of(rng, kinds[rng_below(rng, sizeof kinds)]);
        changes[i].imei = any(rng);
        if (changes[i].kind == CHANGE_ACTIVATED) {
            changes[i].activated.day = h->today - (daynum)rng_below(rng, 60);
            changes[i].activated.known = h->today;
        } else if (changes[i].kind == CHANGE_TEMPORARY || changes[i].kind == CHANGE_HOLD) {
            changes[i].until = h->today + (daynum)rng_below(rng, 10);
        }
        for (size_t j = 0; j < i; j++) /* one IMEI once in a file */
            if (changes[j].imei.body == changes[i].imei.body)
                changes[i] = changes[j];
    }
    fixture_give(h->f, EVENT_OBSERVED, changes, n);
}

static void set_mark(struct history *h, struct rng *rng)
{
    struct suspension s = fixture_mark(1 + (uint8_t)rng_below(rng, 4));
    struct imei imei = any(rng);
    struct batch_result result;
    if (rng_one_in(rng, 3))
        s.last = h->today + (daynum)rng_below(rng, 5);
    if (rng_one_in(rng, 4))
        s.from = h->today + (daynum)rng_below(rng, 5);
    if (s.from != DAYNUM_NONE && s.last < s.from)
        s.last = s.from;
    (void)!suspend(h->f->reg, &s, &imei, 1, &result, NULL);
}

static void lift_marks(struct history *h, struct rng *rng)
{
    for (int i = 0; i < 8; i++) {
        const struct suspension s = fixture_mark(1 + (uint8_t)rng_below(rng, 4));
        const struct imei imei = any(rng);
        struct batch_result result;
        (void)!resume(h->f->reg, &s, &imei, 1, &result, NULL);
    }
}

static void set_rules(struct history *h, struct rng *rng)
{
    static const char *const sets[] = {"grace_days=30",
                                       "grace_days=5",
                                       "amnesty_before=2025-03-25",
                                       "amnesty_before=2026-02-20",
                                       "expiry_release=manual",
                                       "expiry_release=auto"};
    const char *set = sets[rng_below(rng, sizeof sets / sizeof *sets)];
    struct rules rules;
    struct batch_result result;
    OK(whatif_rules(h->f->reg, &set, 1, &rules, NULL));
    OK(rules_change(h->f->reg, &(struct rules_plan){.rules = &rules, .label = set}, &result, NULL));
}

static void sweep_it(struct history *h)
{
    struct sweep_result result;
    enum err err = sweep(h->f->reg, DAYNUM_NONE, false, &result, NULL);
    assert_true(err == ERR_OK || err == ERR_HELD || err == ERR_GUARD);
}

static bool is_open(void *ctx, const struct expiry_hold *hold)
{
    if (hold->until_seq)
        return true;
    *(uint64_t *)ctx = hold->seq;
    return false;
}

/* By one person, and let go: no two persons decide here. */
static void hold_or_release(struct history *h, struct rng *rng)
{
    uint64_t open = 0;
    struct expiry_hold hold = {.tac_to = TAC_COUNT - 1, .through = DAYNUM_NONE};
    OK(expiry_holds(h->f->reg, is_open, &open, NULL));
    if (open && rng_one_in(rng, 2)) {
        OK(expiry_hold_release(h->f->reg, open, "test", &hold, NULL));
        return;
    }
    if (rng_one_in(rng, 3)) { /* some models, of all operators or of one */
        hold.tac_from = PHONE / 1000000 + rng_below(rng, 2);
        hold.tac_to = hold.tac_from + rng_below(rng, 2);
    }
    if (hold.tac_from == 0 || rng_one_in(rng, 2))
        str_copy(hold.operator_name, sizeof hold.operator_name,
                 str_z(operators[rng_below(rng, 2)]));
    if (rng_one_in(rng, 2))
        hold.through = h->f->reg->head.gate.expire_through - (daynum)rng_below(rng, 12);
    OK(expiry_hold_put(h->f->reg, &hold, "test", NULL));
}

static void follow(struct history *h, struct rng *rng)
{
    if (rng_one_in(rng, 5)) { /* the keeper died */
        lists_close(h->lists);
        OK(lists_open(h->dir, LIST_BLACK, &h->lists, NULL));
    }
    OK(lists_follow(h->lists, h->f->reg, NULL));
    if (rng_one_in(rng, 8))
        OK(lists_settle(h->lists, NULL));
}

static void act(struct history *h, struct rng *rng)
{
    switch (rng_below(rng, 9)) {
    case 0:
    case 1:
        give_changes(h, rng);
        return;
    case 2:
    case 3:
        set_mark(h, rng);
        return;
    case 4:
        lift_marks(h, rng);
        return;
    case 5:
        set_rules(h, rng);
        return;
    case 6:
        set_day(h, h->today + 1 + (daynum)rng_below(rng, 4));
        return;
    case 7:
        hold_or_release(h, rng);
        return;
    default:
        sweep_it(h);
    }
}

static void read_all(struct history *h, const char *name, struct listed out[IMEIS])
{
    struct lists_view *view;
    struct spared spared;
    struct listed_imei rows[5];
    for (int i = 0; i < IMEIS; i++)
        out[i] = (struct listed){LISTED_NOT, DAYNUM_NONE};
    OK(lists_view(h->lists, h->f->reg, &view, NULL));
    OK(expiry_spared(h->f->reg, str_z(name), lists_place(h->lists).next_seq, &spared, NULL));
    lists_view_spare(view, &spared);
    uint64_t told = lists_view_count(view), count = 0;
    for (size_t n; (n = lists_view_next(view, rows, 5)) > 0;)
        for (size_t i = 0; i < n; i++)
            out[rows[i].imei.body - PHONE] = rows[i].is, count++;
    assert_int_equal(told, count);
    lists_view_free(view);
}

static struct feed_cursor cursor_of(struct history *h)
{
    char text[FEED_CURSOR_TEXT];
    struct feed_cursor c;
    const struct lists_place place = lists_place(h->lists);
    lists_cursor(&place, text);
    assert_true(feed_cursor_parse(str_z(text), &c));
    return c;
}

/* Outside, two reasons with one public name are one. */
static bool same(const struct listed *a, const struct listed *b)
{
    if (a->reason == LISTED_NOT || b->reason == LISTED_NOT)
        return a->reason == b->reason;
    return a->since == b->since && strcmp(reason_public(a->reason), reason_public(b->reason)) == 0;
}

static void apply_delta(struct history *h, struct reader *r)
{
    struct lists_delta d;
    const struct lists_ask ask = {r->name, &r->cursor};
    OK(lists_since_for(h->lists, h->f->reg, &ask, &d, NULL));
    for (size_t i = 0; i < d.count; i++) {
        struct listed *mine = &r->is[d.rows[i].imei.body - PHONE];
        assert_true(i == 0 || d.rows[i - 1].imei.body < d.rows[i].imei.body);
        assert_true(same(mine, &d.rows[i].was)); /* the old value is what he has */
        *mine = d.rows[i].is;
    }
    assert_int_equal(d.count, d.added + d.removed + d.changed);
    lists_delta_release(&d);
    r->cursor = cursor_of(h);
}

static void compare(struct history *h, struct rng *rng)
{
    struct listed all[IMEIS];
    for (int k = 0; k < READERS; k++) {
        struct reader *r = &h->readers[k];
        if (!rng_one_in(rng, 1 + (uint32_t)k))
            continue;
        read_all(h, r->name, all);
        apply_delta(h, r);
        for (int i = 0; i < IMEIS; i++)
            assert_true(same(&all[i], &r->is[i]));
    }
}

/* After the sweep of the day the register's own verdicts are the list, but for expiries that are held. */
static void compare_with_verdicts(struct history *h, const char *name)
{
    struct listed all[IMEIS];
    struct spared spared;
    if (h->f->reg->head.gate.swept_through < h->today)
        return;
    read_all(h, name, all);
    OK(expiry_spared(h->f->reg, str_z(name), UINT64_MAX, &spared, NULL));
    for (unsigned i = 0; i < IMEIS; i++) {
        struct verdict v = fixture_verdict(h->f, PHONE + i);
        if (v.reason == REASON_EXPIRED && all[i].reason == REASON_EXPIRED)
            assert_int_equal(all[i].since, v.deadline + 1);
        spared_verdict(&spared, (struct imei){PHONE + i}, &v);
        if (reason_list(v.reason) == LIST_BLACK)
            assert_int_equal(all[i].reason, v.reason);
        else
            assert_int_equal(all[i].reason, LISTED_NOT);
        assert_true(all[i].reason == LISTED_NOT || all[i].since <= h->today);
    }
}

/* Once all is let go, each has what there would be without a hold. */
static void release_all(struct history *h, struct rng *rng)
{
    struct listed plain[IMEIS], mine[IMEIS];
    uint64_t open = 0;
    struct expiry_hold hold;
    for (OK(expiry_holds(h->f->reg, is_open, &open, NULL)); open;) {
        OK(expiry_hold_release(h->f->reg, open, NULL, &hold, NULL));
        open = 0;
        OK(expiry_holds(h->f->reg, is_open, &open, NULL));
    }
    follow(h, rng);
    compare(h, rng);
    read_all(h, "", plain);
    for (int k = 0; k < 2; k++) {
        read_all(h, operators[k], mine);
        for (int i = 0; i < IMEIS; i++)
            assert_true(same(&plain[i], &mine[i]));
    }
    assert_int_equal(expiry_hold_release(h->f->reg, 1, NULL, &hold, NULL), ERR_NOT_FOUND);
}

static void one_history(struct rng *rng)
{
    struct history h = {.f = fixture_sqlite("2026-03-01")};
    set_day(&h, fixture_daynum("2026-03-01"));
    snprintf(h.dir, sizeof h.dir, "%s/lists", h.f->dir);
    OK(lists_open(h.dir, LIST_BLACK, &h.lists, NULL));
    follow(&h, rng);
    for (int k = 0; k < READERS; k++) {
        h.readers[k].name = operators[k % 2];
        h.readers[k].cursor = cursor_of(&h);
        read_all(&h, h.readers[k].name, h.readers[k].is);
    }
    for (int step = 0; step < STEPS; step++) {
        act(&h, rng);
        follow(&h, rng);
        compare(&h, rng);
        if (step % 8 == 7) {
            sweep_it(&h);
            follow(&h, rng);
            for (int k = 0; k < 2; k++)
                compare_with_verdicts(&h, operators[k]);
        }
    }
    release_all(&h, rng);
    lists_close(h.lists);
    fixture_free(h.f);
}

static void base_and_deltas_make_the_full_list(void **state)
{
    (void)state;
    struct rng rng = random_start("lists", 20261127);
    const uint32_t rounds = random_rounds(20);
    for (uint32_t i = 0; i < rounds; i++)
        one_history(&rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(base_and_deltas_make_the_full_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
