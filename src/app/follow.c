/* SPDX-License-Identifier: Apache-2.0
 *
 * An index made from the facts, and kept up by the journal. */
#include "app/quiet.h"

struct filling {
    struct registry *reg;
    struct index *index;
    daynum today;
    enum err err;
};

static bool put_row(void *ctx, const struct facts_row *row)
{
    struct filling *f = ctx;
    struct verdict v = policy_judge_gated(row->imei, &row->facts, &f->reg->rules, f->today,
                                          f->reg->head.gate.expire_through);
    f->err = index_put(f->index, row->imei, &v);
    return !f->err;
}

static bool put_pair(void *ctx, const struct pair *pair)
{
    struct filling *f = ctx;
    f->err = index_put_pair(f->index, pair);
    return !f->err;
}

/* Range after range. */
static enum err scan(struct filling *f, struct fault *fault)
{
    static const struct tac_ranges all = {1, {{0, TAC_COUNT - 1}}};
    const uint64_t serials = IMEI_BODIES / TAC_COUNT;
    const struct tac_ranges *tacs = index_tacs(f->index);
    enum err err = ERR_OK;
    tacs = tacs->count ? tacs : &all;
    for (uint32_t i = 0; !err && !f->err && i < tacs->count; i++) {
        const struct imei from = {tacs->of[i].from * serials};
        const struct imei to = {tacs->of[i].to * serials + serials - 1};
        err = store_facts_scan(f->reg->store, from, to, put_row, f, fault);
    }
    return err;
}

static enum err fill(struct registry *reg, const struct tac_ranges *tacs, struct index **out,
                     struct fault *fault)
{
    struct index *index;
    enum err err = index_new(&index);
    if (err)
        return err;
    index_set_tacs(index, tacs);
    struct filling f = {reg, index, registry_today(reg), ERR_OK};
    /* The head is read first: what is committed during the scan comes once more as blocks. */
    err = scan(&f, fault);
    if (!err && !f.err)
        err = store_pairs_scan(reg->store, put_pair, &f, fault);
    if (!err)
        err = f.err;
    if (err) {
        index_free(index);
        return err;
    }
    struct index_state state = {
        .next_seq = reg->head.next_seq, .rules = reg->head.rules, .gate = reg->head.gate};
    memcpy(state.hash, reg->head.hash, SHA256_BYTES);
    index_set_state(index, &state);
    *out = index;
    return ERR_OK;
}

enum err registry_index(struct registry *reg, struct index **out, struct fault *fault)
{
    enum err err = registry_refresh(reg, fault);
    return err ? err : fill(reg, NULL, out, fault);
}

static bool note_open(void *ctx, const struct batch *batch)
{
    struct quiet *q = ctx;
    if (batch->state != BATCH_OPEN)
        return true;
    if (q->count < QUIET_BATCHES)
        q->open[q->count++] = batch->intent_seq;
    else
        q->more++;
    return true;
}

/* Head and open batches are of one moment. */
static enum err look_at_batches(struct registry *reg, struct quiet *quiet, struct fault *fault)
{
    enum err err = store_read_begin(reg->store, fault);
    if (!err)
        err = registry_refresh(reg, fault);
    if (!err) /* a login of before may not ask: deploy/postgresql/roles.sql */
        quiet->blind = store_batches(reg->store, note_open, quiet, NULL) != ERR_OK;
    store_read_end(reg->store);
    return err;
}

enum err registry_index_quiet(struct registry *reg, const struct tac_ranges *tacs,
                              struct quiet *out_quiet, struct index **out, struct fault *fault)
{
    struct quiet quiet = {0};
    struct index *index = NULL;
    struct store_head after;
    enum err err = look_at_batches(reg, &quiet, fault);
    if (!err)
        err = fill(reg, tacs, &index, fault);
    if (!err)
        err = store_head(reg->store, &after, fault);
    if (err) {
        index_free(index);
        return err;
    }
    quiet.from = after.next_seq; /* rows of blocks up to here may be in */
    *out_quiet = quiet;
    *out = index;
    return ERR_OK;
}

struct following {
    struct index *index;
    const struct quiet_watch *watch; /* NULL: nobody wants to know */
    daynum today;
    struct follow_result result;
    enum err err;
};

static void look_for_quiet(const struct following *f, const struct block *block)
{
    struct quiet *q = f->watch->quiet;
    const bool was = !q->blind && !q->count && !q->more;
    quiet_block(q, block);
    if (quiet_here(q, block->header.first_seq + block->header.item_count) && !was)
        f->watch->on_quiet(f->watch->ctx, f->index);
}

static bool apply_block(void *ctx, const struct block *block)
{
    struct following *f = ctx;
    f->err = index_apply(f->index, block, f->today);
    if (f->err)
        return false;
    if (f->watch)
        look_for_quiet(f, block);
    f->result.blocks++;
    f->result.written_us = block->header.written_us;
    return true;
}

enum err registry_follow(struct registry *reg, struct index *index, struct follow_result *out,
                         struct fault *fault)
{
    return registry_follow_quiet(reg, index, NULL, out, fault);
}

enum err registry_follow_quiet(struct registry *reg, struct index *index,
                               const struct quiet_watch *watch, struct follow_result *out,
                               struct fault *fault)
{
    struct following f = {.index = index, .watch = watch, .today = registry_today(reg)};
    enum err err = registry_refresh(reg, fault);
    struct index_state state = index_state(index);
    uint64_t from = state.next_seq;
    bool same = memcmp(state.hash, reg->head.hash, sizeof state.hash) == 0;
    if (!err && (from > reg->head.next_seq || (from == reg->head.next_seq && !same)))
        err = fault_set(fault, ERR_CHAIN,
                        "the register has gone back: it was restored, or a "
                        "standby without its last blocks took over");
    if (!err && from < reg->head.next_seq)
        err = store_blocks(reg->store, from, apply_block, &f, fault);
    if (!err)
        err = f.err;
    if (!err)
        *out = f.result;
    return err;
}
