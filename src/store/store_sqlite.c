/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite backend: opening and closing a register in one file.
 *
 * Beside PATH stand SQLite's own PATH-wal and PATH-shm, PATH.turn (turnstile.c) and PATH.batch
 * (claims). A reader first opens the usual way; where it can make no file beside the register
 * (a directory or a medium that it may not write) and no WAL stands there, the file cannot change
 * without one, so it is read as immutable ("frozen") until a writer is seen. */
#include "store/store_sqlite.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "store/wal_vfs.h"

/* Tried with 10 M rows: page_size 4096 (schema.c) and 8192 import alike; single writes, which touch
 * a page each, are a third faster with 4096. mmap_size gave nothing. A cache of 8 MB instead of 64
 * makes single writes 1.1-1.35 times as fast (checkpoints find less to pass over), imports alike. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA wal_autocheckpoint = 0;"
                               "PRAGMA cache_size = -8192;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA secure_delete = FAST;"
                               "PRAGMA temp_store = MEMORY;";

char *sqlite_beside(const struct sqlite_store *s, const char *ending)
{
    char *out = NULL;
    return asprintf(&out, "%s%s", s->path, ending) < 0 ? NULL : out;
}

static const char *path(const struct store *store)
{
    const struct sqlite_store *s = (const struct sqlite_store *)store;
    return s->path;
}

static void disconnect(struct sqlite_store *s)
{
    sqlite_checkpoint_stop(s);
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(s->stmt[i]);
        s->stmt[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

static void sqlite_close(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    disconnect(s);
    turnstile_close(s->turn);
    if (s->claims >= 0)
        close(s->claims);
    free(s->path);
    free(s);
}

/* PATH as a file: URI that asks for an immutable file. */
static char *immutable_uri(const char *file)
{
    struct buf uri = {0};
    char *real = realpath(file, NULL);
    buf_str(&uri, STR("file:"));
    for (const char *p = real ? real : file; *p; p++)
        buf_printf(&uri, strchr("%?#", *p) ? "%%%02X" : "%c", (unsigned char)*p);
    buf_put(&uri, "?immutable=1", sizeof "?immutable=1");
    free(real);
    if (!uri.failed)
        return (char *)uri.p;
    buf_release(&uri);
    return NULL;
}

static bool wal_stands(const struct sqlite_store *s)
{
    struct stat st;
    char *wal = sqlite_beside(s, "-wal");
    bool stands = wal && stat(wal, &st) == 0;
    free(wal);
    return stands;
}

static enum err connect_as(struct sqlite_store *s, int flags, struct fault *fault)
{
    char *name = s->frozen ? immutable_uri(s->path) : strdup(s->path);
    if (!name)
        return fault_set(fault, ERR_MEMORY, "%s", s->path);
    const char *vfs = flags & SQLITE_OPEN_READWRITE ? wal_vfs() : NULL;
    int rc = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, vfs);
    free(name);
    if (!s->db)
        return fault_set(fault, ERR_MEMORY, "%s", s->path);
    sqlite3_extended_result_codes(s->db, 1);
    if (rc)
        return fault_set(fault, ERR_STORE_OPEN, "%s: SQLite: %s", s->path, sqlite3_errmsg(s->db));
    sqlite3_busy_handler(s->db, sqlite_on_busy, s);
    enum err err = sqlite_exec(s, settings, fault);
    sqlite3_wal_hook(s->db, sqlite_on_commit, s); /* after wal_autocheckpoint, which drops it */
    return err ? err : sqlite_facts_in(s, fault);
}

/* Opens for reading; as an immutable file where nothing else is possible. */
static enum err connect_reader(struct sqlite_store *s, struct fault *fault)
{
    int64_t version = 0;
    s->frozen = false;
    enum err err = connect_as(s, SQLITE_OPEN_READONLY, fault);
    if (!err)
        err = sqlite_number(s, "PRAGMA user_version", &version, fault);
    if (!err || !s->db)
        return err;
    int code = sqlite3_errcode(s->db) & 0xff;
    if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || wal_stands(s))
        return err;
    if (stat(s->path, &s->frozen_as))
        return err;
    disconnect(s);
    s->frozen = true;
    fault_set(fault, ERR_OK, "%s", "");
    return connect_as(s, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, fault);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum err sqlite_fresh(struct sqlite_store *s, struct fault *fault)
{
    struct stat now;
    if (!wal_stands(s) && stat(s->path, &now) == 0 && same_file(&now, &s->frozen_as))
        return ERR_OK;
    bool in_use = !sqlite3_get_autocommit(s->db);
    for (int i = 0; i < SQL_COUNT; i++)
        in_use |= s->stmt[i] && sqlite3_stmt_busy(s->stmt[i]);
    if (in_use)
        return fault_set(fault, ERR_STORE_BUSY, "%s was written while it was read", s->path);
    disconnect(s);
    enum err err = connect_reader(s, fault);
    return err ? err : sqlite_schema_check(s, fault);
}

static enum err connect_writer(struct sqlite_store *s, struct fault *fault)
{
    file_make_directory(s->path);
    enum err err = connect_as(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, fault);
    if (err)
        return err;
    struct stat st;
    char *turn = sqlite_beside(s, ".turn");
    if (!turn)
        return fault_set(fault, ERR_MEMORY, "%s", s->path);
    mode_t mode = stat(s->path, &st) == 0 ? st.st_mode & 0666 : 0600;
    err = turnstile_open(turn, mode, &s->turn, fault);
    free(turn);
    return err;
}

static enum err again(struct store *store, struct store **out, struct fault *fault)
{
    const struct sqlite_store *s = sqlite_of(store);
    return store_sqlite_open(s->path, s->mode, out, fault);
}

/* Where it fails, what is dropped is free space, as before. */
static void overwrite(struct store *store, bool on)
{
    enum err err = sqlite_exec(
        sqlite_of(store), on ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = FAST", NULL);
    (void)err;
}

static const struct store_ops ops = {
    .again = again,
    .close = sqlite_close,
    .head = sqlite_head,
    .block_append = sqlite_block_append,
    .blocks = sqlite_blocks,
    .facts_get = sqlite_facts_get,
    .facts_put = sqlite_facts_put,
    .facts_scan = sqlite_facts_scan,
    .facts_due = sqlite_facts_due,
    .pairs_put = sqlite_pairs_put,
    .pairs_scan = sqlite_pairs_scan,
    .rules_put = sqlite_rules_put,
    .rules_get = sqlite_rules_get,
    .tac_list_put = sqlite_tac_list_put,
    .tac_list_get = sqlite_tac_list_get,
    .batch_new = sqlite_batch_new,
    .batch_part_put = sqlite_batch_part_put,
    .batch_part_get = sqlite_batch_part_get,
    .batch_update = sqlite_batch_update,
    .batch_drop = sqlite_batch_drop,
    .batches = sqlite_batches,
    .batch_claim = sqlite_batch_claim,
    .batch_release = sqlite_batch_release,
    .load_put = sqlite_load_put,
    .load_find = sqlite_load_find,
    .party_put = sqlite_party_put,
    .party_get = sqlite_party_get,
    .parties = sqlite_parties,
    .api_key_put = sqlite_api_key_put,
    .api_keys = sqlite_api_keys,
    .findings_add = sqlite_findings_add,
    .findings = sqlite_findings,
    .note_put = sqlite_note_put,
    .notes = sqlite_notes,
    .loads = sqlite_loads,
    .head_put = sqlite_head_put,
    .facts_drop = sqlite_facts_drop,
    .batch_put = sqlite_batch_put,
    .records_put = sqlite_records_put,
    .record_get = sqlite_record_get,
    .records = sqlite_records,
    .overwrite = overwrite,
    .read_begin = sqlite_read_begin,
    .read_end = sqlite_read_end,
    .write_begin = sqlite_write_begin,
    .write_commit = sqlite_write_commit,
    .write_rollback = sqlite_write_rollback,
    .path = path,
};

enum err store_sqlite_open(const char *file, enum store_mode mode, struct store **out,
                           struct fault *fault)
{
    struct stat st;
    if (!*file)
        return fault_set(fault, ERR_STORE_OPEN, "sqlite: needs a path");
    if (mode == STORE_READ && stat(file, &st) && (errno == ENOENT || errno == ENOTDIR))
        return fault_set(
            fault, ERR_STORE_MISSING,
            "%s: there is no register; any writing command makes one, --register names another",
            file);
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, ERR_MEMORY, "%s", file);
    s->base.ops = &ops;
    s->base.patience_ms = STORE_PATIENCE_MS;
    s->mode = mode;
    s->claims = -1;
    /* "./" keeps SQLite from reading more into a name than a file: ":memory:". */
    bool plain = *file == '/' || *file == '.';
    enum err err = ERR_OK;
    if (asprintf(&s->path, "%s%s", plain ? "" : "./", file) < 0) {
        s->path = NULL;
        err = fault_set(fault, ERR_MEMORY, "%s", file);
    }
    if (!err)
        err = mode == STORE_READ ? connect_reader(s, fault) : connect_writer(s, fault);
    if (!err)
        err = sqlite_schema_check(s, fault);
    if (err) {
        sqlite_close(&s->base);
        if (err == ERR_STORE)
            err = ERR_STORE_OPEN;
        if (fault)
            fault->err = err;
        return err;
    }
    *out = &s->base;
    return ERR_OK;
}
