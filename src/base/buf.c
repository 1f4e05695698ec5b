/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

bool buf_grow(struct buf *b, size_t n)
{
    if (b->failed)
        return false;
    size_t size = b->size ? b->size : 256;
    while (size - b->n < n) {
        if (size > SIZE_MAX / 2) {
            b->failed = true;
            return false;
        }
        size *= 2;
    }
    uint8_t *p = realloc(b->p, size);
    if (!p) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->size = size;
    return true;
}

void buf_varint(struct buf *b, uint64_t v)
{
    uint8_t out[10];
    size_t n = 0;
    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    buf_put(b, out, n);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !buf_reserve(b, (size_t)n + 1)) {
        b->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf((char *)b->p + b->n, (size_t)n + 1, format, args);
    va_end(args);
    b->n += (size_t)n;
}

uint64_t rd_uint(struct rd *r, unsigned bytes)
{
    const uint8_t *p = rd_bytes(r, bytes);
    return p ? get_be(p, bytes) : 0;
}

uint64_t rd_varint(struct rd *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *p = rd_bytes(r, 1);
        if (!p)
            return 0;
        uint64_t group = *p & 0x7f;
        if ((shift == 63 && group > 1) || (shift && *p == 0))
            break;
        v |= group << shift;
        if (*p < 0x80)
            return v;
    }
    r->failed = true;
    return 0;
}

const uint8_t *rd_bytes(struct rd *r, size_t n)
{
    if (r->failed || rd_left(r) < n) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}
