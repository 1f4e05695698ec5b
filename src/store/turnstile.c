/* SPDX-License-Identifier: Apache-2.0
 *
 * Every comer takes the next ticket and locks the byte of that number in the file. It is its turn
 * when no byte of a lower number is locked. The locks are the kernel's (open file description
 * locks: one line for threads and processes), so a dead process leaves the line by itself.
 *
 * The file is mapped by all: the last ticket given, who holds the place, and a bell, a futex that
 * whoever leaves rings. The bell and the holder are hints only: a waiter looks at the locks again
 * every WAIT_MS, which is how a holder's death is noticed.
 *
 * Invariants: a ticket's byte is locked before the next ticket is given (the byte DOOR guards
 * both), so nobody can overlook an earlier comer; tickets begin at 1 and only rise. */
#include "store/turnstile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DOOR = 0, TICKETS = 4096, PAGE_BYTES = 4096, WAIT_MS = 100, TRIES = 1000 };
#define TICKET_MASK (UINT64_MAX >> 8) /* tickets fit a file offset */

struct line {
    _Atomic uint64_t last_ticket;
    _Atomic uint32_t bell;
    _Atomic int32_t holder; /* pid, 0 = nobody said */
};

struct turnstile {
    int fd;
    uint64_t ticket; /* 0 = not in line */
    struct line *line;
};

static bool lock_byte(int fd, uint64_t at, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Does anybody else hold a ticket before this one? */
static bool others_before(const struct turnstile *t)
{
    if (t->ticket == 1)
        return false;
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = TICKETS + 1,
                         .l_len = (off_t)(t->ticket - 1)};
    return fcntl(t->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void ring(struct line *line)
{
    atomic_fetch_add(&line->bell, 1);
    syscall(SYS_futex, &line->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

enum err turnstile_open(const char *path, mode_t mode, struct turnstile **out, struct fault *fault)
{
    struct turnstile *t = malloc(sizeof *t);
    if (!t)
        return fault_set(fault, ERR_MEMORY, "turnstile");
    *t = (struct turnstile){.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)};
    void *map = MAP_FAILED;
    off_t size = t->fd < 0 ? -1 : lseek(t->fd, 0, SEEK_END);
    if (size >= PAGE_BYTES || (size >= 0 && ftruncate(t->fd, PAGE_BYTES) == 0))
        map = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
    if (map == MAP_FAILED) {
        enum err err = fault_set(fault, ERR_STORE_OPEN, "%s: %s", path, strerror(errno));
        if (t->fd >= 0)
            close(t->fd);
        free(t);
        return err;
    }
    t->line = map;
    *out = t;
    return ERR_OK;
}

void turnstile_close(struct turnstile *t)
{
    if (!t)
        return;
    turnstile_leave(t);
    munmap(t->line, PAGE_BYTES);
    close(t->fd);
    free(t);
}

/* Takes a ticket. The door is held for microseconds: waiting for it is a short sleep. */
static bool draw_ticket(struct turnstile *t, struct patience *patience)
{
    while (!lock_byte(t->fd, DOOR, F_WRLCK)) {
        if (!patience_tick(patience, 0))
            return false;
        nanosleep(&(struct timespec){0, 50000}, NULL);
    }
    uint64_t ticket = atomic_load(&t->line->last_ticket) & TICKET_MASK;
    int tries = 0; /* a damaged file may send us back among tickets in use */
    while (!lock_byte(t->fd, TICKETS + ++ticket, F_WRLCK) && ++tries < TRIES)
        ;
    if (tries < TRIES) {
        atomic_store(&t->line->last_ticket, ticket);
        t->ticket = ticket;
    }
    lock_byte(t->fd, DOOR, F_UNLCK);
    return t->ticket != 0;
}

enum err turnstile_take(struct turnstile *t, struct patience *patience, struct fault *fault)
{
    if (!draw_ticket(t, patience))
        return fault_set(fault, ERR_STORE_BUSY, "the line of writers does not move");
    for (;;) {
        uint32_t bell = atomic_load(&t->line->bell);
        if (!others_before(t))
            break;
        pid_t holder = atomic_load(&t->line->holder);
        if (!patience_tick(patience, holder)) {
            turnstile_leave(t);
            return fault_set(fault, ERR_STORE_BUSY, "process %d has been writing too long",
                             (int)holder);
        }
        struct timespec wait = {0, WAIT_MS * 1000000L};
        syscall(SYS_futex, &t->line->bell, FUTEX_WAIT, bell, &wait, NULL, 0);
    }
    atomic_store(&t->line->holder, (int32_t)getpid());
    return ERR_OK;
}

void turnstile_leave(struct turnstile *t)
{
    if (!t->ticket)
        return;
    lock_byte(t->fd, TICKETS + t->ticket, F_UNLCK);
    t->ticket = 0;
    ring(t->line);
}
