/* SPDX-License-Identifier: Apache-2.0
 *
 * Verbs that may stand alone: outside of a write they get one of their own. */
#include "store/backend.h"

/* A verb that may stand alone: opens a write when none is open. */
static enum err alone_begin(struct store *store, bool *out_own, struct fault *fault)
{
    *out_own = false;
    if (store->writing)
        return store_inside(store, fault);
    if (store->ops->forwards)
        return ERR_OK;
    enum err err = store_write_begin(store, fault);
    *out_own = !err;
    return err;
}

static enum err alone_end(struct store *store, bool own, enum err err, struct fault *fault)
{
    if (!own)
        return store_done(store, err);
    if (!err)
        err = store_write_commit(store, fault);
    if (err)
        store_write_rollback(store);
    return err;
}

enum err store_batch_new(struct store *store, struct batch *batch, struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    uint64_t id = batch->id;
    if (!err)
        err = store->ops->batch_new(store, batch, fault);
    err = alone_end(store, own, err, fault);
    if (err)
        batch->id = id;
    return err;
}

enum err store_batch_part_put(struct store *store, uint64_t id, uint32_t part, struct str bytes,
                              struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    if (!err)
        err = store->ops->batch_part_put(store, id, part, bytes, fault);
    return alone_end(store, own, err, fault);
}

enum err store_batch_update(struct store *store, const struct batch *batch, struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    if (!err)
        err = store->ops->batch_update(store, batch, fault);
    return alone_end(store, own, err, fault);
}

enum err store_batch_drop(struct store *store, uint64_t id, struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    if (!err)
        err = store->ops->batch_drop(store, id, fault);
    return alone_end(store, own, err, fault);
}

enum err store_party_put(struct store *store, const struct party *party, struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    if (!err)
        err = store->ops->party_put(store, party, fault);
    return alone_end(store, own, err, fault);
}

enum err store_api_key_put(struct store *store, const struct api_key *key, struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    if (!err)
        err = store->ops->api_key_put(store, key, fault);
    return alone_end(store, own, err, fault);
}

enum err store_note_put(struct store *store, uint64_t seq, int64_t time_ms, uint64_t actor,
                        struct str text, struct fault *fault)
{
    bool own;
    enum err err = alone_begin(store, &own, fault);
    if (!err)
        err = store->ops->note_put(store, seq, time_ms, actor, text, fault);
    return alone_end(store, own, err, fault);
}
