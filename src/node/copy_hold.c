/* SPDX-License-Identifier: Apache-2.0 */
#include "node/copy_hold.h"

#include "node/newer.h"
#include "node/say.h"

/* Of log since a batch's first block, after which it waits no longer: 80 million rows. Ours. */
#define HELD_BYTES (4ULL << 30)

static daynum later(daynum a, daynum b)
{
    return a > b ? a : b; /* DAYNUM_NONE is the least */
}

/* copy->place is what is verified, not where the index stands. */
enum err copy_put(struct copy *copy, const struct block *block, bool again)
{
    struct index *ix = copy->index->index;
    struct index_state state = index_state(ix);
    struct block now = *block;
    copy->gate.expire_through = later(copy->gate.expire_through, block->header.gate.expire_through);
    copy->gate.swept_through = later(copy->gate.swept_through, block->header.gate.swept_through);
    now.header.gate = copy->gate;
    state.next_seq = block->header.first_seq;
    memcpy(state.hash, block->prev_hash, SHA256_BYTES);
    index_set_state(ix, &state);
    if (!copy->newer)
        return index_apply(ix, &now, copy_today(copy));
    struct index_watch watch = again ? newer_judging(copy->newer) : newer_noting(copy->newer);
    return index_apply_watched(ix, &now, copy_today(copy), &watch);
}

/* Does the block have what can only be applied behind what is being shown: a row of another day, which hides no older
 * one (newer.h), or more than can be noted? */
static bool must_follow(const struct copy *copy, const struct block *block)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    if (!copy->newer ||
        !newer_has_room(copy->newer, block->header.item_count + block->section.n / PAIR_BYTES))
        return true;
    while (block_next(&cursor, &item, NULL))
        if (item.type == ITEM_ENTRY && item.entry.effective != DAYNUM_NONE &&
            item.entry.effective > copy_today(copy))
            return true;
    return false;
}

/* One that has just come. */
static enum err put(struct copy *copy, const struct block *block, struct fault *fault)
{
    enum err err = ERR_OK;
    if (copy_is_showing(copy) && must_follow(copy, block))
        err = copy_show(copy, 0, fault);
    return err ? err : copy_put(copy, block, false);
}

/* A rule set is in force from its item on, as in the register itself; the rows that it moves come after. */
static enum err look_for_rules(struct copy *copy, const struct block *block, struct fault *fault)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    enum err err = ERR_OK;
    while (!err && block_next(&cursor, &item, NULL))
        if (item.type == ITEM_RULES)
            err = copy_rules(copy, item.rules.number, item.rules.text, fault);
    return err ? err : cursor.err;
}

static bool ends_batch(const struct block *block)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    while (block_next(&cursor, &item, NULL))
        if (item.type == ITEM_ENTRY && item.entry.flags & ENTRY_BATCH_END &&
            item.entry.batch == block->header.batch)
            return true;
    return false;
}

static struct copy_batch *find(struct copy *copy, uint64_t id)
{
    for (unsigned i = 0; i < copy->batch_count; i++)
        if (copy->batches[i].id == id)
            return &copy->batches[i];
    return NULL;
}

static void drop(struct copy *copy, struct copy_batch *batch)
{
    copy->held_count -= !batch->passed;
    *batch = copy->batches[--copy->batch_count];
}

enum err copy_release(struct copy *copy, uint64_t until, struct fault *fault)
{
    if (copy->held_count)
        copy_begin_showing(copy, until);
    copy->held_count = 0;
    for (unsigned i = 0; i < copy->batch_count; i++)
        copy->batches[i].passed = true;
    return copy_show(copy, 0, fault);
}

/* Room for one batch more, and its rows may wait; else they do not. */
static bool begin_waiting(struct copy *copy, const struct block *block, uint64_t at)
{
    if (copy->log < 0 || copy->batch_count == LIMIT_NODE_BATCHES)
        return false;
    if (!copy->held_count) {
        copy->held_seq = block->header.first_seq;
        copy->held_byte = at;
        if (!copy->newer)
            copy->newer = newer_new();
    }
    copy->held_count++;
    copy->batches[copy->batch_count++] = (struct copy_batch){.id = block->header.batch};
    return true;
}

static enum err take_of_batch(struct copy *copy, const struct block *block, uint64_t at,
                              struct fault *fault)
{
    uint64_t next = block->header.first_seq + block->header.item_count;
    struct copy_batch *batch = find(copy, block->header.batch);
    bool ends = ends_batch(block);
    if (batch && batch->passed) {
        if (ends)
            drop(copy, batch);
        return put(copy, block, fault);
    }
    if (!batch && !ends && begin_waiting(copy, block, at))
        return ERR_OK;
    if (!batch) /* a lone end, or no room to wait: with what waits, in its order, if something does */
        return put(copy, block, fault);
    if (!ends)
        return ERR_OK;
    if (copy->held_count == 1)
        copy_begin_showing(copy, next);
    drop(copy, batch);
    return ERR_OK;
}

static enum err take(struct copy *copy, const struct block *block, uint64_t at, struct fault *fault)
{
    enum err err = ERR_OK;
    uint32_t known = copy->wants_tac ? copy->coming.number : copy->rules.number;
    if (block->header.rules != known)
        err = look_for_rules(copy, block, fault);
    if (!err && !block->header.batch)
        err = put(copy, block, fault);
    else if (!err)
        err = take_of_batch(copy, block, at, fault);
    copy->blocks++;
    return err;
}

enum err copy_apply(struct copy *copy, const struct feed_answer *answer, uint64_t at,
                    struct fault *fault)
{
    enum err err = ERR_OK;
    struct feed_place before = copy->place;
    for (size_t i = 0; !err && i < answer->count; i++) {
        bool waited = copy->held_count;
        err = take(copy, &answer->blocks[i], at, fault);
        if (copy->held_count && !waited)
            copy->held_place = before;
    }
    if (err)
        return err;
    uint64_t known = copy->head.register_next_seq;
    copy->place = copy->head.place = answer->head.place;
    if (!answer->sealed) { /* a seal has no time, and does not know how far the register is */
        copy->head = answer->head;
        copy->signed_us = answer->head.time_us;
    } else if (known < copy->place.next_seq) {
        copy->head.register_next_seq = copy->place.next_seq;
    }
    if (copy->held_count && copy->log_bytes - copy->held_byte > HELD_BYTES) {
        say(SAY_ALARM, "event=batch_long batch=%llu detail=\"its rows are applied before its end\"",
            (unsigned long long)copy->batches[0].id);
        err = copy_release(copy, copy->place.next_seq, fault);
    }
    return err;
}
