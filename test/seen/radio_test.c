/* SPDX-License-Identifier: Apache-2.0
 *
 * Radio technologies by TAC: what is noted adds up over loads as a naive table says, whatever the order; codes of DIRBS; what is
 * damaged is told; a feed counts its rows. */
#include "app/fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "prop/random.h"
#include "seen/feed.h"
#include "seen/radio.h"

enum { TACS = 300, OPERATORS = 2 };

struct table {
    uint64_t rows[OPERATORS][TACS][RADIO_KINDS];
    uint32_t last;
    unsigned n;
};

static uint32_t tac_of(unsigned i)
{
    return i % 3 ? 35000000 + i * 7 : i * 331; /* together, and far apart */
}

static bool take(void *ctx, uint64_t party, const struct radio_count *count)
{
    struct table *t = ctx;
    unsigned i = 0;
    while (i < TACS && tac_of(i) != count->tac)
        i++;
    assert_true(i < TACS && party < OPERATORS);
    t->n++;
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        t->rows[party][i][k] += count->rows[k];
    return true;
}

static void adds_up(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct rng rng = random_start("radio", 5);
    struct table *want = calloc(1, sizeof *want), *got = calloc(1, sizeof *got);
    for (unsigned load = 0; load < 6; load++) {
        struct radio_seen *seen;
        unsigned party = rng_below(&rng, OPERATORS);
        OK(radio_seen_new(&seen));
        for (unsigned n = 0; n < 5000; n++) {
            unsigned i = rng_below(&rng, TACS * (load + 1) / 6), radio = rng_below(&rng, 32);
            radio_note(seen, tac_of(i), radio);
            for (unsigned k = 0; k < RADIO_KINDS; k++)
                want->rows[party][i][k] += radio >> k & 1;
        }
        OK(store_write_begin(f->reg->store, NULL));
        OK(radio_write(f->reg, party, seen, NULL));
        OK(store_write_commit(f->reg->store, NULL));
        radio_seen_free(seen);
    }
    fixture_reopen(f);
    OK(radio_each(f->reg, take, got, NULL));
    assert_memory_equal(got->rows, want->rows, sizeof got->rows);
    struct record_key key = record_key(RECORD_FINDINGS);
    record_key_bytes(&key, "r", 1);
    record_key_number(&key, 0, 8);
    record_key_number(&key, 3, 2);
    OK(store_write_begin(f->reg->store, NULL));
    OK(record_put(f->reg, &key, STR("\1abc"), NULL));
    OK(store_write_commit(f->reg->store, NULL));
    assert_int_equal(radio_each(f->reg, take, got, NULL), ERR_CODEC);
    free(want);
    free(got);
    fixture_free(f);
}

static void codes(void **state)
{
    (void)state;
    assert_int_equal(radio_of_code(1), RADIO_3G);
    assert_int_equal(radio_of_code(2), RADIO_2G);
    assert_int_equal(radio_of_code(3), 0);
    assert_int_equal(radio_of_code(5), RADIO_3G);
    assert_int_equal(radio_of_code(6), RADIO_4G);
    assert_int_equal(radio_of_code(101), 0);
    assert_int_equal(radio_of_code(104), RADIO_3GPP2);
    assert_string_equal(radio_name(2), "4G");
}

struct one {
    struct radio_count count;
    unsigned n;
};

static bool take_one(void *ctx, uint64_t party, const struct radio_count *count)
{
    struct one *one = ctx;
    (void)party;
    one->count = *count;
    one->n++;
    return true;
}

static void of_a_feed(void **state)
{
    (void)state;
    static const char text[] = "date,imei,imsi,msisdn,rat\n"
                               "2026-03-01,35735007000001,401010000000001,,006|002\n"
                               "2026-03-01,35735007000002,401010000000002,,006|002\n"
                               "2026-03-01,35735007000003,401010000000003,,006\n"
                               "2026-03-01,35735007000004,401010000000004,,\n"
                               "2026-03-01,35735007000005,401010000000005,,999|001\n"
                               "2026-03-01,*,401010000000005,,001\n";
    struct fixture *f = fixture_memory("2026-03-10");
    char path[] = "/tmp/tamga-radio-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1 && !close(fd));
    struct load_options options = {.path = path};
    struct feed_options feed = {.operator_name = STR("Altel"), .accept = {GUARD_ALL, "test"}};
    for (unsigned again = 0; again < 2; again++) { /* the same file counts once */
        struct feed_result result;
        OK(feed_load(f->reg, &options, &feed, &result, NULL));
        struct one one = {.n = 0};
        OK(radio_each(f->reg, take_one, &one, NULL));
        assert_int_equal(one.n, 1);
        assert_int_equal(one.count.tac, 35735007);
        static const uint64_t rows[RADIO_KINDS] = {2, 1, 3, 0, 0};
        assert_memory_equal(one.count.rows, rows, sizeof rows);
    }
    unlink(path);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_up),
        cmocka_unit_test(codes),
        cmocka_unit_test(of_a_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
