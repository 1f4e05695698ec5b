/* SPDX-License-Identifier: Apache-2.0
 *
 * check_number_test - what was said is read back; what was not is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "answer/answer.h"
#include "prop/random.h"

static struct sha256_key ready;
static const struct sha256_key *const key = &ready;
static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const struct imei imei = {35824005111111};
static const struct check_number said = {
    .minute = 3625000, .reason = REASON_UNVERIFIED, .served = true};

static bool reads(const char *text, const struct imei *of, struct check_number *out)
{
    return check_number_read(key, str_z(text), of, out);
}

static void numbers_go_round(void **state)
{
    (void)state;
    struct rng rng = random_start("check numbers", 8);
    int of_another = 0; /* once in 2^20 */
    for (int i = 0; i < 3000; i++) {
        struct imei of = {rng_next(&rng) % IMEI_BODIES};
        struct check_number n = {rng_below(&rng, 1 << 24), (uint8_t)rng_below(&rng, 64),
                                 rng_one_in(&rng, 2)};
        struct check_number got;
        char text[CHECK_NUMBER_TEXT];
        check_number_make(key, of, &n, text);
        assert_int_equal(strlen(text), CHECK_NUMBER_TEXT - 1);
        assert_true(reads(text, &of, &got));
        assert_true(got.minute == n.minute && got.reason == n.reason && got.served == n.served);
        assert_true(reads(text, NULL, &got));
        of.body = (of.body + 1) % IMEI_BODIES;
        of_another += reads(text, &of, &got);
    }
    assert_true(of_another < 3);
}

static void looks_like_this(void **state)
{
    (void)state;
    char text[CHECK_NUMBER_TEXT];
    check_number_make(key, imei, &said, text);
    for (size_t i = 0; i < CHECK_NUMBER_TEXT - 1; i++) {
        if (i % 6 == 5)
            assert_int_equal(text[i], '-');
        else
            assert_non_null(strchr(symbols, text[i]));
    }
    struct check_number last = {(1 << 24) - 1, 63, true}, got;
    check_number_make(key, imei, &last, text);
    assert_true(reads(text, &imei, &got) && got.minute == last.minute && got.reason == 63);
}

static void every_changed_symbol_is_refused(void **state)
{
    (void)state;
    char text[CHECK_NUMBER_TEXT];
    struct check_number got;
    check_number_make(key, imei, &said, text);
    for (size_t i = 0; i < CHECK_NUMBER_TEXT - 1; i++) {
        char was = text[i];
        for (const char *s = symbols; was != '-' && *s; s++) {
            text[i] = *s;
            assert_int_equal(reads(text, NULL, &got), *s == was);
        }
        text[i] = was;
    }
    for (size_t i = 0; i + 1 < CHECK_NUMBER_TEXT - 1; i++) { /* neighbours exchanged */
        if (text[i] == text[i + 1] || text[i] == '-' || text[i + 1] == '-')
            continue;
        char was = text[i];
        text[i] = text[i + 1];
        text[i + 1] = was;
        assert_false(reads(text, NULL, &got));
        text[i + 1] = text[i];
        text[i] = was;
    }
    struct sha256_key other;
    sha256_key_init(&other, (const uint8_t[SHA256_BYTES]){9});
    assert_false(check_number_read(&other, str_z(text), NULL, &got));
}

static void people_write_as_they_do(void **state)
{
    (void)state;
    struct rng rng = random_start("writing", 9);
    for (int i = 0; i < 2000; i++) {
        struct check_number n = {rng_below(&rng, 1 << 24), REASON_VERIFIED, true}, got;
        char text[CHECK_NUMBER_TEXT], typed[200];
        size_t at = 0;
        check_number_make(key, imei, &n, text);
        for (const char *p = text; *p; p++) {
            char c = *p;
            if (c == '-') {
                c = rng_one_in(&rng, 2) ? ' ' : '-';
                if (rng_one_in(&rng, 3))
                    continue;
            } else if (c == '1' && rng_one_in(&rng, 2)) {
                c = "IiLl"[rng_below(&rng, 4)];
            } else if (c == '0' && rng_one_in(&rng, 2)) {
                c = "Oo"[rng_below(&rng, 2)];
            } else if (c >= 'A' && rng_one_in(&rng, 2)) {
                c = (char)(c - 'A' + 'a');
            }
            if (rng_one_in(&rng, 10))
                typed[at++] = ' ';
            typed[at++] = c;
        }
        assert_true(check_number_read(key, (struct str){typed, at}, &imei, &got));
        assert_true(got.minute == n.minute);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    char text[CHECK_NUMBER_TEXT + 1];
    struct check_number got = {.minute = -5};
    static const char *const none[] = {
        "",
        " ",
        "-",
        "0",
        "00000-00000-00000-00000",
        "ZZZZZZZZZZZZZZZZZZZZ",
        "UUUUU-UUUUU-UUUUU-UUUUU",
        "\xd0\x90",
        "00000-00000-00000-0000",
        "00000-00000-00000-000000",
        "00000_00000_00000_00000",
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(reads(none[i], NULL, &got));
    check_number_make(key, imei, &said, text);
    assert_false(check_number_read(key, (struct str){text, CHECK_NUMBER_TEXT - 2}, NULL, &got));
    assert_false(
        check_number_read(key, (struct str){text, CHECK_NUMBER_TEXT}, NULL, &got)); /* NUL */
    assert_true(got.minute == -5);
}

/* RFC 4231 4.7, its key of 131 bytes hashed first as RFC 2104 asks; and every length against OpenSSL's. */
static void the_mac_is_hmac(void **state)
{
    (void)state;
    uint8_t long_key[131], hashed[SHA256_BYTES], mac[SHA256_BYTES], text[200];
    char hex[2 * SHA256_BYTES + 1];
    memset(long_key, 0xaa, sizeof long_key);
    struct sha256 *h = sha256_new();
    assert_non_null(h);
    sha256_begin(h);
    sha256_add(h, long_key, sizeof long_key);
    sha256_end(h, hashed);
    sha256_free(h);
    static const char message[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    sha256_hmac(hashed, message, sizeof message - 1, mac);
    sha256_hex(mac, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    for (unsigned n = 0; n < sizeof text; n++) {
        uint8_t want[SHA256_BYTES];
        unsigned size = sizeof want;
        text[n] = (uint8_t)n;
        sha256_hmac(hashed, text, n, mac);
        assert_non_null(HMAC(EVP_sha256(), hashed, sizeof hashed, text, n, want, &size));
        assert_memory_equal(mac, want, sizeof want);
    }
}

int main(void)
{
    sha256_key_init(&ready, (const uint8_t[SHA256_BYTES]){1, 2, 3});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mac_is_hmac),
        cmocka_unit_test(numbers_go_round),
        cmocka_unit_test(looks_like_this),
        cmocka_unit_test(every_changed_symbol_is_refused),
        cmocka_unit_test(people_write_as_they_do),
        cmocka_unit_test(what_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
