/* SPDX-License-Identifier: Apache-2.0
 *
 * totp_test - codes by time against RFC 6238, appendix B, and RFC 4226, appendix D; a window of one
 * step; no code twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sodium.h>

#include "people/totp.h"

static const uint8_t secret[TOTP_SECRET_BYTES] = "12345678901234567890";

/* RFC 6238 gives eight digits of the same number; apps show the last six. */
static const struct {
    int64_t now_s;
    const char *eight;
} vectors[] = {
    {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
    {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
};

static void vectors_of_rfc_6238(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char code[TOTP_CODE_TEXT];
        int64_t step = -7;
        totp_now(secret, vectors[i].now_s, code);
        assert_string_equal(code, vectors[i].eight + 2);
        assert_true(totp_right(secret, str_z(code), vectors[i].now_s, TOTP_NO_STEP, &step));
        assert_int_equal(step, vectors[i].now_s / 30);
    }
}

/* The first ten counters: times 0, 30, 60 ... */
static void vectors_of_rfc_4226(void **state)
{
    (void)state;
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    for (int i = 0; i < 10; i++) {
        char code[TOTP_CODE_TEXT];
        totp_now(secret, i * 30 + i, code);
        assert_string_equal(code, codes[i]);
    }
}

static void one_step_either_side(void **state)
{
    (void)state;
    enum { NOW = 1767225600, STEP = NOW / 30 };
    for (int away = -3; away <= 3; away++) {
        for (int second = 0; second < 30; second += 29) {
            char code[TOTP_CODE_TEXT];
            int64_t step = -7;
            totp_now(secret, NOW + away * 30, code);
            bool right = totp_right(secret, str_z(code), NOW + second, TOTP_NO_STEP, &step);
            assert_int_equal(right, away >= -1 && away <= 1);
            assert_int_equal(step, right ? STEP + away : -7);
        }
    }
}

static void no_code_twice(void **state)
{
    (void)state;
    int64_t now_s = 1767225600, used = TOTP_NO_STEP, step = -7;
    char before[TOTP_CODE_TEXT], now[TOTP_CODE_TEXT], after[TOTP_CODE_TEXT];
    totp_now(secret, now_s - 30, before);
    totp_now(secret, now_s, now);
    totp_now(secret, now_s + 30, after);
    assert_true(totp_right(secret, str_z(now), now_s, used, &used));
    assert_int_equal(used, now_s / 30);
    for (int64_t t = now_s - 60; t <= now_s + 60; t++)
        assert_false(totp_right(secret, str_z(now), t, used, &step));
    assert_false(totp_right(secret, str_z(before), now_s, used, &step));
    assert_int_equal(step, -7);
    assert_true(totp_right(secret, str_z(after), now_s, used, &step));
    assert_int_equal(step, used + 1);
}

/* Two neighbours with one code, looked for: the later one is used up. */
static void neighbours_with_one_code(void **state)
{
    (void)state;
    char code[TOTP_CODE_TEXT] = "", next[TOTP_CODE_TEXT];
    int64_t step = 0, found = -7;
    totp_now(secret, 0, code);
    for (;; step++) {
        totp_now(secret, (step + 1) * 30, next);
        if (memcmp(code, next, sizeof code) == 0)
            break;
        memcpy(code, next, sizeof code);
        assert_true(step < 40000000);
    }
    assert_true(totp_right(secret, str_z(code), step * 30, TOTP_NO_STEP, &found));
    assert_int_equal(found, step + 1);
    assert_false(totp_right(secret, str_z(code), step * 30, found, &found));
}

static void what_is_no_code(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "28708",  "2870820", "94287082",
                                      "28708x", "287 82", "-87082"};
    int64_t step = -7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(totp_right(secret, str_z(bad[i]), 59, TOTP_NO_STEP, &step));
    assert_false(totp_right(secret, STR("755224"), -1, TOTP_NO_STEP, &step));
    assert_false(totp_right(secret, STR("287083"), 59, TOTP_NO_STEP, &step));
    uint8_t other[TOTP_SECRET_BYTES];
    memcpy(other, secret, sizeof other);
    other[19] ^= 1;
    assert_false(totp_right(other, STR("287082"), 59, TOTP_NO_STEP, &step));
    assert_int_equal(step, -7);
    assert_true(totp_right(secret, STR("755224"), 0, TOTP_NO_STEP, &step)); /* the first of all */
    assert_int_equal(step, 0);
}

static void what_a_qr_code_tells(void **state)
{
    (void)state;
    struct buf out = {0};
    totp_uri(secret, STR("Tamga"), STR("aidar"), &out);
    buf_put(&out, "", 1);
    assert_false(out.failed);
    assert_string_equal((char *)out.p,
                        "otpauth://totp/Tamga:aidar?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                        "&issuer=Tamga&algorithm=SHA1&digits=6&period=30");
    buf_clear(&out);
    totp_uri(secret, STR("Таңба"), STR("a:b c@d&e~"), &out);
    buf_put(&out, "", 1);
    assert_true(str_starts(
        str_z((char *)out.p),
        STR("otpauth://totp/%D0%A2%D0%B0%D2%A3%D0%B1%D0%B0:a%3Ab%20c%40d%26e~?secret=GEZ")));
    buf_release(&out);
}

static void secrets_differ(void **state)
{
    (void)state;
    uint8_t a[TOTP_SECRET_BYTES] = {0}, b[TOTP_SECRET_BYTES] = {0};
    totp_secret_make(a);
    totp_secret_make(b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_rfc_6238),      cmocka_unit_test(vectors_of_rfc_4226),
        cmocka_unit_test(one_step_either_side),     cmocka_unit_test(no_code_twice),
        cmocka_unit_test(neighbours_with_one_code), cmocka_unit_test(what_is_no_code),
        cmocka_unit_test(what_a_qr_code_tells),     cmocka_unit_test(secrets_differ),
    };
    if (sodium_init() < 0 || totp_init())
        return 1;
    return cmocka_run_group_tests_name("totp", tests, NULL, NULL);
}
