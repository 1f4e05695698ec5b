/* SPDX-License-Identifier: Apache-2.0
 *
 * block - the unit of the chain: a header, a body of items, a section of pairs beside them.
 *
 *   hash = SHA-256(header bytes | previous hash | Merkle root of the items)
 *
 * The Merkle tree is RFC 6962's (leaf 0x00, node 0x01). The header holds the section's hash, so
 * that pairs are covered without being leaves. Bytes: ARCHITECTURE.md, "Block". */
#ifndef JOURNAL_BLOCK_H
#define JOURNAL_BLOCK_H

#include "base/sha256.h"
#include "journal/item.h"

enum { BLOCK_HEADER_BYTES = 88 };

struct block_header {
    uint64_t first_seq;  /* of its first item; the first block of a register has 1 */
    uint32_t item_count; /* 1 .. LIMIT_BLOCK_ITEMS */
    uint32_t body_bytes;
    int64_t written_us;  /* UTC */
    uint64_t batch;      /* sequence number of the intent entry it belongs to, 0 = no batch */
    uint64_t open_entry; /* entry to which the rows before the first entry belong, 0 = none */
    uint32_t rules;      /* number of the rule set its rows were judged by (at the block's end) */
    struct gate gate;    /* at the block's end */
    uint8_t section_hash[SHA256_BYTES]; /* of the section bytes; zeros when there is none */
};

/* A block as the store keeps it. All borrowed. */
struct block {
    struct block_header header;
    uint8_t prev_hash[SHA256_BYTES];
    uint8_t root[SHA256_BYTES];
    uint8_t hash[SHA256_BYTES];
    struct str body;    /* items, each after its length as varint */
    struct str section; /* pairs, may be empty */
};

void block_header_encode(const struct block_header *h, uint8_t out[BLOCK_HEADER_BYTES]);
MUST_USE enum err block_header_decode(const uint8_t in[BLOCK_HEADER_BYTES],
                                      struct block_header *out);

/* Merkle root over the items of a body. ERR_CODEC when lengths and count do not fit. */
MUST_USE enum err block_root(struct sha256 *h, struct str body, uint32_t item_count,
                             uint8_t out[SHA256_BYTES]);
/* Fills root, section_hash and hash from the rest. */
MUST_USE enum err block_seal(struct sha256 *h, struct block *block);
/* Recomputes all and compares; also that every item decodes. ERR_CHAIN with the place in fault. */
MUST_USE enum err block_verify(struct sha256 *h, const struct block *block,
                               const uint8_t prev_hash[SHA256_BYTES], uint64_t want_seq,
                               struct fault *fault);

/* Walks the items: call until it returns false. */
struct block_cursor {
    struct rd rd;
    uint64_t seq;   /* of the item just read */
    uint64_t entry; /* of the entry its rows belong to */
    uint32_t left;
    enum err err; /* ERR_CODEC when the walk ended on bytes that are no item */
};
struct block_cursor block_walk(const struct block *block);
bool block_next(struct block_cursor *cursor, struct item *out, struct str *out_bytes);

/* Pairs: which subscribers a confirmed clone still serves. A pair is the IMEI and a 64-bit keyed
 * hash of the IMSI; the IMSI itself is nowhere. Section bytes: 15 a pair. */
struct pair {
    struct imei imei;
    uint64_t subscriber; /* keyed hash of the IMSI */
    bool removed;
};
enum { PAIR_BYTES = 15 };
void section_encode(const struct pair *pairs, size_t n, struct buf *out);
/* Calls fn for each; ERR_CODEC. */
MUST_USE enum err section_walk(struct str section, void (*fn)(void *ctx, const struct pair *pair),
                               void *ctx);

#endif
