/* SPDX-License-Identifier: Apache-2.0
 *
 * A register in memory, for tests and `memory:`. All tables live in one tree (tree.h); a write
 * changes a copy of it and a commit puts the copy in its place, so that readers see whole states
 * only and a rollback is to forget. Simple before fast. */
#include "store/store_memory.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/patience.h"

/* ---- keys and values ---- */

struct memory_key memory_key(enum table table)
{
    struct memory_key key = {.n = 1};
    key.bytes[0] = (char)table;
    return key;
}

void key_number(struct memory_key *key, uint64_t v, unsigned bytes)
{
    put_be((uint8_t *)key->bytes + key->n, v, bytes);
    key->n += bytes;
}

void key_bytes(struct memory_key *key, const void *p, size_t n)
{
    memcpy(key->bytes + key->n, p, n);
    key->n += n;
}

struct tree *memory_view(struct memory_store *s)
{
    if (s->base.writing)
        return tree_hold(s->work);
    if (s->moment)
        return tree_hold(s->moment);
    pthread_mutex_lock(&s->memory->lock);
    struct tree *tree = tree_hold(s->memory->tree);
    pthread_mutex_unlock(&s->memory->lock);
    return tree;
}

enum err memory_put(struct memory_store *s, const struct memory_key *key, const void *value,
                    size_t n, struct fault *fault)
{
    if (!tree_put(&s->work, key_str(key), (struct str){value, n}))
        return fault_set(fault, ERR_MEMORY, "memory register");
    return ERR_OK;
}

enum err memory_remove(struct memory_store *s, const struct memory_key *key, struct fault *fault)
{
    if (!tree_remove(&s->work, key_str(key)))
        return fault_set(fault, ERR_MEMORY, "memory register");
    return ERR_OK;
}

enum err memory_get(struct memory_store *s, const struct memory_key *key, void *out, size_t n,
                    struct fault *fault)
{
    struct str value;
    struct tree *tree = memory_view(s);
    bool found = tree_find(tree, key_str(key), &value) && value.n == n;
    if (found)
        memcpy(out, value.p, n);
    tree_drop(tree);
    return found ? ERR_OK : fault_set(fault, ERR_NOT_FOUND, "not in the register");
}

enum err memory_append(struct memory_store *s, const struct memory_key *key, struct buf *out,
                       struct fault *fault)
{
    struct str value;
    struct tree *tree = memory_view(s);
    bool found = tree_find(tree, key_str(key), &value);
    if (found)
        buf_str(out, value);
    tree_drop(tree);
    if (!found)
        return fault_set(fault, ERR_NOT_FOUND, "not in the register");
    return out->failed ? fault_set(fault, ERR_MEMORY, "memory register") : ERR_OK;
}

struct table_walk {
    char table;
    tree_fn *fn;
    void *ctx;
};

static bool within_table(void *ctx, struct str key, struct str value)
{
    const struct table_walk *walk = ctx;
    return key.p[0] == walk->table && walk->fn(walk->ctx, key, value);
}

void memory_walk(struct memory_store *s, const struct memory_key *from, tree_fn *fn, void *ctx)
{
    struct table_walk walk = {from->bytes[0], fn, ctx};
    struct tree *tree = memory_view(s);
    tree_walk(tree, key_str(from), within_table, &walk);
    tree_drop(tree);
}

enum err memory_count(struct memory_store *s, enum table table, uint64_t *out, struct fault *fault)
{
    struct memory_key key = memory_key(TABLE_COUNTER);
    key_number(&key, table, 1);
    uint64_t n = 0;
    struct str value;
    if (tree_find(s->work, key_str(&key), &value))
        memcpy(&n, value.p, sizeof n);
    n++;
    enum err err = memory_put(s, &key, &n, sizeof n, fault);
    if (!err)
        *out = n;
    return err;
}

/* ---- the writer's place ---- */

static void leave_line(struct memory *m, struct memory_waiter *waiter)
{
    for (struct memory_waiter **at = &m->line; *at; at = &(*at)->next) {
        if (*at == waiter) {
            *at = waiter->next;
            break;
        }
    }
    pthread_cond_broadcast(&m->moved);
}

static struct timespec monotonic(int64_t us)
{
    return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

static enum err read_begin(struct store *store, struct fault *fault)
{
    (void)fault;
    memory_of(store)->moment = memory_view(memory_of(store));
    return ERR_OK;
}

static void read_end(struct store *store)
{
    struct memory_store *s = memory_of(store);
    tree_drop(s->moment);
    s->moment = NULL;
}

static enum err write_begin(struct store *store, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    struct memory *m = s->memory;
    struct patience patience =
        patience_begin(store->patience_ms, store->on_wait, store->on_wait_ctx);
    s->place = (struct memory_waiter){.store = s};
    pthread_mutex_lock(&m->lock);
    struct memory_waiter **end = &m->line;
    while (*end)
        end = &(*end)->next;
    *end = &s->place;
    bool waits = true;
    while (waits && m->line != &s->place) {
        int64_t until =
            patience.notice_us < patience.give_up_us ? patience.notice_us : patience.give_up_us;
        struct timespec at = monotonic(until);
        pthread_cond_timedwait(&m->moved, &m->lock, &at);
        if (m->line == &s->place)
            break;
        pthread_mutex_unlock(&m->lock);
        waits = patience_tick(&patience, getpid());
        pthread_mutex_lock(&m->lock);
    }
    bool mine = m->line == &s->place;
    if (mine)
        s->work = tree_hold(m->tree);
    else
        leave_line(m, &s->place);
    pthread_mutex_unlock(&m->lock);
    return mine ? ERR_OK : fault_set(fault, ERR_STORE_BUSY, "another thread writes too long");
}

/* Gives up the place; with the work as the register's new state, or without. */
static void write_end(struct memory_store *s, bool commit)
{
    struct memory *m = s->memory;
    pthread_mutex_lock(&m->lock);
    struct tree *old = commit ? m->tree : s->work;
    if (commit)
        m->tree = s->work;
    s->work = NULL;
    leave_line(m, &s->place);
    pthread_mutex_unlock(&m->lock);
    tree_drop(old);
}

static enum err write_commit(struct store *store, struct fault *fault)
{
    (void)fault;
    write_end(memory_of(store), true);
    return ERR_OK;
}

static void write_rollback(struct store *store)
{
    write_end(memory_of(store), false);
}

/* ---- claims ---- */

static struct memory_claim **find_claim(struct memory *m, uint64_t id)
{
    struct memory_claim **at = &m->claims;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static enum err batch_claim(struct store *store, uint64_t id, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    struct memory *m = s->memory;
    enum err err = ERR_OK;
    pthread_mutex_lock(&m->lock);
    struct memory_claim **at = find_claim(m, id);
    if (*at && (*at)->owner != s) {
        err = fault_set(fault, ERR_STORE_BUSY, "batch %llu is being worked on",
                        (unsigned long long)id);
    } else if (!*at) {
        *at = malloc(sizeof **at);
        if (*at)
            **at = (struct memory_claim){.id = id, .owner = s};
        else
            err = fault_set(fault, ERR_MEMORY, "claim");
    }
    pthread_mutex_unlock(&m->lock);
    return err;
}

static void drop_claim(struct memory_claim **at)
{
    struct memory_claim *claim = *at;
    *at = claim->next;
    free(claim);
}

static void batch_release(struct store *store, uint64_t id)
{
    struct memory_store *s = memory_of(store);
    pthread_mutex_lock(&s->memory->lock);
    struct memory_claim **at = find_claim(s->memory, id);
    if (*at && (*at)->owner == s)
        drop_claim(at);
    pthread_mutex_unlock(&s->memory->lock);
}

/* ---- handles ---- */

static const char *path(const struct store *store)
{
    (void)store;
    return NULL;
}

static void memory_close(struct store *store)
{
    struct memory_store *s = memory_of(store);
    struct memory *m = s->memory;
    pthread_mutex_lock(&m->lock);
    for (struct memory_claim **at = &m->claims; *at;) {
        if ((*at)->owner == s)
            drop_claim(at);
        else
            at = &(*at)->next;
    }
    bool last = --m->handles == 0;
    pthread_mutex_unlock(&m->lock);
    free(s);
    if (!last)
        return;
    tree_drop(m->tree);
    pthread_cond_destroy(&m->moved);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static enum err again(struct store *store, struct store **out, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    struct memory_store *twin = calloc(1, sizeof *twin);
    if (!twin)
        return fault_set(fault, ERR_MEMORY, "memory register");
    twin->base.ops = store->ops;
    twin->memory = s->memory;
    pthread_mutex_lock(&s->memory->lock);
    s->memory->handles++;
    pthread_mutex_unlock(&s->memory->lock);
    *out = &twin->base;
    return ERR_OK;
}

static const struct store_ops ops = {
    .again = again,
    .close = memory_close,
    .head = memory_head,
    .block_append = memory_block_append,
    .blocks = memory_blocks,
    .facts_get = memory_facts_get,
    .facts_put = memory_facts_put,
    .facts_scan = memory_facts_scan,
    .facts_due = memory_facts_due,
    .pairs_put = memory_pairs_put,
    .pairs_scan = memory_pairs_scan,
    .rules_put = memory_rules_put,
    .rules_get = memory_rules_get,
    .tac_list_put = memory_tac_list_put,
    .tac_list_get = memory_tac_list_get,
    .batch_new = memory_batch_new,
    .batch_part_put = memory_batch_part_put,
    .batch_part_get = memory_batch_part_get,
    .batch_update = memory_batch_update,
    .batch_drop = memory_batch_drop,
    .batches = memory_batches,
    .batch_claim = batch_claim,
    .batch_release = batch_release,
    .load_put = memory_load_put,
    .load_find = memory_load_find,
    .party_put = memory_party_put,
    .party_get = memory_party_get,
    .parties = memory_parties,
    .api_key_put = memory_api_key_put,
    .api_keys = memory_api_keys,
    .findings_add = memory_findings_add,
    .findings = memory_findings,
    .note_put = memory_note_put,
    .notes = memory_notes,
    .loads = memory_loads,
    .head_put = memory_head_put,
    .facts_drop = memory_facts_drop,
    .batch_put = memory_batch_put,
    .records_put = memory_records_put,
    .record_get = memory_record_get,
    .records = memory_records,
    .read_begin = read_begin,
    .read_end = read_end,
    .write_begin = write_begin,
    .write_commit = write_commit,
    .write_rollback = write_rollback,
    .path = path,
};

static struct memory *memory_new(void)
{
    struct memory *m = calloc(1, sizeof *m);
    pthread_condattr_t attr;
    if (!m)
        return NULL;
    m->handles = 1;
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->moved, &attr);
    pthread_condattr_destroy(&attr);
    return m;
}

enum err store_memory_open(const char *rest, enum store_mode mode, struct store **out,
                           struct fault *fault)
{
    if (*rest)
        return fault_set(fault, ERR_STORE_OPEN, "memory: takes no name");
    if (mode == STORE_READ)
        return fault_set(fault, ERR_STORE_MISSING, "a register in memory begins empty");
    struct memory_store *s = calloc(1, sizeof *s);
    struct memory *m = s ? memory_new() : NULL;
    if (!m) {
        free(s);
        return fault_set(fault, ERR_MEMORY, "memory register");
    }
    s->base.ops = &ops;
    s->memory = m;
    enum err err = store_write_begin(&s->base, fault);
    if (!err)
        err = memory_found(s, fault);
    if (!err)
        err = store_write_commit(&s->base, fault);
    if (err) {
        store_close(&s->base);
        return err;
    }
    *out = &s->base;
    return ERR_OK;
}
