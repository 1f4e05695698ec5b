/* SPDX-License-Identifier: Apache-2.0
 *
 * The two lists of TACs as they go round, with all that is odd about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "bulk/tac_file.h"
#include "core/radio.h"
#include "unit/given_file.h"

struct read_list {
    struct tac_file file;
    struct tac_table *table;
};

static enum err read_text(const char *text, enum tac_format format, struct read_list *out,
                          struct fault *fault)
{
    char *path = given_file(text, strlen(text));
    struct tac_builder *b = tac_builder_new();
    assert_non_null(b);
    const struct tac_reading reading = {path, format, daynum_from_ymd(2026, 3, 10)};
    enum err err = tac_file_read(&reading, b, &out->file, fault);
    given_file_remove(path);
    if (!err) {
        struct buf packed = {0};
        assert_int_equal(tac_builder_pack(b, &packed), ERR_OK);
        assert_int_equal(tac_table_new(packed.p, packed.n, &out->table), ERR_OK);
        buf_release(&packed);
    }
    tac_builder_free(b);
    return err;
}

static struct read_list read_good(const char *text, enum tac_format format)
{
    struct read_list list;
    struct fault fault = {0};
    if (read_text(text, format, &list, &fault))
        fail_msg("%s, line %u: %s", err_name(fault.err), (unsigned)fault.line, fault.detail);
    return list;
}

/* "class brand/model", "-" when the TAC is missing. */
static const char *entry(const struct read_list *list, uint32_t tac)
{
    static char text[256];
    struct tac_info info;
    if (!tac_find(list->table, tac, &info))
        return "-";
    snprintf(text, sizeof text, "%d %.*s/%.*s", info.class, STR_ARG(info.brand),
             STR_ARG(info.model));
    return text;
}

static const char osmocom[] = "A notice, who made this list and what may be done with it\n"
                              "tac,name,name,contributor,comment,gsmarena,gsmarena,aka\n"
                              "35000100,Alpha,One,Somebody,,http://example.org/a,,\"A1,A-1\"\n"
                              "1000200, Beta, Two 2,,,,,\r\n"
                              " 35000300,Gamma,\"Three, or \"\"3\"\"\",,,,,\n"
                              "106600, Delta, Four,,,,,\n"
                              "350004001,Delta,Five,,,,,\n"
                              "3500x500,Delta,Six,,,,,\n"
                              "\n"
                              "35000600,,,,,,,\n"
                              "35000700,Eps\xc3\xa9,Se\xc3\xa9t\n"
                              "\"35000800\"x,Zeta,Eight,,,,,\n"
                              "35000100,Alpha,One again,,,,,\n";

static void osmocom_with_all_its_oddities(void **state)
{
    (void)state;
    static const enum tac_format formats[] = {TAC_FORMAT_AUTO, TAC_FORMAT_OSMOCOM};
    for (int i = 0; i < 2; i++) {
        struct read_list list = read_good(osmocom, formats[i]);
        assert_int_equal(list.file.format, TAC_FORMAT_OSMOCOM);
        assert_int_equal(list.file.row_count, 10);
        assert_int_equal(list.file.taken_count, 6);
        assert_int_equal(list.file.padded_count, 1);
        assert_int_equal(list.file.machine_count, 0);
        assert_int_equal(list.file.finding_count, 4);
        assert_int_equal(list.file.example_count, 4);
        assert_int_equal(list.file.examples[0].line, 6);
        assert_string_equal(list.file.examples[0].text, "106600");
        assert_int_equal(list.file.examples[1].line, 7);
        assert_int_equal(list.file.examples[2].line, 8);
        assert_string_equal(list.file.examples[2].text, "3500x500");
        assert_int_equal(list.file.examples[3].line, 12);
        assert_int_equal(tac_table_count(list.table), 5);
        assert_string_equal(entry(&list, 35000100), "1 Alpha/One again");
        assert_string_equal(entry(&list, 1000200), "1 Beta/Two 2");
        assert_string_equal(entry(&list, 35000300), "1 Gamma/Three, or \"3\"");
        assert_string_equal(entry(&list, 35000600), "1 /");
        assert_string_equal(entry(&list, 35000700), "1 Eps\xc3\xa9/Se\xc3\xa9t");
        assert_string_equal(entry(&list, 106600), "-");
        tac_table_free(list.table);
    }
}

static void osmocom_without_notice_or_header(void **state)
{
    (void)state;
    struct read_list list = read_good("106600, Delta, Four,,,,,\n"
                                      "1020100,Alpha,One,,,,,\"S1,S2\"\n"
                                      "35000300,Beta,Two,,,,,\n",
                                      TAC_FORMAT_AUTO);
    assert_int_equal(list.file.row_count, 3);
    assert_int_equal(list.file.taken_count, 2);
    assert_int_equal(list.file.padded_count, 1);
    assert_int_equal(list.file.examples[0].line, 1);
    assert_string_equal(entry(&list, 1020100), "1 Alpha/One");
    tac_table_free(list.table);
    list = read_good("tac,name,name\n35000300,Beta,Two\n", TAC_FORMAT_OSMOCOM);
    assert_string_equal(entry(&list, 35000300), "1 Beta/Two");
    tac_table_free(list.table);
}

static void gsma_of_2016(void **state)
{
    (void)state;
    struct read_list list = read_good(
        "TAC|Marketing Name|Internal Model Name|Manufacturer|Bands|Allocation Date|Country Code|"
        "Fixed Code|Manufacturer Code|Radio Interface|Brand Name|Model Name|Operating System|NFC|"
        "Bluetooth|WLAN|Device Type\r\n"
        "35000100|Alpha One|A-1|Alpha Ltd|GSM 900|01-Jan-2015|0|0|0|NONE|Alpha|A1|None|N|Y|Y|"
        "Smartphone\r\n"
        "35000200|Not Known|B-1|Beta Ltd|GSM 900|01-Jan-2015|0|0|0|NONE|Not Known|B1|None|N|Y|Y|"
        "Modem\r\n"
        "35000300|Mod 7\"|C-1|Gamma Ltd||||||||C1|||||Module\r\n"
        "35000400|Tag|\"D-1|Delta|||||||Delta|D1|||||IoT Device\r\n"
        "35000500|Sensor||Eps|||||||Eps|E1|||||Device (M2M)\r\n"
        "35000600|Idiot phone||Zeta|||||||Zeta|F1|||||Modular Idiot\r\n"
        "3500070|Seven||Eta|||||||Eta|G1|||||Tablet\r\n"
        "350008|Eight||Eta|||||||Eta|G1|||||Tablet\r\n",
        TAC_FORMAT_AUTO);
    assert_int_equal(list.file.format, TAC_FORMAT_GSMA);
    assert_int_equal(list.file.row_count, 8);
    assert_int_equal(list.file.taken_count, 7);
    assert_int_equal(list.file.machine_count, 3);
    assert_int_equal(list.file.padded_count, 1);
    assert_int_equal(list.file.finding_count, 1);
    assert_string_equal(entry(&list, 35000100), "1 Alpha/Alpha One");
    assert_string_equal(entry(&list, 35000200), "1 Beta Ltd/B1");
    assert_string_equal(entry(&list, 35000300), "2 Gamma Ltd/Mod 7\"");
    assert_string_equal(entry(&list, 35000400), "2 Delta/Tag");
    assert_string_equal(entry(&list, 35000500), "2 Eps/Sensor");
    assert_string_equal(entry(&list, 35000600), "1 Zeta/Idiot phone");
    assert_string_equal(entry(&list, 3500070), "1 Eta/Seven");
    tac_table_free(list.table);
}

static void gsma_with_other_columns(void **state)
{
    (void)state;
    struct read_list list = read_good(
        "\xef\xbb\xbfTAC|Marketing Name|Manufacturer (or) Applicant|Bands|5G Bands|LPWAN|Radio "
        "Interface|Brand Name|Model Name|Operating System|NFC|Bluetooth|WLAN|Device Type|"
        "Removable UICC\n"
        "35000100|Alpha 5|Alpha Ltd|x|y|z|w|Alpha|A5|Android|Y|Y|Y|Smartphone|1\n"
        "35000200\n",
        TAC_FORMAT_GSMA);
    assert_string_equal(entry(&list, 35000100), "1 Alpha/Alpha 5");
    assert_string_equal(entry(&list, 35000200), "1 /");
    tac_table_free(list.table);
    list = read_good("Manufacturer|tac\nAlpha|35000100\n", TAC_FORMAT_AUTO);
    assert_string_equal(entry(&list, 35000100), "1 Alpha/");
    tac_table_free(list.table);
}

static void gsma_says_since_when_and_with_what(void **state)
{
    (void)state;
    struct read_list list =
        read_good("TAC|Brand Name|Allocation Date|Bands|Radio Interface|5G Bands\n"
                  "35000100|A|01-Jan-2015|GSM 900,LTE FDD BAND 3|NONE|Not Known\n"
                  "35000200|B|2015-02-28||W-CDMA|n78\n"
                  "35000300|C|20150301|x|y|\n"
                  "35000400|D|31-Dec-1999|||\n"
                  "35000500|E|Not Known|||\n"
                  "35000600|F|31-Feb-2015|||\n"
                  "35000700|G|11-Mar-2026|||\n"
                  "35000800|H|1/2/2015|||\n"
                  "35000900|I|0-Jan-2015|GSM||\n",
                  TAC_FORMAT_AUTO);
    static const struct {
        uint32_t tac;
        int year, month, day; /* 0: not said */
        unsigned radio;
    } rows[] = {{35000100, 2015, 1, 1, RADIO_2G | RADIO_4G},
                {35000200, 2015, 2, 28, RADIO_3G | RADIO_5G},
                {35000300, 2015, 3, 1, 0},
                {35000400, 2000, 1, 1, 0},
                {35000500, 0, 0, 0, 0},
                {35000600, 0, 0, 0, 0},
                {35000700, 0, 0, 0, 0},
                {35000800, 0, 0, 0, 0},
                {35000900, 0, 0, 0, RADIO_2G}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tac_info info;
        assert_true(tac_find(list.table, rows[i].tac, &info));
        assert_int_equal(info.allocated,
                         rows[i].year ? daynum_from_ymd(rows[i].year, rows[i].month, rows[i].day)
                                      : DAYNUM_NONE);
        assert_int_equal(info.radio, rows[i].radio);
    }
    assert_int_equal(list.file.taken_count, 9);
    assert_int_equal(list.file.dated_count, 4);
    assert_int_equal(list.file.radio_count, 3);
    assert_int_equal(list.file.undated_count, 4);
    assert_int_equal(list.file.undated_example_count, 4);
    assert_int_equal(list.file.undated[0].line, 7);
    assert_string_equal(list.file.undated[0].text, "31-Feb-2015");
    assert_int_equal(list.file.finding_count, 0);
    tac_table_free(list.table);
}

static void no_list_of_tacs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum tac_format format;
        enum err err;
    } rows[] = {
        {"", TAC_FORMAT_AUTO, ERR_FILE_EMPTY},
        {"imei\n35824005923751\n35824005923752\n", TAC_FORMAT_AUTO, ERR_FILE_HEADER},
        {"35824005923751\n35824005923752\n1\n2\n3\n4\n", TAC_FORMAT_AUTO, ERR_FILE_HEADER},
        {"a notice\n", TAC_FORMAT_AUTO, ERR_FILE_HEADER},
        {"TAC|Bands\n35000100|x\n", TAC_FORMAT_AUTO, ERR_FILE_HEADER},
        {"Model Name|Bands\nx|y\n", TAC_FORMAT_GSMA, ERR_FILE_HEADER},
        {"tac,name,name\n35000100,a,b\n", TAC_FORMAT_GSMA, ERR_FILE_HEADER},
        {"tac,name,name\n", TAC_FORMAT_AUTO, ERR_ROW},
        {"tac,name,name\n1234,a,b\n", TAC_FORMAT_AUTO, ERR_ROW},
        {"2025-07-01,35824005923751,401011234567890,77011234567,3G\n", TAC_FORMAT_AUTO,
         ERR_FILE_HEADER},
        {"tac,name,name\n35000100,\"a,b\n", TAC_FORMAT_AUTO, ERR_FILE_QUOTE},
        {"tac,name,name\n35000100,\xff,b\n", TAC_FORMAT_AUTO, ERR_ROW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct read_list list = {.file = {.row_count = 7}};
        struct fault fault = {0};
        assert_int_equal(read_text(rows[i].text, rows[i].format, &list, &fault), rows[i].err);
        assert_int_equal(fault.err, rows[i].err);
        assert_int_not_equal(fault.detail[0], '\0');
        assert_int_not_equal(fault.file[0], '\0');
        assert_int_equal(list.file.row_count, 7);
        assert_int_equal(read_text(rows[i].text, rows[i].format, &list, NULL), rows[i].err);
    }
}

/* Of many findings the first are kept. */
static void findings_are_counted(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_str(&b, STR("tac,name,name\n35000100,a,b\n"));
    for (int i = 0; i < 100; i++)
        buf_str(&b, STR("123456,\"a\nb\",c\n"));
    buf_put(&b, "", 1);
    struct read_list list = read_good((const char *)b.p, TAC_FORMAT_OSMOCOM);
    assert_int_equal(list.file.finding_count, 100);
    assert_int_equal(list.file.example_count, LIMIT_BAD_ROWS_SHOWN);
    assert_int_equal(list.file.examples[LIMIT_BAD_ROWS_SHOWN - 1].line,
                     3 + 2 * (LIMIT_BAD_ROWS_SHOWN - 1));
    tac_table_free(list.table);
    buf_release(&b);
}

static void formats_by_name(void **state)
{
    (void)state;
    enum tac_format format;
    assert_int_equal(tac_format_parse(STR("gsma"), &format), ERR_OK);
    assert_int_equal(format, TAC_FORMAT_GSMA);
    assert_int_equal(tac_format_parse(STR("osmocom"), &format), ERR_OK);
    assert_int_equal(format, TAC_FORMAT_OSMOCOM);
    assert_int_equal(tac_format_parse(STR("auto"), &format), ERR_USAGE);
    assert_int_equal(tac_format_parse(STR(""), &format), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(osmocom_with_all_its_oddities),
        cmocka_unit_test(osmocom_without_notice_or_header),
        cmocka_unit_test(gsma_of_2016),
        cmocka_unit_test(gsma_with_other_columns),
        cmocka_unit_test(gsma_says_since_when_and_with_what),
        cmocka_unit_test(no_list_of_tacs),
        cmocka_unit_test(findings_are_counted),
        cmocka_unit_test(formats_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
