/* SPDX-License-Identifier: Apache-2.0
 *
 * index_file_write - an image as a signed file, on the disk whole or not at all: written beside
 * its place, fsynced, renamed, the directory fsynced. */
#include "index/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"

enum { FILE_MODE = 0640, ONE_WRITE = 1 << 26 };

/* What the file is made of. */
struct parts {
    struct index_header header;
    struct index_layout layout;
    struct str section[SECTION_COUNT];
    uint8_t *lists;
    uint8_t start[INDEX_FILE_START]; /* header and signature */
};

static struct str bytes_of(const void *p, uint64_t n)
{
    return (struct str){p, n};
}

static enum err collect(struct index_image *image, const struct index_file *file,
                        struct parts *parts)
{
    struct index_header *h = &parts->header;
    const struct boxes_shape *s = &image->shape;
    if (file->rules.n > LIMIT_RULES_TEXT || file->tac.n > LIMIT_TAC_LIST)
        return ERR_TOO_LONG;
    memcpy(h->register_id, file->register_id, INDEX_FILE_ID);
    h->state = image->state;
    h->entry = image->entry;
    h->shape = *s;
    h->tacs = image->tacs;
    sort_records(image->odd, image->odd_count);
    sort_records(image->pairs, image->pair_count);
    struct str *section = parts->section;
    section[SECTION_RULES] = file->rules;
    section[SECTION_TAC] = file->tac;
    section[SECTION_CODES] = bytes_of(image->codes, s->codes_count * sizeof *image->codes);
    section[SECTION_VERDICTS] = bytes_of(image->verdicts, s->verdict_count * sizeof(uint64_t));
    section[SECTION_ODD] = bytes_of(image->odd, image->odd_count * INDEX_FILE_RECORD);
    section[SECTION_PAIRS] = bytes_of(image->pairs, image->pair_count * INDEX_FILE_RECORD);
    section[SECTION_LINES] = bytes_of(image->lines, image->lines_bytes);
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++)
        h->bytes[i] = section[i].n;
    if (!index_file_layout(h, &parts->layout))
        return ERR_TOO_LONG;
    parts->lists = malloc(h->bytes[SECTION_LISTS] + 1);
    section[SECTION_LISTS] = bytes_of(parts->lists, h->bytes[SECTION_LISTS]);
    return parts->lists ? ERR_OK : ERR_MEMORY;
}

static void hash(struct sha256 *h, const void *p, uint64_t n, uint8_t *out)
{
    sha256_begin(h);
    sha256_add(h, p, n);
    sha256_end(h, out);
}

static enum err seal(struct parts *parts, const uint8_t *secret_key)
{
    struct sha256 *h = sha256_new();
    if (!h)
        return ERR_MEMORY;
    uint8_t *list = parts->lists;
    for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++) {
        struct str s = parts->section[i];
        for (uint64_t at = 0; at < s.n; at += INDEX_FILE_PART, list += SHA256_BYTES)
            hash(h, s.p + at, s.n - at < INDEX_FILE_PART ? s.n - at : INDEX_FILE_PART, list);
    }
    hash(h, parts->lists, parts->section[SECTION_LISTS].n, parts->header.lists);
    sha256_free(h);
    index_header_encode(&parts->header, parts->start);
    crypto_sign_detached(parts->start + INDEX_FILE_HEADER, NULL, parts->start, INDEX_FILE_HEADER,
                         secret_key);
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
    static const uint8_t zeros[INDEX_FILE_PAGE];
    uint64_t at = sizeof parts->start;
    bool ok = write_all(fd, parts->start, sizeof parts->start);
    for (int i = 0; ok && i < SECTION_COUNT; i++) {
        ok = write_all(fd, zeros, parts->layout.at[i] - at) &&
             write_all(fd, parts->section[i].p, parts->section[i].n);
        at = parts->layout.at[i] + parts->section[i].n;
    }
    return ok && fsync(fd) == 0;
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
    else if (!file_sync_directory(path))
        err = fault_set(fault, ERR_FILE_WRITE, "directory of %s: %m", path);
    free(beside);
    return err;
}

enum err index_image_write(struct index_image *image, const char *path,
                           const struct index_file *file, const struct index_keys *keys,
                           struct fault *fault)
{
    struct parts parts = {0};
    enum err err = collect(image, file, &parts);
    if (err == ERR_OK)
        err = seal(&parts, keys->secret_key);
    if (err == ERR_OK)
        err = write_file(path, &parts, fault);
    free(parts.lists);
    if (err == ERR_OK)
        image->file_bytes = parts.layout.end;
    return err;
}
