/* SPDX-License-Identifier: Apache-2.0
 *
 * setting_lines_test - lines of a settings file as inih gets them: a long comment is one line, a long line is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/setting_lines.h"

enum { ROOM = 12, MOST = ROOM - 2 };

static struct setting_lines open_text(const char *text, size_t n)
{
    struct setting_lines lines = {.file = fmemopen((void *)(uintptr_t)text, n, "r")};
    assert_non_null(lines.file);
    return lines;
}

static void next_is(struct setting_lines *lines, const char *want)
{
    char out[ROOM];
    char *got = setting_lines_next(out, sizeof out, lines);
    if (!want) {
        assert_null(got);
        return;
    }
    assert_non_null(got);
    assert_string_equal(got, want);
}

static void a_line_each(void **state)
{
    static const char text[] = "a = 1\n\n0123456789\n  b\nlast";
    (void)state;
    struct setting_lines lines = open_text(text, sizeof text - 1);
    next_is(&lines, "a = 1\n");
    next_is(&lines, "\n");
    next_is(&lines, "0123456789\n");
    next_is(&lines, "  b\n");
    next_is(&lines, "last\n");
    next_is(&lines, NULL);
    assert_int_equal(lines.line, 5);
    assert_int_equal(setting_lines_end(&lines, 0, NULL), ERR_OK);
    fclose(lines.file);
}

/* Its end is no setting. */
static void a_long_comment_is_one_line(void **state)
{
    static const char text[] = "# a long comment\nunknown=1\n  ; another of them = white";
    (void)state;
    struct setting_lines lines = open_text(text, sizeof text - 1);
    next_is(&lines, "# a long c\n");
    next_is(&lines, "unknown=1\n");
    next_is(&lines, "  ; anothe\n");
    next_is(&lines, NULL);
    assert_int_equal(setting_lines_end(&lines, 0, NULL), ERR_OK);
    fclose(lines.file);
}

static void a_long_line_is_none(void **state)
{
    static const char text[] = "a = 1\n01234567890\nb = 2\n";
    struct fault fault = {0};
    (void)state;
    struct setting_lines lines = open_text(text, sizeof text - 1);
    next_is(&lines, "a = 1\n");
    next_is(&lines, NULL);
    next_is(&lines, NULL);
    assert_int_equal(setting_lines_end(&lines, 1, &fault), ERR_OK); /* what was wrong before */
    assert_int_equal(setting_lines_end(&lines, 0, &fault), ERR_SETTING_VALUE);
    assert_int_equal(fault.line, 2);
    assert_non_null(strstr(fault.detail, "10 bytes"));
    fclose(lines.file);
}

static void a_nul_is_no_text(void **state)
{
    static const char text[] = "# a\0b\nc = 1\nd\0= 2\n";
    struct fault fault = {0};
    (void)state;
    struct setting_lines lines = open_text(text, sizeof text - 1);
    next_is(&lines, "# a\n");
    next_is(&lines, "c = 1\n");
    next_is(&lines, NULL);
    assert_int_equal(setting_lines_end(&lines, 0, &fault), ERR_SETTING_VALUE);
    assert_int_equal(fault.line, 3);
    fclose(lines.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_each),
        cmocka_unit_test(a_long_comment_is_one_line),
        cmocka_unit_test(a_long_line_is_none),
        cmocka_unit_test(a_nul_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
