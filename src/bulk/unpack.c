/* SPDX-License-Identifier: Apache-2.0 */
#include "bulk/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "base/str.h"
#include "bulk/file_looks.h"

enum {
    INPUT = 1 << 17,
    ZIP_LOCAL = 30, /* bytes of a local file header (APPNOTE 4.3.7) before the name */
    ZIP_ENCRYPTED = 1 << 0,
    ZIP_DESCRIPTOR = 1 << 3, /* sums and sizes stand behind the bytes */
    ZIP_STORED = 0,
    ZIP_DEFLATED = 8,
};

enum form { PLAIN, GZIP, ZSTD, ZIP };

struct unpack {
    struct source *source;
    struct source_reader reader;
    enum form form;
    uint8_t *in;
    size_t at, end;         /* of what was read and not yet used */
    _Atomic uint64_t taken; /* bytes read of the file: asked from another thread */
    bool eof;               /* of the file */
    bool done;              /* of what is in it */
    bool inside;            /* of a member or frame */
    z_stream z;
    bool z_open;
    ZSTD_DCtx *zstd;
    uint32_t crc, want_crc; /* of a ZIP's file */
    unsigned method, flags;
    uint64_t left; /* bytes of a stored one */
};

static enum err damaged(const struct unpack *u, struct fault *fault, const char *what)
{
    static const char *const names[] = {"", "gzip", "zstd", "ZIP"};
    return fault_set(fault, ERR_FILE_READ, "this %s file is damaged: %s; have it sent again",
                     names[u->form], what);
}

/* At least n bytes at `at`, as far as the file has them. */
static enum err want(struct unpack *u, size_t n, struct fault *fault)
{
    if (u->end - u->at >= n || u->eof)
        return ERR_OK;
    memmove(u->in, u->in + u->at, u->end - u->at);
    u->end -= u->at;
    u->at = 0;
    size_t got;
    enum err err = source_read(u->source, u->in + u->end, INPUT - u->end, &got, fault);
    if (err)
        return err;
    u->eof = got < INPUT - u->end;
    u->end += got;
    u->taken += got;
    return ERR_OK;
}

static uint64_t little(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | p[n];
    return v;
}

/* ---- plain ---- */

static enum err read_plain(struct unpack *u, uint8_t *to, size_t n, size_t *out,
                           struct fault *fault)
{
    size_t have = u->end - u->at < n ? u->end - u->at : n, got = 0;
    memcpy(to, u->in + u->at, have);
    u->at += have;
    enum err err = ERR_OK;
    if (have < n && !u->eof)
        err = source_read(u->source, to + have, n - have, &got, fault);
    u->taken += got;
    *out = have + got;
    u->done = have + got < n;
    return err;
}

/* ---- deflate: gzip and ZIP ---- */

static enum err inflate_some(struct unpack *u, uint8_t *to, size_t n, size_t *out, bool *ended,
                             struct fault *fault)
{
    enum err err = want(u, 1, fault);
    if (err)
        return err;
    u->z.next_in = u->in + u->at;
    u->z.avail_in = (uInt)(u->end - u->at);
    u->z.next_out = to;
    u->z.avail_out = (uInt)(n < UINT32_MAX ? n : UINT32_MAX);
    uInt room = u->z.avail_out;
    int got = inflate(&u->z, Z_NO_FLUSH);
    u->at = u->end - u->z.avail_in;
    *out = room - u->z.avail_out;
    *ended = got == Z_STREAM_END;
    if (got == Z_MEM_ERROR)
        return fault_set(fault, ERR_MEMORY, "no memory to unpack a file");
    if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
        return damaged(u, fault, u->z.msg ? u->z.msg : "it cannot be unpacked");
    if (!*ended && !*out && u->eof && u->at == u->end)
        return damaged(u, fault, "it is cut off");
    return ERR_OK;
}

static enum err read_gzip(struct unpack *u, uint8_t *to, size_t n, size_t *out, struct fault *fault)
{
    enum err err = ERR_OK;
    *out = 0;
    if (!u->inside) {
        err = want(u, 2, fault);
        if (err)
            return err;
        if (u->at == u->end) {
            u->done = true;
            return ERR_OK;
        }
        if (u->end - u->at < 2 || u->in[u->at] != 0x1f || u->in[u->at + 1] != 0x8b)
            return damaged(u, fault, "something else follows its end");
        inflateReset(&u->z);
        u->inside = true;
    }
    bool ended = false;
    err = inflate_some(u, to, n, out, &ended, fault);
    u->inside = !ended;
    return err;
}

/* ---- zstd ---- */

static enum err read_zstd(struct unpack *u, uint8_t *to, size_t n, size_t *out, struct fault *fault)
{
    enum err err = want(u, 1, fault);
    *out = 0;
    if (err)
        return err;
    if (u->at == u->end && u->eof && !u->inside) {
        u->done = true;
        return ERR_OK;
    }
    ZSTD_inBuffer in = {u->in + u->at, u->end - u->at, 0};
    ZSTD_outBuffer to_buffer = {to, n, 0};
    size_t got = ZSTD_decompressStream(u->zstd, &to_buffer, &in);
    u->at += in.pos;
    *out = to_buffer.pos;
    if (ZSTD_isError(got))
        return damaged(u, fault, ZSTD_getErrorName(got));
    u->inside = got != 0;
    if (!to_buffer.pos && !in.pos && u->eof)
        return damaged(u, fault, "it is cut off");
    return ERR_OK;
}

/* ---- ZIP ---- */

static enum err zip_begin(struct unpack *u, struct fault *fault)
{
    enum err err = want(u, ZIP_LOCAL, fault);
    if (err)
        return err;
    if (u->end - u->at < ZIP_LOCAL)
        return damaged(u, fault, "it is cut off");
    const uint8_t *p = u->in + u->at;
    u->flags = (unsigned)little(p + 6, 2);
    u->method = (unsigned)little(p + 8, 2);
    u->want_crc = (uint32_t)little(p + 14, 4);
    u->left = little(p + 18, 4);
    size_t names = little(p + 26, 2) + little(p + 28, 2);
    if (u->flags & ZIP_ENCRYPTED)
        return fault_set(fault, ERR_FILE_KIND, "the ZIP is encrypted; send it without a password");
    if (u->method != ZIP_DEFLATED &&
        (u->method != ZIP_STORED || u->flags & ZIP_DESCRIPTOR || u->left == UINT32_MAX))
        return fault_set(fault, ERR_FILE_KIND,
                         "the ZIP is packed in a way that is not read here; pack it with deflate, "
                         "gzip or zstd");
    u->at += ZIP_LOCAL;
    for (; !err && names; names -= names < INPUT / 2 ? names : INPUT / 2) {
        size_t piece = names < INPUT / 2 ? names : INPUT / 2;
        err = want(u, piece, fault);
        if (!err && u->end - u->at < piece)
            err = damaged(u, fault, "it is cut off");
        u->at += err ? 0 : piece;
    }
    u->inside = true;
    u->crc = (uint32_t)crc32(0, NULL, 0);
    return err;
}

/* The sum, and that no second file follows. */
static enum err zip_end(struct unpack *u, struct fault *fault)
{
    enum err err = want(u, 16 + 8 + 4, fault);
    if (err)
        return err;
    if (u->flags & ZIP_DESCRIPTOR) {
        bool named = u->end - u->at >= 4 && memcmp(u->in + u->at, "PK\7\10", 4) == 0;
        u->at += named ? 4 : 0;
        if (u->end - u->at < 12)
            return damaged(u, fault, "it is cut off");
        u->want_crc = (uint32_t)little(u->in + u->at, 4);
        /* Sizes of 4 or of 8 bytes: what follows tells. */
        bool small = u->end - u->at >= 14 && memcmp(u->in + u->at + 12, "PK", 2) == 0;
        u->at += small || u->end - u->at < 20 ? 12 : 20;
    }
    if (u->crc != u->want_crc)
        return damaged(u, fault, "the check sum differs");
    if (u->end - u->at < 4)
        return damaged(u, fault, "it is cut off");
    if (memcmp(u->in + u->at, "PK\3\4", 4) == 0)
        return fault_set(fault, ERR_FILE_KIND, "more than one file is in the ZIP; pack one alone");
    u->done = true;
    return ERR_OK;
}

static enum err read_stored(struct unpack *u, uint8_t *to, size_t n, size_t *out, bool *ended,
                            struct fault *fault)
{
    enum err err = want(u, 1, fault);
    if (err)
        return err;
    size_t have = u->end - u->at;
    size_t piece = have < n ? have : n;
    piece = piece < u->left ? piece : (size_t)u->left;
    if (u->left && !piece)
        return damaged(u, fault, "it is cut off");
    memcpy(to, u->in + u->at, piece);
    u->at += piece;
    u->left -= piece;
    *out = piece;
    *ended = !u->left;
    return ERR_OK;
}

static enum err read_zip(struct unpack *u, uint8_t *to, size_t n, size_t *out, struct fault *fault)
{
    enum err err = u->inside ? ERR_OK : zip_begin(u, fault);
    bool ended = false;
    *out = 0;
    if (!err)
        err = u->method == ZIP_STORED ? read_stored(u, to, n, out, &ended, fault)
                                      : inflate_some(u, to, n, out, &ended, fault);
    if (!err && *out)
        u->crc = (uint32_t)crc32_z(u->crc, to, *out);
    return err || !ended ? err : zip_end(u, fault);
}

/* ---- opening ---- */

static enum err read_any(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct unpack *u = ctx;
    size_t got = 0;
    enum err err = ERR_OK;
    while (!err && got < n && !u->done) {
        uint8_t *p = (uint8_t *)to + got;
        size_t piece = 0;
        switch (u->form) {
        case PLAIN:
            err = read_plain(u, p, n - got, &piece, fault);
            break;
        case GZIP:
            err = read_gzip(u, p, n - got, &piece, fault);
            break;
        case ZSTD:
            err = read_zstd(u, p, n - got, &piece, fault);
            break;
        case ZIP:
            err = read_zip(u, p, n - got, &piece, fault);
            break;
        }
        got += piece;
    }
    *out_n = got;
    return err;
}

static enum form form_of(struct str start)
{
    if (str_starts(start, STR("\x1f\x8b")))
        return GZIP;
    if (str_starts(start, STR("\x28\xb5\x2f\xfd")))
        return ZSTD;
    /* A workbook is a ZIP, too: it goes on as it is, and whoever reads it says what it is. */
    return str_starts(start, STR("PK\x03\x04")) && file_looks(start) == FILE_LOOKS_PACKED ? ZIP
                                                                                          : PLAIN;
}

static enum err begin(struct unpack *u, struct fault *fault)
{
    u->in = malloc(INPUT);
    if (!u->in)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    enum err err = want(u, 1, fault);
    if (err)
        return err;
    u->form = form_of((struct str){(const char *)u->in, u->end});
    if (u->form == GZIP || u->form == ZIP) {
        int bits = u->form == GZIP ? MAX_WBITS + 16 : -MAX_WBITS;
        u->z_open = inflateInit2(&u->z, bits) == Z_OK;
        if (!u->z_open)
            return fault_set(fault, ERR_MEMORY, "no memory to unpack a file");
    }
    if (u->form == ZSTD && !(u->zstd = ZSTD_createDCtx()))
        return fault_set(fault, ERR_MEMORY, "no memory to unpack a file");
    u->reader = (struct source_reader){.read = read_any,
                                       .ctx = u,
                                       .name = source_name(u->source),
                                       .size = u->form == PLAIN ? source_size(u->source) : 0};
    return ERR_OK;
}

enum err unpack_open(const char *path, struct unpack **out, struct fault *fault)
{
    return unpack_open_with(&(struct unpack_options){.path = path}, out, fault);
}

enum err unpack_open_with(const struct unpack_options *options, struct unpack **out,
                          struct fault *fault)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (!u)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    enum err err = options->reader ? source_open_reader(options->reader, false, &u->source, fault)
                                   : source_open(options->path, false, &u->source, fault);
    if (!err)
        source_stop(u->source, options->stop);
    if (!err)
        err = begin(u, fault);
    if (err) {
        if (fault && u->source)
            str_copy(fault->file, sizeof fault->file, str_z(source_name(u->source)));
        unpack_close(u);
        return err;
    }
    *out = u;
    return ERR_OK;
}

void unpack_close(struct unpack *u)
{
    if (!u)
        return;
    if (u->z_open)
        inflateEnd(&u->z);
    ZSTD_freeDCtx(u->zstd);
    source_close(u->source);
    if (u->in)
        explicit_bzero(u->in, INPUT);
    free(u->in);
    free(u);
}

const struct source_reader *unpack_reader(const struct unpack *u)
{
    return &u->reader;
}

uint64_t unpack_bytes(const struct unpack *u)
{
    return u->taken;
}

uint64_t unpack_size(const struct unpack *u)
{
    return source_size(u->source);
}

bool unpack_packed(const struct unpack *u)
{
    return u->form != PLAIN;
}
