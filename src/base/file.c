/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* On the heap; NULL: no memory. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

void file_make_directory(const char *path)
{
    char *dir = directory_of(path);
    if (dir)
        mkdir(dir, 0777);
    free(dir);
}

bool file_sync_directory(const char *path)
{
    char *dir = directory_of(path);
    int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool ok = fd >= 0 && fsync(fd) == 0;
    free(dir);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_is_at(int fd, const char *path)
{
    struct stat open_one, there;
    return fstat(fd, &open_one) == 0 && stat(path, &there) == 0 &&
           open_one.st_dev == there.st_dev && open_one.st_ino == there.st_ino;
}

enum err file_read(const char *path, size_t max, struct buf *out, struct fault *fault)
{
    char bytes[4096];
    FILE *file = fopen(path, "rbe");
    if (!file)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", path, strerror(errno));
    size_t n, before = out->n;
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0 && out->n - before + n <= max)
        buf_put(out, bytes, n);
    bool failed = ferror(file);
    fclose(file);
    if (failed)
        return fault_set(fault, ERR_FILE_READ, "%s cannot be read", path);
    if (n)
        return fault_set(fault, ERR_TOO_LONG, "%s: at most %zu bytes", path, max);
    return out->failed ? fault_set(fault, ERR_MEMORY, "%s", path) : ERR_OK;
}
