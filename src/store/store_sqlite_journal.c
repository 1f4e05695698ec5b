/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain in SQLite: the head (one row), the blocks as they are, and what goes with them: pairs,
 * rule sets, TAC lists. */
#include "store/store_sqlite.h"

/* An open file that was moved away or deleted reads on as if nothing were: nothing new would ever
 * be heard of, and what is written there nobody finds again. */
static enum err in_its_place(struct sqlite_store *s, struct fault *fault)
{
    int moved = 0;
    if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) || !moved)
        return ERR_OK;
    return fault_set(fault, ERR_STORE, "the register's file is not in its place any more");
}

enum err sqlite_head(struct store *store, struct store_head *out, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = in_its_place(s, fault);
    if (!err)
        err = sql_take(s, SQL_HEAD_GET, &stmt, fault);
    if (!err)
        err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    struct store_head head = {0};
    bool whole = found && column_exact(stmt, 0, head.register_id, sizeof head.register_id) &&
                 column_exact(stmt, 2, head.hash, sizeof head.hash);
    if (found) {
        head.next_seq = column_u64(stmt, 1);
        head.rules = (uint32_t)column_u64(stmt, 3);
        head.gate.expire_through = sqlite3_column_int(stmt, 4);
        head.gate.swept_through = sqlite3_column_int(stmt, 5);
        head.moving = column_u64(stmt, 6);
        head.rebuilt = column_u64(stmt, 7);
        sql_free(stmt);
    }
    if (!whole)
        return fault_set(fault, ERR_CODEC, "table journal_head is damaged");
    *out = head;
    return ERR_OK;
}

static enum err put_block(struct sqlite_store *s, const struct block *block, struct fault *fault)
{
    uint8_t header[BLOCK_HEADER_BYTES];
    block_header_encode(&block->header, header);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_BLOCK_PUT, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, block->header.first_seq);
    bind_bytes(stmt, 2, header, sizeof header);
    bind_bytes(stmt, 3, block->prev_hash, SHA256_BYTES);
    bind_bytes(stmt, 4, block->root, SHA256_BYTES);
    bind_bytes(stmt, 5, block->hash, SHA256_BYTES);
    bind_bytes(stmt, 6, block->body.p, block->body.n);
    bind_bytes(stmt, 7, block->section.p, block->section.n);
    return sql_run(s, stmt, NULL, fault);
}

static enum err put_head(struct sqlite_store *s, const struct block *block, struct fault *fault)
{
    const struct block_header *header = &block->header;
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_HEAD_PUT, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, header->first_seq + header->item_count);
    bind_bytes(stmt, 2, block->hash, SHA256_BYTES);
    bind_u64(stmt, 3, header->rules);
    bind_i64(stmt, 4, header->gate.expire_through);
    bind_i64(stmt, 5, header->gate.swept_through);
    return sql_run(s, stmt, NULL, fault);
}

enum err sqlite_head_put(struct store *store, const struct store_head *head, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_HEAD_REPLACE, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, head->next_seq);
    bind_bytes(stmt, 2, head->hash, sizeof head->hash);
    bind_u64(stmt, 3, head->rules);
    bind_i64(stmt, 4, head->gate.expire_through);
    bind_i64(stmt, 5, head->gate.swept_through);
    bind_bytes(stmt, 6, head->register_id, sizeof head->register_id);
    bind_u64(stmt, 7, head->moving);
    bind_u64(stmt, 8, head->rebuilt);
    return sql_run(s, stmt, NULL, fault);
}

enum err sqlite_block_append(struct store *store, const struct block *block, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    struct store_head head;
    enum err err = sqlite_head(store, &head, fault);
    if (err)
        return err;
    if (!store_block_follows(&head, block))
        return fault_set(fault, ERR_CHAIN, "the block does not follow the head of the chain");
    err = put_block(s, block, fault);
    return err ? err : put_head(s, block, fault);
}

/* The row under the statement; its bytes are borrowed from SQLite until the next step. */
static enum err read_block(sqlite3_stmt *stmt, struct block *out, struct fault *fault)
{
    uint8_t header[BLOCK_HEADER_BYTES];
    bool whole = column_exact(stmt, 1, header, sizeof header) &&
                 block_header_decode(header, &out->header) == ERR_OK &&
                 out->header.first_seq == column_u64(stmt, 0) &&
                 column_exact(stmt, 2, out->prev_hash, SHA256_BYTES) &&
                 column_exact(stmt, 3, out->root, SHA256_BYTES) &&
                 column_exact(stmt, 4, out->hash, SHA256_BYTES);
    if (!whole)
        return fault_set(fault, ERR_CODEC, "table journal_block: block %llu is damaged",
                         (unsigned long long)column_u64(stmt, 0));
    out->body = column_bytes(stmt, 5);
    out->section = column_bytes(stmt, 6);
    return ERR_OK;
}

enum err sqlite_blocks(struct store *store, uint64_t from_seq, store_block_fn *fn, void *ctx,
                       struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_BLOCKS, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, from_seq > INT64_MAX ? INT64_MAX : from_seq);
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct block block;
        err = read_block(stmt, &block, fault);
        if (err)
            break;
        if (block.header.first_seq + block.header.item_count > from_seq)
            more = fn(ctx, &block);
    }
    if (found)
        sql_free(stmt);
    return err;
}

/* ---- pairs ---- */

static const uint64_t top_bit = UINT64_C(1) << 63; /* signed order = unsigned order */

enum err sqlite_pairs_put(struct store *store, const struct pair *pairs, size_t n,
                          struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        sqlite3_stmt *stmt = NULL;
        err = sql_take(s, pairs[i].removed ? SQL_PAIR_DELETE : SQL_PAIR_PUT, &stmt, fault);
        if (err)
            break;
        bind_u64(stmt, 1, pairs[i].imei.body);
        bind_u64(stmt, 2, pairs[i].subscriber ^ top_bit);
        err = sql_run(s, stmt, NULL, fault);
    }
    return err;
}

enum err sqlite_pairs_scan(struct store *store, bool (*fn)(void *ctx, const struct pair *pair),
                           void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_PAIRS, &stmt, fault);
    if (err)
        return err;
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        struct pair pair = {.imei = {column_u64(stmt, 0)},
                            .subscriber = column_u64(stmt, 1) ^ top_bit};
        more = fn(ctx, &pair);
    }
    if (!more)
        sql_free(stmt);
    return err;
}

/* ---- rule sets and TAC lists: bytes under a number ---- */

static enum err put_numbered(struct sqlite_store *s, enum sql sql, uint32_t number,
                             struct str bytes, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, sql, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, number);
    bind_bytes(stmt, 2, bytes.p, bytes.n);
    return sql_run(s, stmt, NULL, fault);
}

static enum err get_numbered(struct sqlite_store *s, enum sql sql, uint32_t number, struct buf *out,
                             struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = sql_take(s, sql, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, number);
    err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    if (!found)
        return fault_set(fault, ERR_NOT_FOUND, "the register has no number %u", number);
    buf_str(out, column_bytes(stmt, 0));
    sql_free(stmt);
    return out->failed ? fault_set(fault, ERR_MEMORY, "number %u", number) : ERR_OK;
}

enum err sqlite_rules_put(struct store *store, uint32_t number, struct str text,
                          struct fault *fault)
{
    return put_numbered(sqlite_of(store), SQL_RULES_PUT, number, text, fault);
}

enum err sqlite_rules_get(struct store *store, uint32_t number, struct buf *out,
                          struct fault *fault)
{
    return get_numbered(sqlite_of(store), SQL_RULES_GET, number, out, fault);
}

enum err sqlite_tac_list_put(struct store *store, uint32_t number, struct str packed,
                             struct fault *fault)
{
    return put_numbered(sqlite_of(store), SQL_TAC_LIST_PUT, number, packed, fault);
}

enum err sqlite_tac_list_get(struct store *store, uint32_t number, struct buf *out,
                             struct fault *fault)
{
    return get_numbered(sqlite_of(store), SQL_TAC_LIST_GET, number, out, fault);
}
