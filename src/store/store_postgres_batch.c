/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches in PostgreSQL, and who owns one. A claim is an advisory lock of the session, so that it
 * ends with the process, however that ends; the server drops it when the connection breaks, and
 * the next connection takes it again before it does anything else. */
#include "store/store_postgres.h"

#include <time.h>

#include "base/clock.h"

enum { CLAIM_PAUSE_NS = 100000000 };

static void arg_entry(struct pg_args *args, const struct entry *e)
{
    arg_u64(args, e->event);
    arg_u64(args, e->flags);
    arg_u64(args, e->ground);
    arg_u64(args, e->actor);
    arg_u64(args, e->party);
    arg_i64(args, e->time_ms);
    arg_i64(args, e->effective);
    arg_u64(args, e->batch);
    arg_u64(args, e->count);
    arg_bytes(args, e->digest, sizeof e->digest);
    arg_bytes(args, e->document, e->document_n);
}

static void arg_batch(struct pg_args *args, const struct batch *b)
{
    arg_u64(args, b->state);
    arg_u64(args, b->intent_seq);
    arg_u64(args, b->count);
    arg_u64(args, b->rows);
    arg_u64(args, b->parts);
    arg_u64(args, b->next_part);
    arg_i64(args, b->time_ms);
    arg_u64(args, b->actor);
    arg_text(args, b->label, sizeof b->label);
    arg_bytes(args, b->load_hash, sizeof b->load_hash);
    arg_u64(args, b->rules_number);
    arg_u64(args, b->tac_list);
    arg_entry(args, &b->entry);
}

enum { ENTRY_AT = 12, ID_AT = 23 }; /* columns */

static bool read_entry(const struct postgres_store *s, const PGresult *r, int row, int at,
                       struct entry *out)
{
    struct str document = row_bytes(s, r, row, at + 10);
    if (document.n > sizeof out->document ||
        !row_exact(s, r, row, at + 9, out->digest, sizeof out->digest))
        return false;
    out->event = (uint8_t)row_u64(s, r, row, at);
    out->flags = (uint8_t)row_u64(s, r, row, at + 1);
    out->ground = (uint8_t)row_u64(s, r, row, at + 2);
    out->actor = row_u64(s, r, row, at + 3);
    out->party = row_u64(s, r, row, at + 4);
    out->time_ms = (int64_t)row_u64(s, r, row, at + 5);
    out->effective = (daynum)row_u64(s, r, row, at + 6);
    out->batch = row_u64(s, r, row, at + 7);
    out->count = row_u64(s, r, row, at + 8);
    out->document_n = (uint8_t)document.n;
    memcpy(out->document, document.p, document.n);
    return true;
}

static enum err read_batch(const struct postgres_store *s, const PGresult *r, int row,
                           struct batch *out, struct fault *fault)
{
    *out = (struct batch){.id = row_u64(s, r, row, ID_AT),
                          .state = (uint8_t)row_u64(s, r, row, 0),
                          .intent_seq = row_u64(s, r, row, 1),
                          .count = row_u64(s, r, row, 2),
                          .rows = row_u64(s, r, row, 3),
                          .parts = (uint32_t)row_u64(s, r, row, 4),
                          .next_part = (uint32_t)row_u64(s, r, row, 5),
                          .time_ms = (int64_t)row_u64(s, r, row, 6),
                          .actor = row_u64(s, r, row, 7),
                          .rules_number = (uint32_t)row_u64(s, r, row, 10),
                          .tac_list = (uint32_t)row_u64(s, r, row, 11)};
    row_text(s, r, row, 8, out->label, sizeof out->label);
    if (!row_exact(s, r, row, 9, out->load_hash, sizeof out->load_hash) ||
        !read_entry(s, r, row, ENTRY_AT, &out->entry))
        return fault_set(fault, ERR_CODEC, "table batch: batch %llu is damaged",
                         (unsigned long long)out->id);
    return ERR_OK;
}

enum err postgres_batch_new(struct store *store, struct batch *batch, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_batch(&args, batch);
    enum err err = pg_run(s, PG_BATCH_NEW, &args, &r, NULL, fault);
    if (err)
        return err;
    batch->id = row_u64(s, r, 0, 0);
    s->pq->PQclear(r);
    return ERR_OK;
}

enum err postgres_batch_put(struct store *store, const struct batch *batch, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    arg_batch(&args, batch);
    arg_u64(&args, batch->id);
    enum err err = pg_run(s, PG_BATCH_PUT, &args, NULL, NULL, fault);
    return err ? err : pg_run(s, PG_BATCH_COUNT, NULL, NULL, NULL, fault);
}

static enum err no_batch(uint64_t id, struct fault *fault)
{
    return fault_set(fault, ERR_NOT_FOUND, "there is no batch %llu", (unsigned long long)id);
}

enum err postgres_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                                 struct fault *fault)
{
    struct pg_args args = {0};
    int changed = 0;
    arg_u64(&args, part);
    arg_bytes(&args, bytes.p, bytes.n);
    arg_u64(&args, id);
    enum err err = pg_run(postgres_of(store), PG_PART_PUT, &args, NULL, &changed, fault);
    return err || changed ? err : no_batch(id, fault);
}

enum err postgres_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                                 struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_u64(&args, id);
    arg_u64(&args, part);
    enum err err = pg_run(s, PG_PART_GET, &args, &r, NULL, fault);
    if (err)
        return err;
    if (rows_of(s, r) == 0)
        err = fault_set(fault, ERR_NOT_FOUND, "batch %llu has no part %u", (unsigned long long)id,
                        part);
    else
        buf_str(out, row_bytes(s, r, 0, 0));
    s->pq->PQclear(r);
    return !err && out->failed ? fault_set(fault, ERR_MEMORY, "part %u", part) : err;
}

/* Drops the parts before `before`. */
static enum err drop_parts(struct postgres_store *s, uint64_t id, uint64_t before,
                           struct fault *fault)
{
    struct pg_args args = {0};
    arg_u64(&args, id);
    arg_u64(&args, before);
    return pg_queue(s, PG_PARTS_DROP, &args, fault);
}

enum err postgres_batch_update(struct store *store, const struct batch *batch, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    int changed = 0;
    arg_batch(&args, batch);
    arg_u64(&args, batch->id);
    enum err err = pg_run(s, PG_BATCH_UPDATE, &args, NULL, &changed, fault);
    if (!err && !changed)
        err = no_batch(batch->id, fault);
    return err || !batch->next_part ? err : drop_parts(s, batch->id, batch->next_part, fault);
}

enum err postgres_batch_drop(struct store *store, uint64_t id, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    arg_u64(&args, id);
    enum err err = drop_parts(s, id, INT64_MAX, fault);
    return err ? err : pg_queue(s, PG_BATCH_DROP, &args, fault);
}

enum err postgres_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                          void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_BATCHES, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; !err && more && i < n; i++) {
        struct batch batch;
        err = read_batch(s, r, i, &batch, fault);
        more = !err && fn(ctx, &batch);
    }
    s->pq->PQclear(r);
    return err;
}

/* ---- claims ---- */

/* Locks are numbered by the low 31 bits of a batch's id: two thousand million batches apart, two
 * could share one, and the second would wait for the first. */
static int32_t lock_of(uint64_t id)
{
    return (int32_t)(id & INT32_MAX);
}

static enum err lock(struct postgres_store *s, uint64_t id, struct fault *fault)
{
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_i32(&args, lock_of(id));
    enum err err = pg_run(s, PG_CLAIM, &args, &r, NULL, fault);
    if (err)
        return err;
    struct str got = row_bytes(s, r, 0, 0);
    bool ours = got.n == 1 && got.p[0] == 1;
    s->pq->PQclear(r);
    return ours ? ERR_OK
                : fault_set(fault, ERR_STORE_BUSY, "a living process works on batch %llu",
                            (unsigned long long)id);
}

static uint64_t *place_of(struct postgres_store *s, uint64_t id)
{
    for (int i = 0; i < PG_CLAIMS_MAX; i++)
        if (s->claims[i] == id)
            return &s->claims[i];
    return NULL;
}

enum err postgres_batch_claim(struct store *store, uint64_t id, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    if (place_of(s, id)) /* sessions may lock twice; a claim is one */
        return ERR_OK;
    uint64_t *place = place_of(s, 0);
    if (!place)
        return fault_set(fault, ERR_STORE_BUSY, "a process owns at most %d batches at once",
                         PG_CLAIMS_MAX);
    enum err err = lock(s, id, fault);
    if (!err)
        *place = id;
    return err;
}

void postgres_batch_release(struct store *store, uint64_t id)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    uint64_t *place = place_of(s, id);
    if (!place)
        return;
    *place = 0;
    arg_i32(&args, lock_of(id));
    if (s->db && pg_run(s, PG_RELEASE, &args, NULL, NULL, NULL) != ERR_OK && s->db &&
        s->in == PG_OUTSIDE)
        pg_disconnect(s); /* frees it */
}

enum err pg_claim_again(struct postgres_store *s, int64_t until_us, struct fault *fault)
{
    enum pg_in in = s->in;
    enum err err = ERR_OK;
    s->in = PG_READING; /* no connecting from in here */
    for (int i = 0; !err && i < PG_CLAIMS_MAX; i++) {
        if (!s->claims[i])
            continue;
        while ((err = lock(s, s->claims[i], fault)) == ERR_STORE_BUSY &&
               clock_monotonic_us() < until_us)
            nanosleep(&(struct timespec){0, CLAIM_PAUSE_NS}, NULL);
    }
    s->in = in;
    return err;
}
