/* SPDX-License-Identifier: Apache-2.0
 *
 * feed - what a register gives to those who follow it from afar: its blocks in order behind a cursor, closed by
 * a signed head, and its lists of models, signed. Whoever carries them can hold them back, never change them.
 * Bytes: ARCHITECTURE.md, "Feed". */
#ifndef APP_FEED_H
#define APP_FEED_H

#include "app/registry.h"

enum {
    FEED_CURSOR_HASH = 8,  /* bytes of the hash that a cursor carries */
    FEED_CURSOR_TEXT = 40, /* "123-0123456789abcdef", NUL */
    FEED_FRAME_HEAD = 5,   /* kind 1, bytes of the rest 4 */
    FEED_HEAD_SIGNED =
        REGISTER_ID_BYTES + 8 + SHA256_BYTES + 8 + 8,        /* of H, before the signature */
    FEED_SEAL_SIGNED = REGISTER_ID_BYTES + 8 + SHA256_BYTES, /* of S */
    FEED_SIGNATURE = 64,                                     /* Ed25519, RFC 8032 */
};
#define FEED_BLOCK       'B'
#define FEED_HEAD        'H'
#define FEED_SEAL        'S'
#define FEED_SPARED      'O' /* what the asker's operator is spared */
#define FEED_SPARED_TEXT "tamga feed spared"
#define FEED_SEAL_TEXT   "tamga feed seal"
#define FEED_HEAD_TEXT   "tamga feed head" /* what is signed begins with it */
#define FEED_TAC_TEXT    "tamga tac list"
#define FEED_TAC_MAGIC   "TGTS"

/* A place between two blocks. */
struct feed_cursor {
    uint64_t next_seq; /* 1 = before the first block */
    uint8_t hash[FEED_CURSOR_HASH];
};

void feed_cursor_format(uint64_t next_seq, const uint8_t hash[SHA256_BYTES],
                        char out[FEED_CURSOR_TEXT]);
/* Only what feed_cursor_format writes. */
bool feed_cursor_parse(struct str text, struct feed_cursor *out);

struct feed_given {
    uint32_t blocks;
    uint64_t next_seq; /* where the answer ends */
    uint64_t own;      /* the register's next_seq */
};

struct feed_ask {
    const struct feed_cursor *after; /* NULL: from the first block on */
    /* Of whom (a key is named after him), and what he was told he is spared: feed_spared_name. has NULL: he does not ask. */
    struct str operator_name;
    struct str has;
    size_t most;    /* bytes of blocks, and what the last of them has over; one is given always */
    bool head_only; /* none is: the head at the cursor, which tells how far the register is */
};

/* Appends the frames of the blocks behind the cursor, and the signed head. ERR_FEED_CURSOR: the register has no such place. ERR_MEMORY; of the
 * store. */
MUST_USE enum err feed_read(struct registry *registry, const struct feed_ask *ask, struct buf *out,
                            struct feed_given *out_given, struct fault *fault);

/* A place, with all of its hash. */
struct feed_bound {
    uint64_t next_seq;
    uint8_t hash[SHA256_BYTES];
};
/* The end of the block that has the item before seq: the first place at or behind it. False in *out_is: the register
 * has no item seq yet. Of the store. */
MUST_USE enum err feed_bound_find(struct registry *registry, uint64_t seq, struct feed_bound *out,
                                  bool *out_is, struct fault *fault);
/* Appends the frames of the blocks from one place to another, and the seal. The same always. ERR_CHAIN: the register
 * has not these places; ERR_TOO_LONG: more than most bytes; of the store. */
MUST_USE enum err feed_sealed(struct registry *registry, const struct feed_bound *from,
                              const struct feed_bound *until, size_t most, struct buf *out,
                              struct fault *fault);

/* Appends the signed list of models with this number. ERR_NOT_FOUND; of the store. */
MUST_USE enum err feed_tac_list(struct registry *registry, uint32_t number, struct buf *out,
                                struct fault *fault);

#endif
