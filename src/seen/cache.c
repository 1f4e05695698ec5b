/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocks of the file are reserved before it is mapped, so a full disk is an error here and no signal later. */
#include "seen/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"

enum { HEADER = 4096, VERSION = 1, BOOT = 40, ORDER = 0x01020304 };

struct header {
    char magic[4];
    uint32_t version, order, kind;
    struct seen_state state;
    uint64_t size, count; /* of the table */
    uint8_t boot[BOOT];   /* of the machine, as the kernel says it; zeros: nobody knows */
    uint32_t settled, zero;
    uint8_t sum[SHA256_BYTES]; /* of all before */
};

static const char magic[4] = {'T', 'G', 'S', 'C'};

static void boot_of_machine(uint8_t out[BOOT])
{
    memset(out, 0, BOOT);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, out, BOOT) != 37)
        memset(out, 0, BOOT);
    close(fd);
}

static struct header *header_of(const struct seen_cache *c)
{
    return (struct header *)(void *)((uint8_t *)c->table.slots - HEADER);
}

static void sign(struct header *h)
{
    sha256_once(h, offsetof(struct header, sum), h->sum);
}

static bool is_ours(const struct header *h, const struct seen_cache *c,
                    const struct seen_state *state, uint64_t file_bytes)
{
    struct header copy = *h;
    uint8_t boot[BOOT];
    static const uint8_t unknown[BOOT];
    boot_of_machine(boot);
    sign(&copy);
    return memcmp(copy.sum, h->sum, sizeof copy.sum) == 0 && memcmp(h->magic, magic, 4) == 0 &&
           h->version == VERSION && h->order == ORDER && h->kind == (uint32_t)c->kind &&
           h->settled == 1 && memcmp(h->boot, boot, BOOT) == 0 &&
           memcmp(boot, unknown, BOOT) != 0 && memcmp(&h->state, state, sizeof *state) == 0 &&
           h->size >= SEEN_TABLE_LEAST && h->count * 5 <= h->size * 4 &&
           h->size <= (UINT64_MAX >> 8) / sizeof(struct seen_slot) &&
           file_bytes == HEADER + h->size * sizeof(struct seen_slot);
}

static enum err in_memory(struct seen_cache *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->path);
    c->fd = -1;
    c->path = NULL;
    return seen_table_grow(&c->table, 1);
}

static bool map(int fd, uint64_t size, struct seen_table *out)
{
    void *p = mmap(NULL, HEADER + size * sizeof(struct seen_slot), PROT_READ | PROT_WRITE,
                   MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return false;
    *out = (struct seen_table){.slots = (void *)((uint8_t *)p + HEADER), .size = size};
    return true;
}

static void unmap(struct seen_table *t)
{
    if (t->slots)
        munmap((uint8_t *)t->slots - HEADER, HEADER + t->size * sizeof *t->slots);
    *t = (struct seen_table){0};
}

/* What stands in the file, when it is just what is wanted. */
static bool take_over(struct seen_cache *c, const struct seen_state *state)
{
    struct header h;
    struct stat st;
    if (fstat(c->fd, &st) != 0 || pread(c->fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
        !is_ours(&h, c, state, (uint64_t)st.st_size) || !map(c->fd, h.size, &c->table))
        return false;
    c->table.count = h.count;
    (void)posix_fadvise(c->fd, 0, 0, POSIX_FADV_WILLNEED);
    return true;
}

/* A held, reserved and mapped file under another name; fd -1: it cannot be had. */
static int file_new(const char *name, uint64_t size, struct seen_table *out)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        posix_fallocate(fd, 0, (off_t)(HEADER + size * sizeof(struct seen_slot))) == 0 &&
        map(fd, size, out))
        return fd;
    close(fd);
    (void)unlink(name);
    return -1;
}

/* A larger file in place of the one that stands; what stood in it is poured over. */
static bool replace(struct seen_cache *c, uint64_t size)
{
    struct seen_table larger;
    char *name = NULL;
    if (asprintf(&name, "%s.new", c->path) < 0)
        return false;
    int fd = file_new(name, size, &larger);
    bool ok = fd >= 0;
    if (ok) {
        seen_table_pour(&larger, &c->table, c->table.slots != NULL);
        unmap(&c->table);
        close(c->fd);
        c->fd = fd;
        c->table = larger;
        if (rename(name, c->path) != 0)
            (void)unlink(name); /* it is used all the same, and gone with its last user */
    }
    free(name);
    return ok;
}

enum err seen_cache_open(const char *path, char kind, const struct seen_state *state,
                         struct seen_cache *c, bool *out_ready)
{
    *c = (struct seen_cache){.fd = -1, .kind = kind};
    *out_ready = false;
    if (!path)
        return in_memory(c);
    c->path = strdup(path);
    c->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (!c->path || c->fd < 0 || flock(c->fd, LOCK_EX | LOCK_NB) != 0)
        return in_memory(c);
    *out_ready = take_over(c, state);
    if (*out_ready)
        return ERR_OK;
    if (!replace(c, SEEN_TABLE_LEAST))
        return in_memory(c);
    seen_cache_begin(c);
    return ERR_OK;
}

void seen_cache_close(struct seen_cache *c)
{
    if (c->path)
        unmap(&c->table);
    else
        seen_table_release(&c->table);
    if (c->fd >= 0)
        close(c->fd);
    free(c->path);
    *c = (struct seen_cache){.fd = -1};
}

void seen_cache_begin(struct seen_cache *c)
{
    if (c->path)
        header_of(c)->settled = 0;
}

enum err seen_cache_room(struct seen_cache *c, uint64_t more)
{
    if (!c->path)
        return seen_table_grow(&c->table, more);
    if (seen_table_has_room(&c->table, more))
        return ERR_OK;
    if (replace(c, seen_table_size_for(c->table.count + more)))
        return ERR_OK;
    struct seen_table own = {.size = 0};
    enum err err = seen_table_grow(&own, c->table.count + more);
    if (err)
        return err;
    seen_table_pour(&own, &c->table, true);
    unmap(&c->table);
    c->table = own;
    (void)unlink(c->path);
    return in_memory(c);
}

enum err seen_cache_sift(struct seen_cache *c, const uint64_t *live)
{
    struct seen_table sifted = {.size = 0};
    char *name = NULL;
    if (!c->path) /* in memory it ends with its user */
        return ERR_FILE_WRITE;
    if (asprintf(&name, "%s.new", c->path) < 0)
        return ERR_MEMORY;
    int fd = file_new(name, c->table.size, &sifted);
    for (uint64_t i = 0; fd >= 0 && i < c->table.size; i++) {
        const struct seen_slot *slot = &c->table.slots[i];
        if (slot->number && live[slot->number >> 6] >> (slot->number & 63) & 1)
            seen_table_put(&sifted, slot);
    }
    if (fd >= 0) {
        unmap(&c->table);
        close(c->fd);
        c->fd = fd;
        c->table = sifted;
        if (rename(name, c->path) != 0)
            (void)unlink(name);
    }
    free(name);
    return fd >= 0 ? ERR_OK : ERR_FILE_WRITE;
}

void seen_cache_settle(struct seen_cache *c, const struct seen_state *state)
{
    if (!c->path)
        return;
    struct header *h = header_of(c);
    *h = (struct header){.version = VERSION,
                         .order = ORDER,
                         .kind = (uint32_t)c->kind,
                         .state = *state,
                         .size = c->table.size,
                         .count = c->table.count,
                         .settled = 1};
    memcpy(h->magic, magic, sizeof magic);
    boot_of_machine(h->boot);
    sign(h);
}
