/* SPDX-License-Identifier: Apache-2.0
 *
 * build - a box is gathered into a list, laid out beside, and put in the place of the old one. */
#include "index/build.h"

#include <string.h>
#include <sys/mman.h>

enum {
    WIDE_EACH = 11,         /* IMEIs a line of a wide box when it is made */
    WIDE_MAX = 350,         /* IMEIs of a wide box */
    TIGHT_EACH10 = 240,     /* tenths of an IMEI a line of a tight box when it is made */
    TIGHT_FULL10 = 256,     /* ... when it is made anew */
    SCRATCH_KEPT = 1 << 16, /* entries whose memory is kept for the next */
    RARE_EACH = 12,         /* bytes of an IMEI in rare */
};

/* An entry: serial 20, rare 1, number 17. */
static uint64_t entry_of(uint32_t serial, uint32_t number, bool rare)
{
    return (uint64_t)serial << (NUMBER_BITS + 1) | (uint64_t)rare << NUMBER_BITS | number;
}

static uint32_t entry_serial(uint64_t entry)
{
    return (uint32_t)(entry >> (NUMBER_BITS + 1));
}

static uint32_t entry_number(uint64_t entry)
{
    return entry & ((1U << NUMBER_BITS) - 1);
}

static bool entry_rare(uint64_t entry)
{
    return entry >> NUMBER_BITS & 1;
}

/* ---- what a box holds ---- */

struct walk {
    const struct boxes *b;
    uint32_t tac;
    bool (*fn)(void *ctx, uint32_t serial, uint32_t number, bool rare);
    void *ctx;
};

static bool tell(const struct walk *w, uint32_t serial, uint32_t number, bool rare)
{
    if (rare) {
        uint64_t root = atomic_load_explicit(&w->b->rare.root, memory_order_relaxed);
        number =
            rare_find(&w->b->arena, root, w->b->rare.seed, (uint64_t)w->tac * SERIALS + serial);
        if (number == NUMBER_DEAD) /* only of a file that has it twice: the other one counts */
            return true;
    }
    return w->fn(w->ctx, serial, number, rare);
}

static bool walk_wide(const struct walk *w, const _Atomic uint32_t *cells)
{
    for (unsigned i = 0; i < LINE_WIDE_CELLS; i++) {
        uint32_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        uint32_t number = cell & WIDE_RARE;
        if (cell != WIDE_EMPTY && !tell(w, cell >> WIDE_NUMBER_BITS, number, number == WIDE_RARE))
            return false;
    }
    return true;
}

static bool walk_dense(const struct walk *w, const _Atomic uint8_t *bytes,
                       const struct codes *codes)
{
    for (uint32_t serial = 0; serial < SERIALS; serial++) {
        unsigned pair = atomic_load_explicit(&bytes[serial / 2], memory_order_relaxed);
        unsigned code = pair >> (4 * (serial & 1)) & 15;
        if (code && !tell(w, serial, codes_number(codes, code), code == codes_rare(codes)))
            return false;
    }
    return true;
}

static bool walk_tight_line(const struct walk *w, uint32_t lines, uint32_t line,
                            const struct codes *codes, const _Atomic uint16_t *cells)
{
    for (unsigned i = 0; i < LINE_CELLS; i++) {
        uint16_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        unsigned code = cell & ((1U << codes_bits(codes)) - 1);
        if (cell != TIGHT_EMPTY && !tell(w, tight_serial(lines, line, cell >> codes_bits(codes)),
                                         codes_number(codes, code), code == codes_rare(codes)))
            return false;
    }
    return true;
}

static uint32_t overflow_lines(uint32_t lines)
{
    return (lines + BOX_OVERFLOW_SHARE - 1) / BOX_OVERFLOW_SHARE;
}

/* All of a box. */
uint32_t box_lines(uint64_t word)
{
    uint32_t lines = word_lines(word);
    if (lines == BOX_DENSE)
        return BOX_DENSE_LINES;
    return lines < BOX_TIGHT_MIN ? lines : lines + overflow_lines(lines);
}

void box_walk(const struct boxes *b, uint32_t tac, uint64_t word,
              bool (*fn)(void *ctx, uint32_t serial, uint32_t number, bool rare), void *ctx)
{
    struct walk w = {b, tac, fn, ctx};
    const struct codes *codes = word_codes(b, word);
    uint32_t lines = word_lines(word), place = word_place(word);
    uint32_t tight = lines < BOX_TIGHT_MIN ? 0 : lines;
    if (lines == BOX_DENSE) {
        walk_dense(&w, arena_line(&b->arena, place), codes);
        return;
    }
    for (uint32_t i = 0; i < tight; i++)
        if (!walk_tight_line(&w, lines, i, codes, arena_line(&b->arena, place + i)))
            return;
    for (uint32_t i = tight; i < box_lines(word); i++)
        if (!walk_wide(&w, arena_line(&b->arena, place + i)))
            return;
}

/* ---- a box anew ---- */

struct making {
    struct boxes *b;
    uint32_t tac;
    uint64_t n;     /* entries */
    uint32_t lines; /* as a word says them */
    uint32_t place;
    const struct codes *codes;
    uint32_t times[256]; /* how many IMEIs have a verdict that a code can name */
};

static bool gather(void *ctx, uint32_t serial, uint32_t number, bool rare)
{
    struct making *m = ctx;
    m->b->entries[m->n++] = entry_of(serial, number, rare);
    return true;
}

static void count_verdicts(struct making *m)
{
    memset(m->times, 0, sizeof m->times);
    for (uint64_t i = 0; i < m->n; i++)
        if (entry_number(m->b->entries[i]) < 256)
            m->times[entry_number(m->b->entries[i])]++;
}

static bool put_wide(void *line, uint32_t serial, uint32_t number)
{
    _Atomic uint32_t *cells = line;
    uint32_t empty = line_match_wide(cells, WIDE_EMPTY, WIDE_EMPTY);
    uint32_t said = number < WIDE_RARE ? number : WIDE_RARE;
    if (!empty)
        return false;
    atomic_store_explicit(&cells[__builtin_ctz(empty)], serial << WIDE_NUMBER_BITS | said,
                          memory_order_relaxed);
    return true;
}

static bool put_tight(const struct making *m, uint32_t serial, uint32_t number)
{
    struct tight t = tight_of(m->lines, codes_bits(m->codes), serial);
    _Atomic uint16_t *cells = arena_line(&m->b->arena, m->place + t.line);
    uint32_t empty = line_match(cells, TIGHT_EMPTY, TIGHT_EMPTY);
    if (!empty)
        return put_wide(arena_line(&m->b->arena, m->place + m->lines + t.line / BOX_OVERFLOW_SHARE),
                        serial, number);
    int code = codes_find(m->codes, number);
    unsigned said = code == NO_CODE ? codes_rare(m->codes) : (unsigned)code;
    atomic_store_explicit(&cells[__builtin_ctz(empty)], (uint16_t)(t.want | said),
                          memory_order_relaxed);
    return true;
}

static void put_dense(const struct making *m, uint32_t serial, uint32_t number)
{
    _Atomic uint8_t *bytes = arena_line(&m->b->arena, m->place);
    int code = codes_find(m->codes, number);
    unsigned said = code == NO_CODE ? codes_rare(m->codes) : (unsigned)code;
    unsigned shift = 4 * (serial & 1);
    unsigned pair = atomic_load_explicit(&bytes[serial / 2], memory_order_relaxed);
    atomic_store_explicit(&bytes[serial / 2], (uint8_t)((pair & ~(15U << shift)) | said << shift),
                          memory_order_relaxed);
}

static bool lay_out(struct making *m)
{
    line_fill(arena_line(&m->b->arena, m->place), box_lines((uint64_t)m->lines << ARENA_LINE_BITS),
              m->lines == BOX_DENSE ? 0 : UINT64_MAX);
    for (uint64_t i = 0; i < m->n; i++) {
        uint32_t serial = entry_serial(m->b->entries[i]), number = entry_number(m->b->entries[i]);
        bool ok = true;
        if (m->lines == BOX_DENSE)
            put_dense(m, serial, number);
        else if (m->lines < BOX_TIGHT_MIN)
            ok = put_wide(arena_line(&m->b->arena, m->place + wide_line(m->lines, serial)), serial,
                          number);
        else
            ok = put_tight(m, serial, number);
        if (!ok)
            return false;
    }
    return true;
}

static uint32_t tight_lines(uint64_t n, unsigned tries)
{
    uint64_t lines = n * 10 / TIGHT_EACH10 + 1;
    lines += lines * tries / 16;
    return (uint32_t)(lines < BOX_TIGHT_MIN ? BOX_TIGHT_MIN + tries : lines);
}

/* Bytes of a tight box and of what it leaves to rare. */
static uint64_t tight_cost(const struct making *m, uint32_t lines)
{
    struct codes codes = codes_for(tight_bits(lines), m->times, m->n);
    return (uint64_t)(lines + overflow_lines(lines)) * LINE_BYTES +
           codes_strangers(&codes, m->times, m->n) * RARE_EACH;
}

/* The form for so many; tries: how often a line was too full for what falls there. Twice the lines
 * can be cheaper: their cells have room for longer codes. */
static uint32_t choose_lines(const struct making *m, unsigned tries)
{
    uint64_t wide = (m->n + WIDE_EACH - 1) / WIDE_EACH;
    wide += wide * tries / 4 + tries;
    if (m->n <= WIDE_MAX && wide < BOX_TIGHT_MIN)
        return (uint32_t)wide;
    uint32_t lines = tight_lines(m->n, tries), best = lines;
    for (unsigned bits = 6; bits <= 8; bits++)
        if (1U << bits > lines && tight_cost(m, 1U << bits) < tight_cost(m, best))
            best = 1U << bits;
    bool dense = tries > 24 || best + overflow_lines(best) >= BOX_DENSE_LINES;
    return dense ? BOX_DENSE : best;
}

/* What of it is to be looked for in rare goes there before anybody can see the box. */
static enum err settle_rare(const struct making *m)
{
    enum err err = ERR_OK;
    for (uint64_t i = 0; !err && i < m->n; i++) {
        uint64_t e = m->b->entries[i];
        uint32_t number = entry_number(e);
        if (!entry_rare(e) && (number >= WIDE_RARE || (m->lines >= BOX_TIGHT_MIN &&
                                                       codes_find(m->codes, number) == NO_CODE)))
            err = boxes_put_rare(m->b, (uint64_t)m->tac * SERIALS + entry_serial(e), number);
    }
    return err;
}

static enum err make(struct making *m)
{
    count_verdicts(m);
    for (unsigned tries = 0;; tries++) {
        m->lines = choose_lines(m, tries);
        unsigned bits = m->lines == BOX_DENSE ? 0 : tight_bits(m->lines | BOX_TIGHT_MIN);
        struct codes codes = codes_for(bits, m->times, m->n);
        uint32_t table = m->lines < BOX_TIGHT_MIN ? 0 : codes_table(m->b, &codes, m->times, m->n);
        uint32_t lines = box_lines((uint64_t)m->lines << ARENA_LINE_BITS);
        m->codes = &m->b->codes[table];
        enum err err = arena_take(&m->b->arena, lines, &m->place);
        if (err)
            return err;
        bool fits = lay_out(m);
        err = fits ? settle_rare(m) : ERR_OK;
        if (fits && !err)
            return ERR_OK;
        arena_give(&m->b->arena, m->place, lines);
        if (err)
            return err;
    }
}

void box_publish(_Atomic uint64_t *slot, uint64_t word)
{
    uint64_t turn = (atomic_load_explicit(slot, memory_order_relaxed) >> BOX_TURN_AT) + 1;
    word &= (1ULL << BOX_TURN_AT) - 1;
    atomic_store_explicit(slot, word | turn << BOX_TURN_AT, memory_order_release);
}

/* The new box in the place of the old, which is given away. */
static void exchange(struct boxes *b, _Atomic uint64_t *slot, uint64_t word)
{
    uint64_t old = atomic_load_explicit(slot, memory_order_relaxed);
    box_publish(slot, word);
    if (!old)
        return;
    boxes_replaced(b);
    arena_give(&b->arena, word_place(old), box_lines(old));
}

static uint64_t word_of(const struct making *m)
{
    uint64_t table = (uint64_t)(m->codes - m->b->codes);
    return m->place | (uint64_t)m->lines << ARENA_LINE_BITS | table << BOX_CODES_AT;
}

/* What needs rare no longer: whoever finds it gone sees the new box at his next look. */
static void kill_rare(const struct making *m)
{
    for (uint64_t i = 0; i < m->n; i++) {
        uint64_t e = m->b->entries[i];
        uint32_t number = entry_number(e);
        bool wide = m->lines < BOX_TIGHT_MIN;
        if (entry_rare(e) && number < WIDE_RARE &&
            (wide || codes_find(m->codes, number) != NO_CODE))
            rare_kill(&m->b->rare, &m->b->arena, (uint64_t)m->tac * SERIALS + entry_serial(e));
    }
}

enum err box_rebuild(struct boxes *b, uint64_t at, uint32_t tac, uint32_t serial, uint32_t number)
{
    struct making m = {.b = b, .tac = tac};
    uint64_t root = atomic_load_explicit(&b->root, memory_order_relaxed);
    _Atomic uint64_t *slot = &tac_words(b, root)[at];
    uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);
    if (word)
        box_walk(b, tac, word, gather, &m);
    if (number != NUMBER_DEAD)
        b->entries[m.n++] = entry_of(serial, number, false);
    enum err err = make(&m);
    if (!err) {
        exchange(b, slot, word_of(&m));
        tac_kept(b, root)[at] = (uint32_t)m.n;
        kill_rare(&m);
    }
    if (m.n > SCRATCH_KEPT)
        madvise(b->entries + SCRATCH_KEPT, (SERIALS - SCRATCH_KEPT) * sizeof *b->entries,
                MADV_DONTNEED);
    return err;
}

bool box_is_full(uint64_t word, uint32_t count)
{
    uint32_t lines = word_lines(word);
    return lines >= BOX_TIGHT_MIN && lines != BOX_DENSE &&
           (uint64_t)count * 10 > (uint64_t)lines * TIGHT_FULL10;
}
