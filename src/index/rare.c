/* SPDX-License-Identifier: Apache-2.0 */
#include "index/rare.h"

#include "index/line.h"

enum { FIRST_LINES = 16 };

static uint64_t root_of(uint32_t place, uint64_t lines, uint64_t turn)
{
    return place | lines << ARENA_LINE_BITS | turn << (ARENA_LINE_BITS + RARE_LINES_BITS);
}

static _Atomic uint64_t *cells_of(const struct arena *arena, uint64_t root)
{
    return arena_line(arena, (uint32_t)rare_place(root));
}

static enum err take_table(struct arena *arena, uint64_t lines, uint32_t *out)
{
    enum err err = lines >> RARE_LINES_BITS ? ERR_MEMORY : arena_take(arena, (uint32_t)lines, out);
    if (!err)
        line_fill(arena_line(arena, *out), lines, 0);
    return err;
}

enum err rare_init(struct rare *rare, struct arena *arena, uint64_t seed)
{
    uint32_t place;
    enum err err = take_table(arena, FIRST_LINES, &place);
    if (err)
        return err;
    rare->seed = seed;
    rare->used = rare->dead = 0;
    atomic_init(&rare->root, root_of(place, FIRST_LINES, 0));
    return ERR_OK;
}

/* The cell of this IMEI, or the empty one where it belongs. */
static uint64_t cell_of(const _Atomic uint64_t *cells, uint64_t root, uint64_t seed, uint64_t body)
{
    uint64_t size = rare_lines(root) * RARE_CELLS, i = rare_home(root, seed, body);
    for (;; i = i + 1 == size ? 0 : i + 1) {
        uint64_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        if (!cell || cell >> NUMBER_BITS == body + 1)
            return i;
    }
}

/* Three quarters full when it is made, seven eighths when it is replaced: whoever looks finds
 * what he looks for. */
enum err rare_reserve(struct rare *rare, struct arena *arena, uint64_t more, uint64_t *out_place,
                      uint64_t *out_lines)
{
    uint64_t old = atomic_load_explicit(&rare->root, memory_order_relaxed);
    uint64_t size = rare_lines(old) * RARE_CELLS;
    *out_lines = 0;
    if (rare->used + more <= size - size / 8)
        return ERR_OK;
    uint64_t lines = (rare->used - rare->dead + more) * 4 / 3 / RARE_CELLS + FIRST_LINES;
    uint32_t place;
    enum err err = take_table(arena, lines, &place);
    if (err)
        return err;
    uint64_t turn = (old >> (ARENA_LINE_BITS + RARE_LINES_BITS)) + 1;
    uint64_t root = root_of(place, lines, turn % (1U << RARE_TURN_BITS));
    const _Atomic uint64_t *from = cells_of(arena, old);
    _Atomic uint64_t *to = cells_of(arena, root);
    for (uint64_t i = 0; i < size; i++) {
        uint64_t cell = atomic_load_explicit(&from[i], memory_order_relaxed);
        if (!cell || (cell & ((1U << NUMBER_BITS) - 1)) == NUMBER_DEAD)
            continue;
        uint64_t at = cell_of(to, root, rare->seed, (cell >> NUMBER_BITS) - 1);
        atomic_store_explicit(&to[at], cell, memory_order_relaxed);
    }
    rare->used -= rare->dead;
    rare->dead = 0;
    atomic_store_explicit(&rare->root, root, memory_order_release);
    *out_place = rare_place(old);
    *out_lines = rare_lines(old);
    return ERR_OK;
}

void rare_moved(struct rare *rare, uint32_t place)
{
    uint64_t old = atomic_load_explicit(&rare->root, memory_order_relaxed);
    uint64_t turn = (old >> (ARENA_LINE_BITS + RARE_LINES_BITS)) + 1;
    uint64_t root = root_of(place, rare_lines(old), turn % (1U << RARE_TURN_BITS));
    atomic_store_explicit(&rare->root, root, memory_order_release);
}

void rare_put(struct rare *rare, const struct arena *arena, uint64_t body, uint32_t number)
{
    uint64_t root = atomic_load_explicit(&rare->root, memory_order_relaxed);
    _Atomic uint64_t *cells = cells_of(arena, root);
    uint64_t at = cell_of(cells, root, rare->seed, body);
    uint64_t before = atomic_load_explicit(&cells[at], memory_order_relaxed);
    bool was_dead = before && (before & ((1U << NUMBER_BITS) - 1)) == NUMBER_DEAD;
    atomic_store_explicit(&cells[at], (body + 1) << NUMBER_BITS | number, memory_order_release);
    rare->used += !before;
    rare->dead -= was_dead;
    rare->dead += number == NUMBER_DEAD;
}

void rare_kill(struct rare *rare, const struct arena *arena, uint64_t body)
{
    if (rare_find(arena, atomic_load_explicit(&rare->root, memory_order_relaxed), rare->seed,
                  body) != NUMBER_DEAD)
        rare_put(rare, arena, body, NUMBER_DEAD);
}
