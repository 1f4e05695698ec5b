/* SPDX-License-Identifier: Apache-2.0
 *
 * Which version of the schema a file has, and the way up. application_id says that it is a
 * register of Tamga, user_version which version; both stand in the file's header. All
 * migrations that a file needs run in one transaction: it has the old version or the new one. */
#include "store/store_sqlite.h"

#include <errno.h>
#include <sys/random.h>

enum { APPLICATION_ID = 0x546d6761 }; /* "Tmga" */

enum stand { STAND_CURRENT, STAND_OLDER, STAND_EMPTY };

static enum err look(struct sqlite_store *s, enum stand *out, int64_t *out_version,
                     struct fault *fault)
{
    /* Tables first: another process may make the register between these, tables and id in one
     * commit, so that tables without the id are somebody else's. */
    int64_t id = 0, version = 0, tables = 0;
    enum err err = sqlite_number(s, "SELECT count(*) FROM sqlite_schema", &tables, fault);
    if (!err)
        err = sqlite_number(s, "PRAGMA application_id", &id, fault);
    if (!err)
        err = sqlite_number(s, "PRAGMA user_version", &version, fault);
    if (err)
        return err;
    if (id != APPLICATION_ID && tables)
        return fault_set(fault, ERR_STORE_OPEN, "%s is no register of Tamga", s->path);
    if (version > sqlite_schema_version)
        return fault_set(fault, ERR_STORE_NEWER,
                         "%s has schema %d, this program knows %d: use a newer program", s->path,
                         (int)version, sqlite_schema_version);
    *out_version = version;
    if (id != APPLICATION_ID)
        *out = STAND_EMPTY;
    else
        *out = version == sqlite_schema_version ? STAND_CURRENT : STAND_OLDER;
    return ERR_OK;
}

/* The one row of journal_head, with the register's name. */
static enum err found_register(struct sqlite_store *s, struct fault *fault)
{
    uint8_t id[REGISTER_ID_BYTES], first[SHA256_BYTES] = {0};
    if (getentropy(id, sizeof id))
        return fault_set(fault, ERR_STORE, "no random bytes: %s", strerror(errno));
    memcpy(first, id, sizeof id);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(s->db,
                           "INSERT INTO journal_head (one, register_id, next_seq, hash, rules, "
                           "expire_through, swept_through) VALUES (1, ?1, 1, ?2, 0, ?3, ?3)",
                           -1, &stmt, NULL))
        return sqlite_fault(s, fault);
    bind_bytes(stmt, 1, id, sizeof id);
    bind_bytes(stmt, 2, first, sizeof first);
    bind_i64(stmt, 3, DAYNUM_NONE);
    enum err err = sqlite3_step(stmt) == SQLITE_DONE ? ERR_OK : sqlite_fault(s, fault);
    sqlite3_finalize(stmt);
    return err;
}

static enum err migrate(struct sqlite_store *s, struct fault *fault)
{
    enum stand stand = STAND_EMPTY;
    int64_t version = 0;
    enum err err = look(s, &stand, &version, fault);
    if (err || stand == STAND_CURRENT) /* somebody else was faster */
        return err;
    bool fresh = version == 0;
    for (; !err && version < sqlite_schema_version; version++)
        err = sqlite_exec(s, sqlite_schema[version], fault);
    if (!err && fresh)
        err = found_register(s, fault);
    char mark[80];
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, sqlite_schema_version);
    return err ? err : sqlite_exec(s, mark, fault);
}

/* In the writer's place: page size and WAL can only be set outside of a transaction. */
static enum err raise_schema(struct sqlite_store *s, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    enum err err = sqlite_exec(s, "PRAGMA page_size = 4096", fault);
    if (err)
        return err;
    bool wal = !sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL) &&
               sqlite3_step(stmt) == SQLITE_ROW && str_eq(column_bytes(stmt, 0), STR("wal"));
    if (!wal)
        err = fault_set(fault, ERR_STORE_OPEN, "%s cannot have a WAL: %s", s->path,
                        sqlite3_errmsg(s->db));
    sqlite3_finalize(stmt);
    if (!err)
        err = sql_plain(s, SQL_BEGIN_IMMEDIATE, fault);
    if (err)
        return err;
    err = migrate(s, fault);
    if (!err)
        err = sql_plain(s, SQL_COMMIT, fault);
    if (err && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

enum err sqlite_schema_check(struct sqlite_store *s, struct fault *fault)
{
    enum stand stand = STAND_EMPTY;
    int64_t version = 0;
    enum err err = look(s, &stand, &version, fault);
    if (err || stand == STAND_CURRENT)
        return err;
    if (s->mode == STORE_READ && stand == STAND_EMPTY)
        return fault_set(fault, ERR_STORE_MISSING,
                         "%s holds no register yet: any writing command makes one", s->path);
    if (s->mode == STORE_READ)
        return fault_set(fault, ERR_STORE_OLD,
                         "%s has schema %d, this program reads %d: any writing command raises it",
                         s->path, (int)version, sqlite_schema_version);
    s->patience = patience_begin(s->base.patience_ms, s->base.on_wait, s->base.on_wait_ctx);
    err = turnstile_take(s->turn, &s->patience, fault);
    if (err)
        return err;
    s->in_line = true;
    err = raise_schema(s, fault);
    s->in_line = false;
    turnstile_leave(s->turn);
    return err;
}
