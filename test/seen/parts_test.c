/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts in a register: what is written comes back, days are only added to, what is damaged is told. */
#include "app/fixture.h"

#include <stdlib.h>

#include "app/commit.h"
#include "prop/random.h"
#include "seen/parts.h"

static void begin(struct fixture *f)
{
    OK(store_write_begin(f->reg->store, NULL));
}

static void commit(struct fixture *f)
{
    OK(store_write_commit(f->reg->store, NULL));
}

static void head_comes_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct seen_head head, want = {.subscribers = 70000, .pairs = UINT32_MAX, .tag = {1, 2, 3}};
    OK(seen_head_get(f->reg, &head, NULL));
    assert_int_equal(head.pairs, 0);
    begin(f);
    OK(seen_head_put(f->reg, &want, NULL));
    commit(f);
    OK(seen_head_get(f->reg, &head, NULL));
    assert_memory_equal(&head, &want, sizeof head);
    fixture_free(f);
}

struct seen_all {
    uint32_t n;
    struct seen_pair pairs[3 * SEEN_PART];
    struct seen_key hashes[3 * SEEN_PART];
};

static bool take_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct seen_all *all = ctx;
    assert_int_equal(number, ++all->n);
    all->pairs[number - 1] = *pair;
    return true;
}

static bool take_hash(void *ctx, uint32_t number, const struct seen_key *hash)
{
    struct seen_all *all = ctx;
    assert_int_equal(number, ++all->n);
    all->hashes[number - 1] = *hash;
    return true;
}

static void entries_come_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_sqlite("2026-03-10");
    struct rng rng = random_start("parts", 3);
    struct seen_all *all = calloc(1, sizeof *all), *want = calloc(1, sizeof *want);
    struct seen_subscriber *subscribers = calloc(SEEN_PART, sizeof *subscribers), got;
    uint8_t key[SEEN_HASH_KEY];
    size_t sizes[] = {1, 7, SEEN_PART, 100, SEEN_PART};
    uint32_t n = 0;
    seen_hash_key(f->reg, key);
    begin(f);
    for (size_t k = 0; k < 5; k++) {
        for (size_t i = 0; i < sizes[k]; i++) {
            want->pairs[n + i] = (struct seen_pair){rng_next(&rng) % IMEI_BODIES,
                                                    1 + rng_below(&rng, UINT32_MAX - 1),
                                                    (uint16_t)rng_below(&rng, 65536)};
            subscribers[i] = (struct seen_subscriber){n + i + 1000000, rng_next(&rng)};
            want->hashes[n + i] = seen_hash(key, n + i + 1000000);
        }
        OK(seen_pairs_put(f->reg, n + 1, want->pairs + n, sizes[k], NULL));
        OK(seen_subscribers_put(f->reg, n + 1, subscribers, sizes[k], NULL));
        n += (uint32_t)sizes[k];
    }
    commit(f);
    fixture_reopen(f);
    OK(seen_pairs(f->reg, take_pair, all, NULL));
    assert_int_equal(all->n, n);
    all->n = 0;
    OK(seen_hashes(f->reg, take_hash, all, NULL));
    assert_int_equal(all->n, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(all->pairs[i].imei, want->pairs[i].imei);
        assert_int_equal(all->pairs[i].subscriber, want->pairs[i].subscriber);
        assert_int_equal(all->pairs[i].day, want->pairs[i].day);
        assert_int_equal(all->hashes[i].hash, want->hashes[i].hash);
        assert_int_equal(all->hashes[i].mark, want->hashes[i].mark);
    }
    for (uint32_t i = 1; i <= n; i += i < 20 ? 1 : 997) {
        OK(seen_subscriber_get(f->reg, i, &got, NULL));
        assert_int_equal(got.imsi, i - 1 + 1000000);
    }
    assert_int_equal(seen_subscriber_get(f->reg, n + 1, &got, NULL), ERR_NOT_FOUND);
    assert_int_equal(seen_subscriber_get(f->reg, 0, &got, NULL), ERR_NOT_FOUND);
    begin(f);
    OK(seen_pairs_put(f->reg, n + 2, want->pairs, 1, NULL)); /* a number is missing */
    commit(f);
    all->n = 0;
    assert_int_equal(seen_pairs(f->reg, take_pair, all, NULL), ERR_CODEC);
    free(all);
    free(want);
    free(subscribers);
    fixture_free(f);
}

/* Nobody who has the file of the register alone reads a number in it. */
static void subscribers_are_sealed(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct seen_subscriber one = {0x0123456789abcdef, 0x1122334455667788};
    struct record_key key = record_key(RECORD_SEEN_SUBSCRIBERS);
    struct buf value = {0};
    record_key_number(&key, 1, 4);
    begin(f);
    OK(seen_subscribers_put(f->reg, 1, &one, 1, NULL));
    commit(f);
    OK(store_record_get(f->reg->store, record_key_str(&key), &value, NULL));
    assert_true(record_is_sealed(RECORD_SEEN_SUBSCRIBERS));
    assert_null(memmem(value.p, value.n, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8));
    assert_null(memmem(value.p, value.n, "\x11\x22\x33\x44\x55\x66\x77\x88", 8));
    buf_release(&value);
    fixture_free(f);
}

static void add_day(struct fixture *f, const roaring_bitmap_t *bits, uint64_t want_new)
{
    uint64_t new;
    begin(f);
    OK(seen_day_add(f->reg, 5, 9000, bits, &new, NULL));
    commit(f);
    assert_int_equal(new, want_new);
}

static void days_are_added_to(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct rng rng = random_start("days", 5);
    roaring_bitmap_t *all = roaring_bitmap_create(), *got = NULL;
    for (unsigned round = 0; round < 20; round++) {
        roaring_bitmap_t *bits = roaring_bitmap_create();
        uint32_t base = rng_below(&rng, 4) << (SEEN_DAY_SHIFT - 1);
        for (unsigned i = 0; i < 2000; i++)
            roaring_bitmap_add(bits, base + rng_below(&rng, round % 2 ? 3000 : 1u << 23));
        add_day(f, bits, roaring_bitmap_andnot_cardinality(bits, all));
        add_day(f, bits, 0);
        roaring_bitmap_or_inplace(all, bits);
        OK(seen_day_get(f->reg, 5, 9000, &got, NULL));
        assert_true(roaring_bitmap_equals(got, all));
        roaring_bitmap_free(got);
        roaring_bitmap_free(bits);
    }
    OK(seen_day_get(f->reg, 5, 9001, &got, NULL));
    assert_true(roaring_bitmap_is_empty(got));
    roaring_bitmap_free(got);
    OK(seen_day_get(f->reg, 4, 9000, &got, NULL));
    assert_true(roaring_bitmap_is_empty(got));
    roaring_bitmap_free(got);
    roaring_bitmap_free(all);
    fixture_free(f);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct seen_head head;
    struct seen_report report;
    struct record_key key = record_key(RECORD_SEEN), day = record_key(RECORD_SEEN_PAIRS),
                      said = record_key(RECORD_SEEN);
    roaring_bitmap_t *bits = NULL;
    record_key_bytes(&day, "d", 1);
    record_key_number(&day, 9000, 2);
    record_key_number(&day, 5, 8);
    record_key_number(&day, 0, 2);
    record_key_bytes(&said, "r", 1);
    record_key_number(&said, 9000, 2);
    record_key_number(&said, 5, 8);
    begin(f);
    OK(record_put(f->reg, &key, STR("x"), NULL));
    OK(record_put(f->reg, &day, STR("x"), NULL));
    OK(record_put(f->reg, &said, STR("x"), NULL));
    commit(f);
    assert_int_equal(seen_head_get(f->reg, &head, NULL), ERR_CODEC);
    assert_int_equal(seen_day_get(f->reg, 5, 9000, &bits, NULL), ERR_CODEC);
    assert_int_equal(seen_report_get(f->reg, 5, 9000, &report, NULL), ERR_CODEC);
    fixture_free(f);
}

static bool count_report(void *ctx, uint16_t day, uint64_t party, const struct seen_report *report)
{
    assert_true(day >= 9000 && party == 5 && report->loads);
    ++*(unsigned *)ctx;
    return true;
}

static void reports_come_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_memory("2026-03-10");
    struct seen_report want = {3, UINT64_MAX,     0, 12345, {[0] = 7, [SEEN_COUNTS - 1] = 1},
                               2, {1, UINT64_MAX}},
                       got;
    struct record_key older = record_key(RECORD_SEEN);
    record_key_bytes(&older, "r\x23\x29\0\0\0\0\0\0\0\x05", 11); /* day 9001 */
    begin(f);
    OK(seen_report_put(f->reg, 5, 9000, &want, NULL));
    commit(f);
    OK(seen_report_get(f->reg, 5, 9000, &got, NULL));
    assert_memory_equal(&got, &want, sizeof got);
    OK(seen_report_get(f->reg, 6, 9000, &got, NULL));
    assert_int_equal(got.loads, 0);
    begin(f);
    OK(record_put(f->reg, &older, STR("\1\2\3\4\5"), NULL)); /* form 1 */
    commit(f);
    OK(seen_report_get(f->reg, 5, 9001, &got, NULL));
    want = (struct seen_report){2, 3, 4, 5, {0}, 0, {0}};
    assert_memory_equal(&got, &want, sizeof got);
    begin(f);
    OK(record_put(f->reg, &older, STR("\2\2\3\4\5\2\6\7"), NULL)); /* form 2 */
    commit(f);
    OK(seen_report_get(f->reg, 5, 9001, &got, NULL));
    want = (struct seen_report){2, 3, 4, 5, {6, 7}, 0, {0}};
    assert_memory_equal(&got, &want, sizeof got);
    unsigned n = 0;
    OK(seen_reports(f->reg, 9000, 9000, count_report, &n, NULL));
    assert_int_equal(n, 1);
    OK(seen_reports(f->reg, 8000, 9001, count_report, &n, NULL));
    assert_int_equal(n, 3);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_comes_back),        cmocka_unit_test(entries_come_back),
        cmocka_unit_test(subscribers_are_sealed), cmocka_unit_test(days_are_added_to),
        cmocka_unit_test(damage_is_told),         cmocka_unit_test(reports_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
