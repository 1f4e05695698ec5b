/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads whose process is killed (SIGKILL), at each moment at which it asks for the time, and so between any two of its
 * transactions: the same load once more does the rest. Nothing is doubled and nothing lost: days and pairs, radio
 * technologies, findings, who accepted what; with and without activations that wait for a person, and days to come. */
#include "app/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/staff.h"
#include "people/audit_log.h"
#include "seen/feed.h"
#include "seen/parts.h"
#include "seen/radio.h"

enum { PHONES = 24, MANY = 1000000, LAST = 20 };
#define PHONE 35735007990500ULL

static int moments; /* until it is killed; 0: it lives */

static int64_t deadly(const struct clock *clock)
{
    if (moments && !--moments)
        (void)kill(getpid(), SIGKILL);
    return clock->fixed_us;
}

/* ---- the file ---- */

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

enum { WAITS = 1, FUTURE = 2, VARIANTS = 4 };

/* Some would be black before a notice; some would be white, where the activations are to wait; one row is bad. */
static void make_rows(struct rows *r, unsigned variant)
{
    *r = (struct rows){.reader = {.read = read_rows, .ctx = r, .name = "rows"}};
    buf_str(&r->text, STR("date,imei,imsi,msisdn,rat\n2025-06-01,*,401010000000000,,\n"));
    for (unsigned i = 0; i < PHONES; i++)
        buf_printf(&r->text, "%s,%llu,4010100000%05u,,006\n",
                   i % 3 == 1                        ? "2025-05-10"
                   : i % 3 == 2 && (variant & WAITS) ? "2025-03-01"
                                                     : "2025-06-01",
                   PHONE + i, i);
    if (variant & FUTURE)
        buf_printf(&r->text, "2025-06-20,%llu,401010000000001,,006\n", PHONE);
}

static enum err load(struct fixture *f, struct rows *r, struct feed_result *out)
{
    struct fault fault = {0};
    FILE *bad = fopen("/dev/null", "w");
    const struct load_options options = {.path = "rows", .reader = &r->reader, .beside = bad};
    const struct feed_options feed = {.operator_name = STR("A"),
                                      .machine = "api key 1",
                                      .accept = {GUARD_NOTICE | GUARD_DATES, "test"}};
    assert_non_null(bad);
    r->at = 0;
    enum err err = feed_load(f->reg, &options, &feed, out, &fault);
    if (err && err != ERR_HELD)
        print_error("%s: %s\n", err_name(err), fault.detail);
    fclose(bad);
    return err;
}

/* ---- what stands ---- */

struct stands {
    unsigned rows_in, accepts;
    uint64_t object; /* of the acceptance */
    uint64_t radio, findings;
    uint32_t pairs;
};

static bool on_event(void *ctx, uint64_t page, const struct audit_event *event)
{
    struct stands *s = ctx;
    (void)page;
    s->rows_in += event->what == AUDIT_ROWS_IN;
    if (event->what == AUDIT_FEED_ACCEPT) {
        s->accepts++;
        s->object = event->object;
    }
    return true;
}

static bool on_radio(void *ctx, uint64_t party, const struct radio_count *count)
{
    struct stands *s = ctx;
    (void)party;
    s->radio += count->rows[2]; /* 4G */
    return true;
}

static bool on_finding(void *ctx, const struct finding *finding)
{
    struct stands *s = ctx;
    s->findings += strcmp(finding->kind, "imei") == 0 ? finding->count : 0;
    return true;
}

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct stands *s = ctx;
    s->pairs++;
    assert_int_equal(number, s->pairs);
    assert_true(pair->imei >= PHONE && pair->imei < PHONE + PHONES);
    return true;
}

static uint64_t seen_on(struct fixture *f, const char *day)
{
    struct seen_report report;
    const uint64_t party = registry_party_id(f->reg, PARTY_OPERATOR, STR("A"));
    OK(seen_report_get(f->reg, party, daynum_pack(fixture_daynum(day)), &report, NULL));
    assert_int_equal(report.pairs, report.home);
    return report.home;
}

static void all_is_there(struct fixture *f, unsigned variant, int n)
{
    struct stands s = {0};
    OK(audit_log_read(f->reg, on_event, &s, NULL));
    OK(radio_each(f->reg, on_radio, &s, NULL));
    OK(store_findings(f->reg->store, on_finding, &s, NULL));
    OK(seen_pairs(f->reg, on_pair, &s, NULL));
    if (s.rows_in != 1 || s.accepts != 1 || (!s.object && !(variant & WAITS)) ||
        s.radio != PHONES || s.findings != 1 || s.pairs != PHONES)
        fail_msg("variant %u, killed at %d: %u rows_in, %u accepts of %llu, %llu rows by 4G, %llu "
                 "findings, %u pairs",
                 variant, n, s.rows_in, s.accepts, (unsigned long long)s.object,
                 (unsigned long long)s.radio, (unsigned long long)s.findings, s.pairs);
    assert_int_equal(seen_on(f, "2025-05-10"), PHONES / 3);
    assert_int_equal(seen_on(f, "2025-06-01") + seen_on(f, "2025-03-01"), PHONES - PHONES / 3);
    fixture_whole(f);
}

/* ---- killed ---- */

static void act(struct fixture *f, const char *name)
{
    f->reg->actor = registry_party_id(f->reg, PARTY_ACCOUNT, str_z(name));
    str_copy(f->reg->actor_name, sizeof f->reg->actor_name, str_z(name));
}

static struct fixture *with_staff(void)
{
    struct fixture *f = fixture_sqlite("2025-06-10");
    struct batch_result result;
    OK(staff_add(f->reg, STR("aigul"), &result, NULL));
    act(f, "aigul");
    OK(staff_add(f->reg, STR("botan"), &result, NULL));
    f->clock.now_us = deadly;
    return f;
}

static bool take_proposal(void *ctx, const struct batch *batch)
{
    uint64_t *id = ctx;
    if (batch->state == BATCH_PROPOSED)
        *id = batch->id;
    return true;
}

/* False: there was none. */
static bool confirm(struct fixture *f)
{
    uint64_t id = 0;
    struct batch_result result;
    OK(store_batches(f->reg->store, take_proposal, &id, NULL));
    if (!id)
        return false;
    act(f, "botan");
    OK(batch_confirm(f->reg, id, &result, NULL));
    act(f, "aigul");
    return true;
}

static void reopen(struct fixture *f)
{
    fixture_reopen(f);
    act(f, "aigul");
}

/* A process of its own loads, and is killed at the n-th moment. True: it was over before. */
static bool load_and_die(struct fixture *f, struct rows *r, int n)
{
    struct feed_result result;
    int status = 0;
    registry_close(f->reg);
    f->reg = NULL;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        reopen(f);
        moments = n;
        enum err err = load(f, r, &result);
        moments = 0;
        registry_close(f->reg);
        _exit(err && err != ERR_HELD);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    reopen(f);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    else
        assert_int_equal(WTERMSIG(status), SIGKILL);
    return WIFEXITED(status);
}

static bool killed_at(unsigned variant, int n)
{
    struct fixture *f = with_staff();
    struct feed_result result;
    struct rows r;
    make_rows(&r, variant);
    const bool over = load_and_die(f, &r, n);
    const bool confirmed = n % 2 && confirm(f); /* before the file comes again */
    if (!over) {
        enum err err = load(f, &r, &result);
        if (err)
            assert_int_equal(err, ERR_HELD);
    }
    if (!over || confirmed || !(variant & WAITS))
        (void)confirm(f);
    else
        assert_true(confirm(f));
    all_is_there(f, variant, n);
    if (!(variant & FUTURE)) {
        OK(load(f, &r, &result));
        assert_true(result.load.known);
    }
    buf_release(&r.text);
    fixture_free(f);
    return over;
}

/* How many moments a load has. */
static int moments_of(unsigned variant)
{
    struct fixture *f = with_staff();
    struct feed_result result;
    struct rows r;
    make_rows(&r, variant);
    moments = MANY;
    enum err err = load(f, &r, &result);
    const int n = MANY - moments;
    moments = 0;
    assert_int_equal(err, variant & WAITS ? ERR_HELD : ERR_OK);
    (void)confirm(f);
    all_is_there(f, variant, 0);
    buf_release(&r.text);
    fixture_free(f);
    return n;
}

/* Before the last moments nothing is written: they ask for the day. */
static void killed_anywhere(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < VARIANTS; variant++) {
        const int all = moments_of(variant), step = variant == WAITS || variant == FUTURE ? 3 : 1;
        assert_true(all > LAST);
        for (int n = all - LAST; n <= all; n += step)
            assert_false(killed_at(variant, n));
        print_message("variant %u: the last %d of %d moments\n", variant, LAST, all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
