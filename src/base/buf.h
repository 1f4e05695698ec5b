/* SPDX-License-Identifier: Apache-2.0
 *
 * buf - bytes being written, bytes being read. All integers are big-endian on the wire.
 *
 * A struct buf grows; a failed allocation sets .failed and later writes are dropped, so that the
 * writer checks once, at the end. A struct rd never reads past its end: it sets .failed. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf {
    uint8_t *p;
    size_t n;
    size_t size;
    bool failed;
};

void buf_release(struct buf *b);
void buf_clear(struct buf *b);
bool buf_grow(struct buf *b, size_t n); /* buf_reserve's rare half */
/* Room for n more bytes; false when there is no memory (and .failed is set). */
static inline bool buf_reserve(struct buf *b, size_t n)
{
    return (!b->failed && b->size - b->n >= n) || buf_grow(b, n);
}

/* Inline, so that a literal is a few moves. */
static inline void buf_put(struct buf *b, const void *p, size_t n)
{
    if (!n || !buf_reserve(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void buf_str(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}

static inline void put_be(uint8_t *p, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static inline void buf_uint(struct buf *b, uint64_t v, unsigned bytes)
{
    if (!buf_reserve(b, bytes))
        return;
    put_be(b->p + b->n, v, bytes);
    b->n += bytes;
}

/* LEB128: 7 bits a byte, low first, canonical (no trailing zero groups). */
void buf_varint(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct rd {
    const uint8_t *p;
    const uint8_t *end;
    bool failed;
};

static inline struct rd rd_of(const void *p, size_t n)
{
    return (struct rd){p, p ? (const uint8_t *)p + n : p, false};
}

static inline size_t rd_left(const struct rd *r)
{
    return (size_t)(r->end - r->p);
}

uint64_t rd_uint(struct rd *r, unsigned bytes);
/* Refuses what buf_varint would not have written. */
uint64_t rd_varint(struct rd *r);
/* n bytes in place, NULL when there are fewer. */
const uint8_t *rd_bytes(struct rd *r, size_t n);

static inline uint64_t get_be(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

#endif
