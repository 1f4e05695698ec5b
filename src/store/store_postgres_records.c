/* SPDX-License-Identifier: Apache-2.0
 *
 * Records in PostgreSQL: bytea is ordered as memcmp orders it. Scans go in chunks, of one moment. */
#include "store/store_postgres.h"

enum { CHUNK_RECORDS = 256, PUT_MOST = 4096 };

/* One statement for all that stay, one for all that go. */
static enum err put_some(struct postgres_store *s, const struct record *records, size_t n,
                         bool drop, struct fault *fault)
{
    struct buf keys = {0}, values = {0};
    struct pg_args args = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += !records[i].value.p == drop;
    if (!count)
        return ERR_OK;
    pg_array_begin(&keys, PG_BYTEA, count, false);
    pg_array_begin(&values, PG_BYTEA, count, false);
    for (size_t i = 0; i < n; i++) {
        if (!records[i].value.p != drop)
            continue;
        pg_array_bytes(&keys, records[i].key);
        pg_array_bytes(&values, records[i].value);
    }
    arg_bytes(&args, keys.p, keys.n);
    if (!drop)
        arg_bytes(&args, values.p, values.n);
    enum err err = keys.failed || values.failed
                       ? fault_set(fault, ERR_MEMORY, "%zu records", n)
                       : pg_queue(s, drop ? PG_RECORD_DROP : PG_RECORD_PUT, &args, fault);
    buf_release(&keys);
    buf_release(&values);
    return err;
}

enum err postgres_records_put(struct store *store, const struct record *records, size_t n,
                              struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i += PUT_MOST) {
        size_t some = n - i < PUT_MOST ? n - i : PUT_MOST;
        err = put_some(s, records + i, some, true, fault);
        if (!err)
            err = put_some(s, records + i, some, false, fault);
    }
    return err;
}

enum err postgres_record_get(struct store *store, struct str key, struct buf *out,
                             struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_bytes(&args, key.p, key.n);
    enum err err = pg_run(s, PG_RECORD_GET, &args, &r, NULL, fault);
    if (err)
        return err;
    if (rows_of(s, r) == 0)
        err = fault_set(fault, ERR_NOT_FOUND, "no such record");
    else
        buf_str(out, row_bytes(s, r, 0, 0));
    s->pq->PQclear(r);
    return !err && out->failed ? fault_set(fault, ERR_MEMORY, "a record") : err;
}

enum err postgres_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                          void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    static const char end[] = "\xff"; /* no key begins so */
    char next[RECORD_KEY_MAX + 1];    /* one key further: with a NUL after it */
    size_t next_n = from.n;
    bool own, more = true;
    to = to.n ? to : (struct str){end, 1};
    if (from.n)
        memcpy(next, from.p, from.n);
    enum err err = pg_moment_begin(s, &own, fault);
    if (err)
        return err;
    while (!err && more) {
        struct pg_args args = {0};
        PGresult *r = NULL;
        arg_bytes(&args, next, next_n);
        arg_bytes(&args, to.p, to.n);
        arg_u64(&args, CHUNK_RECORDS);
        err = pg_run(s, PG_RECORDS, &args, &r, NULL, fault);
        int n = err ? 0 : rows_of(s, r);
        for (int i = 0; !err && more && i < n; i++) {
            struct record record = {row_bytes(s, r, i, 0), row_bytes(s, r, i, 1)};
            if (record.key.n > RECORD_KEY_MAX) {
                err = fault_set(fault, ERR_CODEC, "table record: a key is too long");
                break;
            }
            memcpy(next, record.key.p, record.key.n);
            next[record.key.n] = 0;
            next_n = record.key.n + 1;
            more = fn(ctx, &record);
        }
        more = more && n == CHUNK_RECORDS;
        s->pq->PQclear(r);
    }
    return pg_moment_end(s, own, err);
}
