/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the journal's blocks: rows become changes of a list, rows of a batch wait for its end. */
#include "app/lists_keep.h"

enum {
    PASS_ITEMS = 1 << 20,    /* that are read from the store in one look */
    WRITE_CHANGES = 1 << 16, /* that wait in memory before a place is written */
    IDLE_ITEMS = 1 << 17,    /* that are passed before a place is written though nothing moved */
};

/* ---- one row ---- */

/* What a walk over blocks knows. */
struct walk {
    struct lists *l;
    struct registry *reg;
    uint64_t from;  /* blocks before it are known already: only who waits is made again */
    uint64_t seq;   /* of the item that makes what is applied now visible */
    uint64_t items; /* of this pass */
    uint64_t idle;  /* since the last place */
    bool checked;   /* the first block hangs at our place */
    bool more;
    enum err err;
    struct fault *fault;
};

/* Does a verdict of this reason bring an IMEI on the list? Of exceptions: does it make the pairs count? */
static bool is_on(const struct lists *l, uint8_t reason)
{
    return l->pairs ? reason == REASON_CLONE : reason_list(reason) == l->kind;
}

static struct listed state_of(const struct lists *l, struct imei imei)
{
    if (!l->pairs)
        return lists_state_find(l->state, imei);
    return lists_pairs_is_clone(l->pairs, imei) ? (struct listed){REASON_CLONE, DAYNUM_NONE}
                                                : (struct listed){LISTED_NOT, DAYNUM_NONE};
}

static enum err note_change(struct lists *l, const struct lists_change *change)
{
    enum err err = lists_put_change(l, change);
    return err ? err : lists_log_add(l->log, change);
}

static enum err apply_row(void *ctx, const struct lists_row *row)
{
    struct walk *w = ctx;
    struct lists *l = w->l;
    if (w->seq < w->from)
        return ERR_OK;
    const struct listed was = state_of(l, row->imei);
    struct listed is = {LISTED_NOT, DAYNUM_NONE};
    if (l->pairs && is_on(l, row->reason))
        is.reason = REASON_CLONE;
    else if (is_on(l, row->reason))
        is = (struct listed){row->reason, was.reason == LISTED_NOT || row->reason == REASON_EXPIRED
                                              ? row->day
                                              : was.since};
    if (listed_equal(&was, &is))
        return ERR_OK;
    const struct lists_change change = {.imei = row->imei, .seq = w->seq, .was = was, .is = is};
    return note_change(l, &change);
}

/* The pairs of a block, those of a batch too: they count once their IMEI is a clone, which a batch says at its end. */
struct pairs_walk {
    struct walk *w;
    enum err err;
};

static void take_pair(void *ctx, const struct pair *pair)
{
    struct pairs_walk *p = ctx;
    struct lists *l = p->w->l;
    const bool was = lists_pairs_stands(l->pairs, pair->imei, pair->subscriber);
    if (p->err || was != pair->removed || !pair->subscriber)
        return;
    static const struct listed on = {REASON_CLONE, DAYNUM_NONE}, off = {LISTED_NOT, DAYNUM_NONE};
    const struct lists_change change = {.imei = pair->imei,
                                        .subscriber = pair->subscriber,
                                        .seq = p->w->seq,
                                        .was = was ? on : off,
                                        .is = was ? off : on};
    p->err = note_change(l, &change);
}

static enum err take_pairs(struct walk *w, const struct block *block)
{
    struct pairs_walk p = {w, ERR_OK};
    if (!w->l->pairs || !block->section.n)
        return ERR_OK;
    w->seq = block->header.first_seq + block->header.item_count - 1;
    enum err err = section_walk(block->section, take_pair, &p);
    return err ? err : p.err;
}

/* A row of the only open batch that neither finds the IMEI on the list nor leaves it there moves nothing, whenever
 * the batch ends: what others write meanwhile stands behind it in the journal. */
static bool moves_nothing(const struct lists *l, const struct row *row)
{
    return l->batches.count == 1 && !is_on(l, row->before) && !is_on(l, row->after.reason) &&
           state_of(l, row->change.imei).reason == LISTED_NOT;
}

static daynum day_of(const struct walk *w, const struct block *block, uint64_t entry)
{
    const struct lists_place *place = &w->l->place;
    const struct lists_batch *batch = lists_batch_find(&w->l->batches, entry);
    daynum day = batch ? batch->effective : entry == place->entry ? place->effective : DAYNUM_NONE;
    if (!daynum_is_day(day)) /* what no register of ours writes */
        day = zone_day(&w->reg->zone, block->header.written_us / 1000000);
    return day;
}

/* The first day on the list, if this row brings the IMEI there. Of EXPIRED it is always the day behind its last one with
 * service, so that a list tells by itself whose expiry is held (lists_spared.h). */
static daynum since_of(const struct walk *w, const struct block *block, const struct row *row,
                       uint64_t entry)
{
    const struct verdict *after = &row->after;
    return after->reason == REASON_EXPIRED && daynum_is_day(after->deadline)
               ? after->deadline + 1
               : day_of(w, block, entry);
}

static enum err take_row(struct walk *w, const struct block *block, const struct row *row,
                         const struct block_cursor *at)
{
    struct lists *l = w->l;
    const struct lists_row one = {.imei = row->change.imei,
                                  .seq = at->seq,
                                  .reason = row->after.reason,
                                  .day = since_of(w, block, row, at->entry)};
    if (!block->header.batch) {
        w->seq = at->seq;
        enum err err = lists_batches_overtake(&l->batches, one.imei, one.seq);
        return err ? err : apply_row(w, &one);
    }
    struct lists_batch *batch = lists_batch_find(&l->batches, block->header.batch);
    if (!batch) {
        enum err err =
            lists_batch_begin(&l->batches, block->header.batch, block->header.first_seq, one.day);
        if (err)
            return err;
        batch = lists_batch_find(&l->batches, block->header.batch);
    }
    return moves_nothing(l, row) ? ERR_OK : lists_batch_wait(batch, &one);
}

static enum err take_entry(struct walk *w, const struct block *block, const struct entry *entry,
                           uint64_t seq)
{
    struct lists *l = w->l;
    l->place.entry = seq;
    l->place.effective = entry->effective;
    w->seq = seq;
    if (entry->flags & ENTRY_BATCH_BEGIN)
        return lists_batch_begin(&l->batches, seq, block->header.first_seq, entry->effective);
    if (entry->flags & ENTRY_BATCH_END)
        return lists_batch_end(&l->batches, entry->batch, apply_row, w);
    return ERR_OK;
}

/* ---- blocks ---- */

static enum err write_place(struct walk *w)
{
    struct lists *l = w->l;
    l->place.resume = lists_batches_resume(&l->batches, l->place.next_seq);
    enum err err = lists_log_end(l->log, &l->place, w->fault);
    if (!err) {
        l->in_log = lists_log_count(l->log);
        w->idle = 0;
    }
    return err;
}

static enum err walk_items(struct walk *w, const struct block *block)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    enum err err = ERR_OK;
    while (!err && block_next(&cursor, &item, NULL)) {
        if (item.type == ITEM_ENTRY)
            err = take_entry(w, block, &item.entry, cursor.seq);
        else if (item.type == ITEM_ROW)
            err = take_row(w, block, &item.row, &cursor);
    }
    return err ? err : cursor.err;
}

static bool take_block(void *ctx, const struct block *block)
{
    struct walk *w = ctx;
    struct lists_place *place = &w->l->place;
    const bool known = block->header.first_seq < w->from;
    if (!known && !w->checked && w->from > 1 &&
        memcmp(block->prev_hash, place->hash, LISTS_HASH) != 0) {
        w->err = ERR_CHAIN;
        return false;
    }
    if (known && block->header.first_seq + block->header.item_count > w->from) {
        w->err = ERR_CHAIN; /* a place of ours is never inside a block: the register was restored */
        return false;
    }
    w->checked |= !known;
    const struct lists_place was = *place;
    w->err = walk_items(w, block);
    if (known) { /* the last entry is that of the place, whoever came before it */
        place->entry = was.entry;
        place->effective = was.effective;
        return !w->err;
    }
    if (!w->err)
        w->err = take_pairs(w, block);
    place->next_seq = block->header.first_seq + block->header.item_count;
    memcpy(place->hash, block->hash, LISTS_HASH);
    place->gate = block->header.gate;
    w->items += block->header.item_count;
    w->idle += block->header.item_count;
    if (!w->err && lists_log_waiting(w->l->log) >= WRITE_CHANGES)
        w->err = write_place(w);
    w->more = w->items >= PASS_ITEMS;
    return !w->err && !w->more;
}

/* One look at the store: from the blocks of open batches on, where they are not known. */
enum err lists_pass(struct lists *l, struct registry *reg, bool *out_more, struct fault *fault)
{
    struct walk w = {.l = l, .reg = reg, .from = l->place.next_seq, .fault = fault};
    const bool cold = !l->warm;
    const uint64_t from = cold ? l->place.resume : l->place.next_seq;
    if (l->place.next_seq > reg->head.next_seq ||
        (l->place.next_seq == reg->head.next_seq && !lists_at_head(l, reg)))
        return ERR_CHAIN;
    enum err err = store_blocks(reg->store, from ? from : 1, take_block, &w, fault);
    if (!err)
        err = w.err;
    l->warm = !err;
    /* A process that has just begun says how far it came, so that the next one need not read the list to come as far. */
    if (!err && (lists_log_waiting(l->log) || w.idle >= IDLE_ITEMS || (cold && w.idle)))
        err = write_place(&w);
    *out_more = w.more;
    return err;
}
