/* SPDX-License-Identifier: Apache-2.0
 *
 * block - header, hash, verification and reading of the unit of the chain.
 *
 * What covers what: the hash covers the header's 88 bytes, the previous hash and the root; the root
 * covers every byte of the body (each item is a leaf, its length is canonical and the lengths must
 * add up to body_bytes and item_count); the header's section hash covers the section. So one
 * changed byte in any column of a stored block is found by block_verify, and a block that was
 * exchanged whole is found by the one after it.
 *
 * Verification reads bytes from a disk or a peer: it answers, it never asserts. */
#include "journal/block.h"

#include <inttypes.h>

#include "base/limits.h"
#include "journal/merkle.h"

/* Sequence numbers fit the 6 bytes that a row gives to prev_seq. */
#define SEQ_END (1ULL << 48)

static const uint8_t magic[4] = {'T', 'G', 'B', '1'};

static bool day_or_none(daynum day)
{
    return daynum_is_day(day) || day == DAYNUM_NONE;
}

/* Could block_header_encode have written it, for a block that can stand in a chain? */
static bool header_is_valid(const struct block_header *h)
{
    return h->item_count > 0 && h->item_count <= LIMIT_BLOCK_ITEMS && h->first_seq > 0 &&
           h->first_seq <= SEQ_END - h->item_count && h->body_bytes >= 2 * h->item_count &&
           h->written_us >= 0 && h->batch < h->first_seq + h->item_count &&
           h->open_entry < h->first_seq && day_or_none(h->gate.expire_through) &&
           day_or_none(h->gate.swept_through);
}

void block_header_encode(const struct block_header *h, uint8_t out[BLOCK_HEADER_BYTES])
{
    memcpy(out, magic, 4);
    put_be(out + 4, h->first_seq, 8);
    put_be(out + 12, h->item_count, 4);
    put_be(out + 16, h->body_bytes, 4);
    put_be(out + 20, (uint64_t)h->written_us, 8);
    put_be(out + 28, h->batch, 8);
    put_be(out + 36, h->open_entry, 8);
    put_be(out + 44, h->rules, 4);
    put_be(out + 48, daynum_pack(h->gate.expire_through), 2);
    put_be(out + 50, daynum_pack(h->gate.swept_through), 2);
    memset(out + 52, 0, 4);
    memcpy(out + 56, h->section_hash, SHA256_BYTES);
}

enum err block_header_decode(const uint8_t in[BLOCK_HEADER_BYTES], struct block_header *out)
{
    if (memcmp(in, magic, 4) != 0 || get_be(in + 52, 4) != 0)
        return ERR_CODEC;
    struct block_header h = {
        .first_seq = get_be(in + 4, 8),
        .item_count = (uint32_t)get_be(in + 12, 4),
        .body_bytes = (uint32_t)get_be(in + 16, 4),
        .written_us = (int64_t)get_be(in + 20, 8),
        .batch = get_be(in + 28, 8),
        .open_entry = get_be(in + 36, 8),
        .rules = (uint32_t)get_be(in + 44, 4),
        .gate.expire_through = daynum_unpack((uint16_t)get_be(in + 48, 2), DAYNUM_NONE),
        .gate.swept_through = daynum_unpack((uint16_t)get_be(in + 50, 2), DAYNUM_NONE),
    };
    memcpy(h.section_hash, in + 56, SHA256_BYTES);
    if (!header_is_valid(&h))
        return ERR_CODEC;
    *out = h;
    return ERR_OK;
}

/* The next item's bytes; false at the end and on lengths that do not fit (rd->failed). */
static bool item_bytes(struct rd *rd, struct str *out)
{
    uint64_t n = rd_varint(rd);
    if (n == 0 || n > rd_left(rd)) {
        rd->failed = true;
        return false;
    }
    *out = (struct str){(const char *)rd_bytes(rd, (size_t)n), (size_t)n};
    return !rd->failed;
}

enum err block_root(struct sha256 *h, struct str body, uint32_t item_count,
                    uint8_t out[SHA256_BYTES])
{
    struct rd rd = rd_of(body.p, body.n);
    struct merkle merkle;
    struct str item;
    if (item_count == 0 || item_count > LIMIT_BLOCK_ITEMS)
        return ERR_CODEC;
    merkle_begin(&merkle, h);
    for (uint32_t i = 0; i < item_count; i++) {
        if (!item_bytes(&rd, &item))
            return ERR_CODEC;
        merkle_add(&merkle, item.p, item.n);
    }
    if (rd_left(&rd) != 0)
        return ERR_CODEC;
    merkle_end(&merkle, out);
    return ERR_OK;
}

static void hash_section(struct sha256 *h, struct str section, uint8_t out[SHA256_BYTES])
{
    if (section.n == 0) {
        memset(out, 0, SHA256_BYTES);
        return;
    }
    sha256_begin(h);
    sha256_add(h, section.p, section.n);
    sha256_end(h, out);
}

static void hash_block(struct sha256 *h, const struct block_header *header,
                       const uint8_t prev_hash[SHA256_BYTES], const uint8_t root[SHA256_BYTES],
                       uint8_t out[SHA256_BYTES])
{
    uint8_t bytes[BLOCK_HEADER_BYTES + 2 * SHA256_BYTES];
    block_header_encode(header, bytes);
    memcpy(bytes + BLOCK_HEADER_BYTES, prev_hash, SHA256_BYTES);
    memcpy(bytes + BLOCK_HEADER_BYTES + SHA256_BYTES, root, SHA256_BYTES);
    sha256_begin(h);
    sha256_add(h, bytes, sizeof bytes);
    sha256_end(h, out);
}

enum err block_seal(struct sha256 *h, struct block *block)
{
    struct block_header header = block->header;
    uint8_t root[SHA256_BYTES];
    if (block->body.n > UINT32_MAX || block->section.n % PAIR_BYTES != 0)
        return ERR_CODEC;
    header.body_bytes = (uint32_t)block->body.n;
    if (!header_is_valid(&header))
        return ERR_CODEC;
    enum err err = block_root(h, block->body, header.item_count, root);
    if (err)
        return err;
    hash_section(h, block->section, header.section_hash);
    block->header = header;
    memcpy(block->root, root, SHA256_BYTES);
    hash_block(h, &header, block->prev_hash, root, block->hash);
    return ERR_OK;
}

static enum err verify_items(const struct block *block, struct fault *fault)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    struct str bytes;
    while (block_next(&cursor, &item, &bytes))
        ;
    if (cursor.err)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": item %" PRIu64 " does not decode",
                         block->header.first_seq, cursor.seq);
    return ERR_OK;
}

static void ignore_pair(void *ctx, const struct pair *pair)
{
    (void)ctx;
    (void)pair;
}

enum err block_verify(struct sha256 *h, const struct block *block,
                      const uint8_t prev_hash[SHA256_BYTES], uint64_t want_seq, struct fault *fault)
{
    uint8_t want[SHA256_BYTES];
    uint64_t seq = block->header.first_seq;

    if (seq != want_seq)
        return fault_set(fault, ERR_CHAIN,
                         "block at %" PRIu64 " stands where %" PRIu64 " should follow", seq,
                         want_seq);
    if (!header_is_valid(&block->header) || block->header.body_bytes != block->body.n)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": header does not fit", seq);
    if (memcmp(block->prev_hash, prev_hash, SHA256_BYTES) != 0)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": previous hash differs", seq);
    hash_section(h, block->section, want);
    if (memcmp(block->header.section_hash, want, SHA256_BYTES) != 0 ||
        section_walk(block->section, ignore_pair, NULL) != ERR_OK)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": section of pairs differs", seq);
    if (block_root(h, block->body, block->header.item_count, want) != ERR_OK)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": items do not fill the body", seq);
    if (memcmp(block->root, want, SHA256_BYTES) != 0)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": root differs", seq);
    hash_block(h, &block->header, prev_hash, want, want);
    if (memcmp(block->hash, want, SHA256_BYTES) != 0)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": hash differs", seq);
    return verify_items(block, fault);
}

struct block_cursor block_walk(const struct block *block)
{
    return (struct block_cursor){
        .rd = rd_of(block->body.p, block->body.n),
        .seq = block->header.first_seq - 1,
        .entry = block->header.open_entry,
        .left = block->header.item_count,
        .err = ERR_OK,
    };
}

bool block_next(struct block_cursor *cursor, struct item *out, struct str *out_bytes)
{
    struct str bytes;
    if (cursor->err)
        return false;
    if (cursor->left == 0) {
        if (rd_left(&cursor->rd) != 0)
            cursor->err = ERR_CODEC;
        return false;
    }
    cursor->seq++;
    if (!item_bytes(&cursor->rd, &bytes) || item_decode(bytes.p, bytes.n, out) != ERR_OK) {
        cursor->err = ERR_CODEC;
        return false;
    }
    cursor->left--;
    if (out->type == ITEM_ENTRY)
        cursor->entry = cursor->seq;
    if (out_bytes)
        *out_bytes = bytes;
    return true;
}

void section_encode(const struct pair *pairs, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_uint(out, pairs[i].imei.body, 6);
        buf_uint(out, pairs[i].subscriber, 8);
        buf_uint(out, pairs[i].removed, 1);
    }
}

static bool pair_decode(const uint8_t *p, struct pair *out)
{
    *out = (struct pair){
        .imei.body = get_be(p, 6),
        .subscriber = get_be(p + 6, 8),
        .removed = p[14] == 1,
    };
    return out->imei.body < IMEI_BODIES && p[14] <= 1;
}

/* Reads all of it before the first call, so that a damaged section moves nothing. */
enum err section_walk(struct str section, void (*fn)(void *ctx, const struct pair *pair), void *ctx)
{
    const uint8_t *p = (const uint8_t *)section.p;
    struct pair pair;
    if (section.n % PAIR_BYTES != 0)
        return ERR_CODEC;
    for (size_t i = 0; i < section.n; i += PAIR_BYTES)
        if (!pair_decode(p + i, &pair))
            return ERR_CODEC;
    for (size_t i = 0; i < section.n; i += PAIR_BYTES)
        if (pair_decode(p + i, &pair))
            fn(ctx, &pair);
    return ERR_OK;
}
