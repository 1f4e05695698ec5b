/* SPDX-License-Identifier: Apache-2.0
 *
 * notice_test - the ladder told day by day: in its order, once each, never at night; what a server that was away
 * makes up; and random lives against what a person may expect of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mix.h"
#include "core/notice.h"

enum { DAY = 20600, FROM = 9 * 60, TO = 21 * 60, TURN = 30 /* minutes between two looks */ };

static struct verdict verdict(enum reason reason, daynum deadline)
{
    return (struct verdict){.reason = (uint8_t)reason,
                            .next_reason = (uint8_t)reason,
                            .flags = VERDICT_USED,
                            .deadline = deadline,
                            .valid_through = DAYNUM_OPEN};
}

static struct notice_time at(daynum day, int minute)
{
    return (struct notice_time){day, minute, FROM, TO};
}

/* One look; what it tells, counts as told. */
static enum notice_step look(const struct verdict *v, struct notice_told *told, daynum day,
                             int minute)
{
    struct notice_time now = at(day, minute);
    enum notice_step step = notice_due(v, told, &now);
    if (step)
        *told = notice_after(step, v, day);
    return step;
}

static void the_whole_ladder(void **state)
{
    (void)state;
    static const struct {
        int day, minute;
        enum notice_step step;
    } wanted[] = {{0, FROM, NOTICE_GREY},        {16, FROM, NOTICE_DAYS_14},
                  {23, FROM, NOTICE_DAYS_7},     {27, FROM, NOTICE_DAYS_3},
                  {29, FROM, NOTICE_DAYS_1},     {30, NOTICE_LAST_DAY_MINUTE, NOTICE_LAST_DAY},
                  {31, FROM, NOTICE_RESTRICTED}, {35, FROM, NOTICE_VERIFIED}};
    struct notice_told told = {0};
    size_t heard = 0;
    for (int day = 0; day < 60; day++) {
        struct verdict v = verdict(day < 31   ? REASON_UNVERIFIED
                                   : day < 35 ? REASON_EXPIRED
                                              : REASON_VERIFIED,
                                   day < 35 ? DAY + 30 : DAYNUM_NONE);
        for (int minute = 0; minute < 24 * 60; minute += TURN) {
            enum notice_step step = look(&v, &told, DAY + day, minute);
            if (!step)
                continue;
            assert_true(heard < sizeof wanted / sizeof *wanted);
            assert_int_equal(step, wanted[heard].step);
            assert_int_equal(day, wanted[heard].day);
            assert_int_equal(minute, wanted[heard].minute);
            heard++;
        }
    }
    assert_int_equal(heard, sizeof wanted / sizeof *wanted);
}

static void a_term_that_began_late(void **state)
{
    (void)state;
    struct verdict v = verdict(REASON_UNVERIFIED, DAY + 3);
    struct notice_told told = {0};
    assert_int_equal(look(&v, &told, DAY, FROM), NOTICE_GREY);
    assert_int_equal(look(&v, &told, DAY, TO - 1), NOTICE_NONE); /* three days are told already */
    assert_int_equal(look(&v, &told, DAY + 1, FROM), NOTICE_NONE);
    assert_int_equal(look(&v, &told, DAY + 2, FROM), NOTICE_DAYS_1);
    assert_int_equal(look(&v, &told, DAY + 3, FROM), NOTICE_NONE);
    assert_int_equal(look(&v, &told, DAY + 3, NOTICE_LAST_DAY_MINUTE), NOTICE_LAST_DAY);
    told = (struct notice_told){0};
    assert_int_equal(look(&v, &told, DAY + 3, FROM), NOTICE_GREY); /* on its last day */
    assert_int_equal(look(&v, &told, DAY + 3, NOTICE_LAST_DAY_MINUTE), NOTICE_NONE);
}

static void a_server_that_was_away(void **state)
{
    (void)state;
    struct verdict v = verdict(REASON_UNVERIFIED, DAY + 30);
    struct notice_told told = {0};
    assert_int_equal(look(&v, &told, DAY, FROM), NOTICE_GREY);
    assert_int_equal(look(&v, &told, DAY + 28, FROM), NOTICE_DAYS_3); /* not 14 and 7 as well */
    assert_int_equal(look(&v, &told, DAY + 28, FROM + 1), NOTICE_NONE);
    assert_int_equal(look(&v, &told, DAY + 30, FROM), NOTICE_NONE); /* nor yesterday's */
    v = verdict(REASON_EXPIRED, DAY + 30);
    assert_int_equal(look(&v, &told, DAY + 40, FROM), NOTICE_RESTRICTED);
}

static void a_last_day_that_moves(void **state)
{
    (void)state;
    struct verdict v = verdict(REASON_UNVERIFIED, DAY + 20);
    struct notice_told told = {0};
    assert_int_equal(look(&v, &told, DAY + 14, FROM), NOTICE_GREY);
    v = verdict(REASON_HELD, DAYNUM_NONE); /* an application is open */
    assert_int_equal(look(&v, &told, DAY + 18, FROM), NOTICE_NONE);
    v = verdict(REASON_HELD, DAY + 40);
    assert_int_equal(look(&v, &told, DAY + 22, FROM), NOTICE_GREY);
    assert_int_equal(look(&v, &told, DAY + 33, FROM), NOTICE_DAYS_7);
    v = verdict(REASON_HELD, DAY + 35); /* earlier again */
    assert_int_equal(look(&v, &told, DAY + 33, FROM), NOTICE_GREY);
    assert_int_equal(look(&v, &told, DAY + 34, FROM), NOTICE_DAYS_1);
}

static void of_what_nobody_is_told(void **state)
{
    (void)state;
    static const enum reason silent[] = {
        REASON_NEVER_ACTIVATED, REASON_VERIFIED, REASON_AMNESTY, REASON_STOLEN, REASON_ORDER,
        REASON_CLONE,           REASON_EXPIRED,  REASON_MACHINE, REASON_ROAMER, REASON_REVOKED};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        struct verdict v = verdict(silent[i], DAYNUM_NONE);
        struct notice_told told = {0};
        assert_int_equal(look(&v, &told, DAY, FROM), NOTICE_NONE);
    }
    /* One who was in the ladder: a mark says nothing to him; when it is lifted, the term goes on. */
    struct verdict grey = verdict(REASON_UNVERIFIED, DAY + 9);
    struct verdict stolen = verdict(REASON_STOLEN, DAYNUM_NONE);
    struct notice_told told = {0};
    assert_int_equal(look(&grey, &told, DAY, FROM), NOTICE_GREY);
    assert_int_equal(look(&stolen, &told, DAY + 4, FROM), NOTICE_NONE);
    assert_int_equal(look(&grey, &told, DAY + 6, FROM), NOTICE_DAYS_3);
    /* The gate waits: its last day is over, it is still served. */
    assert_int_equal(look(&grey, &told, DAY + 12, NOTICE_LAST_DAY_MINUTE), NOTICE_NONE);
    /* Who comes only then hears it, once. */
    told = (struct notice_told){0};
    assert_int_equal(look(&grey, &told, DAY + 12, FROM), NOTICE_NONE);
    assert_int_equal(look(&grey, &told, DAY + 12, NOTICE_LAST_DAY_MINUTE), NOTICE_LAST_DAY);
    assert_int_equal(look(&grey, &told, DAY + 13, NOTICE_LAST_DAY_MINUTE), NOTICE_NONE);
    assert_int_equal(notice_until(NOTICE_LAST_DAY, grey.deadline, DAY + 12), DAY + 12);
}

/* Random lives: the same word never twice of one last day, no word at night, no step after a later one of its term,
 * and every day that is told is the one that stands in the verdict. */
static void random_lives(void **state)
{
    (void)state;
    static const enum reason reasons[] = {REASON_UNVERIFIED, REASON_UNVERIFIED, REASON_HELD,
                                          REASON_EXPIRED,    REASON_VERIFIED,   REASON_STOLEN};
    uint64_t seed = 20261127, n = 0;
    for (int life = 0; life < 2000; life++) {
        struct notice_told told = {0};
        struct verdict v = verdict(REASON_UNVERIFIED, DAY + 30);
        bool heard[NOTICE_COUNT] = {false};
        daynum term = v.deadline;
        for (int half = 0; half < 2 * 60; half++) {
            uint64_t r = mix64(seed + n++);
            daynum day = DAY + half / 2;
            if (r % 23 == 0)
                v = verdict(reasons[(r >> 8) % 6], day + (daynum)(r >> 16) % 20);
            if ((r >> 24) % 5 == 0)
                continue; /* the server is away */
            int minute = (half % 2) * 720 + (int)((r >> 32) % 720);
            enum notice_step step = look(&v, &told, day, minute);
            if (!step)
                continue;
            assert_in_range(minute, FROM, TO - 1);
            bool begins = step == NOTICE_GREY || (step == NOTICE_LAST_DAY && day > v.deadline);
            if (begins && (v.deadline != term || !heard[step])) {
                memset(heard, 0, sizeof heard);
                term = v.deadline;
            }
            if (step <= NOTICE_LAST_DAY)
                assert_int_equal(v.deadline, term);
            if (step == NOTICE_RESTRICTED || step == NOTICE_VERIFIED)
                memset(heard, 0, sizeof heard);
            assert_false(heard[step]);
            for (unsigned later = step + 1U; later <= NOTICE_LAST_DAY && step < NOTICE_RESTRICTED;
                 later++)
                assert_false(heard[later]);
            heard[step] = true;
        }
    }
}

/* Words that come late are not sent: nobody reads "three days" when one is left. */
static void how_long_words_are_true(void **state)
{
    (void)state;
    static const struct {
        enum notice_step step;
        int made, until; /* days from the last one */
    } rows[] = {{NOTICE_GREY, -30, -15},   {NOTICE_GREY, -14, -8},  {NOTICE_DAYS_14, -14, -8},
                {NOTICE_DAYS_7, -7, -4},   {NOTICE_DAYS_3, -3, -2}, {NOTICE_DAYS_3, -2, -2},
                {NOTICE_DAYS_1, -1, -1},   {NOTICE_LAST_DAY, 0, 0}, {NOTICE_GREY, 0, 0},
                {NOTICE_RESTRICTED, 1, 8}, {NOTICE_VERIFIED, -3, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(notice_until(rows[i].step, DAY, DAY + rows[i].made), DAY + rows[i].until);
    assert_int_equal(notice_until(NOTICE_VERIFIED, DAYNUM_NONE, DAY), DAY + NOTICE_GOOD_DAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_ladder),        cmocka_unit_test(a_term_that_began_late),
        cmocka_unit_test(a_server_that_was_away),  cmocka_unit_test(a_last_day_that_moves),
        cmocka_unit_test(of_what_nobody_is_told),  cmocka_unit_test(random_lives),
        cmocka_unit_test(how_long_words_are_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
