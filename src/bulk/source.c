/* SPDX-License-Identifier: Apache-2.0
 *
 * source - plain read(2) into the caller's memory, not mmap: a file that shrinks while it is read
 * is then a short file and not a SIGBUS, and a pipe is read by the same lines. */
#include "bulk/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"

enum { LOOK_MS = 200 /* at the stop, while nothing comes */ };

struct source {
    int fd;
    bool standard_input; /* not ours to close */
    uint64_t size;       /* as fstat said, 0 = unknown */
    uint64_t read;
    const struct source_reader *reader; /* NULL: fd is read */
    const atomic_int *stop;             /* NULL: none */
    struct sha256 *sha;
    char name[FAULT_FILE_MAX];
};

static const char *kind_name(mode_t mode)
{
    return S_ISDIR(mode) ? "a directory" : S_ISSOCK(mode) ? "a socket" : "a device";
}

/* Standard input may be a terminal or a socket, whatever the shell connected; a path may not. */
static bool kind_ok(mode_t mode, bool standard_input)
{
    if (S_ISREG(mode) || S_ISFIFO(mode))
        return true;
    return standard_input && (S_ISCHR(mode) || S_ISSOCK(mode));
}

static enum err check_stat(struct source *s, const struct stat *st, struct fault *fault)
{
    if (!kind_ok(st->st_mode, s->standard_input))
        return fault_set(fault, ERR_FILE_KIND, "it is %s; give a file, or - for standard input",
                         kind_name(st->st_mode));
    if (!S_ISREG(st->st_mode))
        return ERR_OK;
    s->size = (uint64_t)st->st_size;
    if (s->size > LIMIT_FILE_BYTES)
        return fault_set(fault, ERR_TOO_LONG, "the file is larger than %llu GiB; split it",
                         LIMIT_FILE_BYTES >> 30);
    return ERR_OK;
}

static enum err cannot_open(int why, struct fault *fault)
{
    if (why == EACCES || why == EPERM)
        return fault_set(fault, ERR_FILE_OPEN, "no permission to read it");
    if (why == ENOENT)
        return fault_set(fault, ERR_FILE_OPEN, "there is no such file");
    return fault_set(fault, ERR_FILE_OPEN, "cannot open it: %s", strerror(why));
}

/* A device is not even opened: that alone can move a tape or take a line. */
static enum err open_path(struct source *s, const char *path, struct fault *fault)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return cannot_open(errno, fault);
    enum err err = check_stat(s, &st, fault);
    if (err)
        return err;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        return cannot_open(errno, fault);
    return check_stat(s, &st, fault);
}

static enum err open_standard_input(struct source *s, struct fault *fault)
{
    struct stat st;
    s->fd = STDIN_FILENO;
    if (fstat(s->fd, &st) != 0)
        return cannot_open(errno, fault);
    return check_stat(s, &st, fault);
}

static enum err begin_hash(struct source *s, struct fault *fault)
{
    s->sha = sha256_new();
    if (!s->sha)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    sha256_begin(s->sha);
    return ERR_OK;
}

enum err source_open_reader(const struct source_reader *reader, bool hash, struct source **out,
                            struct fault *fault)
{
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    s->fd = -1;
    s->reader = reader;
    s->size = reader->size;
    str_copy(s->name, sizeof s->name, str_z(reader->name));
    enum err err = hash ? begin_hash(s, fault) : ERR_OK;
    if (err)
        source_close(s);
    else
        *out = s;
    return err;
}

enum err source_open(const char *path, bool hash, struct source **out, struct fault *fault)
{
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    s->fd = -1;
    s->standard_input = strcmp(path, "-") == 0;
    str_copy(s->name, sizeof s->name, str_z(s->standard_input ? "standard input" : path));
    enum err err = s->standard_input ? open_standard_input(s, fault) : open_path(s, path, fault);
    if (!err && hash)
        err = begin_hash(s, fault);
    if (err) {
        if (fault)
            str_copy(fault->file, sizeof fault->file, str_z(s->name));
        source_close(s);
        return err;
    }
    if (s->size)
        (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *out = s;
    return ERR_OK;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    if (s->fd >= 0 && !s->standard_input)
        close(s->fd);
    sha256_free(s->sha);
    free(s);
}

void source_stop(struct source *s, const atomic_int *stop)
{
    s->stop = stop;
}

/* Until there is something to read, or nothing more comes. */
static enum err await(const struct source *s, struct fault *fault)
{
    struct pollfd wait = {.fd = s->fd, .events = POLLIN};
    if (s->size || !s->stop)
        return ERR_OK;
    while (!*s->stop)
        if (poll(&wait, 1, LOOK_MS) > 0)
            return ERR_OK;
    return fault_set(fault, ERR_STOPPED, "nothing was loaded");
}

static enum err read_file(struct source *s, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    char *p = to;
    size_t got = 0;
    while (got < n) {
        enum err err = await(s, fault);
        if (err)
            return err;
        ssize_t r = read(s->fd, p + got, n - got);
        if (r == 0)
            break;
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return fault_set(fault, ERR_FILE_READ, "reading it failed: %s", strerror(errno));
        got += (size_t)r;
    }
    *out_n = got;
    return ERR_OK;
}

enum err source_read(struct source *s, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    size_t got = 0;
    enum err err = s->reader ? s->reader->read(s->reader->ctx, to, n, &got, fault)
                             : read_file(s, to, n, &got, fault);
    if (err)
        return err;
    s->read += got;
    if (s->read > LIMIT_FILE_BYTES)
        return fault_set(fault, ERR_TOO_LONG, "more than %llu GiB came in; split it",
                         LIMIT_FILE_BYTES >> 30);
    if (s->sha)
        sha256_add(s->sha, to, got);
    *out_n = got;
    return ERR_OK;
}

const char *source_name(const struct source *s)
{
    return s->name;
}

uint64_t source_size(const struct source *s)
{
    return s->size;
}

void source_hash(struct source *s, uint8_t out[SHA256_BYTES])
{
    sha256_end(s->sha, out);
}

enum err file_hash(const char *path, uint8_t out[SHA256_BYTES], struct fault *fault)
{
    enum { PIECE = 1 << 18 };
    struct source *s;
    enum err err = source_open(path, true, &s, fault);
    if (err)
        return err;
    char *piece = malloc(PIECE);
    err = piece ? ERR_OK : fault_set(fault, ERR_MEMORY, "no memory to read a file");
    for (size_t n = PIECE; !err && n == PIECE;)
        err = source_read(s, piece, PIECE, &n, fault);
    if (!err)
        source_hash(s, out);
    else if (fault)
        str_copy(fault->file, sizeof fault->file, str_z(s->name));
    free(piece);
    source_close(s);
    return err;
}
