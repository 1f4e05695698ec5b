/* SPDX-License-Identifier: Apache-2.0
 *
 * batch_late - a batch that brings a rule set holds the IMEIs whose verdict the rules move, found
 * by one pass over the facts. Between that pass and the intent others go on writing, for seconds
 * beside an import, for days under the two-person rule: what they commit is still judged under the
 * rules before. The journal names these IMEIs, and they join the batch as parts of its own. Which
 * of them the new rules really move, applying tells. */
#include <stdlib.h>

#include "app/batch_part.h"
#include "app/batch_run.h"
#include "app/imei_list.h"
#include "base/buf.h"

struct late {
    struct imei_list list;
    uint64_t from, end; /* sequence numbers */
    enum err err;
};

static enum err take_items(struct late *late, const struct block *block)
{
    struct rd rd = rd_of(block->body.p, block->body.n);
    enum err err = ERR_OK;
    for (uint64_t seq = block->header.first_seq; !err && rd_left(&rd); seq++) {
        size_t n = (size_t)rd_varint(&rd);
        const uint8_t *p = rd_bytes(&rd, n);
        struct item item;
        if (!p || !n)
            return ERR_CODEC;
        if (p[0] != ITEM_ROW || seq < late->from)
            continue;
        err = item_decode(p, n, &item);
        if (!err)
            err = imei_list_add(&late->list, item.row.change.imei.body);
    }
    return err;
}

static bool take_block(void *ctx, const struct block *block)
{
    struct late *late = ctx;
    if (block->header.first_seq >= late->end)
        return false;
    late->err = take_items(late, block);
    return !late->err;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err save(struct batch_work *work, const struct imei_list *list, struct fault *fault)
{
    const struct change no_fact = {.kind = CHANGE_NONE};
    struct part_writer w = {0};
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < list->n;) {
        part_begin(&w, &no_fact);
        for (; i < list->n && w.count < BATCH_PART_CHANGES; i++)
            if (!i || list->keys[i] != list->keys[i - 1])
                part_add(&w, &(struct change){.imei = {list->keys[i]}, .kind = CHANGE_NONE});
        err = part_end(&w)
                  ? store_batch_part_put(work->reg->store, work->batch.id, work->batch.parts++,
                                         (struct str){(char *)w.bytes.p, w.bytes.n}, fault)
                  : ERR_MEMORY;
    }
    part_release(&w);
    return err;
}

enum err batch_join_late(struct batch_work *work, uint64_t end_seq, struct fault *fault)
{
    struct late late = {.from = work->batch.entry.batch, .end = end_seq};
    if (!work->batch.rules_number || !late.from || late.from >= late.end)
        return ERR_OK;
    enum err err = store_blocks(work->reg->store, late.from, take_block, &late, fault);
    if (!err)
        err = late.err;
    if (!err && late.list.n)
        qsort(late.list.keys, late.list.n, sizeof *late.list.keys, by_key);
    if (!err)
        err = save(work, &late.list, fault);
    imei_list_release(&late.list);
    if (!err)
        work->batch.entry.batch = late.end;
    return err;
}
