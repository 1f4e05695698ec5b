/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs, thin. What all backends share stands here, once: which URL names which backend, that
 * changes happen inside a write, that a failed write can only be rolled back, and that verbs
 * which may stand alone get a write of their own. */
#include "store/backend.h"

#include <string.h>

static const struct scheme {
    struct str prefix;
    size_t cut; /* bytes that the backend does not want */
    enum err (*open)(const char *rest, enum store_mode mode, struct store **out,
                     struct fault *fault);
} schemes[] = {
    {{"sqlite:", 7}, 7, store_sqlite_open},
    {{"memory:", 7}, 7, store_memory_open},
    {{"postgresql://", 13}, 0, store_postgres_open},
    {{"postgres://", 11}, 0, store_postgres_open},
};

enum err store_open(const char *url, enum store_mode mode, struct store **out, struct fault *fault)
{
    struct str text = str_z(url);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!str_starts(text, schemes[i].prefix))
            continue;
        enum err err = schemes[i].open(url + schemes[i].cut, mode, out, fault);
        if (err)
            return err;
        (*out)->read_only = mode == STORE_READ;
        (*out)->patience_ms = STORE_PATIENCE_MS;
        return ERR_OK;
    }
    fault_value(fault, text.p, text.n);
    return fault_set(fault, ERR_STORE_OPEN,
                     "a register is named sqlite:PATH, postgresql://HOST/DATABASE or memory:");
}

/* ---- the book of writes ---- */

enum err store_inside(const struct store *store, struct fault *fault)
{
    if (!store->writing)
        return fault_set(fault, ERR_STORE, "a change outside a write");
    if (store->failed)
        return fault_set(fault, ERR_STORE, "this write has failed and waits for its rollback");
    return ERR_OK;
}

enum err store_done(struct store *store, enum err err)
{
    if (err && err != ERR_NOT_FOUND && store->writing)
        store->failed = true;
    return err;
}

enum err store_read_begin(struct store *store, struct fault *fault)
{
    if (store->writing || store->reading)
        return fault_set(fault, ERR_STORE, "a %s is open already",
                         store->writing ? "write" : "reading of one moment");
    enum err err = store->ops->read_begin(store, fault);
    store->reading = !err;
    return err;
}

void store_read_end(struct store *store)
{
    if (store->reading)
        store->ops->read_end(store);
    store->reading = false;
}

enum err store_write_begin(struct store *store, struct fault *fault)
{
    if (store->read_only)
        return fault_set(fault, ERR_STORE, "the register was opened for reading");
    if (store->writing || store->reading)
        return fault_set(fault, ERR_STORE, "a %s is open already",
                         store->writing ? "write" : "reading of one moment");
    enum err err = store->ops->write_begin(store, fault);
    store->writing = !err;
    store->failed = false;
    return err;
}

enum err store_write_commit(struct store *store, struct fault *fault)
{
    enum err err = store_inside(store, fault);
    if (!err)
        err = store->ops->write_commit(store, fault);
    if (!err)
        store->writing = false;
    return store_done(store, err);
}

void store_write_rollback(struct store *store)
{
    if (!store->writing)
        return;
    store->ops->write_rollback(store);
    store->writing = store->failed = false;
}

/* ---- handles ---- */

enum err store_again(struct store *store, struct store **out, struct fault *fault)
{
    enum err err = store->ops->again(store, out, fault);
    if (err)
        return err;
    (*out)->read_only = store->read_only;
    (*out)->patience_ms = store->patience_ms;
    return ERR_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_write_rollback(store);
    store_read_end(store);
    store->ops->close(store);
}

void store_on_wait(struct store *store, void (*fn)(void *ctx, pid_t holder), void *ctx)
{
    store->on_wait = fn;
    store->on_wait_ctx = ctx;
}

void store_patience(struct store *store, int ms)
{
    store->patience_ms = ms;
}

void store_overwrite(struct store *store, bool on)
{
    if (store->ops->overwrite)
        store->ops->overwrite(store, on);
}

const char *store_path(const struct store *store)
{
    return store->ops->path(store);
}

/* ---- reads ---- */

enum err store_head(struct store *store, struct store_head *out, struct fault *fault)
{
    return store_done(store, store->ops->head(store, out, fault));
}

enum err store_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                      struct fault *fault)
{
    return store_done(store, store->ops->blocks(store, from_seq, fn, ctx, fault));
}

enum err store_facts_get(struct store *store, struct facts_row *rows, size_t n, struct fault *fault)
{
    return n ? store_done(store, store->ops->facts_get(store, rows, n, fault)) : ERR_OK;
}

enum err store_facts_scan(struct store *store, struct imei from, struct imei to, store_facts_fn *fn,
                          void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->facts_scan(store, from, to, fn, ctx, fault));
}

enum err store_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn, void *ctx,
                         struct fault *fault)
{
    return store_done(store, store->ops->facts_due(store, from, to, fn, ctx, fault));
}

enum err store_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                          void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->pairs_scan(store, fn, ctx, fault));
}

enum err store_rules_get(struct store *store, uint32_t number, struct buf *out, struct fault *fault)
{
    return store_done(store, store->ops->rules_get(store, number, out, fault));
}

enum err store_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                            struct fault *fault)
{
    return store_done(store, store->ops->tac_list_get(store, number, out, fault));
}

enum err store_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                              struct fault *fault)
{
    return store_done(store, store->ops->batch_part_get(store, id, part, out, fault));
}

enum err store_batches(struct store *store, bool (*fn)(void *ctx, const struct batch *batch),
                       void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->batches(store, fn, ctx, fault));
}

enum err store_load_find(struct store *store, const uint8_t hash[SHA256_BYTES], struct load *out,
                         struct fault *fault)
{
    return store_done(store, store->ops->load_find(store, hash, out, fault));
}

enum err store_party_get(struct store *store, uint64_t id, struct party *out, struct fault *fault)
{
    return store_done(store, store->ops->party_get(store, id, out, fault));
}

enum err store_parties(struct store *store, bool (*fn)(void *ctx, const struct party *party),
                       void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->parties(store, fn, ctx, fault));
}

enum err store_api_keys(struct store *store, bool (*fn)(void *ctx, const struct api_key *key),
                        void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->api_keys(store, fn, ctx, fault));
}

enum err store_findings(struct store *store, bool (*fn)(void *ctx, const struct finding *finding),
                        void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->findings(store, fn, ctx, fault));
}

/* ---- changes inside a write ---- */

enum err store_block_append(struct store *store, const struct block *block, struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err ? err : store_done(store, store->ops->block_append(store, block, fault));
}

enum err store_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                         struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err || !n ? err : store_done(store, store->ops->facts_put(store, rows, n, fault));
}

enum err store_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                         struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err || !n ? err : store_done(store, store->ops->pairs_put(store, pairs, n, fault));
}

enum err store_rules_put(struct store *store, uint32_t number, struct str text, struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err ? err : store_done(store, store->ops->rules_put(store, number, text, fault));
}

enum err store_tac_list_put(struct store *store, uint32_t number, struct str packed,
                            struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err ? err : store_done(store, store->ops->tac_list_put(store, number, packed, fault));
}

enum err store_load_put(struct store *store, const struct load *load, struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err ? err : store_done(store, store->ops->load_put(store, load, fault));
}

enum err store_findings_add(struct store *store, const struct finding *findings, size_t n,
                            struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err || !n ? err : store_done(store, store->ops->findings_add(store, findings, n, fault));
}

/* ---- moving and mending ---- */

enum err store_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note), void *ctx,
                     struct fault *fault)
{
    return store_done(store, store->ops->notes(store, fn, ctx, fault));
}

enum err store_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load), void *ctx,
                     struct fault *fault)
{
    return store_done(store, store->ops->loads(store, fn, ctx, fault));
}

enum err store_head_put(struct store *store, const struct store_head *head, struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err ? err : store_done(store, store->ops->head_put(store, head, fault));
}

enum err store_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                          struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err || !n ? err : store_done(store, store->ops->facts_drop(store, imeis, n, fault));
}

enum err store_batch_put(struct store *store, const struct batch *batch, struct fault *fault)
{
    enum err err = store_inside(store, fault);
    return err ? err : store_done(store, store->ops->batch_put(store, batch, fault));
}

/* ---- records ---- */

enum err store_records_put(struct store *store, const struct record *records, size_t n,
                           struct fault *fault)
{
    enum err err = store_inside(store, fault);
    for (size_t i = 0; i < n && !err; i++) {
        struct str key = records[i].key;
        if (!key.n || key.n > RECORD_KEY_MAX || (uint8_t)key.p[0] == UINT8_MAX ||
            records[i].value.n > RECORD_VALUE_MAX)
            err = fault_set(fault, ERR_TOO_LONG, "a record's key has 1 to %d bytes, its value %d",
                            RECORD_KEY_MAX, RECORD_VALUE_MAX);
    }
    return err || !n ? err : store_done(store, store->ops->records_put(store, records, n, fault));
}

enum err store_record_get(struct store *store, struct str key, struct buf *out, struct fault *fault)
{
    return store_done(store, store->ops->record_get(store, key, out, fault));
}

enum err store_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                       void *ctx, struct fault *fault)
{
    return store_done(store, store->ops->records(store, from, to, fn, ctx, fault));
}

/* ---- claims: apart from all writes ---- */

enum err store_batch_claim(struct store *store, uint64_t id, struct fault *fault)
{
    if (store->read_only)
        return fault_set(fault, ERR_STORE, "the register was opened for reading");
    return store->ops->batch_claim(store, id, fault);
}

void store_batch_release(struct store *store, uint64_t id)
{
    store->ops->batch_release(store, id);
}
