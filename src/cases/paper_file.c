/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/paper_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/limits.h"

enum {
    PIECE = 64 << 10,
    MORE = crypto_secretstream_xchacha20poly1305_ABYTES,
    STREAM_HEAD = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    HEAD = 4 + 4, /* magic, key number */
    FILE_MOST = LIMIT_PAPER_BYTES + HEAD + STREAM_HEAD + (LIMIT_PAPER_BYTES / PIECE + 1) * MORE,
    NAME_TEXT = 3 + 2 * PAPER_FILE_NAME, /* "ab/cdef…", NUL */
};
_Static_assert(SHA256_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "one key");
static const char magic[4] = {'T', 'G', 'P', '1'};
static const char draft_mark[] = ".new";

struct paper_files {
    int dir;
};

enum err paper_files_open(const char *dir, struct paper_files **out, struct fault *fault)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", dir, strerror(errno));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", dir, strerror(errno));
    struct paper_files *files = malloc(sizeof *files);
    if (!files) {
        close(fd);
        return ERR_MEMORY;
    }
    files->dir = fd;
    *out = files;
    return ERR_OK;
}

void paper_files_close(struct paper_files *files)
{
    if (files)
        close(files->dir);
    free(files);
}

bool paper_files_hold(const struct paper_files *files, bool alone, int *out_hold)
{
    int fd = openat(files->dir, ".hold", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int r = -1;
    while (fd >= 0 && (r = flock(fd, alone ? LOCK_EX | LOCK_NB : LOCK_SH)) != 0 && errno == EINTR)
        ;
    if (r != 0 && fd >= 0)
        close(fd);
    *out_hold = r == 0 ? fd : -1;
    return r == 0;
}

void paper_files_let_go(int hold)
{
    if (hold >= 0)
        close(hold);
}

/* ---- names ---- */

void paper_file_name(const struct register_keys *keys, const uint8_t sha[SHA256_BYTES],
                     uint8_t out[PAPER_FILE_NAME])
{
    sha256_hmac(keys->paper, sha, SHA256_BYTES, out);
}

static void name_text(const uint8_t name[PAPER_FILE_NAME], char out[NAME_TEXT])
{
    char hex[2 * SHA256_BYTES + 1];
    sha256_hex(name, hex);
    snprintf(out, NAME_TEXT, "%.2s/%s", hex, hex + 2);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool name_read(uint8_t first, const char *text, uint8_t out[PAPER_FILE_NAME])
{
    bool good = strlen(text) == 2 * (PAPER_FILE_NAME - 1);
    out[0] = first;
    for (size_t i = 1; good && i < PAPER_FILE_NAME; i++) {
        int high = digit(text[2 * i - 2]), low = digit(text[2 * i - 1]);
        good = high >= 0 && low >= 0;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return good;
}

/* ---- sealing ---- */

/* A key of the ring is for records; that of files is made of it. */
static void stream_key(const uint8_t key[SHA256_BYTES], uint8_t out[SHA256_BYTES])
{
    sha256_hmac(key, "paper", 5, out);
}

static void bind(const uint8_t *head, const uint8_t name[PAPER_FILE_NAME],
                 uint8_t out[HEAD + PAPER_FILE_NAME])
{
    memcpy(out, head, HEAD);
    memcpy(out + HEAD, name, PAPER_FILE_NAME);
}

static enum err seal(const struct people_keys *keys, const uint8_t name[PAPER_FILE_NAME],
                     struct str plain, struct buf *out)
{
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t key[SHA256_BYTES], ad[HEAD + PAPER_FILE_NAME];
    size_t pieces = plain.n / PIECE + 1; /* the last may be empty */
    if (!buf_reserve(out, HEAD + STREAM_HEAD + plain.n + pieces * MORE))
        return ERR_MEMORY;
    buf_put(out, magic, sizeof magic);
    buf_uint(out, keys->number[keys->use], 4);
    bind(out->p, name, ad);
    stream_key(keys->key[keys->use], key);
    crypto_secretstream_xchacha20poly1305_init_push(&stream, out->p + out->n, key);
    out->n += STREAM_HEAD;
    for (size_t i = 0; i < pieces; i++) {
        bool last = i + 1 == pieces;
        size_t n = last ? plain.n - i * PIECE : PIECE;
        crypto_secretstream_xchacha20poly1305_push(
            &stream, out->p + out->n, NULL, (const uint8_t *)plain.p + i * PIECE, n, i ? NULL : ad,
            i ? 0 : sizeof ad,
            last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
        out->n += n + MORE;
    }
    sodium_memzero(key, sizeof key);
    sodium_memzero(&stream, sizeof stream);
    return ERR_OK;
}

static enum err open_pieces(crypto_secretstream_xchacha20poly1305_state *stream, struct rd *r,
                            const uint8_t *ad, size_t ad_n, struct buf *out)
{
    uint8_t tag = 0;
    do {
        size_t n = rd_left(r) < PIECE + MORE ? rd_left(r) : PIECE + MORE;
        const uint8_t *sealed = rd_bytes(r, n);
        if (n < MORE || !sealed || !buf_reserve(out, n))
            return out->failed ? ERR_MEMORY : ERR_CODEC;
        if (crypto_secretstream_xchacha20poly1305_pull(stream, out->p + out->n, NULL, &tag, sealed,
                                                       n, ad, ad_n) != 0)
            return ERR_CODEC;
        out->n += n - MORE;
        ad_n = 0;
    } while (tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    return rd_left(r) ? ERR_CODEC : ERR_OK;
}

static enum err unseal(const struct people_keys *keys, const uint8_t name[PAPER_FILE_NAME],
                       struct str sealed, struct buf *out, struct fault *fault)
{
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t key[SHA256_BYTES], ad[HEAD + PAPER_FILE_NAME];
    size_t before = out->n;
    struct rd r = rd_of(sealed.p, sealed.n);
    const uint8_t *head = rd_bytes(&r, HEAD), *start = rd_bytes(&r, STREAM_HEAD);
    if (!head || !start || memcmp(head, magic, sizeof magic) != 0)
        return fault_set(fault, ERR_CODEC, "a paper's file is damaged");
    uint32_t number = (uint32_t)get_be(head + 4, 4);
    const uint8_t *ring = people_key(keys, number);
    if (!ring)
        return fault_set(
            fault, ERR_STORE_KEY,
            "a paper is sealed under key %u, which the key file lacks: bring the file of "
            "the machine on which that key was added (`tamga seal list`)",
            number);
    bind(head, name, ad);
    stream_key(ring, key);
    enum err err = crypto_secretstream_xchacha20poly1305_init_pull(&stream, start, key) == 0
                       ? open_pieces(&stream, &r, ad, sizeof ad, out)
                       : ERR_CODEC;
    sodium_memzero(key, sizeof key);
    sodium_memzero(&stream, sizeof stream);
    if (err)
        out->n = before;
    return err ? fault_set(fault, err, "a paper's file is damaged, or another's") : ERR_OK;
}

/* ---- files ---- */

static enum err cannot_write(int failed, struct fault *fault)
{
    bool full = failed == ENOSPC || failed == EDQUOT;
    return fault_set(fault, full ? ERR_STORE_FULL : ERR_FILE_WRITE, "a paper cannot be written: %s",
                     strerror(failed));
}

static bool write_all(int fd, const struct buf *b)
{
    size_t done = 0;
    while (done < b->n) {
        ssize_t n = write(fd, b->p + done, b->n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

/* The directory in which the file stands; -1: errno. */
static int open_folder(const struct paper_files *files, const char *path, bool make)
{
    const char folder[3] = {path[0], path[1], '\0'};
    int fd = openat(files->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat(files->dir, folder, 0700) != 0 && errno != EEXIST)
        return -1;
    if (fsync(files->dir) != 0)
        return -1;
    return openat(files->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Whole and durable under its name, or not there. */
static enum err place(const struct paper_files *files, const char *path, const struct buf *sealed,
                      struct fault *fault)
{
    char draft[64];
    uint8_t random[8];
    randombytes_buf(random, sizeof random);
    snprintf(draft, sizeof draft, "%s%016llx", draft_mark,
             (unsigned long long)get_be(random, sizeof random));
    int folder = open_folder(files, path, true);
    if (folder < 0)
        return cannot_write(errno, fault);
    int fd = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, sealed);
    int failed = errno;
    if (fd >= 0 && close(fd) != 0 && good) {
        good = false;
        failed = errno;
    }
    if (good && renameat(folder, draft, folder, path + 3) != 0) {
        good = false;
        failed = errno;
    }
    if (!good && fd >= 0)
        (void)unlinkat(folder, draft, 0);
    if (good && fsync(folder) != 0) {
        good = false;
        failed = errno;
    }
    close(folder);
    return good ? ERR_OK : cannot_write(failed, fault);
}

static enum err put(const struct paper_files *files, const struct people_keys *keys,
                    const uint8_t name[PAPER_FILE_NAME], struct str bytes, struct fault *fault)
{
    char path[NAME_TEXT];
    struct buf sealed = {0};
    name_text(name, path);
    enum err err = seal(keys, name, bytes, &sealed);
    if (!err)
        err = place(files, path, &sealed, fault);
    buf_release(&sealed);
    return err;
}

enum err paper_file_put(const struct paper_files *files, const struct people_keys *keys,
                        const uint8_t name[PAPER_FILE_NAME], struct str bytes, struct fault *fault)
{
    char path[NAME_TEXT];
    name_text(name, path);
    if (faccessat(files->dir, path, F_OK, 0) == 0)
        return ERR_OK;
    return put(files, keys, name, bytes, fault);
}

static int open_file(const struct paper_files *files, const uint8_t name[PAPER_FILE_NAME])
{
    char path[NAME_TEXT];
    name_text(name, path);
    return openat(files->dir, path, O_RDONLY | O_CLOEXEC);
}

static enum err read_all(int fd, struct buf *out, struct fault *fault)
{
    struct stat is;
    if (fstat(fd, &is) != 0 || is.st_size < 0 || is.st_size > FILE_MOST)
        return fault_set(fault, ERR_FILE_READ, "a paper's file is no file of ours");
    size_t left = (size_t)is.st_size;
    if (!buf_reserve(out, left + 1))
        return ERR_MEMORY;
    while (left) {
        ssize_t n = read(fd, out->p + out->n, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault_set(fault, ERR_FILE_READ, "a paper's file cannot be read");
        out->n += (size_t)n;
        left -= (size_t)n;
    }
    return ERR_OK;
}

enum err paper_file_get(const struct paper_files *files, const struct people_keys *keys,
                        const uint8_t name[PAPER_FILE_NAME], struct buf *out, struct fault *fault)
{
    struct buf sealed = {0};
    int fd = open_file(files, name);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "a paper's file: %s", strerror(errno));
    enum err err = read_all(fd, &sealed, fault);
    close(fd);
    if (!err)
        err = unseal(keys, name, (struct str){(const char *)sealed.p, sealed.n}, out, fault);
    buf_release(&sealed);
    return err;
}

uint32_t paper_file_number(const struct paper_files *files, const uint8_t name[PAPER_FILE_NAME])
{
    uint8_t head[HEAD];
    int fd = open_file(files, name);
    bool there = fd >= 0 && read(fd, head, sizeof head) == (ssize_t)sizeof head;
    if (fd >= 0)
        close(fd);
    return there ? (uint32_t)get_be(head + 4, 4) : 0;
}

bool paper_file_stale(const struct paper_files *files, const struct people_keys *keys,
                      const uint8_t name[PAPER_FILE_NAME])
{
    uint32_t number = paper_file_number(files, name);
    return number && number != keys->number[keys->use];
}

enum err paper_file_renew(const struct paper_files *files, const struct people_keys *keys,
                          const uint8_t name[PAPER_FILE_NAME], struct fault *fault)
{
    struct buf plain = {0};
    enum err err = paper_file_get(files, keys, name, &plain, fault);
    if (!err)
        err = put(files, keys, name, (struct str){(const char *)plain.p, plain.n}, fault);
    if (plain.p)
        sodium_memzero(plain.p, plain.n);
    buf_release(&plain);
    return err;
}

void paper_file_drop(const struct paper_files *files, const uint8_t name[PAPER_FILE_NAME])
{
    char path[NAME_TEXT];
    name_text(name, path);
    (void)unlinkat(files->dir, path, 0);
}

void paper_files_each(const struct paper_files *files, uint8_t first, paper_file_fn *fn, void *ctx)
{
    char folder[4];
    const struct dirent *entry;
    uint8_t name[PAPER_FILE_NAME];
    snprintf(folder, sizeof folder, "%02x", first);
    int fd = open_folder(files, folder, false);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !dir)
        close(fd);
    while (dir && (entry = readdir(dir))) {
        if (name_read(first, entry->d_name, name))
            fn(ctx, name);
        else if (str_starts(str_z(entry->d_name), str_z(draft_mark)))
            (void)unlinkat(fd, entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
}
