/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file_test - a file goes round whole; cut anywhere, changed anywhere, signed by another, of
 * another register or older than what is known, it is refused. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <sodium.h>

#include "index/index_file.h"
#include "prop/random.h"

enum { IMEIS = 500, PAIRS = 40 };

static const struct str rules_text = STR("duty_from=2025-03-25\nenforce_after=2025-05-25\n");

struct made {
    char dir[64];
    char path[128];
    uint8_t id[16];
    struct index_keys keys;
    struct index *ix;
    struct buf bytes; /* of the file */
    struct index_layout layout;
};

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
    assert_int_equal(index_file_write(m->ix, m->path, m->id, rules_text, &m->keys, NULL), ERR_OK);
    read_bytes(m->path, &m->bytes);
    assert_true(index_file_layout(rules_text.n, IMEIS, PAIRS * 4 / 5, &m->layout));
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
    struct index *ix;
    struct buf rules = {0};
    struct verdict v, want;
    assert_int_equal(m->bytes.n, m->layout.end);
    assert_int_equal(index_file_read(m->path, m->id, m->keys.public_key, 777, &ix, &rules, NULL),
                     ERR_OK);
    assert_true(str_eq((struct str){(const char *)rules.p, rules.n}, rules_text));
    assert_true(index_count(ix) == IMEIS);
    for (uint64_t i = 0; i < IMEIS; i++) {
        want = verdict_of(i);
        assert_true(index_find(ix, imei_of(i), &v) && verdict_equal(&v, &want));
    }
    for (uint64_t i = 0; i < PAIRS; i++)
        assert_int_equal(index_is_paired(ix, imei_of(i / 4), i * 0x0123456789abcdefULL),
                         i % 5 != 0);
    struct index_state a = index_state(m->ix), b = index_state(ix);
    assert_true(a.next_seq == b.next_seq && a.rules == b.rules);
    assert_memory_equal(a.hash, b.hash, sizeof a.hash);
    assert_true(b.gate.expire_through == 20500 && b.gate.swept_through == DAYNUM_NONE);

    /* Written again it has the same bytes. */
    struct buf again = {0};
    assert_int_equal(index_file_write(ix, m->path, m->id, rules_text, &m->keys, NULL), ERR_OK);
    read_bytes(m->path, &again);
    assert_int_equal(again.n, m->bytes.n);
    assert_memory_equal(again.p, m->bytes.p, again.n);
    buf_release(&again);
    buf_release(&rules);
    index_free(ix);
}

static void empty_index_goes_round(void **state)
{
    struct made *m = *state;
    struct index *empty, *ix;
    struct buf rules = {0};
    assert_int_equal(index_new(&empty), ERR_OK);
    assert_int_equal(index_file_write(empty, m->path, m->id, STR(""), &m->keys, NULL), ERR_OK);
    assert_int_equal(index_file_read(m->path, m->id, m->keys.public_key, 0, &ix, &rules, NULL),
                     ERR_OK);
    assert_true(index_count(ix) == 0 && rules.n == 0 && index_state(ix).next_seq == 1);
    index_free(ix);
    index_free(empty);
    buf_release(&rules);
}

/* Refused, with a reason that begins so, and nothing touched. */
static void refused(struct made *m, struct str bytes, const char *why)
{
    struct index_want want = {m->id, m->keys.public_key, 777};
    struct fault fault = {0};
    struct index *ix = (struct index *)m;
    struct buf rules = {0};
    assert_int_equal(index_file_decode(bytes, &want, &ix, &rules, &fault), ERR_SNAPSHOT);
    if (strncmp(fault.detail, why, strlen(why)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", fault.detail, why);
    assert_ptr_equal(ix, m);
    assert_int_equal(rules.n, 0);
}

static struct str all_of(const struct made *m)
{
    return (struct str){(const char *)m->bytes.p, m->bytes.n};
}

/* As the register would sign it. */
static void sign_again(struct made *m)
{
    crypto_sign_detached(m->bytes.p + INDEX_FILE_HEADER, NULL, m->bytes.p, INDEX_FILE_HEADER,
                         m->keys.secret_key);
}

static void truncated(void **state)
{
    struct made *m = *state;
    size_t cuts[] = {0, 3, INDEX_FILE_HEADER - 1, INDEX_FILE_HEADER,
                     INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE - 1};
    struct str bytes = all_of(m);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        bytes.n = cuts[i];
        refused(m, bytes, "truncated");
        write_bytes(m->path, bytes.p, bytes.n);
        struct index *ix;
        struct buf rules = {0};
        struct fault fault = {0};
        assert_int_equal(
            index_file_read(m->path, m->id, m->keys.public_key, 0, &ix, &rules, &fault),
            ERR_SNAPSHOT);
        assert_string_equal(fault.file, m->path);
    }
    for (bytes.n = INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE; bytes.n < m->bytes.n; bytes.n++)
        refused(m, bytes, "truncated");
    buf_uint(&m->bytes, 0, 1);
    refused(m, all_of(m), "longer than signed");
}

static void changed(void **state)
{
    struct made *m = *state;
    for (size_t i = 0; i < m->bytes.n; i++) {
        m->bytes.p[i] ^= 0x40;
        refused(m, all_of(m),
                i < 4                                          ? "not an index file"
                : i < INDEX_AT_ID                              ? "version"
                : i < INDEX_AT_NEXT_SEQ                        ? "of another register"
                : i < INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE ? "signature"
                                                               : "damaged");
        m->bytes.p[i] ^= 0x40;
    }
}

static void foreign_unsigned_and_older(void **state)
{
    struct made *m = *state;
    struct index_want want = {m->id, m->keys.public_key, 778};
    struct fault fault = {0};
    struct index *ix;
    struct buf rules = {0};
    assert_int_equal(index_file_decode(all_of(m), &want, &ix, &rules, &fault), ERR_SNAPSHOT);
    assert_string_equal(fault.detail, "older than what is known: stands at 777, want 778");

    uint8_t other[16] = {1};
    want = (struct index_want){other, m->keys.public_key, 0};
    assert_int_equal(index_file_decode(all_of(m), &want, &ix, &rules, &fault), ERR_SNAPSHOT);
    assert_string_equal(fault.detail, "of another register");

    uint8_t seed[32] = {8}, public_key[32], secret_key[64];
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    want = (struct index_want){m->id, public_key, 0};
    assert_int_equal(index_file_decode(all_of(m), &want, &ix, &rules, &fault), ERR_SNAPSHOT);
    memset(m->bytes.p + INDEX_FILE_HEADER, 0, INDEX_FILE_SIGNATURE);
    refused(m, all_of(m), "signature");
}

static void put_section_hash(struct made *m, int section)
{
    crypto_hash_sha256(m->bytes.p + INDEX_AT_SECTIONS + section * 32,
                       m->bytes.p + m->layout.at[section], m->layout.bytes[section]);
    sign_again(m);
}

/* Signed by the register, and nonsense all the same. */
static void signed_nonsense(void **state)
{
    struct made *m = *state;
    uint8_t *p = m->bytes.p, *cell = p + m->layout.at[SECTION_CELLS], keep[16];

    memcpy(keep, cell, 16);
    memcpy(cell, cell + 16, 16); /* twice the same */
    put_section_hash(m, SECTION_CELLS);
    refused(m, all_of(m), "cell 1 is none");
    memcpy(cell, keep, 16);
    cell[8] = 5; /* no such reason */
    put_section_hash(m, SECTION_CELLS);
    refused(m, all_of(m), "cell 0 is none");
    memcpy(cell, keep, 16);
    cell[15] = 1; /* bits that no verdict has */
    put_section_hash(m, SECTION_CELLS);
    refused(m, all_of(m), "cell 0 is none");
    memcpy(cell, keep, 16);
    put_le(cell + (IMEIS - 1) * 16, IMEI_BODIES, 8);
    put_section_hash(m, SECTION_CELLS);
    refused(m, all_of(m), "cell 499 is none");

    read_bytes(m->path, &m->bytes);
    p = m->bytes.p;
    memcpy(p + m->layout.at[SECTION_PAIRS], p + m->layout.at[SECTION_PAIRS] + 16, 16);
    put_section_hash(m, SECTION_PAIRS);
    refused(m, all_of(m), "pair 1 is none");

    read_bytes(m->path, &m->bytes);
    put_le(m->bytes.p + INDEX_AT_CELLS, UINT64_MAX / 8, 8);
    sign_again(m);
    refused(m, all_of(m), "counts that no register has");
    put_le(m->bytes.p + INDEX_AT_CELLS, 1ULL << 40, 8);
    sign_again(m);
    refused(m, all_of(m), "truncated");
    put_le(m->bytes.p + INDEX_AT_CELLS, 0, 8);
    sign_again(m);
    refused(m, all_of(m), "longer than signed");

    read_bytes(m->path, &m->bytes);
    m->bytes.p[INDEX_FILE_HEADER - 1] = 1;
    sign_again(m);
    refused(m, all_of(m), "header holds what this version does not know");
    m->bytes.p[INDEX_FILE_HEADER - 1] = 0;
    put_le(m->bytes.p + INDEX_AT_EXPIRE, 5, 4);
    sign_again(m);
    refused(m, all_of(m), "stands where no register stands");
}

static void files_that_are_none(void **state)
{
    struct made *m = *state;
    struct index *ix;
    struct buf rules = {0};
    struct fault fault = {0};
    char path[160];
    assert_int_equal(index_file_read(m->dir, m->id, m->keys.public_key, 0, &ix, &rules, &fault),
                     ERR_FILE_KIND);
    snprintf(path, sizeof path, "%s/none", m->dir);
    assert_int_equal(index_file_read(path, m->id, m->keys.public_key, 0, &ix, &rules, &fault),
                     ERR_FILE_OPEN);
    snprintf(path, sizeof path, "%s/none/index", m->dir);
    assert_int_equal(index_file_write(m->ix, path, m->id, rules_text, &m->keys, &fault),
                     ERR_FILE_WRITE);
    assert_int_equal(index_file_write(m->ix, m->dir, m->id, rules_text, &m->keys, &fault),
                     ERR_FILE_WRITE);
}

/* Any bytes behind a good signature: an answer, never a crash. */
static void random_changes_behind_the_signature(void **state)
{
    struct made *m = *state;
    struct rng rng = random_start("index file", 6);
    struct index_want want = {m->id, m->keys.public_key, 0};
    for (int i = 0; i < 2000; i++) {
        struct index *ix;
        struct buf rules = {0};
        uint8_t *byte = m->bytes.p + rng_below(&rng, (uint32_t)m->bytes.n);
        *byte = (uint8_t)rng_next(&rng);
        for (int s = 0; s < SECTION_COUNT; s++)
            put_section_hash(m, s);
        if (index_file_decode(all_of(m), &want, &ix, &rules, NULL) == ERR_OK)
            index_free(ix);
        else
            read_bytes(m->path, &m->bytes);
        buf_release(&rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_round, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_index_goes_round, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(changed, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_unsigned_and_older, setup, teardown),
        cmocka_unit_test_setup_teardown(signed_nonsense, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(random_changes_behind_the_signature, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
