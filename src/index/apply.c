/* SPDX-License-Identifier: Apache-2.0
 *
 * apply - a block of the journal into the index.
 *
 * A block is checked whole and its memory reserved before anything moves, so it is applied or
 * refused, never half of it. Its hash is not computed again: who hands blocks over verifies them
 * (block_verify) where they come from outside.
 *
 * Pairs that come are put before the rows and pairs that go are taken after them, so that a
 * confirmed clone's own subscriber is never refused in between.
 *
 * A row says what the register judges on its entry's effective day. When that day lies ahead, what
 * stands now goes on standing and the row's reason becomes its next step. A verdict knows one step:
 * when what stands ends before that day by itself, the nearer step is kept, so that no mark, visit
 * or term outlives its day; what holds from the later day on then comes with that day's sweep. */
#include "index/index.h"

#include "index/writer.h"

struct applying {
    struct index *ix;
    daynum today;
    daynum expire_through;
    const struct index_watch *watch; /* NULL: everything is applied */
};

/* The chain of a register begins with its id and zeros, which an empty index cannot know: it takes
 * the first block of any register. */
static bool follows(const struct index_state *state, const struct block *block)
{
    static const uint8_t zeros[SHA256_BYTES];
    if (block->header.first_seq != state->next_seq)
        return false;
    if (memcmp(block->prev_hash, state->hash, SHA256_BYTES) == 0)
        return true;
    return state->next_seq == 1 && memcmp(state->hash, zeros, SHA256_BYTES) == 0 &&
           memcmp(block->prev_hash + 16, zeros, 16) == 0;
}

static bool is_held(const struct index *ix, struct imei imei)
{
    return tac_ranges_have(index_tacs(ix), imei_tac(imei));
}

struct counting {
    const struct index *ix;
    uint64_t rows, pairs;
};

static void count_pair(void *ctx, const struct pair *pair)
{
    struct counting *c = ctx;
    c->pairs += is_held(c->ix, pair->imei);
}

/* Every byte is read once before any is believed, also of what is passed over. */
static enum err check(const struct block *block, struct counting *out)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    while (block_next(&cursor, &item, NULL))
        out->rows += item.type == ITEM_ROW && is_held(out->ix, item.row.change.imei);
    return cursor.err ? cursor.err : section_walk(block->section, count_pair, out);
}

/* Of an IMEI that the index does not have, the row tells the reason that stands. */
static struct verdict standing(const struct applying *a, const struct row *row)
{
    struct verdict v;
    if (index_find(a->ix, row->change.imei, &v))
        return verdict_step(v, a->today, a->expire_through);
    return (struct verdict){
        .reason = row->before,
        .next_reason = row->before,
        .deadline = DAYNUM_NONE,
        .valid_through = DAYNUM_OPEN,
    };
}

static struct verdict with_next(struct verdict v, const struct verdict *after, daynum effective)
{
    if (v.valid_through < effective - 1)
        return v;
    v.valid_through = effective - 1;
    v.next_reason = after->reason;
    if (reason_list(v.reason) != LIST_GREY && v.reason != REASON_EXPIRED)
        v.deadline = after->deadline;
    return v;
}

static enum err apply_row(const struct applying *a, const struct row *row, uint64_t seq,
                          daynum effective)
{
    struct verdict verdict = row->after;
    bool later = effective != DAYNUM_NONE && effective > a->today;
    if (!is_held(a->ix, row->change.imei))
        return ERR_OK;
    if (a->watch && !a->watch->row(a->watch->ctx, row->change.imei, seq, !later))
        return ERR_OK;
    if (later)
        verdict = with_next(standing(a, row), &row->after, effective);
    return index_put(a->ix, row->change.imei, &verdict);
}

/* The day on which an entry takes effect that stands before the block. An index that began behind
 * it (from a file, from facts) never saw it: then its rows hold from now on. */
static daynum effective_before(struct index *ix, const struct block *block)
{
    const struct index_entry *entry = index_entry(ix);
    return entry->seq == block->header.open_entry ? entry->effective : DAYNUM_NONE;
}

static enum err apply_rows(const struct applying *a, const struct block *block)
{
    struct block_cursor cursor = block_walk(block);
    daynum effective = effective_before(a->ix, block);
    struct item item;
    enum err err = ERR_OK;
    while (err == ERR_OK && block_next(&cursor, &item, NULL)) {
        if (item.type == ITEM_ENTRY) {
            effective = item.entry.effective;
            *index_entry(a->ix) = (struct index_entry){cursor.seq, effective};
        } else if (item.type == ITEM_ROW) {
            err = apply_row(a, &item.row, cursor.seq, effective);
        }
    }
    return err ? err : cursor.err;
}

struct pairing {
    const struct applying *a;
    uint64_t first_seq;
    enum err err;
};

static void put_pair(void *ctx, const struct pair *pair)
{
    struct pairing *p = ctx;
    const struct index_watch *watch = p->a->watch;
    if (p->err || !is_held(p->a->ix, pair->imei))
        return;
    if ((!watch || watch->pair(watch->ctx, pair, p->first_seq)))
        p->err = index_put_pair(p->a->ix, pair);
}

static void put_new_pair(void *ctx, const struct pair *pair)
{
    if (!pair->removed)
        put_pair(ctx, pair);
}

static enum err apply_section(const struct applying *a, const struct block *block,
                              void (*fn)(void *ctx, const struct pair *pair))
{
    struct pairing pairing = {a, block->header.first_seq, ERR_OK};
    enum err err = section_walk(block->section, fn, &pairing);
    return err ? err : pairing.err;
}

enum err index_apply(struct index *ix, const struct block *block, daynum today)
{
    return index_apply_watched(ix, block, today, NULL);
}

enum err index_apply_watched(struct index *ix, const struct block *block, daynum today,
                             const struct index_watch *watch)
{
    struct index_state state = index_state(ix);
    struct counting count = {.ix = ix};
    if (!follows(&state, block))
        return ERR_CHAIN;
    enum err err = check(block, &count);
    if (err == ERR_OK)
        err = index_reserve(ix, count.rows, count.pairs);
    if (err)
        return err;

    struct applying a = {ix, today, block->header.gate.expire_through, watch};
    err = apply_section(&a, block, put_new_pair);
    if (err == ERR_OK)
        err = apply_rows(&a, block);
    if (err == ERR_OK)
        err = apply_section(&a, block, put_pair);
    if (err)
        return err;

    state.next_seq = block->header.first_seq + block->header.item_count;
    memcpy(state.hash, block->hash, SHA256_BYTES);
    state.rules = block->header.rules;
    state.gate = block->header.gate;
    index_set_state(ix, &state);
    return ERR_OK;
}
