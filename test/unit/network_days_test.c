/* SPDX-License-Identifier: Apache-2.0
 *
 * network_days_test - what a network hears on each day, by a clock that the test turns: terms, holds, marks
 * and visits that end or begin at local midnight without a message, the gate before EXPIRED, a node
 * that is cut off meanwhile. Beside the index that goes on stands one that is written to a file
 * every evening and read again in the morning: both must say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include <sodium.h>

#include "answer/network.h"
#include "base/clock.h"
#include "chain.h"
#include "given.h"

enum { STEPS = 10, EAST = 5 * 3600 };

/* What came from the register in that day's first second: "gate=DATE", then, if any, the facts of
 * that moment (given.h); NULL: nothing, no sweep, no link. */
struct step {
    const char *day;
    const char *came;
    char told; /* W B G: a home subscriber, all day long */
};

static const struct {
    const char *what;
    struct step steps[STEPS];
} cases[] = {
    {"a term ends when the sweep has said so",
     {{"2025-06-01", "gate=2025-05-31 act=2025-06-01", 'G'},
      {"2025-06-30", "gate=2025-06-29", 'G'},
      {"2025-07-01", "gate=2025-06-30", 'G'},
      {"2025-07-02", "gate=2025-07-01", 'B'},
      {"2025-07-03", "gate=2025-07-02", 'B'}}},
    {"a term whose gate is ahead ends by itself at midnight",
     {{"2025-07-01", "gate=2025-07-01 act=2025-06-01", 'G'}, {"2025-07-02", NULL, 'B'}}},
    {"cut off for three days: the gate stands, and so does the service",
     {{"2025-06-30", "gate=2025-06-29 act=2025-06-01", 'G'},
      {"2025-07-01", NULL, 'G'},
      {"2025-07-02", NULL, 'G'},
      {"2025-07-03", NULL, 'G'},
      {"2025-07-04", "gate=2025-07-03", 'B'}}},
    {"cut off for three days: what was approved meanwhile comes with the blocks",
     {{"2025-06-30", "gate=2025-06-29 act=2025-06-01", 'G'},
      {"2025-07-02", NULL, 'G'},
      {"2025-07-03", "gate=2025-07-02 act=2025-06-01 verified=1751400000", 'W'},
      {"2025-07-04", NULL, 'W'}}},
    {"held while it is looked at, then refused: to the last day of the hold",
     {{"2025-06-20", "gate=2025-06-19 act=2025-06-01 hold=open", 'G'},
      {"2025-07-02", "gate=2025-07-01", 'G'},
      {"2025-08-01", "gate=2025-07-31", 'G'},
      {"2025-08-02", "gate=2025-08-01 act=2025-06-01 hold=2025-08-12", 'G'},
      {"2025-08-12", "gate=2025-08-11", 'G'},
      {"2025-08-13", "gate=2025-08-12", 'B'}}},
    {"held, then released by an approval",
     {{"2025-06-20", "gate=2025-06-19 act=2025-06-01 hold=open", 'G'},
      {"2025-07-15", NULL, 'G'},
      {"2025-07-16", "gate=2025-07-15 act=2025-06-01 verified=1752600000", 'W'}}},
    {"held, and the node is cut off over the last day of the hold",
     {{"2025-07-10", "gate=2025-07-09 act=2025-06-01 hold=2025-07-11", 'G'},
      {"2025-07-11", NULL, 'G'},
      {"2025-07-12", NULL, 'G'},
      {"2025-07-14", NULL, 'G'},
      {"2025-07-15", "gate=2025-07-14", 'B'}}},
    {"a leap day is the last one",
     {{"2028-02-28", "gate=2028-02-29 act=2028-01-30", 'G'},
      {"2028-02-29", NULL, 'G'},
      {"2028-03-01", NULL, 'B'}}},
    {"a year without it",
     {{"2027-02-28", "gate=2027-03-01 act=2027-01-30", 'G'},
      {"2027-03-01", NULL, 'G'},
      {"2027-03-02", NULL, 'B'}}},
    {"an order of the court ends by its last day, with or without a link",
     {{"2025-07-01",
       "gate=2025-06-30 act=2025-04-01 verified=1743500000 order=2025-07-01..2025-07-09", 'B'},
      {"2025-07-09", NULL, 'B'},
      {"2025-07-10", NULL, 'W'}}},
    {"an order ends on a leap day",
     {{"2028-02-28", "gate=2028-02-27 amnesty order=2028-02-01..2028-02-29", 'B'},
      {"2028-02-29", NULL, 'B'},
      {"2028-03-01", NULL, 'W'}}},
    {"an order outlives the term: what is behind it is black",
     {{"2025-07-08", "gate=2025-07-07 act=2025-06-01 order=2025-07-01..2025-07-09", 'B'},
      {"2025-07-10", NULL, 'B'}}},
    {"an order outlives the term, and the gate stands before it: grey until the sweep",
     {{"2025-06-30", "gate=2025-06-29 act=2025-06-01 order=2025-06-25..2025-07-09", 'B'},
      {"2025-07-09", NULL, 'B'},
      {"2025-07-10", NULL, 'G'},
      {"2025-07-11", "gate=2025-07-10", 'B'}}},
    {"a visitor leaves; the phone stays, with its term",
     {{"2025-07-01", "gate=2025-06-30 act=2025-06-20 temporary=2025-07-10", 'W'},
      {"2025-07-10", NULL, 'W'},
      {"2025-07-11", NULL, 'G'},
      {"2025-07-20", NULL, 'G'},
      {"2025-07-21", NULL, 'G'},
      {"2025-07-22", "gate=2025-07-21", 'B'}}},
    {"a visitor leaves after the term: the gate decides",
     {{"2025-08-01", "gate=2025-08-09 act=2025-06-20 temporary=2025-08-10", 'W'},
      {"2025-08-10", NULL, 'W'},
      {"2025-08-11", NULL, 'B'}}},
    {"a visitor's phone that nobody used is unknown again",
     {{"2025-07-10", "gate=2025-07-09 temporary=2025-07-10", 'W'}, {"2025-07-11", NULL, 'G'}}},
    {"a mark that begins later",
     {{"2025-07-03", "gate=2025-07-02 amnesty stolen=2025-07-05..", 'W'},
      {"2025-07-04", NULL, 'W'},
      {"2025-07-05", NULL, 'B'},
      {"2025-07-06", NULL, 'B'}}},
    {"a mark that begins later, and is lifted before",
     {{"2025-07-03", "gate=2025-07-02 amnesty stolen=2025-07-05..", 'W'},
      {"2025-07-04", "gate=2025-07-03 amnesty", 'W'},
      {"2025-07-05", NULL, 'W'}}},
    {"the last day of a year",
     {{"2025-12-31", "gate=2025-12-31 act=2025-12-01", 'G'}, {"2026-01-01", NULL, 'B'}}},
};

struct bed {
    char path[64];
    uint8_t id[16];
    struct index_keys keys;
    struct zone zone;
    struct clock clock;
    struct chain chain;
    struct index *index, *evening; /* the second goes through the file each night */
    struct given given;
    uint8_t reason; /* that the register gave last */
};

static const char home[] = "401010000000001";

static int set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof *bed);
    const uint8_t seed[32] = {3};
    assert_non_null(bed);
    snprintf(bed->path, sizeof bed->path, "/tmp/tamga-days.XXXXXX");
    int fd = mkstemp(bed->path);
    assert_true(fd >= 0 && close(fd) == 0);
    crypto_sign_seed_keypair(bed->keys.public_key, bed->keys.secret_key, seed);
    bed->zone = (struct zone){.name = "east", .count = 1, .steps = {{INT64_MIN, EAST}}};
    clock_init_fixed(&bed->clock, 0);
    assert_true(given_read("", NULL, &bed->given));
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    unlink(bed->path);
    free(bed);
    return 0;
}

static void begin(struct bed *bed)
{
    chain_init(&bed->chain, 1);
    assert_int_equal(index_new(&bed->index), ERR_OK);
    assert_int_equal(index_new(&bed->evening), ERR_OK);
    bed->reason = REASON_NEVER_ACTIVATED;
}

static void end(struct bed *bed)
{
    index_free(bed->index);
    index_free(bed->evening);
    chain_release(&bed->chain);
}

static daynum today(const struct bed *bed)
{
    return zone_day(&bed->zone, clock_now_us(&bed->clock) / 1000000);
}

static void apply(struct bed *bed, const struct block *block)
{
    assert_int_equal(index_apply(bed->index, block, today(bed)), ERR_OK);
    assert_int_equal(index_apply(bed->evening, block, today(bed)), ERR_OK);
}

static struct row row_of(struct bed *bed, daynum day)
{
    struct row row = {.change = {.imei = bed->given.imei, .kind = CHANGE_NONE},
                      .before = bed->reason};
    row.after = policy_judge_gated(bed->given.imei, &bed->given.facts, &bed->given.rules, day,
                                   bed->chain.gate.expire_through);
    bed->reason = row.after.reason;
    return row;
}

/* A block of the register: the gate, and a row where facts moved. */
static void comes(struct bed *bed, const char *came)
{
    static const size_t gate_length = sizeof "gate=2025-01-01" - 1;
    struct str text = str_z(came), facts = {came + gate_length, text.n - gate_length};
    daynum gate;
    assert_true(str_starts(text, STR("gate=")));
    assert_int_equal(daynum_parse((struct str){came + 5, 10}, &gate), ERR_OK);
    chain_gate(&bed->chain, (struct gate){gate, gate});
    if (facts.n) {
        assert_true(given_read(facts.p + 1, NULL, &bed->given));
        struct row row = row_of(bed, today(bed));
        chain_entry(&bed->chain, today(bed));
        chain_row(&bed->chain, &row);
    }
    apply(bed, chain_seal(&bed->chain));
}

/* Written before midnight, read after it. */
static void sleep_through(struct bed *bed)
{
    struct index_image *image;
    struct index_file file = {bed->id, STR(""), STR("")};
    struct index_want want = {bed->id, bed->keys.public_key, bed->chain.next_seq, NULL, false};
    struct index_loaded got;
    assert_int_equal(index_image_new(bed->evening, &image), ERR_OK);
    assert_int_equal(index_image_write(image, bed->path, &file, &bed->keys, NULL), ERR_OK);
    index_image_free(image);
    index_free(bed->evening);
    assert_int_equal(index_file_read(bed->path, &want, &got, NULL), ERR_OK);
    bed->evening = got.index;
    got.index = NULL;
    index_loaded_release(&got);
}

static char told(const struct bed *bed, const struct index *index, struct imei imei)
{
    struct network net = {.index = index,
                          .rules = &bed->given.rules,
                          .settings = {EQUIPMENT_GREY, EQUIPMENT_COUNT, EQUIPMENT_GREY},
                          .today = today(bed)};
    struct network_question q = {.imei = imei};
    struct network_reply reply;
    assert_int_equal(imsi_parse(str_z(home), &q.imsi), ERR_OK);
    network_answer(&net, &q, 1, &reply);
    return "WBGU"[reply.equipment];
}

static void hears(const struct bed *bed, const char *what, const struct step *step, int64_t second)
{
    char one = told(bed, bed->index, bed->given.imei),
         two = told(bed, bed->evening, bed->given.imei);
    if (one != step->told || two != step->told)
        fail_msg("%s: %s, second %lld: told %c, by way of the file %c, want %c", what, step->day,
                 (long long)second, one, two, step->told);
}

static void walk(struct bed *bed, const char *what, const struct step *steps)
{
    begin(bed);
    for (const struct step *step = steps; step < steps + STEPS && step->day; step++) {
        int64_t first = zone_day_start(&bed->zone, given_day(step->day));
        clock_set(&bed->clock, first * 1000000);
        if (step->came)
            comes(bed, step->came);
        hears(bed, what, step, 0);
        clock_set(&bed->clock, (first + 86400) * 1000000 - 1);
        hears(bed, what, step, 86399);
        sleep_through(bed);
    }
    end(bed);
}

static void every_case_day_by_day(void **state)
{
    struct bed *bed = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        walk(bed, cases[i].what, cases[i].steps);
}

/* An entry that takes effect later goes on in the next block; the night lies between the two. */
static void an_entry_that_goes_on_after_the_file(void **state)
{
    struct bed *bed = *state;
    struct imei first = {35000000000017}, second = {35000000000025};
    daynum day = given_day("2025-07-01");
    struct row row = plain_row(first.body, REASON_AMNESTY, REASON_REVOKED);
    struct row other = plain_row(second.body, REASON_AMNESTY, REASON_REVOKED);
    begin(bed);
    clock_set(&bed->clock, zone_day_start(&bed->zone, day) * 1000000);
    chain_entry(&bed->chain, day + 2);
    chain_row(&bed->chain, &row);
    apply(bed, chain_seal(&bed->chain));
    sleep_through(bed);
    chain_row(&bed->chain, &other);
    apply(bed, chain_seal(&bed->chain));
    for (int i = 0; i < 4; i++) {
        clock_set(&bed->clock, zone_day_start(&bed->zone, day + i) * 1000000);
        for (int k = 0; k < 2; k++) {
            struct imei imei = k ? second : first;
            assert_int_equal(told(bed, bed->index, imei), i < 2 ? 'W' : 'B');
            assert_int_equal(told(bed, bed->evening, imei), i < 2 ? 'W' : 'B');
        }
    }
    end(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_case_day_by_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_that_goes_on_after_the_file, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
