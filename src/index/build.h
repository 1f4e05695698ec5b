/* SPDX-License-Identifier: Apache-2.0
 *
 * build - boxes made anew: in the form and with the codes that fit what they hold. All of it
 * belongs to the one writer. Only index/ includes this. */
#ifndef INDEX_BUILD_H
#define INDEX_BUILD_H

#include "index/boxes.h"
#include "index/sort.h"

enum {
    NO_CODE = -1,
    KEPT_BITS = 20,
    STRANGERS_MAX = (1 << (32 - KEPT_BITS)) - 1,
    SPREAD_INVERSE = 7697, /* SPREAD * SPREAD_INVERSE = 1 modulo a million */
};

/* What the writer keeps of each TAC, behind tags and words: IMEIs in KEPT_BITS bits, above them
 * how many became rare since the box was made for want of a code. */
static inline uint32_t *tac_kept(const struct boxes *b, uint64_t root)
{
    return arena_line(&b->arena, root_place(root) + 3 * root_lines(root));
}

static inline uint32_t kept_count(uint32_t kept)
{
    return kept & ((1U << KEPT_BITS) - 1);
}

/* The one serial number that falls there: of the places of a step one is a multiple of lines. Of a
 * step that no serial number has it is another. */
static inline uint32_t tight_serial(uint32_t lines, uint32_t line, uint32_t within)
{
    uint32_t steps = tight_steps(lines);
    uint64_t at = (uint64_t)line * SERIALS + ((uint64_t)within * SERIALS + steps - 1) / steps;
    return (uint32_t)((at + lines - 1) / lines * SPREAD_INVERSE % SERIALS);
}

/* The code by which a box names a verdict; NO_CODE: by none. */
int codes_find(const struct codes *codes, uint32_t number);
/* The code that says: look in rare. */
static inline unsigned codes_rare(const struct codes *codes)
{
    unsigned bits = codes_bits(codes);
    return bits ? (1U << bits) - 1 : 15;
}

/* A table of codes of so many bits (0: of a dense box) for n IMEIs, times[NUMBER] of which have
 * each verdict: the verdicts that most have, then the commonest of all; in the order of their
 * numbers, so that few tables do. */
struct codes codes_for(unsigned bits, const uint32_t times[256], uint64_t n);
/* How many of these IMEIs have verdicts that the codes do not name. */
uint64_t codes_strangers(const struct codes *codes, const uint32_t times[256], uint64_t n);
/* The number of such a table; when there is room for no more, of the best that stands. */
uint32_t codes_table(struct boxes *b, const struct codes *codes, const uint32_t times[256],
                     uint64_t n);

/* Calls fn with every IMEI of the TAC: serial number and number of its verdict; rare: which rare
 * has. */
void box_walk(const struct boxes *b, uint32_t tac, uint64_t word,
              bool (*fn)(void *ctx, uint32_t serial, uint32_t number, bool rare), void *ctx);
/* The box of a TAC anew, with one IMEI more unless number is NUMBER_DEAD; its first one when its
 * word is 0. at: the number of its tag. ERR_MEMORY leaves what was. */
MUST_USE enum err box_rebuild(struct boxes *b, uint64_t at, uint32_t tac, uint32_t serial,
                              uint32_t number);
/* Is a box with so many IMEIs so full that it should be made anew? */
bool box_is_full(uint64_t word, uint32_t count);
/* Lines of all of a box. */
uint32_t box_lines(uint64_t word);
/* Stores where a box stands now, by the next turn. */
void box_publish(_Atomic uint64_t *slot, uint64_t word);
/* All blocks of the arena, ascending: place, and whose it is: a box by the number of its TAC's
 * word, or a table. The caller frees it. NULL: no memory. */
enum { OWNER_RARE = -1, OWNER_TACS = -2 };
struct record *boxes_blocks(const struct boxes *b, size_t *out);
uint32_t boxes_block_lines(const struct boxes *b, int64_t owner);
/* Moves all blocks together when holes are much of the arena: tidy.c. */
void boxes_tidy(struct boxes *b);
/* Counts a block that was replaced, before it is given away. */
void boxes_replaced(struct boxes *b);
/* Stores an IMEI in rare. ERR_MEMORY. */
MUST_USE enum err boxes_put_rare(struct boxes *b, uint64_t body, uint32_t number);

#endif
