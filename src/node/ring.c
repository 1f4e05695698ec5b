/* SPDX-License-Identifier: Apache-2.0 */
#include "node/ring.h"

#include <stdlib.h>
#include <string.h>

struct ring *ring_new(size_t item_bytes, size_t size)
{
    struct ring *r = aligned_alloc(64, sizeof *r);
    size_t n = 1;
    while (n < size)
        n *= 2;
    if (!r)
        return NULL;
    memset(r, 0, sizeof *r);
    r->item_bytes = item_bytes;
    r->size = n;
    r->items = calloc(n, item_bytes);
    if (!r->items) {
        free(r);
        return NULL;
    }
    return r;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    free(r->items);
    free(r);
}

static uint8_t *item_at(struct ring *r, uint64_t i)
{
    return r->items + (i & (r->size - 1)) * r->item_bytes;
}

bool ring_put(struct ring *r, const void *item)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (head - r->tail_seen == r->size)
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
    if (head - r->tail_seen == r->size) {
        uint64_t lost = atomic_load_explicit(&r->lost, memory_order_relaxed);
        atomic_store_explicit(&r->lost, lost + 1, memory_order_relaxed);
        return false;
    }
    memcpy(item_at(r, head), item, r->item_bytes);
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
    return true;
}

size_t ring_take(struct ring *r, void *out, size_t max)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    size_t n = head - tail < max ? (size_t)(head - tail) : max;
    for (size_t i = 0; i < n; i++)
        memcpy((uint8_t *)out + i * r->item_bytes, item_at(r, tail + i), r->item_bytes);
    atomic_store_explicit(&r->tail, tail + n, memory_order_release);
    return n;
}
