/* SPDX-License-Identifier: Apache-2.0
 *
 * ring - a bounded queue from one thread to one other, without a lock: a worker puts, a thread that
 * writes files takes. Who puts never waits: what finds no room is counted and gone.
 *
 * Items are of one size and copied. head is written by the putter alone, tail by the taker alone, each
 * on a cache line of its own; release and acquire order them with the items. */
#ifndef NODE_RING_H
#define NODE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
    _Alignas(64) _Atomic uint64_t head; /* items put so far */
    uint64_t tail_seen;                 /* the putter's: tail as it last looked */
    _Atomic uint64_t lost;              /* items that found no room */
    _Alignas(64) _Atomic uint64_t tail; /* items taken so far */
    _Alignas(64) uint8_t *items;
    size_t item_bytes;
    uint64_t size; /* items; a power of two */
};

/* NULL: no memory. size is rounded up to a power of two. */
struct ring *ring_new(size_t item_bytes, size_t size);
void ring_free(struct ring *r);
/* The one putter: false when there is no room. */
bool ring_put(struct ring *r, const void *item);
/* The one taker: up to max items, in their order; how many. */
size_t ring_take(struct ring *r, void *out, size_t max);
static inline uint64_t ring_lost(struct ring *r)
{
    return atomic_load_explicit(&r->lost, memory_order_relaxed);
}

#endif
