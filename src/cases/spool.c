/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/file.h"

enum {
    HEAD = 64,
    VERSION = 1,
    PIECE = 1 << 18, /* plain bytes of a piece, at most */
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PIECE_HEAD = 4 + NONCE,
    PATH_BYTES = 320,
};
static const uint8_t magic[4] = {'T', 'G', 'S', 'P'};

struct head {
    uint32_t key_number;
    uint64_t id;
    uint64_t plain;    /* committed */
    uint64_t physical; /* committed bytes of the file, this head among them */
};

static void path_of(const struct spool *spool, uint64_t id, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%016llx.part", spool->dir, (unsigned long long)id);
}

static void draft_of(const struct spool *spool, uint64_t id, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%016llx.new", spool->dir, (unsigned long long)id);
}

static enum err write_failed(struct fault *fault)
{
    int why = errno;
    return fault_set(fault, why == ENOSPC || why == EDQUOT ? ERR_STORE_FULL : ERR_FILE_WRITE,
                     "the spool cannot be written: %s", strerror(why));
}

enum err spool_init(struct spool *out, const char *dir, struct fault *fault)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (!n || n >= sizeof out->dir)
        return fault_set(fault, ERR_TOO_LONG, "spool: a directory of at most %zu bytes",
                         sizeof out->dir - 1);
    str_copy(out->dir, sizeof out->dir, (struct str){dir, n});
    out->keys = NULL;
    file_make_directory(out->dir);
    if (mkdir(out->dir, 0700) != 0 && errno != EEXIST)
        return fault_set(fault, ERR_FILE_WRITE, "the spool %s cannot be made: %s", out->dir,
                         strerror(errno));
    return ERR_OK;
}

/* ---- the head ---- */

static void put_head(const struct head *h, uint8_t out[HEAD])
{
    memset(out, 0, HEAD);
    memcpy(out, magic, sizeof magic);
    out[4] = VERSION;
    put_be(out + 5, h->key_number, 4);
    put_be(out + 9, h->id, 8);
    put_be(out + 17, h->plain, 8);
    put_be(out + 25, h->physical, 8);
}

static bool write_at(int fd, const void *bytes, size_t n, uint64_t at)
{
    const char *p = bytes;
    while (n) {
        ssize_t w = pwrite(fd, p, n, (off_t)at);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return false;
        p += w;
        at += (uint64_t)w;
        n -= (size_t)w;
    }
    return true;
}

static bool write_head(int fd, const struct head *h)
{
    uint8_t bytes[HEAD];
    put_head(h, bytes);
    return write_at(fd, bytes, sizeof bytes, 0) && fdatasync(fd) == 0;
}

static enum err read_head(int fd, uint64_t id, struct head *out, struct fault *fault)
{
    uint8_t b[HEAD];
    struct stat st;
    if (fstat(fd, &st) != 0 || pread(fd, b, sizeof b, 0) != HEAD ||
        memcmp(b, magic, sizeof magic) != 0 || b[4] != VERSION)
        return fault_set(fault, ERR_CODEC, "a file of the spool is damaged");
    *out = (struct head){(uint32_t)get_be(b + 5, 4), get_be(b + 9, 8), get_be(b + 17, 8),
                         get_be(b + 25, 8)};
    bool good = out->id == id && out->physical >= HEAD && out->physical <= (uint64_t)st.st_size;
    return good ? ERR_OK : fault_set(fault, ERR_CODEC, "a file of the spool is damaged");
}

static enum err open_file(const struct spool *spool, uint64_t id, int flags, int *out,
                          struct head *head, struct fault *fault)
{
    char path[PATH_BYTES];
    path_of(spool, id, path);
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return fault_set(fault, ERR_NOT_FOUND, "no such upload");
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "the spool cannot be read: %s", strerror(errno));
    enum err err = read_head(fd, id, head, fault);
    if (err)
        close(fd);
    else
        *out = fd;
    return err;
}

/* ---- keys ---- */

static enum err key_of(const struct spool *spool, uint32_t number, uint64_t id,
                       uint8_t out[SHA256_BYTES], struct fault *fault)
{
    uint8_t text[5 + 8] = {'s', 'p', 'o', 'o', 'l'};
    put_be(text + 5, id, 8);
    const uint8_t *key = people_key(spool->keys, number);
    if (!key)
        return fault_set(fault, ERR_STORE_KEY,
                         "an upload is sealed under key %u, which the key file lacks: bring the "
                         "file of the machine on which that key was added (`tamga seal list`)",
                         number);
    sha256_hmac(key, text, sizeof text, out);
    return ERR_OK;
}

/* What a piece is bound to: which file, where in it. */
static void bind_piece(const struct head *h, uint64_t offset, uint8_t out[16])
{
    put_be(out, h->id, 8);
    put_be(out + 8, offset, 8);
}

/* The file's lock, and the file is still the one that stands: it was not sealed anew since it was opened. */
static bool hold(int fd)
{
    struct stat st;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* ---- making and growing ---- */

enum err spool_make(const struct spool *spool, uint64_t id, struct fault *fault)
{
    char path[PATH_BYTES];
    struct head head = {
        .key_number = spool->keys->number[spool->keys->use], .id = id, .physical = HEAD};
    path_of(spool, id, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return write_failed(fault);
    bool ok = write_head(fd, &head) && file_sync_directory(path);
    enum err err = ok ? ERR_OK : write_failed(fault);
    close(fd);
    if (err)
        unlink(path);
    return err;
}

enum err spool_size(const struct spool *spool, uint64_t id, uint64_t *out, struct fault *fault)
{
    int fd = -1;
    struct head head;
    enum err err = open_file(spool, id, O_RDONLY, &fd, &head, fault);
    if (err)
        return err;
    close(fd);
    *out = head.plain;
    return ERR_OK;
}

/* Seals the bytes, piece by piece, behind the committed ones; head: as it stands then. */
static enum err write_pieces(int fd, struct head *head, const uint8_t key[SHA256_BYTES],
                             struct str bytes, struct fault *fault)
{
    uint8_t *piece = malloc(PIECE_HEAD + PIECE + TAG);
    enum err err = piece ? ERR_OK : fault_set(fault, ERR_MEMORY, "an upload");
    while (!err && bytes.n) {
        size_t n = bytes.n < PIECE ? bytes.n : PIECE;
        uint8_t bound[16];
        bind_piece(head, head->plain, bound);
        put_be(piece, n, 4);
        randombytes_buf(piece + 4, NONCE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(piece + PIECE_HEAD, NULL,
                                                   (const uint8_t *)bytes.p, n, bound, sizeof bound,
                                                   NULL, piece + 4, key);
        if (!write_at(fd, piece, PIECE_HEAD + n + TAG, head->physical))
            err = write_failed(fault);
        head->physical += PIECE_HEAD + n + TAG;
        head->plain += n;
        bytes = (struct str){bytes.p + n, bytes.n - n};
    }
    free(piece);
    if (!err && fdatasync(fd) != 0)
        err = write_failed(fault);
    return err;
}

enum err spool_append(const struct spool *spool, uint64_t id, uint64_t offset, struct str bytes,
                      uint64_t *out_size, struct fault *fault)
{
    int fd = -1;
    struct head head;
    uint8_t key[SHA256_BYTES];
    enum err err = open_file(spool, id, O_RDWR, &fd, &head, fault);
    if (err)
        return err;
    bool mine = hold(fd);
    if (mine)
        err = read_head(fd, id, &head, fault); /* as whoever had the lock before left it */
    *out_size = head.plain;
    if (!err && (!mine || head.plain != offset))
        err = fault_set(fault, ERR_OFFSET, "%llu bytes stand", (unsigned long long)head.plain);
    if (!err)
        err = key_of(spool, head.key_number, id, key, fault);
    if (!err)
        err = write_pieces(fd, &head, key, bytes, fault);
    if (!err && !write_head(fd, &head))
        err = write_failed(fault);
    if (!err)
        *out_size = head.plain;
    sodium_memzero(key, sizeof key);
    close(fd);
    return err;
}

void spool_drop(const struct spool *spool, uint64_t id)
{
    char path[PATH_BYTES];
    path_of(spool, id, path);
    unlink(path);
    draft_of(spool, id, path);
    unlink(path);
}

int64_t spool_age_s(const struct spool *spool, uint64_t id)
{
    char path[PATH_BYTES];
    struct stat st;
    path_of(spool, id, path);
    /* By the machine's own clock, as the file's time is: not by one that is held for a drill. */
    return stat(path, &st) == 0 ? clock_now_us(&clock_system) / 1000000 - st.st_mtime : 0;
}

uint64_t spool_free_bytes(const struct spool *spool)
{
    struct statvfs fs;
    return statvfs(spool->dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : 0;
}

void spool_each(const struct spool *spool, bool (*fn)(void *ctx, uint64_t id), void *ctx)
{
    DIR *dir = opendir(spool->dir);
    if (!dir)
        return;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char *end;
        unsigned long long id = strtoull(e->d_name, &end, 16);
        if (end == e->d_name + 16 && strcmp(end, ".part") == 0 && !fn(ctx, id))
            break;
    }
    closedir(dir);
}

/* ---- reading ---- */

struct spool_reader {
    struct source_reader source;
    int fd;
    struct head head;
    uint8_t key[SHA256_BYTES];
    uint64_t plain, physical; /* read so far */
    uint8_t sealed[PIECE_HEAD + PIECE + TAG];
    uint8_t piece[PIECE];
    size_t n, used; /* of the piece at hand */
};

static enum err next_piece(struct spool_reader *r, struct fault *fault)
{
    uint8_t bound[16];
    uint64_t left = r->head.physical - r->physical;
    size_t want = left < sizeof r->sealed ? (size_t)left : sizeof r->sealed, got = 0;
    while (got < want) {
        ssize_t n = pread(r->fd, r->sealed + got, want - got, (off_t)(r->physical + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault_set(fault, ERR_FILE_READ, "the spool cannot be read");
        got += (size_t)n;
    }
    size_t n = got > PIECE_HEAD ? (size_t)get_be(r->sealed, 4) : 0;
    bind_piece(&r->head, r->plain, bound);
    if (!n || n > PIECE || PIECE_HEAD + n + TAG > got ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(r->piece, NULL, NULL, r->sealed + PIECE_HEAD,
                                                   n + TAG, bound, sizeof bound, r->sealed + 4,
                                                   r->key) != 0)
        return fault_set(fault, ERR_CODEC, "a piece of an upload is damaged");
    r->n = n;
    r->used = 0;
    r->plain += n;
    r->physical += PIECE_HEAD + n + TAG;
    return ERR_OK;
}

static enum err read_some(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct spool_reader *r = ctx;
    uint8_t *p = to;
    size_t got = 0;
    enum err err = ERR_OK;
    while (!err && got < n) {
        if (r->used == r->n) {
            if (r->plain == r->head.plain)
                break;
            err = next_piece(r, fault);
            continue;
        }
        size_t take = r->n - r->used < n - got ? r->n - r->used : n - got;
        memcpy(p + got, r->piece + r->used, take);
        r->used += take;
        got += take;
    }
    *out_n = got;
    return err;
}

enum err spool_read(const struct spool *spool, uint64_t id, struct spool_reader **out,
                    const struct source_reader **out_source, struct fault *fault)
{
    struct spool_reader *r = calloc(1, sizeof *r);
    if (!r)
        return fault_set(fault, ERR_MEMORY, "an upload");
    r->fd = -1;
    r->physical = HEAD;
    enum err err = open_file(spool, id, O_RDONLY, &r->fd, &r->head, fault);
    if (!err && !hold(r->fd))
        err = fault_set(fault, ERR_STORE_BUSY, "another process reads this upload");
    if (!err)
        err = key_of(spool, r->head.key_number, id, r->key, fault);
    if (err) {
        spool_read_end(r);
        return err;
    }
    r->source = (struct source_reader){read_some, r, "", r->head.plain};
    *out = r;
    *out_source = &r->source;
    return ERR_OK;
}

void spool_read_end(struct spool_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    sodium_memzero(r, sizeof *r);
    free(r);
}

/* ---- another key ---- */

enum err spool_number(const struct spool *spool, uint64_t id, uint32_t *out, struct fault *fault)
{
    int fd = -1;
    struct head head;
    enum err err = open_file(spool, id, O_RDONLY, &fd, &head, fault);
    if (err)
        return err;
    close(fd);
    *out = head.key_number;
    return ERR_OK;
}

/* All that is committed, under the key of *head, into the draft. */
static enum err copy_pieces(const struct spool *spool, const struct source_reader *source, int fd,
                            struct head *head, struct fault *fault)
{
    enum { AT_ONCE = 16 * PIECE };
    uint8_t key[SHA256_BYTES];
    char *bytes = malloc(AT_ONCE);
    size_t n = 1;
    enum err err = bytes ? ERR_OK : fault_set(fault, ERR_MEMORY, "an upload");
    if (!err)
        err = key_of(spool, head->key_number, head->id, key, fault);
    while (!err && n) {
        err = source->read(source->ctx, bytes, AT_ONCE, &n, fault);
        if (!err && n)
            err = write_pieces(fd, head, key, (struct str){bytes, n}, fault);
    }
    if (!err && !write_head(fd, head))
        err = write_failed(fault);
    if (bytes)
        sodium_memzero(bytes, AT_ONCE);
    free(bytes);
    sodium_memzero(key, sizeof key);
    return err;
}

enum err spool_renew(const struct spool *spool, uint64_t id, struct fault *fault)
{
    char path[PATH_BYTES], draft[PATH_BYTES];
    struct spool_reader *reader = NULL;
    const struct source_reader *source = NULL;
    struct head head = {
        .key_number = spool->keys->number[spool->keys->use], .id = id, .physical = HEAD};
    uint32_t number = 0;
    enum err err = spool_number(spool, id, &number, fault);
    if (err || number == head.key_number)
        return err;
    err = spool_read(spool, id, &reader, &source, fault); /* nobody else reads or appends */
    if (err)
        return err;
    path_of(spool, id, path);
    draft_of(spool, id, draft);
    int fd = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    err = fd >= 0 ? copy_pieces(spool, source, fd, &head, fault) : write_failed(fault);
    if (!err && (rename(draft, path) != 0 || !file_sync_directory(path)))
        err = write_failed(fault);
    if (fd >= 0)
        close(fd);
    if (err)
        unlink(draft);
    spool_read_end(reader);
    return err;
}
