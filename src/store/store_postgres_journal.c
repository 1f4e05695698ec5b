/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain in PostgreSQL: the head (one row), the blocks as they are, and what goes with them:
 * pairs, rule sets, TAC lists. */
#include "store/store_postgres.h"

enum {
    BLOCKS_FEW = 8, /* of the largest blocks: some 12 MB. The first time one: many want no more */
    BLOCKS_MOST = 1024,
    BLOCKS_BYTES = 4 << 20,
};

enum err postgres_head(struct store *store, struct store_head *out, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err =
        pg_run(s, s->in == PG_WRITING ? PG_HEAD_LOCK : PG_HEAD_GET, NULL, &r, NULL, fault);
    if (err)
        return err;
    struct store_head head = {0};
    bool whole = rows_of(s, r) == 1 &&
                 row_exact(s, r, 0, 0, head.register_id, sizeof head.register_id) &&
                 row_exact(s, r, 0, 2, head.hash, sizeof head.hash);
    if (whole) {
        head.next_seq = row_u64(s, r, 0, 1);
        head.rules = (uint32_t)row_u64(s, r, 0, 3);
        head.gate.expire_through = row_i32(s, r, 0, 4);
        head.gate.swept_through = row_i32(s, r, 0, 5);
        head.moving = row_u64(s, r, 0, 6);
        head.rebuilt = row_u64(s, r, 0, 7);
    }
    s->pq->PQclear(r);
    if (!whole)
        return fault_set(fault, ERR_CODEC, "table journal_head is damaged");
    *out = head;
    return ERR_OK;
}

enum err postgres_head_put(struct store *store, const struct store_head *head, struct fault *fault)
{
    struct pg_args args = {0};
    arg_u64(&args, head->next_seq);
    arg_bytes(&args, head->hash, sizeof head->hash);
    arg_u64(&args, head->rules);
    arg_i32(&args, head->gate.expire_through);
    arg_i32(&args, head->gate.swept_through);
    arg_bytes(&args, head->register_id, sizeof head->register_id);
    arg_u64(&args, head->moving);
    arg_u64(&args, head->rebuilt);
    return pg_queue(postgres_of(store), PG_HEAD_REPLACE, &args, fault);
}

/* ---- blocks ---- */

/* Sees to it that there is a partition for the block. */
static enum err make_room(struct postgres_store *s, uint64_t seq, struct fault *fault)
{
    struct pg_args args = {0};
    PGresult *r = NULL;
    if (seq < s->room_to)
        return ERR_OK;
    arg_u64(&args, seq);
    enum err err = pg_run(s, PG_BLOCK_ROOM, &args, &r, NULL, fault);
    if (err)
        return err;
    s->room_to = row_u64(s, r, 0, 0); /* forgotten when the write is rolled back */
    s->pq->PQclear(r);
    return ERR_OK;
}

static enum err put_block(struct postgres_store *s, const struct block *block, struct fault *fault)
{
    uint8_t header[BLOCK_HEADER_BYTES];
    struct pg_args args = {0};
    block_header_encode(&block->header, header);
    arg_u64(&args, block->header.first_seq);
    arg_bytes(&args, header, sizeof header);
    arg_bytes(&args, block->prev_hash, SHA256_BYTES);
    arg_bytes(&args, block->root, SHA256_BYTES);
    arg_bytes(&args, block->hash, SHA256_BYTES);
    arg_bytes(&args, block->body.p, block->body.n);
    arg_bytes(&args, block->section.p, block->section.n);
    return pg_queue(s, PG_BLOCK_PUT, &args, fault);
}

static enum err put_head(struct postgres_store *s, const struct block *block, struct fault *fault)
{
    const struct block_header *header = &block->header;
    struct pg_args args = {0};
    arg_u64(&args, header->first_seq + header->item_count);
    arg_bytes(&args, block->hash, SHA256_BYTES);
    arg_u64(&args, header->rules);
    arg_i32(&args, header->gate.expire_through);
    arg_i32(&args, header->gate.swept_through);
    return pg_queue(s, PG_HEAD_PUT, &args, fault);
}

enum err postgres_block_append(struct store *store, const struct block *block, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct store_head head;
    enum err err = postgres_head(store, &head, fault);
    if (err)
        return err;
    if (!store_block_follows(&head, block))
        return fault_set(fault, ERR_CHAIN, "the block does not follow the head of the chain");
    err = make_room(s, block->header.first_seq, fault);
    if (!err)
        err = put_block(s, block, fault);
    if (!err)
        err = put_head(s, block, fault);
    if (err)
        return err;
    s->has_block = true;
    s->block_seq = block->header.first_seq;
    memcpy(s->block_hash, block->hash, sizeof s->block_hash);
    return ERR_OK;
}

static enum err read_block(const struct postgres_store *s, const PGresult *r, int row,
                           struct block *out, struct fault *fault)
{
    uint8_t header[BLOCK_HEADER_BYTES];
    bool whole = row_exact(s, r, row, 1, header, sizeof header) &&
                 block_header_decode(header, &out->header) == ERR_OK &&
                 out->header.first_seq == row_u64(s, r, row, 0) &&
                 row_exact(s, r, row, 2, out->prev_hash, SHA256_BYTES) &&
                 row_exact(s, r, row, 3, out->root, SHA256_BYTES) &&
                 row_exact(s, r, row, 4, out->hash, SHA256_BYTES);
    if (!whole)
        return fault_set(fault, ERR_CODEC, "table journal_block: block %llu is damaged",
                         (unsigned long long)row_u64(s, r, row, 0));
    out->body = row_bytes(s, r, row, 5);
    out->section = row_bytes(s, r, row, 6);
    return ERR_OK;
}

/* The first_seq of the block that holds seq; seq itself where there is none. */
static enum err block_of(struct postgres_store *s, uint64_t *seq, struct fault *fault)
{
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_u64(&args, *seq);
    enum err err = pg_run(s, PG_BLOCK_BEFORE, &args, &r, NULL, fault);
    if (err)
        return err;
    if (rows_of(s, r) == 1)
        *seq = row_u64(s, r, 0, 0);
    s->pq->PQclear(r);
    return ERR_OK;
}

/* What is appended never changes, so chunks up to the head of one moment are that moment. */
enum err postgres_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                         struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct store_head head;
    uint64_t next = from_seq > INT64_MAX ? INT64_MAX : from_seq, limit = 1;
    enum err err = postgres_head(store, &head, fault);
    if (!err)
        err = block_of(s, &next, fault);
    bool more = true;
    while (!err && more) {
        struct pg_args args = {0};
        PGresult *r = NULL;
        uint64_t bytes = 0;
        arg_u64(&args, next);
        arg_u64(&args, head.next_seq);
        arg_u64(&args, limit);
        err = pg_run(s, PG_BLOCKS, &args, &r, NULL, fault);
        int n = err ? 0 : rows_of(s, r);
        for (int i = 0; !err && more && i < n; i++) {
            struct block block;
            err = read_block(s, r, i, &block, fault);
            if (err)
                break;
            bytes += block.body.n + block.section.n;
            next = block.header.first_seq + 1;
            if (block.header.first_seq + block.header.item_count > from_seq)
                more = fn(ctx, &block);
        }
        more = more && (uint64_t)n == limit;
        limit = bytes < BLOCKS_BYTES ? limit * 2 : BLOCKS_FEW;
        limit = limit > BLOCKS_MOST ? BLOCKS_MOST : limit;
        s->pq->PQclear(r);
    }
    return err;
}

/* ---- pairs ---- */

static const uint64_t top_bit = UINT64_C(1) << 63; /* signed order = unsigned order */

enum err postgres_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                            struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct pg_args args = {0};
        arg_u64(&args, pairs[i].imei.body);
        arg_u64(&args, pairs[i].subscriber ^ top_bit);
        err = pg_queue(s, pairs[i].removed ? PG_PAIR_DELETE : PG_PAIR_PUT, &args, fault);
    }
    return err;
}

enum err postgres_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                             void *ctx, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    PGresult *r = NULL;
    enum err err = pg_run(s, PG_PAIRS, NULL, &r, NULL, fault);
    int n = err ? 0 : rows_of(s, r);
    bool more = true;
    for (int i = 0; more && i < n; i++) {
        struct pair pair = {.imei = {row_u64(s, r, i, 0)},
                            .subscriber = row_u64(s, r, i, 1) ^ top_bit};
        more = fn(ctx, &pair);
    }
    s->pq->PQclear(r);
    return err;
}

/* ---- rule sets and TAC lists: bytes under a number ---- */

static enum err put_numbered(struct postgres_store *s, enum pg_sql sql, uint32_t number,
                             struct str bytes, struct fault *fault)
{
    struct pg_args args = {0};
    arg_u64(&args, number);
    arg_bytes(&args, bytes.p, bytes.n);
    return pg_queue(s, sql, &args, fault);
}

static enum err get_numbered(struct postgres_store *s, enum pg_sql sql, uint32_t number,
                             struct buf *out, struct fault *fault)
{
    struct pg_args args = {0};
    PGresult *r = NULL;
    arg_u64(&args, number);
    enum err err = pg_run(s, sql, &args, &r, NULL, fault);
    if (err)
        return err;
    if (rows_of(s, r) == 0)
        err = fault_set(fault, ERR_NOT_FOUND, "the register has no number %u", number);
    else
        buf_str(out, row_bytes(s, r, 0, 0));
    s->pq->PQclear(r);
    return !err && out->failed ? fault_set(fault, ERR_MEMORY, "number %u", number) : err;
}

enum err postgres_rules_put(struct store *store, uint32_t number, struct str text,
                            struct fault *fault)
{
    return put_numbered(postgres_of(store), PG_RULES_PUT, number, text, fault);
}

enum err postgres_rules_get(struct store *store, uint32_t number, struct buf *out,
                            struct fault *fault)
{
    return get_numbered(postgres_of(store), PG_RULES_GET, number, out, fault);
}

enum err postgres_tac_list_put(struct store *store, uint32_t number, struct str packed,
                               struct fault *fault)
{
    return put_numbered(postgres_of(store), PG_TAC_LIST_PUT, number, packed, fault);
}

enum err postgres_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                               struct fault *fault)
{
    return get_numbered(postgres_of(store), PG_TAC_LIST_GET, number, out, fault);
}
