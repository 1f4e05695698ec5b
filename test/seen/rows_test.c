/* SPDX-License-Identifier: Apache-2.0
 *
 * What rows leave behind: memory follows what is different, whatever the file; a finding keeps nobody's number; the same
 * rows of a day count once, in whatever file they come. */
#include "app/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "prop/random.h"
#include "seen/earliest.h"
#include "seen/feed.h"
#include "seen/feed_mask.h"
#include "seen/parts.h"
#include "seen/seen.h"

enum { MANY = 3000000, OF = 5000, TAKEN = 1024 };
#define PHONE 35735007990500ULL

/* ---- the earliest day ---- */

static void twins_take_no_room(void **state)
{
    (void)state;
    struct imei_list list = {0};
    struct rng rng = random_start("rows", 1);
    static uint16_t first[OF];
    for (unsigned i = 0; i < OF; i++)
        first[i] = UINT16_MAX;
    for (unsigned i = 0; i < MANY; i++) {
        const unsigned what = rng_below(&rng, OF);
        const uint16_t day = (uint16_t)(1 + rng_below(&rng, 60000));
        first[what] = day < first[what] ? day : first[what];
        OK(earliest_add(&list, (uint64_t)what << 16 | day, OF));
    }
    assert_true(list.size <= EARLIEST_ROOM);
    earliest_keep(&list);
    assert_int_equal(list.n, OF);
    for (unsigned i = 0; i < OF; i++)
        assert_int_equal(list.keys[i], (uint64_t)i << 16 | first[i]);
    imei_list_release(&list);
}

static void different_ones_are_bounded(void **state)
{
    (void)state;
    enum { MOST = 2 * EARLIEST_ROOM };
    struct imei_list list = {0};
    enum err err = ERR_OK;
    uint64_t i = 0;
    for (; !err && i < 8 * MOST; i++)
        err = earliest_add(&list, i << 16 | 1, MOST);
    assert_int_equal(err, ERR_TOO_MANY);
    assert_true(i > MOST && list.size <= 2 * MOST);
    imei_list_release(&list);
}

/* One phone in rows of days that are not kept any more, or day by day backwards: 26 M rows took 200 MB. */
static void one_phone_takes_no_room(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    const struct seen_options options = {.party = 5};
    struct seen *seen = NULL;
    struct seen_counts counts;
    static struct seen_row rows[TAKEN];
    for (unsigned i = 0; i < TAKEN; i++)
        rows[i] = (struct seen_row){
            .imei = PHONE, .imsi = 1401010000000001ULL, .day = 3000, .home = true, .past = true};
    OK(seen_open(f->reg, &options, &seen, NULL));
    for (unsigned i = 0; i < MANY / TAKEN; i++)
        OK(seen_take(seen, rows, TAKEN));
    assert_true(seen_activations(seen)->size <= EARLIEST_ROOM);
    seen_counts(seen, &counts);
    assert_int_equal(counts.slower, MANY / TAKEN * TAKEN);
    seen_close(seen);
    fixture_free(f);
}

/* ---- nobody's number ---- */

static void numbers_are_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *kept;
    } rows[] = {
        {"", ""},
        {"*", "*"},
        {"*#06#", "*#06#"},
        {"unknown", "unknown"},
        {"123456", "123456"},
        {"00000000000000", "00000000000000"},
        {"999999999999999", "999999999999999"},
        {"A000004F3B2C1D", "A000004F3B2C1D"},
        {"7777777", "ddddddd"},
        {"77010000001", "ddddddddddd"},
        {"+7 701 000 00 01", "+d ddd ddd dd dd"},
        {"8-701-000-00-01", "d-ddd-ddd-dd-dd"},
        {"(701)0000001", "(ddd)ddddddd"},
        {"7.7.0.1.0.0.0", "d.d.d.d.d.d.d"},
        {"tel:7701a00b0001", "tel:ddddaddbdddd"},
        {"A401010000000001", "Addddddddddddddd"},
        {"4010100000000010", "dddddddddddddddd"},
        {"\xef\xbc\x97\xef\xbc\x97\xef\xbc\x90\xef\xbc\x91\xef\xbc\x90\xef\xbc\x90\xef\xbc\x90",
         "ddddddd"},
        {"7701\xef\xbc\x90\xef\xbc\x90\xef\xbc\x90", "ddddddd"},
        {"\xd9\xa7\xd9\xa7\xd9\xa0\xd9\xa1 \xd9\xa0\xd9\xa0\xd9\xa0", "dddd ddd"},
        {"2026-13-45", "dddd-dd-dd"},
    };
    char out[FEED_MASKED];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = feed_mask(str_z(rows[i].raw), 64, out);
        if (!str_eq(got, str_z(rows[i].kept)))
            fail_msg("%s: %.*s, not %s", rows[i].raw, STR_ARG(got), rows[i].kept);
    }
    assert_true(str_eq(feed_mask(STR("Nurlan Abdrakhmanov"), 16, out), STR("too long")));
}

/* ---- rows out of memory ---- */

struct rows {
    struct source_reader reader;
    struct buf text;
    size_t at;
};

static enum err read_rows(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct rows *r = ctx;
    (void)fault;
    *out_n = r->text.n - r->at < n ? r->text.n - r->at : n;
    memcpy(to, r->text.p + r->at, *out_n);
    r->at += *out_n;
    return ERR_OK;
}

/* No finding has so many digits that it could be somebody's number, but for days that are days. */
static void look_at_findings(void *ctx, const struct finding *list, size_t n)
{
    size_t *all = ctx;
    *all = n;
    for (size_t i = 0; i < n; i++) {
        unsigned digits = 0;
        for (const char *p = list[i].raw; *p; p++)
            digits += *p >= '0' && *p <= '9';
        if (digits >= FEED_MASK_DIGITS && strncmp(list[i].kind, "date_", 5) != 0)
            fail_msg("%s %s", list[i].kind, list[i].raw);
    }
}

static void load_under(struct fixture *f, const char *header, const char *text,
                       struct feed_result *out)
{
    struct rows r = {.reader = {.read = read_rows, .ctx = &r, .name = "rows"}};
    struct fault fault = {0};
    size_t findings = 0;
    FILE *bad = fopen("/dev/null", "w");
    assert_non_null(bad);
    buf_str(&r.text, str_z(header));
    buf_str(&r.text, str_z(text));
    const struct load_options options = {.path = "rows", .reader = &r.reader, .beside = bad};
    const struct feed_options feed = {.operator_name = STR("A"),
                                      .accept = {GUARD_ALL, "test"},
                                      .findings = look_at_findings,
                                      .ctx = &findings};
    enum err err = feed_load(f->reg, &options, &feed, out, &fault);
    if (err)
        print_error("%s: %s\n", err_name(err), fault.detail);
    assert_int_equal(err, ERR_OK);
    fclose(bad);
    buf_release(&r.text);
}

static void load(struct fixture *f, const char *text, struct feed_result *out)
{
    load_under(f, "date,imei,imsi,msisdn,rat\n", text, out);
}

/* A time of another zone puts the first day that there is on the day before: such a row has no date, and moves nothing. */
static void before_all_days(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct feed_result result;
    load(f, "2026-03-01,35735007990500,401010000000001,,\n", &result);
    assert_int_equal(result.first, 1);
    load_under(f, "date,time,imei,imsi\n",
               "2000-01-01,00:30+14:00,35735007990500,401010000000001\n"
               "2000-01-01,00:30+14:00,35735007990501,401010000000001\n",
               &result);
    assert_int_equal(result.malformed, 2);
    assert_int_equal(result.imeis, 0);
    assert_int_equal(fixture_facts(f, PHONE).activation, fixture_daynum("2026-03-01"));
    assert_int_equal(fixture_facts(f, PHONE + 1).activation, DAYNUM_NONE);
    fixture_free(f);
}

/* Columns have slipped: numbers stand where IMEIs, dates and codes do. */
static void slipped_columns_tell_of_nobody(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct feed_result result;
    load(
        f,
        "2026-03-01,+7 701 000 00 01,401010000000001,,\n"
        "2026-03-01,4010-1000-0000-001,401010000000001,,\n"
        "2026-03-01,7 7 0 1 0 0 0 0 0 0 1,401010000000001,,\n"
        "2026-03-01,"
        "\xef\xbc\x97\xef\xbc\x97\xef\xbc\x90\xef\xbc\x91\xef\xbc\x90\xef\xbc\x90\xef\xbc\x90,1,,\n"
        "7701000001,35735007990500,401010000000001,,\n"
        "701-00-00,35735007990500,401010000000001,,\n"
        "2026-03-01,35735007990500,401010000000001,,7701-0001\n"
        "2026-03-01,35735007990500,+7 701 000 00 01,,\n",
        &result);
    assert_int_equal(result.malformed, 6);
    fixture_free(f);
}

/* ---- counts of a day ---- */

static struct seen_report report_of(struct fixture *f, const char *day)
{
    struct seen_report report;
    OK(seen_report_get(f->reg, registry_party_id(f->reg, PARTY_OPERATOR, STR("A")),
                       daynum_pack(fixture_daynum(day)), &report, NULL));
    return report;
}

#define GOOD "2026-03-01,35735007990500,401010000000001,,006\n2026-03-01,x,401010000000001,,\n"
#define BARE                                                                                       \
    "2026-03-02,x,401010000000001,,\n2026-03-02,x,401010000000001,,\n2026-03-02,35735007990500,,," \
    "\n"
#define TURNED                                                                                     \
    "2026-03-02,35735007990500,,,\n2026-03-02,x,401010000000001,,\n2026-03-02,x,401010000000001,," \
    "\n"
#define LATER "2026-03-20,35735007990500,401010000000001,,\n"

static void the_same_rows_count_once(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct feed_result result;
    load(f, GOOD BARE LATER, &result);
    const struct seen_report good = report_of(f, "2026-03-01"), bare = report_of(f, "2026-03-02");
    assert_int_equal(good.home, 1);
    assert_int_equal(good.loads, 1);
    assert_int_equal(good.of[SEEN_OTHER], 1);
    assert_int_equal(bare.of[SEEN_OTHER], 2);
    assert_int_equal(bare.of[SEEN_UNKNOWN], 1);
    /* The same file: its rows of days to come bring it in again. Then its days in other files, and in another order. */
    static const char *const again[] = {GOOD BARE LATER, BARE GOOD, BARE, TURNED};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        load(f, again[i], &result);
        struct seen_report now = report_of(f, "2026-03-01");
        assert_memory_equal(&now, &good, sizeof now);
        now = report_of(f, "2026-03-02");
        assert_memory_equal(&now, &bare, sizeof now);
    }
    load(f, "2026-03-02,35735007990501,401010000000001,,006\n2026-03-02,y,401010000000001,,\n",
         &result);
    assert_int_equal(report_of(f, "2026-03-02").of[SEEN_OTHER], 3);
    assert_int_equal(report_of(f, "2026-03-02").home, 1);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_take_no_room),
        cmocka_unit_test(different_ones_are_bounded),
        cmocka_unit_test(one_phone_takes_no_room),
        cmocka_unit_test(numbers_are_pictures),
        cmocka_unit_test(before_all_days),
        cmocka_unit_test(slipped_columns_tell_of_nobody),
        cmocka_unit_test(the_same_rows_count_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
