/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds become cases: what a rule may confirm without an officer stays within its bound of a day, over several looks and over
 * one that was cut off; fleets and machines are findings that cut nobody off; what an officer dismissed is no rule's. */
#include "clones/clone_bed.h"

static void by_rule(struct clone_bed *bed, uint32_t most)
{
    bed->f->reg->rules.clone_auto = true;
    bed->f->reg->rules.clone_auto_most = most;
}

static struct clone_by_rule day_of(struct clone_bed *bed)
{
    struct clone_by_rule day;
    OK(clone_by_rule_get(bed->f->reg, registry_today(bed->f->reg), &day, NULL));
    return day;
}

static void without_the_rule_nobody_is_cut_off(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    bed_open(&bed, "2026-03-01");
    bed_finds(&bed, 0, 3);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.opened, 3);
    assert_int_equal(opened.confirmed + opened.held, 0);
    assert_int_equal(bed_facts(&bed, 0), FACTS_CLONE_SUSPECTED);
    assert_int_not_equal(reason_list(fixture_verdict(bed.f, BED_PHONE).reason), LIST_BLACK);
    bed_close(&bed);
}

static void a_rule_confirms_up_to_its_bound(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    bed_open(&bed, "2026-03-01");
    by_rule(&bed, 3);
    bed_finds(&bed, 0, 3);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.opened, 3);
    assert_int_equal(opened.confirmed, 3);
    assert_int_equal(opened.held, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(bed_facts(&bed, i), FACTS_CLONE);
        assert_int_equal(bed_pairs(&bed, i), 1); /* whose pair is the oldest */
        assert_int_equal(bed_case(&bed, i).decided_by, 0);
    }
    assert_int_equal(day_of(&bed).confirmed, 3);
    bed_finds(&bed, 3, 1); /* a second look of the day */
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.confirmed, 0);
    assert_int_equal(opened.held, 1);
    assert_int_equal(bed_case(&bed, 3).at, CLONE_OPEN);
    assert_int_equal(bed_facts(&bed, 3), FACTS_CLONE_SUSPECTED);
    fixture_day(bed.f, "2026-03-02");
    bed_finds(&bed, 3, 2); /* what was held is an officer's, what is new the rule's */
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.stood, 1);
    assert_int_equal(opened.confirmed, 1);
    assert_int_equal(bed_case(&bed, 3).at, CLONE_OPEN);
    assert_int_equal(bed_case(&bed, 4).at, CLONE_CONFIRMED);
    fixture_whole(bed.f);
    bed_close(&bed);
}

static void above_the_bound_none_is_confirmed(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    bed_open(&bed, "2026-03-01");
    by_rule(&bed, 3);
    bed_finds(&bed, 0, 4);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.opened, 4);
    assert_int_equal(opened.confirmed, 0);
    assert_int_equal(opened.held, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(bed_facts(&bed, i), FACTS_CLONE_SUSPECTED);
        assert_int_equal(bed_pairs(&bed, i), 0);
    }
    assert_int_equal(day_of(&bed).held, 4);
    bed_finds(&bed, 9, 1); /* nor by another look of this day */
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.confirmed, 0);
    assert_int_equal(day_of(&bed).held, 5);
    bed.f->reg->rules.clone_auto_most = 0;
    fixture_day(bed.f, "2026-03-02");
    bed_finds(&bed, 10, 1);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.held, 1); /* 0: none at all */
    bed_close(&bed);
}

/* Some hundred cases a transaction: the rest of a look that was stopped is not few. */
static void a_look_that_was_cut_off_confirms_no_rest(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    const atomic_int stop = 1;
    bed_open(&bed, "2026-03-01");
    by_rule(&bed, 420);
    bed_finds(&bed, 0, 450);
    assert_int_equal(bed_look(&bed, &stop, &opened), ERR_STOPPED);
    assert_int_equal(opened.opened, 400);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.stood, 400);
    assert_int_equal(opened.opened, 50);
    assert_int_equal(opened.confirmed, 0);
    for (unsigned i = 0; i < 450; i += 449)
        assert_int_equal(bed_case(&bed, i).at, CLONE_OPEN);
    bed_close(&bed);
    bed_open(&bed, "2026-03-01"); /* within the bound the rest goes on as it began */
    by_rule(&bed, 450);
    bed_finds(&bed, 0, 450);
    assert_int_equal(bed_look(&bed, &stop, &opened), ERR_STOPPED);
    assert_int_equal(day_of(&bed).confirmed, 400);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.confirmed, 50);
    assert_int_equal(day_of(&bed).confirmed, 450);
    bed_close(&bed);
}

static void fleets_and_machines_are_findings(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    struct change fleet = {.imei = {BED_PHONE + 2}, .kind = CHANGE_MACHINE, .on = true};
    bed_open(&bed, "2026-03-01");
    by_rule(&bed, 1);
    fixture_give(bed.f, EVENT_OBSERVED, &fleet, 1);
    struct clone_find *p = bed_finds(&bed, 0, 5);
    p[0].fleet = true;                 /* subscribers of a fleet */
    p[1].imei.body = 11111111111111;   /* names no phone */
    OK(bed_look(&bed, NULL, &opened)); /* [2] is declared; [3], [4]: two for a bound of one */
    assert_int_equal(opened.fleets, 3);
    assert_int_equal(opened.opened, 2);
    assert_int_equal(opened.held, 2);
    assert_int_equal(bed_case(&bed, 0).at, CLONE_FLEET);
    assert_int_equal(bed_facts(&bed, 0), 0);
    assert_int_equal(bed_facts(&bed, 2), 0);
    fixture_day(bed.f, "2026-03-02");
    bed.f->reg->rules.machine_imsi.prefix[0] = 1401;
    bed.f->reg->rules.machine_imsi.count = 1;
    bed_finds(&bed, 20, 1);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.fleets, 1); /* by their IMSIs */
    assert_int_equal(opened.confirmed, 0);
    assert_int_equal(bed_facts(&bed, 20), 0);
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.stood, 1);
    bed_close(&bed);
}

static void what_was_dismissed_is_no_rules(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    struct clone_case c;
    bool waits;
    bed_open(&bed, "2026-03-01");
    bed_finds(&bed, 0, 1);
    OK(bed_look(&bed, NULL, &opened));
    const struct clone_decision dismiss = {.to = CLONE_DISMISSED, .reason = "a shop"};
    OK(clone_decide(bed.f->reg, (struct imei){BED_PHONE}, &dismiss, &c, &waits, NULL));
    by_rule(&bed, 10);
    bed_finds(&bed, 0, 1)->imsis = 2 * BED_USERS;
    OK(bed_look(&bed, NULL, &opened));
    assert_int_equal(opened.again, 1);
    assert_int_equal(opened.confirmed + opened.held, 0);
    assert_int_equal(bed_case(&bed, 0).at, CLONE_OPEN);
    bed_close(&bed);
}

static void what_stands_is_counted(void **state)
{
    (void)state;
    struct clone_bed bed;
    struct clone_opened opened;
    struct clone_standing s;
    bed_open(&bed, "2026-03-01");
    OK(clone_counts(bed.f->reg, &s, NULL));
    assert_int_equal(s.oldest, DAYNUM_NONE);
    bed_finds(&bed, 0, 2);
    OK(bed_look(&bed, NULL, &opened));
    fixture_day(bed.f, "2026-03-05");
    bed_finds(&bed, 2, 2)->fleet = true;
    OK(bed_look(&bed, NULL, &opened));
    OK(clone_counts(bed.f->reg, &s, NULL));
    assert_int_equal(s.oldest, fixture_daynum("2026-03-01"));
    assert_int_equal(s.count[CLONE_OPEN], 3);
    assert_int_equal(s.count[CLONE_FLEET], 1);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_rule_nobody_is_cut_off),
        cmocka_unit_test(a_rule_confirms_up_to_its_bound),
        cmocka_unit_test(above_the_bound_none_is_confirmed),
        cmocka_unit_test(a_look_that_was_cut_off_confirms_no_rest),
        cmocka_unit_test(fleets_and_machines_are_findings),
        cmocka_unit_test(what_was_dismissed_is_no_rules),
        cmocka_unit_test(what_stands_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
