/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of TACs: what was put in is found, equal lists have equal bytes, and every packed list
 * that the builder would not have written is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/limits.h"
#include "core/radio.h"
#include "core/tac.h"
#include "prop/random.h"

static void add(struct tac_builder *b, uint32_t tac, enum tac_class class, const char *brand,
                const char *model)
{
    assert_int_equal(tac_builder_add(b, tac, class, str_z(brand), str_z(model)), ERR_OK);
}

static struct buf pack(struct tac_builder *b)
{
    struct buf out = {0};
    assert_int_equal(tac_builder_pack(b, &out), ERR_OK);
    tac_builder_free(b);
    return out;
}

static struct tac_table *table(const struct buf *packed)
{
    struct tac_table *t;
    assert_int_equal(tac_table_new(packed->p, packed->n, &t), ERR_OK);
    return t;
}

static void assert_str(struct str s, const char *z)
{
    assert_int_equal(s.n, strlen(z));
    assert_memory_equal(s.p, z, s.n);
}

static struct buf small_list(void)
{
    struct tac_builder *b = tac_builder_new();
    assert_non_null(b);
    add(b, 99999999, TAC_DEVICE, "Таңба", "Ұялы");
    add(b, 35250500, TAC_DEVICE, "Nokia", "6820");
    add(b, 0, TAC_MACHINE, "", "");
    add(b, 35250501, TAC_MACHINE, "Quectel", "6820");
    add(b, 35250500, TAC_DEVICE, "Nokia", "6821"); /* the last wins */
    return pack(b);
}

static void what_was_put_in_is_found(void **state)
{
    (void)state;
    struct buf packed = small_list();
    struct tac_table *t = table(&packed);
    struct tac_info info;
    assert_int_equal(tac_table_count(t), 4);
    assert_true(tac_find(t, 35250500, &info));
    assert_int_equal(info.class, TAC_DEVICE);
    assert_str(info.brand, "Nokia");
    assert_str(info.model, "6821");
    assert_true(tac_find(t, 35250501, &info));
    assert_int_equal(info.class, TAC_MACHINE);
    assert_true(tac_find(t, 99999999, &info));
    assert_str(info.brand, "Таңба");
    assert_true(tac_find(t, 0, &info));
    assert_int_equal(info.brand.n, 0);
    assert_int_equal(tac_classify(t, 35250500), TAC_DEVICE);
    assert_int_equal(tac_classify(t, 35250501), TAC_MACHINE);
    assert_int_equal(tac_classify(t, 35250502), TAC_MISSING);
    assert_int_equal(tac_classify(t, 35250499), TAC_MISSING);
    assert_int_equal(tac_classify(t, 1), TAC_MISSING);
    assert_int_equal(tac_classify(t, TAC_COUNT), TAC_MISSING);
    assert_int_equal(tac_classify(t, UINT32_MAX), TAC_MISSING);
    assert_false(tac_find(t, 35250502, &info));
    tac_table_free(t);
    buf_release(&packed);
}

static void no_list_and_an_empty_one(void **state)
{
    (void)state;
    struct tac_info info;
    assert_int_equal(tac_classify(NULL, 35250500), TAC_MISSING);
    assert_false(tac_find(NULL, 35250500, &info));
    assert_int_equal(tac_table_count(NULL), 0);
    tac_table_free(NULL);
    tac_builder_free(NULL);
    struct buf packed = pack(tac_builder_new());
    assert_int_equal(packed.n, 12);
    struct tac_table *t = table(&packed);
    assert_int_equal(tac_table_count(t), 0);
    assert_int_equal(tac_classify(t, 35250500), TAC_MISSING);
    tac_table_free(t);
    buf_release(&packed);
}

/* 40,000 entries against a plain array; then the same in another order: the same bytes. */
static void a_large_list_in_any_order(void **state)
{
    (void)state;
    enum { RANGE = 60000, ADDS = 40000 };
    static uint8_t class[RANGE];
    struct rng rng = random_start("tac", 20261122);
    struct tac_builder *b = tac_builder_new(), *again = tac_builder_new();
    memset(class, 0, sizeof class);
    for (int i = 0; i < ADDS; i++) {
        uint32_t at = rng_below(&rng, RANGE);
        class[at] = (uint8_t)(1 + rng_below(&rng, 2));
        char model[24];
        snprintf(model, sizeof model, "Model %u", at % 1000);
        add(b, 35000000 + at * 7, class[at], class[at] == 1 ? "A" : "B", model);
    }
    for (uint32_t at = RANGE; at-- > 0;) {
        char model[24];
        snprintf(model, sizeof model, "Model %u", at % 1000);
        if (class[at])
            add(again, 35000000 + at * 7, class[at], class[at] == 1 ? "A" : "B", model);
    }
    struct buf packed = pack(b), other = pack(again);
    assert_int_equal(packed.n, other.n);
    assert_memory_equal(packed.p, other.p, packed.n);
    struct tac_table *t = table(&packed);
    for (uint32_t at = 0; at < RANGE; at++) {
        char model[24];
        struct tac_info info;
        snprintf(model, sizeof model, "Model %u", at % 1000);
        assert_int_equal(tac_classify(t, 35000000 + at * 7), class[at]);
        assert_int_equal(tac_classify(t, 35000001 + at * 7), TAC_MISSING);
        assert_int_equal(tac_find(t, 35000000 + at * 7, &info), class[at] != 0);
        if (class[at])
            assert_str(info.model, model);
    }
    tac_table_free(t);
    buf_release(&packed);
    buf_release(&other);
}

static void names_are_cut_and_cleaned(void **state)
{
    (void)state;
    char name[LIMIT_TAC_NAME + 8];
    memset(name, 'x', sizeof name);
    memcpy(name + LIMIT_TAC_NAME - 1, "\xd2\xa3", 2); /* ң over the limit */
    struct tac_builder *b = tac_builder_new();
    assert_int_equal(tac_builder_add(b, 1, TAC_DEVICE, (struct str){name, sizeof name}, STR("")),
                     ERR_OK);
    add(b, 2, TAC_DEVICE, "a\nb\x1b[1mc\x7f", "\xff\xfe x");
    struct buf packed = pack(b);
    struct tac_table *t = table(&packed);
    struct tac_info info;
    assert_true(tac_find(t, 1, &info));
    assert_int_equal(info.brand.n, LIMIT_TAC_NAME - 1);
    assert_true(tac_find(t, 2, &info));
    assert_str(info.brand, "a b [1mc ");
    assert_str(info.model, "?? x");
    tac_table_free(t);
    buf_release(&packed);
}

static enum err read_exact(const uint8_t *p, size_t n)
{
    uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read past the end */
    assert_non_null(exact);
    memcpy(exact, p, n);
    struct tac_table *t = NULL;
    enum err err = tac_table_new(exact, n, &t);
    free(exact);
    if (!err)
        tac_table_free(t);
    else
        assert_null(t);
    return err;
}

/* Version 2: with what else lists say. */
static struct buf told_list(void)
{
    struct tac_builder *b = tac_builder_new();
    assert_non_null(b);
    add(b, 35250501, TAC_DEVICE, "Nokia", "3310");
    tac_builder_detail(b, daynum_from_ymd(2015, 1, 2), RADIO_2G | RADIO_4G);
    add(b, 35250500, TAC_MACHINE, "Quectel", "");
    add(b, 35250502, TAC_DEVICE, "Old", "One");
    tac_builder_detail(b, daynum_from_ymd(1994, 1, 2), 0);
    return pack(b);
}

static void what_else_a_list_says(void **state)
{
    (void)state;
    struct buf packed = told_list(), plain = small_list();
    struct tac_table *t = table(&packed), *p = table(&plain);
    struct tac_info info;
    assert_int_equal(packed.n, 12 + 3 * 16 + 6 + 5 + 8 + 1 + 4 + 4);
    assert_true(tac_table_has_details(t));
    assert_false(tac_table_has_details(p));
    assert_false(tac_table_has_details(NULL));
    assert_true(tac_find(t, 35250501, &info));
    assert_int_equal(info.allocated, daynum_from_ymd(2015, 1, 2));
    assert_int_equal(info.radio, RADIO_2G | RADIO_4G);
    assert_str(info.model, "3310");
    assert_true(tac_find(t, 35250500, &info));
    assert_int_equal(info.class, TAC_MACHINE);
    assert_int_equal(info.allocated, DAYNUM_NONE);
    assert_int_equal(info.radio, 0);
    assert_true(tac_find(t, 35250502, &info));
    assert_int_equal(info.allocated, DAYNUM_FIRST);
    assert_true(tac_find(p, 35250500, &info));
    assert_int_equal(info.allocated, DAYNUM_NONE);
    assert_int_equal(info.radio, 0);
    tac_table_free(t);
    tac_table_free(p);
    /* A list of version 2 that says nothing more is none. */
    for (size_t i = 0; i < 3; i++) {
        memset(packed.p + 12 + i * 16 + 13, 0xff, 2);
        packed.p[12 + i * 16 + 15] = 0;
    }
    assert_int_equal(read_exact(packed.p, packed.n), ERR_CODEC);
    packed.p[12 + 15] = 32; /* no technology */
    assert_int_equal(read_exact(packed.p, packed.n), ERR_CODEC);
    packed.p[12 + 15] = 16;
    assert_int_equal(read_exact(packed.p, packed.n), ERR_OK);
    buf_release(&packed);
    buf_release(&plain);
}

static void every_shortened_list_is_refused(void **state)
{
    (void)state;
    struct buf lists[] = {small_list(), told_list()};
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < lists[i].n; n++)
            assert_int_equal(read_exact(lists[i].p, n), ERR_CODEC);
        buf_uint(&lists[i], 0, 1);
        assert_int_equal(read_exact(lists[i].p, lists[i].n), ERR_CODEC);
        buf_release(&lists[i]);
    }
}

static void radio_by_bands(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned radio;
    } rows[] = {
        {"", 0},
        {"x", 0},
        {"Bluetooth,WLAN 802.11n", 0},
        {"NRW, 5GHz, 2Go", 0},
        {"GSM 900,GSM850 (GSM800)", RADIO_2G},
        {"E-GSM900/GPRS", RADIO_2G},
        {"W-CDMA 2100", RADIO_3G},
        {"WCDMA FDD Band I|HSUPA", RADIO_3G},
        {"TD-SCDMA", RADIO_3G},
        {"LTE FDD BAND 3", RADIO_4G},
        {"NB-IoT", RADIO_4G},
        {"5G NR n78", RADIO_5G},
        {"nr77", RADIO_5G},
        {"NRn78", RADIO_5G},
        {"CDMA2000 1xEV-DO", RADIO_3GPP2},
        {"gsm 1800, umts 900; lte-tdd 40", RADIO_2G | RADIO_3G | RADIO_4G},
        {"a-very-long-word-that-is-no-technology-lte", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (radio_of_bands(str_z(rows[i].text)) != rows[i].radio)
            fail_msg("`%s`: %u", rows[i].text, radio_of_bands(str_z(rows[i].text)));
}

/* Whatever one byte is changed to: refused, or read and packed again to the same bytes. */
static void see_changed_bytes(struct buf packed, size_t record)
{
    for (size_t at = 0; at < packed.n; at++)
        for (int c = 0; c < 256; c++) {
            uint8_t was = packed.p[at];
            packed.p[at] = (uint8_t)c;
            struct tac_table *t;
            if (!tac_table_new(packed.p, packed.n, &t)) {
                struct tac_builder *b = tac_builder_new();
                struct tac_info info;
                for (size_t i = 0; i < tac_table_count(t); i++) {
                    uint32_t tac = (uint32_t)get_be(packed.p + 12 + record * i, 4);
                    assert_true(tac_find(t, tac, &info));
                    assert_int_equal(tac_builder_add(b, tac, info.class, info.brand, info.model),
                                     ERR_OK);
                    tac_builder_detail(b, info.allocated, info.radio);
                }
                struct buf again = pack(b);
                assert_int_equal(again.n, packed.n);
                assert_memory_equal(again.p, packed.p, packed.n);
                buf_release(&again);
                tac_table_free(t);
            }
            packed.p[at] = was;
        }
    buf_release(&packed);
}

static void every_changed_byte_is_seen(void **state)
{
    (void)state;
    see_changed_bytes(small_list(), 13);
    see_changed_bytes(told_list(), 16);
}

/* Lists that hold together but that the builder packs otherwise. */
static void lists_that_are_not_canonical(void **state)
{
    (void)state;
#define HEAD(count, names) "TGT1\0\0\0" count "\0\0\0" names
#define ONE                "\0\0\0\1\1"
    static const struct {
        const char *bytes;
        size_t n;
        enum err err;
    } rows[] = {
#define ROW(bytes, err) {bytes, sizeof(bytes) - 1, err}
        ROW(HEAD("\1", "\4") ONE "\0\0\0\0\0\0\0\2"
                                 "\1a\1b",
            ERR_OK),
        ROW(HEAD("\1", "\2") ONE "\0\0\0\0\0\0\0\0"
                                 "\1a",
            ERR_OK),
        ROW(HEAD("\1", "\4") ONE "\0\0\0\2\0\0\0\0"
                                 "\1a\1b",
            ERR_CODEC), /* later name first */
        ROW(HEAD("\1", "\4") ONE "\0\0\0\0\0\0\0\2"
                                 "\1a\1a",
            ERR_CODEC), /* a name twice */
        ROW(HEAD("\1", "\4") ONE "\0\0\0\0\0\0\0\0"
                                 "\1a\1b",
            ERR_CODEC), /* a name unused */
        ROW(HEAD("\1", "\4") ONE "\0\0\0\0\0\0\0\1"
                                 "\1\1\0\0",
            ERR_CODEC), /* into a name */
        ROW(HEAD("\1", "\2") ONE "\0\0\0\0\0\0\0\0"
                                 "\2a",
            ERR_CODEC), /* past the end */
        ROW(HEAD("\1", "\2") ONE "\0\0\0\0\0\0\0\0"
                                 "\1\n",
            ERR_CODEC), /* a control byte */
        ROW(HEAD("\1", "\2") ONE "\0\0\0\0\0\0\0\0"
                                 "\1\xff",
            ERR_CODEC), /* no UTF-8 */
        ROW(HEAD("\1", "\2") "\0\0\0\1\0"
                             "\0\0\0\0\0\0\0\0"
                             "\1a",
            ERR_CODEC), /* class 0 */
        ROW(HEAD("\1", "\2") "\0\0\0\1\3"
                             "\0\0\0\0\0\0\0\0"
                             "\1a",
            ERR_CODEC), /* class 3 */
        ROW(HEAD("\1", "\2") "\5\xf5\xe1\0\1"
                             "\0\0\0\0\0\0\0\0"
                             "\1a",
            ERR_CODEC), /* TAC 10^8 */
        ROW(HEAD("\2", "\2") ONE "\0\0\0\0\0\0\0\0" ONE "\0\0\0\0\0\0\0\0"
                                 "\1a",
            ERR_CODEC),
        ROW(HEAD("\0", "\0"), ERR_OK),
        ROW(HEAD("\0", "\1") "\0", ERR_CODEC),
#undef ROW
    };
#undef HEAD
#undef ONE
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(read_exact((const uint8_t *)rows[i].bytes, rows[i].n), rows[i].err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_in_is_found),
        cmocka_unit_test(no_list_and_an_empty_one),
        cmocka_unit_test(a_large_list_in_any_order),
        cmocka_unit_test(names_are_cut_and_cleaned),
        cmocka_unit_test(what_else_a_list_says),
        cmocka_unit_test(radio_by_bands),
        cmocka_unit_test(every_shortened_list_is_refused),
        cmocka_unit_test(every_changed_byte_is_seen),
        cmocka_unit_test(lists_that_are_not_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
