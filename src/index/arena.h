/* SPDX-License-Identifier: Apache-2.0
 *
 * arena - the memory of the index: lines of 64 bytes (what a processor fetches at once) out of one
 * range of addresses that is reserved at the beginning and never moves. A line is named by its
 * number in 28 bits. Blocks are taken and given by the one writer; readers may look at a block that
 * was given: all of the range can be read, and ARENA_BEYOND lines behind it; what stands there is
 * another matter (boxes.h says how they know).
 *
 * Only index/ includes this. */
#ifndef INDEX_ARENA_H
#define INDEX_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { LINE_BYTES = 64, ARENA_LINE_BITS = 28, ARENA_BEYOND = 1 << 18 };
#define ARENA_LINES_MAX (1U << ARENA_LINE_BITS) /* 16 GiB */

struct arena_hole {
    uint32_t at, lines;
};

struct arena {
    uint8_t *base;  /* of line 0 */
    uint32_t top;   /* lines taken, and holes among them */
    uint32_t open;  /* lines that may be touched */
    uint32_t dirty; /* lines that hold memory of the system's */
    uint32_t hole_lines;
    struct arena_hole *holes; /* by place */
    size_t hole_count, hole_size;
    size_t blocks;
};

/* Line 0 is never given out: 0 names no block. ERR_MEMORY. */
MUST_USE enum err arena_init(struct arena *arena);
void arena_end(struct arena *arena);
/* Room for so many lines more, and for so many blocks. ERR_MEMORY. */
MUST_USE enum err arena_reserve(struct arena *arena, uint64_t lines, uint64_t blocks);
/* What stands in the lines is what stood there before. ERR_MEMORY. */
MUST_USE enum err arena_take(struct arena *arena, uint32_t lines, uint32_t *out);
void arena_give(struct arena *arena, uint32_t at, uint32_t lines);
/* All blocks stand below `top` now, without a hole; lines up to `touched` were written. */
void arena_closed_up(struct arena *arena, uint32_t top, uint32_t touched);
/* Of an arena that is filled from outside: all lines below `top` are of so many blocks. Then, in the
 * order of their places, which of them are holes. ERR_MEMORY. */
MUST_USE enum err arena_refill(struct arena *arena, uint32_t top, size_t blocks);
void arena_add_hole(struct arena *arena, uint32_t at, uint32_t lines);
/* Memory held. */
uint64_t arena_bytes(const struct arena *arena);

static inline void *arena_line(const struct arena *arena, uint32_t at)
{
    return arena->base + (size_t)at * LINE_BYTES;
}

#endif
