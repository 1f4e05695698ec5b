/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file_write - the index as a signed file, on the disk whole or not at all: written beside
 * its place, fsynced, renamed, the directory fsynced. */
#include "index/index_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "index/sort.h"
#include "index/writer.h"

enum { FILE_MODE = 0640, ONE_WRITE = 1 << 26 };

static_assert(sizeof(struct record) == INDEX_FILE_CELL && INDEX_FILE_CELL == INDEX_FILE_PAIR,
              "records are written as they stand");

struct records {
    struct record *p;
    uint64_t n;
    uint64_t size;
    bool failed;
};

static void add(struct records *r, uint64_t key, uint64_t value)
{
    if (r->n == r->size) {
        uint64_t size = r->size ? 2 * r->size : 64;
        struct record *p = realloc(r->p, size * sizeof *p);
        if (!p) {
            r->failed = true;
            return;
        }
        r->p = p;
        r->size = size;
    }
    r->p[r->n++] = (struct record){key, value};
}

static bool add_cell(void *ctx, struct imei imei, const struct verdict *verdict)
{
    struct records *cells = ctx;
    add(cells, imei.body, verdict_pack(verdict));
    return !cells->failed;
}

static void add_pair(void *ctx, const struct pair *pair)
{
    struct records *pairs = ctx;
    if (!pairs->failed)
        add(pairs, pair->imei.body, pair->subscriber);
}

/* Ascending, as they stand in the file: little-endian whatever the machine. */
static void finish(struct records *r)
{
    sort_records(r->p, r->n);
    for (uint64_t i = 0; i < r->n; i++) {
        struct record x = r->p[i];
        put_le((uint8_t *)&r->p[i].key, x.key, 8);
        put_le((uint8_t *)&r->p[i].value, x.value, 8);
    }
}

/* What the file is made of. */
struct parts {
    struct records cells;
    struct records pairs;
    struct str section[SECTION_COUNT];
    struct index_layout layout;
    uint8_t head[INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE];
};

static enum err collect(const struct index *ix, struct str rules_text, struct parts *parts)
{
    uint64_t count = index_count(ix);
    if (count)
        parts->cells.p = malloc(count * sizeof *parts->cells.p);
    if (count && !parts->cells.p)
        return ERR_MEMORY;
    parts->cells.size = count;
    index_iterate(ix, add_cell, &parts->cells);
    index_iterate_pairs(ix, add_pair, &parts->pairs);
    if (parts->cells.failed || parts->pairs.failed)
        return ERR_MEMORY;
    finish(&parts->cells);
    finish(&parts->pairs);
    if (!index_file_layout(rules_text.n, parts->cells.n, parts->pairs.n, &parts->layout))
        return ERR_TOO_LONG;
    parts->section[SECTION_RULES] = rules_text;
    parts->section[SECTION_CELLS] =
        (struct str){(const char *)parts->cells.p, parts->layout.bytes[SECTION_CELLS]};
    parts->section[SECTION_PAIRS] =
        (struct str){(const char *)parts->pairs.p, parts->layout.bytes[SECTION_PAIRS]};
    return ERR_OK;
}

static enum err make_head(const struct index *ix, const uint8_t *register_id,
                          const uint8_t *secret_key, struct parts *parts)
{
    struct index_state state = index_state(ix);
    uint8_t *p = parts->head;
    struct sha256 *h = sha256_new();
    if (!h)
        return ERR_MEMORY;
    memcpy(p, INDEX_FILE_MAGIC, 4);
    put_le(p + INDEX_AT_VERSION, INDEX_FILE_VERSION, 4);
    memcpy(p + INDEX_AT_ID, register_id, INDEX_FILE_ID);
    put_le(p + INDEX_AT_NEXT_SEQ, state.next_seq, 8);
    memcpy(p + INDEX_AT_HASH, state.hash, SHA256_BYTES);
    put_le(p + INDEX_AT_RULES, state.rules, 4);
    put_le(p + INDEX_AT_EXPIRE, (uint32_t)state.gate.expire_through, 4);
    put_le(p + INDEX_AT_SWEPT, (uint32_t)state.gate.swept_through, 4);
    put_le(p + INDEX_AT_CELLS, parts->cells.n, 8);
    put_le(p + INDEX_AT_PAIRS, parts->pairs.n, 8);
    put_le(p + INDEX_AT_RULES_BYTES, parts->section[SECTION_RULES].n, 8);
    for (int i = 0; i < SECTION_COUNT; i++) {
        sha256_begin(h);
        sha256_add(h, parts->section[i].p, parts->section[i].n);
        sha256_end(h, p + INDEX_AT_SECTIONS + i * SHA256_BYTES);
    }
    sha256_free(h);
    crypto_sign_detached(p + INDEX_FILE_HEADER, NULL, p, INDEX_FILE_HEADER, secret_key);
    return ERR_OK;
}

static bool write_all(int fd, const void *from, uint64_t n)
{
    const uint8_t *p = from;
    while (n > 0) {
        ssize_t done = write(fd, p, n < ONE_WRITE ? n : ONE_WRITE);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (uint64_t)done;
    }
    return true;
}

static bool write_parts(int fd, const struct parts *parts)
{
    static const uint8_t zeros[INDEX_FILE_ALIGN];
    uint64_t at = sizeof parts->head;
    bool ok = write_all(fd, parts->head, sizeof parts->head);
    for (int i = 0; ok && i < SECTION_COUNT; i++) {
        ok = write_all(fd, zeros, parts->layout.at[i] - at) &&
             write_all(fd, parts->section[i].p, parts->section[i].n);
        at = parts->layout.at[i] + parts->layout.bytes[i];
    }
    return ok && fsync(fd) == 0;
}

/* A rename is durable when its directory is. */
static bool sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    free(name);
    return ok;
}

static enum err write_file(const char *path, const struct parts *parts, struct fault *fault)
{
    char *beside = NULL;
    if (asprintf(&beside, "%s.%ld.new", path, (long)getpid()) < 0)
        return ERR_MEMORY;
    enum err err = ERR_OK;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        err = fault_set(fault, ERR_FILE_WRITE, "%s: %m", beside);
        free(beside);
        return err;
    }
    bool ok = write_parts(fd, parts);
    if (!ok)
        err = fault_set(fault, ERR_FILE_WRITE, "%s: %m", beside);
    if (close(fd) != 0 && ok)
        err = fault_set(fault, ERR_FILE_WRITE, "%s: %m", beside);
    if (err == ERR_OK && rename(beside, path) != 0)
        err = fault_set(fault, ERR_FILE_WRITE, "%s: %m", path);
    if (err)
        unlink(beside);
    else if (!sync_directory(path))
        err = fault_set(fault, ERR_FILE_WRITE, "directory of %s: %m", path);
    free(beside);
    return err;
}

enum err index_file_write(const struct index *ix, const char *path, const uint8_t register_id[16],
                          struct str rules_text, const struct index_keys *keys, struct fault *fault)
{
    struct parts parts = {0};
    enum err err = collect(ix, rules_text, &parts);
    if (err == ERR_OK)
        err = make_head(ix, register_id, keys->secret_key, &parts);
    if (err == ERR_OK)
        err = write_file(path, &parts, fault);
    free(parts.cells.p);
    free(parts.pairs.p);
    return err;
}
