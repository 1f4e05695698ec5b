/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts rows in PostgreSQL. Sorted batches go in as they are: new rows by a binary COPY (PostgreSQL 15,
 * COPY, "Binary Format"), the others by one UPDATE from arrays. */
#include "store/store_postgres.h"

#include <stdlib.h>

enum {
    FEW = 64,           /* rows: one statement of one plan */
    COPY_BYTES = 65536, /* sent at once */
};

/* ---- elements of arrays, fields of a COPY ---- */

static void put_imei(struct buf *b, struct imei imei)
{
    buf_uint(b, 8, 4);
    buf_uint(b, imei.body, 8);
}

static void put_due(struct buf *b, daynum due)
{
    buf_uint(b, due == DAYNUM_NONE ? UINT32_MAX : 4, 4);
    if (due != DAYNUM_NONE)
        buf_uint(b, (uint32_t)due, 4);
}

static void put_facts(struct buf *b, const struct facts *facts)
{
    uint8_t bytes[FACTS_ROW_MAX];
    size_t n = facts_encode(facts, bytes);
    buf_uint(b, n, 4);
    buf_put(b, bytes, n);
}

/* ---- reading ---- */

static enum err read_facts(const struct postgres_store *s, const PGresult *r, int row,
                           struct facts_row *out, struct fault *fault)
{
    struct str bytes = row_bytes(s, r, row, 2);
    enum err err = facts_decode(bytes.p, bytes.n, &out->facts);
    if (err)
        return fault_set(fault, err, "table facts: the row of an IMEI is damaged");
    out->due = row_null(s, r, row, 1) ? DAYNUM_NONE : row_i32(s, r, row, 1);
    return ERR_OK;
}

/* The wanted row of this IMEI, at or after *at where the answer is in order. */
static struct facts_row *find(struct facts_row *rows, size_t n, size_t *at, uint64_t body)
{
    if (*at >= n || rows[*at].imei.body > body)
        *at = 0;
    while (*at < n && rows[*at].imei.body < body)
        ++*at;
    return *at < n && rows[*at].imei.body == body ? &rows[*at] : NULL;
}

static enum err get_found(struct postgres_store *s, struct facts_row *rows, size_t n,
                          struct fault *fault)
{
    struct buf imeis = {0};
    struct pg_args args = {0};
    PGresult *r = NULL;
    pg_array_begin(&imeis, PG_INT8, n, false);
    for (size_t i = 0; i < n; i++)
        put_imei(&imeis, rows[i].imei);
    arg_bytes(&args, imeis.p, imeis.n);
    enum err err = imeis.failed ? fault_set(fault, ERR_MEMORY, "%zu IMEIs", n)
                                : pg_run(s, PG_FACTS_GET, &args, &r, NULL, fault);
    size_t at = 0;
    for (int i = 0; !err && i < rows_of(s, r); i++) {
        struct facts_row *row = find(rows, n, &at, row_u64(s, r, i, 0));
        err = row ? read_facts(s, r, i, row, fault) : ERR_OK;
    }
    s->pq->PQclear(r);
    buf_release(&imeis);
    return err;
}

/* Is there any row from the first to the last of them? An import into a new range asks no more. */
static enum err any_between(struct postgres_store *s, struct imei from, struct imei to, bool *out,
                            struct fault *fault)
{
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_u64(&args, from.body);
    arg_u64(&args, to.body);
    enum err err = pg_run(s, PG_FACTS_ANY, &args, &r, NULL, fault);
    if (err)
        return err;
    *out = rows_of(s, r) > 0;
    s->pq->PQclear(r);
    return ERR_OK;
}

enum err postgres_facts_get(struct store *store, struct facts_row *rows, size_t n,
                            struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    bool any = true;
    for (size_t i = 0; i < n; i++) {
        facts_init(&rows[i].facts);
        rows[i].due = DAYNUM_NONE;
    }
    enum err err = n > FEW ? any_between(s, rows[0].imei, rows[n - 1].imei, &any, fault) : ERR_OK;
    return err || !any ? err : get_found(s, rows, n, fault);
}

/* ---- writing ---- */

/* The rows as three arrays; `exists`: only those of which this is true. */
static enum err put_arrays(struct postgres_store *s, enum pg_sql id, const struct facts_row *rows,
                           size_t n, size_t count, bool all, struct fault *fault)
{
    struct buf imeis = {0}, dues = {0}, facts = {0};
    struct pg_args args = {0};
    pg_array_begin(&imeis, PG_INT8, count, false);
    pg_array_begin(&dues, PG_INT4, count, true);
    pg_array_begin(&facts, PG_BYTEA, count, false);
    for (size_t i = 0; i < n; i++) {
        if (!all && !rows[i].facts.exists)
            continue;
        put_imei(&imeis, rows[i].imei);
        put_due(&dues, rows[i].due);
        put_facts(&facts, &rows[i].facts);
    }
    arg_bytes(&args, imeis.p, imeis.n);
    arg_bytes(&args, dues.p, dues.n);
    arg_bytes(&args, facts.p, facts.n);
    enum err err = imeis.failed || dues.failed || facts.failed
                       ? fault_set(fault, ERR_MEMORY, "%zu facts rows", n)
                       : pg_queue(s, id, &args, fault);
    buf_release(&imeis);
    buf_release(&dues);
    buf_release(&facts);
    return err;
}

static enum err copy_open(struct postgres_store *s, struct fault *fault)
{
    enum err err = pg_settle(s, fault);
    if (err)
        return err;
    if (!s->pq->PQsendQuery(s->db, "COPY facts (imei, due, facts_row) FROM STDIN (FORMAT binary)"))
        return pg_fault(s, NULL, fault);
    PGresult *result = pg_next(s);
    if (result && s->pq->PQresultStatus(result) == PGRES_COPY_IN) {
        s->pq->PQclear(result);
        return ERR_OK;
    }
    err = pg_fault(s, result, fault);
    for (; result; result = pg_next(s)) /* to the end of what was refused */
        s->pq->PQclear(result);
    return err;
}

static enum err copy_send(struct postgres_store *s, struct buf *b, struct fault *fault)
{
    bool sent = !b->failed && s->pq->PQputCopyData(s->db, (const char *)b->p, (int)b->n) == 1 &&
                pg_flush(s);
    enum err err = sent        ? ERR_OK
                   : b->failed ? fault_set(fault, ERR_MEMORY, "facts rows on their way")
                               : pg_fault(s, NULL, fault);
    buf_clear(b);
    return err;
}

/* Ends it, well or (err) badly, and reads what the server says. */
static enum err copy_close(struct postgres_store *s, enum err err, struct fault *fault)
{
    PGresult *result;
    if (s->db && s->pq->PQputCopyEnd(s->db, err ? "given up" : NULL) != 1) {
        err = err ? err : pg_fault(s, NULL, fault);
        pg_disconnect(s); /* it would stay in the middle of the COPY */
    }
    while ((result = pg_next(s))) {
        if (!err && s->pq->PQresultStatus(result) != PGRES_COMMAND_OK)
            err = pg_fault(s, result, fault);
        s->pq->PQclear(result);
    }
    return !err && !s->db ? pg_fault(s, NULL, fault) : err;
}

/* The server stores what has come while the rest is being made. */
static enum err copy_new(struct postgres_store *s, const struct facts_row *rows, size_t n,
                         struct fault *fault)
{
    struct buf b = {0};
    enum err err = copy_open(s, fault);
    if (err)
        return err;
    buf_put(&b, "PGCOPY\n\377\r\n\0", 11);
    buf_uint(&b, 0, 8); /* flags, length of the extension */
    for (size_t i = 0; i < n && !err; i++) {
        if (rows[i].facts.exists)
            continue;
        buf_uint(&b, 3, 2); /* fields */
        put_imei(&b, rows[i].imei);
        put_due(&b, rows[i].due);
        put_facts(&b, &rows[i].facts);
        if (b.n >= COPY_BYTES)
            err = copy_send(s, &b, fault);
    }
    buf_uint(&b, UINT16_MAX, 2); /* the end */
    if (!err)
        err = copy_send(s, &b, fault);
    buf_release(&b);
    return copy_close(s, err, fault);
}

enum err postgres_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                            struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    size_t known = 0;
    if (n <= FEW)
        return put_arrays(s, PG_FACTS_PUT, rows, n, n, true, fault);
    for (size_t i = 0; i < n; i++)
        known += rows[i].facts.exists;
    enum err err = known < n ? copy_new(s, rows, n, fault) : ERR_OK;
    if (!err && known)
        err = put_arrays(s, PG_FACTS_CHANGE, rows, n, known, false, fault);
    return err;
}

enum err postgres_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                             struct fault *fault)
{
    struct buf bodies = {0};
    struct pg_args args = {0};
    pg_array_begin(&bodies, PG_INT8, n, false);
    for (size_t i = 0; i < n; i++)
        put_imei(&bodies, imeis[i]);
    arg_bytes(&args, bodies.p, bodies.n);
    enum err err = bodies.failed ? fault_set(fault, ERR_MEMORY, "%zu IMEIs", n)
                                 : pg_queue(postgres_of(store), PG_FACTS_DROP, &args, fault);
    buf_release(&bodies);
    return err;
}

/* ---- scans: a chunk after the other, of one moment ---- */

enum err postgres_facts_scan(struct store *store, struct imei from, struct imei to,
                             store_facts_fn *fn, void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct facts_row row;
    bool own, more = true;
    uint64_t next = from.body;
    enum err err = pg_moment_begin(s, &own, fault);
    if (err)
        return err;
    while (!err && more && next <= to.body) {
        struct pg_args args = {0};
        PGresult *r = NULL;
        arg_u64(&args, next);
        arg_u64(&args, to.body);
        arg_u64(&args, PG_CHUNK_ROWS);
        err = pg_run(s, PG_FACTS_SCAN, &args, &r, NULL, fault);
        int n = err ? 0 : rows_of(s, r);
        for (int i = 0; !err && more && i < n; i++) {
            row.imei.body = row_u64(s, r, i, 0);
            next = row.imei.body + 1;
            err = read_facts(s, r, i, &row, fault);
            more = !err && fn(ctx, &row);
        }
        more = more && n == PG_CHUNK_ROWS;
        s->pq->PQclear(r);
    }
    return pg_moment_end(s, own, err);
}

enum err postgres_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                            void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct facts_row row = {.due = from};
    int64_t after = -1; /* IMEI, on the day row.due */
    bool own, more = true;
    facts_init(&row.facts);
    enum err err = pg_moment_begin(s, &own, fault);
    if (err)
        return err;
    while (!err && more) {
        struct pg_args args = {0};
        PGresult *r = NULL;
        arg_i32(&args, row.due);
        arg_i64(&args, after);
        arg_i32(&args, to);
        arg_u64(&args, PG_CHUNK_ROWS);
        err = pg_run(s, PG_FACTS_DUE, &args, &r, NULL, fault);
        int n = err ? 0 : rows_of(s, r);
        for (int i = 0; more && i < n; i++) {
            row.imei.body = row_u64(s, r, i, 0);
            row.due = row_i32(s, r, i, 1);
            after = (int64_t)row.imei.body;
            more = fn(ctx, &row);
        }
        more = more && n == PG_CHUNK_ROWS;
        s->pq->PQclear(r);
    }
    return pg_moment_end(s, own, err);
}
