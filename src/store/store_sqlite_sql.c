/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements of the SQLite backend and the way from SQLite's results to our errors. */
#include "store/store_sqlite.h"

#include <errno.h>

/* Parameters are numbered in the order of their first appearance. */
static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_HEAD_GET] = "SELECT register_id, next_seq, hash, rules, expire_through, swept_through, "
                     "moving, rebuilt FROM journal_head",
    [SQL_HEAD_PUT] = "UPDATE journal_head SET next_seq = ?1, hash = ?2, rules = ?3, "
                     "expire_through = ?4, swept_through = ?5",
    [SQL_HEAD_REPLACE] = "UPDATE journal_head SET next_seq = ?1, hash = ?2, rules = ?3, "
                         "expire_through = ?4, swept_through = ?5, register_id = ?6, moving = ?7, "
                         "rebuilt = ?8",
    [SQL_BLOCK_PUT] = "INSERT INTO journal_block (first_seq, header, prev_hash, root, hash, body, "
                      "section) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_BLOCKS] = "SELECT first_seq, header, prev_hash, root, hash, body, section "
                   "FROM journal_block WHERE first_seq >= coalesce((SELECT max(first_seq) "
                   "FROM journal_block WHERE first_seq <= ?1), 0) ORDER BY first_seq",
    [SQL_FACTS_GET] = "SELECT due, row FROM facts WHERE imei = ?1",
    [SQL_FACTS_RANGE] = "SELECT due, row, imei FROM facts WHERE imei >= ?1 AND imei <= ?2 "
                        "ORDER BY imei",
    [SQL_FACTS_SCAN] = "SELECT due, row, imei FROM facts WHERE imei >= ?1 AND imei <= ?2 "
                       "ORDER BY imei",
    [SQL_FACTS_PUT] = "INSERT INTO facts (imei, due, row) SELECT imei, due, row FROM facts_in "
                      "WHERE true ON CONFLICT (imei) DO UPDATE "
                      "SET due = excluded.due, row = excluded.row",
    [SQL_FACTS_DUE] = "SELECT imei, due FROM facts WHERE due >= ?1 AND due <= ?2 "
                      "ORDER BY due, imei",
    [SQL_FACTS_DROP] = "DELETE FROM facts WHERE imei = ?1",
    [SQL_PAIR_PUT] = "INSERT INTO pair (imei, subscriber) VALUES (?1, ?2) "
                     "ON CONFLICT (imei, subscriber) DO NOTHING",
    [SQL_PAIR_DELETE] = "DELETE FROM pair WHERE imei = ?1 AND subscriber = ?2",
    [SQL_PAIRS] = "SELECT imei, subscriber FROM pair ORDER BY imei, subscriber",
    [SQL_RULES_PUT] = "INSERT INTO rule_set (number, text) VALUES (?1, ?2) "
                      "ON CONFLICT (number) DO UPDATE SET text = excluded.text",
    [SQL_RULES_GET] = "SELECT text FROM rule_set WHERE number = ?1",
    [SQL_TAC_LIST_PUT] = "INSERT INTO tac_list (number, packed) VALUES (?1, ?2) "
                         "ON CONFLICT (number) DO UPDATE SET packed = excluded.packed",
    [SQL_TAC_LIST_GET] = "SELECT packed FROM tac_list WHERE number = ?1",
    [SQL_BATCH_NEW] =
        "INSERT INTO batch (state, intent_seq, count, rows, parts, next_part, time_ms, actor, "
        "label, load_hash, rules_number, tac_list, entry_event, entry_flags, entry_ground, "
        "entry_actor, entry_party, entry_time_ms, entry_effective, entry_batch, entry_count, "
        "entry_digest, entry_document) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
        "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
    [SQL_BATCH_PUT] =
        "INSERT INTO batch (state, intent_seq, count, rows, parts, next_part, time_ms, actor, "
        "label, load_hash, rules_number, tac_list, entry_event, entry_flags, entry_ground, "
        "entry_actor, entry_party, entry_time_ms, entry_effective, entry_batch, entry_count, "
        "entry_digest, entry_document, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
        "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
    [SQL_BATCH_UPDATE] =
        "UPDATE batch SET state = ?1, intent_seq = ?2, count = ?3, rows = ?4, parts = ?5, "
        "next_part = ?6, time_ms = ?7, actor = ?8, label = ?9, load_hash = ?10, "
        "rules_number = ?11, tac_list = ?12, entry_event = ?13, entry_flags = ?14, "
        "entry_ground = ?15, entry_actor = ?16, entry_party = ?17, entry_time_ms = ?18, "
        "entry_effective = ?19, entry_batch = ?20, entry_count = ?21, entry_digest = ?22, "
        "entry_document = ?23 WHERE id = ?24",
    [SQL_BATCH_DROP] = "DELETE FROM batch WHERE id = ?1",
    [SQL_BATCHES] =
        "SELECT state, intent_seq, count, rows, parts, next_part, time_ms, actor, label, "
        "load_hash, rules_number, tac_list, entry_event, entry_flags, entry_ground, entry_actor, "
        "entry_party, entry_time_ms, entry_effective, entry_batch, entry_count, entry_digest, "
        "entry_document, id FROM batch ORDER BY id",
    [SQL_PART_PUT] = "INSERT INTO batch_part (batch, part, bytes) SELECT id, ?1, ?2 FROM batch "
                     "WHERE id = ?3 ON CONFLICT (batch, part) DO UPDATE SET bytes = excluded.bytes",
    [SQL_PART_GET] = "SELECT bytes FROM batch_part WHERE batch = ?1 AND part = ?2",
    [SQL_PARTS_DROP] = "DELETE FROM batch_part WHERE batch = ?1 AND part < ?2",
    [SQL_LOAD_PUT] = "INSERT INTO load (hash, kind, operator_name, time_ms, rows, changes, seq) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (hash) DO UPDATE "
                     "SET kind = excluded.kind, operator_name = excluded.operator_name, "
                     "time_ms = excluded.time_ms, rows = excluded.rows, "
                     "changes = excluded.changes, seq = excluded.seq",
    [SQL_LOAD_FIND] = "SELECT kind, operator_name, time_ms, rows, changes, seq FROM load "
                      "WHERE hash = ?1",
    [SQL_LOADS] = "SELECT kind, operator_name, time_ms, rows, changes, seq, hash FROM load "
                  "ORDER BY hash",
    [SQL_PARTY_PUT] = "INSERT INTO party (id, kind, flags, name) VALUES (?1, ?2, ?3, ?4) "
                      "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, "
                      "flags = excluded.flags, name = excluded.name",
    [SQL_PARTY_GET] = "SELECT kind, flags, name, id FROM party WHERE id = ?1",
    [SQL_PARTIES] = "SELECT kind, flags, name, id FROM party ORDER BY id",
    [SQL_API_KEY_PUT] =
        "INSERT INTO api_key (id, kind, scopes, name, secret, expires, created_ms, created_by, "
        "revoked_ms, revoked_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
        "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, scopes = excluded.scopes, "
        "name = excluded.name, secret = excluded.secret, expires = excluded.expires, "
        "created_ms = excluded.created_ms, created_by = excluded.created_by, "
        "revoked_ms = excluded.revoked_ms, revoked_by = excluded.revoked_by",
    [SQL_API_KEYS] = "SELECT id, kind, scopes, name, secret, expires, created_ms, created_by, "
                     "revoked_ms, revoked_by FROM api_key ORDER BY id",
    [SQL_FINDING_ADD] = "INSERT INTO finding (operator_name, day, kind, raw, count) "
                        "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (operator_name, day, kind, raw) "
                        "DO UPDATE SET count = count + excluded.count",
    [SQL_FINDINGS] = "SELECT operator_name, day, kind, raw, count FROM finding "
                     "ORDER BY operator_name, day, kind, raw",
    [SQL_NOTE_PUT] = "INSERT INTO note (seq, time_ms, actor, text) VALUES (?1, ?2, ?3, ?4)",
    [SQL_NOTES] = "SELECT seq, time_ms, actor, text FROM note ORDER BY id",
    [SQL_RECORD_PUT] = "INSERT INTO record (key, value) VALUES (?1, ?2) "
                       "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [SQL_RECORD_DROP] = "DELETE FROM record WHERE key = ?1",
    [SQL_RECORD_GET] = "SELECT value FROM record WHERE key = ?1",
    [SQL_RECORDS] = "SELECT key, value FROM record WHERE key >= ?1 AND key < ?2 ORDER BY key",
    [SQL_RECORDS_REST] = "SELECT key, value FROM record WHERE key >= ?1 ORDER BY key",
};

static bool means_full(int os)
{
    return os == ENOSPC || os == EFBIG || os == EDQUOT;
}

/* SQLite 3.40 keeps the system's error of a step, but not of a COMMIT: there errno still tells. */
static bool disk_full(sqlite3 *db, int os)
{
    int code = sqlite3_errcode(db) & 0xff;
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR && (means_full(sqlite3_system_errno(db)) || means_full(os)));
}

enum err sqlite_fault(struct sqlite_store *s, struct fault *fault)
{
    int os = errno;
    enum err err = ERR_STORE;
    switch (sqlite3_errcode(s->db) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err = ERR_STORE_BUSY;
        break;
    case SQLITE_NOMEM:
        err = ERR_MEMORY;
        break;
    default:
        if (disk_full(s->db, os))
            err = ERR_STORE_FULL;
    }
    return fault_set(fault, err, "%s: SQLite: %s (%d)", s->path, sqlite3_errmsg(s->db),
                     sqlite3_extended_errcode(s->db));
}

enum err sqlite_exec(struct sqlite_store *s, const char *sql, struct fault *fault)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) ? sqlite_fault(s, fault) : ERR_OK;
}

enum err sqlite_number(struct sqlite_store *s, const char *sql, int64_t *out, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    enum err err = ERR_OK;
    if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) || sqlite3_step(stmt) != SQLITE_ROW)
        err = sqlite_fault(s, fault);
    else
        *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return err;
}

enum err sql_take(struct sqlite_store *s, enum sql id, sqlite3_stmt **out, struct fault *fault)
{
    if (s->frozen) {
        enum err err = sqlite_fresh(s, fault);
        if (err)
            return err;
    }
    sqlite3_stmt **stmt = &s->stmt[id];
    if (!*stmt && sqlite3_prepare_v3(s->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL))
        return sqlite_fault(s, fault);
    if (sqlite3_stmt_busy(*stmt))
        return fault_set(fault, ERR_STORE, "a store verb was called again from its own callback");
    *out = *stmt;
    return ERR_OK;
}

void sql_free(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

enum err sql_step(struct sqlite_store *s, sqlite3_stmt *stmt, bool *out_row, struct fault *fault)
{
    errno = 0;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *out_row = true;
        return ERR_OK;
    }
    enum err err = rc == SQLITE_DONE ? ERR_OK : sqlite_fault(s, fault);
    sql_free(stmt);
    if (!err)
        *out_row = false;
    return err;
}

enum err sql_run(struct sqlite_store *s, sqlite3_stmt *stmt, int *out_changed, struct fault *fault)
{
    bool row = false;
    enum err err = sql_step(s, stmt, &row, fault);
    if (!err && out_changed)
        *out_changed = sqlite3_changes(s->db);
    return err;
}

enum err sql_plain(struct sqlite_store *s, enum sql id, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, id, &stmt, fault);
    return err ? err : sql_run(s, stmt, NULL, fault);
}

/* A bind that fails for want of memory leaves NULL, which the NOT NULL of the column refuses. */

void bind_u64(sqlite3_stmt *stmt, int i, uint64_t v)
{
    sqlite3_bind_int64(stmt, i, (sqlite3_int64)v);
}

void bind_i64(sqlite3_stmt *stmt, int i, int64_t v)
{
    sqlite3_bind_int64(stmt, i, v);
}

void bind_bytes(sqlite3_stmt *stmt, int i, const void *p, size_t n)
{
    sqlite3_bind_blob64(stmt, i, n ? p : "", n, SQLITE_STATIC);
}

void bind_text(sqlite3_stmt *stmt, int i, const char *text, size_t max)
{
    sqlite3_bind_text64(stmt, i, text, strnlen(text, max), SQLITE_STATIC, SQLITE_UTF8);
}

uint64_t column_u64(sqlite3_stmt *stmt, int i)
{
    return (uint64_t)sqlite3_column_int64(stmt, i);
}

struct str column_bytes(sqlite3_stmt *stmt, int i)
{
    const char *p = sqlite3_column_blob(stmt, i);
    return (struct str){p ? p : "", p ? (size_t)sqlite3_column_bytes(stmt, i) : 0};
}

bool column_exact(sqlite3_stmt *stmt, int i, void *out, size_t n)
{
    struct str bytes = column_bytes(stmt, i);
    if (bytes.n != n)
        return false;
    memcpy(out, bytes.p, n);
    return true;
}

void column_text(sqlite3_stmt *stmt, int i, char *out, size_t size)
{
    str_copy(out, size, column_bytes(stmt, i));
}
