/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches in SQLite, and who owns one. A claim is a lock of the kernel on the byte of the batch's
 * number in PATH.batch (an open file description lock: it belongs to the handle), so that it ends
 * with the process, however that ends. Nothing is ever written to that file. */
#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void bind_entry(sqlite3_stmt *stmt, int at, const struct entry *e)
{
    bind_u64(stmt, at++, e->event);
    bind_u64(stmt, at++, e->flags);
    bind_u64(stmt, at++, e->ground);
    bind_u64(stmt, at++, e->actor);
    bind_u64(stmt, at++, e->party);
    bind_i64(stmt, at++, e->time_ms);
    bind_i64(stmt, at++, e->effective);
    bind_u64(stmt, at++, e->batch);
    bind_u64(stmt, at++, e->count);
    bind_bytes(stmt, at++, e->digest, sizeof e->digest);
    bind_bytes(stmt, at, e->document, e->document_n);
}

enum { ENTRY_AT = 13, ID_AT = 24 }; /* parameters; columns are one less */

static void bind_batch(sqlite3_stmt *stmt, const struct batch *b)
{
    bind_u64(stmt, 1, b->state);
    bind_u64(stmt, 2, b->intent_seq);
    bind_u64(stmt, 3, b->count);
    bind_u64(stmt, 4, b->rows);
    bind_u64(stmt, 5, b->parts);
    bind_u64(stmt, 6, b->next_part);
    bind_i64(stmt, 7, b->time_ms);
    bind_u64(stmt, 8, b->actor);
    bind_text(stmt, 9, b->label, sizeof b->label);
    bind_bytes(stmt, 10, b->load_hash, sizeof b->load_hash);
    bind_u64(stmt, 11, b->rules_number);
    bind_u64(stmt, 12, b->tac_list);
    bind_entry(stmt, ENTRY_AT, &b->entry);
}

static bool read_entry(sqlite3_stmt *stmt, int at, struct entry *out)
{
    struct str document = column_bytes(stmt, at + 10);
    if (document.n > sizeof out->document ||
        !column_exact(stmt, at + 9, out->digest, sizeof out->digest))
        return false;
    out->event = (uint8_t)column_u64(stmt, at);
    out->flags = (uint8_t)column_u64(stmt, at + 1);
    out->ground = (uint8_t)column_u64(stmt, at + 2);
    out->actor = column_u64(stmt, at + 3);
    out->party = column_u64(stmt, at + 4);
    out->time_ms = sqlite3_column_int64(stmt, at + 5);
    out->effective = sqlite3_column_int(stmt, at + 6);
    out->batch = column_u64(stmt, at + 7);
    out->count = column_u64(stmt, at + 8);
    out->document_n = (uint8_t)document.n;
    memcpy(out->document, document.p, document.n);
    return true;
}

static enum err read_batch(sqlite3_stmt *stmt, struct batch *out, struct fault *fault)
{
    *out = (struct batch){.id = column_u64(stmt, ID_AT - 1)};
    out->state = (uint8_t)column_u64(stmt, 0);
    out->intent_seq = column_u64(stmt, 1);
    out->count = column_u64(stmt, 2);
    out->rows = column_u64(stmt, 3);
    out->parts = (uint32_t)column_u64(stmt, 4);
    out->next_part = (uint32_t)column_u64(stmt, 5);
    out->time_ms = sqlite3_column_int64(stmt, 6);
    out->actor = column_u64(stmt, 7);
    column_text(stmt, 8, out->label, sizeof out->label);
    out->rules_number = (uint32_t)column_u64(stmt, 10);
    out->tac_list = (uint32_t)column_u64(stmt, 11);
    if (!column_exact(stmt, 9, out->load_hash, sizeof out->load_hash) ||
        !read_entry(stmt, ENTRY_AT - 1, &out->entry))
        return fault_set(fault, ERR_CODEC, "table batch: batch %llu is damaged",
                         (unsigned long long)out->id);
    return ERR_OK;
}

enum err sqlite_batch_new(struct store *store, struct batch *batch, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_BATCH_NEW, &stmt, fault);
    if (err)
        return err;
    bind_batch(stmt, batch);
    err = sql_run(s, stmt, NULL, fault);
    if (!err)
        batch->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    return err;
}

enum err sqlite_batch_put(struct store *store, const struct batch *batch, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_BATCH_PUT, &stmt, fault);
    if (err)
        return err;
    bind_batch(stmt, batch);
    bind_u64(stmt, ID_AT, batch->id);
    return sql_run(s, stmt, NULL, fault);
}

static enum err no_batch(uint64_t id, struct fault *fault)
{
    return fault_set(fault, ERR_NOT_FOUND, "there is no batch %llu", (unsigned long long)id);
}

enum err sqlite_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                               struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    int changed = 0;
    enum err err = sql_take(s, SQL_PART_PUT, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, part);
    bind_bytes(stmt, 2, bytes.p, bytes.n);
    bind_u64(stmt, 3, id);
    err = sql_run(s, stmt, &changed, fault);
    return err || changed ? err : no_batch(id, fault);
}

enum err sqlite_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                               struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = sql_take(s, SQL_PART_GET, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, id);
    bind_u64(stmt, 2, part);
    err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    if (!found)
        return fault_set(fault, ERR_NOT_FOUND, "batch %llu has no part %u", (unsigned long long)id,
                         part);
    buf_str(out, column_bytes(stmt, 0));
    sql_free(stmt);
    return out->failed ? fault_set(fault, ERR_MEMORY, "part %u", part) : ERR_OK;
}

/* Drops the parts before `before`. */
static enum err drop_parts(struct sqlite_store *s, uint64_t id, uint64_t before,
                           struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_PARTS_DROP, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, id);
    bind_u64(stmt, 2, before);
    return sql_run(s, stmt, NULL, fault);
}

enum err sqlite_batch_update(struct store *store, const struct batch *batch, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    int changed = 0;
    enum err err = sql_take(s, SQL_BATCH_UPDATE, &stmt, fault);
    if (err)
        return err;
    bind_batch(stmt, batch);
    bind_u64(stmt, ID_AT, batch->id);
    err = sql_run(s, stmt, &changed, fault);
    if (!err && !changed)
        err = no_batch(batch->id, fault);
    if (err || !batch->next_part)
        return err;
    return drop_parts(s, batch->id, batch->next_part, fault);
}

enum err sqlite_batch_drop(struct store *store, uint64_t id, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = drop_parts(s, id, INT64_MAX, fault);
    sqlite3_stmt *stmt = NULL;
    if (!err)
        err = sql_take(s, SQL_BATCH_DROP, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, id);
    return sql_run(s, stmt, NULL, fault);
}

enum err sqlite_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                        void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_BATCHES, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct batch batch;
        err = read_batch(stmt, &batch, fault);
        if (err)
            break;
        more = fn(ctx, &batch);
    }
    if (found)
        sql_free(stmt);
    return err;
}

/* ---- claims ---- */

static int lock_claim(int fd, uint64_t id, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)id, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

static enum err open_claims(struct sqlite_store *s, struct fault *fault)
{
    struct stat st;
    mode_t mode = stat(s->path, &st) == 0 ? st.st_mode & 0666 : 0600;
    char *name = sqlite_beside(s, ".batch");
    if (!name)
        return fault_set(fault, ERR_MEMORY, "%s", s->path);
    s->claims = open(name, O_RDWR | O_CREAT | O_CLOEXEC, mode);
    enum err err = ERR_OK;
    if (s->claims < 0)
        err = fault_set(fault, ERR_STORE, "%s: %s", name, strerror(errno));
    free(name);
    return err;
}

enum err sqlite_batch_claim(struct store *store, uint64_t id, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    if (s->claims < 0) {
        enum err err = open_claims(s, fault);
        if (err)
            return err;
    }
    if (lock_claim(s->claims, id, F_WRLCK) == 0)
        return ERR_OK;
    if (errno == EAGAIN || errno == EACCES)
        return fault_set(fault, ERR_STORE_BUSY, "a living process works on batch %llu",
                         (unsigned long long)id);
    return fault_set(fault, ERR_STORE, "claim of batch %llu: %s", (unsigned long long)id,
                     strerror(errno));
}

void sqlite_batch_release(struct store *store, uint64_t id)
{
    struct sqlite_store *s = sqlite_of(store);
    if (s->claims >= 0)
        lock_claim(s->claims, id, F_UNLCK);
}
