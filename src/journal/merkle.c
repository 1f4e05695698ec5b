/* SPDX-License-Identifier: Apache-2.0
 *
 * merkle - the hashing is the whole cost (a compression a leaf, two a node), so each hash is one
 * call: what is hashed is put together on the stack first. */
#include "journal/merkle.h"

#include <assert.h>
#include <string.h>

enum { LEAF = 0x00, NODE = 0x01, SMALL_LEAF = 127 };

void merkle_begin(struct merkle *m, struct sha256 *h)
{
    m->h = h;
    m->count = 0;
    m->height = 0;
}

/* The two hashes on top become one. */
static void fold(struct merkle *m)
{
    uint8_t bytes[1 + 2 * SHA256_BYTES];
    uint8_t *left = m->stack[m->height - 2]; /* the right one lies behind it */
    bytes[0] = NODE;
    memcpy(bytes + 1, left, sizeof bytes - 1);
    sha256_begin(m->h);
    sha256_add(m->h, bytes, sizeof bytes);
    sha256_end(m->h, left);
    m->height--;
}

void merkle_add(struct merkle *m, const void *p, size_t n)
{
    uint8_t bytes[1 + SMALL_LEAF];
    assert(m->count < UINT32_MAX);
    bytes[0] = LEAF;
    sha256_begin(m->h);
    if (n <= SMALL_LEAF) {
        memcpy(bytes + 1, p, n);
        sha256_add(m->h, bytes, 1 + n);
    } else {
        sha256_add(m->h, bytes, 1);
        sha256_add(m->h, p, n);
    }
    sha256_end(m->h, m->stack[m->height++]);
    m->count++;
    for (uint32_t digits = m->count; (digits & 1) == 0; digits >>= 1)
        fold(m);
}

void merkle_end(struct merkle *m, uint8_t out[SHA256_BYTES])
{
    if (m->height == 0) {
        sha256_begin(m->h);
        sha256_end(m->h, out);
        return;
    }
    while (m->height > 1)
        fold(m);
    memcpy(out, m->stack[0], SHA256_BYTES);
}
