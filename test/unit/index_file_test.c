/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file_test - a file goes round whole; cut anywhere, changed anywhere, signed by another, of
 * another register, version or byte order, or older than what is known, it is refused, and whoever
 * holds an index goes on with it. What is signed and no index: index_adopt_test. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <sodium.h>

#include "index/index_file.h"
#include "reseal.h"

enum { IMEIS = 500, PAIRS = 40, STRIDE = 11 };

static const struct str rules_text = STR("duty_from=2025-03-25\nenforce_after=2025-05-25\n");
static const struct str tac_list = STR("any bytes");

struct made {
    char dir[64];
    char path[128];
    uint8_t id[16];
    struct index_keys keys;
    struct index *ix;
    struct buf bytes; /* of the file */
    struct index_header header;
    struct index_layout layout;
};

static struct index_want want_of(const struct made *m, uint64_t at_least)
{
    return (struct index_want){m->id, m->keys.public_key, at_least, NULL, false};
}

static enum err write_index(const struct made *m, const struct index *ix, const char *path,
                            struct str rules, struct fault *fault)
{
    struct index_image *image;
    struct index_file file = {m->id, rules, tac_list};
    assert_int_equal(index_image_new(ix, &image), ERR_OK);
    enum err err = index_image_write(image, path, &file, &m->keys, fault);
    index_image_free(image);
    return err;
}

static struct verdict verdict_of(uint64_t i)
{
    struct verdict v = {.reason = REASON_UNVERIFIED, .next_reason = REASON_EXPIRED};
    v.flags = i & 3;
    v.deadline = v.valid_through = DAYNUM_FIRST + (daynum)(i * 13 % 65535);
    return v;
}

static struct imei imei_of(uint64_t i)
{
    return (struct imei){i * 199999999999ULL % IMEI_BODIES};
}

static void read_bytes(const char *path, struct buf *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    buf_clear(out);
    assert_true(buf_reserve(out, (size_t)st.st_size + 1));
    assert_int_equal(read(fd, out->p, (size_t)st.st_size + 1), st.st_size);
    out->n = (size_t)st.st_size;
    close(fd);
}

static void write_bytes(const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

static void fill(struct index *ix)
{
    struct index_state state = {.next_seq = 777, .rules = 3, .gate = {20500, DAYNUM_NONE}};
    memset(state.hash, 0xcd, sizeof state.hash);
    for (uint64_t i = 0; i < IMEIS; i++) {
        struct verdict v = verdict_of(i);
        assert_int_equal(index_put(ix, imei_of(i), &v), ERR_OK);
    }
    for (uint64_t i = 0; i < PAIRS; i++) {
        struct pair pair = {imei_of(i / 4), i * 0x0123456789abcdefULL, false};
        assert_int_equal(index_put_pair(ix, &pair), ERR_OK);
        pair.removed = i % 5 == 0;
        assert_int_equal(index_put_pair(ix, &pair), ERR_OK);
    }
    index_set_state(ix, &state);
}

static int setup(void **state)
{
    struct made *m = calloc(1, sizeof *m);
    assert_non_null(m);
    snprintf(m->dir, sizeof m->dir, "/tmp/tamga-index.XXXXXX");
    assert_non_null(mkdtemp(m->dir));
    snprintf(m->path, sizeof m->path, "%s/index", m->dir);
    memset(m->id, 0x42, sizeof m->id);
    uint8_t seed[32] = {7};
    crypto_sign_seed_keypair(m->keys.public_key, m->keys.secret_key, seed);
    assert_int_equal(index_new(&m->ix), ERR_OK);
    fill(m->ix);
    assert_int_equal(write_index(m, m->ix, m->path, rules_text, NULL), ERR_OK);
    read_bytes(m->path, &m->bytes);
    index_header_decode(m->bytes.p, &m->header);
    assert_true(index_file_layout(&m->header, &m->layout));
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct made *m = *state;
    unlink(m->path);
    int gone = rmdir(m->dir); /* fails when a temporary file was left */
    index_free(m->ix);
    buf_release(&m->bytes);
    free(m);
    return gone;
}

static void goes_round(void **state)
{
    struct made *m = *state;
    struct index_want want = want_of(m, 777);
    struct index_loaded got;
    struct verdict v, told;
    assert_int_equal(m->bytes.n, m->layout.end);
    assert_int_equal(index_file_read(m->path, &want, &got, NULL), ERR_OK);
    assert_true(str_eq((struct str){(const char *)got.rules.p, got.rules.n}, rules_text));
    assert_true(str_eq((struct str){(const char *)got.tac.p, got.tac.n}, tac_list));
    assert_true(index_count(got.index) == IMEIS);
    for (uint64_t i = 0; i < IMEIS; i++) {
        told = verdict_of(i);
        assert_true(index_find(got.index, imei_of(i), &v) && verdict_equal(&v, &told));
    }
    for (uint64_t i = 0; i < PAIRS; i++)
        assert_int_equal(index_is_paired(got.index, imei_of(i / 4), i * 0x0123456789abcdefULL),
                         i % 5 != 0);
    struct index_state a = index_state(m->ix), b = index_state(got.index);
    assert_true(a.next_seq == b.next_seq && a.rules == b.rules);
    assert_memory_equal(a.hash, b.hash, sizeof a.hash);
    assert_true(b.gate.expire_through == 20500 && b.gate.swept_through == DAYNUM_NONE);

    /* Written again it has the same bytes. */
    struct buf again = {0};
    assert_int_equal(write_index(m, got.index, m->path, rules_text, NULL), ERR_OK);
    read_bytes(m->path, &again);
    assert_int_equal(again.n, m->bytes.n);
    assert_memory_equal(again.p, m->bytes.p, again.n);
    buf_release(&again);
    index_loaded_release(&got);
}

static void empty_index_goes_round(void **state)
{
    struct made *m = *state;
    struct index_want want = want_of(m, 0);
    struct index_loaded got;
    struct index *empty;
    assert_int_equal(index_new(&empty), ERR_OK);
    assert_int_equal(write_index(m, empty, m->path, STR(""), NULL), ERR_OK);
    assert_int_equal(index_file_read(m->path, &want, &got, NULL), ERR_OK);
    assert_true(index_count(got.index) == 0 && got.rules.n == 0);
    assert_true(index_state(got.index).next_seq == 1);
    index_loaded_release(&got);
    index_free(empty);
}

static void what_is_too_long_is_not_written(void **state)
{
    struct made *m = *state;
    static char text[LIMIT_RULES_TEXT + 1];
    assert_int_equal(write_index(m, m->ix, m->path, (struct str){text, sizeof text}, NULL),
                     ERR_TOO_LONG);
    struct buf now = {0};
    read_bytes(m->path, &now);
    assert_int_equal(now.n, m->bytes.n);
    buf_release(&now);
}

/* Refused, with a reason that begins so, and what the caller holds is as it was. */
static void refused(struct made *m, struct str bytes, const char *why)
{
    struct index_want want = want_of(m, 777);
    struct fault fault = {0};
    struct index_loaded held = {.index = m->ix}, before = held;
    assert_int_equal(index_file_decode(bytes, &want, &held, &fault), ERR_SNAPSHOT);
    if (strncmp(fault.detail, why, strlen(why)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", fault.detail, why);
    assert_memory_equal(&held, &before, sizeof held);
}

static struct str all_of(const struct made *m)
{
    return (struct str){(const char *)m->bytes.p, m->bytes.n};
}

static void sign_again(struct made *m)
{
    reseal(m->bytes.p, m->bytes.n, m->keys.secret_key);
}

static void truncated(void **state)
{
    struct made *m = *state;
    size_t cuts[] = {0, 3, INDEX_FILE_HEADER - 1, INDEX_FILE_HEADER, INDEX_FILE_START - 1};
    struct index_want want = want_of(m, 0);
    struct str bytes = all_of(m);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        bytes.n = cuts[i];
        refused(m, bytes, "truncated");
        write_bytes(m->path, bytes.p, bytes.n);
        struct index_loaded got;
        struct fault fault = {0};
        assert_int_equal(index_file_read(m->path, &want, &got, &fault), ERR_SNAPSHOT);
        assert_string_equal(fault.file, m->path);
    }
    for (bytes.n = INDEX_FILE_START; bytes.n < m->bytes.n; bytes.n += STRIDE)
        refused(m, bytes, "truncated");
    for (int i = 0; i < SECTION_COUNT; i++) {
        uint64_t ends[] = {m->layout.at[i], m->layout.at[i] + m->header.bytes[i]};
        for (size_t k = 0; k < 6; k++) {
            bytes.n = ends[k / 3] + k % 3 - 1;
            if (bytes.n < m->bytes.n)
                refused(m, bytes, "truncated");
        }
    }
    buf_uint(&m->bytes, 0, 1);
    refused(m, all_of(m), "longer than signed");
}

/* One bit: of every byte of the header, and of many in each section and between them. */
static void changed(void **state)
{
    struct made *m = *state;
    for (size_t i = 0; i < m->bytes.n; i += i < INDEX_FILE_START + 512 ? 1 : STRIDE) {
        m->bytes.p[i] ^= 0x40;
        refused(m, all_of(m),
                i < 4                    ? "not an index file"
                : i < INDEX_AT_ORDER     ? "version"
                : i < INDEX_AT_ORDER + 4 ? "written by a machine"
                : i < INDEX_AT_ID        ? "signature"
                : i < INDEX_AT_NEXT_SEQ  ? "of another register"
                : i < INDEX_FILE_START   ? "signature"
                                         : "damaged");
        m->bytes.p[i] ^= 0x40;
    }
    for (int i = 0; i < SECTION_COUNT; i++) { /* and where: the section, in parts */
        char why[64];
        snprintf(why, sizeof why, "damaged: what stands at byte %llu ",
                 (unsigned long long)m->layout.at[i]);
        m->bytes.p[m->layout.at[i] + m->header.bytes[i] / 2] ^= 1;
        if (m->header.bytes[i])
            refused(m, all_of(m), why);
        m->bytes.p[m->layout.at[i] + m->header.bytes[i] / 2] ^= 1;
    }
}

static void foreign_unsigned_and_older(void **state)
{
    struct made *m = *state;
    struct index_want want = want_of(m, 778);
    struct fault fault = {0};
    struct index_loaded got;
    assert_int_equal(index_file_decode(all_of(m), &want, &got, &fault), ERR_SNAPSHOT);
    assert_string_equal(fault.detail, "older than what is known: stands at 777, want 778");

    uint8_t other[16] = {1};
    want = (struct index_want){other, m->keys.public_key, 0, NULL, false};
    assert_int_equal(index_file_decode(all_of(m), &want, &got, &fault), ERR_SNAPSHOT);
    assert_string_equal(fault.detail, "of another register");

    uint8_t seed[32] = {8}, public_key[32], secret_key[64];
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    want = (struct index_want){m->id, public_key, 0, NULL, false};
    assert_int_equal(index_file_decode(all_of(m), &want, &got, &fault), ERR_SNAPSHOT);
    memset(m->bytes.p + INDEX_FILE_HEADER, 0, INDEX_FILE_SIGNATURE);
    refused(m, all_of(m), "signature");
}

static void other_versions_and_machines(void **state)
{
    struct made *m = *state;
    put_le(m->bytes.p + INDEX_AT_VERSION, 1, 4);
    sign_again(m);
    refused(m, all_of(m), "version 1 is not known here, want 2");
    put_le(m->bytes.p + INDEX_AT_VERSION, 4, 4);
    sign_again(m);
    refused(m, all_of(m), "version 4 is not known here, want 2 or 3");
    put_le(m->bytes.p + INDEX_AT_VERSION, INDEX_FILE_PART_VERSION, 4);
    sign_again(m);
    refused(m, all_of(m), "signed, and no ranges of TACs");
    put_le(m->bytes.p + INDEX_AT_VERSION, INDEX_FILE_VERSION, 4);
    uint32_t order = __builtin_bswap32(INDEX_FILE_ORDER);
    memcpy(m->bytes.p + INDEX_AT_ORDER, &order, 4);
    sign_again(m);
    refused(m, all_of(m), "written by a machine of another byte order");
}

static void put_field(struct made *m, size_t at, uint64_t v, unsigned bytes, const char *why)
{
    uint64_t before = get_le(m->bytes.p + at, bytes);
    put_le(m->bytes.p + at, v, bytes);
    sign_again(m);
    refused(m, all_of(m), why);
    put_le(m->bytes.p + at, before, bytes);
}

/* Signed by the register, and nonsense all the same. */
static void signed_nonsense_in_the_header(void **state)
{
    struct made *m = *state;
    static const char unknown[] = "header holds what this version does not know";
    static const char nowhere[] = "stands where no register stands";
    static const char sizes[] = "sizes that no register has";
    put_field(m, INDEX_FILE_HEADER - 1, 1, 1, unknown);
    put_field(m, INDEX_AT_ORDER + 4, 1, 4, unknown);
    put_field(m, INDEX_AT_TACS + 4, 1, 4, unknown);
    put_field(m, INDEX_AT_NEXT_SEQ, 0, 8, "older");
    put_field(m, INDEX_AT_ENTRY, 777, 8, nowhere);
    put_field(m, INDEX_AT_EXPIRE, 5, 4, nowhere);
    put_field(m, INDEX_AT_SWEPT, 5, 4, nowhere);
    put_field(m, INDEX_AT_EFFECTIVE, 5, 4, nowhere);
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++) {
        size_t at = (size_t)(INDEX_AT_BYTES + 8 * (i - 1));
        put_field(m, at, UINT64_MAX / 8, 8, sizes);
        put_field(m, at, UINT64_MAX, 8, sizes);
        if (i > SECTION_TAC)
            put_field(m, at, m->header.bytes[i] + 1, 8, sizes);
    }
    put_field(m, INDEX_AT_BYTES, LIMIT_RULES_TEXT + 1, 8, sizes);
    put_field(m, INDEX_AT_BYTES + 8, LIMIT_TAC_LIST + 1, 8, sizes);
    put_field(m, INDEX_AT_BYTES + 8 * (SECTION_LINES - 1), (uint64_t)LINE_BYTES << 27, 8,
              "truncated");
    put_field(m, INDEX_AT_BYTES + 8 * (SECTION_PAIRS - 1), 1ULL << 39, 8, "truncated");
    put_field(m, INDEX_AT_BYTES + 8 * (SECTION_LINES - 1), 0, 8, "longer than signed");
}

static void files_that_are_none(void **state)
{
    struct made *m = *state;
    struct index_want want = want_of(m, 0);
    struct index_loaded got;
    struct fault fault = {0};
    char path[160];
    assert_int_equal(index_file_read(m->dir, &want, &got, &fault), ERR_FILE_KIND);
    snprintf(path, sizeof path, "%s/none", m->dir);
    assert_int_equal(index_file_read(path, &want, &got, &fault), ERR_FILE_OPEN);
    snprintf(path, sizeof path, "%s/none/index", m->dir);
    assert_int_equal(write_index(m, m->ix, path, rules_text, &fault), ERR_FILE_WRITE);
    assert_int_equal(write_index(m, m->ix, m->dir, rules_text, &fault), ERR_FILE_WRITE);
    index_loaded_release(&(struct index_loaded){0});
    index_image_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_round, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_index_goes_round, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(changed, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_unsigned_and_older, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(other_versions_and_machines, setup, teardown),
        cmocka_unit_test_setup_teardown(signed_nonsense_in_the_header, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
