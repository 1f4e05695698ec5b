/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the journal for people: an IMEI's history by its linked list, or everything in order. */
#include "app/audit.h"

struct seeking {
    uint64_t seq; /* wanted */
    struct audit_line line;
    bool found;
    uint64_t entry_seq;
    struct entry entry;
    bool has_entry;
    enum err err;
};

/* Finds one item in the block that holds it, and its entry when it stands in the same block. */
static bool seek(void *ctx, const struct block *block)
{
    struct seeking *s = ctx;
    struct block_cursor cursor = block_walk(block);
    struct item item;
    struct str bytes;
    while (block_next(&cursor, &item, &bytes)) {
        if (item.type == ITEM_ENTRY) {
            s->entry = item.entry;
            s->entry_seq = cursor.seq;
            s->has_entry = true;
        }
        if (cursor.seq == s->seq) {
            s->line.seq = cursor.seq;
            s->line.item = item;
            s->line.entry_seq = cursor.entry;
            s->found = true;
            break;
        }
    }
    s->err = cursor.err;
    return false;
}

static enum err find_item(struct registry *reg, uint64_t seq, struct seeking *out,
                          struct fault *fault)
{
    *out = (struct seeking){.seq = seq};
    enum err err = store_blocks(reg->store, seq, seek, out, fault);
    if (!err)
        err = out->err;
    if (!err && !out->found)
        err = fault_set(fault, ERR_CHAIN, "no item has sequence number %llu",
                        (unsigned long long)seq);
    return err;
}

enum err audit_entry(struct registry *reg, uint64_t seq, struct entry *out, struct fault *fault)
{
    struct seeking s;
    enum err err = find_item(reg, seq, &s, fault);
    if (!err && s.line.item.type != ITEM_ENTRY)
        err = fault_set(fault, ERR_CHAIN, "item %llu is no entry", (unsigned long long)seq);
    if (!err)
        *out = s.line.item.entry;
    return err;
}

static enum err find_row(struct registry *reg, uint64_t seq, struct audit_line *out,
                         struct fault *fault)
{
    struct seeking s, e;
    enum err err = find_item(reg, seq, &s, fault);
    if (err)
        return err;
    *out = s.line;
    if (s.has_entry && s.entry_seq == s.line.entry_seq) {
        out->entry = s.entry;
        return ERR_OK;
    }
    err = find_item(reg, s.line.entry_seq, &e, fault);
    if (!err)
        out->entry = e.line.item.entry;
    return err;
}

enum err audit_history(struct registry *reg, struct imei imei, audit_fn *fn, void *ctx,
                       struct fault *fault)
{
    struct facts_row row = {.imei = imei};
    enum err err = store_facts_get(reg->store, &row, 1, fault);
    uint64_t seq = err || !row.facts.exists ? 0 : row.facts.last_seq;
    while (!err && seq) {
        struct audit_line line;
        err = find_row(reg, seq, &line, fault);
        if (!err && (line.item.type != ITEM_ROW || line.item.row.change.imei.body != imei.body ||
                     line.item.row.prev_seq >= seq))
            err = fault_set(fault, ERR_CHAIN, "the history of this IMEI is broken at %llu",
                            (unsigned long long)seq);
        if (err || !fn(ctx, &line))
            break;
        seq = line.item.row.prev_seq;
    }
    return err;
}

/* ---- everything since ---- */

struct open_batches {
    uint64_t first; /* intent of the oldest batch that is not whole, 0 = none */
};

static bool find_open(void *ctx, const struct batch *batch)
{
    struct open_batches *o = ctx;
    if (batch->state == BATCH_OPEN && (!o->first || batch->intent_seq < o->first))
        o->first = batch->intent_seq;
    return true;
}

struct reading {
    uint64_t after, before; /* exclusive both; before 0 = no end */
    audit_fn *fn;
    void *ctx;
    struct audit_line line; /* carries the entry along */
    struct registry *reg;
    uint64_t next;
    enum err err;
    struct fault *fault;
};

static bool read_block(void *ctx, const struct block *block)
{
    struct reading *r = ctx;
    struct block_cursor cursor = block_walk(block);
    struct str bytes;
    while (block_next(&cursor, &r->line.item, &bytes)) {
        if (r->before && cursor.seq >= r->before)
            return false;
        r->line.seq = cursor.seq;
        if (r->line.item.type == ITEM_ENTRY) {
            r->line.entry = r->line.item.entry;
            r->line.entry_seq = cursor.seq;
        } else if (r->line.entry_seq != cursor.entry && cursor.entry) {
            struct seeking s;
            r->err = find_item(r->reg, cursor.entry, &s, r->fault);
            if (r->err)
                return false;
            r->line.entry = s.line.item.entry;
            r->line.entry_seq = cursor.entry;
        }
        if (cursor.seq <= r->after)
            continue;
        r->next = cursor.seq;
        if (!r->fn(r->ctx, &r->line))
            return false;
    }
    r->err = cursor.err;
    return !r->err;
}

enum err audit_since(struct registry *reg, uint64_t after, audit_fn *fn, void *ctx,
                     uint64_t *out_next, struct fault *fault)
{
    struct open_batches open = {0};
    struct registry *aside = NULL; /* entries are looked up while blocks are being read */
    enum err err = store_batches(reg->store, find_open, &open, fault);
    if (!err)
        err = registry_again(reg, &aside, fault);
    struct reading r = {.after = after,
                        .before = open.first,
                        .fn = fn,
                        .ctx = ctx,
                        .reg = aside,
                        .next = after,
                        .fault = fault};
    if (!err)
        err = store_blocks(reg->store, after + 1, read_block, &r, fault);
    if (!err)
        err = r.err;
    registry_close(aside);
    if (!err)
        *out_next = r.next;
    return err;
}
