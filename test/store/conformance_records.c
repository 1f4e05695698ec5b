/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: bytes under keys, in the order of their bytes. */
#include "conformance.h"

#include <stdlib.h>

#include "base/buf.h"

static struct record rec(const char *key, const char *value)
{
    return (struct record){str_z(key), value ? str_z(value) : (struct str){NULL, 0}};
}

static void put(struct store *s, const struct record *records, size_t n)
{
    begin(s);
    assert_int_equal(store_records_put(s, records, n, NULL), ERR_OK);
    commit(s);
}

struct listed {
    struct buf text; /* "key=value " of each */
    size_t stop_after, n;
};

static bool see(void *ctx, const struct record *record)
{
    struct listed *list = ctx;
    buf_str(&list->text, record->key);
    buf_str(&list->text, STR("="));
    buf_str(&list->text, record->value);
    buf_str(&list->text, STR(" "));
    return ++list->n != list->stop_after;
}

static void expect(struct store *s, const char *from, const char *to, size_t stop, const char *want)
{
    struct listed list = {.stop_after = stop};
    assert_int_equal(store_records(s, str_z(from), str_z(to), see, &list, NULL), ERR_OK);
    buf_put(&list.text, "", 1);
    assert_string_equal((const char *)list.text.p, want);
    buf_release(&list.text);
}

static void records_are_put_read_and_taken_away(void **state)
{
    struct bed *bed = *state;
    struct buf got = {0};
    const struct record two[] = {rec("a", "1"), rec("b", "")};
    assert_int_equal(store_records_put(bed->s, two, 2, NULL), ERR_STORE); /* outside of a write */
    put(bed->s, two, 2);
    assert_int_equal(store_record_get(bed->s, STR("a"), &got, NULL), ERR_OK);
    assert_int_equal(store_record_get(bed->s, STR("b"), &got, NULL), ERR_OK);
    assert_true(got.n == 1 && got.p[0] == '1');
    assert_int_equal(store_record_get(bed->s, STR("c"), &got, NULL), ERR_NOT_FOUND);
    const struct record turned[] = {rec("a", NULL), rec("b", "2"), rec("c", NULL)};
    put(bed->s, turned, 3);
    expect(bed->s, "", "", 0, "b=2 ");
    begin(bed->s);
    assert_int_equal(store_records_put(bed->s, two, 2, NULL), ERR_OK);
    expect(bed->s, "", "", 0, "a=1 b= "); /* a write sees its own */
    assert_int_equal(store_record_get(bed->s, STR("nobody"), &got, NULL), ERR_NOT_FOUND);
    store_write_rollback(bed->s);
    expect(bed->s, "", "", 0, "b=2 ");
    buf_release(&got);
}

static void records_stand_in_the_order_of_their_bytes(void **state)
{
    struct bed *bed = *state;
    const struct record some[] = {rec("A", "1"), rec("AA", "2"), rec("B", "3"), rec("a", "4"),
                                  rec("\xd0\xb0", "5")};
    put(bed->s, some, 5);
    expect(bed->s, "", "", 0, "A=1 AA=2 B=3 a=4 \xd0\xb0=5 ");
    expect(bed->s, "AA", "a", 0, "AA=2 B=3 "); /* from is in, to is not */
    expect(bed->s, "B", "B", 0, "");
    expect(bed->s, "", "", 2, "A=1 AA=2 ");
}

/* Bytes of all values, in keys and values, and more records than any chunk. */
static void records_are_bytes_and_many(void **state)
{
    enum { MANY = 1000 };
    struct bed *bed = *state;
    struct record *records = calloc(MANY, sizeof *records);
    char(*keys)[RECORD_KEY_MAX] = calloc(MANY, sizeof *keys);
    assert_true(records && keys);
    for (size_t i = 0; i < MANY; i++) {
        memset(keys[i], (int)(i % 251), RECORD_KEY_MAX);
        put_be((uint8_t *)keys[i], i, 4);
        records[i] = (struct record){{keys[i], RECORD_KEY_MAX}, {keys[i], RECORD_KEY_MAX}};
    }
    put(bed->s, records, MANY);
    struct listed list = {.stop_after = 0};
    assert_int_equal(
        store_records(bed->s, (struct str){"", 0}, (struct str){"", 0}, see, &list, NULL), ERR_OK);
    assert_int_equal(list.n, MANY);
    assert_int_equal(list.text.n, MANY * (2 * RECORD_KEY_MAX + 2));
    assert_memory_equal(list.text.p + (MANY - 1) * (2 * RECORD_KEY_MAX + 2), keys[MANY - 1],
                        RECORD_KEY_MAX);
    buf_release(&list.text);
    free(records);
    free(keys);
}

static void a_record_has_its_limits(void **state)
{
    struct bed *bed = *state;
    static char large[RECORD_VALUE_MAX + 1];
    const struct record wrong[] = {{{large, RECORD_KEY_MAX + 1}, {large, 1}},
                                   {{large, 0}, {large, 1}},
                                   {{"\xff", 1}, {large, 1}},
                                   {{"a", 1}, {large, RECORD_VALUE_MAX + 1}}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin(bed->s);
        assert_int_equal(store_records_put(bed->s, &wrong[i], 1, NULL), ERR_TOO_LONG);
        store_write_rollback(bed->s);
    }
    put(bed->s, &(struct record){{"a", 1}, {large, RECORD_VALUE_MAX}}, 1);
}

static void a_scan_of_records_is_one_moment(void **state)
{
    struct bed *bed = *state;
    put(bed->s, &(struct record){{"a", 1}, {"1", 1}}, 1);
    struct store *other = bed_again(bed);
    assert_int_equal(store_read_begin(other, NULL), ERR_OK);
    expect(other, "", "", 0, "a=1 ");
    put(bed->s, &(struct record){{"b", 1}, {"2", 1}}, 1);
    expect(other, "", "", 0, "a=1 ");
    store_read_end(other);
    expect(other, "", "", 0, "a=1 b=2 ");
    store_close(other);
}

#define CASE(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }
const struct conformance_case record_cases[] = {
    CASE(records_are_put_read_and_taken_away), CASE(records_stand_in_the_order_of_their_bytes),
    CASE(records_are_bytes_and_many),          CASE(a_record_has_its_limits),
    CASE(a_scan_of_records_is_one_moment),
};
const unsigned record_case_count = sizeof record_cases / sizeof *record_cases;
