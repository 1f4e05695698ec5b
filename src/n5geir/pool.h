/* SPDX-License-Identifier: Apache-2.0
 *
 * pool - memory of one HTTP/2 connection: nghttp2 takes and gives back some small pieces for each request,
 * always of the same few sizes. They are cut from slabs and kept for the next request; large ones are
 * malloc's. All slabs go back together when the connection ends.
 *
 * One thread at a time. Bounded by what nghttp2 holds at once, so by its limits on streams. */
#ifndef N5GEIR_POOL_H
#define N5GEIR_POOL_H

#include <stddef.h>
#include <stdint.h>

enum {
    POOL_STEP = 64,
    POOL_CLASSES = 16
}; /* pieces of 64, 128, .. 1024 bytes, their heads included */

struct pool_free;
struct pool_slab;

struct pool {
    struct pool_free *free[POOL_CLASSES];
    struct pool_slab *slabs;
    uint8_t *at; /* what is left of the newest slab */
    size_t left;
};

/* A zeroed struct pool is ready. */
void *pool_take(struct pool *pool, size_t n); /* NULL: no memory */
void pool_give(struct pool *pool, void *p);   /* NULL is fine */
void *pool_resize(struct pool *pool, void *p, size_t n);
void pool_release(struct pool *pool); /* what is larger than a class must have been given back */

#endif
