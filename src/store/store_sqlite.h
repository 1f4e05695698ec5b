/* SPDX-License-Identifier: Apache-2.0
 *
 * store_sqlite - what the files of the SQLite backend share: the handle, the table of statements,
 * and the few helpers between SQLite's calls and our errors. Nothing outside store/ includes it.
 *
 * Expected workload: a few writers in line (imports in transactions of 32,768 rows, single writes in
 * groups), any number of readers. WAL, synchronous=FULL. */
#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "store/backend.h"
#include "store/turnstile.h"

/* All SQL that runs more than once; the texts stand in store_sqlite_sql.c. */
enum sql {
    SQL_BEGIN,
    SQL_BEGIN_IMMEDIATE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_HEAD_GET,
    SQL_HEAD_PUT,
    SQL_HEAD_REPLACE,
    SQL_BLOCK_PUT,
    SQL_BLOCKS,
    SQL_FACTS_GET,
    SQL_FACTS_RANGE,
    SQL_FACTS_SCAN,
    SQL_FACTS_PUT,
    SQL_FACTS_DUE,
    SQL_FACTS_DROP,
    SQL_PAIR_PUT,
    SQL_PAIR_DELETE,
    SQL_PAIRS,
    SQL_RULES_PUT,
    SQL_RULES_GET,
    SQL_TAC_LIST_PUT,
    SQL_TAC_LIST_GET,
    SQL_BATCH_NEW,
    SQL_BATCH_PUT,
    SQL_BATCH_UPDATE,
    SQL_BATCH_DROP,
    SQL_BATCHES,
    SQL_PART_PUT,
    SQL_PART_GET,
    SQL_PARTS_DROP,
    SQL_LOAD_PUT,
    SQL_LOAD_FIND,
    SQL_LOADS,
    SQL_PARTY_PUT,
    SQL_PARTY_GET,
    SQL_PARTIES,
    SQL_API_KEY_PUT,
    SQL_API_KEYS,
    SQL_FINDING_ADD,
    SQL_FINDINGS,
    SQL_NOTE_PUT,
    SQL_NOTES,
    SQL_RECORD_PUT,
    SQL_RECORD_DROP,
    SQL_RECORD_GET,
    SQL_RECORDS,
    SQL_RECORDS_REST,
    SQL_COUNT
};

/* Rows on their way into the table facts: what the virtual table facts_in shows. */
struct facts_in {
    const struct facts_row *rows;
    size_t n;
};

struct sqlite_store {
    struct store base;
    char *path;
    enum store_mode mode;
    sqlite3 *db;
    sqlite3_stmt *stmt[SQL_COUNT]; /* prepared at first use, kept */
    struct facts_in in;

    struct turnstile *turn; /* of a handle that writes */
    struct patience patience;
    bool in_line; /* patience belongs to a write_begin, not to a read */

    int wal_pages;                     /* in the WAL after the last commit of this handle */
    int written_pages;                 /* by this handle since it last asked for a checkpoint */
    bool wal_ripe;                     /* to begin anew, as soon as what was asked for is done */
    struct checkpointer *checkpointer; /* NULL until much was written */

    int claims; /* descriptor of PATH.batch, -1 = not open */

    bool frozen; /* opened immutable: no file may be made beside the register */
    struct stat frozen_as;
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
    return (struct sqlite_store *)store;
}

extern const char *const sqlite_schema[]; /* [i] brings version i to version i + 1 */
extern const int sqlite_schema_version;

/* ---- store_sqlite.c ---- */

/* A frozen register that was written meanwhile is opened anew. */
MUST_USE enum err sqlite_fresh(struct sqlite_store *s, struct fault *fault);
/* PATH with an ending, on the heap. */
char *sqlite_beside(const struct sqlite_store *s, const char *ending);

/* ---- store_sqlite_schema.c ---- */

/* Settles whether the open file is a register of this version; with STORE_WRITE makes it one. */
MUST_USE enum err sqlite_schema_check(struct sqlite_store *s, struct fault *fault);

/* ---- store_sqlite_sql.c ---- */

/* The engine's last error as ours, with its words. */
enum err sqlite_fault(struct sqlite_store *s, struct fault *fault);
/* Runs a text once. */
MUST_USE enum err sqlite_exec(struct sqlite_store *s, const char *sql, struct fault *fault);
/* The first column of the first row of a text, as a number. */
MUST_USE enum err sqlite_number(struct sqlite_store *s, const char *sql, int64_t *out,
                                struct fault *fault);

/* The statement, ready to be bound. One use at a time: a callback must not start the same verb. */
MUST_USE enum err sql_take(struct sqlite_store *s, enum sql id, sqlite3_stmt **out,
                           struct fault *fault);
/* *out_row: is there a row? After the last one, and on failure, the statement is free again. */
MUST_USE enum err sql_step(struct sqlite_store *s, sqlite3_stmt *stmt, bool *out_row,
                           struct fault *fault);
/* A statement without rows, whole; *out_changed (may be NULL): how many rows it touched. */
MUST_USE enum err sql_run(struct sqlite_store *s, sqlite3_stmt *stmt, int *out_changed,
                          struct fault *fault);
void sql_free(sqlite3_stmt *stmt); /* ends a use before its last row */
/* One that needs no values: SQL_BEGIN ... SQL_ROLLBACK. */
MUST_USE enum err sql_plain(struct sqlite_store *s, enum sql id, struct fault *fault);

void bind_u64(sqlite3_stmt *stmt, int i, uint64_t v);
void bind_i64(sqlite3_stmt *stmt, int i, int64_t v);
/* Borrowed until the statement has run. */
void bind_bytes(sqlite3_stmt *stmt, int i, const void *p, size_t n);
void bind_text(sqlite3_stmt *stmt, int i, const char *text, size_t max);

uint64_t column_u64(sqlite3_stmt *stmt, int i);
/* Borrowed until the next step. */
struct str column_bytes(sqlite3_stmt *stmt, int i);
/* Exactly n bytes, or false. */
bool column_exact(sqlite3_stmt *stmt, int i, void *out, size_t n);
void column_text(sqlite3_stmt *stmt, int i, char *out, size_t size);

/* ---- store_sqlite_write.c ---- */

int sqlite_on_busy(void *store, int count);
enum err sqlite_read_begin(struct store *store, struct fault *fault);
void sqlite_read_end(struct store *store);
enum err sqlite_write_begin(struct store *store, struct fault *fault);
enum err sqlite_write_commit(struct store *store, struct fault *fault);
void sqlite_write_rollback(struct store *store);

/* ---- store_sqlite_checkpoint.c ---- */

/* The WAL's length, told by SQLite at each commit (sqlite3_wal_hook). */
int sqlite_on_commit(void *store, sqlite3 *db, const char *name, int pages);
void sqlite_checkpoint(struct sqlite_store *s);      /* after a commit, out of the writer's place */
void sqlite_checkpoint_stop(struct sqlite_store *s); /* before the handle is closed */

/* ---- store_sqlite_facts.c, store_sqlite_in.c ---- */

/* Registers the virtual table facts_in, which shows s->in. */
MUST_USE enum err sqlite_facts_in(struct sqlite_store *s, struct fault *fault);
enum err sqlite_facts_get(struct store *store, struct facts_row *rows, size_t n,
                          struct fault *fault);
enum err sqlite_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                          struct fault *fault);
enum err sqlite_facts_scan(struct store *store, struct imei from, struct imei to,
                           store_facts_fn *fn, void *ctx, struct fault *fault);
enum err sqlite_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                          void *ctx, struct fault *fault);

/* ---- store_sqlite_journal.c ---- */

enum err sqlite_head(struct store *store, struct store_head *out, struct fault *fault);
enum err sqlite_block_append(struct store *store, const struct block *block, struct fault *fault);
enum err sqlite_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                       struct fault *fault);
enum err sqlite_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                          struct fault *fault);
enum err sqlite_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                           void *ctx, struct fault *fault);
enum err sqlite_rules_put(struct store *store, uint32_t number, struct str text,
                          struct fault *fault);
enum err sqlite_rules_get(struct store *store, uint32_t number, struct buf *out,
                          struct fault *fault);
enum err sqlite_tac_list_put(struct store *store, uint32_t number, struct str packed,
                             struct fault *fault);
enum err sqlite_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                             struct fault *fault);

/* ---- store_sqlite_batch.c ---- */

enum err sqlite_batch_new(struct store *store, struct batch *batch, struct fault *fault);
enum err sqlite_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                               struct fault *fault);
enum err sqlite_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                               struct fault *fault);
enum err sqlite_batch_update(struct store *store, const struct batch *batch, struct fault *fault);
enum err sqlite_batch_drop(struct store *store, uint64_t id, struct fault *fault);
enum err sqlite_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                        void *ctx, struct fault *fault);
enum err sqlite_batch_claim(struct store *store, uint64_t id, struct fault *fault);
void sqlite_batch_release(struct store *store, uint64_t id);

/* ---- store_sqlite_lists.c ---- */

enum err sqlite_load_put(struct store *store, const struct load *load, struct fault *fault);
enum err sqlite_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                          struct fault *fault);
enum err sqlite_party_put(struct store *store, const struct party *party, struct fault *fault);
enum err sqlite_party_get(struct store *store, uint64_t id, struct party *out, struct fault *fault);
enum err sqlite_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                        void *ctx, struct fault *fault);
enum err sqlite_api_key_put(struct store *store, const struct api_key *key, struct fault *fault);
enum err sqlite_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                         void *ctx, struct fault *fault);
enum err sqlite_findings_add(struct store *store, const struct finding *findings, size_t n,
                             struct fault *fault);
enum err sqlite_findings(struct store *store, bool (*fn)(void *ctx, const struct finding *finding),
                         void *ctx, struct fault *fault);
enum err sqlite_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                         struct str text, struct fault *fault);

/* ---- store_sqlite_records.c ---- */

enum err sqlite_records_put(struct store *store, const struct record *records, size_t n,
                            struct fault *fault);
enum err sqlite_record_get(struct store *store, struct str key, struct buf *out,
                           struct fault *fault);
enum err sqlite_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                        void *ctx, struct fault *fault);

/* ---- moving and mending, each in the file of its table ---- */

enum err sqlite_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                      void *ctx, struct fault *fault);
enum err sqlite_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                      void *ctx, struct fault *fault);
enum err sqlite_head_put(struct store *store, const struct store_head *head, struct fault *fault);
enum err sqlite_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                           struct fault *fault);
enum err sqlite_batch_put(struct store *store, const struct batch *batch, struct fault *fault);

#endif
