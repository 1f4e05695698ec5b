/* SPDX-License-Identifier: Apache-2.0 */
#include "held/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"

enum { FULL = 1 << 16, MODE = 0600 };

static enum err refuse(struct fault *fault, const char *path, const char *why)
{
    return fault_set(fault, ERR_FILE_WRITE, "%s: %s", path, why);
}

/* The directory of the path, "." for none. */
static void directory_of(const char *path, char out[4096])
{
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(out, 4096, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    else
        snprintf(out, 4096, ".");
}

enum err out_open(struct out *out, const char *path, struct fault *fault)
{
    char directory[4096];
    struct stat there;
    *out = (struct out){.fd = -1, .path = path};
    if (!*path || strlen(path) >= sizeof out->beside - 32)
        return refuse(fault, path, "is no name for a file");
    if (lstat(path, &there) == 0)
        return refuse(fault, path, "stands there already, and is not written over");
    directory_of(path, directory);
    out->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, MODE);
    if (out->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        snprintf(out->beside, sizeof out->beside, "%s.%08x", path, randombytes_random());
        out->fd = open(out->beside, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, MODE);
        if (out->fd < 0)
            out->beside[0] = '\0';
    }
    if (out->fd < 0 || fchmod(out->fd, MODE) != 0)
        return refuse(fault, path, strerror(errno));
    out->sha = sha256_new();
    if (!out->sha)
        return ERR_MEMORY;
    sha256_begin(out->sha);
    return ERR_OK;
}

static void drain(struct out *out)
{
    size_t at = 0;
    while (!out->err && at < out->buf.n) {
        ssize_t n = write(out->fd, out->buf.p + at, out->buf.n - at);
        if (n < 0 && errno != EINTR) {
            out->err = ERR_FILE_WRITE;
            out->why = errno;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    if (!out->err)
        sha256_add(out->sha, out->buf.p, out->buf.n);
    out->bytes += out->buf.n;
    sodium_memzero(out->buf.p, out->buf.n);
    buf_clear(&out->buf);
}

static int take(const char *text, size_t n, void *ctx)
{
    struct out *out = ctx;
    buf_put(&out->buf, text, n);
    if (out->buf.failed)
        out->err = ERR_MEMORY;
    if (!out->err && out->buf.n >= FULL)
        drain(out);
    return out->err ? -1 : 0;
}

void out_text(struct out *out, const char *text)
{
    if (!out->err)
        (void)take(text, strlen(text), out);
}

void out_json(struct out *out, json_t *value)
{
    if (!value && !out->err)
        out->err = ERR_MEMORY;
    if (!out->err &&
        json_dump_callback(value, take, out, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) !=
            0 &&
        !out->err)
        out->err = ERR_MEMORY;
    json_decref(value);
}

enum err out_whole(struct out *out, uint8_t sha256[SHA256_BYTES], struct fault *fault)
{
    if (!out->err && out->buf.n)
        drain(out);
    if (!out->err && fsync(out->fd) != 0) {
        out->err = ERR_FILE_WRITE;
        out->why = errno;
    }
    if (out->err == ERR_FILE_WRITE)
        return refuse(fault, out->path, strerror(out->why));
    if (!out->err)
        sha256_end(out->sha, sha256);
    return out->err;
}

enum err out_publish(struct out *out, struct fault *fault)
{
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", out->fd);
    int flags = *out->beside ? 0 : AT_SYMLINK_FOLLOW;
    if (linkat(AT_FDCWD, *out->beside ? out->beside : from, AT_FDCWD, out->path, flags) != 0)
        return refuse(fault, out->path,
                      errno == EEXIST ? "stands there already, and is not written over"
                                      : strerror(errno));
    return file_sync_directory(out->path) ? ERR_OK : refuse(fault, out->path, strerror(errno));
}

void out_close(struct out *out)
{
    if (*out->beside)
        (void)unlink(out->beside);
    if (out->fd >= 0)
        close(out->fd);
    if (out->buf.p)
        sodium_memzero(out->buf.p, out->buf.size);
    buf_release(&out->buf);
    sha256_free(out->sha);
    *out = (struct out){.fd = -1};
}
