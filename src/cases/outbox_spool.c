/* SPDX-License-Identifier: Apache-2.0
 *
 * The spool: a directory of letters. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases/outbox.h"

struct outbox_spool {
    int dir;
};

enum err outbox_spool_open(const char *dir, struct outbox_spool **out, struct fault *fault)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", dir, strerror(errno));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, ERR_FILE_OPEN, "%s: %s", dir, strerror(errno));
    struct outbox_spool *spool = malloc(sizeof *spool);
    if (!spool) {
        close(fd);
        return ERR_MEMORY;
    }
    spool->dir = fd;
    *out = spool;
    return ERR_OK;
}

void outbox_spool_close(struct outbox_spool *spool)
{
    if (spool)
        close(spool->dir);
    free(spool);
}

static bool begin(void *ctx, int *out_hold)
{
    const struct outbox_spool *spool = ctx;
    int fd = openat(spool->dir, ".hold", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    *out_hold = fd;
    return fd >= 0;
}

static void end(void *ctx, int hold)
{
    (void)ctx;
    close(hold);
}

static bool write_all(int fd, struct str s)
{
    for (size_t done = 0; done < s.n;) {
        ssize_t n = write(fd, s.p + done, s.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

/* The draft has one name: alone as we are, an old one is a crash's. */
static enum err send(void *ctx, uint64_t number, struct str letter, struct fault *fault)
{
    static const char draft[] = ".new";
    const struct outbox_spool *spool = ctx;
    char name[32];
    snprintf(name, sizeof name, "%012llu.json", (unsigned long long)number);
    int fd = openat(spool->dir, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_all(fd, letter);
    int failed = errno;
    if (fd >= 0 && close(fd) != 0 && good) {
        good = false;
        failed = errno;
    }
    if (good && (renameat(spool->dir, draft, spool->dir, name) != 0 || fsync(spool->dir) != 0)) {
        good = false;
        failed = errno;
    }
    bool full = failed == ENOSPC || failed == EDQUOT;
    return good ? ERR_OK
                : fault_set(fault, full ? ERR_STORE_FULL : ERR_FILE_WRITE, "outbox: %s",
                            strerror(failed));
}

struct outbox_port outbox_spool_port(struct outbox_spool *spool)
{
    return (struct outbox_port){begin, end, send, spool};
}
