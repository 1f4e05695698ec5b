/* SPDX-License-Identifier: Apache-2.0
 *
 * pool - each piece has a head of 16 bytes that says its class, so that what follows is aligned as malloc's. */
#include "n5geir/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pool_free {
    struct pool_free *next;
};

struct pool_slab {
    struct pool_slab *next;
    max_align_t align[];
};

struct head {
    size_t size;    /* bytes after it */
    size_t classed; /* 0: malloc's; else its class + 1 */
};

/* In a list of its own, so that it can be found when all goes back. */
struct pool_large {
    struct pool_large *next, *before;
    struct head head;
};

enum { HEAD = sizeof(struct head), SLAB_LEAST = 4096, SLAB_MOST = 32768 };
_Static_assert(HEAD % _Alignof(max_align_t) == 0, "pieces are aligned");
_Static_assert(sizeof(struct pool_large) % _Alignof(max_align_t) == 0, "large ones, too");

/* Slabs double: an idle connection has a small one, a busy one few. */
static bool more(struct pool *pool)
{
    size_t size = SLAB_LEAST;
    for (const struct pool_slab *slab = pool->slabs; slab && size < SLAB_MOST; slab = slab->next)
        size *= 2;
    struct pool_slab *slab = malloc(sizeof *slab + size);
    if (!slab)
        return false;
    slab->next = pool->slabs;
    pool->slabs = slab;
    pool->at = (uint8_t *)slab->align;
    pool->left = size;
    return true;
}

static void *take_large(struct pool *pool, size_t n)
{
    struct pool_large *large = n < SIZE_MAX / 2 ? malloc(sizeof *large + n) : NULL;
    if (!large)
        return NULL;
    *large = (struct pool_large){.next = pool->large, .head = {n, 0}};
    if (pool->large)
        pool->large->before = large;
    pool->large = large;
    return large + 1;
}

static void give_large(struct pool *pool, void *p)
{
    struct pool_large *large = (struct pool_large *)p - 1;
    if (large->next)
        large->next->before = large->before;
    if (large->before)
        large->before->next = large->next;
    else
        pool->large = large->next;
    free(large);
}

static void *cut(struct pool *pool, size_t class)
{
    size_t size = (class + 1) * POOL_STEP;
    if (pool->left < size && !more(pool))
        return NULL;
    struct head *head = (struct head *)(void *)pool->at;
    pool->at += size;
    pool->left -= size;
    *head = (struct head){size - HEAD, class + 1};
    return head + 1;
}

void *pool_take(struct pool *pool, size_t n)
{
    size_t class = (n + HEAD - 1) / POOL_STEP;
    bool large = n > POOL_STEP * POOL_CLASSES - HEAD;
    struct pool_free *piece = large ? NULL : pool->free[class];
    if (piece) {
        pool->free[class] = piece->next;
        return piece;
    }
    void *p = large ? take_large(pool, n) : cut(pool, class);
    pool->refused = pool->refused || !p;
    return p;
}

void pool_give(struct pool *pool, void *p)
{
    if (!p)
        return;
    const struct head *head = (const struct head *)p - 1;
    if (!head->classed) {
        give_large(pool, p);
        return;
    }
    struct pool_free *piece = p;
    piece->next = pool->free[head->classed - 1];
    pool->free[head->classed - 1] = piece;
}

void *pool_resize(struct pool *pool, void *p, size_t n)
{
    if (!p)
        return pool_take(pool, n);
    const struct head *head = (const struct head *)p - 1;
    if (n <= head->size)
        return p;
    void *larger = pool_take(pool, n);
    if (!larger)
        return NULL;
    memcpy(larger, p, head->size);
    pool_give(pool, p);
    return larger;
}

void pool_release(struct pool *pool)
{
    while (pool->large)
        give_large(pool, pool->large + 1);
    while (pool->slabs) {
        struct pool_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        free(slab);
    }
    *pool = (struct pool){0};
}
