/* SPDX-License-Identifier: Apache-2.0
 *
 * rare - IMEIs whose verdict is none that their container names in its few bits: IMEI -> number of
 * the verdict, open addressing with linear probing, 8 bytes a cell. Cells of it are one word, so a
 * reader sees an old or a new one; the table is replaced whole when it grows, and whoever looked
 * into one that was replaced meanwhile looks again (boxes.h).
 *
 * Only index/ includes this. */
#ifndef INDEX_RARE_H
#define INDEX_RARE_H

#include "base/mix.h"
#include "core/imei.h"
#include "index/arena.h"
#include "index/dictionary.h"

/* Cell: body + 1 in 47 bits, number in 17; 0: empty. */
enum { RARE_CELLS = LINE_BYTES / 8, RARE_LINES_BITS = 26, RARE_TURN_BITS = 10 };

struct rare {
    _Atomic uint64_t root; /* place 28, lines 26, turn 10: which table, and the how manieth */
    uint64_t seed;
    uint64_t used, dead; /* cells; of them dead ones */
};

/* ERR_MEMORY. */
MUST_USE enum err rare_init(struct rare *rare, struct arena *arena, uint64_t seed);
/* Room for so many more, in another table if need be: then *out_lines lines at *out_place are to
 * be given to the arena; else *out_lines is 0. ERR_MEMORY. */
MUST_USE enum err rare_reserve(struct rare *rare, struct arena *arena, uint64_t more,
                               uint64_t *out_place, uint64_t *out_lines);
/* The table was copied to another place. */
void rare_moved(struct rare *rare, uint32_t place);
/* After rare_reserve. */
void rare_put(struct rare *rare, const struct arena *arena, uint64_t body, uint32_t number);
void rare_kill(struct rare *rare, const struct arena *arena, uint64_t body);

static inline uint64_t rare_place(uint64_t root)
{
    return root & (ARENA_LINES_MAX - 1);
}

static inline uint64_t rare_lines(uint64_t root)
{
    return root >> ARENA_LINE_BITS & ((1ULL << RARE_LINES_BITS) - 1);
}

static inline uint64_t rare_home(uint64_t root, uint64_t seed, uint64_t body)
{
    return mix_range(mix64(body ^ seed), rare_lines(root) * RARE_CELLS);
}

/* NUMBER_DEAD: it is not there. What stands in a table that is not the current one is anything. */
static inline uint32_t rare_find(const struct arena *arena, uint64_t root, uint64_t seed,
                                 uint64_t body)
{
    uint64_t size = rare_lines(root) * RARE_CELLS, i = rare_home(root, seed, body);
    const _Atomic uint64_t *cells = arena_line(arena, (uint32_t)rare_place(root));
    for (uint64_t n = 0; n < size; n++) {
        uint64_t cell = atomic_load_explicit(&cells[i], memory_order_acquire);
        if (cell >> NUMBER_BITS == body + 1)
            return (uint32_t)(cell & ((1U << NUMBER_BITS) - 1));
        if (!cell)
            break;
        i = i + 1 == size ? 0 : i + 1;
    }
    return NUMBER_DEAD;
}

#endif
