/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_test - the small pieces of what nodes ask and tell: ranges and entity tags (RFC 9110), lines of a report,
 * who may ask, and the list of those who wait, woken by one thread while others come. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "face/feed.h"
#include "face/sightings.h"
#include "face/waiters.h"
#include "service_stub.h"

static void ranges(void **state)
{
    static const struct {
        const char *header;
        enum range is;
        uint64_t at, bytes;
    } rows[] = {
        {"bytes=0-0", RANGE_PART, 0, 1},
        {"bytes=0-99", RANGE_PART, 0, 100},
        {"bytes=0-100", RANGE_PART, 0, 100},
        {"bytes=50-", RANGE_PART, 50, 50},
        {"bytes=-1", RANGE_PART, 99, 1},
        {"bytes=-100", RANGE_PART, 0, 100},
        {"bytes=-1000", RANGE_PART, 0, 100},
        {"BYTES=1-2", RANGE_PART, 1, 2},
        {"bytes= 1 - 2 ", RANGE_PART, 1, 2},
        {"bytes=100-", RANGE_BAD, 0, 0},
        {"bytes=100-200", RANGE_BAD, 0, 0},
        {"bytes=-0", RANGE_BAD, 0, 0},
        {"bytes=2-1", RANGE_NONE, 0, 0},
        {"bytes=", RANGE_NONE, 0, 0},
        {"bytes=-", RANGE_NONE, 0, 0},
        {"bytes=x-1", RANGE_NONE, 0, 0},
        {"bytes=1-x", RANGE_NONE, 0, 0},
        {"bytes=0-1,3-4", RANGE_NONE, 0, 0},
        {"bytes=1", RANGE_NONE, 0, 0},
        {"lines=1-2", RANGE_NONE, 0, 0},
        {"", RANGE_NONE, 0, 0},
        {"bytes=99999999999999999999-", RANGE_NONE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t at = 0, bytes = 0;
        enum range is = feed_range(str_z(rows[i].header), 100, &at, &bytes);
        if (is != rows[i].is || at != rows[i].at || bytes != rows[i].bytes)
            fail_msg("%s: %d %llu %llu", rows[i].header, is, (unsigned long long)at,
                     (unsigned long long)bytes);
    }
}

static void tags(void **state)
{
    const struct str tag = STR("\"7-ab\"");
    (void)state;
    assert_true(feed_tag_listed(STR("\"7-ab\""), tag));
    assert_true(feed_tag_listed(STR("\"x\", W/\"7-ab\""), tag));
    assert_true(feed_tag_listed(STR("*"), tag));
    assert_false(feed_tag_listed(STR(""), tag));
    assert_false(feed_tag_listed(STR("7-ab"), tag));
    assert_false(feed_tag_listed(STR("\"7-ab"), tag));
    assert_false(feed_tag_listed(STR("\"8-ab\",,"), tag));
}

#define LINE(imei, time, network)                                                                  \
    "{\"imei\":\"" imei "\",\"time\":\"" time "\",\"network\":\"" network "\"}"

static void report_lines(void **state)
{
    static const struct {
        const char *line;
        enum err err;
        bool home;
    } rows[] = {
        {LINE("35824005111111", "2026-11-27T10:00:00Z", "home"), ERR_OK, true},
        {LINE("358240051111110", "2026-11-27T10:00:00Z", "Home"), ERR_OK, false},
        {LINE("3582400511111101", "2026-11-27T10:00:00Z", "roaming"), ERR_OK, false},
        {LINE("3582400511111", "2026-11-27T10:00:00Z", "home"), ERR_IMEI_FORM, false},
        {LINE("00000000000000", "2026-11-27T10:00:00Z", "home"), ERR_IMEI_FORM, false},
        {LINE("3582400511111x", "2026-11-27T10:00:00Z", "home"), ERR_IMEI_FORM, false},
        {LINE("35824005111111", "2026-11-27T10:00:00", "home"), ERR_DATE, false},
        {LINE("35824005111111", "2026-11-27 10:00:00Z", "home"), ERR_DATE, false},
        {LINE("35824005111111", "2026-11-31T10:00:00Z", "home"), ERR_DATE, false},
        {LINE("35824005111111", "2026-11-27T10:00:00Z", ""), ERR_USAGE, false},
        {LINE("35824005111111", "2026-11-27T10:00:00Z", "home") "x", ERR_USAGE, false},
        {"{\"imei\":35824005111111,\"time\":\"2026-11-27T10:00:00Z\",\"network\":\"home\"}",
         ERR_USAGE, false},
        {"{\"imei\":\"1\",\"imei\":\"2\"}", ERR_USAGE, false},
        {"[]", ERR_USAGE, false},
        {"", ERR_USAGE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sighting s;
        bool home = false;
        enum err err = sightings_line(str_z(rows[i].line), &s, &home);
        if (err != rows[i].err || home != rows[i].home)
            fail_msg("%s: %s", rows[i].line, err_name(err));
        if (!err)
            assert_int_equal(s.imei.body, UINT64_C(35824005111111));
        if (!err)
            assert_int_equal(s.at_s, 1795773600);
    }
}

/* ---- who may ask, by the routes ---- */

static int status_of(const char *method, const char *target, const char *key, const char *type)
{
    struct service service;
    service_stub_init(&service, daynum_from_ymd(2025, 7, 1));
    const struct site site = {.service = &service};
    const struct request request = {.method = str_z(method),
                                    .target = str_z(target),
                                    .authorization = str_z(key),
                                    .content_type = str_z(type)};
    struct response response;
    route_answer(&site, &request, &response);
    const int status = response.status;
    response_release(&response);
    return status;
}

static void doors(void **state)
{
    static const char *const paths[] = {"/api/v1/feed", "/api/v1/snapshot", "/api/v1/tac-list/1"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(status_of("GET", paths[i], "", ""), 401);
        assert_int_equal(status_of("GET", paths[i], "Bearer nobody", ""), 401);
        assert_int_equal(status_of("GET", paths[i], "Bearer revoked", ""), 401);
        assert_int_equal(status_of("GET", paths[i], "Bearer good", ""), 403);
        assert_int_equal(status_of("GET", paths[i], "Bearer none", ""), 403);
        assert_int_equal(status_of("GET", paths[i], "Bearer node", ""), 503); /* no store */
        assert_int_equal(status_of("POST", paths[i], "Bearer node", ""), 405);
    }
    assert_int_equal(status_of("GET", "/api/v1/feed?after=x", "Bearer node", ""), 400);
    assert_int_equal(status_of("GET", "/api/v1/feed?wait=99", "Bearer node", ""), 400);
    assert_int_equal(status_of("GET", "/api/v1/tac-list/x", "Bearer node", ""), 404);
    static const char lines[] = "application/x-ndjson", sightings[] = "/api/v1/sightings";
    assert_int_equal(status_of("POST", sightings, "", lines), 401);
    assert_int_equal(status_of("POST", sightings, "Bearer node", lines), 403);
    assert_int_equal(status_of("POST", sightings, "Bearer good", lines), 403);
    assert_int_equal(status_of("POST", sightings, "Bearer node", "application/json"), 403);
    assert_int_equal(status_of("GET", "/api/v1/check/490154203237518", "Bearer node", ""), 403);
}

/* ---- those who wait ---- */

struct woken {
    atomic_uint count;
    atomic_bool refuses;
};

static bool wake(void *ctx, struct waiter *waiter)
{
    struct woken *woken = ctx;
    if (atomic_load(&woken->refuses))
        return false;
    atomic_fetch_add(&woken->count, 1);
    free(waiter);
    return true;
}

static struct waiter *one(uint64_t seq, int64_t in_us)
{
    struct waiter *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->behind.next_seq = seq;
    w->until_us = clock_monotonic_us() + in_us;
    return w;
}

static void waiting(void **state)
{
    enum { LONG = 100000000 };
    struct woken woken = {0};
    struct waiters *w;
    (void)state;
    assert_int_equal(waiters_new(3, wake, &woken, &w), ERR_OK);
    assert_true(waiters_put(w, one(7, LONG)));
    assert_true(waiters_put(w, one(8, LONG)));
    assert_true(waiters_put(w, one(7, 0)));
    struct waiter *over = one(7, LONG);
    assert_true(waiters_full(w));
    assert_false(waiters_put(w, over));
    assert_int_equal(waiters_look(w, &(struct service_news){7, 0, 0}), 1); /* news, and time */
    assert_int_equal(woken.count, 2);
    atomic_store(&woken.refuses, true);
    assert_int_equal(waiters_look(w, &(struct service_news){8, 0, 0}), 1); /* no place: waits on */
    atomic_store(&woken.refuses, false);
    assert_int_equal(waiters_look(w, &(struct service_news){7, 1, 0}), 0); /* a snapshot */
    assert_int_equal(woken.count, 3);
    assert_true(waiters_put(w, over));
    assert_null(waiters_close(w));
    assert_int_equal(woken.count, 4);
    struct waiter *late = one(7, 0);
    assert_false(waiters_put(w, late));
    free(late);
    waiters_free(w);
}

enum { COMERS = 4, EACH = 2000 };

static void *come(void *arg)
{
    struct waiters *w = arg;
    for (int i = 0; i < EACH; i++) {
        struct waiter *waiter = calloc(1, sizeof *waiter);
        waiter->behind.next_seq = (uint64_t)i % 2;
        waiter->until_us = INT64_MAX;
        while (!waiters_put(w, waiter))
            ;
    }
    return NULL;
}

static void many(void **state)
{
    struct woken woken = {0};
    struct waiters *w;
    pthread_t threads[COMERS];
    (void)state;
    assert_int_equal(waiters_new(64, wake, &woken, &w), ERR_OK);
    for (int i = 0; i < COMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come, w), 0);
    for (uint64_t seq = 0; woken.count < COMERS * EACH; seq++)
        waiters_look(w, &(struct service_news){seq % 3, 0, 0});
    for (int i = 0; i < COMERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(waiters_count(w), 0);
    assert_null(waiters_close(w));
    waiters_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges), cmocka_unit_test(tags),    cmocka_unit_test(report_lines),
        cmocka_unit_test(doors),  cmocka_unit_test(waiting), cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
