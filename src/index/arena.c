/* SPDX-License-Identifier: Apache-2.0
 *
 * arena - best fit among holes that are kept by place and join with their neighbours. There are at
 * most a few thousand, so a list that is walked does. */
#include "index/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    HUGE_PAGE = 2 << 20,
    STEP = 4 * HUGE_PAGE / LINE_BYTES,  /* lines that are opened at once */
    LOOSE = 4 * HUGE_PAGE / LINE_BYTES, /* lines above the top that are kept for the next */
};
#define RANGE (((size_t)ARENA_LINES_MAX + ARENA_BEYOND) * LINE_BYTES)

enum err arena_init(struct arena *arena)
{
    *arena = (struct arena){.top = 1};
    size_t bytes = RANGE + HUGE_PAGE;
    uint8_t *p = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return ERR_MEMORY;
    size_t before = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
    if (before)
        munmap(p, before);
    munmap(p + before + RANGE, HUGE_PAGE - before);
    arena->base = p + before;
    return arena_reserve(arena, 1, 1);
}

void arena_end(struct arena *arena)
{
    if (arena->base)
        munmap(arena->base, RANGE);
    free(arena->holes);
    *arena = (struct arena){0};
}

/* A hole more than blocks, so that giving one cannot fail. */
static enum err room_for_holes(struct arena *arena, uint64_t blocks)
{
    size_t want = arena->blocks + blocks + 1;
    if (want <= arena->hole_size)
        return ERR_OK;
    size_t size = want + want / 2 + 64;
    struct arena_hole *holes = realloc(arena->holes, size * sizeof *holes);
    if (!holes)
        return ERR_MEMORY;
    arena->holes = holes;
    arena->hole_size = size;
    return ERR_OK;
}

enum err arena_reserve(struct arena *arena, uint64_t lines, uint64_t blocks)
{
    uint64_t want = arena->top + lines;
    if (room_for_holes(arena, blocks))
        return ERR_MEMORY;
    if (want <= arena->open)
        return ERR_OK;
    want = (want + STEP - 1) / STEP * STEP;
    if (want > ARENA_LINES_MAX)
        return ERR_MEMORY;
    uint8_t *from = arena_line(arena, arena->open);
    size_t bytes = (want - arena->open) * LINE_BYTES;
    if (mprotect(from, bytes, PROT_READ | PROT_WRITE) != 0)
        return ERR_MEMORY;
    madvise(from, bytes, MADV_HUGEPAGE); /* a wish: small pages do, too */
    arena->open = (uint32_t)want;
    return ERR_OK;
}

static void drop_hole(struct arena *arena, size_t i)
{
    arena->hole_count--;
    memmove(&arena->holes[i], &arena->holes[i + 1], (arena->hole_count - i) * sizeof *arena->holes);
}

static bool take_hole(struct arena *arena, uint32_t lines, uint32_t *out)
{
    size_t best = arena->hole_count;
    if (arena->hole_lines < lines)
        return false;
    for (size_t i = 0; i < arena->hole_count; i++) {
        uint32_t n = arena->holes[i].lines;
        if (n >= lines && (best == arena->hole_count || n < arena->holes[best].lines))
            best = i;
    }
    if (best == arena->hole_count)
        return false;
    struct arena_hole *hole = &arena->holes[best];
    *out = hole->at;
    hole->at += lines;
    hole->lines -= lines;
    if (!hole->lines)
        drop_hole(arena, best);
    arena->hole_lines -= lines;
    return true;
}

enum err arena_take(struct arena *arena, uint32_t lines, uint32_t *out)
{
    if (room_for_holes(arena, 1))
        return ERR_MEMORY;
    if (!take_hole(arena, lines, out)) {
        enum err err = arena_reserve(arena, lines, 1);
        if (err)
            return err;
        *out = arena->top;
        arena->top += lines;
        if (arena->dirty < arena->top)
            arena->dirty = arena->top;
    }
    arena->blocks++;
    return ERR_OK;
}

/* Gives memory above the top back to the system, when it is much. */
static void let_go(struct arena *arena)
{
    uint32_t keep = (arena->top + STEP - 1) / STEP * STEP;
    if (arena->dirty <= keep + LOOSE)
        return;
    madvise(arena_line(arena, keep), (size_t)(arena->dirty - keep) * LINE_BYTES, MADV_DONTNEED);
    arena->dirty = keep;
}

void arena_give(struct arena *arena, uint32_t at, uint32_t lines)
{
    size_t low = 0, high = arena->hole_count;
    struct arena_hole *holes = arena->holes;
    arena->blocks--;
    arena->hole_lines += lines;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (holes[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    bool behind = low > 0 && holes[low - 1].at + holes[low - 1].lines == at;
    bool before = low < arena->hole_count && at + lines == holes[low].at;
    if (behind && before) {
        holes[low - 1].lines += lines + holes[low].lines;
        drop_hole(arena, low);
    } else if (behind) {
        holes[low - 1].lines += lines;
    } else if (before) {
        holes[low].at = at;
        holes[low].lines += lines;
    } else {
        memmove(&holes[low + 1], &holes[low], (arena->hole_count - low) * sizeof *holes);
        holes[low] = (struct arena_hole){at, lines};
        arena->hole_count++;
    }
    struct arena_hole *last = &holes[arena->hole_count - 1];
    if (last->at + last->lines == arena->top) {
        arena->top = last->at;
        arena->hole_lines -= last->lines;
        arena->hole_count--;
        let_go(arena);
    }
}

void arena_closed_up(struct arena *arena, uint32_t top, uint32_t touched)
{
    if (arena->dirty < touched)
        arena->dirty = touched;
    arena->top = top;
    arena->hole_count = 0;
    arena->hole_lines = 0;
    let_go(arena);
}

enum err arena_refill(struct arena *arena, uint32_t top, size_t blocks)
{
    enum err err = arena_reserve(arena, top, blocks);
    if (err)
        return err;
    arena_closed_up(arena, top, top);
    arena->blocks = blocks;
    return ERR_OK;
}

/* There are fewer of them than blocks: room_for_holes. */
void arena_add_hole(struct arena *arena, uint32_t at, uint32_t lines)
{
    assert(arena->hole_count < arena->hole_size);
    arena->holes[arena->hole_count++] = (struct arena_hole){at, lines};
    arena->hole_lines += lines;
}

uint64_t arena_bytes(const struct arena *arena)
{
    return (uint64_t)arena->dirty * LINE_BYTES + arena->hole_size * sizeof *arena->holes;
}
