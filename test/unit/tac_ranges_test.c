/* SPDX-License-Identifier: Apache-2.0
 *
 * tac_ranges_test - one set has one text, whatever order it was given in; what covers what, beside a plain look at
 * every TAC of a small world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/tac_ranges.h"
#include "prop/random.h"

static const struct {
    const char *given, *text; /* text NULL: refused */
    enum err err;
} table[] = {
    {"35824005", "35824005-35824005", ERR_OK},
    {"35824005-35824005,86000000-86999999", "35824005-35824005,86000000-86999999", ERR_OK},
    {" 86000000 - 86999999 , 35824005 ", "35824005-35824005,86000000-86999999", ERR_OK},
    {"10000000-20000000,15000000-30000000", "10000000-30000000", ERR_OK},
    {"10000000-10000001,10000002-10000003", "10000000-10000003", ERR_OK},
    {"10000000-90000000,20000000", "10000000-90000000", ERR_OK},
    {"00000000-99999999", "", ERR_OK},
    {"50000000-99999999,00000000-49999999", "", ERR_OK},
    {"", NULL, ERR_NUMBER},
    {",", NULL, ERR_NUMBER},
    {"35824005,", NULL, ERR_NUMBER},
    {"3582400", NULL, ERR_NUMBER},
    {"358240055", NULL, ERR_NUMBER},
    {"35824005-", NULL, ERR_NUMBER},
    {"-35824005", NULL, ERR_NUMBER},
    {"35824006-35824005", NULL, ERR_NUMBER},
    {"35824005-35824006-35824007", NULL, ERR_NUMBER},
    {"3582400x", NULL, ERR_NUMBER},
    {"+5824005", NULL, ERR_NUMBER},
};

static void a_set_has_one_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct tac_ranges set = {.count = 77}, again;
        char text[TAC_RANGES_TEXT];
        struct fault fault = {0};
        assert_int_equal(tac_ranges_parse(str_z(table[i].given), &set, &fault), table[i].err);
        if (table[i].err) {
            assert_int_equal(set.count, 77);
            assert_true(*fault.detail);
            continue;
        }
        tac_ranges_format(&set, text);
        assert_string_equal(text, table[i].text);
        assert_true(tac_ranges_are_right(&set));
        assert_int_equal(tac_ranges_are_all(&set), !*text);
        if (*text) {
            assert_int_equal(tac_ranges_parse(str_z(text), &again, NULL), ERR_OK);
            assert_true(tac_ranges_same(&set, &again));
        }
    }
}

static void there_are_so_many_and_no_more(void **state)
{
    (void)state;
    char text[4096] = "", out[TAC_RANGES_TEXT];
    struct tac_ranges set;
    for (int i = 0; i < LIMIT_TAC_RANGES; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", i ? "," : "",
                 99999999 - 2 * i);
    assert_int_equal(tac_ranges_parse(str_z(text), &set, NULL), ERR_OK);
    assert_int_equal(set.count, LIMIT_TAC_RANGES);
    tac_ranges_format(&set, out);
    assert_int_equal(strlen(out), TAC_RANGES_TEXT - 1);
    assert_int_equal(tac_ranges_add(&set, STR("10000000"), NULL), ERR_TOO_MANY);
    assert_int_equal(set.count, LIMIT_TAC_RANGES);
    assert_int_equal(tac_ranges_add(&set, STR("99999998"), NULL), ERR_OK); /* joins two */
    assert_int_equal(tac_ranges_add(&set, STR("10000000"), NULL), ERR_OK);
    snprintf(text + strlen(text), sizeof text - strlen(text), ",10000000");
    assert_int_equal(tac_ranges_parse(str_z(text), &set, NULL), ERR_TOO_MANY);
}

enum { WORLD = 40, ROUNDS = 20000 };

static struct tac_ranges random_set(struct rng *rng)
{
    struct tac_ranges set = {0};
    for (uint64_t n = rng_below(rng, 4); n; n--) {
        char text[32];
        unsigned from = (unsigned)rng_below(rng, WORLD), to = from + (unsigned)rng_below(rng, 9);
        snprintf(text, sizeof text, "%08u-%08u", from, to < WORLD ? to : WORLD - 1);
        assert_int_equal(tac_ranges_add(&set, str_z(text), NULL), ERR_OK);
    }
    return set;
}

static void covering_is_having_each(void **state)
{
    (void)state;
    struct rng rng = random_start("tac ranges", 11);
    for (int round = 0; round < ROUNDS; round++) {
        const struct tac_ranges a = random_set(&rng), b = random_set(&rng);
        bool covers = !a.count || b.count; /* all is more than this world */
        for (uint32_t tac = 0; tac < WORLD; tac++)
            covers = covers && (tac_ranges_have(&a, tac) || !tac_ranges_have(&b, tac));
        assert_true(tac_ranges_are_right(&a));
        assert_int_equal(tac_ranges_cover(&a, &b), covers);
    }
    struct tac_ranges wrong = {2, {{5, 6}, {7, 8}}};
    assert_false(tac_ranges_are_right(&wrong));
    wrong = (struct tac_ranges){1, {{6, 5}}};
    assert_false(tac_ranges_are_right(&wrong));
    wrong = (struct tac_ranges){1, {{5, TAC_COUNT}}};
    assert_false(tac_ranges_are_right(&wrong));
    assert_true(tac_ranges_are_all(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_has_one_text),
        cmocka_unit_test(there_are_so_many_and_no_more),
        cmocka_unit_test(covering_is_having_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
