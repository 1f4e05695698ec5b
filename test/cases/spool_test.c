/* SPDX-License-Identifier: Apache-2.0
 *
 * spool_test - what was told as received is read back as it was sent, whatever was torn behind it; nothing that was
 * changed, cut, moved or sealed under another key is. */
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

#include "cases/spool.h"

#define OK(call) assert_int_equal((call), ERR_OK)

static struct people_keys ring(unsigned count)
{
    struct people_keys keys = {.count = count, .use = count - 1};
    for (unsigned i = 0; i < count; i++) {
        keys.number[i] = i + 1;
        memset(keys.key[i], (int)(i + 1), SHA256_BYTES);
    }
    return keys;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static char dir[64];

static struct spool open_spool(unsigned keys)
{
    static struct people_keys k[4];
    struct spool spool;
    k[keys] = ring(keys);
    OK(spool_init(&spool, dir, NULL));
    return spool_under(&spool, &k[keys]);
}

static int set_up(void **state)
{
    (void)state;
    str_copy(dir, sizeof dir, STR("/tmp/tamga-spool.XXXXXX"));
    return mkdtemp(dir) && sodium_init() >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The bytes of a file of the tests: each tells where it stands. */
static void fill(char *p, size_t n, uint64_t from)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (char)((from + i) * 131 >> 3);
}

static void append(const struct spool *spool, uint64_t id, uint64_t at, size_t n)
{
    char *bytes = malloc(n + 1);
    uint64_t size = 0;
    assert_non_null(bytes);
    fill(bytes, n, at);
    OK(spool_append(spool, id, at, (struct str){bytes, n}, &size, NULL));
    assert_int_equal(size, at + n);
    free(bytes);
}

/* Reads all, by odd steps; the first error. */
static enum err read_all(const struct spool *spool, uint64_t id, uint64_t *out_n)
{
    struct spool_reader *reader;
    const struct source_reader *source;
    char got[7777], want[7777];
    size_t n = sizeof got;
    *out_n = 0;
    enum err err = spool_read(spool, id, &reader, &source, NULL);
    if (err)
        return err;
    while (!err && n == sizeof got) {
        err = source->read(source->ctx, got, sizeof got, &n, NULL);
        fill(want, n, *out_n);
        if (!err)
            assert_memory_equal(got, want, n);
        *out_n += err ? 0 : n;
    }
    spool_read_end(reader);
    return err;
}

static void it_is_read_as_it_came(void **state)
{
    (void)state;
    struct spool spool = open_spool(1);
    uint64_t at = 0, n = 0;
    static const size_t pieces[] = {1, 300000, 7, 262144, 262145, 1000000, 45};
    OK(spool_make(&spool, 7, NULL));
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; at += pieces[i++])
        append(&spool, 7, at, pieces[i]);
    OK(read_all(&spool, 7, &n));
    assert_int_equal(n, at);
    OK(spool_size(&spool, 7, &n, NULL));
    assert_int_equal(n, at);
    spool_drop(&spool, 7);
    assert_int_equal(spool_size(&spool, 7, &n, NULL), ERR_NOT_FOUND);
    assert_int_equal(read_all(&spool, 7, &n), ERR_NOT_FOUND);
}

static void it_continues_where_it_stands_only(void **state)
{
    (void)state;
    struct spool spool = open_spool(1);
    uint64_t size = 0;
    OK(spool_make(&spool, 7, NULL));
    append(&spool, 7, 0, 100);
    for (uint64_t at = 0; at < 300; at++) {
        if (at == 100)
            continue;
        assert_int_equal(spool_append(&spool, 7, at, STR("x"), &size, NULL), ERR_OFFSET);
        assert_int_equal(size, 100);
    }
    struct spool_reader *reader;
    const struct source_reader *source;
    OK(spool_read(&spool, 7, &reader, &source, NULL)); /* while it is read nobody appends */
    assert_int_equal(spool_append(&spool, 7, 100, STR("x"), &size, NULL), ERR_OFFSET);
    assert_int_equal(read_all(&spool, 7, &size), ERR_STORE_BUSY);
    spool_read_end(reader);
    append(&spool, 7, 100, 1);
}

static int open_raw(uint64_t id, int flags)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%016llx.part", dir, (unsigned long long)id);
    int fd = open(path, flags | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* What a crash leaves behind the committed bytes: nothing, noise, half a piece. */
static void what_was_torn_is_overwritten(void **state)
{
    (void)state;
    struct spool spool = open_spool(1);
    uint64_t n = 0;
    char noise[5000];
    OK(spool_make(&spool, 7, NULL));
    append(&spool, 7, 0, 1000);
    for (size_t torn = 1; torn < sizeof noise; torn += 617) {
        randombytes_buf(noise, sizeof noise);
        int fd = open_raw(7, O_WRONLY | O_APPEND);
        assert_int_equal(write(fd, noise, torn), (ssize_t)torn);
        close(fd);
        OK(spool_size(&spool, 7, &n, NULL));
        append(&spool, 7, n, 333);
        OK(read_all(&spool, 7, &n));
    }
    assert_int_equal(n, 1000 + 333 * ((sizeof noise - 1 + 616) / 617));
}

static void nothing_that_was_changed_is_read(void **state)
{
    (void)state;
    struct spool spool = open_spool(1);
    struct stat st;
    uint64_t n = 0;
    OK(spool_make(&spool, 7, NULL));
    append(&spool, 7, 0, 50);
    append(&spool, 7, 50, 60);
    int fd = open_raw(7, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (off_t at = 0; at < st.st_size; at++) {
        char c, d;
        assert_int_equal(pread(fd, &c, 1, at), 1);
        d = (char)(c ^ 1);
        assert_int_equal(pwrite(fd, &d, 1, at), 1);
        enum err err = read_all(&spool, 7, &n);
        bool idle = at >= 33 && at < 64; /* zeros of the head */
        assert_true(idle ? err == ERR_OK : err == ERR_CODEC || err == ERR_STORE_KEY);
        assert_int_equal(pwrite(fd, &c, 1, at), 1);
    }
    OK(read_all(&spool, 7, &n));
    assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
    assert_int_equal(read_all(&spool, 7, &n), ERR_CODEC);
    close(fd);
}

static void another_file_and_another_key_do_not_open_it(void **state)
{
    (void)state;
    struct spool spool = open_spool(1), two = open_spool(2);
    uint64_t n = 0;
    char from[128], to[128];
    OK(spool_make(&spool, 7, NULL));
    append(&spool, 7, 0, 50);
    OK(read_all(&two, 7, &n)); /* a new key was added: old files open still */
    OK(spool_make(&two, 8, NULL));
    append(&two, 8, 0, 50);
    assert_int_equal(read_all(&spool, 8, &n), ERR_STORE_KEY);
    snprintf(from, sizeof from, "%s/%016x.part", dir, 7);
    snprintf(to, sizeof to, "%s/%016x.part", dir, 9);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(read_all(&spool, 9, &n), ERR_CODEC);
}

/* Under another key it is read as it came and grows on; what a crash left of that is in nobody's way. */
static void it_is_sealed_anew(void **state)
{
    (void)state;
    struct spool old = open_spool(1), two = open_spool(2);
    struct people_keys alone = {.count = 1, .number = {2}};
    struct spool newest = spool_under(&two, &alone);
    char draft[128];
    uint64_t n = 0;
    uint32_t number = 0;
    memcpy(alone.key[0], two.keys->key[1], SHA256_BYTES);
    OK(spool_make(&old, 7, NULL));
    append(&old, 7, 0, 5000000);
    snprintf(draft, sizeof draft, "%s/0000000000000007.new", dir);
    FILE *left = fopen(draft, "wb");
    assert_true(left && fputs("of a crash", left) >= 0 && fclose(left) == 0);
    assert_int_equal(read_all(&newest, 7, &n), ERR_STORE_KEY);
    OK(spool_renew(&two, 7, NULL));
    OK(spool_renew(&two, 7, NULL));
    OK(spool_number(&two, 7, &number, NULL));
    assert_int_equal(number, 2);
    assert_int_equal(access(draft, F_OK), -1);
    append(&newest, 7, 5000000, 1000);
    OK(read_all(&newest, 7, &n));
    assert_int_equal(n, 5001000);
    assert_int_equal(read_all(&old, 7, &n), ERR_STORE_KEY);
    assert_int_equal(spool_renew(&two, 8, NULL), ERR_NOT_FOUND);
}

/* While somebody reads it, nobody seals it anew. */
static void a_reader_is_waited_for(void **state)
{
    (void)state;
    struct spool old = open_spool(1), two = open_spool(2);
    struct spool_reader *reader = NULL;
    const struct source_reader *source = NULL;
    OK(spool_make(&old, 7, NULL));
    append(&old, 7, 0, 10);
    OK(spool_read(&old, 7, &reader, &source, NULL));
    assert_int_equal(spool_renew(&two, 7, NULL), ERR_STORE_BUSY);
    spool_read_end(reader);
    OK(spool_renew(&two, 7, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_sealed_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_read_as_it_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_continues_where_it_stands_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_torn_is_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_that_was_changed_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_file_and_another_key_do_not_open_it, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
