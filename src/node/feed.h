/* SPDX-License-Identifier: Apache-2.0
 *
 * feed - what a register answers to "what came after this?", as bytes: frames, blocks, a signed head.
 * Bytes: ARCHITECTURE.md, "Feed". Pure: no file, no socket.
 *
 * Nothing of an answer is believed before all of it is: every block follows the one before it by sequence
 * number and hash, and the head at its end, which the register signed, names the hash that the last one has.
 * So a proxy, a disk or a thief can withhold, but not invent. */
#ifndef NODE_FEED_H
#define NODE_FEED_H

#include "core/spared.h"
#include "journal/block.h"

enum {
    FEED_FRAME = 5, /* kind 1, bytes of the rest 4 */
    FEED_ID = 16,
    FEED_HEAD_SIGNED = FEED_ID + 8 + SHA256_BYTES + 8 + 8,
    FEED_HEAD = FEED_HEAD_SIGNED + 64,
    FEED_SEAL_SIGNED = FEED_ID + 8 + SHA256_BYTES,
    FEED_SEAL = FEED_SEAL_SIGNED + 64,
    FEED_CURSOR = 20 + 1 + 16 + 1, /* "NEXT_SEQ-HASH" and NUL */
};
#define FEED_SEAL_LABEL   "tamga feed seal"
#define FEED_SPARED_LABEL "tamga feed spared"
#define FEED_HEAD_LABEL   "tamga feed head"
#define FEED_TAC_LABEL    "tamga tac list"

/* Where a follower stands: all before next_seq is in, hash is the last block's. */
struct feed_place {
    uint64_t next_seq;
    uint8_t hash[SHA256_BYTES];
};
void feed_cursor(const struct feed_place *place, char out[FEED_CURSOR]);

/* Whose word is believed. */
struct feed_want {
    const uint8_t *register_id; /* 16 bytes */
    const uint8_t *public_key;  /* 32 bytes, Ed25519 */
};

struct feed_head {
    struct feed_place place;    /* after the last block of the answer */
    uint64_t register_next_seq; /* where the register itself stood */
    int64_t time_us;            /* UTC: when it said so */
};

struct feed_answer {
    struct block *blocks; /* sealed; they borrow the bytes that were parsed */
    size_t count, room;
    struct feed_head head;
    bool told; /* what this operator is spared is another from here on */
    struct spared spared;
    bool sealed; /* a segment: of the head only the place is there */
};
void feed_answer_release(struct feed_answer *a);

/* The answer at the beginning of bytes, its head included, that follows `from`. On success *out_used is
 * how many bytes it has. ERR_CODEC: no such form, or it ends too early; ERR_CHAIN: it does
 * not follow; ERR_SIGNATURE: head of another register, or not signed by this one; ERR_MEMORY. On failure out
 * is to be released, too. */
MUST_USE enum err feed_answer_parse(struct sha256 *h, struct str bytes,
                                    const struct feed_want *want, const struct feed_place *from,
                                    struct feed_answer *out, size_t *out_used, struct fault *fault);

/* An answer that is read a frame at a time, by who has other things to do as well. Borrows the bytes. */
struct feed_reading {
    struct str bytes;
    size_t used;
    struct feed_place place;   /* behind the block read last */
    struct feed_answer answer; /* of the reader: feed_answer_release */
    bool whole;                /* its head was read and believed: now the blocks may be, too */
};
/* One more frame. Errors as feed_answer_parse. */
MUST_USE enum err feed_read_frame(struct sha256 *h, const struct feed_want *want,
                                  struct feed_reading *reading, struct fault *fault);
/* How many bytes of a segment stand before the block that `from` wants: frames of blocks that are passed over
 * unread. Where none begins there, feed_answer_parse of the rest says so. */
size_t feed_segment_skip(struct str bytes, const struct feed_place *from);

/* The packed list out of what GET /api/v1/tac-list/NUMBER gives, borrowed. ERR_CODEC, ERR_SIGNATURE. */
MUST_USE enum err feed_tac_list(struct str bytes, const struct feed_want *want, uint32_t number,
                                struct str *out_packed, struct fault *fault);

#endif
