/* SPDX-License-Identifier: Apache-2.0
 *
 * Packed files: what goes in comes out, whatever packed it; what is cut off, changed or strange is an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "bulk/ahead.h"
#include "bulk/unpack.h"
#include "prop/random.h"
#include "unit/given_file.h"

static void put_little(struct buf *b, uint64_t v, unsigned n)
{
    for (; n--; v >>= 8)
        buf_uint(b, v & 255, 1);
}

static void deflate_to(struct buf *out, struct str text, int bits)
{
    z_stream z = {0};
    uLong most = compressBound((uLong)text.n) + 64;
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_true(buf_reserve(out, most));
    z.next_in = (uint8_t *)(uintptr_t)text.p;
    z.avail_in = (uInt)text.n;
    z.next_out = out->p + out->n;
    z.avail_out = (uInt)most;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += most - z.avail_out;
    deflateEnd(&z);
}

static void gzip(struct buf *out, struct str text)
{
    deflate_to(out, text, MAX_WBITS + 16);
}

static void zstd(struct buf *out, struct str text)
{
    size_t most = ZSTD_compressBound(text.n);
    assert_true(buf_reserve(out, most));
    out->n += ZSTD_compress(out->p + out->n, most, text.p, text.n, 3);
}

struct zip_way {
    bool stored, descriptor, named, big;
    unsigned flags, method;
};

static void zip(struct buf *out, struct str text, struct zip_way way)
{
    struct buf packed = {0};
    uint32_t crc = (uint32_t)crc32(0, (const uint8_t *)text.p, (uInt)text.n);
    if (way.stored)
        buf_str(&packed, text);
    else
        deflate_to(&packed, text, -MAX_WBITS);
    buf_put(out, "PK\3\4", 4);
    put_little(out, 20, 2);
    put_little(out, way.flags | (way.descriptor ? 8u : 0u), 2);
    put_little(out, way.method ? way.method : way.stored ? 0 : 8, 2);
    put_little(out, 0, 4);
    put_little(out, way.descriptor ? 0 : crc, 4);
    put_little(out, way.descriptor ? 0 : packed.n, 4);
    put_little(out, way.descriptor ? 0 : text.n, 4);
    put_little(out, 8, 2);
    put_little(out, 5, 2);
    buf_put(out, "feed.csvextra", 13);
    buf_put(out, packed.p, packed.n);
    if (way.descriptor) {
        if (way.named)
            buf_put(out, "PK\7\10", 4);
        put_little(out, crc, 4);
        put_little(out, packed.n, way.big ? 8 : 4);
        put_little(out, text.n, way.big ? 8 : 4);
    }
    buf_release(&packed);
}

static void zip_directory(struct buf *out)
{
    buf_put(out, "PK\1\2 and what follows, which nobody reads", 40);
}

/* Reads in pieces of some size, in this thread or through another; the error, if any. */
static enum err unpack_by(const struct buf *file, size_t piece, bool other, struct buf *out)
{
    char *path = given_file(file->p, file->n);
    struct unpack *u = NULL;
    struct ahead *a = NULL;
    struct fault fault = {0};
    enum err err = unpack_open(path, &u, &fault);
    if (!err && other)
        err = ahead_open(unpack_reader(u), &a, &fault);
    for (size_t n = piece; !err && n == piece;) {
        const struct source_reader *r = other ? ahead_reader(a) : unpack_reader(u);
        assert_true(buf_reserve(out, piece));
        err = r->read(r->ctx, out->p + out->n, piece, &n, &fault);
        assert_true(!err || fault.err == err);
        out->n += err ? 0 : n;
    }
    ahead_close(a);
    unpack_close(u);
    given_file_remove(path);
    return err;
}

static enum err unpack(const struct buf *file, size_t piece, struct buf *out)
{
    struct buf through = {0};
    enum err err = unpack_by(file, piece, false, out);
    assert_int_equal(unpack_by(file, piece, true, &through), err);
    if (!err) {
        assert_int_equal(through.n, out->n);
        assert_true(!out->n || memcmp(through.p, out->p, out->n) == 0);
    }
    buf_release(&through);
    return err;
}

static void gives(const struct buf *file, struct str want)
{
    static const size_t pieces[] = {1 << 19, 4097, 7};
    for (size_t i = 0; i < (want.n > 100000 ? 2 : 3); i++) {
        struct buf out = {0};
        assert_int_equal(unpack(file, pieces[i], &out), ERR_OK);
        assert_int_equal(out.n, want.n);
        if (want.n)
            assert_memory_equal(out.p, want.p, want.n);
        buf_release(&out);
    }
}

static void refuses(const struct buf *file, enum err want)
{
    struct buf out = {0};
    assert_int_equal(unpack(file, 1 << 16, &out), want);
    buf_release(&out);
}

static struct str some_text(struct rng *rng, size_t n)
{
    char *p = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = "0123456789,\n"[rng_below(rng, 12)];
    return (struct str){p, n};
}

static void all_forms(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 50, 70000, 1 << 20};
    static const struct zip_way ways[] = {{0},
                                          {.stored = true},
                                          {.descriptor = true, .named = true},
                                          {.descriptor = true},
                                          {.descriptor = true, .named = true, .big = true}};
    struct rng rng = random_start("unpack", 11);
    for (size_t i = 0; i < 5; i++) {
        struct str text = some_text(&rng, sizes[i]);
        struct buf file = {0};
        buf_str(&file, text);
        gives(&file, text);
        buf_clear(&file);
        gzip(&file, (struct str){text.p, text.n / 3});
        gzip(&file, (struct str){text.p + text.n / 3, text.n - text.n / 3});
        gives(&file, text);
        buf_clear(&file);
        zstd(&file, (struct str){text.p, text.n / 2});
        zstd(&file, (struct str){text.p + text.n / 2, text.n - text.n / 2});
        gives(&file, text);
        for (size_t w = 0; w < 5; w++) {
            buf_clear(&file);
            zip(&file, text, ways[w]);
            zip_directory(&file);
            gives(&file, text);
        }
        buf_release(&file);
        free((void *)(uintptr_t)text.p);
    }
}

/* Every cut of a packed file is an error, and none is a short file. */
static void cut_off(void **state)
{
    (void)state;
    struct rng rng = random_start("unpack cut", 12);
    struct str text = some_text(&rng, 3000);
    for (unsigned form = 0; form < 4; form++) {
        struct buf file = {0};
        form == 0   ? gzip(&file, text)
        : form == 1 ? zstd(&file, text)
                    : zip(&file, text, (struct zip_way){.descriptor = form == 3, .named = true});
        for (size_t n = 4; n < file.n; n += 1 + n / 50) {
            struct buf cut = {.p = file.p, .n = n};
            refuses(&cut, ERR_FILE_READ);
        }
        buf_release(&file);
    }
    free((void *)(uintptr_t)text.p);
}

static void strange(void **state)
{
    (void)state;
    struct str text = STR("date,imei,imsi\n2026-01-01,1,2\n");
    struct buf file = {0};
    zip(&file, text, (struct zip_way){0});
    file.p[14] ^= 1; /* the check sum */
    zip_directory(&file);
    refuses(&file, ERR_FILE_READ);
    buf_clear(&file);
    zip(&file, text, (struct zip_way){.flags = 1});
    refuses(&file, ERR_FILE_KIND);
    buf_clear(&file);
    zip(&file, text, (struct zip_way){.method = 14});
    refuses(&file, ERR_FILE_KIND);
    buf_clear(&file);
    zip(&file, text, (struct zip_way){.stored = true, .descriptor = true});
    refuses(&file, ERR_FILE_KIND);
    buf_clear(&file);
    zip(&file, text, (struct zip_way){0});
    zip(&file, text, (struct zip_way){0});
    refuses(&file, ERR_FILE_KIND);
    buf_clear(&file);
    gzip(&file, text);
    buf_str(&file, STR("more"));
    refuses(&file, ERR_FILE_READ);
    buf_clear(&file);
    zstd(&file, text);
    buf_str(&file, STR("more"));
    refuses(&file, ERR_FILE_READ);
    buf_release(&file);
}

/* Who has had enough need not wait for the end. */
static void one_may_leave(void **state)
{
    (void)state;
    struct rng rng = random_start("unpack leave", 3);
    struct buf file = {0};
    struct str text = some_text(&rng, 3 << 20);
    zstd(&file, text);
    for (size_t n = 0; n < 1 << 20; n += 1 << 18) {
        char *path = given_file(file.p, file.n), *to = malloc(n + 1);
        struct unpack *u = NULL;
        struct ahead *a = NULL;
        size_t got;
        assert_int_equal(unpack_open(path, &u, NULL), ERR_OK);
        assert_int_equal(ahead_open(unpack_reader(u), &a, NULL), ERR_OK);
        assert_int_equal(ahead_reader(a)->read(ahead_reader(a)->ctx, to, n, &got, NULL), ERR_OK);
        assert_int_equal(got, n);
        assert_memory_equal(to, text.p, n);
        ahead_close(a);
        unpack_close(u);
        given_file_remove(path);
        free(to);
    }
    free((void *)(uintptr_t)text.p);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(strange),
        cmocka_unit_test(one_may_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
