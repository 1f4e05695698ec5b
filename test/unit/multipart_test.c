/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms that bring files: what is read of a good one, and each way in which one is bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "face/multipart.h"

static const struct str plain = STR("multipart/form-data; boundary=b");

static enum err read_all(struct str type, struct str body, unsigned *out_n,
                         struct multipart_part *out_last)
{
    struct multipart m;
    struct multipart_part part;
    struct fault fault = {0};
    bool found = true;
    *out_n = 0;
    enum err err = multipart_open(type, body, &m, &fault);
    while (!err && (err = multipart_next(&m, &part, &found, &fault)) == ERR_OK && found) {
        *out_last = part;
        ++*out_n;
    }
    assert_true(!err || fault.detail[0]);
    return err;
}

static bool is(struct str got, const char *want)
{
    return str_eq(got, str_z(want));
}

static void good(void **state)
{
    static const struct {
        const char *type, *body, *name, *file, *bytes;
        unsigned n;
    } rows[] = {
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n", "a", NULL, "x",
         1},
        {"multipart/form-data; charset=utf-8; boundary=\"b\"",
         "--b\r\ncontent-disposition:form-data;name=a\r\n\r\n\r\n--b--", "a", NULL, "", 1},
        {"Multipart/Form-Data; BOUNDARY=b; x=y",
         "--b\r\nContent-Type: image/png\r\nContent-Disposition: form-data; name=\"f\"; "
         "filename=\"a; name=b.png\"\r\n\r\n--b\r\n\r\n--\r\n--b--\r\n",
         "f", "a; name=b.png", "--b\r\n\r\n--", 1},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n"
         "Content-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--b--\r\n",
         "f", "", "", 2},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"f\"; "
         "filename=\"\xff.png\"\r\n\r\n\xff\r\n--b--",
         "f", "", "\xff", 1},
        {"multipart/form-data; boundary=b", "--b--\r\n", "", NULL, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct multipart_part part = {.name = STR("")};
        unsigned n;
        assert_int_equal(read_all(str_z(rows[i].type), str_z(rows[i].body), &n, &part), ERR_OK);
        assert_int_equal(n, rows[i].n);
        assert_true(is(part.name, rows[i].name) && is(part.bytes, rows[i].bytes));
        assert_int_equal(part.is_file, rows[i].file != NULL);
        assert_true(is(part.file, rows[i].file ? rows[i].file : ""));
    }
}

static void bad(void **state)
{
    static const struct {
        const char *type, *body;
        enum err err;
    } rows[] = {
        {"multipart/form-data", "--b--", ERR_USAGE},
        {"multipart/form-data; boundary=", "--b--", ERR_USAGE},
        {"multipart/form-data; boundary=\"b", "--b--", ERR_USAGE},
        {"multipart/form-data; boundary=\"\"", "----", ERR_USAGE},
        {"multipart/form-data; boundary="
         "0123456789012345678901234567890123456789012345678901234567890123456789x",
         "--b--", ERR_USAGE},
        {"multipart/form-data; boundary=b", "", ERR_USAGE},
        {"multipart/form-data; boundary=b", "hello\r\n--b--", ERR_USAGE},
        {"multipart/form-data; boundary=b", "--b", ERR_USAGE},
        {"multipart/form-data; boundary=b", "--bb--", ERR_USAGE},
        {"multipart/form-data; boundary=b", "--b--\r\nmore", ERR_USAGE},
        {"multipart/form-data; boundary=b", "--b\r\nContent-Disp", ERR_USAGE},
        {"multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--", ERR_USAGE},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", ERR_USAGE},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--", ERR_USAGE},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--", ERR_USAGE},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", ERR_USAGE},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b", ERR_USAGE},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\r\n--b--", ERR_UTF8},
        {"multipart/form-data; boundary=b",
         "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\x01\r\n--b--", ERR_UTF8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct multipart_part part;
        unsigned n;
        assert_int_equal(read_all(str_z(rows[i].type), str_z(rows[i].body), &n, &part),
                         rows[i].err);
        assert_true(n <= 1); /* what is cut off behind a part gives that part first */
    }
}

/* Each limit: what just fits, and one more. */
static void limits(void **state)
{
    static const char head[] = "--b\r\nContent-Disposition: form-data; name=a\r\n";
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct buf body = {0};
        struct multipart_part part;
        unsigned n;
        buf_str(&body, str_z(head));
        buf_str(&body, STR("\r\n"));
        for (size_t i = 0; i < LIMIT_PART_FIELD + over; i++)
            buf_str(&body, STR("x"));
        buf_str(&body, STR("\r\n--b--"));
        assert_int_equal(read_all(plain, (struct str){(const char *)body.p, body.n}, &n, &part),
                         over ? ERR_TOO_LONG : ERR_OK);
        buf_clear(&body);
        for (size_t i = 0; i < LIMIT_PARTS + over; i++) {
            buf_str(&body, str_z(head));
            buf_str(&body, STR("\r\n\r\n"));
        }
        buf_str(&body, STR("--b--"));
        assert_int_equal(read_all(plain, (struct str){(const char *)body.p, body.n}, &n, &part),
                         over ? ERR_TOO_MANY : ERR_OK);
        assert_int_equal(n, LIMIT_PARTS);
        buf_clear(&body);
        buf_str(&body, str_z(head));
        buf_str(&body, STR("X: "));
        size_t rest =
            LIMIT_PART_HEAD - (sizeof head - 1 - 5) - 3 - 4; /* what it begins and ends with */
        for (size_t i = 0; i < rest + over; i++)
            buf_str(&body, STR("x"));
        buf_str(&body, STR("\r\n\r\n\r\n--b--"));
        assert_int_equal(read_all(plain, (struct str){(const char *)body.p, body.n}, &n, &part),
                         over ? ERR_TOO_LONG : ERR_OK);
        buf_release(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad),
                                       cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
