/* SPDX-License-Identifier: Apache-2.0
 *
 * iin_test - the check digit of IIN and BIN: both rows of weights, every wrong digit, every wrong
 * form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/iin.h"

static enum err check(const char *text)
{
    return iin_check(str_z(text), NULL);
}

static void right_ones_pass(void **state)
{
    (void)state;
    /* 941231300341: by the first row; 900101300811: its sum is 10, so by the second. */
    static const char *const right[] = {"941231300341", "900101300811", "000000000000"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_int_equal(check(right[i]), ERR_OK);
}

static void a_wrong_last_digit_is_found(void **state)
{
    (void)state;
    char text[IIN_TEXT] = "941231300341";
    for (char c = '0'; c <= '9'; c++) {
        text[11] = c;
        assert_int_equal(check(text), c == '1' ? ERR_OK : ERR_IIN_BIN);
    }
}

/* Both sums may be 10 modulo 11: such a number is never given, whatever its last digit. */
static void some_numbers_have_no_check_digit(void **state)
{
    (void)state;
    unsigned none = 0, first = 0, second = 0;
    for (unsigned n = 0; n < 20000; n++) {
        char text[IIN_TEXT];
        unsigned passes = 0;
        for (unsigned last = 0; last < 10; last++) {
            snprintf(text, sizeof text, "9001013%04u%u", n % 10000, last);
            passes += check(text) == ERR_OK;
        }
        assert_in_range(passes, 0, 1);
        none += passes == 0;
        int sum = 0;
        for (int i = 0; i < 11; i++)
            sum += (text[i] - '0') * (i + 1);
        *(sum % 11 == 10 ? &second : &first) += passes;
    }
    assert_true(none > 0 && first > 0 && second > 0);
}

static void forms_that_are_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "94123130034",
                                        "9412313003422",
                                        "94123130034a",
                                        " 94123130034",
                                        "-94123130034",
                                        "\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa0"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(check(wrong[i]), ERR_IIN_BIN);
    assert_int_equal(iin_check((struct str){"94123130034\0", 12}, NULL), ERR_IIN_BIN);
}

static void the_fault_tells_which(void **state)
{
    (void)state;
    struct fault fault = {0};
    assert_int_equal(iin_check(STR("941231300343"), &fault), ERR_IIN_BIN);
    assert_int_equal(fault.err, ERR_IIN_BIN);
    assert_string_equal(fault.value, "941231300343");
    assert_string_equal(fault.detail, "the check digit is wrong: one digit is mistyped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_ones_pass),
        cmocka_unit_test(a_wrong_last_digit_is_found),
        cmocka_unit_test(some_numbers_have_no_check_digit),
        cmocka_unit_test(forms_that_are_none),
        cmocka_unit_test(the_fault_tells_which),
    };
    return cmocka_run_group_tests_name("iin", tests, NULL, NULL);
}
