/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/bulk_check.h"

#include <stdlib.h>

/* ---- leaving what was found ---- */

/* Some parts of one kind, in one commit: a megabyte, so that the writer's place is taken for moments only. */
struct part {
    struct record_key key;
    struct str plain;
    uint64_t upload, version; /* that it must still have */
    enum record_kind fresh;   /* the first of its kind: what stands there is dropped; 0 = not */
};

static enum err still_checking(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct part *part = c->ctx;
    struct upload now;
    enum err err = upload_read(reg, part->upload, &now, fault);
    if (err == ERR_NOT_FOUND)
        return ERR_STALE;
    return err ? err : now.version == part->version ? ERR_OK : ERR_STALE;
}

static enum err put_part(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct part *part = c->ctx;
    enum err err = part->fresh ? upload_drop_parts(reg, part->fresh, part->upload, fault) : ERR_OK;
    return err || !part->plain.n ? err : bulk_part_put(reg, &part->key, part->plain, fault);
}

/* Writes a part and empties its buffer. */
static enum err write_part(const struct bulk_checking *c, const struct record_key *key,
                           struct buf *plain, bool first)
{
    struct part part = {.key = *key,
                        .plain = {(const char *)plain->p, plain->n},
                        .upload = c->upload.id,
                        .version = c->upload.version,
                        .fresh = first ? (enum record_kind)key->bytes[0] : 0};
    struct commit_case one = {.ask = still_checking, .also = put_part, .ctx = &part};
    if (plain->failed)
        return ERR_MEMORY;
    if (atomic_load(&c->progress->stop))
        return ERR_STOPPED;
    enum err err = committer_submit(c->office->committer, &one);
    buf_clear(plain);
    return err;
}

static enum err write_devices(struct bulk_checking *c, struct sha256 *sha)
{
    struct buf plain = {0};
    uint32_t before = 0;
    size_t n = 0;
    enum err err = ERR_OK;
    struct upload *u = &c->upload;
    u->devices = u->imeis = u->device_parts = 0;
    memset(u->page_after, 0, sizeof u->page_after);
    for (size_t i = 0; !err && i <= c->count; i++) {
        bool end = i == c->count;
        if (n == BULK_PART_DEVICES || (end && (n || !u->device_parts))) {
            struct record_key key = bulk_part_key(RECORD_BULK_DEVICES, u->id, u->device_parts);
            sha256_add(sha, plain.p, plain.n);
            err = write_part(c, &key, &plain, !u->device_parts);
            u->device_parts += n > 0;
            n = before = 0;
        }
        if (err || end || c->devices[i].found)
            continue;
        bulk_device_encode(&plain, &c->devices[i], &before);
        u->devices++;
        if (u->devices % LIMIT_DEVICES_PAGE == 0 && u->devices < LIMIT_BULK_DEVICES)
            u->page_after[u->devices / LIMIT_DEVICES_PAGE] = c->devices[i].line;
        u->imeis += c->devices[i].count;
        n++;
    }
    buf_release(&plain);
    return err;
}

static enum err write_imeis(const struct bulk_checking *c)
{
    struct buf plain = {0};
    enum err err = ERR_OK;
    struct record_key none = bulk_imeis_key(c->upload.id, 0);
    if (!c->imei_count)
        err = write_part(c, &none, &plain, true);
    for (size_t i = 0; !err && i < c->imei_count; i++) {
        bool begins = i % BULK_PART_IMEIS == 0;
        buf_varint(&plain, c->imeis[i] - (begins ? 0 : c->imeis[i - 1]));
        if (i + 1 < c->imei_count && (i + 1) % BULK_PART_IMEIS != 0)
            continue;
        struct record_key key = bulk_imeis_key(c->upload.id, c->imeis[i]);
        err = write_part(c, &key, &plain, i < BULK_PART_IMEIS);
    }
    buf_release(&plain);
    return err;
}

static int by_line(const void *a, const void *b)
{
    const struct bulk_error *x = a, *y = b;
    return x->line != y->line ? (x->line < y->line ? -1 : 1) : (int)x->column - (int)y->column;
}

static enum err write_errors(struct bulk_checking *c)
{
    enum { PART_BYTES = 900 * 1024 };
    struct buf plain = {0};
    struct upload *u = &c->upload;
    uint32_t before = 0;
    enum err err = ERR_OK;
    if (c->error_count)
        qsort(c->errors, c->error_count, sizeof *c->errors, by_line);
    u->error_parts = 0;
    for (size_t i = 0; !err && i <= c->error_count; i++) {
        bool end = i == c->error_count;
        if (!end) {
            bulk_error_encode(&plain, &c->errors[i], &before);
            if (plain.n < PART_BYTES)
                continue;
        }
        struct record_key key = bulk_part_key(RECORD_BULK_ERRORS, u->id, u->error_parts);
        bool some = plain.n > 0;
        if (some || !u->error_parts)
            err = write_part(c, &key, &plain, !u->error_parts);
        u->error_parts += some;
        before = 0;
    }
    buf_release(&plain);
    return err;
}

/* By part of the list, so that one that never comes gives back what it drew (bulk_lines_name). */
static enum err write_line_of_each(const struct bulk_checking *c)
{
    struct buf plain = {0};
    uint32_t part = 0, n = 0, kept = 0;
    enum err err = ERR_OK;
    uint32_t *number = calloc(c->declared.n + 1, sizeof *number); /* lines that are kept, from 1 */
    if (!number)
        return ERR_MEMORY;
    for (uint32_t i = 0; i < c->declared.n; i++)
        number[i + 1] = c->declared.list[i].devices ? ++kept : 0;
    for (size_t i = 0; !err && i <= c->count; i++) {
        bool end = i == c->count;
        if (n == BULK_PART_DEVICES || (end && n)) {
            struct record_key key = bulk_part_key(RECORD_BULK_LINES, c->upload.id, ++part);
            err = write_part(c, &key, &plain, false);
            n = 0;
        }
        if (err || end || c->devices[i].found)
            continue;
        buf_varint(&plain, number[c->lines[i]]);
        n++;
    }
    buf_release(&plain);
    free(number);
    return err;
}

/* Of the good devices. */
static enum err write_lines(struct bulk_checking *c)
{
    struct buf plain = {0};
    struct record_key key = bulk_part_key(RECORD_BULK_LINES, c->upload.id, 0);
    for (size_t i = 0; i < c->count; i++)
        if (!c->devices[i].found && c->lines[i])
            c->declared.list[c->lines[i] - 1].devices++;
    bulk_lines_encode(&c->declared, &plain);
    bool some = plain.n > 0;
    enum err err = write_part(c, &key, &plain, true);
    buf_release(&plain);
    return err || !some ? err : write_line_of_each(c);
}

static enum err leave(struct bulk_checking *c, struct fault *fault)
{
    uint8_t digest[SHA256_BYTES];
    struct sha256 *sha = sha256_new();
    if (!sha)
        return ERR_MEMORY;
    sha256_begin(sha);
    enum err err = write_devices(c, sha);
    sha256_end(sha, digest);
    sha256_free(sha);
    if (!err)
        err = write_imeis(c);
    if (!err)
        err = write_errors(c);
    if (!err)
        err = write_lines(c);
    if (err)
        return err;
    sha256_hex(digest, c->upload.digest);
    c->upload.bad = c->upload.rows - c->upload.devices;
    c->upload.state = UPLOAD_READY;
    c->upload.checked_s = clock_now_us(c->office->registry->clock) / 1000000;
    return upload_write(c->office, &c->upload, NULL, NULL, fault);
}

/* ---- the job ---- */

/* Of no use as a whole: what its sender hears. Other errors are ours, and the job comes again. */
static bool is_the_files(enum err err)
{
    switch ((int)err) {
    case ERR_FILE_EMPTY:
    case ERR_FILE_ENCODING:
    case ERR_FILE_HEADER:
    case ERR_FILE_COLUMN:
    case ERR_FILE_QUOTE:
    case ERR_FILE_KIND:
    case ERR_LINE_LONG:
    case ERR_TOO_MANY:
    case ERR_DIGEST:
    case ERR_CODEC: /* the spool was damaged: send it again */
        return true;
    default:
        return false;
    }
}

static enum err fail(struct bulk_checking *c, enum err why, struct fault *fault)
{
    struct upload *u = &c->upload;
    memset(u->found, 0, sizeof u->found);
    u->rows = u->bad = u->devices = u->imeis = 0;
    u->state = UPLOAD_FAILED;
    str_copy(u->reason, sizeof u->reason, str_z(err_info(why)->name));
    u->checked_s = clock_now_us(c->office->registry->clock) / 1000000;
    return upload_write(c->office, u, NULL, NULL, fault);
}

enum err bulk_check(const struct office *office, const struct upload_room *room, uint64_t id,
                    struct bulk_progress *progress, struct fault *fault)
{
    struct bulk_checking c = {.office = office, .progress = progress};
    struct spool_reader *reader = NULL;
    const struct source_reader *source = NULL;
    enum err err = registry_refresh(office->registry, fault);
    if (!err)
        err = upload_read(office->registry, id, &c.upload, fault);
    if (err == ERR_NOT_FOUND)
        return fault_set(fault, ERR_STALE, "the upload was dropped");
    if (err || c.upload.state != UPLOAD_CHECKING)
        return err;
    const struct spool spool = spool_under(&room->spool, &office->registry->keys.people);
    err = spool_read(&spool, id, &reader, &source, fault); /* ours alone until it ends */
    if (err == ERR_STORE_KEY && keys_again(office->registry, NULL) == ERR_OK)
        err = spool_read(&spool, id, &reader, &source, fault);
    if (err)
        return err;
    atomic_store(&progress->done, 0);
    atomic_store(&progress->id, id);
    memset(c.upload.found, 0, sizeof c.upload.found);
    c.upload.rows = 0;
    err = bulk_rows(&c, source, fault);
    if (!err) {
        err = bulk_compare(&c, fault);
        err = err ? err : leave(&c, fault);
    } else if (is_the_files(err)) {
        err = fail(&c, err, fault);
    }
    atomic_store(&progress->id, 0);
    spool_read_end(reader);
    bulk_lines_release(&c.declared);
    free(c.devices);
    free(c.lines);
    free(c.errors);
    free(c.imeis);
    return err;
}
