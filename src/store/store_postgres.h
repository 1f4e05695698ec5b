/* SPDX-License-Identifier: Apache-2.0
 *
 * store_postgres - what the files of the PostgreSQL backend share: the handle, its link to the
 * server, the table of statements. Nothing outside store/ includes it.
 *
 * Three layers. The link (_link.c): connecting, waiting with an end, connecting again. Statements
 * (_sql.c): values in, rows out, in binary; what needs no answer is queued and goes out with the next
 * that does (libpq's pipeline mode), so that a commit is one round trip. Verbs: the rest.
 *
 * Expected workload: one writer at a time over all machines (an advisory lock, first come first
 * served), imports in transactions of 32,768 rows, single writes in groups; any number of readers. */
#ifndef STORE_STORE_POSTGRES_H
#define STORE_STORE_POSTGRES_H

#include "store/backend.h"
#include "store/patience.h"
#include "store/pq.h"

/* All SQL that runs more than once; the texts stand in store_postgres_sql.c. */
enum pg_sql {
    PG_NO_TIMEOUT,
    PG_COMMIT,
    PG_HEAD_GET,
    PG_HEAD_LOCK,
    PG_HEAD_PUT,
    PG_HEAD_REPLACE,
    PG_BLOCK_ROOM,
    PG_BLOCK_PUT,
    PG_BLOCK_HASH,
    PG_BLOCK_BEFORE,
    PG_BLOCKS,
    PG_FACTS_ANY,
    PG_FACTS_GET,
    PG_FACTS_SCAN,
    PG_FACTS_DUE,
    PG_FACTS_PUT,
    PG_FACTS_CHANGE,
    PG_FACTS_DROP,
    PG_PAIR_PUT,
    PG_PAIR_DELETE,
    PG_PAIRS,
    PG_RULES_PUT,
    PG_RULES_GET,
    PG_TAC_LIST_PUT,
    PG_TAC_LIST_GET,
    PG_BATCH_NEW,
    PG_BATCH_PUT,
    PG_BATCH_COUNT,
    PG_BATCH_UPDATE,
    PG_BATCH_DROP,
    PG_BATCHES,
    PG_PART_PUT,
    PG_PART_GET,
    PG_PARTS_DROP,
    PG_CLAIM,
    PG_RELEASE,
    PG_LOAD_PUT,
    PG_LOAD_FIND,
    PG_LOADS,
    PG_PARTY_PUT,
    PG_PARTY_GET,
    PG_PARTIES,
    PG_API_KEY_PUT,
    PG_API_KEYS,
    PG_FINDING_ADD,
    PG_FINDINGS,
    PG_NOTE_PUT,
    PG_NOTES,
    PG_RECORD_PUT,
    PG_RECORD_DROP,
    PG_RECORD_GET,
    PG_RECORDS,
    PG_SQL_COUNT
};

enum pg_in {
    PG_OUTSIDE, /* each statement for itself */
    PG_READING, /* a transaction that sees one moment */
    PG_WRITING, /* the writer's place and a transaction */
};

enum {
    PG_CLAIMS_MAX = 16,   /* batches that one handle owns at once */
    PG_STATEMENT_S = 120, /* one statement; the server gives up first, with words */
    PG_ANSWER_MS = (PG_STATEMENT_S + 10) * 1000,
    PG_CHUNK_ROWS = 8192, /* of a scan */
    PG_QUEUE_MOST = 1024, /* statements whose answers wait: the client's memory is bounded */
};

struct postgres_store {
    struct store base;
    char *url;
    char *shown; /* for people: no user, no password */
    enum store_mode mode;
    const struct pq *pq;
    int answer_ms; /* of silence: then the server counts as gone */

    PGconn *db;                     /* NULL: not connected */
    bool prepared[PG_SQL_COUNT];    /* in this connection */
    enum pg_in in;                  /* what the server is in on our behalf */
    size_t queued;                  /* statements sent whose answers were not read yet */
    bool warned;                    /* the server warned since this was last cleared */
    int64_t next_try_us;            /* monotonic: when connecting is tried again */
    int64_t pause_us;               /* between tries, grows */
    uint64_t claims[PG_CLAIMS_MAX]; /* 0 = free */

    uint64_t room_to; /* blocks before this sequence number have their partition */
    bool has_block;   /* this write has appended one: */
    uint64_t block_seq;
    uint8_t block_hash[SHA256_BYTES];
};

static inline struct postgres_store *postgres_of(struct store *store)
{
    return (struct postgres_store *)store;
}

extern const char *const postgres_schema[]; /* [i] brings version i to version i + 1 */
extern const int postgres_schema_version;

/* ---- store_postgres_link.c ---- */

/* One try. ERR_STORE_OPEN with the server's words. */
MUST_USE enum err pg_connect(struct postgres_store *s, struct fault *fault);
/* Sees to it that there is a connection: tries until `until_us` (monotonic), resting between tries.
 * A new connection has the handle's claims. ERR_STORE_AWAY; ERR_STORE_BUSY: a claim was taken over. */
MUST_USE enum err pg_link(struct postgres_store *s, int64_t until_us, struct fault *fault);
void pg_disconnect(struct postgres_store *s);
static inline bool pg_lost(const struct postgres_store *s)
{
    return !s->db;
}
/* The next result of what was sent, NULL after the last. The server's silence is waited out until
 * the statement's time is up; then, and when the connection breaks, it is dropped: pg_lost. */
PGresult *pg_next(struct postgres_store *s);
/* As pg_next, for at most ms milliseconds; *out_late: nothing came yet. */
PGresult *pg_next_within(struct postgres_store *s, int ms, bool *out_late);
/* Sends all that libpq holds. False: the connection broke, or the server takes nothing (pg_lost). */
bool pg_flush(struct postgres_store *s);
/* What went wrong, as our error with the server's words; result may be NULL. */
enum err pg_fault(struct postgres_store *s, const PGresult *result, struct fault *fault);
/* Runs a text of one or more statements without values; *out (may be NULL): the last result. */
MUST_USE enum err pg_text(struct postgres_store *s, const char *sql, PGresult **out,
                          struct fault *fault);
/* The process that holds the writer's place (on whatever machine), 0 = unknown. Asks over a
 * connection of its own. */
pid_t pg_holder(struct postgres_store *s);

/* ---- store_postgres_sql.c ---- */

enum { PG_ARGS_MAX = 24 };

/* Its text, for the tests that look at plans; and what every connection says first. */
const char *pg_sql_text(enum pg_sql id);
extern const char pg_setup[];

/* Values of a statement, in order. Bytes are borrowed until it was sent. */
struct pg_args {
    int n;
    const char *value[PG_ARGS_MAX];
    int bytes[PG_ARGS_MAX];
    uint8_t number[PG_ARGS_MAX][8];
};
void arg_u64(struct pg_args *a, uint64_t v); /* bigint, bit for bit */
void arg_i64(struct pg_args *a, int64_t v);
void arg_i32(struct pg_args *a, int32_t v); /* integer */
void arg_bytes(struct pg_args *a, const void *p, size_t n);
/* Text of at most max bytes, up to its NUL. */
void arg_text(struct pg_args *a, const char *text, size_t max);

/* An array of one dimension, as a value: its head, then each element with its length before it. */
enum { PG_BYTEA = 17, PG_INT8 = 20, PG_INT4 = 23 }; /* types' numbers: pg_type.dat */
void pg_array_begin(struct buf *b, uint32_t type, size_t n, bool nulls);
void pg_array_bytes(struct buf *b, struct str bytes);

/* Runs a statement; *out (may be NULL) its rows: PQclear. *out_changed (may be NULL): rows touched.
 * Outside of transactions a broken connection is made anew and the statement runs again. */
MUST_USE enum err pg_run(struct postgres_store *s, enum pg_sql id, const struct pg_args *args,
                         PGresult **out, int *out_changed, struct fault *fault);
/* Sends a statement whose answer nobody waits for; a failure is told by whatever settles it. */
MUST_USE enum err pg_queue(struct postgres_store *s, enum pg_sql id, const struct pg_args *args,
                           struct fault *fault);
/* Reads the answers of all that was queued. */
MUST_USE enum err pg_settle(struct postgres_store *s, struct fault *fault);

uint64_t row_u64(const struct postgres_store *s, const PGresult *r, int row, int column);
int32_t row_i32(const struct postgres_store *s, const PGresult *r, int row, int column);
bool row_null(const struct postgres_store *s, const PGresult *r, int row, int column);
/* Borrowed until PQclear. */
struct str row_bytes(const struct postgres_store *s, const PGresult *r, int row, int column);
/* Exactly n bytes, or false. */
bool row_exact(const struct postgres_store *s, const PGresult *r, int row, int column, void *out,
               size_t n);
void row_text(const struct postgres_store *s, const PGresult *r, int row, int column, char *out,
              size_t size);
static inline int rows_of(const struct postgres_store *s, const PGresult *r)
{
    return s->pq->PQntuples(r);
}

/* ---- store_postgres_schema.c ---- */

/* Settles whether the database holds a register of this version; with STORE_WRITE makes it one. */
MUST_USE enum err postgres_schema_check(struct postgres_store *s, struct fault *fault);

/* ---- store_postgres_write.c ---- */

/* A transaction that sees one moment, unless one is open; *out_own tells pg_moment_end. */
MUST_USE enum err pg_moment_begin(struct postgres_store *s, bool *out_own, struct fault *fault);
enum err pg_moment_end(struct postgres_store *s, bool own, enum err err); /* returns err */
enum err postgres_read_begin(struct store *store, struct fault *fault);
void postgres_read_end(struct store *store);
enum err postgres_write_begin(struct store *store, struct fault *fault);
enum err postgres_write_commit(struct store *store, struct fault *fault);
void postgres_write_rollback(struct store *store);

/* ---- store_postgres_facts.c ---- */

enum err postgres_facts_get(struct store *store, struct facts_row *rows, size_t n,
                            struct fault *fault);
enum err postgres_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                            struct fault *fault);
enum err postgres_facts_scan(struct store *store, struct imei from, struct imei to,
                             store_facts_fn *fn, void *ctx, struct fault *fault);
enum err postgres_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                            void *ctx, struct fault *fault);

/* ---- store_postgres_journal.c ---- */

enum err postgres_head(struct store *store, struct store_head *out, struct fault *fault);
enum err postgres_block_append(struct store *store, const struct block *block, struct fault *fault);
enum err postgres_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                         struct fault *fault);
enum err postgres_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                            struct fault *fault);
enum err postgres_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                             void *ctx, struct fault *fault);
enum err postgres_rules_put(struct store *store, uint32_t number, struct str text,
                            struct fault *fault);
enum err postgres_rules_get(struct store *store, uint32_t number, struct buf *out,
                            struct fault *fault);
enum err postgres_tac_list_put(struct store *store, uint32_t number, struct str packed,
                               struct fault *fault);
enum err postgres_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                               struct fault *fault);

/* ---- store_postgres_batch.c ---- */

enum err postgres_batch_new(struct store *store, struct batch *batch, struct fault *fault);
enum err postgres_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                                 struct fault *fault);
enum err postgres_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                                 struct fault *fault);
enum err postgres_batch_update(struct store *store, const struct batch *batch, struct fault *fault);
enum err postgres_batch_drop(struct store *store, uint64_t id, struct fault *fault);
enum err postgres_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                          void *ctx, struct fault *fault);
enum err postgres_batch_claim(struct store *store, uint64_t id, struct fault *fault);
void postgres_batch_release(struct store *store, uint64_t id);
/* Takes the handle's claims again, in a new connection: the old one may hold them until the server sees
 * it gone, so this tries until `until_us` (monotonic). ERR_STORE_BUSY. */
MUST_USE enum err pg_claim_again(struct postgres_store *s, int64_t until_us, struct fault *fault);

/* ---- store_postgres_lists.c ---- */

enum err postgres_load_put(struct store *store, const struct load *load, struct fault *fault);
enum err postgres_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                            struct fault *fault);
enum err postgres_party_put(struct store *store, const struct party *party, struct fault *fault);
enum err postgres_party_get(struct store *store, uint64_t id, struct party *out,
                            struct fault *fault);
enum err postgres_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                          void *ctx, struct fault *fault);
enum err postgres_api_key_put(struct store *store, const struct api_key *key, struct fault *fault);
enum err postgres_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                           void *ctx, struct fault *fault);
enum err postgres_findings_add(struct store *store, const struct finding *findings, size_t n,
                               struct fault *fault);
enum err postgres_findings(struct store *store,
                           bool (*fn)(void *ctx, const struct finding *finding), void *ctx,
                           struct fault *fault);
enum err postgres_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                           struct str text, struct fault *fault);

/* ---- store_postgres_records.c ---- */

enum err postgres_records_put(struct store *store, const struct record *records, size_t n,
                              struct fault *fault);
enum err postgres_record_get(struct store *store, struct str key, struct buf *out,
                             struct fault *fault);
enum err postgres_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                          void *ctx, struct fault *fault);

/* ---- moving and mending, each in the file of its table ---- */

enum err postgres_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                        void *ctx, struct fault *fault);
enum err postgres_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                        void *ctx, struct fault *fault);
enum err postgres_head_put(struct store *store, const struct store_head *head, struct fault *fault);
enum err postgres_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                             struct fault *fault);
enum err postgres_batch_put(struct store *store, const struct batch *batch, struct fault *fault);

#endif
