/* SPDX-License-Identifier: Apache-2.0
 *
 * breaker_test - when a source is asked, by counting: five questions without an answer, a rest, then exactly one that
 * decides; and what was on its way meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "cases/breaker.h"

#define SECOND INT64_C(1000000)

/* Puts a question at that second; false: it was not let through. */
static bool put(struct breaker *b, int64_t second, enum heard heard)
{
    bool decides;
    if (!breaker_lets(b, second * SECOND, &decides))
        return false;
    breaker_heard(b, heard, decides, second * SECOND);
    return true;
}

static unsigned put_many(struct breaker *b, int64_t second, unsigned n, enum heard heard)
{
    unsigned through = 0;
    for (unsigned i = 0; i < n; i++)
        through += put(b, second, heard);
    return through;
}

static void five_without_an_answer_then_rest(void **state)
{
    (void)state;
    struct breaker b = {0};
    assert_int_equal(put_many(&b, 100, 50, HEARD_NOTHING), BREAKER_FAILURES);
    assert_int_equal(put_many(&b, 129, 50, HEARD), 0);
    assert_int_equal(put_many(&b, 130, 50, HEARD_NOTHING), 1);
    assert_int_equal(put_many(&b, 159, 50, HEARD), 0);
    assert_int_equal(put_many(&b, 160, 50, HEARD), 50);
}

static void an_answer_between_begins_anew(void **state)
{
    (void)state;
    struct breaker b = {0};
    for (int round = 0; round < 10; round++) {
        assert_int_equal(put_many(&b, 100, BREAKER_FAILURES - 1, HEARD_NOTHING),
                         BREAKER_FAILURES - 1);
        assert_true(put(&b, 100, HEARD));
    }
}

static void a_refusal_counts_neither_way(void **state)
{
    (void)state;
    struct breaker b = {0};
    for (unsigned i = 0; i < BREAKER_FAILURES; i++) {
        assert_true(put(&b, 100, HEARD_REFUSAL));
        assert_true(put(&b, 100, HEARD_NOTHING));
    }
    assert_false(put(&b, 100, HEARD));
    assert_int_equal(put_many(&b, 130, 3, HEARD_REFUSAL), 3); /* nothing is decided yet */
    assert_true(put(&b, 130, HEARD_NOTHING));
    assert_false(put(&b, 130, HEARD));
}

static void one_alone_decides(void **state)
{
    (void)state;
    struct breaker b = {0};
    bool decides, other;
    put_many(&b, 100, BREAKER_FAILURES, HEARD_NOTHING);
    assert_true(breaker_lets(&b, 130 * SECOND, &decides));
    assert_true(decides);
    for (int second = 130; second < 200; second++) /* as long as it takes */
        assert_false(breaker_lets(&b, second * SECOND, &other));
    breaker_heard(&b, HEARD_NOTHING, decides, 200 * SECOND);
    assert_int_equal(put_many(&b, 229, 9, HEARD), 0);
    assert_true(put(&b, 230, HEARD));
}

static void those_on_their_way_count(void **state)
{
    (void)state;
    struct breaker b = {0};
    bool decides[8];
    for (size_t i = 0; i < 8; i++)
        assert_true(breaker_lets(&b, 100 * SECOND, &decides[i]));
    for (size_t i = 0; i < 7; i++)
        breaker_heard(&b, HEARD_NOTHING, decides[i], 101 * SECOND);
    assert_false(put(&b, 102, HEARD));
    breaker_heard(&b, HEARD, decides[7], 103 * SECOND); /* one of them was answered after all */
    assert_true(put(&b, 104, HEARD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_without_an_answer_then_rest),
        cmocka_unit_test(an_answer_between_begins_anew),
        cmocka_unit_test(a_refusal_counts_neither_way),
        cmocka_unit_test(one_alone_decides),
        cmocka_unit_test(those_on_their_way_count),
    };
    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
