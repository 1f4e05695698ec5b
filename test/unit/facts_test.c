/* SPDX-License-Identifier: Apache-2.0
 *
 * The facts row: what is written is read again, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "prop/random.h"

static struct rng rng;

static void random_facts(struct facts *f)
{
    if (rng_one_in(&rng, 2))
        random_facts_by_changes(&rng, f);
    else
        random_facts_directly(&rng, f);
}

static void rows_come_back(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(20000); i > 0; i--) {
        struct facts f, back;
        uint8_t row[FACTS_ROW_MAX];
        random_facts(&f);
        size_t n = facts_encode(&f, row);
        assert_in_range(n, 3, FACTS_ROW_MAX);
        assert_int_equal(facts_decode(row, n, &back), ERR_OK);
        assert_true(facts_equal(&f, &back));
        assert_true(f.last_seq == back.last_seq);
        assert_true(back.exists);
    }
}

static void cut_rows_and_longer_rows_are_refused(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(20000) / 20; i > 0; i--) {
        struct facts f, back;
        uint8_t row[FACTS_ROW_MAX + 1] = {0};
        random_facts(&f);
        size_t n = facts_encode(&f, row);
        for (size_t cut = 0; cut < n; cut++)
            assert_int_equal(facts_decode(row, cut, &back), ERR_CODEC);
        assert_int_equal(facts_decode(row, n + 1, &back), ERR_CODEC);
    }
}

static void changed_rows_are_refused_or_canonical(void **state)
{
    (void)state;
    for (uint32_t i = random_rounds(20000) * 5; i > 0; i--) {
        struct facts f, back;
        uint8_t row[FACTS_ROW_MAX], again[FACTS_ROW_MAX];
        random_facts(&f);
        size_t n = facts_encode(&f, row);
        row[rng_below(&rng, (uint32_t)n)] = (uint8_t)rng_next(&rng);
        if (facts_decode(row, n, &back) != ERR_OK)
            continue;
        assert_int_equal(facts_encode(&back, again), n);
        assert_memory_equal(row, again, n);
    }
}

static void a_refused_row_leaves_what_was_there(void **state)
{
    (void)state;
    struct facts f, kept;
    facts_init(&f);
    f.activation = 20000;
    f.known = 20001;
    kept = f;
    assert_int_equal(facts_decode("\xff\xff", 2, &f), ERR_CODEC);
    assert_true(facts_equal(&f, &kept));
    assert_false(f.exists);
}

/* "An amnesty row is 3-8 bytes"; "a row whose presence is 0 stays". */
static void small_rows_have_their_known_bytes(void **state)
{
    (void)state;
    struct facts f;
    uint8_t row[FACTS_ROW_MAX];
    facts_init(&f);
    assert_int_equal(facts_encode(&f, row), 3);
    assert_memory_equal(row, "\x00\x00\x00", 3);
    f.flags = FACTS_AMNESTY;
    f.last_seq = 300;
    assert_int_equal(facts_encode(&f, row), 4);
    assert_memory_equal(row, "\x00\x01\xac\x02", 4);
    f.last_seq = (UINT64_C(1) << 42) - 1;
    assert_int_equal(facts_encode(&f, row), 8);
}

/* Every field once, against the table of doc/formats.md. */
static void a_full_row_has_its_known_bytes(void **state)
{
    (void)state;
    struct facts f;
    uint8_t row[FACTS_ROW_MAX];
    facts_init(&f);
    f.activation = DAYNUM_FIRST + 1;
    f.known = DAYNUM_FIRST + 2;
    f.verified_at = 0x0102030405;
    f.verified = (struct approval){.party = 6, .application = 7, .kind = APPROVAL_IMPORT};
    f.before_duty_at = 8;
    f.before_duty = (struct approval){.party = 9, .application = 200, .kind = APPROVAL_BEFORE_DUTY};
    f.replaced_at = 10;
    f.revoked_at = 11;
    f.temporary_until = DAYNUM_FIRST + 12;
    f.hold_until = DAYNUM_OPEN;
    f.group = 13;
    f.mark_count = 1;
    f.marks[0] = (struct mark){14, DAYNUM_FIRST + 15, DAYNUM_OPEN, MARK_LOST};
    static const uint8_t want[] = {
        0x3f, 0xe0, 0,                                                     /* presence, last_seq */
        0,    1,    0,    2,                                               /* activation, known */
        1,    1,    2,    3,    4,  5, 0, 0,  0, 0,  0, 0,  0,    6,    7, /* verified */
        5,    0,    0,    0,    0,  8, 0, 0,  0, 0,  0, 0,  0,    9,    0xc8, 1, /* before duty */
        0,    0,    0,    0,    10,                                              /* replaced */
        0,    0,    0,    0,    11,                                              /* revoked */
        0,    12,   0xff, 0xff,                                         /* temporary, hold */
        0,    0,    0,    0,    0,  0, 0, 13,                           /* group */
        1,    2,    0,    0,    0,  0, 0, 0,  0, 14, 0, 15, 0xff, 0xff, /* marks */
    };
    assert_int_equal(facts_encode(&f, row), sizeof want);
    assert_memory_equal(row, want, sizeof want);
}

static void equal_looks_at_every_fact(void **state)
{
    (void)state;
    struct facts a, b;
    for (uint32_t i = 2000; i > 0; i--) {
        random_facts(&a);
        b = a;
        b.last_seq++;
        b.exists = !b.exists;
        assert_true(facts_equal(&a, &b));
        struct change c = random_change(&rng);
        uint8_t row_a[FACTS_ROW_MAX], row_b[FACTS_ROW_MAX];
        bool changed = false;
        if (change_apply(&b, &c, &changed) != ERR_OK)
            changed = false;
        b.last_seq = a.last_seq;
        size_t n = facts_encode(&a, row_a);
        bool same = n == facts_encode(&b, row_b) && memcmp(row_a, row_b, n) == 0;
        assert_int_equal(facts_equal(&a, &b), same);
        assert_int_equal(changed, !same);
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    uint8_t kind;
    assert_string_equal(approval_kind_name(APPROVAL_BEFORE_DUTY), "before_duty");
    assert_string_equal(mark_kind_name(MARK_PENITENTIARY), "penitentiary");
    for (uint8_t k = APPROVAL_IMPORT; k <= APPROVAL_RECHECK; k++) {
        assert_true(approval_kind_find(str_z(approval_kind_name(k)), &kind));
        assert_int_equal(kind, k);
    }
    for (uint8_t k = MARK_STOLEN; k <= MARK_PENITENTIARY; k++) {
        assert_true(mark_kind_find(str_z(mark_kind_name(k)), &kind));
        assert_int_equal(kind, k);
    }
    assert_null(approval_kind_name(0));
    assert_null(approval_kind_name(200));
    assert_null(mark_kind_name(0));
    assert_null(mark_kind_name(200));
    assert_false(approval_kind_find(STR("gift"), &kind));
    assert_false(mark_kind_find(STR(""), &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back),
        cmocka_unit_test(cut_rows_and_longer_rows_are_refused),
        cmocka_unit_test(changed_rows_are_refused_or_canonical),
        cmocka_unit_test(a_refused_row_leaves_what_was_there),
        cmocka_unit_test(small_rows_have_their_known_bytes),
        cmocka_unit_test(a_full_row_has_its_known_bytes),
        cmocka_unit_test(equal_looks_at_every_fact),
        cmocka_unit_test(kinds_have_names),
    };
    rng = random_start("facts_test", 14);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
