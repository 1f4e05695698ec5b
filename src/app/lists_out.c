/* SPDX-License-Identifier: Apache-2.0
 *
 * MARK stands in each directory of ours, and is locked while it is written: so nobody's files are taken for ours, and
 * what a dead maker left is told from what a living one makes. Directories change places, and with them what a name leads
 * to: so whoever begins or ends holds, for that moment, the lock of the directory in which both stand. */
#include "app/lists_out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { PATH_ROOM = 4096, DIRECTORY_MODE = 0750, FILE_MODE = 0640 };
#define MARK ".tamga-lists"

struct lists_out {
    char path[PATH_ROOM], beside[PATH_ROOM];
    int directory; /* of beside; -1 */
    int mark;      /* locked; -1 */
};

static enum err failed(const char *path, struct fault *fault)
{
    return fault_set(fault, ERR_FILE_WRITE, "%.160s: %s", path, strerror(errno));
}

/* Waits for whoever begins or ends beside us. -1: errno. */
static int lock_parent(const struct lists_out *out)
{
    char parent[PATH_ROOM];
    const char *slash = strrchr(out->path, '/');
    const size_t n = slash ? (size_t)(slash - out->path) : 0;
    snprintf(parent, sizeof parent, "%.*s", (int)n, out->path);
    const int fd = open(n ? parent : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX))
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    return fd;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Takes the files out of a directory of ours: there are no others in it. */
static void empty(const char *path)
{
    DIR *d = opendir(path);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (!is_dot(e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
}

/* Missing, empty, or ours? */
static bool may_take(const char *path)
{
    DIR *d = opendir(path);
    bool files = false, marked = false;
    if (!d)
        return errno == ENOENT;
    for (struct dirent *e; (e = readdir(d));) {
        files |= !is_dot(e->d_name);
        marked |= strcmp(e->d_name, MARK) == 0;
    }
    closedir(d);
    return marked || !files;
}

static enum err open_beside(struct lists_out *out, struct fault *fault)
{
    if (!may_take(out->path) || !may_take(out->beside))
        return fault_set(fault, ERR_LIST_PLACE,
                         "%.160s, or what stands beside it as .new, holds other files: name a "
                         "directory that is empty or is not there yet",
                         out->path);
    if (mkdir(out->beside, DIRECTORY_MODE) && errno != EEXIST)
        return failed(out->beside, fault);
    out->directory = open(out->beside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->directory < 0)
        return failed(out->beside, fault);
    out->mark = openat(out->directory, MARK, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (out->mark < 0)
        return failed(out->beside, fault);
    if (flock(out->mark, LOCK_EX | LOCK_NB)) {
        close(out->mark);
        out->mark = -1;
        return fault_set(fault, ERR_STORE_BUSY, "%.160s is being written by another process",
                         out->path);
    }
    return ERR_OK;
}

/* What a maker left that died: all but the mark, which is locked. */
static void clear_left(const struct lists_out *out)
{
    DIR *d = opendir(out->beside);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (!is_dot(e->d_name) && strcmp(e->d_name, MARK) != 0)
            (void)unlinkat(out->directory, e->d_name, 0);
    closedir(d);
}

enum err lists_out_begin(const char *path, struct lists_out **result, struct fault *fault)
{
    size_t n = strlen(path);
    struct lists_out *out = calloc(1, sizeof *out);
    if (!out)
        return ERR_MEMORY;
    out->directory = out->mark = -1;
    while (n > 1 && path[n - 1] == '/')
        n--;
    enum err err = ERR_OK;
    if (!n || n + sizeof ".new" > PATH_ROOM)
        err = fault_set(fault, ERR_FILE_WRITE, "no directory, or too long a name");
    if (!err) {
        snprintf(out->path, PATH_ROOM, "%.*s", (int)n, path);
        snprintf(out->beside, PATH_ROOM, "%.*s.new", (int)n, path);
        const int parent = lock_parent(out);
        err = parent < 0 ? failed(out->path, fault) : open_beside(out, fault);
        if (!err)
            clear_left(out);
        if (parent >= 0)
            close(parent);
    }
    if (err) {
        lists_out_free(out);
        return err;
    }
    *result = out;
    return ERR_OK;
}

enum err lists_out_file(struct lists_out *out, const char *name, int *out_fd, struct fault *fault)
{
    const int fd =
        openat(out->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return failed(name, fault);
    *out_fd = fd;
    return ERR_OK;
}

enum err lists_out_put(struct lists_out *out, const char *name, struct str text,
                       struct fault *fault)
{
    int fd;
    enum err err = lists_out_file(out, name, &fd, fault);
    if (err)
        return err;
    if (write(fd, text.p, text.n) != (ssize_t)text.n || fsync(fd))
        err = failed(name, fault);
    if (close(fd) && !err)
        err = failed(name, fault);
    return err;
}

/* Both change places at once where the file system can; else there is a moment without any. */
static bool swap(const struct lists_out *out)
{
    if (rename(out->beside, out->path) == 0)
        return true; /* it was missing, or empty */
    if (renameat2(AT_FDCWD, out->beside, AT_FDCWD, out->path, RENAME_EXCHANGE) == 0) {
        empty(out->beside);
        return rmdir(out->beside) == 0;
    }
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    empty(out->path);
    return rename(out->beside, out->path) == 0;
}

enum err lists_out_end(struct lists_out *out, struct fault *fault)
{
    if (fsync(out->mark) || fsync(out->directory))
        return failed(out->beside, fault);
    const int parent = lock_parent(out);
    enum err err = parent < 0 || !may_take(out->path) ? failed(out->beside, fault) : ERR_OK;
    if (!err && (!swap(out) || !file_sync_directory(out->path)))
        err = failed(out->path, fault);
    if (!err) {
        close(out->mark);
        out->mark = -1;
    }
    if (parent >= 0)
        close(parent);
    return err;
}

void lists_out_free(struct lists_out *out)
{
    if (!out)
        return;
    if (out->mark >= 0) {
        const int parent = lock_parent(out);
        empty(out->beside);
        (void)rmdir(out->beside);
        close(out->mark);
        if (parent >= 0)
            close(parent);
    }
    if (out->directory >= 0)
        close(out->directory);
    free(out);
}
