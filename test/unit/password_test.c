/* SPDX-License-Identifier: Apache-2.0
 *
 * password_test - what a new password must be; hashes that fit theirs alone; the price of a wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sodium.h>
#include <time.h>

#include "people/password.h"

static const struct {
    const char *account, *password;
    enum err err;
} rules[] = {
    {"aidar", "correct horse", ERR_OK},
    {"aidar", "123456789012", ERR_OK}, /* length over composition */
    {"aidar", "12345678901", ERR_PASSWORD_SHORT},
    {"aidar", "", ERR_PASSWORD_SHORT},
    {"aidar", "тауғашық", ERR_PASSWORD_SHORT},    /* 8 characters, 16 bytes */
    {"aidar", "тауға шықтық", ERR_OK},            /* 12 */
    {"aidar", "тауғашықтық", ERR_PASSWORD_SHORT}, /* 11 */
    {"aidar", "🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐫", ERR_OK},            /* 12 */
    {"aidar", "            ", ERR_PASSWORD_WEAK},
    {"aidar", "aaaaaaaaaaaa", ERR_PASSWORD_WEAK},
    {"aidar", "aAaAaAaAaAaA", ERR_PASSWORD_WEAK},
    {"aidar", "жжжжжжжжжжжж", ERR_PASSWORD_WEAK},
    {"aidar", "🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎🐎", ERR_PASSWORD_WEAK},
    {"aidar", "aaaaaaaaaaab", ERR_OK},
    {"aidar", "aidaraidarai", ERR_OK},
    {"aidar", "aidarAidaraidar", ERR_PASSWORD_WEAK},
    {"aidar.akhmetov", "Aidar.Akhmetov", ERR_PASSWORD_WEAK},
    {"aidar.akhmetov", "aidar.akhmetov1", ERR_OK},
    {"", "correct horse", ERR_OK},
    {"aidar", "correct hors\xc3", ERR_UTF8},
    {"aidar", "correct\xff horse", ERR_UTF8},
};

static void new_passwords(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        enum err err = password_check(str_z(rules[i].account), str_z(rules[i].password));
        if (err != rules[i].err)
            fail_msg("%s: %s", rules[i].password, err_name(err));
    }
    char text[LIMIT_PASSWORD + 1];
    memset(text, 'a', sizeof text);
    text[0] = 'b';
    assert_int_equal(password_check(STR("aidar"), (struct str){text, LIMIT_PASSWORD}), ERR_OK);
    assert_int_equal(password_check(STR("aidar"), (struct str){text, LIMIT_PASSWORD + 1}),
                     ERR_PASSWORD_LONG);
    assert_int_equal(password_check(STR("aidar"), STR("correct\0horse")), ERR_OK);
}

static void a_hash_fits_its_password(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_TEXT], other[PASSWORD_HASH_TEXT];
    assert_int_equal(password_hash(STR("correct horse"), hash), ERR_OK);
    assert_int_equal(password_hash(STR("correct horse"), other), ERR_OK);
    assert_string_not_equal(hash, other);
    assert_true(str_starts(str_z(hash), STR("$argon2id$v=19$m=65536,t=2,p=1$")));
    assert_true(password_right(hash, STR("correct horse")));
    assert_true(password_right(other, STR("correct horse")));
    assert_false(password_right(hash, STR("correct horsf")));
    assert_false(password_right(hash, STR("correct hors")));
    assert_false(password_right(hash, STR("correct horse\0")));
    assert_false(password_right(hash, STR("")));
}

static void what_is_no_hash_fits_nothing(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_TEXT] = "";
    assert_false(password_right(hash, STR("")));
    assert_false(password_right(hash, STR("correct horse")));
    memset(hash, '$', sizeof hash);
    assert_false(password_right(hash, STR("correct horse")));
    assert_int_equal(password_hash(STR("correct horse"), hash), ERR_OK);
    hash[strlen(hash) - 1] = '\0';
    assert_false(password_right(hash, STR("correct horse")));
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The thread's own CPU time, the least of several turns, so that neighbours do not count. */
static void who_is_not_there_costs_the_same(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_TEXT];
    double right = 1e9, waste = 1e9;
    assert_int_equal(password_hash(STR("correct horse"), hash), ERR_OK);
    for (int i = 0; i < 5; i++) {
        double begin = cpu_s();
        assert_false(password_right(hash, STR("battery staple")));
        double middle = cpu_s();
        assert_false(password_waste(STR("battery staple")));
        double end = cpu_s();
        right = middle - begin < right ? middle - begin : right;
        waste = end - middle < waste ? end - middle : waste;
    }
    if (waste < right / 2 || right < waste / 2)
        fail_msg("wrong: %.1f ms, unknown: %.1f ms", right * 1e3, waste * 1e3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_passwords),
        cmocka_unit_test(a_hash_fits_its_password),
        cmocka_unit_test(what_is_no_hash_fits_nothing),
        cmocka_unit_test(who_is_not_there_costs_the_same),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
