/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_batches.h"

#include <stdlib.h>

static void batch_release(struct lists_batch *batch)
{
    free(batch->rows);
    *batch = (struct lists_batch){0};
}

void lists_batches_release(struct lists_batches *b)
{
    for (size_t i = 0; i < b->count; i++)
        batch_release(&b->open[i]);
    free(b->open);
    lists_map_release(&b->overtaken);
    *b = (struct lists_batches){0};
}

struct lists_batch *lists_batch_find(const struct lists_batches *b, uint64_t id)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->open[i].id == id)
            return &b->open[i];
    return NULL;
}

enum err lists_batch_begin(struct lists_batches *b, uint64_t id, uint64_t first_seq,
                           daynum effective)
{
    if (lists_batch_find(b, id))
        return ERR_OK;
    if (b->count == b->size) {
        const size_t size = b->size ? 2 * b->size : 4;
        struct lists_batch *open = realloc(b->open, size * sizeof *open);
        if (!open)
            return ERR_MEMORY;
        b->open = open;
        b->size = size;
    }
    b->open[b->count++] =
        (struct lists_batch){.id = id, .first_seq = first_seq, .effective = effective};
    return ERR_OK;
}

enum err lists_batch_wait(struct lists_batch *batch, const struct lists_row *row)
{
    if (batch->count == batch->size) {
        const size_t size = batch->size ? 2 * batch->size : 1024;
        struct lists_waiting *rows = realloc(batch->rows, size * sizeof *rows);
        if (!rows)
            return ERR_MEMORY;
        batch->rows = rows;
        batch->size = size;
    }
    batch->rows[batch->count++] =
        (struct lists_waiting){.body_reason = row->imei.body << 8 | row->reason,
                               .seq_day = row->seq << 16 | daynum_pack(row->day)};
    return ERR_OK;
}

enum err lists_batches_overtake(struct lists_batches *b, struct imei imei, uint64_t seq)
{
    if (!b->count)
        return ERR_OK;
    uint64_t *last = lists_map_find(&b->overtaken, imei.body);
    if (!last)
        return lists_map_put(&b->overtaken, imei.body, seq);
    if (*last < seq)
        *last = seq;
    return ERR_OK;
}

/* A later row of the same batch stands behind it: they come in order. */
static enum err give_rows(struct lists_batches *b, const struct lists_batch *batch,
                          lists_row_fn *fn, void *ctx)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < batch->count; i++) {
        const struct lists_waiting *w = &batch->rows[i];
        const struct lists_row row = {.imei = {w->body_reason >> 8},
                                      .seq = w->seq_day >> 16,
                                      .reason = w->body_reason & 255,
                                      .day = daynum_unpack((uint16_t)w->seq_day, DAYNUM_NONE)};
        const uint64_t *last = lists_map_find(&b->overtaken, row.imei.body);
        if (last && *last > row.seq)
            continue;
        err = lists_batches_overtake(b, row.imei, row.seq);
        if (!err)
            err = fn(ctx, &row);
    }
    return err;
}

enum err lists_batch_end(struct lists_batches *b, uint64_t id, lists_row_fn *fn, void *ctx)
{
    struct lists_batch *found = lists_batch_find(b, id);
    if (!found)
        return ERR_OK;
    struct lists_batch batch = *found;
    *found = b->open[--b->count];
    enum err err = give_rows(b, &batch, fn, ctx);
    batch_release(&batch);
    if (!b->count)
        lists_map_clear(&b->overtaken);
    return err;
}

uint64_t lists_batches_resume(const struct lists_batches *b, uint64_t next_seq)
{
    uint64_t resume = next_seq;
    for (size_t i = 0; i < b->count; i++)
        if (b->open[i].first_seq < resume)
            resume = b->open[i].first_seq;
    return resume;
}
