/* SPDX-License-Identifier: Apache-2.0
 *
 * Records in SQLite: blobs are ordered as memcmp orders them (SQLite, "Datatypes", 4.1). */
#include "store/store_sqlite.h"

enum err sqlite_records_put(struct store *store, const struct record *records, size_t n,
                            struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        const struct record *r = &records[i];
        sqlite3_stmt *stmt = NULL;
        err = sql_take(s, r->value.p ? SQL_RECORD_PUT : SQL_RECORD_DROP, &stmt, fault);
        if (err)
            break;
        bind_bytes(stmt, 1, r->key.p, r->key.n);
        if (r->value.p)
            bind_bytes(stmt, 2, r->value.p, r->value.n);
        err = sql_run(s, stmt, NULL, fault);
    }
    return err;
}

enum err sqlite_record_get(struct store *store, struct str key, struct buf *out,
                           struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = sql_take(s, SQL_RECORD_GET, &stmt, fault);
    if (err)
        return err;
    bind_bytes(stmt, 1, key.p, key.n);
    err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    if (!found)
        return fault_set(fault, ERR_NOT_FOUND, "no such record");
    buf_str(out, column_bytes(stmt, 0));
    sql_free(stmt);
    return out->failed ? fault_set(fault, ERR_MEMORY, "a record") : ERR_OK;
}

enum err sqlite_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                        void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, to.n ? SQL_RECORDS : SQL_RECORDS_REST, &stmt, fault);
    if (err)
        return err;
    bind_bytes(stmt, 1, from.n ? from.p : "", from.n);
    if (to.n)
        bind_bytes(stmt, 2, to.p, to.n);
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct record record = {column_bytes(stmt, 0), column_bytes(stmt, 1)};
        more = fn(ctx, &record);
    }
    if (!more)
        sql_free(stmt);
    return err;
}
