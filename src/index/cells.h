/* SPDX-License-Identifier: Apache-2.0
 *
 * cells - the table under the index: pairs of atomic words, open addressing, linear probing. What
 * the words mean is index.c's. Only index/ includes this. */
#ifndef INDEX_CELLS_H
#define INDEX_CELLS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mix.h"

struct cell {
    _Atomic uint64_t key; /* 0 = empty; once set it names the same thing for ever */
    _Atomic uint64_t value;
};

/* Zero pages from the system, huge ones where it has them: a lookup is one cache miss, and should
 * not be a TLB miss, too. */
struct cells {
    uint64_t size;       /* cells */
    size_t bytes;        /* of the mapping */
    struct cells *older; /* the table this one replaced; readers may still be in it */
    struct cell cell[];
};

/* Cells for `count` keys at most three quarters full. NULL when there is no memory. */
struct cells *cells_new(uint64_t count);
/* With all older ones. NULL-safe. */
void cells_free(struct cells *cells);
/* Of this and all older ones. */
uint64_t cells_bytes(const struct cells *cells);

/* How many keys it may hold. */
static inline uint64_t cells_room(const struct cells *cells)
{
    return cells->size - cells->size / 4;
}

static inline uint64_t cells_next(const struct cells *cells, uint64_t i)
{
    return i + 1 == cells->size ? 0 : i + 1;
}

#endif
