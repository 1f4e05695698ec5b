/* SPDX-License-Identifier: Apache-2.0
 *
 * merkle - RFC 6962 tree hash over leaves that come one after another: leaf = SHA-256(00 | bytes),
 * node = SHA-256(01 | left | right), split at the largest power of two below the count.
 *
 * No leaf is kept. The tree over n leaves is the row of perfect trees that the binary digits of n
 * name, folded from the right; so it is enough to keep one root for each digit that is set: a
 * new leaf is a tree of size one, and two trees of equal size become one, as a carry does. A block
 * of 65,536 items needs 17 hashes on the stack. */
#ifndef JOURNAL_MERKLE_H
#define JOURNAL_MERKLE_H

#include "base/sha256.h"

enum { MERKLE_LEVELS = 33 }; /* 2^32 leaves */

struct merkle {
    struct sha256 *h;                           /* borrowed */
    uint32_t count;                             /* leaves so far */
    uint32_t height;                            /* hashes on the stack: digits set in count */
    uint8_t stack[MERKLE_LEVELS][SHA256_BYTES]; /* largest tree first */
};

void merkle_begin(struct merkle *m, struct sha256 *h);
void merkle_add(struct merkle *m, const void *p, size_t n);
/* The root; of no leaves SHA-256 of nothing (RFC 6962 2.1). */
void merkle_end(struct merkle *m, uint8_t out[SHA256_BYTES]);

#endif
