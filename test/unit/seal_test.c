/* SPDX-License-Identifier: Apache-2.0
 *
 * seal_test - what was sealed opens as it was, and nothing else opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "people/seal.h"

/* Keys 1 .. count, each of its number repeated. */
static struct people_keys ring(unsigned count)
{
    struct people_keys keys = {.count = count, .use = count - 1};
    for (unsigned i = 0; i < count; i++) {
        keys.number[i] = i + 1;
        memset(keys.key[i], (int)(i + 1), SHA256_BYTES);
    }
    return keys;
}

static struct str str_of(const struct buf *b)
{
    return (struct str){(const char *)b->p, b->n};
}

static const struct str record = {"people/7/iin", 12};

static struct buf sealed_of(const struct people_keys *keys, struct str plain)
{
    struct buf out = {0};
    assert_int_equal(seal_put(keys, record, plain, &out), ERR_OK);
    assert_int_equal(out.n, plain.n + SEAL_EXTRA);
    return out;
}

static enum err open_it(const struct people_keys *keys, struct str ad, struct str sealed)
{
    struct buf out = {0};
    struct fault fault = {0};
    buf_str(&out, STR("before"));
    enum err err = seal_open(keys, ad, sealed, &out, &fault);
    if (err) {
        assert_int_equal(out.n, 6);
        assert_int_equal(fault.err, err);
        assert_int_not_equal(fault.detail[0], '\0');
    }
    buf_release(&out);
    return err;
}

static void every_length_comes_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 2, 12, 63, 64, 65, 4096, 1 << 20};
    struct people_keys keys = ring(1);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char *text = malloc(lengths[i] + 1);
        assert_non_null(text);
        for (size_t k = 0; k < lengths[i]; k++)
            text[k] = (char)(k * 31 + k / 256);
        struct buf sealed = sealed_of(&keys, (struct str){text, lengths[i]}), out = {0};
        buf_str(&out, STR("before"));
        assert_int_equal(seal_open(&keys, record, str_of(&sealed), &out, NULL), ERR_OK);
        assert_int_equal(out.n, lengths[i] + 6);
        assert_memory_equal(out.p, "before", 6);
        if (lengths[i])
            assert_memory_equal(out.p + 6, text, lengths[i]);
        buf_release(&sealed);
        buf_release(&out);
        free(text);
    }
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    struct buf sealed = {0}, out = {0};
    assert_int_equal(seal_put(&keys, (struct str){0}, (struct str){0}, &sealed), ERR_OK);
    assert_int_equal(seal_open(&keys, (struct str){0}, str_of(&sealed), &out, NULL), ERR_OK);
    assert_int_equal(out.n, 0);
    assert_int_equal(open_it(&keys, record, str_of(&sealed)), ERR_CODEC);
    buf_release(&sealed);
    buf_release(&out);
}

static void the_head_is_as_told(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    keys.number[0] = 0x01020304;
    struct buf sealed = sealed_of(&keys, STR("880101300123"));
    assert_memory_equal(sealed.p, "\x01\x01\x02\x03\x04", 5);
    buf_release(&sealed);
}

static void the_same_twice_differs(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    struct buf a = sealed_of(&keys, STR("880101300123")), b = sealed_of(&keys, STR("880101300123"));
    assert_memory_not_equal(a.p + 5, b.p + 5, 24);
    assert_memory_not_equal(a.p + 29, b.p + 29, a.n - 29);
    assert_null(memmem(a.p, a.n, "880101300123", 12));
    buf_release(&a);
    buf_release(&b);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct people_keys keys = ring(3);
    struct buf sealed = sealed_of(&keys, STR("880101300123"));
    for (size_t bit = 0; bit < sealed.n * 8; bit++) {
        sealed.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum err err = open_it(&keys, record, str_of(&sealed));
        if (bit / 8 >= 1 && bit / 8 <= 4)
            assert_true(err == ERR_STORE_KEY || err == ERR_CODEC);
        else
            assert_int_equal(err, ERR_CODEC);
        sealed.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(open_it(&keys, record, str_of(&sealed)), ERR_OK);
    buf_release(&sealed);
}

/* A ring that holds one key under two numbers. */
static void the_key_number_is_bound(void **state)
{
    (void)state;
    struct people_keys keys = ring(2);
    memcpy(keys.key[1], keys.key[0], SHA256_BYTES);
    struct buf sealed = sealed_of(&keys, STR("880101300123"));
    sealed.p[4] = 1;
    assert_int_equal(open_it(&keys, record, str_of(&sealed)), ERR_CODEC);
    buf_release(&sealed);
}

static void another_record_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"", "people/8/iin", "people/7/ii", "people/7/iin ",
                                         "people/7/IIN"};
    struct people_keys keys = ring(1);
    struct buf sealed = sealed_of(&keys, STR("880101300123"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(open_it(&keys, str_z(others[i]), str_of(&sealed)), ERR_CODEC);
    buf_release(&sealed);
}

static void cut_and_longer_are_refused(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    struct buf sealed = sealed_of(&keys, STR("880101300123"));
    for (size_t n = 0; n < sealed.n; n++) {
        /* A copy of its own, so that a sanitizer sees a read past the end. */
        char *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, sealed.p, n);
        assert_int_equal(open_it(&keys, record, (struct str){cut, n}), ERR_CODEC);
        assert_int_equal(seal_stale(&keys, (struct str){cut, n}), n < SEAL_EXTRA);
        free(cut);
    }
    buf_put(&sealed, "", 1);
    assert_int_equal(open_it(&keys, record, str_of(&sealed)), ERR_CODEC);
    buf_release(&sealed);
}

static void keys_are_rotated(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    struct buf first = sealed_of(&keys, STR("880101300123"));
    assert_false(seal_stale(&keys, str_of(&first)));
    keys = ring(PEOPLE_KEYS_MAX);
    assert_true(seal_stale(&keys, str_of(&first)));
    assert_int_equal(open_it(&keys, record, str_of(&first)), ERR_OK);
    struct buf anew = sealed_of(&keys, STR("880101300123"));
    assert_false(seal_stale(&keys, str_of(&anew)));
    assert_int_equal(anew.p[4], PEOPLE_KEYS_MAX);
    assert_int_equal(open_it(&keys, record, str_of(&anew)), ERR_OK);
    /* The first key is dropped. */
    keys.number[0] = keys.number[PEOPLE_KEYS_MAX - 1];
    memcpy(keys.key[0], keys.key[PEOPLE_KEYS_MAX - 1], SHA256_BYTES);
    keys.count = 1;
    assert_int_equal(open_it(&keys, record, str_of(&anew)), ERR_OK);
    struct fault fault = {0};
    struct buf out = {0};
    assert_int_equal(seal_open(&keys, record, str_of(&first), &out, &fault), ERR_STORE_KEY);
    assert_non_null(strstr(fault.detail, "key 1,"));
    buf_release(&out);
    buf_release(&first);
    buf_release(&anew);
}

static void another_key_under_the_number(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    struct buf sealed = sealed_of(&keys, STR("880101300123"));
    keys.key[0][31] ^= 1;
    assert_int_equal(open_it(&keys, record, str_of(&sealed)), ERR_CODEC);
    assert_false(seal_stale(&keys, str_of(&sealed)));
    sealed.p[0] = 2;
    assert_true(seal_stale(&keys, str_of(&sealed)));
    buf_release(&sealed);
}

static void no_memory_is_told(void **state)
{
    (void)state;
    struct people_keys keys = ring(1);
    struct buf sealed = sealed_of(&keys, STR("880101300123")), out = {.failed = true};
    assert_int_equal(seal_put(&keys, record, STR("x"), &out), ERR_MEMORY);
    assert_int_equal(seal_open(&keys, record, str_of(&sealed), &out, NULL), ERR_MEMORY);
    assert_int_equal(out.n, 0);
    buf_release(&sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(the_head_is_as_told),
        cmocka_unit_test(the_same_twice_differs),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(the_key_number_is_bound),
        cmocka_unit_test(another_record_is_refused),
        cmocka_unit_test(cut_and_longer_are_refused),
        cmocka_unit_test(keys_are_rotated),
        cmocka_unit_test(another_key_under_the_number),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
