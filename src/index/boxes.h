/* SPDX-License-Identifier: Apache-2.0
 *
 * boxes - IMEI -> number of its verdict. A table of TACs leads to a box for each; a box holds the
 * serial numbers that are known of its TAC, in the form that is smallest for so many:
 *
 *   wide    1 to 31 lines of 16 cells of 32 bits: serial 20, number 12
 *   tight   32 lines or more of 32 cells of 16 bits, and for each 16 of them an overflow line of
 *           wide cells
 *   dense   a nibble for each of the million serial numbers
 *
 * In a box a serial number falls to one of a million places in no order of theirs (spread()); which
 * part of them that is in is its line, where in that part is what its cell keeps in a tight box,
 * beside a code of 1 to 4 bits. What a code says stands in one of a few tables of codes; the
 * greatest says "look in rare". So a lookup reads one line of one box.
 *
 * The table of TACs is lines of 16 tags (TAC + 1; 0: nobody's) and behind them, in the same order,
 * a word for each: where the box is, how many lines, which table of codes, and the turn, which
 * counts the boxes that this TAC has had.
 *
 * Why a reader is right without a lock
 *  1. Within a box, changes are single stores: a cell is empty or whole, and stays where it is. It
 *     is stored (release) after what it refers to: a verdict's number after the verdict, "look in
 *     rare" after rare has it. Tables of codes are never changed.
 *  2. A box that grows, moves or gets other codes is made anew beside; then the TAC's word is
 *     stored (release). Who loads it (acquire) sees the whole box. The same holds of the table of
 *     TACs and of rare, and their roots.
 *  3. A block that was replaced may be written again at once: `replaced` was counted up before
 *     that, with a fence (release). A reader loads `replaced` first, looks, and after a fence
 *     (acquire) loads it again: if it read anything of a block's next writer, the fences make it
 *     see the new count. The same count: nothing was replaced, what was read stood there.
 *  4. Another count: it looks again, now comparing the words that it went through. These have
 *     turns, so that the same word comes back only after 2^9 replacements (a root of TACs never: a
 *     table is twice the one before, and moves only down); a count that moved by 2^8 or more is a
 *     reason to begin anew.
 *  5. Until it has compared, it may follow what stands in a block that was given away: such
 *     addresses lie in the arena or just behind, where all can be read, and loops end after the
 *     size of what they search.
 *  6. An IMEI whose code says "look in rare" and that rare does not have was changed in between:
 *     the reader begins anew.
 *  Readers do not wait for each other or the writer; one that begins anew does so because the
 *  writer has finished something.
 *
 * Only index/ includes this. find.c has the readers' side, boxes.c and build.c the writer's. */
#ifndef INDEX_BOXES_H
#define INDEX_BOXES_H

#include "index/arena.h"
#include "index/line.h"
#include "index/rare.h"

enum {
    SERIALS = 1000000,
    BOX_LINES_BITS = 17,
    BOX_CODES_BITS = 10, /* which table of codes */
    BOX_TURN_BITS = 9,
    BOX_CODES_AT = ARENA_LINE_BITS + BOX_LINES_BITS,
    BOX_TURN_AT = BOX_CODES_AT + BOX_CODES_BITS,
    BOX_TIGHT_MIN = 32,                    /* lines; fewer are a wide box */
    BOX_DENSE = (1 << BOX_LINES_BITS) - 1, /* lines of a word that names a dense box */
    BOX_DENSE_LINES = (SERIALS / 2 + LINE_BYTES - 1) / LINE_BYTES,
    BOX_OVERFLOW_SHARE = 16, /* lines of a tight box that share an overflow line */
    CODE_BITS_MAX = 4,
    CODE_TABLES = 1 << BOX_CODES_BITS,
    CODES_BEYOND = 4, /* tables behind the last, where a look at what was given away may end */
    CODE_EMPTY = 16,  /* of a place where nothing was found: behind all codes */
    WIDE_NUMBER_BITS = 12,
    WIDE_RARE = (1 << WIDE_NUMBER_BITS) - 1, /* look in rare */
    SPREAD = 618033, /* a million times the golden ratio: neighbours lie far apart, evenly */
    REPLACED_MAX = 1 << 8,
};
#define TIGHT_EMPTY 0xffffu
#define WIDE_EMPTY  0xffffffffu

/* What the codes of a box say: numbers below 254, NUMBER_RARE, and NUMBER_NONE at CODE_EMPTY. A
 * dense box has the codes 1 to 15 (0: nobody's). */
struct codes {
    _Atomic uint8_t number[31];
    _Atomic uint8_t bits; /* of a code in a tight box; 0: dense */
};

/* Of a word that a block gave that is not this TAC's any more it is anything. */
static inline unsigned codes_number(const struct codes *codes, unsigned code)
{
    return atomic_load_explicit(&codes->number[code], memory_order_relaxed);
}

static inline unsigned codes_bits(const struct codes *codes)
{
    return atomic_load_explicit(&codes->bits, memory_order_relaxed) & 7u;
}

struct boxes {
    _Alignas(LINE_BYTES) struct arena arena;
    struct dictionary dictionary;
    struct codes *codes; /* CODE_TABLES */
    /* the table of TACs: 64 - log2 of its lines of tags 6, their place 28, that of the words 28 */
    _Atomic uint64_t root;
    uint64_t tac_seed; /* odd */
    _Alignas(LINE_BYTES) _Atomic uint64_t replaced;
    struct rare rare;
    _Atomic uint64_t count; /* IMEIs */
    uint32_t codes_count, tac_count;
    uint64_t *entries; /* of a box that is made anew, SERIALS of them: build.c */
};

/* ---- places ---- */

enum {
    ROOT_PLACE_AT = 6,
    ROOT_WORDS_AT = ROOT_PLACE_AT + ARENA_LINE_BITS,
    TACS_LINE =
        4, /* lines of the table for one line of tags: these, words, what the writer keeps */
};

static inline uint32_t root_place(uint64_t root)
{
    return root >> ROOT_PLACE_AT & (ARENA_LINES_MAX - 1);
}

/* The same table at another place. */
static inline uint64_t root_at(uint64_t root, uint32_t place)
{
    uint64_t words = place + (1ULL << (64 - root % 64));
    return root % 64 | (uint64_t)place << ROOT_PLACE_AT | words << ROOT_WORDS_AT;
}

static inline uint32_t root_lines(uint64_t root)
{
    return (uint32_t)(1ULL << (64 - root % 64));
}

static inline _Atomic uint32_t *tac_tags(const struct boxes *b, uint64_t root)
{
    return arena_line(&b->arena, root_place(root));
}

static inline _Atomic uint64_t *tac_words(const struct boxes *b, uint64_t root)
{
    return arena_line(&b->arena, (uint32_t)(root >> ROOT_WORDS_AT));
}

/* The line of tags where a TAC is looked for first. */
static inline uint32_t tac_home(const struct boxes *b, uint64_t root, uint32_t tac)
{
    return (uint32_t)((tac + 1) * b->tac_seed >> root % 64);
}

static inline uint32_t word_place(uint64_t word)
{
    return word & (ARENA_LINES_MAX - 1);
}

static inline uint32_t word_lines(uint64_t word)
{
    return word >> ARENA_LINE_BITS & BOX_DENSE;
}

static inline const struct codes *word_codes(const struct boxes *b, uint64_t word)
{
    return &b->codes[word >> BOX_CODES_AT & (CODE_TABLES - 1)];
}

/* The place of a serial number among SERIALS, as a part of 2^64: SPREAD / SERIALS times it,
 * without the whole. SPREAD has no divisor in common with a million, so places are a million parts
 * apart, each once; rounding adds less than SERIALS of 2^64, which no product with lines makes a
 * part of a place. */
static inline uint64_t spread(uint32_t serial)
{
    return serial * (uint64_t)(((unsigned __int128)SPREAD << 64) / SERIALS + 1);
}

static inline uint32_t wide_line(uint32_t lines, uint32_t serial)
{
    return (uint32_t)((unsigned __int128)spread(serial) * lines >> 64);
}

/* Bits of a code in a tight box of so many lines: what is left of a cell. */
static inline unsigned tight_bits(uint32_t lines)
{
    unsigned k = 31u - (unsigned)__builtin_clz(lines);
    return k < 4 + CODE_BITS_MAX ? k - 4 : CODE_BITS_MAX;
}

/* Where a serial number belongs in a tight box. */
struct tight {
    uint32_t line;
    uint16_t want; /* its cell, without the code */
    uint16_t mask;
};

/* Into how many steps the places of a line are cut: two serial numbers of a line are at least
 * lines places apart, so no two share a step. The greatest step is smaller than what its bits
 * could hold: no cell looks empty. */
static inline uint32_t tight_steps(uint32_t lines)
{
    return ((uint32_t)SERIALS >> (31 - __builtin_clz(lines))) + 1;
}

static inline struct tight tight_of(uint32_t lines, unsigned bits, uint32_t serial)
{
    unsigned __int128 at = (unsigned __int128)spread(serial) * lines;
    uint64_t within = (uint64_t)((unsigned __int128)(uint64_t)at * tight_steps(lines) >> 64);
    return (struct tight){(uint32_t)(at >> 64), (uint16_t)(within << bits),
                          (uint16_t)(0xffffu << bits)};
}

/* The number of a TAC's tag and word, or -1. */
static inline int64_t tac_number(const struct boxes *b, uint64_t root, uint32_t tac)
{
    const _Atomic uint32_t *tags = tac_tags(b, root);
    uint32_t line = tac_home(b, root, tac), lines = root_lines(root);
    for (uint32_t n = 0; n < lines; n++, line = (line + 1) & (lines - 1)) {
        const _Atomic uint32_t *here = tags + (size_t)line * LINE_WIDE_CELLS;
        uint32_t found = line_match_wide(here, tac + 1, UINT32_MAX);
        if (found)
            return (int64_t)line * LINE_WIDE_CELLS + __builtin_ctz(found);
        if (!atomic_load_explicit(&here[LINE_WIDE_CELLS - 1], memory_order_relaxed))
            break; /* not full: it would stand here */
    }
    return -1;
}

/* ---- the writer ---- */

/* ERR_MEMORY. */
MUST_USE enum err boxes_init(struct boxes *b);
void boxes_end(struct boxes *b);
/* So that as many boxes_put do not fail. ERR_MEMORY. */
MUST_USE enum err boxes_reserve(struct boxes *b, uint64_t imeis);
/* ERR_MEMORY leaves what was said of the IMEI. */
MUST_USE enum err boxes_put(struct boxes *b, uint64_t body, uint32_t number);
/* Of every IMEI, in no order. fn returns false to stop. */
void boxes_iterate(const struct boxes *b, bool (*fn)(void *ctx, uint64_t body, uint32_t number),
                   void *ctx);
uint64_t boxes_bytes(const struct boxes *b);

#endif
