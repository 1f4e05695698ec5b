/* SPDX-License-Identifier: Apache-2.0
 *
 * A store in front of another that fails when it is told to, for tests of everything above: every
 * verb that can fail counts, and the n-th does not reach the store behind. Handles made from one
 * wrapper by store_again share its count. */
#include <assert.h>
#include <stdatomic.h>

#include "store/backend.h"

struct plan {
    _Atomic unsigned handles;
    _Atomic uint64_t calls;
    _Atomic uint64_t fail_at; /* 0 = never */
    _Atomic uint64_t every;
    _Atomic int err;
};

struct faulty {
    struct store base;
    struct store *inner;
    struct plan *plan;
};

static struct faulty *faulty_of(struct store *store)
{
    return (struct faulty *)store;
}

static struct store *inner_of(struct store *store)
{
    return faulty_of(store)->inner;
}

/* Counts one call; fails when it is the one. */
static enum err strike(struct store *store, struct fault *fault)
{
    struct plan *plan = faulty_of(store)->plan;
    uint64_t call = atomic_fetch_add(&plan->calls, 1) + 1;
    uint64_t fail_at = atomic_load(&plan->fail_at);
    if (!fail_at || call < fail_at)
        return ERR_OK;
    uint64_t every = atomic_load(&plan->every);
    bool hit = call == fail_at || (every && (call - fail_at) % every == 0);
    if (!hit)
        return ERR_OK;
    return fault_set(fault, (enum err)atomic_load(&plan->err), "injected at call %llu",
                     (unsigned long long)call);
}

static enum err wrap(struct store *inner, struct plan *plan, struct store **out);

static enum err f_again(struct store *store, struct store **out, struct fault *fault)
{
    struct store *twin;
    enum err err = strike(store, fault);
    if (!err)
        err = store_again(inner_of(store), &twin, fault);
    if (err)
        return err;
    err = wrap(twin, faulty_of(store)->plan, out);
    if (err)
        store_close(twin);
    return err;
}

static void f_close(struct store *store)
{
    struct faulty *f = faulty_of(store);
    store_close(f->inner);
    if (atomic_fetch_sub(&f->plan->handles, 1) == 1)
        free(f->plan);
    free(f);
}

static enum err f_head(struct store *store, struct store_head *out, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_head(inner_of(store), out, fault);
}

static enum err f_block_append(struct store *store, const struct block *block, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_block_append(inner_of(store), block, fault);
}

static enum err f_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                         struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_blocks(inner_of(store), from_seq, fn, ctx, fault);
}

static enum err f_facts_get(struct store *store, struct facts_row *rows, size_t n,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_facts_get(inner_of(store), rows, n, fault);
}

static enum err f_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_facts_put(inner_of(store), rows, n, fault);
}

static enum err f_facts_scan(struct store *store, struct imei from, struct imei to,
                             store_facts_fn *fn, void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_facts_scan(inner_of(store), from, to, fn, ctx, fault);
}

static enum err f_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                            void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_facts_due(inner_of(store), from, to, fn, ctx, fault);
}

static enum err f_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_pairs_put(inner_of(store), pairs, n, fault);
}

static enum err f_pairs_scan(struct store *store, bool (*fn)(void *, const struct pair *),
                             void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_pairs_scan(inner_of(store), fn, ctx, fault);
}

static enum err f_rules_put(struct store *store, uint32_t number, struct str text,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_rules_put(inner_of(store), number, text, fault);
}

static enum err f_rules_get(struct store *store, uint32_t number, struct buf *out,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_rules_get(inner_of(store), number, out, fault);
}

static enum err f_tac_list_put(struct store *store, uint32_t number, struct str packed,
                               struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_tac_list_put(inner_of(store), number, packed, fault);
}

static enum err f_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                               struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_tac_list_get(inner_of(store), number, out, fault);
}

static enum err f_batch_new(struct store *store, struct batch *batch, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_new(inner_of(store), batch, fault);
}

static enum err f_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                                 struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_part_put(inner_of(store), id, part, bytes, fault);
}

static enum err f_batch_part_get(struct store *store, uint64_t id, uint32_t part, struct buf *out,
                                 struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_part_get(inner_of(store), id, part, out, fault);
}

static enum err f_batch_update(struct store *store, const struct batch *batch, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_update(inner_of(store), batch, fault);
}

static enum err f_batch_drop(struct store *store, uint64_t id, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_drop(inner_of(store), id, fault);
}

static enum err f_batches(struct store *store, bool (*fn)(void *, const struct batch *), void *ctx,
                          struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batches(inner_of(store), fn, ctx, fault);
}

static enum err f_batch_claim(struct store *store, uint64_t id, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_claim(inner_of(store), id, fault);
}

static void f_batch_release(struct store *store, uint64_t id)
{
    store_batch_release(inner_of(store), id);
}

static enum err f_load_put(struct store *store, const struct load *load, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_load_put(inner_of(store), load, fault);
}

static enum err f_load_find(struct store *store, const uint8_t *hash, struct load *out,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_load_find(inner_of(store), hash, out, fault);
}

static enum err f_party_put(struct store *store, const struct party *party, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_party_put(inner_of(store), party, fault);
}

static enum err f_party_get(struct store *store, uint64_t id, struct party *out,
                            struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_party_get(inner_of(store), id, out, fault);
}

static enum err f_parties(struct store *store, bool (*fn)(void *, const struct party *), void *ctx,
                          struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_parties(inner_of(store), fn, ctx, fault);
}

static enum err f_api_key_put(struct store *store, const struct api_key *key, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_api_key_put(inner_of(store), key, fault);
}

static enum err f_api_keys(struct store *store, bool (*fn)(void *, const struct api_key *),
                           void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_api_keys(inner_of(store), fn, ctx, fault);
}

static enum err f_findings_add(struct store *store, const struct finding *findings, size_t n,
                               struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_findings_add(inner_of(store), findings, n, fault);
}

static enum err f_findings(struct store *store, bool (*fn)(void *, const struct finding *),
                           void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_findings(inner_of(store), fn, ctx, fault);
}

static enum err f_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                           struct str text, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_note_put(inner_of(store), seq, time_ms, actor, text, fault);
}

static enum err f_read_begin(struct store *store, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_read_begin(inner_of(store), fault);
}

static void f_overwrite(struct store *store, bool on)
{
    store_overwrite(inner_of(store), on);
}

static void f_read_end(struct store *store)
{
    store_read_end(inner_of(store));
}

static enum err f_write_begin(struct store *store, struct fault *fault)
{
    enum err err = strike(store, fault);
    inner_of(store)->patience_ms = store->patience_ms;
    if (err)
        return err;
    store_on_wait(inner_of(store), store->on_wait, store->on_wait_ctx);
    return store_write_begin(inner_of(store), fault);
}

static enum err f_notes(struct store *store, bool (*fn)(void *ctx, const struct note *note),
                        void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_notes(inner_of(store), fn, ctx, fault);
}

static enum err f_loads(struct store *store, bool (*fn)(void *ctx, const struct load *load),
                        void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_loads(inner_of(store), fn, ctx, fault);
}

static enum err f_head_put(struct store *store, const struct store_head *head, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_head_put(inner_of(store), head, fault);
}

static enum err f_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                             struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_facts_drop(inner_of(store), imeis, n, fault);
}

static enum err f_batch_put(struct store *store, const struct batch *batch, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_batch_put(inner_of(store), batch, fault);
}

static enum err f_records_put(struct store *store, const struct record *records, size_t n,
                              struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_records_put(inner_of(store), records, n, fault);
}

static enum err f_record_get(struct store *store, struct str key, struct buf *out,
                             struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_record_get(inner_of(store), key, out, fault);
}

static enum err f_records(struct store *store, struct str from, struct str to, store_record_fn *fn,
                          void *ctx, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_records(inner_of(store), from, to, fn, ctx, fault);
}

static enum err f_write_commit(struct store *store, struct fault *fault)
{
    enum err err = strike(store, fault);
    return err ? err : store_write_commit(inner_of(store), fault);
}

static void f_write_rollback(struct store *store)
{
    store_write_rollback(inner_of(store));
}

static const char *f_path(const struct store *store)
{
    return store_path(((const struct faulty *)store)->inner);
}

static const struct store_ops ops = {
    .forwards = true,
    .again = f_again,
    .close = f_close,
    .head = f_head,
    .block_append = f_block_append,
    .blocks = f_blocks,
    .facts_get = f_facts_get,
    .facts_put = f_facts_put,
    .facts_scan = f_facts_scan,
    .facts_due = f_facts_due,
    .pairs_put = f_pairs_put,
    .pairs_scan = f_pairs_scan,
    .rules_put = f_rules_put,
    .rules_get = f_rules_get,
    .tac_list_put = f_tac_list_put,
    .tac_list_get = f_tac_list_get,
    .batch_new = f_batch_new,
    .batch_part_put = f_batch_part_put,
    .batch_part_get = f_batch_part_get,
    .batch_update = f_batch_update,
    .batch_drop = f_batch_drop,
    .batches = f_batches,
    .batch_claim = f_batch_claim,
    .batch_release = f_batch_release,
    .load_put = f_load_put,
    .load_find = f_load_find,
    .party_put = f_party_put,
    .party_get = f_party_get,
    .parties = f_parties,
    .api_key_put = f_api_key_put,
    .api_keys = f_api_keys,
    .findings_add = f_findings_add,
    .findings = f_findings,
    .note_put = f_note_put,
    .notes = f_notes,
    .loads = f_loads,
    .head_put = f_head_put,
    .facts_drop = f_facts_drop,
    .batch_put = f_batch_put,
    .records_put = f_records_put,
    .record_get = f_record_get,
    .records = f_records,
    .overwrite = f_overwrite,
    .read_begin = f_read_begin,
    .read_end = f_read_end,
    .write_begin = f_write_begin,
    .write_commit = f_write_commit,
    .write_rollback = f_write_rollback,
    .path = f_path,
};

static enum err wrap(struct store *inner, struct plan *plan, struct store **out)
{
    struct faulty *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_MEMORY;
    f->base.ops = &ops;
    f->base.read_only = inner->read_only;
    f->base.patience_ms = inner->patience_ms;
    f->inner = inner;
    f->plan = plan;
    atomic_fetch_add(&plan->handles, 1);
    *out = &f->base;
    return ERR_OK;
}

enum err store_faulty_new(struct store *inner, struct store **out)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return ERR_MEMORY;
    enum err err = wrap(inner, plan, out);
    if (err)
        free(plan);
    return err;
}

void store_faulty_arm(struct store *faulty, uint64_t n, uint64_t every, enum err err)
{
    assert(faulty->ops == &ops);
    struct plan *plan = faulty_of(faulty)->plan;
    atomic_store(&plan->err, (int)err);
    atomic_store(&plan->every, every);
    atomic_store(&plan->fail_at, n ? atomic_load(&plan->calls) + n : 0);
}

uint64_t store_faulty_calls(const struct store *faulty)
{
    assert(faulty->ops == &ops);
    return atomic_load(&((const struct faulty *)faulty)->plan->calls);
}
