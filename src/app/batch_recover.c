/* SPDX-License-Identifier: Apache-2.0
 *
 * What a dead process left: a batch that was still being saved is dropped, one whose intent stands
 * in the journal is finished. A batch with a living owner is left alone. */
#include <stdlib.h>

#include "app/batch.h"
#include "app/batch_run.h"

struct leftovers {
    struct batch *list;
    size_t count;
    bool failed;
};

static bool collect(void *ctx, const struct batch *batch)
{
    struct leftovers *l = ctx;
    if (batch->state == BATCH_PROPOSED)
        return true;
    struct batch *list = realloc(l->list, (l->count + 1) * sizeof *list);
    l->failed = !list;
    if (!list)
        return false;
    l->list = list;
    l->list[l->count++] = *batch;
    return true;
}

/* Is the batch still there, in this state, now that we own it? */
struct reload {
    uint64_t id;
    struct batch batch;
    bool found;
};

static bool reload(void *ctx, const struct batch *batch)
{
    struct reload *w = ctx;
    if (batch->id != w->id)
        return true;
    w->batch = *batch;
    w->found = true;
    return false;
}

static enum err recover_one(struct registry *reg, const struct batch *batch, uint64_t *finished,
                            struct fault *fault)
{
    enum err err = store_batch_claim(reg->store, batch->id, fault);
    if (err == ERR_STORE_BUSY)
        return ERR_OK; /* its owner lives */
    if (err)
        return err;
    struct reload w = {.id = batch->id};
    err = store_batches(reg->store, reload, &w, fault);
    if (!err && w.found && w.batch.state == BATCH_SAVING) {
        err = store_batch_drop(reg->store, batch->id, fault);
    } else if (!err && w.found && w.batch.state == BATCH_OPEN) {
        struct batch_result result = {0};
        struct batch_work *run = batch_work_new(reg, NULL, &result);
        err = ERR_MEMORY;
        if (run) {
            run->batch = w.batch;
            err = batch_apply(run, fault);
        }
        batch_work_free(run);
        *finished += !err;
    }
    store_batch_release(reg->store, batch->id);
    return err;
}

enum err batch_recover(struct registry *reg, uint64_t *out_finished, struct fault *fault)
{
    struct leftovers left = {0};
    uint64_t finished = 0;
    enum err err = store_batches(reg->store, collect, &left, fault);
    if (!err && left.failed)
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < left.count; i++)
        err = recover_one(reg, &left.list[i], &finished, fault);
    free(left.list);
    if (!err)
        *out_finished = finished;
    return err;
}
