/* SPDX-License-Identifier: Apache-2.0
 *
 * hours_prop - working time against a twin that walks minute by minute beside a clock on a wall, in
 * random zones whose clocks change at any hour, under random tables; and what holds of any two sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/hours.h"
#include "prop/random.h"

enum { MINUTE = 60, DAY = 86400, SPAN_DAYS = 12, TABLE_DAYS = 20 };

/* What the twin knows: one letter a day from `first` on, o off, w work, space neither. */
struct twin {
    daynum first;
    char told[TABLE_DAYS];
    int open, close;
    bool week[7]; /* from Monday */
};

static const char *const names[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static struct twin random_twin(struct rng *rng)
{
    struct twin t = {.first = daynum_from_ymd(2025, 1, 1) + (daynum)rng_below(rng, 400)};
    t.open = (int)rng_below(rng, 1440);
    t.close = t.open + 1 + (int)rng_below(rng, (uint32_t)(1440 - t.open));
    for (int i = 0; i < 7; i++)
        t.week[i] = !rng_one_in(rng, 3);
    t.week[rng_below(rng, 7)] = true;
    for (int i = 0; i < TABLE_DAYS; i++)
        t.told[i] = " o w"[rng_below(rng, 4)];
    return t;
}

static struct hours table_of(const struct twin *t)
{
    struct buf text = {0};
    char day[DAYNUM_TEXT];
    for (int i = 0; i < TABLE_DAYS; i++) {
        daynum_format(t->first + i, day);
        if (t->told[i] != ' ')
            buf_printf(&text, "%s %s\n", day, t->told[i] == 'o' ? "off" : "work");
    }
    buf_printf(&text, "until %s\nopen %02d:%02d-%02d:%02d\ndays ", day, t->open / 60, t->open % 60,
               t->close / 60, t->close % 60);
    const char *comma = "";
    for (int i = 0; i < 7; i++) {
        buf_printf(&text, "%s%s", t->week[i] ? comma : "", t->week[i] ? names[i] : "");
        comma = t->week[i] ? "," : comma;
    }
    struct hours hours;
    struct fault fault = {0};
    if (hours_parse((struct str){(const char *)text.p, text.n}, &hours, &fault))
        fail_msg("line %d: %s", (int)fault.line, fault.detail);
    buf_release(&text);
    return hours;
}

/* The clock changes by up to four hours, in whole minutes, once to three times in the days told. */
static struct zone random_zone(struct rng *rng, daynum first)
{
    struct zone zone = {.count = 1 + rng_below(rng, 4)};
    zone.steps[0].from = INT64_MIN;
    int64_t from = (int64_t)first * DAY;
    for (uint32_t i = 0; i < zone.count; i++) {
        zone.steps[i].offset = ((int32_t)rng_below(rng, 9) - 4) * 30 * MINUTE;
        if (i)
            zone.steps[i].from = from += (int64_t)(1 + rng_below(rng, 5 * 1440)) * MINUTE;
    }
    return zone;
}

static bool twin_works(const struct twin *t, daynum day)
{
    int weekday = (int)((day - daynum_from_ymd(2024, 1, 1)) % 7); /* a Monday */
    char told = day >= t->first && day < t->first + TABLE_DAYS ? t->told[day - t->first] : ' ';
    return t->week[weekday] ? told != 'o' : told == 'w';
}

/* Seconds worked in [from, to), which are whole minutes. The clock on the wall stands still while
 * a clock that was put back shows the same hours once more. */
static int64_t twin_between(const struct twin *t, const struct zone *zone, int64_t from, int64_t to)
{
    int64_t sum = 0, wall = INT64_MIN;
    for (int64_t now = from - DAY; now < to; now += MINUTE) {
        int64_t local = now + zone_offset(zone, now);
        wall = local > wall ? local : wall;
        int minute = (int)(wall % DAY / MINUTE);
        if (now >= from && minute >= t->open && minute < t->close &&
            twin_works(t, (daynum)(wall / DAY)))
            sum += MINUTE;
    }
    return sum;
}

static void as_the_twin_counts(void **state)
{
    (void)state;
    struct rng rng = random_start("hours", 20260302);
    uint32_t rounds = random_rounds(400);
    for (uint32_t i = 0; i < rounds; i++) {
        struct twin t = random_twin(&rng);
        struct hours hours = table_of(&t);
        struct zone zone = random_zone(&rng, t.first);
        int64_t from = (int64_t)t.first * DAY + (int64_t)rng_below(&rng, 5 * 1440) * MINUTE;
        int64_t to = from + (int64_t)rng_below(&rng, SPAN_DAYS * 1440) * MINUTE;
        assert_int_equal(hours_between(&hours, &zone, from, to), twin_between(&t, &zone, from, to));
    }
}

static void sums_hold(void **state)
{
    (void)state;
    struct rng rng = random_start("hours sums", 20260303);
    uint32_t rounds = random_rounds(20000);
    for (uint32_t i = 0; i < rounds; i++) {
        struct twin t = random_twin(&rng);
        struct hours hours = table_of(&t);
        struct zone zone = random_zone(&rng, t.first);
        int64_t start = (int64_t)t.first * DAY + rng_below(&rng, 10 * DAY);
        int64_t a = rng_below(&rng, 5 * DAY), b = rng_below(&rng, 5 * DAY);
        int64_t after_a = hours_add(&hours, &zone, start, a);
        int64_t after_both = hours_add(&hours, &zone, start, a + b);
        assert_int_equal(hours_between(&hours, &zone, start, after_a), a);
        assert_int_equal(hours_add(&hours, &zone, after_a, b), after_both);
        assert_true(after_a >= start && after_both >= after_a);
        /* The last second was needed; a later start ends no earlier. */
        if (a)
            assert_int_equal(hours_between(&hours, &zone, start, after_a - 1), a - 1);
        assert_true(hours_add(&hours, &zone, start + b, a) >= after_a);
        int64_t middle = start + b, end = middle + a;
        assert_int_equal(hours_between(&hours, &zone, start, middle) +
                             hours_between(&hours, &zone, middle, end),
                         hours_between(&hours, &zone, start, end));
    }
}

static void days_as_the_twin_counts(void **state)
{
    (void)state;
    struct rng rng = random_start("hours days", 20260304);
    uint32_t rounds = random_rounds(5000);
    for (uint32_t i = 0; i < rounds; i++) {
        struct twin t = random_twin(&rng);
        struct hours hours = table_of(&t);
        daynum from = t.first - 3 + (daynum)rng_below(&rng, TABLE_DAYS), day = from;
        uint32_t n = rng_below(&rng, 30);
        for (uint32_t left = n; left;)
            left -= twin_works(&t, ++day);
        assert_int_equal(hours_add_days(&hours, from, n), day);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_twin_counts),
        cmocka_unit_test(sums_hold),
        cmocka_unit_test(days_as_the_twin_counts),
    };
    return cmocka_run_group_tests_name("hours_prop", tests, NULL, NULL);
}
