/* SPDX-License-Identifier: Apache-2.0 */
#include "app/key_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"

enum {
    HEAD = 4 + 1 + 1 + KEY_FILE_MASTER,
    ONE = 4 + 5 + SHA256_BYTES,
    FORM = 1,
    PATH_BYTES = 4096,
};
static const uint8_t magic_old[4] = {'T', 'G', 'K', 'Y'}, magic[4] = {'T', 'G', 'K', 'R'};
_Static_assert((int)KEY_FILE_MOST ==
                   (int)HEAD + (int)PEOPLE_KEYS_MAX * (int)ONE + (int)SHA256_BYTES,
               "the layout that key_file.h tells");

const uint8_t *people_key(const struct people_keys *keys, uint32_t number)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (keys->number[i] == number)
            return keys->key[i];
    return NULL;
}

bool people_keys_use(struct people_keys *keys, uint32_t number)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (keys->number[i] == number) {
            keys->use = i;
            return true;
        }
    return false;
}

/* ---- bytes ---- */

static enum err decode_old(struct str bytes, struct key_file *out, struct fault *fault)
{
    if (bytes.n != KEY_FILE_OLD)
        return fault_set(fault, ERR_STORE_KEY,
                         "it has %zu bytes instead of %d: it was cut or "
                         "something was written to its end",
                         bytes.n, KEY_FILE_OLD);
    *out = (struct key_file){.seal = {.count = 1, .number = {1}}};
    memcpy(out->master, bytes.p + 4, KEY_FILE_MASTER);
    sha256_hmac(out->master, "people 1", 8, out->seal.key[0]);
    return ERR_OK;
}

static enum err decode_keys(struct rd *r, struct key_file *out, struct fault *fault)
{
    for (unsigned i = 0; i < out->seal.count; i++) {
        out->seal.number[i] = (uint32_t)rd_uint(r, 4);
        out->made_s[i] = (int64_t)rd_uint(r, 5);
        memcpy(out->seal.key[i], rd_bytes(r, SHA256_BYTES), SHA256_BYTES);
        if (out->seal.number[i] <= (i ? out->seal.number[i - 1] : 0))
            return fault_set(fault, ERR_STORE_KEY, "its keys are out of order");
    }
    return ERR_OK;
}

static enum err decode_ring(struct str bytes, struct key_file *out, struct fault *fault)
{
    struct rd r = rd_of(bytes.p, bytes.n);
    uint8_t sum[SHA256_BYTES];
    if (bytes.n < HEAD + ONE + SHA256_BYTES)
        return fault_set(fault, ERR_STORE_KEY, "it was cut: %zu bytes are too few", bytes.n);
    rd_bytes(&r, sizeof magic);
    uint64_t form = rd_uint(&r, 1), count = rd_uint(&r, 1);
    if (form != FORM)
        return fault_set(fault, ERR_STORE_KEY, "its form %u is of a newer program", (unsigned)form);
    size_t want = HEAD + (size_t)count * ONE + SHA256_BYTES;
    if (count >= 1 && count <= PEOPLE_KEYS_MAX && bytes.n != want)
        return fault_set(fault, ERR_STORE_KEY,
                         "it has %zu bytes instead of %zu: it was cut or "
                         "something was written to its end",
                         bytes.n, want);
    sha256_once(bytes.p, bytes.n - SHA256_BYTES, sum);
    if (count < 1 || count > PEOPLE_KEYS_MAX ||
        memcmp(sum, bytes.p + bytes.n - SHA256_BYTES, SHA256_BYTES) != 0)
        return fault_set(fault, ERR_STORE_KEY, "its checksum does not fit: it was damaged");
    *out = (struct key_file){.seal.count = (unsigned)count};
    memcpy(out->master, rd_bytes(&r, KEY_FILE_MASTER), KEY_FILE_MASTER);
    return decode_keys(&r, out, fault);
}

enum err key_file_decode(struct str bytes, struct key_file *out, struct fault *fault)
{
    struct key_file file;
    enum err err;
    if (bytes.n >= 4 && memcmp(bytes.p, magic_old, sizeof magic_old) == 0)
        err = decode_old(bytes, &file, fault);
    else if (bytes.n >= 4 && memcmp(bytes.p, magic, sizeof magic) == 0)
        err = decode_ring(bytes, &file, fault);
    else
        return fault_set(fault, ERR_STORE_KEY, "it is not a register's key file");
    if (!err)
        *out = file;
    sodium_memzero(&file, sizeof file);
    return err;
}

void key_file_encode(const struct key_file *file, struct buf *out)
{
    assert(file->seal.count >= 1 && file->seal.count <= PEOPLE_KEYS_MAX);
    size_t from = out->n;
    uint8_t sum[SHA256_BYTES];
    buf_put(out, magic, sizeof magic);
    buf_uint(out, FORM, 1);
    buf_uint(out, file->seal.count, 1);
    buf_put(out, file->master, KEY_FILE_MASTER);
    for (unsigned i = 0; i < file->seal.count; i++) {
        buf_uint(out, file->seal.number[i], 4);
        buf_uint(out, (uint64_t)file->made_s[i], 5);
        buf_put(out, file->seal.key[i], SHA256_BYTES);
    }
    if (out->failed)
        return;
    sha256_once(out->p + from, out->n - from, sum);
    buf_put(out, sum, sizeof sum);
}

/* ---- reading ---- */

static struct key_stamp stamp(const struct stat *st)
{
    return (struct key_stamp){.device = st->st_dev,
                              .inode = st->st_ino,
                              .bytes = st->st_size,
                              .written_ns = st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
                              .changed_ns = st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec};
}

bool key_stamp_of(const char *path, struct key_stamp *out)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    *out = stamp(&st);
    return true;
}

bool key_stamp_same(const struct key_stamp *a, const struct key_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
           a->written_ns == b->written_ns && a->changed_ns == b->changed_ns;
}

/* *out_n: bytes of the file; one more than there may be: it is longer. */
static enum err read_bytes(const char *path, uint8_t out[KEY_FILE_MOST + 1], size_t *out_n,
                           struct stat *st, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, ERR_STORE_KEY, "cannot open the register's key file %s: %s", path,
                         strerror(errno));
    ssize_t n = fstat(fd, st) == 0 ? read(fd, out, KEY_FILE_MOST + 1) : -1;
    close(fd);
    if (n < 0 || !S_ISREG(st->st_mode))
        return fault_set(fault, ERR_STORE_KEY, "cannot read the register's key file %s", path);
    if (st->st_mode & 077)
        return fault_set(fault, ERR_STORE_KEY,
                         "the key file %s is open to others: chmod 600 and ask who read it", path);
    *out_n = (size_t)n;
    return ERR_OK;
}

static enum err decode_of(const char *path, struct str bytes, struct key_file *out,
                          struct fault *fault)
{
    struct fault why = {0};
    enum err err = key_file_decode(bytes, out, &why);
    return err ? fault_set(fault, err, "the key file %s: %s", path, why.detail) : ERR_OK;
}

enum err key_file_read(const char *path, struct key_file *out, struct key_stamp *out_stamp,
                       struct fault *fault)
{
    uint8_t bytes[KEY_FILE_MOST + 1];
    struct stat st;
    size_t n = 0;
    enum err err = read_bytes(path, bytes, &n, &st, fault);
    if (!err)
        err = decode_of(path, (struct str){(const char *)bytes, n}, out, fault);
    sodium_memzero(bytes, sizeof bytes);
    if (!err && out_stamp)
        *out_stamp = stamp(&st);
    return err;
}

/* ---- writing ---- */

static enum err cannot_write(const char *path, int failed, struct fault *fault)
{
    return fault_set(fault, failed == ENOSPC ? ERR_STORE_FULL : ERR_STORE_KEY,
                     "cannot write the key file %s: %s", path, strerror(failed));
}

/* The bytes, synced, in a draft beside it (0600); false: errno, and there is no draft. */
static bool write_draft(const char *path, struct str bytes, const struct stat *owner,
                        char draft[PATH_BYTES])
{
    errno = ENAMETOOLONG;
    if (snprintf(draft, PATH_BYTES, "%s.XXXXXX", path) >= PATH_BYTES)
        return false;
    int fd = mkostemp(draft, O_CLOEXEC);
    if (fd < 0)
        return false;
    errno = ENOSPC; /* what a short write means */
    bool ok = write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && fsync(fd) == 0 &&
              (!owner || fchown(fd, owner->st_uid, owner->st_gid) == 0);
    int failed = errno;
    close(fd);
    if (!ok)
        unlink(draft);
    errno = failed;
    return ok;
}

/* Linked: nobody sees half a key, and the first of two processes that make the register at once makes the key of
 * both. The name is synced, too: a register without its key names nobody. */
static enum err write_new(const char *path, struct str bytes, struct fault *fault)
{
    char draft[PATH_BYTES];
    file_make_directory(path);
    if (!write_draft(path, bytes, NULL, draft))
        return cannot_write(path, errno, fault);
    bool ok = link(draft, path) == 0 || errno == EEXIST;
    int failed = errno;
    unlink(draft);
    if (ok && !file_sync_directory(path)) {
        ok = false;
        failed = errno;
    }
    return ok ? ERR_OK : cannot_write(path, failed, fault);
}

enum err key_file_make(const char *path, struct fault *fault)
{
    uint8_t bytes[KEY_FILE_OLD];
    if (access(path, F_OK) == 0)
        return ERR_OK;
    memcpy(bytes, magic_old, sizeof magic_old);
    randombytes_buf(bytes + sizeof magic_old, KEY_FILE_MASTER);
    enum err err = write_new(path, (struct str){(const char *)bytes, sizeof bytes}, fault);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}

enum err key_file_copy(const char *from, const char *to, struct fault *fault)
{
    uint8_t bytes[KEY_FILE_MOST + 1], there[KEY_FILE_MOST + 1];
    struct key_file file;
    struct stat st;
    size_t n = 0, there_n = 0;
    enum err err = read_bytes(from, bytes, &n, &st, fault);
    if (!err)
        err = decode_of(from, (struct str){(const char *)bytes, n}, &file, fault);
    if (!err)
        err = write_new(to, (struct str){(const char *)bytes, n}, fault);
    if (!err)
        err = read_bytes(to, there, &there_n, &st, fault);
    if (!err && (n != there_n || sodium_memcmp(bytes, there, n) != 0))
        err = fault_set(fault, ERR_STORE_KEY, "%s is another register's key, or holds other keys",
                        to);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(there, sizeof there);
    sodium_memzero(&file, sizeof file);
    return err;
}

enum err key_file_replace(const char *path, const struct key_file *file, struct fault *fault)
{
    char draft[PATH_BYTES];
    struct buf bytes = {0};
    struct stat st;
    if (stat(path, &st) != 0)
        return cannot_write(path, errno, fault);
    if (!buf_reserve(&bytes, KEY_FILE_MOST)) /* so that no copy of it is left on the heap */
        return fault_set(fault, ERR_MEMORY, "%s", path);
    key_file_encode(file, &bytes);
    bool ok = write_draft(path, (struct str){(const char *)bytes.p, bytes.n}, &st, draft);
    int failed = errno;
    if (ok && rename(draft, path) != 0) {
        ok = false;
        failed = errno;
        unlink(draft);
    }
    if (ok && !file_sync_directory(path)) {
        ok = false;
        failed = errno;
    }
    sodium_memzero(bytes.p, bytes.n);
    buf_release(&bytes);
    return ok ? ERR_OK : cannot_write(path, failed, fault);
}

enum err key_file_hold(const char *path, int *out_hold, struct fault *fault)
{
    struct stat held, named;
    for (;;) { /* whoever had it before may have put another in its place */
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        int r = -1;
        while (fd >= 0 && (r = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
            ;
        if (r != 0 || fstat(fd, &held) != 0 || stat(path, &named) != 0) {
            int failed = errno;
            if (fd >= 0)
                close(fd);
            return cannot_write(path, failed, fault);
        }
        if (held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
            *out_hold = fd;
            return ERR_OK;
        }
        close(fd);
    }
}
