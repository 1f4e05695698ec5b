/* SPDX-License-Identifier: Apache-2.0
 *
 * ChaCha20-Poly1305 by the piece; its nonce is the piece's number, which no key sees twice, for a key seals one file and
 * nothing is ever written in place of something else. */
#include "app/shut_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/limits.h"

enum {
    PIECE = 1 << 16,
    TAG = crypto_aead_chacha20poly1305_ietf_ABYTES,
    STORED = PIECE + TAG,
    LOOK_EVERY = 1024, /* pieces between two looks at the disk's room */
};

struct shut_file {
    int fd;
    uint64_t bytes, most;
    uint64_t pieces; /* written */
    uint64_t opened; /* 1 + the piece that stands in plain; 0: none */
    size_t plain_n;
    bool ended;
    atomic_uint holders; /* its owner, and views */
    uint8_t key[crypto_aead_chacha20poly1305_ietf_KEYBYTES];
    uint8_t plain[PIECE];
    uint8_t sealed[STORED];
};

static int open_nameless(const char *directory)
{
    char path[4096];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    int n = snprintf(path, sizeof path, "%s/.rows.XXXXXX", directory);
    if (n < 0 || n >= (int)sizeof path)
        return -1;
    fd = mkostemp(path, O_CLOEXEC); /* a disk that has no nameless files: 0600 */
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

enum err shut_file_new(const char *directory, uint64_t most, struct shut_file **out,
                       struct fault *fault)
{
    struct shut_file *f = calloc(1, sizeof *f);
    if (!f)
        return fault_set(fault, ERR_MEMORY, "no memory for a file");
    f->most = most;
    f->fd = open_nameless(directory);
    if (f->fd < 0) {
        enum err err = fault_set(fault, ERR_FILE_WRITE, "no file can be made in %.120s: %s",
                                 directory, strerror(errno));
        free(f);
        return err;
    }
    randombytes_buf(f->key, sizeof f->key);
    f->holders = 1;
    *out = f;
    return ERR_OK;
}

void shut_file_free(struct shut_file *f)
{
    if (!f || atomic_fetch_sub(&f->holders, 1) > 1)
        return;
    close(f->fd);
    sodium_memzero(f, sizeof *f);
    free(f);
}

static void nonce_of(uint64_t piece, uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
    memset(out, 0, crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
    memcpy(out, &piece, sizeof piece);
}

/* The register stands on the same disk: what comes in may not fill it. */
static enum err look_at_room(const struct shut_file *f, struct fault *fault)
{
    struct statvfs disk;
    if (f->pieces % LOOK_EVERY || fstatvfs(f->fd, &disk))
        return ERR_OK;
    if ((uint64_t)disk.f_bavail * disk.f_frsize < LIMIT_SPARE_BYTES)
        return fault_set(fault, ERR_STORE_FULL, "the disk for rows that come in is nearly full");
    return ERR_OK;
}

static enum err write_piece(struct shut_file *f, struct fault *fault)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    unsigned long long n = 0;
    enum err err = look_at_room(f, fault);
    if (err)
        return err;
    nonce_of(f->pieces, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(f->sealed, &n, f->plain, f->plain_n, NULL, 0, NULL,
                                              nonce, f->key);
    off_t at = (off_t)(f->pieces * STORED);
    for (size_t done = 0; done < n;) {
        ssize_t r = pwrite(f->fd, f->sealed + done, (size_t)n - done, at + (off_t)done);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return fault_set(fault, errno == ENOSPC ? ERR_STORE_FULL : ERR_FILE_WRITE,
                             "writing rows that come in failed: %s", strerror(errno));
        done += (size_t)r;
    }
    f->pieces++;
    f->plain_n = 0;
    return ERR_OK;
}

enum err shut_file_add(struct shut_file *f, const void *p, size_t n, struct fault *fault)
{
    const uint8_t *from = p;
    enum err err = ERR_OK;
    if (n > f->most - f->bytes)
        return fault_set(fault, ERR_TOO_LONG, "more than %llu bytes", (unsigned long long)f->most);
    while (!err && n) {
        size_t piece = n < PIECE - f->plain_n ? n : PIECE - f->plain_n;
        memcpy(f->plain + f->plain_n, from, piece);
        f->plain_n += piece;
        f->bytes += piece;
        from += piece;
        n -= piece;
        if (f->plain_n == PIECE)
            err = write_piece(f, fault);
    }
    return err;
}

enum err shut_file_end(struct shut_file *f, struct fault *fault)
{
    enum err err = f->plain_n && !f->ended ? write_piece(f, fault) : ERR_OK;
    f->ended = !err;
    return err;
}

uint64_t shut_file_bytes(const struct shut_file *f)
{
    return f->bytes;
}

/* Where a reader opens pieces. */
struct opening {
    uint8_t *sealed, *plain; /* STORED, PIECE */
    uint64_t *opened;        /* 1 + the piece that stands in plain; 0: none */
    size_t *plain_n;
};

static enum err open_piece(const struct shut_file *f, uint64_t piece, const struct opening *to,
                           struct fault *fault)
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    uint64_t left = f->bytes - piece * PIECE;
    size_t want = (left < PIECE ? (size_t)left : PIECE) + TAG, got = 0;
    unsigned long long n = 0;
    *to->opened = 0;
    while (got < want) {
        ssize_t r = pread(f->fd, to->sealed + got, want - got, (off_t)(piece * STORED + got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        got += (size_t)r;
    }
    nonce_of(piece, nonce);
    if (got < want || crypto_aead_chacha20poly1305_ietf_decrypt(to->plain, &n, NULL, to->sealed,
                                                                want, NULL, 0, nonce, f->key))
        return fault_set(fault, ERR_FILE_READ, "rows that came in cannot be read again");
    *to->plain_n = (size_t)n;
    *to->opened = piece + 1;
    return ERR_OK;
}

/* n bytes from a place on. */
struct stretch {
    uint64_t at;
    void *to;
    size_t n;
};

static enum err read_stretch(const struct shut_file *f, const struct opening *opening,
                             const struct stretch *s, size_t *out_n, struct fault *fault)
{
    size_t got = 0;
    while (got < s->n && s->at + got < f->bytes) {
        const uint64_t piece = (s->at + got) / PIECE;
        const size_t from = (size_t)((s->at + got) % PIECE);
        enum err err =
            *opening->opened == piece + 1 ? ERR_OK : open_piece(f, piece, opening, fault);
        if (err)
            return err;
        size_t have = *opening->plain_n - from, take = have < s->n - got ? have : s->n - got;
        memcpy((uint8_t *)s->to + got, opening->plain + from, take);
        got += take;
    }
    *out_n = got;
    return ERR_OK;
}

enum err shut_file_read(struct shut_file *f, uint64_t at, void *to, size_t n, size_t *out_n,
                        struct fault *fault)
{
    const struct opening opening = {f->sealed, f->plain, &f->opened, &f->plain_n};
    return read_stretch(f, &opening, &(struct stretch){at, to, n}, out_n, fault);
}

/* ---- others who look ---- */

struct shut_view {
    struct shut_file *file;
    uint64_t opened;
    size_t plain_n;
    uint8_t plain[PIECE];
    uint8_t sealed[STORED];
};

enum err shut_view_new(struct shut_file *file, struct shut_view **out)
{
    struct shut_view *view = calloc(1, sizeof *view);
    if (!view)
        return ERR_MEMORY;
    atomic_fetch_add(&file->holders, 1);
    view->file = file;
    *out = view;
    return ERR_OK;
}

void shut_view_free(struct shut_view *view)
{
    if (!view)
        return;
    shut_file_free(view->file);
    sodium_memzero(view, sizeof *view);
    free(view);
}

enum err shut_view_read(struct shut_view *v, uint64_t at, void *to, size_t n, size_t *out_n,
                        struct fault *fault)
{
    const struct opening opening = {v->sealed, v->plain, &v->opened, &v->plain_n};
    return read_stretch(v->file, &opening, &(struct stretch){at, to, n}, out_n, fault);
}
