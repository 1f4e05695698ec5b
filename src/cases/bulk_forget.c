/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes: an upload that its sender drops, one that nobody filed in time, a file of the spool without an
 * upload. The records go first, in one commit; the file after them, so that a crash leaves a file that the
 * next sweep finds and no upload without its file. */
#include <stdlib.h>

#include "cases/bulk_upload.h"

struct keys {
    uint64_t id;
    struct record_key *list;
    size_t n;
    bool failed;
};

static bool take_key(void *ctx, const struct record *record)
{
    struct keys *k = ctx;
    if (record->key.n < 9 || get_be((const uint8_t *)record->key.p + 1, 8) != k->id)
        return false;
    struct record_key *list = realloc(k->list, (k->n + 1) * sizeof *list);
    if (!list) {
        k->failed = true;
        return false;
    }
    k->list = list;
    k->list[k->n] = (struct record_key){0};
    record_key_bytes(&k->list[k->n++], record->key.p, record->key.n);
    return true;
}

enum err upload_drop_parts(struct registry *reg, enum record_kind kind, uint64_t id,
                           struct fault *fault)
{
    struct keys keys = {.id = id};
    struct record_key from = record_key_of(kind, id), to = record_key(kind + 1);
    enum err err = store_records(reg->store, record_key_str(&from), record_key_str(&to), take_key,
                                 &keys, fault);
    if (!err && keys.failed)
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < keys.n; i++)
        err = record_drop(reg, &keys.list[i], fault);
    free(keys.list);
    return err;
}

static enum err not_filed(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct upload *u = c->ctx;
    struct upload now;
    enum err err = upload_read(reg, u->id, &now, fault);
    return err ? err : now.version == u->version ? ERR_OK : ERR_STALE;
}

static enum err drop_records(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    static const enum record_kind parts[] = {RECORD_BULK_DEVICES, RECORD_BULK_ERRORS,
                                             RECORD_BULK_IMEIS, RECORD_BULK_LINES};
    const struct upload *u = c->ctx;
    struct record_key key = record_key_of(RECORD_UPLOAD, u->id);
    struct record_key mine = record_key_of(RECORD_BY_UPLOADER, u->applicant);
    struct record_key work = bulk_work_key(BULK_WORK_UPLOAD, u->id);
    record_key_number(&mine, u->id, 8);
    enum err err = record_drop(reg, &key, fault);
    if (!err)
        err = record_drop(reg, &mine, fault);
    if (!err)
        err = record_drop(reg, &work, fault);
    for (size_t i = 0; !err && i < sizeof parts / sizeof *parts; i++)
        err = upload_drop_parts(reg, parts[i], u->id, fault);
    return err;
}

static enum err forget(const struct office *office, const struct upload_room *room,
                       struct upload *u, struct fault *fault)
{
    struct commit_case c = {.ask = not_filed, .also = drop_records, .ctx = u};
    enum err err = committer_submit(office->committer, &c);
    if (!err)
        spool_drop(&room->spool, u->id);
    return err ? fault_set(fault, err, "an upload") : ERR_OK;
}

enum err upload_drop(const struct office *office, const struct upload_room *room,
                     const struct session *who, uint64_t id, struct fault *fault)
{
    enum { TRIES = 4 };
    struct upload u;
    enum err err = ERR_STALE;
    for (int i = 0; err == ERR_STALE && i < TRIES; i++) {
        err = upload_get(office, who, id, &u, fault);
        if (!err && u.state == UPLOAD_FILED)
            err = fault_set(fault, ERR_NOT_NOW, "it is filed");
        if (!err)
            err = forget(office, room, &u, fault);
    }
    return err;
}

/* ---- the sweep ---- */

enum { SWEEP_MOST = 256 };
struct sweeping {
    uint64_t ids[SWEEP_MOST];
    struct record_key last;
    size_t n;
};

static bool take_unfiled(void *ctx, const struct record *record)
{
    struct sweeping *s = ctx;
    s->ids[s->n++] = record_key_last(record->key);
    s->last = (struct record_key){0};
    record_key_bytes(&s->last, record->key.p, record->key.n);
    return s->n < SWEEP_MOST;
}

static bool take_file(void *ctx, uint64_t id)
{
    struct sweeping *s = ctx;
    s->ids[s->n++] = id;
    return s->n < SWEEP_MOST;
}

/* The next of those that are not filed, after the last of *s. */
static enum err sweep_some(const struct office *office, const struct upload_room *room,
                           struct sweeping *s, int64_t now_s, struct fault *fault)
{
    struct record_key from = s->n ? s->last : record_key(RECORD_BY_UPLOADER);
    struct record_key to = record_key(RECORD_BY_UPLOADER + 1);
    if (s->n)
        record_key_bytes(&from, "", 1);
    s->n = 0;
    enum err err = store_records(office->registry->store, record_key_str(&from),
                                 record_key_str(&to), take_unfiled, s, fault);
    for (size_t i = 0; !err && i < s->n; i++) {
        struct upload u;
        err = upload_read(office->registry, s->ids[i], &u, fault);
        if (!err && u.created_s + UPLOAD_LIFE_S < now_s)
            err = forget(office, room, &u, fault);
        err = err == ERR_NOT_FOUND || err == ERR_STALE ? ERR_OK : err;
    }
    return err;
}

enum err upload_sweep(const struct office *office, const struct upload_room *room,
                      struct fault *fault)
{
    enum { YOUNG_S = 3600 }; /* a file is made a moment before its record */
    int64_t now_s = clock_now_us(office->registry->clock) / 1000000;
    struct sweeping files = {0}, unfiled = {0};
    spool_each(&room->spool, take_file, &files);
    enum err err;
    do
        err = sweep_some(office, room, &unfiled, now_s, fault);
    while (!err && unfiled.n == SWEEP_MOST);
    for (size_t i = 0; !err && i < files.n; i++) {
        struct upload u;
        err = upload_read(office->registry, files.ids[i], &u, fault);
        if (err == ERR_NOT_FOUND && spool_age_s(&room->spool, files.ids[i]) > YOUNG_S)
            spool_drop(&room->spool, files.ids[i]);
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return err;
}
