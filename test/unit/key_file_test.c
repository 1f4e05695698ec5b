/* SPDX-License-Identifier: Apache-2.0
 *
 * key_file_test - both forms of the key file open as they were written; one that was cut or of which any bit
 * turned is refused with a reason; it is replaced as a whole. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "app/key_file.h"

#define OK(call) assert_int_equal((call), ERR_OK)

static char dir[64], path[96];

static int remove_one(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(name);
}

static int set_up(void **state)
{
    (void)state;
    str_copy(dir, sizeof dir, STR("/tmp/tamga-keys.XXXXXX"));
    bool made = mkdtemp(dir) && sodium_init() >= 0;
    snprintf(path, sizeof path, "%s/key", dir);
    return made ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_bytes(const void *bytes, size_t n)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

static struct key_file ring_of(unsigned count)
{
    struct key_file file = {.seal.count = count};
    memset(file.master, 0x5a, sizeof file.master);
    for (unsigned i = 0; i < count; i++) {
        file.seal.number[i] = 2 * i + 1;
        file.made_s[i] = 1790000000 + i;
        memset(file.seal.key[i], (int)(i + 1), SHA256_BYTES);
    }
    return file;
}

static void refused(struct str bytes, const char *why)
{
    struct key_file out;
    struct fault fault = {0};
    assert_int_equal(key_file_decode(bytes, &out, &fault), ERR_STORE_KEY);
    if (!strstr(fault.detail, why))
        fail_msg("`%s` says nothing of `%s`", fault.detail, why);
}

static void a_ring_comes_back(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= PEOPLE_KEYS_MAX; count++) {
        struct key_file was = ring_of(count), is;
        struct buf bytes = {0};
        key_file_encode(&was, &bytes);
        assert_true(bytes.n <= KEY_FILE_MOST);
        OK(key_file_decode((struct str){(const char *)bytes.p, bytes.n}, &is, NULL));
        assert_memory_equal(is.master, was.master, sizeof is.master);
        assert_int_equal(is.seal.count, count);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(is.seal.number[i], was.seal.number[i]);
            assert_true(is.made_s[i] == was.made_s[i]);
            assert_memory_equal(is.seal.key[i], was.seal.key[i], SHA256_BYTES);
        }
        buf_release(&bytes);
    }
}

/* What registers have that were made before there was a ring. */
static void the_first_form_opens(void **state)
{
    (void)state;
    uint8_t old[KEY_FILE_OLD] = "TGKY", want[SHA256_BYTES];
    struct key_file is;
    memset(old + 4, 0x21, KEY_FILE_MASTER);
    write_bytes(old, sizeof old);
    OK(key_file_read(path, &is, NULL, NULL));
    sha256_hmac(old + 4, "people 1", 8, want);
    assert_int_equal(is.seal.count, 1);
    assert_int_equal(is.seal.number[0], 1);
    assert_memory_equal(is.seal.key[0], want, sizeof want);
    /* Written in the second form, it holds the same key. */
    struct key_file again;
    OK(key_file_replace(path, &is, NULL));
    OK(key_file_read(path, &again, NULL, NULL));
    assert_memory_equal(again.seal.key[0], want, sizeof want);
    assert_memory_equal(again.master, is.master, sizeof is.master);
}

static void what_was_cut_or_changed_is_refused(void **state)
{
    (void)state;
    struct key_file file = ring_of(3);
    struct buf bytes = {0};
    key_file_encode(&file, &bytes);
    for (size_t n = 0; n < bytes.n; n++)
        refused((struct str){(const char *)bytes.p, n}, n < 4 ? "not a register's key" : "cut");
    for (size_t bit = 0; bit < 8 * bytes.n; bit++) {
        bytes.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        refused((struct str){(const char *)bytes.p, bytes.n}, "");
        if (bit >= 48)
            refused((struct str){(const char *)bytes.p, bytes.n}, "checksum");
        bytes.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes.p[4] = 2;
    refused((struct str){(const char *)bytes.p, bytes.n}, "newer program");
    buf_release(&bytes);
    uint8_t old[KEY_FILE_OLD + 1] = "TGKY";
    refused((struct str){(const char *)old, KEY_FILE_OLD - 1}, "35 bytes instead of 36");
    refused((struct str){(const char *)old, KEY_FILE_OLD + 1}, "37 bytes instead of 36");
    file.seal.number[2] = file.seal.number[1];
    key_file_encode(&file, &bytes);
    refused((struct str){(const char *)bytes.p, bytes.n}, "out of order");
    buf_release(&bytes);
}

static void a_file_of_others_is_refused(void **state)
{
    (void)state;
    struct key_file is;
    struct fault fault = {0};
    OK(key_file_make(path, NULL));
    OK(key_file_read(path, &is, NULL, NULL));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(key_file_read(path, &is, NULL, &fault), ERR_STORE_KEY);
    assert_non_null(strstr(fault.detail, "open to others"));
    assert_int_equal(key_file_read(dir, &is, NULL, NULL), ERR_STORE_KEY);
    unlink(path);
    assert_int_equal(key_file_read(path, &is, NULL, NULL), ERR_STORE_KEY);
    assert_int_equal(key_file_hold(path, &(int){0}, NULL), ERR_STORE_KEY);
}

static void it_is_another_file_after_each_change(void **state)
{
    (void)state;
    struct key_file file = ring_of(2), is;
    struct key_stamp before, after;
    struct stat st;
    OK(key_file_make(path, NULL));
    OK(key_file_read(path, &is, &before, NULL));
    assert_true(key_stamp_of(path, &after) && key_stamp_same(&before, &after));
    OK(key_file_replace(path, &file, NULL));
    assert_true(key_stamp_of(path, &after) && !key_stamp_same(&before, &after));
    assert_true(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    int hold = -1;
    OK(key_file_hold(path, &hold, NULL));
    assert_true(hold >= 0);
    close(hold);
}

static void a_copy_takes_no_other_place(void **state)
{
    (void)state;
    char to[128];
    struct key_file file = ring_of(2), is;
    snprintf(to, sizeof to, "%s/copy", dir);
    OK(key_file_make(path, NULL));
    OK(key_file_copy(path, to, NULL));
    OK(key_file_copy(path, to, NULL));
    OK(key_file_replace(path, &file, NULL));
    assert_int_equal(key_file_copy(path, to, NULL), ERR_STORE_KEY);
    unlink(to);
    OK(key_file_copy(path, to, NULL));
    OK(key_file_read(to, &is, NULL, NULL));
    assert_int_equal(is.seal.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ring_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_form_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_cut_or_changed_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_others_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_another_file_after_each_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_takes_no_other_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
