/* SPDX-License-Identifier: Apache-2.0
 *
 * The small tables of PostgreSQL: loads, parties, API keys, findings, notes. */
#include "store/store_postgres.h"

enum err postgres_load_put(struct store *store, const struct load *load, struct fault *fault)
{
    struct pg_args args = {0};
    arg_bytes(&args, load->hash, sizeof load->hash);
    arg_text(&args, load->kind, sizeof load->kind);
    arg_text(&args, load->operator_name, sizeof load->operator_name);
    arg_i64(&args, load->time_ms);
    arg_u64(&args, load->rows);
    arg_u64(&args, load->changes);
    arg_u64(&args, load->seq);
    return pg_queue(postgres_of(store), PG_LOAD_PUT, &args, fault);
}

static void read_load(const struct postgres_store *s, const PGresult *r, int row, struct load *out)
{
    *out = (struct load){.time_ms = (int64_t)row_u64(s, r, row, 2),
                         .rows = row_u64(s, r, row, 3),
                         .changes = row_u64(s, r, row, 4),
                         .seq = row_u64(s, r, row, 5)};
    row_text(s, r, row, 0, out->kind, sizeof out->kind);
    row_text(s, r, row, 1, out->operator_name, sizeof out->operator_name);
}

enum err postgres_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                            struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_bytes(&args, hash, SHA256_BYTES);
    enum err err = pg_run(s, PG_LOAD_FIND, &args, &r, NULL, fault);
    if (err)
        return err;
    if (rows_of(s, r) == 0) {
        err = fault_set(fault, ERR_NOT_FOUND, "no such file was loaded");
    } else {
        read_load(s, r, 0, out);
        memcpy(out->hash, hash, SHA256_BYTES);
    }
    s->pq->PQclear(r);
    return err;
}

enum err postgres_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                        void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_LOADS, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; !err && more && i < n; i++) {
        struct load load;
        read_load(s, r, i, &load);
        if (row_exact(s, r, i, 6, load.hash, sizeof load.hash))
            more = fn(ctx, &load);
        else
            err = fault_set(fault, ERR_CODEC, "table load is damaged");
    }
    s->pq->PQclear(r);
    return err;
}

/* ---- parties ---- */

static void read_party(const struct postgres_store *s, const PGresult *r, int row,
                       struct party *out)
{
    *out = (struct party){.id = row_u64(s, r, row, 3),
                          .kind = (uint8_t)row_u64(s, r, row, 0),
                          .flags = (uint8_t)row_u64(s, r, row, 1)};
    row_text(s, r, row, 2, out->name, sizeof out->name);
}

enum err postgres_party_put(struct store *store, const struct party *party, struct fault *fault)
{
    struct pg_args args = {0};
    arg_u64(&args, party->id);
    arg_u64(&args, party->kind);
    arg_u64(&args, party->flags);
    arg_text(&args, party->name, sizeof party->name);
    return pg_queue(postgres_of(store), PG_PARTY_PUT, &args, fault);
}

enum err postgres_party_get(struct store *store, uint64_t id, struct party *out,
                            struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_u64(&args, id);
    enum err err = pg_run(s, PG_PARTY_GET, &args, &r, NULL, fault);
    if (err)
        return err;
    if (rows_of(s, r) == 0)
        err = fault_set(fault, ERR_NOT_FOUND, "no such party");
    else
        read_party(s, r, 0, out);
    s->pq->PQclear(r);
    return err;
}

enum err postgres_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                          void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_PARTIES, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; more && i < n; i++) {
        struct party party;
        read_party(s, r, i, &party);
        more = fn(ctx, &party);
    }
    s->pq->PQclear(r);
    return err;
}

/* ---- API keys ---- */

enum err postgres_api_key_put(struct store *store, const struct api_key *key, struct fault *fault)
{
    struct pg_args args = {0};
    arg_u64(&args, key->id);
    arg_u64(&args, key->kind);
    arg_u64(&args, key->scopes);
    arg_text(&args, key->name, sizeof key->name);
    arg_bytes(&args, key->secret, key->secret_n);
    arg_i32(&args, key->expires);
    arg_i64(&args, key->created_ms);
    arg_u64(&args, key->created_by);
    arg_i64(&args, key->revoked_ms);
    arg_u64(&args, key->revoked_by);
    return pg_queue(postgres_of(store), PG_API_KEY_PUT, &args, fault);
}

static void read_api_key(const struct postgres_store *s, const PGresult *r, int row,
                         struct api_key *out)
{
    *out = (struct api_key){.id = (uint32_t)row_u64(s, r, row, 0),
                            .kind = (uint8_t)row_u64(s, r, row, 1),
                            .scopes = (uint32_t)row_u64(s, r, row, 2),
                            .expires = row_i32(s, r, row, 5),
                            .created_ms = (int64_t)row_u64(s, r, row, 6),
                            .created_by = row_u64(s, r, row, 7),
                            .revoked_ms = (int64_t)row_u64(s, r, row, 8),
                            .revoked_by = row_u64(s, r, row, 9)};
    row_text(s, r, row, 3, out->name, sizeof out->name);
    struct str secret = row_bytes(s, r, row, 4);
    if (secret.n <= sizeof out->secret) { /* what is longer is damage, and opens nothing */
        out->secret_n = (uint8_t)secret.n;
        memcpy(out->secret, secret.p, secret.n);
    }
}

enum err postgres_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                           void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_API_KEYS, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; more && i < n; i++) {
        struct api_key key;
        read_api_key(s, r, i, &key);
        more = fn(ctx, &key);
    }
    s->pq->PQclear(r);
    return err;
}

/* ---- findings ---- */

enum err postgres_findings_add(struct store *store, const struct finding *findings, size_t n,
                               struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        const struct finding *f = &findings[i];
        struct pg_args args = {0};
        arg_text(&args, f->operator_name, sizeof f->operator_name);
        arg_i32(&args, f->day);
        arg_text(&args, f->kind, sizeof f->kind);
        arg_bytes(&args, f->raw, strnlen(f->raw, sizeof f->raw));
        arg_u64(&args, f->count);
        err = pg_queue(postgres_of(store), PG_FINDING_ADD, &args, fault);
    }
    return err;
}

enum err postgres_findings(struct store *store,
                           bool (*fn)(void *ctx, const struct finding *finding), void *ctx,
                           struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_FINDINGS, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; more && i < n; i++) {
        struct finding f = {.day = row_i32(s, r, i, 1), .count = row_u64(s, r, i, 4)};
        row_text(s, r, i, 0, f.operator_name, sizeof f.operator_name);
        row_text(s, r, i, 2, f.kind, sizeof f.kind);
        row_text(s, r, i, 3, f.raw, sizeof f.raw);
        more = fn(ctx, &f);
    }
    s->pq->PQclear(r);
    return err;
}

/* ---- notes ---- */

enum err postgres_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                           struct str text, struct fault *fault)
{
    struct pg_args args = {0};
    arg_u64(&args, seq);
    arg_i64(&args, time_ms);
    arg_u64(&args, actor);
    arg_text(&args, text.n ? text.p : "", text.n);
    return pg_queue(postgres_of(store), PG_NOTE_PUT, &args, fault);
}

enum err postgres_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                        void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_NOTES, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; more && i < n; i++) {
        struct note note = {.seq = row_u64(s, r, i, 0),
                            .time_ms = (int64_t)row_u64(s, r, i, 1),
                            .actor = row_u64(s, r, i, 2),
                            .text = row_bytes(s, r, i, 3)};
        more = fn(ctx, &note);
    }
    s->pq->PQclear(r);
    return err;
}
