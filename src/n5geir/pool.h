/* SPDX-License-Identifier: Apache-2.0
 *
 * pool - memory of one HTTP/2 connection: nghttp2 takes and gives back some small pieces for each request,
 * always of the same few sizes. They are cut from slabs and kept for the next request; large ones are
 * malloc's. Everything goes back at once when the connection ends, given back or not.
 *
 * A pool that once had no memory says so for good: nghttp2 1.52 may then hold a piece that it has given back
 * (an answer's DATA that could not be queued), so whoever sees .refused must not call it again.
 *
 * One thread at a time. Bounded by what nghttp2 holds at once, so by its limits on streams. */
#ifndef N5GEIR_POOL_H
#define N5GEIR_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POOL_STEP = 64,
    POOL_CLASSES = 16
}; /* pieces of 64, 128, .. 1024 bytes, their heads included */

struct pool_free;
struct pool_slab;
struct pool_large;

struct pool {
    struct pool_free *free[POOL_CLASSES];
    struct pool_slab *slabs;
    struct pool_large *large;
    uint8_t *at; /* what is left of the newest slab */
    size_t left;
    bool refused;
};

/* A zeroed struct pool is ready. */
void *pool_take(struct pool *pool, size_t n); /* NULL: no memory */
void pool_give(struct pool *pool, void *p);   /* NULL is fine */
void *pool_resize(struct pool *pool, void *p, size_t n);
void pool_release(struct pool *pool);

#endif
