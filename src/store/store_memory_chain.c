/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain, facts and pairs of a register in memory. */
#include "store/store_memory.h"

#include <errno.h>
#include <sys/random.h>

/* ---- the head and the blocks ---- */

static enum err put_head(struct memory_store *s, const struct store_head *head, struct fault *fault)
{
    struct memory_key key = memory_key(TABLE_HEAD);
    return memory_put(s, &key, head, sizeof *head, fault);
}

enum err memory_found(struct memory_store *s, struct fault *fault)
{
    struct store_head head = {.next_seq = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}};
    if (getentropy(head.register_id, sizeof head.register_id))
        return fault_set(fault, ERR_STORE, "no random bytes: %s", strerror(errno));
    memcpy(head.hash, head.register_id, sizeof head.register_id);
    return put_head(s, &head, fault);
}

enum err memory_head(struct store *store, struct store_head *out, struct fault *fault)
{
    struct memory_key key = memory_key(TABLE_HEAD);
    return memory_get(memory_of(store), &key, out, sizeof *out, fault);
}

enum err memory_head_put(struct store *store, const struct store_head *head, struct fault *fault)
{
    return put_head(memory_of(store), head, fault);
}

static struct memory_key block_key(uint64_t first_seq)
{
    struct memory_key key = memory_key(TABLE_BLOCK);
    key_number(&key, first_seq, 8);
    return key;
}

enum err memory_block_append(struct store *store, const struct block *block, struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    struct store_head head;
    enum err err = memory_head(store, &head, fault);
    if (err)
        return err;
    if (!store_block_follows(&head, block))
        return fault_set(fault, ERR_CHAIN, "the block does not follow the head of the chain");
    struct buf bytes = {0};
    buf_put(&bytes, block, sizeof *block);
    buf_str(&bytes, block->body);
    buf_str(&bytes, block->section);
    if (bytes.failed)
        return fault_set(fault, ERR_MEMORY, "memory register");
    struct memory_key key = block_key(block->header.first_seq);
    err = memory_put(s, &key, bytes.p, bytes.n, fault);
    buf_release(&bytes);
    head.next_seq = block->header.first_seq + block->header.item_count;
    memcpy(head.hash, block->hash, SHA256_BYTES);
    head.rules = block->header.rules;
    head.gate = block->header.gate;
    return err ? err : put_head(s, &head, fault);
}

struct block_walk {
    uint64_t from_seq;
    store_block_fn *fn;
    void *ctx;
};

static bool on_block(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct block_walk *walk = ctx;
    struct block block;
    memcpy(&block, value.p, sizeof block);
    block.body.p = value.p + sizeof block;
    block.section.p = block.body.p + block.body.n;
    if (block.header.first_seq + block.header.item_count <= walk->from_seq)
        return true;
    return walk->fn(walk->ctx, &block);
}

enum err memory_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                       struct fault *fault)
{
    (void)fault;
    struct block_walk walk = {from_seq, fn, ctx};
    /* A block has LIMIT_BLOCK_ITEMS at most, so the one wanted begins at most that far before. */
    struct memory_key key =
        block_key(from_seq > LIMIT_BLOCK_ITEMS ? from_seq - LIMIT_BLOCK_ITEMS : 0);
    memory_walk(memory_of(store), &key, on_block, &walk);
    return ERR_OK;
}

/* ---- facts ---- */

static struct memory_key facts_key(struct imei imei)
{
    struct memory_key key = memory_key(TABLE_FACTS);
    key_number(&key, imei.body, 8);
    return key;
}

/* Days in order: an offset makes them positive. */
static struct memory_key due_key(daynum due, struct imei imei)
{
    struct memory_key key = memory_key(TABLE_DUE);
    key_number(&key, (uint64_t)((int64_t)due - INT32_MIN), 4);
    key_number(&key, imei.body, 8);
    return key;
}

enum err memory_facts_get(struct store *store, struct facts_row *rows, size_t n,
                          struct fault *fault)
{
    (void)fault;
    struct tree *tree = memory_view(memory_of(store));
    for (size_t i = 0; i < n; i++) {
        struct memory_key key = facts_key(rows[i].imei);
        struct str value;
        if (tree_find(tree, key_str(&key), &value)) {
            memcpy(&rows[i], value.p, sizeof rows[i]);
        } else {
            facts_init(&rows[i].facts);
            rows[i].due = DAYNUM_NONE;
        }
    }
    tree_drop(tree);
    return ERR_OK;
}

static enum err put_row(struct memory_store *s, const struct facts_row *row, struct fault *fault)
{
    struct memory_key key = facts_key(row->imei);
    struct facts_row old = {.due = DAYNUM_NONE};
    enum err err = memory_get(s, &key, &old, sizeof old, NULL);
    if (!err && old.due != DAYNUM_NONE) {
        struct memory_key due = due_key(old.due, row->imei);
        err = memory_remove(s, &due, fault);
        if (err)
            return err;
    }
    struct facts_row now = *row;
    now.facts.exists = true;
    err = memory_put(s, &key, &now, sizeof now, fault);
    if (err || now.due == DAYNUM_NONE)
        return err;
    struct memory_key due = due_key(now.due, now.imei);
    return memory_put(s, &due, NULL, 0, fault);
}

enum err memory_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                          struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++)
        err = put_row(memory_of(store), &rows[i], fault);
    return err;
}

enum err memory_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                           struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct facts_row row;
        struct memory_key key = facts_key(imeis[i]);
        if (memory_get(s, &key, &row, sizeof row, NULL))
            continue;
        struct memory_key due = due_key(row.due, imeis[i]);
        err = memory_remove(s, &key, fault);
        if (!err)
            err = memory_remove(s, &due, fault);
    }
    return err;
}

struct facts_walk {
    struct imei to;
    daynum to_day;
    store_facts_fn *fn;
    void *ctx;
};

static bool on_row(void *ctx, struct str key, struct str value)
{
    (void)key;
    const struct facts_walk *walk = ctx;
    struct facts_row row;
    memcpy(&row, value.p, sizeof row);
    return row.imei.body <= walk->to.body && walk->fn(walk->ctx, &row);
}

enum err memory_facts_scan(struct store *store, struct imei from, struct imei to,
                           store_facts_fn *fn, void *ctx, struct fault *fault)
{
    (void)fault;
    struct facts_walk walk = {.to = to, .fn = fn, .ctx = ctx};
    struct memory_key key = facts_key(from);
    memory_walk(memory_of(store), &key, on_row, &walk);
    return ERR_OK;
}

static bool on_due(void *ctx, struct str key, struct str value)
{
    (void)value;
    const struct facts_walk *walk = ctx;
    const uint8_t *p = (const uint8_t *)key.p;
    struct facts_row row = {.imei = {get_be(p + 5, 8)},
                            .due = (daynum)((int64_t)get_be(p + 1, 4) + INT32_MIN)};
    facts_init(&row.facts);
    return row.due <= walk->to_day && walk->fn(walk->ctx, &row);
}

enum err memory_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                          void *ctx, struct fault *fault)
{
    (void)fault;
    struct facts_walk walk = {.to_day = to, .fn = fn, .ctx = ctx};
    struct memory_key key = due_key(from, (struct imei){0});
    memory_walk(memory_of(store), &key, on_due, &walk);
    return ERR_OK;
}

/* ---- pairs ---- */

enum err memory_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                          struct fault *fault)
{
    struct memory_store *s = memory_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct memory_key key = memory_key(TABLE_PAIR);
        key_number(&key, pairs[i].imei.body, 8);
        key_number(&key, pairs[i].subscriber, 8);
        err =
            pairs[i].removed ? memory_remove(s, &key, fault) : memory_put(s, &key, NULL, 0, fault);
    }
    return err;
}

struct pair_walk {
    bool (*fn)(void *ctx, const struct pair *pair);
    void *ctx;
};

static bool on_pair(void *ctx, struct str key, struct str value)
{
    (void)value;
    const struct pair_walk *walk = ctx;
    const uint8_t *p = (const uint8_t *)key.p;
    struct pair pair = {.imei = {get_be(p + 1, 8)}, .subscriber = get_be(p + 9, 8)};
    return walk->fn(walk->ctx, &pair);
}

enum err memory_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                           void *ctx, struct fault *fault)
{
    (void)fault;
    struct pair_walk walk = {fn, ctx};
    struct memory_key key = memory_key(TABLE_PAIR);
    memory_walk(memory_of(store), &key, on_pair, &walk);
    return ERR_OK;
}
