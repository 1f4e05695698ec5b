/* SPDX-License-Identifier: Apache-2.0
 *
 * diameter_test - the codec: the cursor over AVPs at every cut, what is written, how a grammar
 * is judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "s13/diameter.h"

/* Origin-Host "ab", padded; Equipment-Status of 3GPP; User-Name, empty. */
static const uint8_t three[] = {0, 0, 1, 8,    0x40, 0, 0, 10, 'a',  'b', 0,    0,
                                0, 0, 5, 0xa5, 0xc0, 0, 0, 16, 0,    0,   0x28, 0xaf,
                                0, 0, 0, 2,    0,    0, 0, 1,  0x40, 0,   0,    8};

static void one_after_another(void **state)
{
    (void)state;
    struct rd r = rd_of(three, sizeof three);
    struct avp avp;
    assert_int_equal(avp_next(&r, &avp), AVP_ONE);
    assert_true(avp_is(&avp, AVP_ORIGIN_HOST) && str_eq(avp_str(&avp), STR("ab")));
    assert_int_equal(avp.flags, AVP_M);
    assert_int_equal(avp.whole_n, 10);
    assert_int_equal(avp_next(&r, &avp), AVP_ONE);
    assert_true(avp_name_of(&avp) == AVP_EQUIPMENT_STATUS && avp.n == 4 && avp.p[3] == 2);
    assert_int_equal(avp.vendor, DIAMETER_3GPP);
    assert_int_equal(avp_next(&r, &avp), AVP_ONE);
    assert_true(avp_name_of(&avp) == AVP_USER_NAME && avp.n == 0);
    assert_int_equal(avp_next(&r, &avp), AVP_END);
    assert_int_equal(avp_next(&r, &avp), AVP_END);
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t n = 0; n <= sizeof three; n++) {
        uint8_t *copy = malloc(n + 1); /* of its own size, so that a sanitizer sees more */
        assert_non_null(copy);
        memcpy(copy, three, n);
        struct rd r = rd_of(copy, n);
        struct avp avp;
        enum avp_next next;
        size_t whole = 0;
        while ((next = avp_next(&r, &avp)) == AVP_ONE)
            whole++;
        /* The padding of the last one may be missing. */
        bool ends = n == 0 || n == 10 || n == 11 || n == 12 || n == 28 || n == 36;
        assert_int_equal(next, ends ? AVP_END : AVP_BROKEN);
        assert_int_equal(whole, (n >= 10) + (n >= 28) + (n >= 36));
        if (next == AVP_BROKEN)
            assert_true(avp.whole + avp.whole_n <= copy + n);
        free(copy);
    }
}

static void lengths_at_the_edges(void **state)
{
    (void)state;
    static const struct {
        uint32_t bytes;
        uint8_t flags;
        enum avp_next next;
    } rows[] = {{0, 0, AVP_BROKEN},        {7, 0, AVP_BROKEN},       {8, 0, AVP_ONE},
                {8, AVP_V, AVP_BROKEN},    {11, AVP_V, AVP_BROKEN},  {12, AVP_V, AVP_ONE},
                {16, 0, AVP_ONE},          {17, 0, AVP_BROKEN},      {0xffffff, 0, AVP_BROKEN},
                {0xfffffd, 0, AVP_BROKEN}, {0x800010, 0, AVP_BROKEN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[16] = {0, 0, 1, 8, rows[i].flags};
        put_be(bytes + 5, rows[i].bytes, 3);
        struct rd r = rd_of(bytes, sizeof bytes);
        struct avp avp;
        assert_int_equal(avp_next(&r, &avp), rows[i].next);
        assert_int_equal(avp.code, 264);
    }
}

static void what_is_written(void **state)
{
    (void)state;
    struct buf b = {0};
    size_t begin = diameter_begin(&b, &(struct diameter_header){.flags = 0xc0,
                                                                .command = 324,
                                                                .application = DIAMETER_S13,
                                                                .hop_by_hop = 1,
                                                                .end_to_end = 0xfffffffe});
    put_avp_str(&b, AVP_ORIGIN_HOST, STR("ab"));
    put_avp_u32(&b, AVP_EQUIPMENT_STATUS, 2);
    put_avp_str(&b, AVP_USER_NAME, STR(""));
    diameter_end(&b, begin);
    static const uint8_t head[] = {1, 0,  0, 56, 0xc0, 0, 1,    0x44, 1,    0,
                                   0, 36, 0, 0,  0,    1, 0xff, 0xff, 0xff, 0xfe};
    assert_int_equal(b.n, 56);
    assert_memory_equal(b.p, head, sizeof head);
    assert_memory_equal(b.p + 20, three, sizeof three);
    struct diameter_header h = diameter_header_of(b.p);
    assert_int_equal(h.bytes, 56);
    assert_int_equal(h.command, 324);
    assert_int_equal(h.end_to_end, 0xfffffffe);
    buf_release(&b);
}

static void groups_and_their_padding(void **state)
{
    (void)state;
    static const uint8_t want[] = {0,    0,    5,    0x79, 0xc0, 0,    0,    28, 0, 0,
                                   0x28, 0xaf, 0,    0,    5,    0x7b, 0xc0, 0,  0, 14,
                                   0,    0,    0x28, 0xaf, '0',  '1',  0,    0};
    struct buf b = {0};
    size_t group = put_group(&b, AVP_TERMINAL_INFORMATION);
    put_avp_str(&b, AVP_SOFTWARE_VERSION, STR("01"));
    put_group_end(&b, group);
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.p, want, sizeof want);
    buf_release(&b);
}

/* ---- grammars ---- */

static const struct avp_rule inner_rules[] = {{AVP_VENDOR_ID, 1, 1, NULL}};
static const struct avp_rules inner = {inner_rules, 1};
static const struct avp_rule outer_rules[] = {
    {AVP_ORIGIN_HOST, 1, 1, NULL},
    {AVP_ROUTE_RECORD, 0, AVP_MANY, NULL},
    {AVP_VENDOR_SPECIFIC_APPLICATION_ID, 0, 1, &inner},
};
static const struct avp_rules outer = {outer_rules, 3};

static struct diameter_fault judge(struct buf *b)
{
    struct avp first[AVP_COUNT];
    struct diameter_fault fault = diameter_check(b->p, b->n, &outer, first);
    assert_false(b->failed);
    return fault;
}

static void the_first_fault_is_told(void **state)
{
    (void)state;
    struct buf b = {0};
    struct diameter_fault fault = judge(&b);
    assert_int_equal(fault.result, DIAMETER_MISSING_AVP);
    assert_int_equal(fault.name, AVP_ORIGIN_HOST);
    put_avp_str(&b, AVP_ORIGIN_HOST, STR("a"));
    put_avp_str(&b, AVP_ROUTE_RECORD, STR("a"));
    put_avp_str(&b, AVP_ROUTE_RECORD, STR("b"));
    put_avp_str(&b, AVP_PRODUCT_NAME, STR("no M bit"));
    assert_int_equal(judge(&b).result, DIAMETER_NONE);
    size_t good = b.n;
    put_avp_str(&b, AVP_ORIGIN_HOST, STR("b"));
    put_avp_u32(&b, AVP_RESULT_CODE, 1);
    fault = judge(&b);
    assert_int_equal(fault.result, DIAMETER_AVP_OCCURS_TOO_MANY_TIMES);
    assert_ptr_equal(fault.avp.whole, b.p + good);
    b.n = good;
    put_avp_u32(&b, AVP_RESULT_CODE, 1);
    assert_int_equal(judge(&b).result, DIAMETER_AVP_UNSUPPORTED);
    /* What cannot be read is told before what was wrong until then. */
    buf_put(&b, "\0\0\1\7\0\0\0\7", 8);
    fault = judge(&b);
    assert_int_equal(fault.result, DIAMETER_INVALID_AVP_LENGTH);
    assert_true(fault.lost && fault.name == AVP_SESSION_ID);
    b.n = good;
    size_t group = put_group(&b, AVP_VENDOR_SPECIFIC_APPLICATION_ID);
    put_group_end(&b, group);
    fault = judge(&b);
    assert_int_equal(fault.result, DIAMETER_MISSING_AVP);
    assert_int_equal(fault.parent, AVP_VENDOR_SPECIFIC_APPLICATION_ID);
    b.n = good;
    group = put_group(&b, AVP_VENDOR_SPECIFIC_APPLICATION_ID);
    buf_put(&b, "\0\0\1\7\0\0\0\377", 8);
    put_group_end(&b, group);
    fault = judge(&b);
    assert_int_equal(fault.result, DIAMETER_INVALID_AVP_LENGTH);
    assert_false(fault.lost);
    buf_release(&b);
}

static void memory_that_ends(void **state)
{
    (void)state;
    struct buf b = {.failed = true};
    struct diameter_fault fault = {.result = DIAMETER_MISSING_AVP,
                                   .form = FAULT_MISSING,
                                   .name = AVP_IMEI,
                                   .parent = AVP_TERMINAL_INFORMATION};
    size_t begin = diameter_begin(&b, &(struct diameter_header){.command = 324});
    put_failed_avp(&b, &fault);
    put_avp_u32(&b, AVP_RESULT_CODE, 1);
    diameter_end(&b, begin);
    assert_true(b.failed && b.n == 0 && !b.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_after_another),        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(lengths_at_the_edges),     cmocka_unit_test(what_is_written),
        cmocka_unit_test(groups_and_their_padding), cmocka_unit_test(the_first_fault_is_told),
        cmocka_unit_test(memory_that_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
