/* SPDX-License-Identifier: Apache-2.0
 *
 * The day's work: expiry through the gate alone, held, released, late, guarded; marks, visits and
 * holds that end; and an index that steps on its own agrees with the rows that come later. */
#include "app/fixture.h"

#include "app/expiring.h"
#include "app/sweep.h"
#include "app/verify.h"
#include "app/whatif.h"

#define PHONE 35735007990100ULL

static struct sweep_result run_sweep(struct fixture *f, enum err want)
{
    struct sweep_result result;
    assert_int_equal(sweep(f->reg, DAYNUM_NONE, false, &result, NULL), want);
    return result;
}

static void rules_apply(struct fixture *f, const char *set)
{
    struct rules rules;
    struct batch_result result;
    OK(whatif_rules(f->reg, &set, 1, &rules, NULL));
    OK(rules_change(f->reg, &(struct rules_plan){.rules = &rules, .label = set}, &result, NULL));
}

/* Activated 2026-03-01: last day with service 2026-03-31. */
static void expiry_waits_for_the_gate(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-31");
    fixture_activate(f, PHONE, "2026-03-01");
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    fixture_day(f, "2026-04-01"); /* nobody swept on the 31st */
    struct verdict v = fixture_verdict(f, PHONE);
    assert_int_equal(v.reason, REASON_UNVERIFIED);
    assert_int_equal(v.deadline, fixture_daynum("2026-03-31"));
    assert_false(verdict_has_next(&v));
    struct sweep_result r = run_sweep(f, ERR_OK);
    assert_int_equal(r.expired, 1);
    assert_int_equal(r.expire_through, fixture_daynum("2026-04-01"));
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_EXPIRED);
    fixture_whole(f);
    fixture_free(f);
}

static void midnight_turns_without_a_row(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-31");
    fixture_activate(f, PHONE, "2026-03-01");
    struct sweep_result r = run_sweep(f, ERR_OK); /* the evening of the last day */
    assert_int_equal(r.expired, 0);
    assert_int_equal(r.expire_through, fixture_daynum("2026-03-31"));
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    uint64_t seq = f->reg->head.next_seq;
    fixture_day(f, "2026-04-01");
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_EXPIRED);
    assert_int_equal(f->reg->head.next_seq, seq);
    r = run_sweep(f, ERR_OK); /* the row comes with the next sweep */
    assert_int_equal(r.expired, 1);
    assert_int_equal(run_sweep(f, ERR_OK).rows, 0);
    fixture_whole(f);
    fixture_free(f);
}

static void a_late_sweep_makes_up_every_day(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-30");
    for (uint64_t i = 0; i < 5; i++) {
        char day[DAYNUM_TEXT];
        daynum_format(fixture_daynum("2026-03-01") + (daynum)i, day);
        fixture_day(f, "2026-03-30");
        fixture_activate(f, PHONE + i, day);
    }
    fixture_day(f, "2026-04-20");
    struct sweep_result r = run_sweep(f, ERR_OK);
    assert_int_equal(r.expired, 5);
    assert_int_equal(r.days, 21);
    assert_int_equal(r.swept_through, fixture_daynum("2026-04-20"));
    fixture_whole(f);
    fixture_free(f);
}

static void held_and_released(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-31");
    fixture_activate(f, PHONE, "2026-03-01");
    rules_apply(f, "expiry_release=manual");
    for (int i = 1; i <= 3; i++) {
        char day[DAYNUM_TEXT];
        daynum_format(fixture_daynum("2026-03-31") + i, day);
        fixture_day(f, day);
        run_sweep(f, ERR_HELD);
        assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    }
    assert_int_equal(f->reg->head.gate.swept_through, fixture_daynum("2026-04-03"));
    /* a mark while it waits: set, lifted; it is still found when the gate opens */
    struct suspension s = fixture_mark(MARK_STOLEN);
    struct imei imei = {PHONE};
    struct batch_result result;
    OK(suspend(f->reg, &s, &imei, 1, &result, NULL));
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_STOLEN);
    OK(resume(f->reg, &s, &imei, 1, &result, NULL));
    rules_apply(f, "expiry_release=auto");
    struct sweep_result r = run_sweep(f, ERR_OK);
    assert_int_equal(r.expired, 1);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_EXPIRED);
    fixture_whole(f);
    fixture_free(f);
}

/* What is told beforehand is what the sweeps then do, day by day. */
static void what_will_expire_is_told(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-28");
    static const char *const days[] = {"2026-02-26", "2026-02-27", "2026-02-28", "2026-02-28",
                                       "2026-03-01"};
    for (uint64_t i = 0; i < 5; i++)
        fixture_activate(f, PHONE + i * 1000000 * (i == 4), days[i]);
    for (uint64_t i = 1; i < 4; i++)
        fixture_activate(f, PHONE + i, days[i]);
    struct expiring e;
    assert_int_equal(expiring_count(f->reg, &(struct expiring_ask){.days = 0}, &e, NULL), ERR_DATE);
    assert_int_equal(
        expiring_count(f->reg, &(struct expiring_ask){.days = EXPIRING_DAYS + 1}, &e, NULL),
        ERR_DATE);
    OK(expiring_count(f->reg, &(struct expiring_ask){.days = 4}, &e, NULL));
    assert_int_equal(e.from, fixture_daynum("2026-03-28"));
    static const uint64_t wanted[] = {1, 1, 2, 1};
    for (int i = 0; i < 4; i++)
        assert_int_equal(e.imeis[i], wanted[i]);
    assert_int_equal(e.waiting, 0);
    assert_int_equal(e.models.n, 2);
    assert_int_equal(e.models.list[0].imeis, 4);
    assert_int_equal(e.models.list[1].imeis, 1);
    for (int i = 0; i < 4; i++) {
        char day[DAYNUM_TEXT];
        daynum_format(fixture_daynum("2026-03-29") + i, day);
        fixture_day(f, day);
        assert_int_equal(run_sweep(f, ERR_OK).expired, wanted[i]);
    }
    OK(expiring_count(f->reg, &(struct expiring_ask){.days = 2}, &e,
                      NULL)); /* who is black is no news */
    assert_int_equal(e.imeis[0] + e.imeis[1] + e.waiting + e.models.n, 0);
    fixture_free(f);
}

static void what_a_hold_keeps_waits(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-31");
    fixture_activate(f, PHONE, "2026-03-01");
    struct suspension s = fixture_mark(MARK_STOLEN);
    struct imei imei = {PHONE + 1};
    struct batch_result result;
    fixture_activate(f, PHONE + 1, "2026-03-01");
    OK(suspend(f->reg, &s, &imei, 1, &result, NULL)); /* black by its mark: it loses nothing */
    rules_apply(f, "expiry_release=manual");
    fixture_day(f, "2026-04-03");
    run_sweep(f, ERR_HELD);
    struct expiring e;
    OK(expiring_count(f->reg, &(struct expiring_ask){.days = 2}, &e, NULL));
    assert_int_equal(e.waiting, 1);
    assert_int_equal(e.imeis[0] + e.imeis[1], 0);
    assert_int_equal(e.models.list[0].imeis, 1);
    fixture_free(f);
}

/* A visitor's stay ends after his term would have ended, all of it while expiry is held, and his first use becomes known
 * when the days are swept already: what is released must be written, or index and lists go on with what stood before. */
static void a_late_visitor_is_released(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-08");
    rules_apply(f, "expiry_release=manual");
    rules_apply(f, "grace_days=5");
    struct change visit = {
        .imei = {PHONE}, .kind = CHANGE_TEMPORARY, .until = fixture_daynum("2026-03-17")};
    fixture_give(f, EVENT_OBSERVED, &visit, 1);
    fixture_day(f, "2026-03-18");
    run_sweep(f, ERR_HELD);
    fixture_activate(f, PHONE, "2026-03-11");
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    rules_apply(f, "expiry_release=auto");
    struct sweep_result r = run_sweep(f, ERR_OK);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_EXPIRED);
    assert_int_equal(r.expired, 1);
    assert_int_equal(run_sweep(f, ERR_OK).rows, 0);
    fixture_whole(f);
    fixture_free(f);
}

static void a_guard_stops_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-31");
    for (uint64_t i = 0; i < 4; i++)
        fixture_activate(f, PHONE + i, "2026-03-01");
    rules_apply(f, "max_expiries_per_day=3");
    struct sweep_result r = run_sweep(f, ERR_GUARD);
    assert_int_equal(r.due, 4);
    assert_int_equal(r.limit, 3);
    assert_int_equal(r.guards[SWEEP_MAX_PER_DAY], SWEEP_STOPPED);
    assert_int_equal(r.guards[SWEEP_MEDIAN], SWEEP_NOT_ARMED);
    assert_int_equal(r.stopped_at, fixture_daynum("2026-03-31"));
    fixture_day(f, "2026-04-02");
    run_sweep(f, ERR_GUARD); /* the days go on, the gate stays */
    assert_int_equal(f->reg->head.gate.swept_through, fixture_daynum("2026-04-02"));
    assert_int_equal(f->reg->head.gate.expire_through, fixture_daynum("2026-03-30"));
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_UNVERIFIED);
    rules_apply(f, "max_expiries_per_day=4");
    assert_int_equal(run_sweep(f, ERR_OK).expired, 4);
    fixture_whole(f);
    fixture_free(f);
}

static void the_median_arms_after_14_days(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-01");
    daynum first = fixture_daynum("2026-03-01");
    uint64_t next = PHONE;
    for (int i = 0; i < 20; i++) { /* two a day */
        char day[DAYNUM_TEXT];
        daynum_format(first - 29 + i, day);
        fixture_activate(f, next++, day);
        fixture_activate(f, next++, day);
    }
    for (int i = 0; i < 7; i++) { /* and seven on the last of them */
        char day[DAYNUM_TEXT];
        daynum_format(first - 29 + 20, day);
        fixture_activate(f, next++, day);
    }
    enum err err = ERR_OK;
    int i = 0;
    for (; !err && i < 30; i++) {
        char day[DAYNUM_TEXT];
        struct sweep_result r;
        daynum_format(first + i, day);
        fixture_day(f, day);
        err = sweep(f->reg, DAYNUM_NONE, false, &r, NULL);
        if (err) {
            assert_int_equal(err, ERR_GUARD);
            assert_int_equal(r.guards[SWEEP_MEDIAN], SWEEP_STOPPED);
            assert_int_equal(r.due, 7);
            assert_int_equal(r.limit, 6);
        }
    }
    assert_int_equal(i, 22);
    fixture_free(f);
}

static void visits_holds_and_marks_end(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    fixture_activate(f, PHONE, "2026-03-01");     /* visitor until 03-12, then grey */
    fixture_activate(f, PHONE + 1, "2026-02-12"); /* deadline 03-14, held until 03-20 */
    fixture_activate(f, PHONE + 2, "2026-03-01"); /* ordered 03-11 .. 03-13 */
    OK(verify_temporary(f->reg, fixture_imei(PHONE), fixture_daynum("2026-03-12"), NULL));
    OK(verify_hold(f->reg, fixture_imei(PHONE + 1), fixture_daynum("2026-03-20"), NULL));
    struct suspension s = {.kind = MARK_ORDER,
                           .body = STR("court"),
                           .order = STR("7"),
                           .from = fixture_daynum("2026-03-11"),
                           .last = fixture_daynum("2026-03-13")};
    struct imei imei = {PHONE + 2};
    struct batch_result result;
    OK(suspend(f->reg, &s, &imei, 1, &result, NULL));
    static const struct {
        const char *day;
        uint8_t visitor, held, ordered;
    } days[] = {
        {"2026-03-10", REASON_TEMPORARY, REASON_UNVERIFIED, REASON_UNVERIFIED},
        {"2026-03-11", REASON_TEMPORARY, REASON_UNVERIFIED, REASON_ORDER},
        {"2026-03-12", REASON_TEMPORARY, REASON_UNVERIFIED, REASON_ORDER},
        {"2026-03-13", REASON_UNVERIFIED, REASON_UNVERIFIED, REASON_ORDER},
        {"2026-03-14", REASON_UNVERIFIED, REASON_UNVERIFIED, REASON_UNVERIFIED},
        {"2026-03-15", REASON_UNVERIFIED, REASON_HELD, REASON_UNVERIFIED},
        {"2026-03-20", REASON_UNVERIFIED, REASON_HELD, REASON_UNVERIFIED},
        {"2026-03-21", REASON_UNVERIFIED, REASON_EXPIRED, REASON_UNVERIFIED},
        {"2026-04-01", REASON_EXPIRED, REASON_EXPIRED, REASON_EXPIRED},
    };
    struct index *index;
    struct follow_result followed;
    OK(registry_index(f->reg, &index, NULL));
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        fixture_day(f, days[i].day);
        run_sweep(f, ERR_OK);
        OK(registry_follow(f->reg, index, &followed, NULL));
        uint8_t want[3] = {days[i].visitor, days[i].held, days[i].ordered};
        for (unsigned k = 0; k < 3; k++) {
            struct verdict v;
            assert_int_equal(fixture_verdict(f, PHONE + k).reason, want[k]);
            assert_true(index_find(index, fixture_imei(PHONE + k), &v));
            v = verdict_step(v, registry_today(f->reg), f->reg->head.gate.expire_through);
            assert_int_equal(v.reason, want[k]);
        }
    }
    index_free(index);
    fixture_whole(f);
    fixture_free(f);
}

/* A node that hears nothing for days keeps grey; a mark that it knows ends by the calendar. */
static void a_node_cut_off(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-30");
    fixture_activate(f, PHONE, "2026-03-01");
    run_sweep(f, ERR_OK);
    struct index *index;
    struct follow_result followed;
    OK(registry_index(f->reg, &index, NULL));
    for (int i = 1; i <= 3; i++) { /* the centre goes on, the node does not hear */
        char day[DAYNUM_TEXT];
        daynum_format(fixture_daynum("2026-03-30") + i, day);
        fixture_day(f, day);
        run_sweep(f, ERR_OK);
    }
    struct verdict v;
    daynum today = registry_today(f->reg);
    assert_int_equal(fixture_verdict(f, PHONE).reason, REASON_EXPIRED);
    assert_true(index_find(index, fixture_imei(PHONE), &v));
    v = verdict_step(v, today, index_state(index).gate.expire_through);
    assert_int_equal(v.reason, REASON_UNVERIFIED);
    OK(registry_follow(f->reg, index, &followed, NULL));
    assert_true(index_find(index, fixture_imei(PHONE), &v));
    v = verdict_step(v, today, index_state(index).gate.expire_through);
    assert_int_equal(v.reason, REASON_EXPIRED);
    index_free(index);
    fixture_free(f);
}

static void a_dry_run_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-31");
    fixture_activate(f, PHONE, "2026-03-01");
    fixture_day(f, "2026-04-03");
    uint64_t seq = f->reg->head.next_seq;
    struct sweep_result r;
    OK(sweep(f->reg, DAYNUM_NONE, true, &r, NULL));
    assert_int_equal(r.expired, 1);
    OK(registry_refresh(f->reg, NULL));
    assert_int_equal(f->reg->head.next_seq, seq);
    assert_int_equal(run_sweep(f, ERR_OK).expired, 1);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expiry_waits_for_the_gate),
        cmocka_unit_test(midnight_turns_without_a_row),
        cmocka_unit_test(a_late_sweep_makes_up_every_day),
        cmocka_unit_test(held_and_released),
        cmocka_unit_test(what_will_expire_is_told),
        cmocka_unit_test(what_a_hold_keeps_waits),
        cmocka_unit_test(a_late_visitor_is_released),
        cmocka_unit_test(a_guard_stops_it),
        cmocka_unit_test(the_median_arms_after_14_days),
        cmocka_unit_test(visits_holds_and_marks_end),
        cmocka_unit_test(a_node_cut_off),
        cmocka_unit_test(a_dry_run_changes_nothing),
    };
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
