/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that come in: every form that is read, every fault that is refused, and where it is said
 * to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "bulk/csv.h"
#include "bulk/source.h"
#include "unit/given_file.h"

static const char *const names[] = {"imei", "date", "note"};

static struct csv_options options_of(const char *path)
{
    return (struct csv_options){
        .path = path, .columns = names, .column_count = 3, .required = 1, .hash = true};
}

/* Reads a file whole and writes down what was heard: "IMEI|DATE|NOTE@LINE;", "~" for a column that
 * is not there, "(NAME LINE:COLUMN VALUE)" for a fault. */
static const char *hear(const struct csv_options *options)
{
    static struct buf heard;
    struct csv *csv;
    struct csv_row row;
    struct fault fault = {0};
    buf_clear(&heard);
    enum err err = csv_open(options, &csv, &fault);
    bool opened = !err;
    while (!err && !(err = csv_next(csv, &row, &fault)) && row.fields) {
        for (uint32_t i = 0; i < row.count; i++)
            buf_printf(&heard, "%s%.*s", i ? "|" : "", row.fields[i].p ? (int)row.fields[i].n : 1,
                       row.fields[i].p ? row.fields[i].p : "~");
        buf_printf(&heard, "@%u;", (unsigned)row.line);
    }
    while (err) {
        assert_int_equal(err, fault.err);
        assert_int_not_equal(fault.detail[0], '\0');
        assert_string_equal(fault.file, options->path);
        buf_printf(&heard, "(%s %u:%u %s)", err_name(err), (unsigned)fault.line, fault.column,
                   fault.value);
        fault = (struct fault){0};
        err = ERR_OK;
        while (opened && !csv_stopped(csv) && !(err = csv_next(csv, &row, &fault)) && row.fields)
            buf_printf(&heard, "%.*s@%u;", STR_ARG(row.fields[0]), (unsigned)row.line);
    }
    if (opened)
        csv_close(csv);
    buf_put(&heard, "", 1);
    return (const char *)heard.p;
}

static void check_bytes(const void *bytes, size_t n, const char *want)
{
    char *path = given_file(bytes, n);
    struct csv_options options = options_of(path);
    assert_string_equal(hear(&options), want);
    given_file_remove(path);
}

struct sample {
    const char *bytes;
    size_t n;
    const char *want;
};
#define SAMPLE(bytes, want)                                                                        \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, want                                                             \
    }

static const struct sample forms[] = {
    SAMPLE("imei,date,note\n1,2,3\n", "1|2|3@2;"),
    SAMPLE("imei,date,note\n1,2,3", "1|2|3@2;"), /* no last line end */
    SAMPLE("imei,date,note\r\n1,2,3\r\n4,5,\r\n", "1|2|3@2;4|5|@3;"),
    SAMPLE("\xef\xbb\xbfimei,date\n1,2\n", "1|2|~@2;"),
    SAMPLE("note,x,IMEI,Date\na,b,1,2\n", "1|2|a@2;"),
    SAMPLE("imei\n1\n", "1|~|~@2;"),
    SAMPLE(" imei , date \n 1 ,\t2 \n", "1|2|~@2;"),
    SAMPLE("\n\n imei\n\n1\n\r\n  \n2\n\n", "1|~|~@5;2|~|~@8;"),
    SAMPLE("imei;date\n1;2,5\n", "1|2,5|~@2;"),
    SAMPLE("imei\tdate\n1\t2\n3\t\n", "1|2|~@2;3||~@3;"),
    SAMPLE("imei,a;b\n1,2\n", "1|~|~@2;"),
    SAMPLE("imei,x,x\n1,2,3\n", "1|~|~@2;"), /* twins nobody wants */
    SAMPLE("imei,note\n1,\xd2\xa3\xd0\xb0\n", "1|~|\xd2\xa3\xd0\xb0@2;"),
    SAMPLE("imei\n", ""),
    SAMPLE("\"imei\",\"note\"\n\"1\",\"a,b\"\n", "1|~|a,b@2;"),
    SAMPLE("imei,note\n1,\"a \"\"b\"\"\"\n2,\"\"\"\"\n3,\"\"\n4,c\n",
           "1|~|a \"b\"@2;2|~|\"@3;3|~|@4;4|~|c@5;"),
    SAMPLE("imei,note\n1,\"a\nb\r\nc\"\n2,d\n", "1|~|a\nb\r\nc@2;2|~|d@5;"),
    SAMPLE("imei,note\r\n1,\"a\"\r\n2, \"b\" \r\n", "1|~|a@2;2|~|b@3;"),
    SAMPLE("imei,note\n1,7\" wide\n", "1|~|7\" wide@2;"),
    SAMPLE("imei,note\n1,\"a\"", "1|~|a@2;"),
    SAMPLE("imei,note\n1,\" a \"\n", "1|~| a @2;"),
};

static void forms_that_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        check_bytes(forms[i].bytes, forms[i].n, forms[i].want);
}

static const struct sample faults[] = {
    SAMPLE("", "(FILE_EMPTY 1:0 )"),
    SAMPLE("\n \r\n\n", "(FILE_EMPTY 4:0 )"),
    SAMPLE("\xef\xbb\xbf", "(FILE_EMPTY 1:0 )"),
    SAMPLE("\xff\xfei\0m\0", "(FILE_KIND 1:0 )"),
    SAMPLE("\xfe\xff\0i\0m", "(FILE_KIND 1:0 )"),
    SAMPLE("i\0m\0e\0i\0\n\0", "(FILE_ENCODING 1:0 )"),
    SAMPLE("\x1f\x8b\x08zzz", "(FILE_KIND 1:0 )"),
    SAMPLE("\x28\xb5\x2f\xfd", "(FILE_KIND 1:0 )"),
    SAMPLE("PK\x03\x04zzz", "(FILE_KIND 1:0 )"),
    SAMPLE("imei\n1\n2\0003\n", "1|~|~@2;(FILE_ENCODING 3:0 )"),
    SAMPLE("imei,\xcf\xf0\n1,2\n", "(FILE_ENCODING 1:2 \\xcf\\xf0)"),
    SAMPLE("date,note\n1,2\n", "(FILE_HEADER 1:0 date,note)"),
    SAMPLE("35824005923751\n", "(FILE_HEADER 1:0 35824005923751)"),
    SAMPLE("imei,date,IMEI\n1,2,3\n", "(FILE_HEADER 1:0 imei,date,IMEI)"),
    SAMPLE("imei,date\r1,2\r", "(FILE_HEADER 1:0 imei,date?1,2)"),
    SAMPLE("\"imei\"x,date\n", "(FILE_HEADER 1:0 \"imei\"x,date)"),
    SAMPLE("\"imei,date\n1,2\n", "(FILE_QUOTE 1:0 \"imei,date?1,2?)"),
    /* of one row: reading goes on behind it */
    SAMPLE("imei\n1\n\xcf\xf0\n", "1|~|~@2;(FILE_ENCODING 3:1 \\xcf\\xf0)"),
    SAMPLE("imei\n\xed\xa0\x80\n4\n", "(FILE_ENCODING 2:1 \\xed\\xa0\\x80)4@3;"),
    SAMPLE("imei\n1\n2\xc3", "1|~|~@2;(FILE_ENCODING 3:1 2\\xc3)"),
    SAMPLE("imei,note\n1,a\xff"
           "b\n4,\xd2\xa3\n5,\xfe\n6,c\n",
           "(FILE_ENCODING 2:2 a\\xffb)4@3;(FILE_ENCODING 4:2 \\xfe)6@5;"),
    SAMPLE("x,imei\n\"a \"\"\xff\"\"\",1\n2,4\n", "(FILE_ENCODING 2:1 a \"\\xff\")4@3;"),
    SAMPLE("imei\n1\xff\n2\0003\n", "(FILE_ENCODING 2:1 1\\xff)(FILE_ENCODING 3:0 )"),
    SAMPLE("imei,date\n1,2,3\n4,5\n", "(FILE_COLUMN 2:0 1,2,3)4@3;"),
    SAMPLE("imei,date\n1\n4,5\n", "(FILE_COLUMN 2:0 1)4@3;"),
    SAMPLE("date,imei\n7,\n4,5\n", "(FILE_COLUMN 2:2 )5@3;"),
    SAMPLE("imei,date\n1,\"\"\n,2\n", "1||~@2;(FILE_COLUMN 3:1 )"),
    SAMPLE("imei,date\n\"1\"x,2\n4,5\n", "(FILE_QUOTE 2:0 x,2)4@3;"),
    /* of the whole file: it does not */
    SAMPLE("imei,date\n1,2\n3,\"4\n5,6\n", "1|2|~@2;(FILE_QUOTE 3:0 \"4?5,6?)"),
};

static void faults_that_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        check_bytes(faults[i].bytes, faults[i].n, faults[i].want);
}

/* The message names the column that is missing and those that are there. */
static void a_missing_column_is_named(void **state)
{
    (void)state;
    char *path = given_file(STR("serial,date,model\n").p, 18);
    struct csv_options options = options_of(path);
    struct csv *csv;
    struct fault fault;
    assert_int_equal(csv_open(&options, &csv, &fault), ERR_FILE_HEADER);
    assert_non_null(strstr(fault.detail, "column imei"));
    assert_non_null(strstr(fault.detail, "serial, date, model"));
    assert_int_equal(csv_open(&options, &csv, NULL), ERR_FILE_HEADER);
    given_file_remove(path);
}

static void a_fault_says_the_byte(void **state)
{
    (void)state;
    static const char text[] = "date,imei\n1,2\n3,45x\n";
    char *path = given_file(text, sizeof text - 1);
    struct csv_options options = options_of(path);
    struct csv *csv;
    struct csv_row row;
    struct fault fault = {0};
    assert_int_equal(csv_open(&options, &csv, &fault), ERR_OK);
    assert_true(csv_has(csv, 0));
    assert_true(csv_has(csv, 1));
    assert_false(csv_has(csv, 2));
    assert_int_equal(csv_next(csv, &row, &fault), ERR_OK);
    assert_int_equal(csv_next(csv, &row, &fault), ERR_OK);
    csv_where(csv, &row, 0, &fault);
    assert_int_equal(fault.line, 3);
    assert_int_equal(fault.column, 2);
    assert_int_equal(fault.byte, 16);
    assert_string_equal(fault.value, "45x");
    csv_where(csv, &row, 0, NULL);
    uint64_t size;
    assert_int_equal(csv_bytes(csv, &size), sizeof text - 1);
    assert_int_equal(size, sizeof text - 1);
    csv_close(csv);
    given_file_remove(path);
}

/* An empty value before the line end stands where the separator ends, with LF and with CR LF. */
static void an_empty_last_value_has_a_place(void **state)
{
    (void)state;
    static const char *const texts[] = {"date,imei\n1,\n", "date,imei\r\n1,\r\n", "date,imei\n1,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *path = given_file(texts[i], strlen(texts[i]));
        struct csv_options options = options_of(path);
        struct csv *csv;
        struct csv_row row;
        struct fault fault = {0};
        options.required = 3;
        assert_int_equal(csv_open(&options, &csv, &fault), ERR_OK);
        assert_int_equal(csv_next(csv, &row, &fault), ERR_FILE_COLUMN);
        assert_int_equal(fault.line, 2);
        assert_int_equal(fault.byte, (i == 1 ? 11 : 10) + 2);
        csv_close(csv);
        given_file_remove(path);
    }
}

static void one_value_a_line(void **state)
{
    (void)state;
    static const struct sample rows[] = {
        SAMPLE("35824005923751\n35-824005-923752\n", "35824005923751@1;35-824005-923752@2;"),
        SAMPLE("\xef\xbb\xbf\n 1 \r\n\r\n2", "1@2;2@4;"),
        SAMPLE("imei\n1\n", "1@2;"),
        SAMPLE("brand,imei\nx,1\n", "1@2;"),
        SAMPLE("1\n2,3\n4\n", "1@1;(FILE_COLUMN 2:0 2,3)4@3;"),
        SAMPLE("1\n\"2\"\n", "1@1;2@2;"),
        SAMPLE("1,2\n", "(FILE_HEADER 1:0 1,2)"),
        SAMPLE("serial\n1\n", "(FILE_HEADER 1:0 serial)"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = given_file(rows[i].bytes, rows[i].n);
        struct csv_options options = options_of(path);
        options.column_count = 1;
        options.header = CSV_HEADER_OR_LINES;
        assert_string_equal(hear(&options), rows[i].want);
        given_file_remove(path);
    }
}

/* Raw rows: what stands is given, whatever its count; the form may be chosen after a look. */
static void raw_rows(void **state)
{
    (void)state;
    static const char text[] = "a notice, \"quoted\n1|2|\"3\n4\n";
    char *path = given_file(text, sizeof text - 1);
    struct csv_options options = {.path = path, .header = CSV_RAW};
    struct csv *csv;
    struct csv_row row;
    struct str first;
    assert_int_equal(csv_open(&options, &csv, NULL), ERR_OK);
    assert_int_equal(csv_peek(csv, &first, NULL), ERR_OK);
    assert_true(str_eq(first, STR("a notice, \"quoted")));
    csv_form(csv, '|', false);
    assert_int_equal(csv_next(csv, &row, NULL), ERR_OK);
    assert_int_equal(row.count, 1);
    assert_int_equal(csv_next(csv, &row, NULL), ERR_OK);
    assert_int_equal(row.count, 3);
    assert_true(str_eq(row.fields[2], STR("\"3")));
    assert_int_equal(row.line, 2);
    assert_int_equal(csv_peek(csv, &first, NULL), ERR_OK);
    assert_true(str_eq(first, STR("4")));
    assert_int_equal(csv_next(csv, &row, NULL), ERR_OK);
    assert_int_equal(row.count, 1);
    assert_int_equal(csv_peek(csv, &first, NULL), ERR_OK);
    assert_null(first.p);
    assert_int_equal(csv_next(csv, &row, NULL), ERR_OK);
    assert_null(row.fields);
    csv_close(csv);
    given_file_remove(path);
}

static void check_line_of(size_t n, const char *end, bool fits)
{
    struct buf b = {0};
    buf_str(&b, STR("imei\n"));
    for (size_t i = 0; i < n; i++)
        buf_uint(&b, '1', 1);
    buf_str(&b, str_z(end));
    assert_false(b.failed);
    char *path = given_file(b.p, b.n);
    struct csv_options options = options_of(path);
    const char *heard = hear(&options);
    if (fits)
        assert_int_equal(heard[0], '1');
    else
        assert_memory_equal(heard, "(LINE_LONG 2:0 11", 17);
    given_file_remove(path);
    buf_release(&b);
}

static void lines_up_to_the_limit(void **state)
{
    (void)state;
    static const char *const ends[] = {"", "\n", "\r\n", "\n1\n"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        check_line_of(LIMIT_LINE, ends[i], true);
        check_line_of(LIMIT_LINE + 1, ends[i], false);
        check_line_of(LIMIT_LINE * 40, ends[i], false);
    }
}

static void check_columns_of(uint32_t n, const char *want)
{
    struct buf b = {0};
    buf_str(&b, STR("imei"));
    for (uint32_t i = 1; i < n; i++)
        buf_printf(&b, ",c%u", i);
    buf_str(&b, STR("\n1"));
    for (uint32_t i = 1; i < LIMIT_COLUMNS; i++)
        buf_printf(&b, ",%u", i);
    buf_str(&b, STR("\n"));
    char *path = given_file(b.p, b.n);
    struct csv_options options = options_of(path);
    options.column_count = 1;
    assert_memory_equal(hear(&options), want, strlen(want));
    given_file_remove(path);
    buf_release(&b);
}

static void columns_up_to_the_limit(void **state)
{
    (void)state;
    check_columns_of(LIMIT_COLUMNS, "1@2;");
    check_columns_of(LIMIT_COLUMNS + 1, "(FILE_HEADER 1:0 imei,c1");
    check_columns_of(LIMIT_COLUMNS * 10, "(FILE_HEADER 1:0 imei,c1");
    check_columns_of(LIMIT_COLUMNS - 1, "(FILE_COLUMN 2:0 1,1,2");
}

/* A file of many windows, with quotes, line ends within them and letters beyond ASCII here and
 * there, gives row for row what was written. */
static void rows_across_windows(void **state)
{
    (void)state;
    enum { ROWS = 60000 };
    struct buf b = {0};
    buf_str(&b, STR("imei,date,note\n"));
    for (unsigned i = 0; i < ROWS; i++) {
        if (i % 97 == 0)
            buf_printf(&b, "%u,\"d\n%u\",\"\"\"q\"\"\"\r\n", i, i);
        else if (i % 89 == 0)
            buf_printf(&b, "%u,d%u,\xd2\xa3%*s\n", i, i, (int)(i % 300), "x");
        else
            buf_printf(&b, "%u,d%u,\n", i, i);
    }
    assert_false(b.failed);
    char *path = given_file(b.p, b.n);
    struct csv_options options = options_of(path);
    struct csv *csv;
    struct csv_row row;
    assert_int_equal(csv_open(&options, &csv, NULL), ERR_OK);
    uint64_t line = 2;
    for (unsigned i = 0; i < ROWS; i++) {
        char text[64];
        assert_int_equal(csv_next(csv, &row, NULL), ERR_OK);
        assert_int_equal(row.line, line);
        int n = snprintf(text, sizeof text, "%u", i);
        assert_int_equal(row.fields[0].n, n);
        assert_memory_equal(row.fields[0].p, text, (size_t)n);
        n = snprintf(text, sizeof text, i % 97 ? "d%u" : "d\n%u", i);
        assert_int_equal(row.fields[1].n, n);
        assert_memory_equal(row.fields[1].p, text, (size_t)n);
        if (i % 97 == 0)
            assert_true(str_eq(row.fields[2], STR("\"q\"")));
        line += i % 97 ? 1 : 2;
    }
    assert_int_equal(csv_next(csv, &row, NULL), ERR_OK);
    assert_null(row.fields);
    uint8_t hash[SHA256_BYTES], again[SHA256_BYTES];
    csv_hash(csv, hash);
    assert_int_equal(file_hash(path, again, NULL), ERR_OK);
    assert_memory_equal(hash, again, sizeof hash);
    csv_close(csv);
    given_file_remove(path);
    buf_release(&b);
}

static void hash_of_a_known_file(void **state)
{
    (void)state;
    char hex[2 * SHA256_BYTES + 1];
    uint8_t hash[SHA256_BYTES];
    char *path = given_file("abc", 3); /* FIPS 180-2 B.1 */
    assert_int_equal(file_hash(path, hash, NULL), ERR_OK);
    sha256_hex(hash, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    given_file_remove(path);
}

static void what_is_no_file(void **state)
{
    (void)state;
    uint8_t hash[SHA256_BYTES];
    struct csv_options options = options_of("/tmp");
    assert_string_equal(hear(&options), "(FILE_KIND 0:0 )");
    options.path = "/dev/null";
    assert_string_equal(hear(&options), "(FILE_KIND 0:0 )");
    options.path = "/tmp/tamga-no-such-file";
    assert_string_equal(hear(&options), "(FILE_OPEN 0:0 )");
    options.path = "/etc/passwd/x";
    assert_string_equal(hear(&options), "(FILE_OPEN 0:0 )");
    options.path = "";
    assert_string_equal(hear(&options), "(FILE_OPEN 0:0 )");
    assert_int_equal(file_hash("/tmp", hash, NULL), ERR_FILE_KIND);
}

static void no_permission(void **state)
{
    (void)state;
    char *path = given_file("imei\n", 5);
    chmod(path, 0);
    struct csv_options options = options_of(path);
    uid_t uid = geteuid();
    if (uid == 0) /* root reads everything: be nobody for a moment */
        assert_int_equal(seteuid(65534), 0);
    const char *heard = hear(&options);
    assert_int_equal(seteuid(uid), 0);
    assert_string_equal(heard, "(FILE_OPEN 0:0 )");
    given_file_remove(path);
}

/* Standard input, and a pipe that gives its bytes in small pieces. */
static void a_pipe(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    static const char text[] = "imei\n35824005923751\n";
    assert_int_equal(write(ends[1], text, sizeof text - 1), sizeof text - 1);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    struct csv_options options = options_of("-");
    const char *heard = hear(&options);
    dup2(kept, STDIN_FILENO);
    close(kept);
    assert_string_equal(heard, "35824005923751|~|~@2;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_that_are_read),
        cmocka_unit_test(faults_that_are_refused),
        cmocka_unit_test(a_missing_column_is_named),
        cmocka_unit_test(a_fault_says_the_byte),
        cmocka_unit_test(an_empty_last_value_has_a_place),
        cmocka_unit_test(one_value_a_line),
        cmocka_unit_test(raw_rows),
        cmocka_unit_test(lines_up_to_the_limit),
        cmocka_unit_test(columns_up_to_the_limit),
        cmocka_unit_test(rows_across_windows),
        cmocka_unit_test(hash_of_a_known_file),
        cmocka_unit_test(what_is_no_file),
        cmocka_unit_test(no_permission),
        cmocka_unit_test(a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
