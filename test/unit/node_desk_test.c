/* SPDX-License-Identifier: Apache-2.0
 *
 * node_desk_test - what a worker's desk says, counts and hands on: midnight by a clock that the test turns,
 * identities that are none, first uses, the check log, the override that a stale node may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "node/desk.h"
#include "node/status_text.h"

#define PHONE  35824005111111ULL
#define STOLEN 35824005222222ULL
#define NEW    35824005333333ULL

struct bed {
    struct views *views;
    struct index *index; /* the view's */
    struct clock clock;
    struct counts counts;
    struct ring *checks, *sightings;
    atomic_bool log_white;
    struct desk desk;
    struct network_asker asker;
};

static void put(struct index *ix, uint64_t body, const struct verdict *v)
{
    assert_int_equal(index_put(ix, (struct imei){body}, v), ERR_OK);
}

static daynum day(const char *text)
{
    daynum d;
    assert_int_equal(daynum_parse(str_z(text), &d), ERR_OK);
    return d;
}

static int64_t utc_us(const char *text)
{
    int64_t s;
    assert_int_equal(instant_parse(str_z(text), NULL, &s), ERR_OK);
    return s * 1000000;
}

static void fill(struct index *ix)
{
    struct verdict grey = {.reason = REASON_UNVERIFIED,
                           .next_reason = REASON_EXPIRED,
                           .flags = VERDICT_USED,
                           .deadline = day("2026-03-10"),
                           .valid_through = day("2026-03-10")};
    struct verdict stolen = {.reason = REASON_STOLEN,
                             .next_reason = REASON_STOLEN,
                             .deadline = DAYNUM_NONE,
                             .valid_through = DAYNUM_OPEN};
    struct index_state state = {.next_seq = 1, .gate = {day("2026-03-31"), day("2026-03-31")}};
    put(ix, PHONE, &grey);
    put(ix, STOLEN, &stolen);
    index_set_state(ix, &state);
}

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    struct rules rules;
    struct network_settings settings = {.unknown = EQUIPMENT_GREY, .malformed = EQUIPMENT_COUNT};
    assert_non_null(b);
    clock_init_fixed(&b->clock, utc_us("2026-03-10T18:59:59Z")); /* 23:59:59 in Almaty */
    assert_int_equal(index_new(&b->index), ERR_OK);
    fill(b->index);
    rules_init(&rules);
    struct held_index *held = held_index_new(b->index);
    struct view_change change = {.index = held, .rules = &rules, .settings = &settings};
    assert_int_equal(views_new(NULL, &b->views), ERR_OK);
    assert_int_equal(views_publish(b->views, &change, NULL), ERR_OK);
    held_index_drop(held);
    b->checks = ring_new(sizeof(struct check_record), 8);
    b->sightings = ring_new(sizeof(struct sighting), 8);
    struct desk_options with = {.views = b->views,
                                .slot = views_slot(b->views, 0),
                                .clock = &b->clock,
                                .counts = &b->counts,
                                .checks = b->checks,
                                .log_white = &b->log_white,
                                .sightings = b->sightings};
    desk_init(&b->desk, &with);
    b->asker = (struct network_asker){STR("mme1.example"), 2, NETWORK_S13};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;
    views_free(b->views);
    ring_free(b->checks);
    ring_free(b->sightings);
    free(b);
    return 0;
}

static struct network_reply ask(struct bed *b, uint64_t body, const char *imsi, bool malformed)
{
    struct network_check check = {
        .question.imei = {body}, .software_version = 255, .malformed = malformed};
    struct network_reply reply;
    if (imsi)
        assert_int_equal(imsi_parse(str_z(imsi), &check.question.imsi), ERR_OK);
    b->desk.face.answer(&b->desk.face, &b->asker, &check, 1, &reply);
    return reply;
}

static uint64_t counted(struct bed *b, enum count kind)
{
    return count_get(&b->counts.by[NETWORK_S13][2].of[kind]);
}

static void at_midnight_a_deadline_passes(void **state)
{
    struct bed *b = *state;
    int64_t now = clock_monotonic_us();
    desk_turn(&b->desk, now);
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_GREY);
    clock_set(&b->clock, utc_us("2026-03-10T19:00:00Z"));
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_GREY); /* of the same turn */
    desk_turn(&b->desk, now + 1000000);
    struct network_reply reply = ask(b, PHONE, NULL, false);
    assert_int_equal(reply.equipment, EQUIPMENT_BLACK);
    assert_int_equal(reply.reason, REASON_EXPIRED);
}

static void a_clock_that_was_set_is_seen_within_a_second(void **state)
{
    struct bed *b = *state;
    int64_t now = clock_monotonic_us();
    clock_set(&b->clock, utc_us("2026-03-09T00:00:00Z"));
    desk_turn(&b->desk, now);
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_GREY);
    clock_set(&b->clock, utc_us("2026-03-20T00:00:00Z"));
    desk_turn(&b->desk, now + 1000000);
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_BLACK);
}

static void what_is_no_imei_hears_the_operators_choice(void **state)
{
    struct bed *b = *state;
    assert_int_equal(ask(b, UINT64_MAX, NULL, true).equipment, EQUIPMENT_COUNT);
    struct network_settings settings = {.unknown = EQUIPMENT_UNKNOWN, .malformed = EQUIPMENT_BLACK};
    struct view_change change = {.settings = &settings};
    assert_int_equal(views_publish(b->views, &change, NULL), ERR_OK);
    struct network_reply reply = ask(b, 0, "401010000000001", true);
    assert_int_equal(reply.equipment, EQUIPMENT_BLACK);
    assert_false(reply.fresh);
    assert_int_equal(ask(b, NEW, NULL, false).equipment, EQUIPMENT_UNKNOWN);
    assert_int_equal(counted(b, COUNT_RECEIVED), 3);
    assert_int_equal(counted(b, COUNT_MALFORMED), 2);
    assert_int_equal(counted(b, COUNT_ERROR), 1);
    assert_int_equal(counted(b, COUNT_BLACK), 1);
    assert_int_equal(counted(b, COUNT_UNKNOWN), 1);
}

static void a_first_use_goes_to_the_register(void **state)
{
    struct bed *b = *state;
    struct sighting s[8];
    ask(b, NEW, "401010000000001", false);
    ask(b, NEW, NULL, false);                /* nobody knows whose */
    ask(b, NEW, "250010000000001", false);   /* a visitor's */
    ask(b, PHONE, "401010000000001", false); /* was seen before */
    assert_int_equal(ring_take(b->sightings, s, 8), 1);
    assert_int_equal(s[0].imei.body, NEW);
    assert_int_equal(s[0].time_s, utc_us("2026-03-10T18:59:59Z") / 1000000);
    assert_int_equal(counted(b, COUNT_FRESH), 1);
}

static void white_is_logged_only_if_asked(void **state)
{
    struct bed *b = *state;
    struct check_record r[8];
    ask(b, NEW, "250010000000001", false);
    ask(b, STOLEN, "250010000000001", false);
    assert_int_equal(ring_take(b->checks, r, 8), 1);
    assert_int_equal(r[0].check.question.imei.body, STOLEN);
    assert_int_equal(r[0].reply.equipment, EQUIPMENT_BLACK);
    assert_int_equal(r[0].origin_n, 12);
    atomic_store(&b->log_white, true);
    ask(b, NEW, "250010000000001", false);
    assert_int_equal(ring_take(b->checks, r, 8), 1);
    assert_int_equal(r[0].reply.equipment, EQUIPMENT_WHITE);
    for (int i = 0; i < 20; i++) /* nobody takes them */
        ask(b, STOLEN, NULL, false);
    assert_int_equal(ring_lost(b->checks), 12);
}

static void a_stale_node_may_stop_refusing_but_for_marks(void **state)
{
    struct bed *b = *state;
    clock_set(&b->clock, utc_us("2026-03-20T00:00:00Z"));
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_BLACK);
    struct view_change change = {.set_override = true, .override = OVERRIDE_WHITE};
    assert_int_equal(views_publish(b->views, &change, NULL), ERR_OK);
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_WHITE);
    assert_int_equal(ask(b, STOLEN, NULL, false).equipment, EQUIPMENT_BLACK);
    struct rules rules; /* the register's own word stands first */
    rules_init(&rules);
    rules.network_override = OVERRIDE_GREY;
    change = (struct view_change){.rules = &rules};
    assert_int_equal(views_publish(b->views, &change, NULL), ERR_OK);
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_GREY);
    rules_init(&rules);
    change = (struct view_change){.rules = &rules, .set_override = true};
    assert_int_equal(views_publish(b->views, &change, NULL), ERR_OK);
    assert_int_equal(ask(b, PHONE, NULL, false).equipment, EQUIPMENT_BLACK);
}

static struct str no_name(void *ctx, unsigned face, unsigned number)
{
    (void)face;
    (void)ctx;
    return number == 2 ? STR("mme\"1") : STR("");
}

static void counters_are_shown(void **state)
{
    struct bed *b = *state;
    struct node_status status = {
        .next_seq = 7, .applied_seq = 5, .register_next_seq = 8, .ready = true};
    struct counts *other = calloc(1, sizeof *other);
    struct counts *counts[] = {&b->counts, other};
    struct status_sources s = {.status = &status,
                               .clock = &b->clock,
                               .counts = counts,
                               .workers = 2,
                               .peer = no_name,
                               .version = "9"};
    struct buf out = {0};
    assert_non_null(other);
    ask(b, STOLEN, NULL, false);
    ask(b, STOLEN, NULL, false);
    network_refused(&b->desk.face, &b->asker, 3004);
    network_refused(&b->desk.face, &b->asker, 5009);
    network_refused(&b->desk.face, &b->asker, 3004);
    counts_refused(other, NETWORK_S13, 5009);
    counts_refused(other, NETWORK_N5G, 406);
    status_metrics(&s, &out);
    buf_uint(&out, 0, 1);
    const char *text = (const char *)out.p;
    assert_non_null(strstr(text, "tamga_eir_behind_items 3\n"));
    assert_non_null(
        strstr(text, "tamga_eir_checks_total{face=\"s13\",peer=\"mme\\\"1\",what=\"black\"} 2\n"));
    assert_non_null(strstr(text, "tamga_eir_answer_seconds_count{face=\"s13\"} 2\n"));
    assert_non_null(strstr(text, "tamga_eir_refused_total{face=\"s13\",code=\"3004\"} 2\n"
                                 "tamga_eir_refused_total{face=\"s13\",code=\"5009\"} 2\n"
                                 "tamga_eir_refused_total{face=\"n5g\",code=\"406\"} 1\n"));
    buf_clear(&out);
    assert_true(status_health(&s, &out));
    status.ready = false;
    assert_false(status_health(&s, &out));
    buf_release(&out);
    free(other);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BED(at_midnight_a_deadline_passes),
        IN_BED(a_clock_that_was_set_is_seen_within_a_second),
        IN_BED(what_is_no_imei_hears_the_operators_choice),
        IN_BED(a_first_use_goes_to_the_register),
        IN_BED(white_is_logged_only_if_asked),
        IN_BED(a_stale_node_may_stop_refusing_but_for_marks),
        IN_BED(counters_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
