/* SPDX-License-Identifier: Apache-2.0 */
#include "app/quiet.h"

#include <time.h>

enum { LOOK_MS = 50 };

static void opens(struct quiet *q, uint64_t intent)
{
    if (q->count < QUIET_BATCHES)
        q->open[q->count++] = intent;
    else
        q->more++;
}

static void ends(struct quiet *q, uint64_t intent)
{
    for (unsigned i = 0; i < q->count; i++)
        if (q->open[i] == intent) {
            q->open[i] = q->open[--q->count];
            return;
        }
    q->more -= q->more > 0;
}

void quiet_block(struct quiet *q, const struct block *block)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    while (block_next(&cursor, &item, NULL)) {
        if (item.type != ITEM_ENTRY)
            continue;
        if (item.entry.flags & ENTRY_BATCH_BEGIN)
            opens(q, cursor.seq);
        if (item.entry.flags & ENTRY_BATCH_END)
            ends(q, item.entry.batch);
    }
}

bool quiet_here(struct quiet *q, uint64_t next_seq)
{
    const bool is = !q->blind && !q->count && !q->more && next_seq >= q->from;
    if (is)
        q->at = next_seq;
    return is;
}

/* ---- from the journal alone ---- */

struct seeking {
    struct quiet quiet;
    struct index *index; /* NULL: only looked at */
    const atomic_bool *stop;
    uint64_t until;
    daynum today;
    enum err err;
};

static bool stopped(struct seeking *f)
{
    if (f->stop && atomic_load(f->stop))
        f->err = ERR_STOPPED;
    return f->err != ERR_OK;
}

static bool look(void *ctx, const struct block *block)
{
    struct seeking *f = ctx;
    quiet_block(&f->quiet, block);
    (void)quiet_here(&f->quiet, block->header.first_seq + block->header.item_count);
    return !stopped(f);
}

static bool put(void *ctx, const struct block *block)
{
    struct seeking *f = ctx;
    if (block->header.first_seq >= f->until || stopped(f))
        return false;
    f->err = index_apply(f->index, block, f->today);
    return !f->err;
}

static enum err go_on(struct registry *reg, struct index *index, const atomic_bool *stop,
                      struct fault *fault)
{
    const uint64_t from = index_state(index).next_seq;
    struct seeking f = {.index = index, .stop = stop, .today = registry_today(reg)};
    f.quiet.at = from;
    enum err err = store_blocks(reg->store, from, look, &f, fault);
    f.until = f.quiet.at;
    if (!err && !f.err && f.until > from)
        err = store_blocks(reg->store, from, put, &f, fault);
    return err ? err : f.err;
}

/* A place of this journal, at or before its head, as far as is known before a block follows. */
static bool belongs(const struct registry *reg, const struct index *index)
{
    const struct index_state state = index_state(index);
    return state.next_seq < reg->head.next_seq ||
           (state.next_seq == reg->head.next_seq &&
            memcmp(state.hash, reg->head.hash, SHA256_BYTES) == 0);
}

enum err registry_image_before(struct registry *reg, struct index *base, const atomic_bool *stop,
                               struct index_image **out, struct fault *fault)
{
    struct index *index = base;
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = index && belongs(reg, index) ? go_on(reg, index, stop, fault) : ERR_CHAIN;
    if (err == ERR_CHAIN) {
        const struct tac_ranges tacs = index ? *index_tacs(index) : (struct tac_ranges){0};
        index_free(index);
        index = NULL;
        err = index_new(&index);
        if (!err)
            index_set_tacs(index, &tacs);
        if (!err)
            err = go_on(reg, index, stop, fault);
    }
    if (!err)
        err = index_image_new(index, out);
    index_free(index);
    return err;
}

/* ---- the next one ---- */

struct taking {
    struct index_image *image;
    enum err err;
};

static void take(void *ctx, const struct index *index)
{
    struct taking *t = ctx;
    if (!t->image && !t->err)
        t->err = index_image_new(index, &t->image);
}

static enum err follow_on(struct registry *reg, struct index *index, struct quiet *quiet,
                          int64_t patience_ms, struct taking *taking)
{
    const struct quiet_watch watch = {quiet, take, taking};
    const int64_t until_us = clock_monotonic_us() + patience_ms * 1000;
    for (;;) {
        struct follow_result done;
        enum err err = registry_follow_quiet(reg, index, &watch, &done, NULL);
        if (!err && quiet_here(quiet, index_state(index).next_seq))
            take(taking, index);
        if (err || taking->err || taking->image || clock_monotonic_us() > until_us)
            return err ? err : taking->err;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
}

/* The first of a journal: nothing is in it. NULL: no memory. */
static struct index *none_yet(const struct tac_ranges *tacs)
{
    struct index *index = NULL;
    if (index_new(&index))
        return NULL;
    index_set_tacs(index, tacs);
    return index;
}

enum err registry_quiet_image(struct registry *reg, const struct tac_ranges *tacs,
                              int64_t patience_ms, struct index_image **out, struct fault *fault)
{
    struct index *index = NULL;
    struct taking taking = {0};
    struct quiet quiet;
    enum err err = registry_index_quiet(reg, tacs, &quiet, &index, fault);
    if (!err)
        err = follow_on(reg, index, &quiet, patience_ms, &taking);
    index_free(index);
    if (!err && !taking.image) {
        index = none_yet(tacs);
        return index ? registry_image_before(reg, index, NULL, out, fault) : ERR_MEMORY;
    }
    if (err)
        index_image_free(taking.image);
    else
        *out = taking.image;
    return err;
}
