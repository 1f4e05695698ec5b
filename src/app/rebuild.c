/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rebuild.h"

#include <stdlib.h>

#include "app/commit.h"
#include "app/mark_list.h"
#include "app/pair_list.h"
#include "journal/replay.h"

enum { CHUNK = 32768 };

struct rebuilding {
    struct registry *reg;
    struct replay *replay;
    struct pair_list pairs;
    struct mark_list_pile marks;
    struct rebuild_result *out;
    struct facts_row *rows, *stands; /* CHUNK each */
    size_t n;
    struct imei *surplus;
    size_t surplus_n, surplus_size;
    struct pair *wrong; /* pairs that must go */
    size_t wrong_n, wrong_size;
    struct fault *fault;
    enum err err;
};

static enum err read_block(void *ctx, const struct block *block, struct fault *fault)
{
    struct rebuilding *b = ctx;
    enum err err = replay_block(b->replay, block, fault);
    if (!err)
        err = mark_list_pile(&b->marks, block);
    return err ? err : pair_list_take(&b->pairs, block);
}

/* Room for one more. */
static bool room(void *list, size_t n, size_t *size, size_t each)
{
    if (n < *size)
        return true;
    size_t more = *size ? 2 * *size : 64;
    void *p = realloc(*(void **)list, more * each);
    if (!p)
        return false;
    *(void **)list = p;
    *size = more;
    return true;
}

/* ---- facts ---- */

static bool on_surplus(void *ctx, const struct facts_row *row)
{
    struct rebuilding *b = ctx;
    struct facts facts;
    if (replay_find(b->replay, row->imei, &facts))
        return true;
    if (!room(&b->surplus, b->surplus_n, &b->surplus_size, sizeof *b->surplus)) {
        b->err = ERR_MEMORY;
        return false;
    }
    b->surplus[b->surplus_n++] = row->imei;
    return true;
}

static enum err drop_surplus(struct rebuilding *b)
{
    struct store *store = b->reg->store;
    enum err err = store_facts_scan(store, (struct imei){0}, (struct imei){IMEI_BODIES - 1},
                                    on_surplus, b, b->fault);
    if (!err)
        err = b->err;
    for (size_t i = 0; !err && i < b->surplus_n; i += CHUNK) {
        size_t n = b->surplus_n - i < CHUNK ? b->surplus_n - i : CHUNK;
        err = store_facts_drop(store, b->surplus + i, n, b->fault);
    }
    b->out->dropped = b->surplus_n;
    return err;
}

/* The day whose calendar is written: later changes are the next sweep's. */
static daynum due_of(const struct rebuilding *b, const struct facts_row *row)
{
    const struct gate *gate = &b->reg->head.gate;
    struct verdict v = policy_judge_gated(row->imei, &row->facts, &b->reg->rules,
                                          gate->swept_through, gate->expire_through);
    return commit_due(&v, gate->swept_through);
}

/* Writes those of the chunk that do not stand as they should. */
static enum err put_rows(struct rebuilding *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->n; i++)
        b->stands[i].imei = b->rows[i].imei;
    enum err err = store_facts_get(b->reg->store, b->stands, b->n, b->fault);
    for (size_t i = 0; !err && i < b->n; i++) {
        const struct facts_row *stands = &b->stands[i];
        struct facts_row *row = &b->rows[i];
        row->due = due_of(b, row);
        bool right = stands->facts.exists && stands->due == row->due &&
                     stands->facts.last_seq == row->facts.last_seq &&
                     facts_equal(&stands->facts, &row->facts);
        row->facts.exists = stands->facts.exists;
        if (!right)
            b->rows[kept++] = *row;
    }
    b->n = 0;
    b->out->written += kept;
    return err || !kept ? err : store_facts_put(b->reg->store, b->rows, kept, b->fault);
}

static bool on_imei(void *ctx, struct imei imei, const struct facts *facts)
{
    struct rebuilding *b = ctx;
    b->rows[b->n++] = (struct facts_row){.imei = imei, .facts = *facts};
    b->out->imeis++;
    if (b->n == CHUNK)
        b->err = put_rows(b);
    return !b->err;
}

static enum err facts(struct rebuilding *b)
{
    b->rows = malloc(CHUNK * sizeof *b->rows);
    b->stands = malloc(CHUNK * sizeof *b->stands);
    enum err err = b->rows && b->stands ? drop_surplus(b) : ERR_MEMORY;
    if (!err)
        err = replay_each(b->replay, on_imei, b);
    if (!err)
        err = b->err;
    return !err && b->n ? put_rows(b) : err;
}

/* ---- pairs ---- */

static int by_key(const void *key, const void *numbered)
{
    return pair_compare(key, &((const struct numbered_pair *)numbered)->pair);
}

static bool on_pair(void *ctx, const struct pair *pair)
{
    struct rebuilding *b = ctx;
    struct numbered_pair *found =
        b->pairs.n ? bsearch(pair, b->pairs.p, b->pairs.n, sizeof *b->pairs.p, by_key) : NULL;
    if (found) {
        found->pair.removed = true; /* it stands: nothing to do */
        return true;
    }
    if (!room(&b->wrong, b->wrong_n, &b->wrong_size, sizeof *b->wrong)) {
        b->err = ERR_MEMORY;
        return false;
    }
    b->wrong[b->wrong_n] = *pair;
    b->wrong[b->wrong_n++].removed = true;
    return true;
}

static enum err pairs(struct rebuilding *b)
{
    pair_list_settle(&b->pairs);
    enum err err = store_pairs_scan(b->reg->store, on_pair, b, b->fault);
    if (!err)
        err = b->err;
    if (!err && b->wrong_n)
        err = store_pairs_put(b->reg->store, b->wrong, b->wrong_n, b->fault);
    b->out->pairs = b->wrong_n;
    for (size_t i = 0; !err && i < b->pairs.n; i++) {
        if (b->pairs.p[i].pair.removed)
            continue;
        err = store_pairs_put(b->reg->store, &b->pairs.p[i].pair, 1, b->fault);
        b->out->pairs++;
    }
    return err;
}

/* Whoever made an index from what was wrong makes it anew. */
static enum err tell_followers(struct registry *reg, struct fault *fault)
{
    struct store_head head = reg->head;
    head.rebuilt++;
    return store_head_put(reg->store, &head, fault);
}

enum err rebuild(struct registry *reg, struct rebuild_result *out, struct fault *fault)
{
    *out = (struct rebuild_result){0};
    struct audit_result audit;
    struct rebuilding b = {.reg = reg, .out = out, .fault = fault};
    struct audit_reader reader = {read_block, &b};
    enum err err = replay_new(&b.replay);
    if (!err) /* nobody writes meanwhile */
        err = store_write_begin(reg->store, fault);
    if (!err)
        err = registry_refresh(reg, fault);
    if (!err)
        err = audit_blocks(reg, NULL, &reader, &audit, fault);
    if (!err)
        err = facts(&b);
    if (!err)
        err = pairs(&b);
    if (!err)
        err = mark_list_renew(reg, &b.marks, fault);
    if (!err && (out->written || out->dropped || out->pairs))
        err = tell_followers(reg, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    replay_free(b.replay);
    pair_list_release(&b.pairs);
    free(b.rows);
    free(b.stands);
    free(b.surplus);
    free(b.wrong);
    free(b.marks.p);
    return err;
}
