/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads that are broken off: whatever a stop leaves, the same load does the rest, with nothing twice and nothing missing,
 * also where activations wait for a second person; bombs of bad or blank rows, and of days, are bounded. */
#include "app/fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/staff.h"
#include "seen/feed.h"
#include "seen/parts.h"

enum { PHONES = 40, MOMENTS = 32, MANY = 1000000 };
#define PHONE 35735007990500ULL

static char said[FAULT_DETAIL_MAX]; /* by the last load */

/* ---- rows out of memory ---- */

struct rows {
    struct source_reader reader;
    struct buf text;
    size_t at;
    uint64_t again;   /* how often the text comes once more */
    atomic_int *stop; /* set after so many reads; NULL: never */
    unsigned stop_after;
};

static enum err read_rows(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct rows *r = ctx;
    size_t got = 0;
    (void)fault;
    if (r->stop && !r->stop_after--)
        *r->stop = 1;
    while (got < n) {
        if (r->at == r->text.n && r->again) {
            r->again--;
            r->at = 0;
        }
        size_t piece = r->text.n - r->at < n - got ? r->text.n - r->at : n - got;
        if (!piece)
            break;
        memcpy((char *)to + got, r->text.p + r->at, piece);
        r->at += piece;
        got += piece;
    }
    *out_n = got;
    return ERR_OK;
}

static void rows_begin(struct rows *r, const char *text)
{
    *r = (struct rows){.reader = {.read = read_rows, .ctx = r, .name = "rows"}};
    buf_str(&r->text, str_z(text));
}

static enum err load(struct fixture *f, struct rows *r, const char *name, atomic_int *stop,
                     struct feed_result *out)
{
    struct fault fault = {0};
    FILE *bad = fopen("/dev/null", "w");
    struct load_options options = {
        .path = "rows", .reader = &r->reader, .beside = bad, .stop = stop};
    struct feed_options feed = {.operator_name = str_z(name), .accept = {GUARD_ALL, "test"}};
    assert_non_null(bad);
    r->at = 0;
    enum err err = feed_load(f->reg, &options, &feed, out, &fault);
    str_copy(said, sizeof said, str_z(fault.detail));
    fclose(bad);
    return err;
}

/* ---- stopped at each moment ---- */

/* The clock is asked where something is written: so it is the hook at which the stop falls. */
static atomic_int stop_asked;
static int moments, left_of_many;

static int64_t counting(const struct clock *clock)
{
    if (moments && !--moments)
        stop_asked = 1;
    return clock->fixed_us;
}

/* Every second phone was there before the amnesty: it becomes white, so two persons decide. */
static void make_rows(struct rows *r)
{
    rows_begin(r, "date,imei,imsi,msisdn,rat\n");
    for (unsigned i = 0; i < PHONES; i++)
        buf_printf(&r->text, "%s,%llu,4010100000%05u,,006\n", i % 2 ? "2025-06-01" : "2025-03-01",
                   PHONE + i, i);
}

static void act(struct fixture *f, const char *name)
{
    f->reg->actor = registry_party_id(f->reg, PARTY_ACCOUNT, str_z(name));
    str_copy(f->reg->actor_name, sizeof f->reg->actor_name, str_z(name));
}

static struct fixture *with_staff(void)
{
    struct fixture *f = fixture_memory("2025-06-10");
    struct batch_result result;
    OK(staff_add(f->reg, STR("aigul"), &result, NULL));
    act(f, "aigul");
    OK(staff_add(f->reg, STR("botan"), &result, NULL));
    f->clock.now_us = counting;
    return f;
}

struct proposals {
    uint64_t id;
    unsigned n;
};

static bool count_proposal(void *ctx, const struct batch *batch)
{
    struct proposals *p = ctx;
    if (batch->state == BATCH_PROPOSED)
        *p = (struct proposals){batch->id, p->n + 1};
    return true;
}

static void confirm(struct fixture *f)
{
    struct proposals p = {0};
    struct batch_result result;
    OK(store_batches(f->reg->store, count_proposal, &p, NULL));
    assert_int_equal(p.n, 1);
    act(f, "botan");
    OK(batch_confirm(f->reg, p.id, &result, NULL));
    act(f, "aigul");
}

static bool is_dated(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    uint32_t *n = ctx;
    const char *day = (pair->imei - PHONE) % 2 ? "2025-06-01" : "2025-03-01";
    assert_int_equal(number, ++*n);
    assert_int_equal(pair->day, daynum_pack(fixture_daynum(day)));
    return true;
}

static uint64_t seen_on(struct fixture *f, const char *day)
{
    roaring_bitmap_t *bits;
    struct seen_report report;
    const uint64_t party = registry_party_id(f->reg, PARTY_OPERATOR, STR("A"));
    const uint16_t packed = daynum_pack(fixture_daynum(day));
    OK(seen_day_get(f->reg, party, packed, &bits, NULL));
    OK(seen_report_get(f->reg, party, packed, &report, NULL));
    uint64_t n = roaring_bitmap_get_cardinality(bits);
    roaring_bitmap_free(bits);
    assert_int_equal(report.pairs, n);
    assert_int_equal(report.loads, 1);
    return n;
}

static void all_is_there(struct fixture *f)
{
    uint32_t n = 0;
    OK(seen_pairs(f->reg, is_dated, &n, NULL));
    assert_int_equal(n, PHONES);
    assert_int_equal(seen_on(f, "2025-03-01"), PHONES / 2);
    assert_int_equal(seen_on(f, "2025-06-01"), PHONES / 2);
    for (unsigned i = 0; i < PHONES; i++)
        assert_int_equal(reason_list(fixture_verdict(f, PHONE + i).reason),
                         i % 2 ? LIST_GREY : LIST_WHITE);
    fixture_whole(f);
}

/* Stopped at the n-th moment; true: it was over before. */
static bool stopped_at(int n, bool confirmed_first)
{
    struct fixture *f = with_staff();
    struct rows r;
    struct feed_result result;
    make_rows(&r);
    stop_asked = 0;
    moments = n;
    enum err err = load(f, &r, "A", &stop_asked, &result);
    bool over = moments > 0;
    left_of_many = moments;
    moments = 0;
    struct proposals p = {0};
    OK(store_batches(f->reg->store, count_proposal, &p, NULL));
    if (!over && err != ERR_STOPPED)
        assert_int_equal(err, ERR_HELD); /* it was behind the last look at the stop */
    if (confirmed_first && p.n)
        confirm(f);
    err = load(f, &r, "A", NULL, &result);
    if (err == ERR_HELD) {
        assert_int_equal(load(f, &r, "A", NULL, &result), ERR_HELD); /* the same proposal */
        confirm(f);
        OK(load(f, &r, "A", NULL, &result));
        assert_true(result.load.known);
    }
    assert_int_equal(err, confirmed_first && p.n ? ERR_OK : ERR_HELD);
    OK(load(f, &r, "B", NULL, &result)); /* what was seen again has its day from then on */
    OK(load(f, &r, "C", NULL, &result));
    assert_int_equal(result.imeis, 0); /* no fact was asked */
    all_is_there(f);
    buf_release(&r.text);
    fixture_free(f);
    return over;
}

static void held_and_stopped(void **state)
{
    (void)state;
    assert_true(stopped_at(MANY, false));
    const int whole = MANY - left_of_many;
    assert_true(whole > MOMENTS);
    /* Before the last of them nothing is written: they ask for the day. */
    for (int n = whole - MOMENTS; n <= whole; n++)
        assert_false(stopped_at(n, n % 2));
    print_message("the last %d of %d moments\n", MOMENTS, whole);
}

/* ---- bombs ---- */

static void endless_is_stopped(void **state)
{
    (void)state;
    static const char *const texts[] = {"\n", "x\n", "2025-06-01,*,1,,,\n", "\"\n\"\n",
                                        "2027-03-01,35735007990501,401010000000001,,\n"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture *f = fixture_memory("2025-06-10");
        struct feed_result result;
        struct rows r;
        atomic_int stop = 0;
        rows_begin(&r, "date,imei,imsi,msisdn,rat\n");
        for (unsigned k = 0; k < 4096; k++)
            buf_str(&r.text, str_z(texts[i]));
        r.again = UINT64_MAX;
        r.stop = &stop;
        r.stop_after = 5;
        assert_int_equal(load(f, &r, "A", &stop, &result), ERR_STOPPED);
        buf_release(&r.text);
        fixture_free(f);
    }
}

static void bad_rows_are_bounded(void **state)
{
    (void)state;
    char dir[] = "/tmp/tamga-feed-test.XXXXXX", path[96], beside[112];
    struct fixture *f = fixture_memory("2025-06-10");
    struct feed_result result;
    struct fault fault = {0};
    struct rows r;
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.csv", dir);
    rows_begin(&r, "date,imei,imsi,msisdn,rat\n");
    for (unsigned k = 0; k < 60000; k++)
        buf_put(&r.text, "x", 1);
    buf_put(&r.text, "\n", 1);
    r.again = UINT64_MAX;
    struct load_options options = {.path = path, .reader = &r.reader};
    struct feed_options feed = {.operator_name = STR("A"), .accept = {GUARD_ALL, "test"}};
    assert_int_equal(feed_load(f->reg, &options, &feed, &result, &fault), ERR_ROWS_BAD);
    assert_non_null(strstr(fault.detail, "128 MB of bad rows"));
    snprintf(beside, sizeof beside, "%s.bad.csv", path);
    OK(stat(beside, &st));
    assert_true(st.st_size > 100 << 20 && st.st_size <= LIMIT_BAD_ROWS_BYTES);
    OK(unlink(beside));
    OK(rmdir(dir));
    buf_release(&r.text);
    fixture_free(f);
}

static void make_days(struct rows *r, unsigned n)
{
    char day[DAYNUM_TEXT];
    rows_begin(r, "date,imei,imsi,msisdn,rat\n");
    for (unsigned i = 0; i < n; i++) {
        daynum_format(fixture_daynum("2025-06-01") - (daynum)i, day);
        buf_printf(&r->text, "%s,%llu,401010000000001,,\n", day, PHONE);
    }
}

static void days_are_bounded(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2025-06-10");
    f->reg->rules.retention_months = 0; /* days of all time are kept */
    struct feed_result result;
    struct rows r;
    make_days(&r, LIMIT_FEED_DAYS + 1);
    assert_int_equal(load(f, &r, "A", NULL, &result), ERR_TOO_MANY);
    assert_non_null(strstr(said, "days"));
    buf_release(&r.text);
    make_days(&r, LIMIT_FEED_DAYS);
    OK(load(f, &r, "A", NULL, &result));
    assert_int_equal(result.days, LIMIT_FEED_DAYS);
    assert_int_equal(seen_on(f, "2025-06-01"), 1);
    assert_int_equal(seen_on(f, "2024-06-01"), 1);
    OK(load(f, &r, "A", NULL, &result));
    assert_true(result.load.known);
    buf_release(&r.text);
    fixture_free(f);
}

/* ---- lines of JSON ---- */

static void json_is_csv(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2025-06-10");
    struct feed_result result;
    struct rows r;
    rows_begin(
        &r, "{\"imei\":\"35735007990500\",\"imsi\":\"401010000000001\",\"date\":\"20250601\"}\n\n"
            "{\"date\":\"2025-06-01\",\"cell\":7,\"imei\":35735007990501,\"imsi\":401010000000002,"
            "\"rat\":\"006\",\"time\":\"10:00\",\"msisdn\":null,\"site\":\"x\"}\n"
            "{\"imei\":\"35735007990502\",\"imsi\":\"401010000000003\"}\n"
            "{\"imei\":\"a,b\\\"c\",\"imsi\":\"401010000000003\",\"date\":\"20250601\"}\n"
            "[]\n{\"imei\":{}}\nnonsense\n"
            "{\"imei\":\"35735007990500\",\"imsi\":\"401010000000001\",\"date\":\"20250602\"}");
    OK(load(f, &r, "A", NULL, &result));
    assert_int_equal(result.load.rows, 8);
    assert_int_equal(result.home, 3);
    assert_int_equal(result.pairs, 2);
    assert_int_equal(result.malformed, 5);
    assert_string_equal(result.ignored, "cell, site");
    buf_release(&r.text);
    rows_begin(&r, "{\"date\":\"20250601\"");
    for (unsigned k = 0; k < 2 * LIMIT_LINE; k++)
        buf_put(&r.text, " ", 1);
    assert_int_equal(load(f, &r, "A", NULL, &result), ERR_LINE_LONG);
    buf_release(&r.text);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_and_stopped),     cmocka_unit_test(endless_is_stopped),
        cmocka_unit_test(bad_rows_are_bounded), cmocka_unit_test(days_are_bounded),
        cmocka_unit_test(json_is_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
