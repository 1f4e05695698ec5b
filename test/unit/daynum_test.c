/* SPDX-License-Identifier: Apache-2.0
 *
 * The calendar, and the zones that turn instants into days: the country's own with its change of
 * 2024, one with summer time, and made ones where midnight itself is skipped or comes twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "app/registry.h"

static int64_t utc(const char *text)
{
    int64_t at;
    assert_int_equal(instant_parse(str_z(text), NULL, &at), ERR_OK);
    return at;
}

static daynum day_of(const char *text)
{
    daynum day;
    assert_int_equal(daynum_parse(str_z(text), &day), ERR_OK);
    return day;
}

/* Walks 500 years day by day with a calendar of its own. */
static void every_day_both_ways(void **state)
{
    (void)state;
    int year = 1900, month = 1, day = 1;
    for (daynum d = -25567; d < 157000; d++) {
        int y, m, n;
        daynum_to_ymd(d, &y, &m, &n);
        assert_int_equal(y, year);
        assert_int_equal(m, month);
        assert_int_equal(n, day);
        assert_int_equal(daynum_from_ymd(year, month, day), d);
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int length = month == 2                                              ? 28 + leap
                     : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                             : 31;
        if (++day > length) {
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
}

static void fixed_points(void **state)
{
    (void)state;
    assert_int_equal(daynum_from_ymd(1970, 1, 1), 0);
    assert_int_equal(daynum_from_ymd(2000, 1, 1), DAYNUM_FIRST);
    assert_int_equal(daynum_from_ymd(2179, 6, 5), DAYNUM_LAST);
    assert_int_equal(daynum_from_ymd(2000, 2, 29) + 1, daynum_from_ymd(2000, 3, 1));
    assert_int_equal(daynum_from_ymd(2100, 2, 28) + 1, daynum_from_ymd(2100, 3, 1));
}

static void dates_are_read(void **state)
{
    (void)state;
    static const char *const good[] = {"2000-01-01", "20000101",   "2024-02-29", "20240229",
                                       "2025-12-31", "2179-06-05", "21790605"};
    static const char *const bad[] = {"",
                                      "2025",
                                      "2025-3-25",
                                      "25.03.2025",
                                      "2025/03/25",
                                      "2025-02-29",
                                      "20250229",
                                      "2100-02-29",
                                      "2025-13-01",
                                      "2025-00-10",
                                      "2025-01-00",
                                      "2025-04-31",
                                      "2025-01-32",
                                      "1999-12-31",
                                      "2179-06-06",
                                      "2025-03-25 ",
                                      " 2025-03-25",
                                      "2025-0325",
                                      "202503-25",
                                      "2025-03-2x",
                                      "-025-03-25",
                                      "99991231",
                                      "2025-03-25T00:00:00Z"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[DAYNUM_TEXT];
        daynum day = day_of(good[i]);
        daynum_format(day, text);
        assert_int_equal(day_of(text), day);
    }
    assert_int_equal(day_of("20240229"), daynum_from_ymd(2024, 2, 29));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        daynum day = 7;
        assert_int_equal(daynum_parse(str_z(bad[i]), &day), ERR_DATE);
        assert_int_equal(day, 7);
    }
}

static void days_are_written(void **state)
{
    (void)state;
    char text[DAYNUM_TEXT];
    daynum_format(daynum_from_ymd(2025, 7, 31), text);
    assert_string_equal(text, "2025-07-31");
    daynum_format(DAYNUM_NONE, text);
    assert_string_equal(text, "-");
    daynum_format(DAYNUM_OPEN, text);
    assert_string_equal(text, "open");
    daynum_format(DAYNUM_OPEN - 1, text);
    assert_string_equal(text, "-");
    daynum_format(DAYNUM_NONE + 1, text);
    assert_string_equal(text, "-");
}

static void sixteen_bits_hold_every_day(void **state)
{
    (void)state;
    for (daynum d = DAYNUM_FIRST; d <= DAYNUM_LAST; d++)
        assert_int_equal(daynum_unpack(daynum_pack(d), DAYNUM_NONE), d);
    assert_int_equal(daynum_pack(DAYNUM_NONE), UINT16_MAX);
    assert_int_equal(daynum_pack(DAYNUM_OPEN), UINT16_MAX);
    assert_int_equal(daynum_unpack(UINT16_MAX, DAYNUM_OPEN), DAYNUM_OPEN);
}

static struct zone load(const char *name)
{
    struct zone zone;
    struct fault fault = {0};
    if (zone_load(name, &zone, &fault))
        fail_msg("%s: %s", name, fault.detail);
    assert_string_equal(zone.name, name);
    return zone;
}

static void almaty_and_its_change(void **state)
{
    (void)state;
    struct zone zone = load("Asia/Almaty");
    assert_int_equal(zone_offset(&zone, utc("2024-02-29T17:59:59Z")), 6 * 3600);
    assert_int_equal(zone_offset(&zone, utc("2024-02-29T18:00:00Z")), 5 * 3600);
    assert_int_equal(zone_offset(&zone, utc("2025-05-25T00:00:00Z")), 5 * 3600);
    /* The last of February had 25 hours. */
    daynum last = day_of("2024-02-29");
    assert_int_equal(zone_day(&zone, utc("2024-02-28T17:59:59Z")), last - 1);
    assert_int_equal(zone_day(&zone, utc("2024-02-28T18:00:00Z")), last);
    assert_int_equal(zone_day(&zone, utc("2024-02-29T18:59:59Z")), last);
    assert_int_equal(zone_day(&zone, utc("2024-02-29T19:00:00Z")), last + 1);
    assert_int_equal(zone_day_start(&zone, last), utc("2024-02-28T18:00:00Z"));
    assert_int_equal(zone_day_start(&zone, last + 1), utc("2024-02-29T19:00:00Z"));
    assert_int_equal(zone_day_start(&zone, day_of("2025-05-26")), utc("2025-05-25T19:00:00Z"));
}

static void berlin_and_summer_time(void **state)
{
    (void)state;
    struct zone zone = load("Europe/Berlin");
    assert_int_equal(zone_offset(&zone, utc("2025-03-30T00:59:59Z")), 3600);
    assert_int_equal(zone_offset(&zone, utc("2025-03-30T01:00:00Z")), 7200);
    assert_int_equal(zone_offset(&zone, utc("2025-10-26T00:59:59Z")), 7200);
    assert_int_equal(zone_offset(&zone, utc("2025-10-26T01:00:00Z")), 3600);
    assert_int_equal(zone_offset(&zone, utc("2059-07-01T00:00:00Z")), 7200);
    daynum spring = day_of("2025-03-30"), autumn = day_of("2025-10-26");
    assert_int_equal(zone_day_start(&zone, spring + 1) - zone_day_start(&zone, spring), 23 * 3600);
    assert_int_equal(zone_day_start(&zone, autumn + 1) - zone_day_start(&zone, autumn), 25 * 3600);
}

/* A day begins at its first second, whatever the zone does. */
static void day_starts_are_first_seconds(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Asia/Almaty",      "Europe/Berlin",     "Asia/Beirut", "UTC",           "Pacific/Apia",
        "America/St_Johns", "Africa/Casablanca", "Asia/Gaza",   "America/Havana"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone zone = load(names[i]);
        for (daynum d = DAYNUM_FIRST; d <= DAYNUM_FIRST + 60 * 365; d++) {
            int64_t at = zone_day_start(&zone, d);
            assert_true(zone_day(&zone, at) >= d);
            assert_true(zone_day(&zone, at - 1) < d);
        }
    }
}

/* Samoa had no 30th of December in 2011: that day begins where the next one does. */
static void a_day_that_was_skipped(void **state)
{
    (void)state;
    struct zone zone = load("Pacific/Apia");
    daynum skipped = day_of("2011-12-30");
    int64_t at = zone_day_start(&zone, skipped);
    assert_int_equal(at, utc("2011-12-30T10:00:00Z"));
    assert_int_equal(zone_day(&zone, at), skipped + 1);
    assert_int_equal(at, zone_day_start(&zone, skipped + 1));
}

static void midnight_twice_and_never(void **state)
{
    (void)state;
    struct zone zone = {.name = "made",
                        .count = 3,
                        .steps = {{INT64_MIN, 0}, {1741219200 + 60, -3600}, {1749081600, 0}}};
    /* 2025-03-06 begins, and a minute later it is 23:01 of the day before. */
    daynum day = day_of("2025-03-06");
    assert_int_equal(zone_day_start(&zone, day), utc("2025-03-06T00:00:00Z"));
    assert_int_equal(zone_day(&zone, utc("2025-03-06T00:01:00Z")), day - 1);
    /* 2025-06-05 begins at one o'clock: 23:00 is followed by 00:00. */
    day = day_of("2025-06-05");
    assert_int_equal(zone_day_start(&zone, day), utc("2025-06-05T00:00:00Z"));
    assert_int_equal(zone_day(&zone, utc("2025-06-04T23:59:59Z")), day - 1);
}

static void instants_are_read(void **state)
{
    (void)state;
    struct zone zone = load("Asia/Almaty");
    static const struct {
        const char *text, *utc;
    } good[] = {
        {"2025-03-25T10:00:00Z", "2025-03-25T10:00:00Z"},
        {"2025-03-25T10:00:00+05:00", "2025-03-25T05:00:00Z"},
        {"2025-03-25T10:00:00-03:30", "2025-03-25T13:30:00Z"},
        {"2025-03-25T10:00:00+0500", "2025-03-25T05:00:00Z"},
        {"2025-03-25T10:00:00+05", "2025-03-25T05:00:00Z"},
        {"2025-03-25 10:00:00", "2025-03-25T05:00:00Z"},
        {"2025-03-25T10:00", "2025-03-25T05:00:00Z"},
        {"2025-03-25t10:00z", "2025-03-25T10:00:00Z"},
        {"2025-03-25T10:00:00.999Z", "2025-03-25T10:00:00Z"},
        {"2025-03-25T23:59:59Z", "2025-03-25T23:59:59Z"},
        {"2025-03-25", "2025-03-24T19:00:00Z"},
        {"20250325", "2025-03-24T19:00:00Z"},
        {"2024-02-29T23:30:00", "2024-02-29T17:30:00Z"}, /* of two the earlier */
        {"2000-01-01T00:00:00+05:00", "1999-12-31T19:00:00Z"},
    };
    static const char *const bad[] = {
        "",
        "10:00",
        "2025-03-25T",
        "2025-03-25T10",
        "2025-03-25T10:00:0",
        "2025-03-25T24:00:00Z",
        "2025-03-25T10:60:00Z",
        "2025-03-25T10:00:60Z",
        "2025-03-25X10:00:00Z",
        "2025-03-25T10:00:00X",
        "2025-03-25T10:00:00.Z",
        "2025-03-25T10:00:00+5",
        "2025-03-25T10:00:00+15:00",
        "2025-03-25T10:00:00+05:60",
        "2025-03-25T10:00:00+05:00 ",
        "2025-02-29T10:00:00Z",
        "20250325T100000Z",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t at;
        char text[24];
        assert_int_equal(instant_parse(str_z(good[i].text), &zone, &at), ERR_OK);
        instant_format(at, text);
        assert_string_equal(text, good[i].utc);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t at = 7;
        assert_int_equal(instant_parse(str_z(bad[i]), &zone, &at), ERR_DATE);
        assert_int_equal(at, 7);
    }
    int64_t at;
    assert_int_equal(instant_parse(STR("2025-03-25"), NULL, &at), ERR_DATE);
    assert_int_equal(instant_parse(STR("2025-03-25T10:00:00"), NULL, &at), ERR_DATE);
}

static void instants_beyond_the_calendar(void **state)
{
    (void)state;
    char text[24];
    instant_format(INT64_MAX, text);
    assert_string_equal(text, "-");
    instant_format(INT64_MIN, text);
    assert_string_equal(text, "-");
    instant_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
}

static void zones_that_are_none(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",          "Nowhere",  "Asia", "../etc/passwd", "/etc/passwd", "Asia/Nowhere",
        "tzdata.zi", "zone.tab", "-5",   "Asia/../UTC",   "UTC\n",       ":UTC"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone zone = {.count = 7};
        struct fault fault = {0};
        assert_int_equal(zone_load(names[i], &zone, &fault), ERR_ZONE);
        assert_int_equal(zone.count, 7);
        assert_int_not_equal(fault.detail[0], '\0');
    }
    char name[200];
    struct zone zone;
    memset(name, 'A', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(zone_load(name, &zone, NULL), ERR_ZONE);
}

static void the_environment_stays(void **state)
{
    (void)state;
    setenv("TZ", "America/New_York", 1);
    load("Asia/Almaty");
    assert_string_equal(getenv("TZ"), "America/New_York");
    unsetenv("TZ");
    load("Asia/Almaty");
    assert_null(getenv("TZ"));
}

/* A database in which Almaty is still on +06:00: UTC+6's file under its name. */
static void a_database_from_before_2024(void **state)
{
    (void)state;
    char dir[] = "/tmp/tamga-zone.XXXXXX", file[80], region[64];
    assert_non_null(mkdtemp(dir));
    snprintf(region, sizeof region, "%s/Asia", dir);
    snprintf(file, sizeof file, "%s/Almaty", region);
    assert_int_equal(mkdir(region, 0700), 0);
    assert_int_equal(symlink("/usr/share/zoneinfo/Etc/GMT-6", file), 0);
    setenv("TZDIR", dir, 1);
    struct zone zone;
    struct fault fault = {0};
    enum err err = zone_load("Asia/Almaty", &zone, &fault);
    unsetenv("TZDIR");
    unlink(file);
    rmdir(region);
    rmdir(dir);
    assert_int_equal(err, ERR_ZONE_STALE);
    assert_non_null(strstr(fault.detail, "tzdata"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_both_ways),
        cmocka_unit_test(fixed_points),
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(days_are_written),
        cmocka_unit_test(sixteen_bits_hold_every_day),
        cmocka_unit_test(almaty_and_its_change),
        cmocka_unit_test(berlin_and_summer_time),
        cmocka_unit_test(day_starts_are_first_seconds),
        cmocka_unit_test(a_day_that_was_skipped),
        cmocka_unit_test(midnight_twice_and_never),
        cmocka_unit_test(instants_are_read),
        cmocka_unit_test(instants_beyond_the_calendar),
        cmocka_unit_test(zones_that_are_none),
        cmocka_unit_test(the_environment_stays),
        cmocka_unit_test(a_database_from_before_2024),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
