/* SPDX-License-Identifier: Apache-2.0
 *
 * tidy - no holes: every block of the arena moves down to the end of the one before, in the
 * order of their places. Readers go on: a block is copied, then its new place is told, then the
 * next may be written over the old one. One that would overlap itself goes by way of the end of
 * the arena. All of it takes as long as copying the index once, at most twice; it is done when a
 * sixteenth would be gained, so a change pays little for it. */
#include <stdlib.h>

#include "index/build.h"

enum { HOLES_FEW = 1024 }; /* lines that are not worth it */

static uint64_t root_of(const struct boxes *b)
{
    return atomic_load_explicit(&b->root, memory_order_relaxed);
}

static _Atomic uint64_t *slot_of(const struct boxes *b, int64_t owner)
{
    return &tac_words(b, root_of(b))[owner];
}

uint32_t boxes_block_lines(const struct boxes *b, int64_t owner)
{
    if (owner == OWNER_RARE)
        return (uint32_t)rare_lines(atomic_load_explicit(&b->rare.root, memory_order_relaxed));
    if (owner == OWNER_TACS)
        return TACS_LINE * root_lines(root_of(b));
    return box_lines(atomic_load_explicit(slot_of(b, owner), memory_order_relaxed));
}

/* The block is copied there, and its owner says so. */
static void move(struct boxes *b, int64_t owner, uint32_t from, uint32_t to, uint32_t lines)
{
    line_copy(arena_line(&b->arena, to), arena_line(&b->arena, from), lines);
    if (owner == OWNER_RARE)
        rare_moved(&b->rare, to);
    else if (owner == OWNER_TACS)
        atomic_store_explicit(&b->root, root_at(root_of(b), to), memory_order_release);
    else
        box_publish(slot_of(b, owner),
                    (atomic_load_explicit(slot_of(b, owner), memory_order_relaxed) &
                     ~(uint64_t)(ARENA_LINES_MAX - 1)) |
                        to);
    boxes_replaced(b);
}

struct record *boxes_blocks(const struct boxes *b, size_t *out)
{
    uint64_t root = root_of(b), n = (uint64_t)root_lines(root) * LINE_WIDE_CELLS;
    struct record *blocks = malloc((b->tac_count + 2) * sizeof *blocks);
    size_t count = 0;
    if (!blocks)
        return NULL;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t word = atomic_load_explicit(&tac_words(b, root)[i], memory_order_relaxed);
        if (atomic_load_explicit(&tac_tags(b, root)[i], memory_order_relaxed))
            blocks[count++] = (struct record){word_place(word), i};
    }
    uint64_t rare = atomic_load_explicit(&b->rare.root, memory_order_relaxed);
    blocks[count++] = (struct record){rare_place(rare), (uint64_t)OWNER_RARE};
    blocks[count++] = (struct record){root_place(root), (uint64_t)OWNER_TACS};
    sort_records(blocks, count);
    *out = count;
    return blocks;
}

void boxes_tidy(struct boxes *b)
{
    uint32_t end = b->arena.top, to = 1, greatest = 0;
    size_t count = 0;
    if (b->arena.hole_lines < b->arena.top / 16 + HOLES_FEW)
        return;
    struct record *blocks = boxes_blocks(b, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t lines = boxes_block_lines(b, (int64_t)blocks[i].value);
        greatest = lines > greatest ? lines : greatest;
    }
    if (!blocks || arena_reserve(&b->arena, greatest, 0)) {
        free(blocks);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t owner = (int64_t)blocks[i].value;
        uint32_t from = (uint32_t)blocks[i].key, lines = boxes_block_lines(b, owner);
        if (from != to && from - to < lines) {
            move(b, owner, from, end, lines);
            from = end;
        }
        if (from != to)
            move(b, owner, from, to, lines);
        to += lines;
    }
    free(blocks);
    arena_closed_up(&b->arena, to, end + greatest);
}
