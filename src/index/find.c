/* SPDX-License-Identifier: Apache-2.0
 *
 * find - a lookup is a short straight road that waits for memory once, and a long one for all that
 * is seldom. What counts on the short one is how few instructions it has: a processor looks some
 * hundreds ahead, so it begins the next lookups while the first still waits. And that nothing is
 * guessed that only the line can tell, such as whether the IMEI is known: a wrong guess throws away
 * all that was begun meanwhile.
 *
 * FIND_KIND names this build of it. */
#include "index/find.h"

/* ---- the long road: right in all cases (boxes.h, "why a reader is right") ---- */

static uint32_t wide_number(const void *line, uint32_t serial)
{
    const _Atomic uint32_t *cells = line;
    uint32_t found =
        line_match_wide(cells, serial << WIDE_NUMBER_BITS, 0xffffffffu << WIDE_NUMBER_BITS);
    if (!found)
        return NUMBER_NONE;
    uint32_t cell = atomic_load_explicit(&cells[__builtin_ctz(found)], memory_order_acquire);
    uint32_t number = cell & WIDE_RARE;
    return number == WIDE_RARE ? NUMBER_RARE : number;
}

static uint32_t dense_number(const struct boxes *b, uint64_t word, uint32_t serial)
{
    const _Atomic uint8_t *bytes = arena_line(&b->arena, word_place(word));
    unsigned pair = atomic_load_explicit(&bytes[serial / 2], memory_order_acquire);
    unsigned code = pair >> (4 * (serial & 1)) & 15;
    return code ? codes_number(word_codes(b, word), code) : NUMBER_NONE;
}

static uint32_t tight_number(const struct boxes *b, uint64_t word, uint32_t serial)
{
    uint32_t lines = word_lines(word), place = word_place(word);
    const struct codes *codes = word_codes(b, word);
    struct tight t = tight_of(lines, codes_bits(codes), serial);
    const _Atomic uint16_t *cells = arena_line(&b->arena, place + t.line);
    uint32_t found = line_match(cells, t.want, t.mask);
    if (found) {
        unsigned cell = atomic_load_explicit(&cells[__builtin_ctz(found)], memory_order_acquire);
        return codes_number(codes, cell & (uint16_t)~t.mask & 15);
    }
    if (atomic_load_explicit(&cells[LINE_CELLS - 1], memory_order_relaxed) == TIGHT_EMPTY)
        return NUMBER_NONE;
    return wide_number(arena_line(&b->arena, place + lines + t.line / BOX_OVERFLOW_SHARE), serial);
}

static uint32_t box_number(const struct boxes *b, uint64_t word, uint32_t serial)
{
    uint32_t lines = word_lines(word);
    if (lines == BOX_DENSE)
        return dense_number(b, word, serial);
    if (lines < BOX_TIGHT_MIN)
        return wide_number(arena_line(&b->arena, word_place(word) + wide_line(lines, serial)),
                           serial);
    return tight_number(b, word, serial);
}

/* One try. False: something was changed in between. */
static bool try(const struct boxes *b, uint64_t body, uint32_t *out)
{
    uint32_t tac = (uint32_t)(body / SERIALS), number = NUMBER_NONE;
    uint64_t replaced = atomic_load_explicit(&b->replaced, memory_order_acquire);
    uint64_t root = atomic_load_explicit(&b->root, memory_order_acquire), word = 0, rare = 0;
    int64_t at = tac_number(b, root, tac);
    const _Atomic uint64_t *slot = tac_words(b, root) + (at < 0 ? 0 : at);
    atomic_thread_fence(memory_order_acquire);
    if (at >= 0) {
        word = atomic_load_explicit(slot, memory_order_acquire);
        number = box_number(b, word, (uint32_t)(body % SERIALS));
    }
    atomic_thread_fence(memory_order_acquire);
    if (number == NUMBER_RARE) {
        rare = atomic_load_explicit(&b->rare.root, memory_order_acquire);
        number = rare_find(&b->arena, rare, b->rare.seed, body);
        atomic_thread_fence(memory_order_acquire);
    }
    *out = number;
    bool moved =
        root != atomic_load_explicit(&b->root, memory_order_relaxed) ||
        (at >= 0 && word != atomic_load_explicit(slot, memory_order_relaxed)) ||
        (rare && rare != atomic_load_explicit(&b->rare.root, memory_order_relaxed)) ||
        atomic_load_explicit(&b->replaced, memory_order_relaxed) - replaced >= REPLACED_MAX;
    return !moved && number != NUMBER_DEAD;
}

static __attribute__((noinline)) uint32_t find_long(const struct boxes *b, uint64_t body)
{
    uint32_t number;
    while (!try(b, body, &number))
        ;
    return number;
}

/* ---- the short road ---- */

/* A value that the compiler knows nothing of: it makes branches of plain choices. */
static inline uint32_t opaque(uint32_t v)
{
    __asm__("" : "+r"(v));
    return v;
}

static inline uint32_t choose(bool first, uint32_t a, uint32_t b)
{
    return b ^ ((a ^ b) & opaque(0u - (uint32_t)first));
}

/* The word of a TAC; 0 when it is not in its first line of tags. */
static inline uint64_t word_of(const struct boxes *b, uint32_t tac)
{
    uint64_t root = atomic_load_explicit(&b->root, memory_order_acquire);
    size_t first = (size_t)tac_home(b, root, tac) * LINE_WIDE_CELLS;
    uint32_t found = line_match_wide(tac_tags(b, root) + first, tac + 1, UINT32_MAX);
    if (__builtin_expect(!found, 0))
        return 0;
    return atomic_load_explicit(&tac_words(b, root)[first + (unsigned)__builtin_ctz(found)],
                                memory_order_acquire);
}

/* The line that a lookup reads first. */
static inline const void *line_of(const struct boxes *b, uint64_t word, uint32_t serial)
{
    uint32_t lines = word_lines(word);
    uint32_t line = lines == BOX_DENSE ? serial / 2 / LINE_BYTES : wide_line(lines, serial);
    return arena_line(&b->arena, word_place(word) + line);
}

/* NUMBER_RARE: go the long road. */
static inline uint32_t tight_short(const struct boxes *b, uint64_t word, uint32_t serial)
{
    const struct codes *codes = word_codes(b, word);
    struct tight t = tight_of(word_lines(word), codes_bits(codes), serial);
    const _Atomic uint16_t *cells = arena_line(&b->arena, word_place(word) + t.line);
    uint32_t found = line_match(cells, t.want, t.mask);
    unsigned last = atomic_load_explicit(&cells[LINE_CELLS - 1], memory_order_relaxed);
    unsigned at = (unsigned)__builtin_ctz(found | 1U << (LINE_CELLS - 1));
    unsigned cell = atomic_load_explicit(&cells[at], memory_order_acquire);
    unsigned code = choose(found != 0, cell & ~(unsigned)t.mask, CODE_EMPTY);
    return choose((found == 0) & (last != TIGHT_EMPTY), NUMBER_RARE, codes_number(codes, code));
}

static inline uint32_t dense_short(const struct boxes *b, uint64_t word, uint32_t serial)
{
    const _Atomic uint8_t *bytes = arena_line(&b->arena, word_place(word));
    unsigned pair = atomic_load_explicit(&bytes[serial / 2], memory_order_acquire);
    return codes_number(word_codes(b, word), pair >> (4 * (serial & 1)) & 15);
}

static inline uint32_t box_short(const struct boxes *b, uint64_t word, uint32_t serial)
{
    uint32_t lines = word_lines(word);
    if (lines == BOX_DENSE)
        return dense_short(b, word, serial);
    return __builtin_expect(lines < BOX_TIGHT_MIN, 0) ? NUMBER_RARE : tight_short(b, word, serial);
}

static uint32_t find_one(const struct boxes *b, uint64_t body)
{
    uint64_t replaced = atomic_load_explicit(&b->replaced, memory_order_acquire);
    uint64_t word = word_of(b, (uint32_t)(body / SERIALS));
    uint32_t number = box_short(b, word, (uint32_t)(body % SERIALS));
    atomic_thread_fence(memory_order_acquire);
    uint64_t now = atomic_load_explicit(&b->replaced, memory_order_relaxed);
    if (__builtin_expect(opaque((number == NUMBER_RARE) | (now != replaced)), 0))
        return find_long(b, body);
    return number;
}

static void find_many(const struct boxes *b, const struct imei *imeis, size_t n, uint32_t *out)
{
    uint64_t words[FIND_BATCH];
    uint64_t replaced = atomic_load_explicit(&b->replaced, memory_order_acquire);
    for (size_t i = 0; i < n; i++) {
        words[i] = word_of(b, imei_tac(imeis[i]));
        __builtin_prefetch(line_of(b, words[i], (uint32_t)(imeis[i].body % SERIALS)));
    }
    for (size_t i = 0; i < n; i++)
        out[i] = box_short(b, words[i], (uint32_t)(imeis[i].body % SERIALS));
    atomic_thread_fence(memory_order_acquire);
    bool moved = atomic_load_explicit(&b->replaced, memory_order_relaxed) != replaced;
    for (size_t i = 0; i < n; i++)
        if (__builtin_expect(moved | (out[i] == NUMBER_RARE), 0))
            out[i] = find_long(b, imeis[i].body);
}

const struct find_kind FIND_KIND = {find_one, find_many};
