/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is a clone and who is not, by what was seen of one IMEI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clones/judge.h"

static const struct clone_rules usual = {.days = 30,
                                         .imsis = 10,
                                         .average_tenths = 25,
                                         .min_days = 10,
                                         .two_operator_days = 20,
                                         .fleet = 100};

static struct clone_seen seen_of(const uint64_t *days, size_t n, uint64_t two_op)
{
    struct clone_seen seen = {.two_op = two_op};
    for (size_t i = 0; i < n; i++)
        clone_seen_add(&seen, days[i]);
    return seen;
}

static uint32_t why_of(const uint64_t *days, size_t n, uint64_t two_op)
{
    struct clone_seen seen = seen_of(days, n, two_op);
    return clone_judge(&seen, &usual);
}

static uint64_t first(unsigned n)
{
    return n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

/* Four SIMs one after another, or two that change places every day. */
static void one_person_is_no_clone(void **state)
{
    (void)state;
    const uint64_t in_turn[] = {first(8), first(8) << 8, first(8) << 16, first(6) << 24};
    const uint64_t daily[] = {0x15555555, 0x2aaaaaaa};
    const uint64_t both[] = {first(30), first(30)};
    assert_int_equal(why_of(in_turn, 4, 0), 0);
    assert_int_equal(why_of(daily, 2, 0), 0);
    assert_int_equal(why_of(both, 2, 0), 0);
    assert_int_equal(why_of(both, 1, first(30)), 0); /* one SIM that two networks carry */
}

static void three_phones_are(void **state)
{
    (void)state;
    const uint64_t three[] = {first(12), first(12), first(11)};
    const uint64_t nine[] = {first(9), first(9), first(9)};
    assert_int_equal(why_of(three, 3, 0), CLONE_BY_AVERAGE);
    assert_int_equal(why_of(nine, 3, 0), 0); /* nine days of use are too few for an average */
    const uint64_t less[] = {first(20), first(20), first(9)}; /* 2.45 a day */
    assert_int_equal(why_of(less, 3, 0), 0);
    const uint64_t just[] = {first(20), first(20), first(10)}; /* 2.5 */
    assert_int_equal(why_of(just, 3, 0), CLONE_BY_AVERAGE);
}

static void many_subscribers_are(void **state)
{
    (void)state;
    uint64_t ten[10];
    for (unsigned i = 0; i < 10; i++)
        ten[i] = UINT64_C(1) << 3 * i;
    assert_int_equal(why_of(ten, 9, 0), 0);
    assert_int_equal(why_of(ten, 10, 0), CLONE_BY_IMSIS);
    ten[4] = 0; /* not in the window */
    assert_int_equal(why_of(ten, 10, 0), 0);
}

static void two_operators_on_many_days_are(void **state)
{
    (void)state;
    const uint64_t two[] = {first(20), first(20)};
    assert_int_equal(why_of(two, 2, first(20)), CLONE_BY_OPERATORS);
    assert_int_equal(why_of(two, 2, first(19)), 0);
    const uint64_t apart[] = {first(19), first(20)}; /* on the last day one subscriber alone */
    assert_int_equal(why_of(apart, 2, first(20)), 0);
}

static void rules_are_turned_off(void **state)
{
    (void)state;
    const uint64_t all[] = {first(30), first(30), first(30), first(30)};
    struct clone_seen seen = seen_of(all, 4, first(30));
    struct clone_rules off = {.days = 30, .min_days = 10};
    assert_int_equal(clone_judge(&seen, &off), 0);
    assert_int_equal(clone_least(&off), 0);
    off.imsis = 1; /* one subscriber is no clone whatever is set */
    assert_int_equal(clone_least(&off), 2);
    struct clone_seen one = seen_of(all, 1, 0);
    assert_int_equal(clone_judge(&one, &off), 0);
    assert_int_equal(clone_judge(&seen, &off), CLONE_BY_IMSIS);
    assert_int_equal(clone_least(&usual), 2);
    assert_int_equal(clone_least_alone(&usual), 3);
}

/* What a candidate is asked before it is judged must not lose one. */
static void least_loses_nobody(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 14; n++)
        for (uint32_t average = 0; average < 60; average += 5) {
            uint64_t days[14];
            struct clone_rules r = {.days = 30, .average_tenths = average};
            for (uint32_t i = 0; i < n; i++)
                days[i] = 1;
            struct clone_seen seen = seen_of(days, n, 0);
            if (clone_judge(&seen, &r))
                assert_true(clone_least(&r) && n >= clone_least(&r));
        }
}

static void settings_are_bounded(void **state)
{
    (void)state;
    struct rules rules;
    rules_init(&rules);
    struct clone_rules r = clone_rules_of(&rules);
    assert_memory_equal(&r, &usual, sizeof r);
    rules.clone_days = 0;
    assert_int_equal(clone_rules_of(&rules).days, 1);
    rules.clone_days = 3660;
    assert_int_equal(clone_rules_of(&rules).days, CLONE_WINDOW);
    assert_false(rules.clone_auto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_person_is_no_clone), cmocka_unit_test(three_phones_are),
        cmocka_unit_test(many_subscribers_are),   cmocka_unit_test(two_operators_on_many_days_are),
        cmocka_unit_test(rules_are_turned_off),   cmocka_unit_test(least_loses_nobody),
        cmocka_unit_test(settings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
