/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that may stand in a name: what a line of the journal, a terminal or a page would show as
 * something else is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"

static const struct str good[] = {
    STR(""),
    STR("police"),
    STR("ГУ МВД, 12/3"),
    STR("Ішкі істер министрлігі"),
    STR("a  b"),
    STR("a\xc2\xa0z"),       /* U+00A0 within */
    STR("\xe2\x80\x90"),     /* U+2010, a hyphen */
    STR("\xe2\x80\xb0"),     /* U+2030, just behind 2028-202F */
    STR("\xf0\x9f\x93\xb1"), /* U+1F4F1 */
    STR("\xef\xbb\xbe"
        "a"), /* U+FEFE, just before FEFF */
    STR("~"),
    STR("\xc2\xa1"), /* U+00A1, just behind C1 */
};

static const struct str bad[] = {
    STR("a\nb"),
    STR("a\rb"),
    STR("a\tb"),
    STR("\033[2J"),
    STR("a\0b"),
    STR("\x7f"),
    STR("a\xc2\x80"), /* C1 */
    STR("\xc2\x9b"
        "2J"), /* CSI */
    STR("\xc2\x9f"),
    STR(" a"),
    STR("a "),
    STR(" "),
    STR("\xc2\xa0"
        "a"),             /* U+00A0 */
    STR("a\xe3\x80\x80"), /* U+3000 */
    STR("a\xe2\x80\x8b"
        "b"), /* U+200B */
    STR("a\xe2\x80\x8f"
        "b"), /* U+200F */
    STR("a\xe2\x80\xa8"
        "b"), /* U+2028 */
    STR("a\xe2\x80\xae"
        "b"), /* U+202E */
    STR("a\xe2\x81\xa0"
        "b"), /* U+2060 */
    STR("a\xe2\x81\xaf"
        "b"), /* U+206F */
    STR("\xef\xbb\xbf"
        "a"), /* U+FEFF */
    STR("a\xff"),
    STR("a\xd0"),
    STR("\xed\xa0\x80"), /* a surrogate */
};

static void nothing_starts_with_nothing(void **state)
{
    (void)state;
    const struct str none = {0};
    assert_true(str_starts(none, none));
    assert_true(str_starts(STR("a"), none));
    assert_false(str_starts(none, STR("a")));
    assert_false(str_starts(STR("ab"), STR("b")));
}

static void what_shows_all_it_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!str_printable(good[i]))
            fail_msg("good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (str_printable(bad[i]))
            fail_msg("bad %zu", i);
}

static void shown(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"\xd2\x9b\xd0\xb0\xd0\xb7\xd0\xb0\xd2\x9b", "\xd2\x9b\xd0\xb0\xd0\xb7\xd0\xb0\xd2\x9b"},
        {"a\tb\x1b[31m\x7f", "a?b?[31m?"},
        {"c1 \xc2\x9b", "c1 ?"},           /* CSI */
        {"bidi \xe2\x80\xae.", "bidi ?."}, /* U+202E */
        {"\xff\xc3(", "\\xff\\xc3("},
        {"123456789", "1234567"},
        {"123456\xd2\x9b", "123456"}, /* no half of a character */
        {"12345\xd2\x9b", "12345\xd2\x9b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char big[64], small[8];
        bool cut = i >= 6;
        str_show(cut ? small : big, cut ? sizeof small : sizeof big, str_z(rows[i].text));
        assert_string_equal(cut ? small : big, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_starts_with_nothing),
                                       cmocka_unit_test(what_shows_all_it_holds),
                                       cmocka_unit_test(shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
