/* SPDX-License-Identifier: Apache-2.0
 *
 * hours_test - working time, by cases that were counted by hand; tables of it as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "core/hours.h"

enum { HOUR = 3600 };

/* The country's clock: +06:00, from 2024-03-01 on +05:00, put back at midnight. */
static const struct zone almaty = {
    .name = "Asia/Almaty", .count = 2, .steps = {{INT64_MIN, 6 * HOUR}, {1709229600, 5 * HOUR}}};

static const char table[] = "# a table for these tests\n"
                            "until 2026-12-31\n"
                            "2024-03-08 off\n"
                            "2026-01-01 off # New Year\n"
                            "2026-01-02 off\n"
                            "2026-01-07 off\n"
                            "2026-01-10 work\n"
                            "2026-03-21 off # a Saturday\n"
                            "2026-03-23 off\n";

static struct hours parsed(const char *text)
{
    struct hours hours;
    struct fault fault = {0};
    if (hours_parse(str_z(text), &hours, &fault))
        fail_msg("line %d: %s", (int)fault.line, fault.detail);
    return hours;
}

static daynum day_of(const char *text)
{
    daynum day;
    assert_int_equal(daynum_parse(str_z(text), &day), ERR_OK);
    return day;
}

/* "2026-03-06 18:00", local. */
static int64_t at(const char *text)
{
    int64_t utc_s;
    assert_int_equal(instant_parse(str_z(text), &almaty, &utc_s), ERR_OK);
    return utc_s;
}

static const struct {
    const char *start;
    int minutes;
    const char *used_up;
} cases[] = {
    {"2026-02-02 09:00", 60, "2026-02-02 10:00"},   /* Monday */
    {"2026-02-06 18:00", 60, "2026-02-09 09:30"},   /* Friday evening */
    {"2026-02-06 18:00", 30, "2026-02-06 18:30"},   /* used up at the closing */
    {"2026-02-06 18:30", 1, "2026-02-09 09:01"},    /* from the closing */
    {"2026-02-08 23:00", 1, "2026-02-09 09:01"},    /* Sunday night */
    {"2026-02-09 08:59", 570, "2026-02-09 18:30"},  /* a day is 9 h 30 min */
    {"2026-02-09 09:00", 571, "2026-02-10 09:01"},  /* and a minute */
    {"2025-12-31 18:00", 60, "2026-01-05 09:30"},   /* Wednesday; Thursday and Friday off */
    {"2026-01-06 18:30", 10, "2026-01-08 09:10"},   /* Wednesday off */
    {"2026-01-09 18:00", 60, "2026-01-10 09:30"},   /* a Saturday that is worked */
    {"2026-01-10 18:00", 60, "2026-01-12 09:30"},   /* Sunday is not */
    {"2026-03-20 18:00", 60, "2026-03-24 09:30"},   /* over a long weekend */
    {"2024-02-29 18:00", 60, "2024-03-01 09:30"},   /* the clock is put back that night */
    {"2024-03-07 18:00", 60, "2024-03-11 09:30"},   /* Friday off */
    {"2026-02-02 09:00", 2850, "2026-02-06 18:30"}, /* a week of 47.5 hours */
    {"2026-02-02 09:00", 2851, "2026-02-09 09:01"},
    {"2027-01-01 10:00", 60, "2027-01-01 11:00"}, /* past the table: a Friday */
    {"2027-01-01 18:00", 60, "2027-01-04 09:30"},
};

static void counted_by_hand(void **state)
{
    (void)state;
    struct hours hours = parsed(table);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t start = at(cases[i].start), want = at(cases[i].used_up), seconds = cases[i].minutes;
        seconds *= 60;
        int64_t got = hours_add(&hours, &almaty, start, seconds);
        if (got != want)
            fail_msg("%s + %d min: %+lld s off", cases[i].start, cases[i].minutes,
                     (long long)(got - want));
        assert_int_equal(hours_between(&hours, &almaty, start, want), seconds);
        assert_int_equal(hours_between(&hours, &almaty, start, want - 1), seconds - 1);
        assert_int_equal(hours_between(&hours, &almaty, want, start), 0);
    }
}

static void nothing_is_used_up_at_once(void **state)
{
    (void)state;
    struct hours hours = parsed(table);
    static const char *const starts[] = {"2026-02-02 09:00", "2026-02-02 18:30",
                                         "2026-02-08 23:00"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        int64_t start = at(starts[i]);
        assert_int_equal(hours_add(&hours, &almaty, start, 0), start);
        assert_int_equal(hours_add(&hours, &almaty, start, -5), start);
        assert_int_equal(hours_between(&hours, &almaty, start, start), 0);
    }
}

/* 2026-02-02, a Monday, whose clock jumps from 12:00 to 13:00, or goes from 12:00 back to 11:00. */
static void the_clock_changes_at_noon(void **state)
{
    (void)state;
    struct hours hours = parsed(table);
    daynum monday = day_of("2026-02-02");
    int64_t noon = (int64_t)monday * 86400 + 12 * HOUR;
    struct zone zone = {.count = 2, .steps = {{INT64_MIN, 0}, {noon, HOUR}}};
    int64_t whole = hours_between(&hours, &zone, noon - 12 * HOUR, noon + 12 * HOUR);
    assert_int_equal(whole, 8 * HOUR + HOUR / 2);
    assert_int_equal(hours_add(&hours, &zone, noon - HOUR, 2 * HOUR), noon + HOUR);
    assert_int_equal(hours_add(&hours, &zone, noon - 3 * HOUR, whole), noon + 5 * HOUR + HOUR / 2);
    zone.steps[1].offset = -HOUR;
    whole = hours_between(&hours, &zone, noon - 12 * HOUR, noon + 12 * HOUR);
    assert_int_equal(whole, 10 * HOUR + HOUR / 2);
    assert_int_equal(hours_add(&hours, &zone, noon - 3 * HOUR, whole), noon + 7 * HOUR + HOUR / 2);
}

static void far_ends_hold(void **state)
{
    (void)state;
    struct hours hours = parsed(table);
    int64_t first = zone_day_start(&almaty, DAYNUM_FIRST);
    int64_t end = zone_day_start(&almaty, DAYNUM_LAST + 1);
    assert_int_equal(hours_add(&hours, &almaty, INT64_MIN, 0), first);
    assert_int_equal(hours_add(&hours, &almaty, INT64_MIN, 1), /* 2000-01-03 was a Monday */
                     at("2000-01-03 09:00") + 1);
    assert_int_equal(hours_add(&hours, &almaty, INT64_MAX, 1), end);
    assert_int_equal(hours_add(&hours, &almaty, 0, INT64_MAX), end);
    assert_int_equal(hours_between(&hours, &almaty, INT64_MAX, INT64_MIN), 0);
    int64_t all = hours_between(&hours, &almaty, INT64_MIN, INT64_MAX);
    int64_t sum = 0;
    for (daynum day = DAYNUM_FIRST; day <= DAYNUM_LAST; day++)
        sum += hours_works(&hours, day) ? 34200 : 0;
    assert_int_equal(all, sum);
    assert_true(hours_add(&hours, &almaty, INT64_MIN, all) <= end);
    assert_int_equal(
        hours_between(&hours, &almaty, INT64_MIN, hours_add(&hours, &almaty, INT64_MIN, all)), all);
}

static void working_days_are_counted(void **state)
{
    (void)state;
    struct hours hours = parsed(table);
    static const struct {
        const char *day;
        uint32_t n;
        const char *want;
    } days[] = {
        {"2026-02-02", 0, "2026-02-02"}, {"2026-02-02", 1, "2026-02-03"},
        {"2026-02-06", 1, "2026-02-09"}, {"2026-02-07", 1, "2026-02-09"},
        {"2026-02-07", 0, "2026-02-07"}, {"2025-12-31", 1, "2026-01-05"},
        {"2025-12-31", 5, "2026-01-10"}, /* 5, 6, 8, 9, 10 */
        {"2026-03-20", 1, "2026-03-24"}, {"2026-02-02", 20, "2026-03-02"},
        {"2026-12-31", 1, "2027-01-01"}, {"2026-02-02", UINT32_MAX, "2179-06-05"},
        {"2179-06-05", 3, "2179-06-05"},
    };
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        assert_int_equal(hours_add_days(&hours, day_of(days[i].day), days[i].n),
                         day_of(days[i].want));
    assert_int_equal(hours_add_days(&hours, DAYNUM_NONE, 3), DAYNUM_NONE);
    assert_int_equal(hours_add_days(&hours, DAYNUM_OPEN, 3), DAYNUM_OPEN);
    assert_false(hours_works(&hours, DAYNUM_NONE));
    assert_false(hours_works(&hours, DAYNUM_OPEN));
}

static void the_end_is_told_in_time(void **state)
{
    (void)state;
    struct hours hours = parsed(table);
    assert_int_equal(hours_warning(&hours, day_of("2026-11-01")), 60);
    assert_int_equal(hours_warning(&hours, day_of("2026-10-31")), HOURS_NO_WARNING);
    assert_int_equal(hours_warning(&hours, day_of("2026-12-30")), 1);
    assert_int_equal(hours_warning(&hours, day_of("2026-12-31")), 0);
    assert_int_equal(hours_warning(&hours, day_of("2027-05-01")), 0);
    assert_int_equal(hours_warning(&hours, DAYNUM_NONE), HOURS_NO_WARNING);
    assert_int_equal(hours_warning(&hours, DAYNUM_OPEN), 0);
}

/* Working days of each year, as production calendars print them. */
static void the_shipped_table(void **state)
{
    (void)state;
    struct hours hours, again;
    hours_init(&hours);
    assert_int_equal(hours_parse(hours_default_text(), &again, NULL), ERR_OK);
    assert_memory_equal(&hours, &again, sizeof hours);
    assert_int_equal(hours.until, day_of("2027-12-31"));
    assert_int_equal(hours.open_minute, 540);
    assert_int_equal(hours.close_minute, 1110);
    assert_int_equal(hours.weekdays, 0x1f);
    static const int of_year[] = {246, 247, 247};
    for (int year = 2025; year <= 2027; year++) {
        int days = 0;
        for (daynum d = daynum_from_ymd(year, 1, 1); d < daynum_from_ymd(year + 1, 1, 1); d++)
            days += hours_works(&hours, d);
        assert_int_equal(days, of_year[year - 2025]);
    }
    for (uint32_t i = 0; i < hours.off_count; i++) /* none is told that is off anyway */
        assert_true((hours.off[i] + 3) % 7 < 5);
    assert_true(hours_works(&hours, day_of("2025-01-05")));
    assert_false(hours_works(&hours, day_of("2025-01-03")));
    assert_true(hours_works(&hours, day_of("2026-08-31")));
    assert_false(hours_works(&hours, day_of("2027-03-15")));
}

static void forms_of_a_table(void **state)
{
    (void)state;
    struct hours h = parsed("\r\n \t\nuntil\t20281231\r\nopen 00:00-24:00\r\ndays sun-thu # all\r\n"
                            "2028-01-04 off\n2028-01-03 off\n2028-01-05 off\n#end");
    assert_int_equal(h.until, day_of("2028-12-31"));
    assert_int_equal(h.open_minute, 0);
    assert_int_equal(h.close_minute, 1440);
    assert_int_equal(h.weekdays, 0x4f);
    assert_int_equal(h.off_count, 3);
    for (daynum i = 0; i < 3; i++)
        assert_int_equal(h.off[i], day_of("2028-01-03") + i);
    assert_int_equal(parsed("days mon,wed-fri\nuntil 2028-12-31").weekdays, 0x1d);
    assert_int_equal(parsed("days sat\nuntil 2028-12-31").weekdays, 0x20);
}

static const struct {
    const char *text;
    enum err err;
    int line;
    const char *detail; /* a part */
} bad[] = {
    {"", ERR_SETTING_VALUE, 0, "until"},
    {"days mon-fri\n# until 2026-12-31\n", ERR_SETTING_VALUE, 0, "until"},
    {"until 2026-12-32", ERR_DATE, 1, "until wants a day"},
    {"until", ERR_SETTING_VALUE, 1, "one value"},
    {"until 2026-12-31\nuntil 2027-12-31", ERR_SETTING_VALUE, 2, "until comes twice"},
    {"until 2026-12-31\n\n2026-01-01", ERR_SETTING_VALUE, 3, "one value"},
    {"until 2026-12-31\n2026-01-01 off off", ERR_SETTING_VALUE, 2, "one value"},
    {"until 2026-12-31\n2026-01-01 free", ERR_SETTING_VALUE, 2, "off or work"},
    {"until 2026-12-31\n2026-02-29 off", ERR_DATE, 2, "YYYY-MM-DD"},
    {"until 2026-12-31\n01.01.2026 off", ERR_DATE, 2, "YYYY-MM-DD"},
    {"until 2026-12-31\n2026-01-01 off\n2026-01-01 off", ERR_SETTING_VALUE, 3, "twice"},
    {"until 2026-12-31\n2026-01-01 off\n2026-01-01 work", ERR_SETTING_VALUE, 3, "twice"},
    {"2026-05-01 off\n2027-01-01 off\n2026-05-02 off\nuntil 2026-12-31", ERR_SETTING_VALUE, 2,
     "past"},
    {"holiday 2026-01-01", ERR_SETTING_UNKNOWN, 1, "until, open, days"},
    {"open 09:00", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 9:00-18:30", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 09:00-09:00", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 18:30-09:00", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 09:00-24:01", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 09:60-18:30", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 09:00-18:30-19:00", ERR_SETTING_VALUE, 1, "09:00-18:30"},
    {"open 09:00-18:30\nopen 09:00-18:30", ERR_SETTING_VALUE, 2, "open comes twice"},
    {"days Mon", ERR_SETTING_VALUE, 1, "mon-fri"},
    {"days mon-", ERR_SETTING_VALUE, 1, "mon-fri"},
    {"days mon,", ERR_SETTING_VALUE, 1, "mon-fri"},
    {"days mon-fri-sun", ERR_SETTING_VALUE, 1, "mon-fri"},
    {"days mon\ndays tue", ERR_SETTING_VALUE, 2, "days comes twice"},
};

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hours hours = {.until = 7};
        struct fault fault = {0};
        enum err err = hours_parse(str_z(bad[i].text), &hours, &fault);
        if (err != bad[i].err || (int)fault.line != bad[i].line ||
            !strstr(fault.detail, bad[i].detail))
            fail_msg("%s: %s, line %d, %s", bad[i].text, err_name(err), (int)fault.line,
                     fault.detail);
        assert_int_equal(hours.until, 7);
        assert_int_equal(hours_parse(str_z(bad[i].text), &hours, NULL), err);
    }
}

static void a_table_has_its_limits(void **state)
{
    (void)state;
    struct hours hours;
    struct fault fault = {0};
    struct buf text = {0};
    char day[DAYNUM_TEXT];
    buf_str(&text, STR("until 2179-06-05\n"));
    for (daynum i = 0; i <= LIMIT_HOLIDAYS; i++) {
        if (i == LIMIT_HOLIDAYS)
            assert_int_equal(hours_parse((struct str){(char *)text.p, text.n}, &hours, NULL), 0);
        daynum_format(DAYNUM_LAST - i, day);
        buf_printf(&text, "%s off\n", day);
    }
    assert_int_equal(hours_parse((struct str){(char *)text.p, text.n}, &hours, &fault),
                     ERR_TOO_MANY);
    assert_int_equal(fault.line, LIMIT_HOLIDAYS + 2);
    while (text.n <= LIMIT_HOURS_TEXT)
        buf_str(&text, STR("#\n"));
    assert_int_equal(hours_parse((struct str){(char *)text.p, text.n}, &hours, &fault),
                     ERR_TOO_LONG);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_by_hand),           cmocka_unit_test(nothing_is_used_up_at_once),
        cmocka_unit_test(the_clock_changes_at_noon), cmocka_unit_test(far_ends_hold),
        cmocka_unit_test(working_days_are_counted),  cmocka_unit_test(the_end_is_told_in_time),
        cmocka_unit_test(the_shipped_table),         cmocka_unit_test(forms_of_a_table),
        cmocka_unit_test(what_is_wrong_is_told),     cmocka_unit_test(a_table_has_its_limits),
    };
    return cmocka_run_group_tests_name("hours", tests, NULL, NULL);
}
