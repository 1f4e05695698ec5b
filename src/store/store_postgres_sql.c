/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements of the PostgreSQL backend, and the way of values into them and out of their rows. */
#include "store/store_postgres.h"

#include <stdio.h>

#include "base/clock.h"

#define BATCH_COLUMNS                                                                              \
    "state, intent_seq, count, rows, parts, next_part, time_ms, actor, label, load_hash, "         \
    "rules_number, tac_list, entry_event, entry_flags, entry_ground, entry_actor, entry_party, "   \
    "entry_time_ms, entry_effective, entry_batch, entry_count, entry_digest, entry_document"
#define BATCH_VALUES                                                                               \
    "$1::int8, $2::int8, $3::int8, $4::int8, $5::int8, $6::int8, $7::int8, $8::int8, $9::text, "   \
    "$10::bytea, $11::int8, $12::int8, $13::int8, $14::int8, $15::int8, $16::int8, $17::int8, "    \
    "$18::int8, $19::int8, $20::int8, $21::int8, $22::bytea, $23::bytea"

static const char *const texts[PG_SQL_COUNT] = {
    [PG_NO_TIMEOUT] = "SET LOCAL statement_timeout = 0",
    [PG_COMMIT] = "COMMIT",
    [PG_HEAD_GET] = "SELECT register_id, next_seq, hash, rules, expire_through, swept_through, "
                    "moving, rebuilt FROM journal_head WHERE one = 1",
    [PG_HEAD_LOCK] = "SELECT register_id, next_seq, hash, rules, expire_through, swept_through, "
                     "moving, rebuilt FROM journal_head WHERE one = 1 FOR UPDATE",
    [PG_HEAD_PUT] = "UPDATE journal_head SET next_seq = $1::int8, hash = $2::bytea, "
                    "rules = $3::int8, expire_through = $4::int4, swept_through = $5::int4 "
                    "WHERE one = 1",
    [PG_HEAD_REPLACE] = "UPDATE journal_head SET next_seq = $1::int8, hash = $2::bytea, "
                        "rules = $3::int8, expire_through = $4::int4, swept_through = $5::int4, "
                        "register_id = $6::bytea, moving = $7::int8, "
                        "rebuilt = $8::int8 WHERE one = 1",
    [PG_BLOCK_ROOM] = "SELECT journal_partition($1::int8)",
    [PG_BLOCK_PUT] = "INSERT INTO journal_block (first_seq, header, prev_hash, root, hash, body, "
                     "section) VALUES ($1::int8, $2::bytea, $3::bytea, $4::bytea, $5::bytea, "
                     "$6::bytea, $7::bytea)",
    [PG_BLOCK_HASH] = "SELECT hash FROM journal_block WHERE first_seq = $1::int8",
    [PG_BLOCK_BEFORE] = "SELECT first_seq FROM journal_block WHERE first_seq <= $1::int8 "
                        "ORDER BY first_seq DESC LIMIT 1",
    [PG_BLOCKS] = "SELECT first_seq, header, prev_hash, root, hash, body, section "
                  "FROM journal_block WHERE first_seq >= $1::int8 AND first_seq < $2::int8 "
                  "ORDER BY first_seq LIMIT $3::int8",
    [PG_FACTS_ANY] = "SELECT 1 FROM facts WHERE imei >= $1::int8 AND imei <= $2::int8 LIMIT 1",
    [PG_FACTS_GET] = "SELECT f.imei, f.due, f.facts_row FROM unnest($1::int8[]) AS q (imei) "
                     "JOIN facts f ON f.imei = q.imei",
    [PG_FACTS_SCAN] = "SELECT imei, due, facts_row FROM facts WHERE imei >= $1::int8 "
                      "AND imei <= $2::int8 ORDER BY imei LIMIT $3::int8",
    [PG_FACTS_DUE] = "SELECT imei, due FROM facts WHERE due <= $3::int4 "
                     "AND (due, imei) > ($1::int4, $2::int8) ORDER BY due, imei LIMIT $4::int8",
    [PG_FACTS_PUT] = "INSERT INTO facts (imei, due, facts_row) SELECT q.imei, q.due, q.facts_row "
                     "FROM unnest($1::int8[], $2::int4[], $3::bytea[]) AS q (imei, due, facts_row) "
                     "ON CONFLICT (imei) DO UPDATE "
                     "SET due = excluded.due, facts_row = excluded.facts_row",
    [PG_FACTS_CHANGE] = "UPDATE facts f SET due = q.due, facts_row = q.facts_row "
                        "FROM unnest($1::int8[], $2::int4[], $3::bytea[]) "
                        "AS q (imei, due, facts_row) WHERE f.imei = q.imei",
    [PG_FACTS_DROP] = "DELETE FROM facts WHERE imei IN (SELECT unnest($1::int8[]))",
    [PG_PAIR_PUT] = "INSERT INTO pair (imei, subscriber) VALUES ($1::int8, $2::int8) "
                    "ON CONFLICT (imei, subscriber) DO NOTHING",
    [PG_PAIR_DELETE] = "DELETE FROM pair WHERE imei = $1::int8 AND subscriber = $2::int8",
    [PG_PAIRS] = "SELECT imei, subscriber FROM pair ORDER BY imei, subscriber",
    [PG_RULES_PUT] = "INSERT INTO rule_set (number, text) VALUES ($1::int8, $2::bytea) "
                     "ON CONFLICT (number) DO UPDATE SET text = excluded.text",
    [PG_RULES_GET] = "SELECT text FROM rule_set WHERE number = $1::int8",
    [PG_TAC_LIST_PUT] = "INSERT INTO tac_list (number, packed) VALUES ($1::int8, $2::bytea) "
                        "ON CONFLICT (number) DO UPDATE SET packed = excluded.packed",
    [PG_TAC_LIST_GET] = "SELECT packed FROM tac_list WHERE number = $1::int8",
    [PG_BATCH_NEW] = "INSERT INTO batch (" BATCH_COLUMNS ") VALUES (" BATCH_VALUES ") RETURNING id",
    [PG_BATCH_PUT] = "INSERT INTO batch (" BATCH_COLUMNS ", id) "
                     "VALUES (" BATCH_VALUES ", $24::int8)",
    [PG_BATCH_COUNT] =
        "SELECT setval(pg_get_serial_sequence('tamga.batch', 'id'), max(id)) FROM batch",
    [PG_BATCH_UPDATE] =
        "UPDATE batch SET (" BATCH_COLUMNS ") = (" BATCH_VALUES ") WHERE id = $24::int8",
    [PG_BATCH_DROP] = "DELETE FROM batch WHERE id = $1::int8",
    [PG_BATCHES] = "SELECT " BATCH_COLUMNS ", id FROM batch ORDER BY id",
    [PG_PART_PUT] = "INSERT INTO batch_part (batch, part, bytes) SELECT id, $1::int8, $2::bytea "
                    "FROM batch WHERE id = $3::int8 "
                    "ON CONFLICT (batch, part) DO UPDATE SET bytes = excluded.bytes",
    [PG_PART_GET] = "SELECT bytes FROM batch_part WHERE batch = $1::int8 AND part = $2::int8",
    [PG_PARTS_DROP] = "DELETE FROM batch_part WHERE batch = $1::int8 AND part < $2::int8",
    [PG_CLAIM] = "SELECT pg_try_advisory_lock(1952542051, $1::int4)", /* "tamc" */
    [PG_RELEASE] = "SELECT pg_advisory_unlock(1952542051, $1::int4)",
    [PG_LOAD_PUT] = "INSERT INTO load (hash, kind, operator_name, time_ms, rows, changes, seq) "
                    "VALUES ($1::bytea, $2::text, $3::text, $4::int8, $5::int8, $6::int8, "
                    "$7::int8) ON CONFLICT (hash) DO UPDATE SET kind = excluded.kind, "
                    "operator_name = excluded.operator_name, time_ms = excluded.time_ms, "
                    "rows = excluded.rows, changes = excluded.changes, seq = excluded.seq",
    [PG_LOAD_FIND] = "SELECT kind, operator_name, time_ms, rows, changes, seq FROM load "
                     "WHERE hash = $1::bytea",
    [PG_LOADS] = "SELECT kind, operator_name, time_ms, rows, changes, seq, hash FROM load "
                 "ORDER BY hash",
    [PG_PARTY_PUT] = "INSERT INTO party (id, kind, flags, name) VALUES ($1::int8, $2::int8, "
                     "$3::int8, $4::text) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, "
                     "flags = excluded.flags, name = excluded.name",
    [PG_PARTY_GET] = "SELECT kind, flags, name, id FROM party WHERE id = $1::int8",
    [PG_PARTIES] = "SELECT kind, flags, name, id FROM party ORDER BY id",
    [PG_API_KEY_PUT] =
        "INSERT INTO api_key (id, kind, scopes, name, secret, expires, created_ms, created_by, "
        "revoked_ms, revoked_by) VALUES ($1::int8, $2::int8, $3::int8, $4::text, $5::bytea, "
        "$6::int4, $7::int8, $8::int8, $9::int8, $10::int8) "
        "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, scopes = excluded.scopes, "
        "name = excluded.name, secret = excluded.secret, expires = excluded.expires, "
        "created_ms = excluded.created_ms, created_by = excluded.created_by, "
        "revoked_ms = excluded.revoked_ms, revoked_by = excluded.revoked_by",
    [PG_API_KEYS] = "SELECT id, kind, scopes, name, secret, expires, created_ms, created_by, "
                    "revoked_ms, revoked_by FROM api_key ORDER BY id",
    [PG_FINDING_ADD] = "INSERT INTO finding AS f (operator_name, day, kind, raw, count) "
                       "VALUES ($1::text, $2::int4, $3::text, $4::bytea, $5::int8) "
                       "ON CONFLICT (operator_name, day, kind, raw) "
                       "DO UPDATE SET count = f.count + excluded.count",
    [PG_FINDINGS] = "SELECT operator_name, day, kind, raw, count FROM finding "
                    "ORDER BY operator_name, day, kind, raw",
    [PG_NOTE_PUT] = "INSERT INTO note (seq, time_ms, actor, text) "
                    "VALUES ($1::int8, $2::int8, $3::int8, $4::text)",
    [PG_NOTES] = "SELECT seq, time_ms, actor, text FROM note ORDER BY id",
    [PG_RECORD_PUT] = "INSERT INTO record (key, value) SELECT q.key, q.value "
                      "FROM unnest($1::bytea[], $2::bytea[]) AS q (key, value) "
                      "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [PG_RECORD_DROP] = "DELETE FROM record WHERE key IN (SELECT unnest($1::bytea[]))",
    [PG_RECORD_GET] = "SELECT value FROM record WHERE key = $1::bytea",
    [PG_RECORDS] = "SELECT key, value FROM record WHERE key >= $1::bytea AND key < $2::bytea "
                   "ORDER BY key LIMIT $3::int8",
};

const char *pg_sql_text(enum pg_sql id)
{
    return texts[id];
}

/* ---- values in ---- */

static void arg_number(struct pg_args *a, uint64_t v, unsigned bytes)
{
    put_be(a->number[a->n], v, bytes);
    a->value[a->n] = (const char *)a->number[a->n];
    a->bytes[a->n++] = (int)bytes;
}

void arg_u64(struct pg_args *a, uint64_t v)
{
    arg_number(a, v, 8);
}

void arg_i64(struct pg_args *a, int64_t v)
{
    arg_number(a, (uint64_t)v, 8);
}

void arg_i32(struct pg_args *a, int32_t v)
{
    arg_number(a, (uint32_t)v, 4);
}

void arg_bytes(struct pg_args *a, const void *p, size_t n)
{
    a->value[a->n] = n ? p : "";
    a->bytes[a->n++] = (int)n;
}

/* What is no UTF-8 would be refused by the server: texts are for people, and end before it. */
void arg_text(struct pg_args *a, const char *text, size_t max)
{
    struct str whole = {text, strnlen(text, max)};
    arg_bytes(a, text, str_utf8_bytes(whole));
}

/* ---- arrays in PostgreSQL's binary form ---- */

void pg_array_begin(struct buf *b, uint32_t type, size_t n, bool nulls)
{
    buf_clear(b);
    buf_uint(b, 1, 4); /* dimensions */
    buf_uint(b, nulls, 4);
    buf_uint(b, type, 4);
    buf_uint(b, n, 4);
    buf_uint(b, 1, 4); /* first index */
}

void pg_array_bytes(struct buf *b, struct str bytes)
{
    buf_uint(b, bytes.n, 4);
    buf_str(b, bytes);
}

/* ---- running ---- */

static bool send(struct postgres_store *s, enum pg_sql id, const struct pg_args *args)
{
    static const struct pg_args none;
    static const int binary[PG_ARGS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    char name[8];
    snprintf(name, sizeof name, "t%d", (int)id);
    args = args ? args : &none;
    return s->pq->PQsendQueryPrepared(s->db, name, args->n, args->value, args->bytes, binary, 1);
}

/* The result of a statement, and the NULL that ends it. */
static enum err take(struct postgres_store *s, PGresult **out, struct fault *fault)
{
    PGresult *result = pg_next(s), *more = NULL;
    ExecStatusType status = result ? s->pq->PQresultStatus(result) : PGRES_FATAL_ERROR;
    enum err err = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                       ? ERR_OK
                       : pg_fault(s, result, fault);
    while (result && s->db && (more = pg_next(s)))
        s->pq->PQclear(more);
    if (!err && !s->db)
        err = pg_fault(s, NULL, fault);
    if (out && !err)
        *out = result;
    else
        s->pq->PQclear(result);
    return err;
}

static enum err prepare(struct postgres_store *s, enum pg_sql id, struct fault *fault)
{
    char name[8];
    if (s->prepared[id])
        return ERR_OK;
    enum err err = pg_settle(s, fault);
    if (err)
        return err;
    snprintf(name, sizeof name, "t%d", (int)id);
    if (!s->db || !s->pq->PQsendPrepare(s->db, name, texts[id], 0, NULL))
        return pg_fault(s, NULL, fault);
    err = take(s, NULL, fault);
    s->prepared[id] = !err;
    return err;
}

static enum err run_once(struct postgres_store *s, enum pg_sql id, const struct pg_args *args,
                         PGresult **out, struct fault *fault)
{
    enum err err = pg_settle(s, fault);
    if (!err)
        err = prepare(s, id, fault);
    if (err)
        return err;
    return send(s, id, args) ? take(s, out, fault) : pg_fault(s, NULL, fault);
}

enum err pg_run(struct postgres_store *s, enum pg_sql id, const struct pg_args *args,
                PGresult **out, int *out_changed, struct fault *fault)
{
    PGresult *result = NULL;
    int64_t until = clock_monotonic_us() + INT64_C(1000) * s->base.patience_ms;
    enum err err = ERR_OK;
    do {
        if (s->in == PG_OUTSIDE)
            err = pg_link(s, until, fault);
        if (!err)
            err = run_once(s, id, args, &result, fault);
    } while (err == ERR_STORE_AWAY && s->in == PG_OUTSIDE && clock_monotonic_us() < until);
    if (err)
        return err;
    uint64_t changed;
    if (out_changed)
        *out_changed =
            str_to_u64(str_z(s->pq->PQcmdTuples(result)), INT32_MAX, &changed) ? (int)changed : 0;
    if (out)
        *out = result;
    else
        s->pq->PQclear(result);
    return ERR_OK;
}

enum err pg_queue(struct postgres_store *s, enum pg_sql id, const struct pg_args *args,
                  struct fault *fault)
{
    enum err err = s->queued >= PG_QUEUE_MOST ? pg_settle(s, fault) : ERR_OK;
    if (!err)
        err = prepare(s, id, fault);
    if (err)
        return err;
    bool sent = s->pq->PQpipelineStatus(s->db) == PQ_PIPELINE_OFF
                    ? s->pq->PQenterPipelineMode(s->db) && send(s, id, args)
                    : send(s, id, args);
    s->queued += sent;
    return sent ? ERR_OK : pg_fault(s, NULL, fault);
}

enum err pg_settle(struct postgres_store *s, struct fault *fault)
{
    if (!s->db)
        return pg_fault(s, NULL, fault);
    if (s->pq->PQpipelineStatus(s->db) == PQ_PIPELINE_OFF)
        return ERR_OK;
    enum err err = s->pq->PQpipelineSync(s->db) ? ERR_OK : pg_fault(s, NULL, fault);
    for (bool synced = false; s->db && !synced;) {
        PGresult *result = pg_next(s); /* NULL ends each statement's results */
        ExecStatusType status = result ? s->pq->PQresultStatus(result) : PGRES_COMMAND_OK;
        synced = status == PGRES_PIPELINE_SYNC;
        if (!err && status == PGRES_FATAL_ERROR)
            err = pg_fault(s, result, fault);
        s->pq->PQclear(result);
        if (!result && s->db && s->pq->PQstatus(s->db) != CONNECTION_OK)
            break;
    }
    s->queued = 0;
    if (s->db && !s->pq->PQexitPipelineMode(s->db) && !err)
        err = pg_fault(s, NULL, fault);
    return !err && !s->db ? pg_fault(s, NULL, fault) : err;
}

/* ---- rows out ---- */

bool row_null(const struct postgres_store *s, const PGresult *r, int row, int column)
{
    return s->pq->PQgetisnull(r, row, column);
}

struct str row_bytes(const struct postgres_store *s, const PGresult *r, int row, int column)
{
    return (struct str){s->pq->PQgetvalue(r, row, column),
                        (size_t)s->pq->PQgetlength(r, row, column)};
}

uint64_t row_u64(const struct postgres_store *s, const PGresult *r, int row, int column)
{
    struct str v = row_bytes(s, r, row, column);
    return v.n == 8 ? get_be((const uint8_t *)v.p, 8) : 0;
}

int32_t row_i32(const struct postgres_store *s, const PGresult *r, int row, int column)
{
    struct str v = row_bytes(s, r, row, column);
    return v.n == 4 ? (int32_t)(uint32_t)get_be((const uint8_t *)v.p, 4) : 0;
}

bool row_exact(const struct postgres_store *s, const PGresult *r, int row, int column, void *out,
               size_t n)
{
    struct str v = row_bytes(s, r, row, column);
    if (v.n != n)
        return false;
    memcpy(out, v.p, n);
    return true;
}

void row_text(const struct postgres_store *s, const PGresult *r, int row, int column, char *out,
              size_t size)
{
    str_copy(out, size, row_bytes(s, r, row, column));
}
