/* SPDX-License-Identifier: Apache-2.0
 *
 * IMEIs as people type them, as networks see them, as 5G names them; IMSIs and their prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/limits.h"
#include "core/imei.h"
#include "prop/random.h"

static const struct {
    const char *text;
    enum err typed;   /* what imei_parse_typed says */
    enum err network; /* what imei_parse_network says */
    uint64_t body;    /* where one of them says ERR_OK */
} forms[] = {
    {"490154203237518", ERR_OK, ERR_OK, 49015420323751},
    {"49015420323751", ERR_OK, ERR_OK, 49015420323751},
    {"4901542032375199", ERR_OK, ERR_OK, 49015420323751},
    {"490154203237519", ERR_IMEI_MISTYPED, ERR_OK, 49015420323751},
    {"490154203237510", ERR_IMEI_MISTYPED, ERR_OK, 49015420323751},
    {"480154203237518", ERR_IMEI_MISTYPED, ERR_OK, 48015420323751},
    {"000000000000000", ERR_OK, ERR_OK, 0},
    {"00000000000000", ERR_OK, ERR_OK, 0},
    {"99999999999999", ERR_OK, ERR_OK, 99999999999999},
    {"012345678901237", ERR_OK, ERR_OK, 1234567890123},
    /* with what people put between */
    {"49-015420-323751-8", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {"49 015420 323751 8", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {"490154203237518/", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {"49/015420.323751-8", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {" \t490154203237518 ", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {"49-015420-323751", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {"49-015420-323751-99", ERR_OK, ERR_IMEI_CHARS, 49015420323751},
    {"49-015420-323751-0", ERR_IMEI_MISTYPED, ERR_IMEI_CHARS, 0},
    /* not an IMEI */
    {"", ERR_IMEI_FORM, ERR_IMEI_FORM, 0},
    {"0", ERR_IMEI_FORM, ERR_IMEI_FORM, 0},
    {"4901542032375", ERR_IMEI_FORM, ERR_IMEI_FORM, 0},
    {"49015420323751888", ERR_IMEI_FORM, ERR_IMEI_FORM, 0},
    {"---", ERR_IMEI_FORM, ERR_IMEI_CHARS, 0},
    {"49015420323751x", ERR_IMEI_CHARS, ERR_IMEI_CHARS, 0},
    {"x4901542032375", ERR_IMEI_CHARS, ERR_IMEI_CHARS, 0},
    {"4901542032375:", ERR_IMEI_CHARS, ERR_IMEI_CHARS, 0},
    {"490154203237/18", ERR_OK, ERR_IMEI_CHARS, 49015420323718},
    {"490154203237518\n", ERR_IMEI_CHARS, ERR_IMEI_CHARS, 0},
    {"+490154203237518", ERR_IMEI_CHARS, ERR_IMEI_CHARS, 0},
    {"\xd9\xa4\xd9\xa9\xd9\xa0\xd9\xa1\xd9\xa5\xd9\xa4\xd9\xa2", ERR_IMEI_CHARS, ERR_IMEI_CHARS, 0},
};

static void typed_and_network_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct imei typed = {7}, network = {7};
        assert_int_equal(imei_parse_typed(str_z(forms[i].text), &typed), forms[i].typed);
        assert_int_equal(imei_parse_network(str_z(forms[i].text), &network), forms[i].network);
        assert_int_equal(typed.body, forms[i].typed ? 7 : forms[i].body);
        assert_int_equal(network.body, forms[i].network ? 7 : forms[i].body);
    }
}

static void too_long_is_said(void **state)
{
    (void)state;
    char text[LIMIT_IMEI_TEXT + 1];
    struct imei imei;
    memset(text, ' ', sizeof text);
    memcpy(text + 20, "490154203237518", 15);
    assert_int_equal(imei_parse_typed((struct str){text, LIMIT_IMEI_TEXT}, &imei), ERR_OK);
    assert_int_equal(imei_parse_typed((struct str){text, LIMIT_IMEI_TEXT + 1}, &imei),
                     ERR_TOO_LONG);
    memset(text, '1', sizeof text);
    assert_int_equal(imei_parse_typed((struct str){text, LIMIT_IMEI_TEXT}, &imei), ERR_IMEI_FORM);
}

/* Every byte at every place: only digits pass. */
static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t n = 14; n <= 16; n++)
        for (size_t at = 0; at < n; at++)
            for (int c = 0; c < 256; c++) {
                char text[] = "4901542032375180";
                struct imei imei;
                text[at] = (char)c;
                enum err err = imei_parse_network((struct str){text, n}, &imei);
                assert_int_equal(err, c >= '0' && c <= '9' ? ERR_OK : ERR_IMEI_CHARS);
            }
}

static const struct {
    const char *pei;
    enum err err;
} peis[] = {
    {"imei-490154203237518", ERR_OK},
    {"imei-49015420323751", ERR_OK},
    {"imei-490154203237510", ERR_OK}, /* a network's: not judged */
    {"imeisv-4901542032375101", ERR_OK},
    {"imeisv-490154203237518", ERR_IMEI_FORM},
    {"imei-4901542032375101", ERR_IMEI_FORM},
    {"imei-", ERR_IMEI_FORM},
    {"imei-49015420323751x", ERR_IMEI_FORM},
    {"imei-49-015420-3237518", ERR_IMEI_FORM},
    {"IMEI-490154203237518", ERR_IMEI_FORM},
    {"490154203237518", ERR_IMEI_FORM},
    {"", ERR_IMEI_FORM},
    {"mac-00-00-5E-00-53-01", ERR_NOT_FOUND},
    {"mac-00-00-5E-00-53-01-untrusted", ERR_NOT_FOUND},
    {"eui-00-00-5E-00-53-01-02-03", ERR_NOT_FOUND},
};

static void peis_of_5g(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof peis / sizeof peis[0]; i++) {
        struct imei imei = {7};
        assert_int_equal(imei_parse_pei(str_z(peis[i].pei), &imei), peis[i].err);
        assert_int_equal(imei.body, peis[i].err ? 7 : 49015420323751);
    }
}

static void check_digits(void **state)
{
    (void)state;
    assert_int_equal(imei_check_digit((struct imei){49015420323751}), 8);
    assert_int_equal(imei_check_digit((struct imei){35824005923751}), 1);
    assert_int_equal(imei_check_digit((struct imei){0}), 0);
    assert_int_equal(imei_check_digit((struct imei){99999999999999}), 4);
}

/* The check digit finds every single wrong digit and most swapped neighbours; written and read
 * again every form is the same IMEI. */
static void forms_agree_on_random_imeis(void **state)
{
    (void)state;
    struct rng rng = random_start("imei", 20261122);
    for (uint32_t i = random_rounds(20000); i; i--) {
        struct imei imei = {rng_next(&rng) % IMEI_BODIES}, read;
        char text[IMEI_TEXT15], plain[IMEI_TEXT14];
        imei_format15(imei, text);
        imei_format14(imei, plain);
        assert_memory_equal(text, plain, 14);
        assert_int_equal(strlen(text), 15);
        assert_int_equal(strlen(plain), 14);
        assert_int_equal(imei_parse_typed(str_z(text), &read), ERR_OK);
        assert_int_equal(read.body, imei.body);
        assert_int_equal(imei_parse_network(str_z(plain), &read), ERR_OK);
        assert_int_equal(read.body, imei.body);
        assert_int_equal(imei_tac(imei), imei.body / 1000000);
        uint32_t at = rng_below(&rng, 15);
        text[at] = (char)('0' + (text[at] - '0' + 1 + (int)rng_below(&rng, 9)) % 10);
        assert_int_equal(imei_parse_typed(str_z(text), &read), ERR_IMEI_MISTYPED);
    }
}

static void all_digits_the_same(void **state)
{
    (void)state;
    for (uint64_t digit = 0; digit < 10; digit++) {
        assert_true(imei_all_same((struct imei){digit * 11111111111111}));
        assert_false(imei_all_same((struct imei){digit * 11111111111111 + 1}));
    }
    assert_false(imei_all_same((struct imei){1111111111111})); /* a leading 0 */
}

static void masked_for_logs(void **state)
{
    (void)state;
    char text[24];
    imei_format_masked((struct imei){35824005923751}, text);
    assert_string_equal(text, "35824005-9*****-*");
    imei_format_masked((struct imei){1234567890123}, text);
    assert_string_equal(text, "01234567-8*****-*");
}

static void imsis(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t packed; /* 0: refused */
    } rows[] = {
        {"401011234567890", 1401011234567890},
        {"00101012345678", 100101012345678},
        {"001010", 1001010},
        {"999999999999999", 1999999999999999},
        {"40101", 0},
        {"4010112345678901", 0},
        {"", 0},
        {"40101123456789x", 0},
        {"x01011234567890", 0},
        {"4010112x4567890", 0},
        {"000000000000000", 1000000000000000},
        {"4010x1234567890", 0},
        {" 401011234567890", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t packed = 0;
        enum err err = imsi_parse(str_z(rows[i].text), &packed);
        assert_int_equal(err, rows[i].packed ? ERR_OK : ERR_IMSI);
        assert_int_equal(packed, rows[i].packed);
    }
}

static void imsi_prefixes(void **state)
{
    (void)state;
    static const struct {
        uint64_t imsi, prefix;
        bool has;
    } rows[] = {
        {1401011234567890, 1401, true},    {1401011234567890, 140101, true},
        {1401011234567890, 1401011, true}, {1401011234567890, 140102, false},
        {1401011234567890, 1400, false},   {1401011234567890, 1402, false},
        {1401011234567890, 1501, false},   {1401011234567890, 11, false},
        {1001012345678901, 1001, true},    {1001012345678901, 1000, false},
        {1000000000000000, 1000, true},    {1401010, 1401010, true},
        {1401010, 14010100, false},        {1401011234567890, 1401011234567890, true},
        {1401011234567890, 0, false},      {1999999999999999, 1999, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(imsi_has_prefix(rows[i].imsi, rows[i].prefix), rows[i].has);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_and_network_forms),
        cmocka_unit_test(too_long_is_said),
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(peis_of_5g),
        cmocka_unit_test(check_digits),
        cmocka_unit_test(forms_agree_on_random_imeis),
        cmocka_unit_test(all_digits_the_same),
        cmocka_unit_test(masked_for_logs),
        cmocka_unit_test(imsis),
        cmocka_unit_test(imsi_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
