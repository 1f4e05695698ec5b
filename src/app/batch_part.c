/* SPDX-License-Identifier: Apache-2.0 */
#include "app/batch_part.h"

void part_begin(struct part_writer *w, const struct change *common)
{
    buf_clear(&w->bytes);
    buf_clear(&w->body);
    w->common = common;
    w->last = 0;
    w->count = 0;
}

void part_add(struct part_writer *w, const struct change *change)
{
    buf_varint(&w->body, change->imei.body - w->last);
    w->last = change->imei.body;
    w->count++;
    if (w->common)
        return;
    uint8_t bytes[CHANGE_BYTES_MAX];
    buf_put(&w->body, bytes, change_encode(change, bytes));
}

bool part_end(struct part_writer *w)
{
    buf_uint(&w->bytes, w->common != NULL, 1);
    if (w->common) {
        uint8_t bytes[CHANGE_BYTES_MAX];
        buf_put(&w->bytes, bytes, change_encode(w->common, bytes));
    }
    buf_varint(&w->bytes, w->count);
    buf_put(&w->bytes, w->body.p, w->body.n);
    return !w->bytes.failed && !w->body.failed;
}

void part_release(struct part_writer *w)
{
    buf_release(&w->bytes);
    buf_release(&w->body);
}

enum err part_decode(struct str bytes, struct change *out, size_t *out_count)
{
    struct rd rd = rd_of(bytes.p, bytes.n);
    struct change common = {0};
    uint64_t shared = rd_uint(&rd, 1);
    if (rd.failed || shared > 1 || (shared && change_decode(&rd, &common)))
        return ERR_CODEC;
    uint64_t count = rd_varint(&rd), at = 0;
    if (rd.failed || count > BATCH_PART_CHANGES)
        return ERR_CODEC;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t step = rd_varint(&rd);
        if (rd.failed || step >= IMEI_BODIES || at + step >= IMEI_BODIES)
            return ERR_CODEC;
        at += step;
        out[i] = common;
        if (!shared && change_decode(&rd, &out[i]))
            return ERR_CODEC;
        out[i].imei.body = at;
    }
    if (rd_left(&rd))
        return ERR_CODEC;
    *out_count = (size_t)count;
    return ERR_OK;
}

enum err batch_parts(struct store *store, const struct batch *batch, batch_part_fn *fn, void *ctx,
                     struct fault *fault)
{
    static const uint32_t beside[] = {BATCH_PART_RULES, BATCH_PART_TAC, BATCH_PART_ASIDE};
    struct buf bytes = {0};
    enum err err = ERR_OK;
    size_t extra = sizeof beside / sizeof *beside;
    for (size_t i = 0; !err && i < batch->parts + extra; i++) {
        uint32_t part = i < batch->parts ? (uint32_t)i : beside[i - batch->parts];
        buf_clear(&bytes);
        err = store_batch_part_get(store, batch->id, part, &bytes, fault);
        if (!err)
            err = fn(ctx, part, (struct str){(char *)bytes.p, bytes.n}, fault);
        else if (err == ERR_NOT_FOUND)
            err = ERR_OK; /* applied and dropped, or never wanted */
    }
    buf_release(&bytes);
    return err;
}
