/* SPDX-License-Identifier: Apache-2.0 */
#include "app/feed.h"

#include "app/expiry_hold.h"

#include <stdio.h>

#include <sodium.h>

_Static_assert(FEED_SIGNATURE == crypto_sign_BYTES, "Ed25519");

void feed_cursor_format(uint64_t next_seq, const uint8_t hash[SHA256_BYTES],
                        char out[FEED_CURSOR_TEXT])
{
    char hex[2 * SHA256_BYTES + 1];
    sha256_hex(hash, hex);
    snprintf(out, FEED_CURSOR_TEXT, "%llu-%.*s", (unsigned long long)next_seq, 2 * FEED_CURSOR_HASH,
             hex);
}

bool feed_cursor_parse(struct str text, struct feed_cursor *out)
{
    struct str hex;
    struct feed_cursor cursor;
    const struct str number = str_split(text, '-', &hex);
    if (!str_to_u64(number, INT64_MAX, &cursor.next_seq) || number.p[0] == '0' || !hex.p ||
        hex.n != 2 * (size_t)FEED_CURSOR_HASH)
        return false;
    for (size_t i = 0; i < hex.n; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *at = memchr(digits, hex.p[i], 16);
        if (!at)
            return false;
        const unsigned digit = (unsigned)(at - digits);
        cursor.hash[i / 2] =
            (uint8_t)(i % 2 ? (unsigned)cursor.hash[i / 2] | digit : (unsigned)digit << 4);
    }
    *out = cursor;
    return true;
}

/* Signs what stands in out from `from` on, behind the text that tells what it is. */
static enum err sign(const struct registry *reg, struct str text, size_t from, struct buf *out)
{
    uint8_t signature[FEED_SIGNATURE];
    struct buf said = {0};
    if (!out->failed) {
        buf_str(&said, text);
        buf_put(&said, out->p + from, out->n - from);
    }
    const bool whole = !out->failed && !said.failed;
    if (whole)
        crypto_sign_detached(signature, NULL, said.p, said.n, reg->keys.sign.secret_key);
    buf_release(&said);
    if (whole)
        buf_put(out, signature, sizeof signature);
    return whole && !out->failed ? ERR_OK : ERR_MEMORY;
}

struct reading {
    const struct feed_cursor *after;
    struct buf *out;
    bool head_only;
    size_t most;                /* bytes of out, from which on no block begins */
    uint64_t next_seq;          /* behind the last block taken */
    uint8_t hash[SHA256_BYTES]; /* of it */
    struct feed_given given;
    enum err err;
};

static void put_block(struct buf *out, const struct block *block)
{
    uint8_t header[BLOCK_HEADER_BYTES];
    block_header_encode(&block->header, header);
    buf_uint(out, FEED_BLOCK, 1);
    buf_uint(out, sizeof header + SHA256_BYTES + block->body.n + block->section.n, 4);
    buf_put(out, header, sizeof header);
    buf_put(out, block->prev_hash, SHA256_BYTES);
    buf_str(out, block->body);
    buf_str(out, block->section);
}

static bool take(void *ctx, const struct block *block)
{
    struct reading *r = ctx;
    const bool first = !r->given.blocks;
    if (block->header.first_seq != r->next_seq ||
        (first && r->after && memcmp(block->prev_hash, r->after->hash, FEED_CURSOR_HASH) != 0)) {
        r->err = ERR_FEED_CURSOR;
        return false;
    }
    if (r->head_only) {
        memcpy(r->hash, block->prev_hash, SHA256_BYTES);
        return false;
    }
    put_block(r->out, block);
    r->given.blocks++;
    r->next_seq = block->header.first_seq + block->header.item_count;
    memcpy(r->hash, block->hash, SHA256_BYTES);
    r->err = r->out->failed ? ERR_MEMORY : ERR_OK;
    return !r->err && r->out->n < r->most;
}

static enum err put_head(const struct registry *reg, const struct reading *r, struct buf *out)
{
    buf_uint(out, FEED_HEAD, 1);
    buf_uint(out, FEED_HEAD_SIGNED + FEED_SIGNATURE, 4);
    const size_t from = out->n;
    buf_put(out, reg->head.register_id, REGISTER_ID_BYTES);
    buf_uint(out, r->next_seq, 8);
    buf_put(out, r->hash, SHA256_BYTES);
    buf_uint(out, r->given.own, 8);
    buf_uint(out, (uint64_t)clock_now_us(reg->clock), 8);
    return sign(reg, STR(FEED_HEAD_TEXT), from, out);
}

/* What the operator is spared where the answer ends, if it is another than he was told. */
static enum err put_spared(struct registry *reg, const struct feed_ask *ask,
                           const struct reading *r, struct buf *out, struct fault *fault)
{
    struct spared spared;
    char name[SPARED_NAME];
    uint8_t bytes[SPARED_MOST];
    enum err err = expiry_spared(reg, ask->operator_name, r->next_seq, &spared, fault);
    if (err)
        return err;
    spared_name(&spared, name);
    if (str_eq(ask->has, str_z(name)))
        return ERR_OK;
    const size_t n = spared_encode(&spared, bytes);
    buf_uint(out, FEED_SPARED, 1);
    buf_uint(out, REGISTER_ID_BYTES + 8 + n + FEED_SIGNATURE, 4);
    const size_t from = out->n;
    buf_put(out, reg->head.register_id, REGISTER_ID_BYTES);
    buf_uint(out, r->next_seq, 8);
    buf_put(out, bytes, n);
    return sign(reg, STR(FEED_SPARED_TEXT), from, out);
}

static enum err no_such_place(struct fault *fault)
{
    return fault_set(fault, ERR_FEED_CURSOR,
                     "the register has no such place: it was restored, or is another; take a new "
                     "snapshot");
}

enum err feed_read(struct registry *reg, const struct feed_ask *ask, struct buf *out,
                   struct feed_given *out_given, struct fault *fault)
{
    const struct feed_cursor *after = ask->after;
    struct reading r = {
        .after = after, .out = out, .head_only = ask->head_only, .most = out->n + ask->most};
    r.next_seq = after ? after->next_seq : 1;
    enum err err = registry_refresh(reg, fault);
    if (err)
        return err;
    if (r.next_seq > reg->head.next_seq)
        return no_such_place(fault);
    /* Where nothing follows, the answer ends where the register does. */
    memcpy(r.hash, reg->head.hash, SHA256_BYTES);
    if (r.next_seq < reg->head.next_seq)
        err = store_blocks(reg->store, r.next_seq, take, &r, fault);
    else if (after && memcmp(after->hash, reg->head.hash, FEED_CURSOR_HASH) != 0)
        r.err = ERR_FEED_CURSOR;
    if (!err && r.err == ERR_FEED_CURSOR)
        return no_such_place(fault);
    if (!err)
        err = r.err;
    if (!err && r.next_seq < reg->head.next_seq && !r.given.blocks && !r.head_only)
        err = fault_set(fault, ERR_STORE, "no block stands behind %llu",
                        (unsigned long long)r.next_seq);
    if (err)
        return err;
    r.given.next_seq = r.next_seq;
    r.given.own = reg->head.next_seq > r.next_seq ? reg->head.next_seq : r.next_seq;
    err = ask->has.p ? put_spared(reg, ask, &r, out, fault) : ERR_OK;
    if (!err)
        err = put_head(reg, &r, out);
    if (!err)
        *out_given = r.given;
    return err;
}

/* ---- segments ---- */

struct bounding {
    uint64_t seq;
    struct feed_bound bound; /* next_seq 0: none */
};

static bool take_bound(void *ctx, const struct block *block)
{
    struct bounding *b = ctx;
    const bool begins = block->header.first_seq == b->seq;
    b->bound.next_seq =
        begins ? b->seq : block->header.first_seq + (uint64_t)block->header.item_count;
    memcpy(b->bound.hash, begins ? block->prev_hash : block->hash, SHA256_BYTES);
    return false;
}

enum err feed_bound_find(struct registry *reg, uint64_t seq, struct feed_bound *out, bool *out_is,
                         struct fault *fault)
{
    struct bounding b = {.seq = seq};
    enum err err = registry_refresh(reg, fault);
    if (!err && seq < reg->head.next_seq)
        err = store_blocks(reg->store, seq, take_bound, &b, fault);
    if (err)
        return err;
    *out_is = b.bound.next_seq != 0;
    if (*out_is)
        *out = b.bound;
    return ERR_OK;
}

struct sealing {
    const struct feed_bound *until;
    struct buf *out;
    size_t most;
    struct feed_bound at;
    enum err err;
};

static bool take_sealed(void *ctx, const struct block *block)
{
    struct sealing *s = ctx;
    if (block->header.first_seq != s->at.next_seq ||
        memcmp(block->prev_hash, s->at.hash, SHA256_BYTES) != 0)
        s->err = ERR_CHAIN;
    else if (s->out->n + block->body.n + block->section.n > s->most)
        s->err = ERR_TOO_LONG;
    if (s->err)
        return false;
    put_block(s->out, block);
    s->at.next_seq += block->header.item_count;
    memcpy(s->at.hash, block->hash, SHA256_BYTES);
    s->err = s->out->failed ? ERR_MEMORY : ERR_OK;
    return !s->err && s->at.next_seq < s->until->next_seq;
}

enum err feed_sealed(struct registry *reg, const struct feed_bound *from,
                     const struct feed_bound *until, size_t most, struct buf *out,
                     struct fault *fault)
{
    struct sealing s = {.until = until, .out = out, .most = out->n + most, .at = *from};
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = store_blocks(reg->store, from->next_seq, take_sealed, &s, fault);
    if (!err && !s.err &&
        (s.at.next_seq != until->next_seq || memcmp(s.at.hash, until->hash, SHA256_BYTES) != 0))
        s.err = ERR_CHAIN;
    if (!err && s.err == ERR_CHAIN)
        return fault_set(fault, ERR_CHAIN, "the register has not these places");
    if (err || s.err)
        return err ? err : s.err;
    buf_uint(out, FEED_SEAL, 1);
    buf_uint(out, FEED_SEAL_SIGNED + FEED_SIGNATURE, 4);
    const size_t at = out->n;
    buf_put(out, reg->head.register_id, REGISTER_ID_BYTES);
    buf_uint(out, s.at.next_seq, 8);
    buf_put(out, s.at.hash, SHA256_BYTES);
    return sign(reg, STR(FEED_SEAL_TEXT), at, out);
}

enum err feed_tac_list(struct registry *reg, uint32_t number, struct buf *out, struct fault *fault)
{
    const size_t from = out->n;
    enum err err = registry_refresh(reg, fault);
    if (err)
        return err;
    buf_str(out, STR(FEED_TAC_MAGIC));
    buf_put(out, reg->head.register_id, REGISTER_ID_BYTES);
    buf_uint(out, number, 4);
    err = store_tac_list_get(reg->store, number, out, fault);
    return err ? err : sign(reg, STR(FEED_TAC_TEXT), from, out);
}
