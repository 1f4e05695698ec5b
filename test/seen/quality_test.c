/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of an operator's days, by days that are made up: what is missing, how the medians move, what is found; and
 * by files: what stands where. */
#include "app/fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "seen/feed.h"
#include "seen/quality.h"
#include "seen/term.h"

enum { PARTY = 77 };

struct made {
    uint64_t home, bad, unknown, held;
};

static void put(struct fixture *f, daynum day, struct made made)
{
    struct seen_report r = {
        .loads = made.home > 0,
        .home = made.home,
        .pairs = made.home,
        .of = {[SEEN_STAR] = made.bad, [SEEN_UNKNOWN] = made.unknown, [SEEN_HELD] = made.held}};
    OK(store_write_begin(f->reg->store, NULL));
    OK(seen_report_put(f->reg, PARTY, daynum_pack(day), &r, NULL));
    OK(store_write_commit(f->reg->store, NULL));
}

static uint32_t found(struct fixture *f, struct quality *q)
{
    quality_release(q);
    OK(quality_read(f->reg, PARTY, DAYNUM_NONE, DAYNUM_NONE, q, NULL));
    return q->findings;
}

#define BIT(name) (1u << QUALITY_##name)

static void days_are_judged(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    daynum today = fixture_daynum("2026-03-10");
    struct quality q = {0};
    assert_int_equal(found(f, &q), BIT(NOTHING));
    assert_int_equal(q.count, QUALITY_DAYS);
    for (int i = 1; i <= 5; i++)
        put(f, today - i, (struct made){1000, 0, 0, 0});
    assert_int_equal(found(f, &q), BIT(LITTLE));
    assert_int_equal(q.from, today - 5);
    assert_int_equal(q.missing, 0);
    assert_int_equal(q.age_days, 1);
    for (int i = 6; i <= 40; i++)
        put(f, today - i, (struct made){1000, 10, 10, 0});
    assert_int_equal(found(f, &q), 0);
    assert_int_equal(q.late.days, 7);
    assert_int_equal(q.early.days, 28);
    assert_int_equal(q.early.rows, 1020);
    assert_int_equal(q.early.bad_share, 10 * 10000 / 1020);
    for (int i = 1; i <= 4; i++)
        put(f, today - i, (struct made){700, 50, 0, 0});
    assert_int_equal(found(f, &q), BIT(FEWER) | BIT(BAD));
    for (int i = 1; i <= 4; i++)
        put(f, today - i, (struct made){1600, 0, 90, i == 1 ? 5 : 0});
    assert_int_equal(found(f, &q), BIT(MORE) | BIT(UNKNOWN) | BIT(HELD));
    put(f, today - 4, (struct made){0, 0, 0, 0});
    assert_int_equal(found(f, &q) & BIT(GAPS), BIT(GAPS));
    assert_int_equal(q.missing, 1);
    fixture_day(f, "2026-03-13");
    assert_int_equal(found(f, &q) & BIT(OLD), BIT(OLD));
    assert_int_equal(quality_read(f->reg, PARTY, today, today - 1, &q, NULL), ERR_DATE);
    assert_int_equal(quality_read(f->reg, PARTY, today - QUALITY_DAYS_MOST, today, &q, NULL),
                     ERR_DATE);
    quality_release(&q);
    fixture_free(f);
}

static void terms_end(void **state)
{
    (void)state;
    struct rules r;
    rules_init(&r);
    struct {
        uint32_t months;
        const char *today, *first;
    } rows[] = {{6, "2026-03-10", "2025-09-10"},   {6, "2025-08-31", "2025-02-28"},
                {1, "2024-03-31", "2024-02-29"},   {12, "2026-01-01", "2025-01-01"},
                {0, "2026-01-01", "2000-01-01"},   {6, "2026-06-30", "2025-12-30"},
                {1200, "2026-01-01", "2000-01-01"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        r.retention_months = rows[i].months;
        assert_int_equal(term_first_day(&r, fixture_daynum(rows[i].today)),
                         fixture_daynum(rows[i].first));
    }
}

/* ---- out of files ---- */

static enum err load(struct fixture *f, const char *rows, bool accept, struct feed_result *out)
{
    char path[] = "/tmp/tamga-quality-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fprintf(file, "date,imei,imsi,msisdn,rat\n%s", rows);
    fclose(file);
    struct load_options options = {.path = path};
    struct feed_options feed = {.operator_name = STR("alpha"),
                                .accept = {accept ? GUARD_ALL : 0, "test"}};
    enum err err = feed_load(f->reg, &options, &feed, out, NULL);
    char beside[64];
    snprintf(beside, sizeof beside, "%s.bad.csv", path);
    (void)unlink(path);
    (void)unlink(beside);
    return err;
}

static struct seen_report report(struct fixture *f, const char *day)
{
    struct seen_report r;
    OK(seen_report_get(f->reg, registry_party_id(f->reg, PARTY_OPERATOR, STR("alpha")),
                       daynum_pack(fixture_daynum(day)), &r, NULL));
    return r;
}

static const char rows[] = "2026-03-08,35735007990500,401010000000001,,\n"
                           "2026-03-08,35735007990501,401010000000001,,\n"
                           "2026-03-08,*1,401010000000001,,\n"
                           "2026-03-08,#1,401010000000001,,\n"
                           "2026-03-08,,401010000000001,,\n"
                           "2026-03-08,000,401010000000001,,\n"
                           "2026-03-08,99999999999999,401010000000001,,\n"
                           "2026-03-08,a0000012345678,401010000000001,,\n"
                           "2026-03-08,12345,401010000000001,,\n"
                           "2026-03-08,35735007990500,,,\n"
                           "2026-03-08,35735007990500,4x,,\n"
                           "2026-03-09,35735007990500,401010000000001,,\n"
                           "2026-03-09,35735007990502,250010000000001,,\n"
                           "2026-03-11,35735007990500,401010000000001,,\n"
                           "2026-13-11,35735007990500,401010000000001,,\n"
                           "2025-09-09,35735007990503,401010000000009,,\n"
                           "2025-09-09,*,401010000000009,,\n";

static void files_are_counted(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct feed_result result;
    struct seen_head head;
    struct seen_report r;
    assert_int_equal(load(f, rows, false, &result), ERR_GUARD);
    assert_int_equal(report(f, "2026-03-09").of[SEEN_HELD], 17);
    OK(load(f, rows, true, &result));
    assert_int_equal(result.past, 1);
    r = report(f, "2026-03-08");
    assert_int_equal(r.loads, 1);
    assert_int_equal(r.home, 2);
    for (int i = SEEN_HEX; i <= SEEN_OTHER; i++)
        assert_int_equal(r.of[i], 1);
    assert_int_equal(r.of[SEEN_UNKNOWN], 2);
    assert_int_equal(r.of[SEEN_IMSI], 1);
    assert_int_equal(r.of[SEEN_PAIRS_NEW], 2);
    assert_int_equal(r.of[SEEN_FIRST], 2);
    r = report(f, "2026-03-09");
    assert_int_equal(r.of[SEEN_HELD], 0);
    assert_int_equal(r.home + r.roaming, 2);
    assert_int_equal(r.of[SEEN_PAIRS_NEW], 1); /* the other was met the day before */
    assert_int_equal(r.of[SEEN_FUTURE], 1);
    assert_int_equal(r.of[SEEN_DATE], 1);
    assert_int_equal(r.of[SEEN_PAST], 1);
    assert_int_equal(r.of[SEEN_STAR], 1); /* of a day that is not kept */
    /* The IMEI of the old row was first used then; nothing else of it stands. */
    assert_int_equal(fixture_facts(f, 35735007990503).activation, fixture_daynum("2025-09-09"));
    assert_int_equal(report(f, "2025-09-09").loads, 0);
    OK(seen_head_get(f->reg, &head, NULL));
    assert_int_equal(head.pairs, 3);
    assert_int_equal(head.subscribers, 2);
    OK(load(f, rows, true, &result));
    r = report(f, "2026-03-09");
    assert_int_equal(r.loads, 1);
    assert_int_equal(r.of[SEEN_DATE], 1);
    /* A file that repeats a day and brings one row more counts that day once. */
    OK(load(f, "2026-03-08,35735007990500,401010000000001,,\n2026-03-08,*,,,\n", true, &result));
    assert_int_equal(report(f, "2026-03-08").of[SEEN_STAR], 1);
    OK(load(f, "2026-03-07,*,,,\n", true, &result)); /* nothing good, but it came */
    assert_int_equal(report(f, "2026-03-07").of[SEEN_STAR], 1);
    fixture_whole(f);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(days_are_judged),
                                       cmocka_unit_test(terms_end),
                                       cmocka_unit_test(files_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
