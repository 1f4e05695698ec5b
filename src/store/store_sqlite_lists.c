/* SPDX-License-Identifier: Apache-2.0
 *
 * The small tables of SQLite: loads, parties, findings, notes. */
#include "store/store_sqlite.h"

enum err sqlite_load_put(struct store *store, const struct load *load, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_LOAD_PUT, &stmt, fault);
    if (err)
        return err;
    bind_bytes(stmt, 1, load->hash, sizeof load->hash);
    bind_text(stmt, 2, load->kind, sizeof load->kind);
    bind_text(stmt, 3, load->operator_name, sizeof load->operator_name);
    bind_i64(stmt, 4, load->time_ms);
    bind_u64(stmt, 5, load->rows);
    bind_u64(stmt, 6, load->changes);
    bind_u64(stmt, 7, load->seq);
    return sql_run(s, stmt, NULL, fault);
}

static void read_load(sqlite3_stmt *stmt, struct load *out)
{
    column_text(stmt, 0, out->kind, sizeof out->kind);
    column_text(stmt, 1, out->operator_name, sizeof out->operator_name);
    out->time_ms = sqlite3_column_int64(stmt, 2);
    out->rows = column_u64(stmt, 3);
    out->changes = column_u64(stmt, 4);
    out->seq = column_u64(stmt, 5);
}

enum err sqlite_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                          struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = sql_take(s, SQL_LOAD_FIND, &stmt, fault);
    if (err)
        return err;
    bind_bytes(stmt, 1, hash, SHA256_BYTES);
    err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    if (!found)
        return fault_set(fault, ERR_NOT_FOUND, "no such file was loaded");
    *out = (struct load){0};
    memcpy(out->hash, hash, SHA256_BYTES);
    read_load(stmt, out);
    sql_free(stmt);
    return ERR_OK;
}

enum err sqlite_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                      void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_LOADS, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct load load = {0};
        bool whole = column_exact(stmt, 6, load.hash, sizeof load.hash);
        read_load(stmt, &load);
        if (!whole) {
            err = fault_set(fault, ERR_CODEC, "table load is damaged");
            break;
        }
        more = fn(ctx, &load);
    }
    if (found)
        sql_free(stmt);
    return err;
}

/* ---- parties ---- */

static void read_party(sqlite3_stmt *stmt, struct party *out)
{
    *out = (struct party){.id = column_u64(stmt, 3)};
    out->kind = (uint8_t)column_u64(stmt, 0);
    out->flags = (uint8_t)column_u64(stmt, 1);
    column_text(stmt, 2, out->name, sizeof out->name);
}

enum err sqlite_party_put(struct store *store, const struct party *party, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_PARTY_PUT, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, party->id);
    bind_u64(stmt, 2, party->kind);
    bind_u64(stmt, 3, party->flags);
    bind_text(stmt, 4, party->name, sizeof party->name);
    return sql_run(s, stmt, NULL, fault);
}

enum err sqlite_party_get(struct store *store, uint64_t id, struct party *out, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = sql_take(s, SQL_PARTY_GET, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, id);
    err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    if (!found)
        return fault_set(fault, ERR_NOT_FOUND, "no such party");
    read_party(stmt, out);
    sql_free(stmt);
    return ERR_OK;
}

enum err sqlite_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                        void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_PARTIES, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct party party;
        read_party(stmt, &party);
        more = fn(ctx, &party);
    }
    if (!more)
        sql_free(stmt);
    return err;
}

/* ---- API keys ---- */

enum err sqlite_api_key_put(struct store *store, const struct api_key *key, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_API_KEY_PUT, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, key->id);
    bind_u64(stmt, 2, key->kind);
    bind_u64(stmt, 3, key->scopes);
    bind_text(stmt, 4, key->name, sizeof key->name);
    bind_bytes(stmt, 5, key->secret, key->secret_n);
    bind_i64(stmt, 6, key->expires);
    bind_i64(stmt, 7, key->created_ms);
    bind_u64(stmt, 8, key->created_by);
    bind_i64(stmt, 9, key->revoked_ms);
    bind_u64(stmt, 10, key->revoked_by);
    return sql_run(s, stmt, NULL, fault);
}

static void read_api_key(sqlite3_stmt *stmt, struct api_key *out)
{
    *out = (struct api_key){.id = (uint32_t)column_u64(stmt, 0),
                            .kind = (uint8_t)column_u64(stmt, 1),
                            .scopes = (uint32_t)column_u64(stmt, 2),
                            .expires = sqlite3_column_int(stmt, 5),
                            .created_ms = sqlite3_column_int64(stmt, 6),
                            .created_by = column_u64(stmt, 7),
                            .revoked_ms = sqlite3_column_int64(stmt, 8),
                            .revoked_by = column_u64(stmt, 9)};
    column_text(stmt, 3, out->name, sizeof out->name);
    struct str secret = column_bytes(stmt, 4);
    if (secret.n <= sizeof out->secret) { /* what is longer is damage, and opens nothing */
        out->secret_n = (uint8_t)secret.n;
        memcpy(out->secret, secret.p, secret.n);
    }
}

enum err sqlite_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                         void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_API_KEYS, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct api_key key;
        read_api_key(stmt, &key);
        more = fn(ctx, &key);
    }
    if (!more)
        sql_free(stmt);
    return err;
}

/* ---- findings ---- */

enum err sqlite_findings_add(struct store *store, const struct finding *findings, size_t n,
                             struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        const struct finding *f = &findings[i];
        sqlite3_stmt *stmt = NULL;
        err = sql_take(s, SQL_FINDING_ADD, &stmt, fault);
        if (err)
            break;
        bind_text(stmt, 1, f->operator_name, sizeof f->operator_name);
        bind_i64(stmt, 2, f->day);
        bind_text(stmt, 3, f->kind, sizeof f->kind);
        bind_bytes(stmt, 4, f->raw, strnlen(f->raw, sizeof f->raw));
        bind_u64(stmt, 5, f->count);
        err = sql_run(s, stmt, NULL, fault);
    }
    return err;
}

enum err sqlite_findings(struct store *store, bool (*fn)(void *ctx, const struct finding *finding),
                         void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_FINDINGS, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct finding f = {.day = sqlite3_column_int(stmt, 1), .count = column_u64(stmt, 4)};
        column_text(stmt, 0, f.operator_name, sizeof f.operator_name);
        column_text(stmt, 2, f.kind, sizeof f.kind);
        column_text(stmt, 3, f.raw, sizeof f.raw);
        more = fn(ctx, &f);
    }
    if (!more)
        sql_free(stmt);
    return err;
}

/* ---- notes ---- */

enum err sqlite_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                         struct str text, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_NOTE_PUT, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, seq);
    bind_i64(stmt, 2, time_ms);
    bind_u64(stmt, 3, actor);
    bind_text(stmt, 4, text.n ? text.p : "", text.n);
    return sql_run(s, stmt, NULL, fault);
}

enum err sqlite_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                      void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_NOTES, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct note note = {.seq = column_u64(stmt, 0),
                            .time_ms = sqlite3_column_int64(stmt, 1),
                            .actor = column_u64(stmt, 2),
                            .text = column_bytes(stmt, 3)};
        more = fn(ctx, &note);
    }
    if (!more)
        sql_free(stmt);
    return err;
}
