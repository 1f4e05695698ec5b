/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing: new pairs and the subscribers that come with them, in the order of their numbers, some ten thousand a
 * transaction, so that a theft order does not wait; then the days (seen_days.c). Each transaction looks whether the register still
 * stands where the numbers were counted from. New pairs are poured into their table meanwhile, in a thread; killed before all is
 * written, the tables are in doubt and made anew. */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "app/commit.h"
#include "base/limits.h"
#include "seen/finder.h"
#include "seen/seen_load.h"

enum {
    STEP = 4 * SEEN_PART, /* pairs of a transaction */
    AHEAD = 32,
    STOP_EVERY = 1 << 16, /* numbers that are read between two looks at the stop */
};

/* ---- the tables, from the records ---- */

struct rebuilding {
    struct seen *seen;
    struct seen_key *hashes; /* of subscribers, by number */
    enum err err;
};

static bool on_hash(void *ctx, uint32_t number, const struct seen_key *hash)
{
    struct rebuilding *r = ctx;
    struct seen *s = r->seen;
    if (number > s->head.subscribers)
        r->err = ERR_CODEC;
    else if (number % STOP_EVERY == 0)
        r->err = seen_stopped(s, NULL);
    if (r->err)
        return false;
    r->hashes[number] = *hash;
    struct seen_slot slot = {.hash = hash->hash, .mark = hash->mark, .number = number};
    if (hash->hash || hash->mark)
        seen_table_put(&s->subscribers.table, &slot);
    return true;
}

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct rebuilding *r = ctx;
    struct seen *s = r->seen;
    if (number > s->head.pairs || pair->subscriber > s->head.subscribers)
        r->err = ERR_CODEC;
    else if (number % STOP_EVERY == 0)
        r->err = seen_stopped(s, NULL);
    if (r->err)
        return false;
    if (!pair->subscriber)
        return true;
    struct seen_key key = seen_pair_key(&r->hashes[pair->subscriber], pair->imei);
    struct seen_slot slot = {
        .hash = key.hash, .mark = key.mark, .number = number, .day = pair->day};
    seen_table_put(&s->pairs.table, &slot);
    return true;
}

/* An empty one, in place of what was in doubt. */
static enum err empty(struct seen_cache *cache, uint64_t entries)
{
    if (cache->table.count) {
        memset(cache->table.slots, 0, cache->table.size * sizeof *cache->table.slots);
        cache->table.count = 0;
    }
    return seen_cache_room(cache, entries);
}

enum err seen_rebuild(struct seen *s, struct fault *fault)
{
    struct rebuilding r = {.seen = s};
    struct seen_state state;
    r.hashes = calloc((size_t)s->head.subscribers + 1, sizeof *r.hashes);
    enum err err = r.hashes ? ERR_OK : ERR_MEMORY;
    seen_cache_begin(&s->subscribers);
    seen_cache_begin(&s->pairs);
    if (!err)
        err = empty(&s->subscribers, s->head.subscribers);
    if (!err)
        err = empty(&s->pairs, s->head.pairs);
    if (err)
        fault_set(fault, err, "no memory for the tables of pairs");
    if (!err)
        err = seen_hashes(s->reg, on_hash, &r, fault);
    if (!err && !r.err)
        err = seen_pairs(s->reg, on_pair, &r, fault);
    if (!err && r.err == ERR_STOPPED)
        err = seen_stopped(s, fault);
    else if (!err && r.err)
        err = fault_set(fault, r.err, "what networks saw: more numbers than were given: damaged");
    free(r.hashes);
    seen_state(s, &state);
    if (!err) {
        seen_cache_settle(&s->subscribers, &state);
        seen_cache_settle(&s->pairs, &state);
    }
    return err;
}

/* ---- new pairs ---- */

struct writing {
    struct seen *seen;
    const struct seen_write *what;
    struct seen_table fresh; /* subscribers of this load */
    struct seen_head head;   /* as it will stand */
    struct seen_pair *pairs; /* of a step */
    struct seen_subscriber *subscribers;
    size_t from, n, subscriber_n; /* of a step */
    pthread_t pouring;            /* new pairs, into the table */
    bool pours;
    enum err poured;
};

enum err seen_same_head(struct seen *s, struct fault *fault)
{
    struct seen_head now;
    enum err err = seen_head_get(s->reg, &now, fault);
    if (!err && memcmp(&now, &s->head, sizeof now) != 0)
        err = fault_set(fault, ERR_STORE_BUSY,
                        "another load has written meanwhile; load the file again");
    return err;
}

static enum err write_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct writing *w = c->ctx;
    struct seen *s = w->seen;
    enum err err = seen_same_head(s, fault);
    uint32_t first = w->head.subscribers - (uint32_t)w->subscriber_n + 1;
    const struct finder_fresh fresh = {.first_subscriber = first,
                                       .first_pair = w->head.pairs - (uint32_t)w->n + 1,
                                       .subscribers = w->subscribers,
                                       .subscriber_n = w->subscriber_n,
                                       .pairs = w->pairs,
                                       .pair_n = w->n};
    for (size_t i = 0; !err && i < w->subscriber_n; i += SEEN_PART)
        err = seen_subscribers_put(
            reg, first + (uint32_t)i, w->subscribers + i,
            w->subscriber_n - i < SEEN_PART ? w->subscriber_n - i : SEEN_PART, fault);
    first = fresh.first_pair;
    for (size_t i = 0; !err && i < w->n; i += SEEN_PART)
        err = seen_pairs_put(reg, first + (uint32_t)i, w->pairs + i,
                             w->n - i < SEEN_PART ? w->n - i : SEEN_PART, fault);
    if (!err)
        err = finder_enter(reg, &fresh, fault);
    return err ? err : seen_head_put(reg, &w->head, fault);
}

/* The number of a subscriber, a new one when nobody has it. */
static enum err number_of(struct writing *w, const struct seen_new *new, const struct seen_key *key,
                          uint32_t *out)
{
    struct seen *s = w->seen;
    const struct seen_slot *slot = seen_table_find(&s->subscribers.table, key);
    if (!slot)
        slot = seen_table_find(&w->fresh, key);
    if (slot) {
        *out = slot->number;
        return ERR_OK;
    }
    if (w->head.subscribers == UINT32_MAX - 1)
        return ERR_TOO_MANY;
    enum err err = seen_table_grow(&w->fresh, 1);
    if (err)
        return err;
    *out = ++w->head.subscribers;
    struct seen_slot added = {.hash = key->hash, .mark = key->mark, .number = *out};
    seen_table_put(&w->fresh, &added);
    w->subscribers[w->subscriber_n++] = (struct seen_subscriber){new->imsi, new->msisdn};
    return ERR_OK;
}

static enum err make_step(struct writing *w)
{
    struct seen *s = w->seen;
    struct seen_key keys[AHEAD];
    enum err err = ERR_OK;
    w->n = s->new_count - w->from < STEP ? s->new_count - w->from : STEP;
    w->subscriber_n = 0;
    for (size_t at = 0; !err && at < w->n; at += AHEAD) {
        size_t count = w->n - at < AHEAD ? w->n - at : AHEAD;
        const struct seen_new *news = &s->news[w->from + at];
        for (size_t i = 0; i < count; i++)
            keys[i] = seen_hash(s->key, news[i].imsi);
        for (size_t i = 0; i < count; i++)
            seen_table_fetch(&s->subscribers.table, &keys[i]);
        for (size_t i = 0; !err && i < count; i++) {
            struct seen_pair *pair = &w->pairs[at + i];
            *pair = (struct seen_pair){.imei = news[i].imei_day >> 16,
                                       .day = w->what->waits ? SEEN_DAY_NONE
                                                             : (uint16_t)news[i].imei_day};
            err = number_of(w, &news[i], &keys[i], &pair->subscriber);
        }
    }
    w->head.pairs += (uint32_t)w->n;
    return err;
}

static enum err write_pairs(struct writing *w, struct fault *fault)
{
    struct seen *s = w->seen;
    enum err err = ERR_OK;
    w->pairs = malloc(STEP * sizeof *w->pairs);
    w->subscribers = malloc(STEP * sizeof *w->subscribers);
    if (!w->pairs || !w->subscribers)
        return fault_set(fault, ERR_MEMORY, "no memory for new pairs");
    for (w->from = 0; !err && w->from < s->new_count; w->from += w->n) {
        struct commit_case c = {.also = write_step, .ctx = w};
        err = seen_stopped(s, fault);
        if (err)
            return err;
        err = make_step(w);
        if (err)
            return fault_set(fault, err, "new subscribers");
        seen_tag_new(&w->head);
        err = commit_one(s->reg, &c, fault);
        if (!err)
            s->head = w->head;
    }
    return err;
}

/* ---- the tables, after it ---- */

/* What was poured is given back as it goes: no more is in memory than the table and what it takes in. */
static enum err take_in(struct seen_cache *cache, struct seen_table *fresh)
{
    enum err err = seen_cache_room(cache, fresh->count);
    if (!err)
        seen_table_pour(&cache->table, fresh, true);
    seen_table_release(fresh);
    return err;
}

/* In the records a pair of a load that waits has no day; the table says the same. */
static void forget_days(struct seen_table *fresh)
{
    for (uint64_t i = 0; i < fresh->size; i++)
        fresh->slots[i].day = SEEN_DAY_NONE;
}

/* The pairs' table, which nobody looks at while pairs and days are written. */
static void *take_in_pairs(void *ctx)
{
    struct writing *w = ctx;
    if (w->what->waits)
        forget_days(&w->seen->fresh);
    w->poured = take_in(&w->seen->pairs, &w->seen->fresh);
    return NULL;
}

/* Where the table must grow it waits until all is written: a register's disk and memory are for its records first. */
static void begin_pouring(struct writing *w)
{
    if (!seen_table_has_room(&w->seen->pairs.table, w->seen->fresh.count))
        return;
    w->pours = pthread_create(&w->pouring, NULL, take_in_pairs, w) == 0;
}

static void end_pouring(struct writing *w)
{
    if (w->pours)
        pthread_join(w->pouring, NULL);
    else
        take_in_pairs(w);
    w->pours = false;
}

static void settle(struct writing *w)
{
    struct seen *s = w->seen;
    struct seen_state state;
    seen_state(s, &state);
    seen_forget(s);
    end_pouring(w);
    /* Without memory for it they stay in doubt: the next load makes them anew. */
    if (w->poured == ERR_OK && take_in(&s->subscribers, &w->fresh) == ERR_OK) {
        seen_cache_settle(&s->subscribers, &state);
        seen_cache_settle(&s->pairs, &state);
    }
}

enum err seen_write(struct seen *s, const struct seen_write *what, struct fault *fault)
{
    struct writing w = {.seen = s, .what = what, .head = s->head};
    const uint32_t before = s->head.pairs;
    const bool dates = s->undated.n && !what->waits; /* else nothing says yet that they are known */
    enum err err = finder_catch_up(s->reg, s->stop, fault);
    if (!err && (s->new_count || dates)) {
        seen_cache_begin(&s->subscribers);
        seen_cache_begin(&s->pairs);
        if (!dates) /* they name places in the table */
            begin_pouring(&w);
    }
    if (!err && s->new_count)
        err = write_pairs(&w, fault);
    if (!err && dates)
        err = seen_settle_days(s, fault);
    if (!err && (s->day_count || what->also))
        err = seen_write_days(s, what, before, fault);
    if (!err && (s->new_count || dates))
        settle(&w);
    if (w.pours)
        end_pouring(&w);
    seen_table_release(&w.fresh);
    free(w.pairs);
    if (w.subscribers)
        sodium_memzero(w.subscribers, STEP * sizeof *w.subscribers);
    free(w.subscribers);
    return err;
}
