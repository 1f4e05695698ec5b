/* SPDX-License-Identifier: Apache-2.0
 *
 * adopt - boxes as they come from a file. The file is signed, and yet nothing in it is believed: a
 * fault in the program that wrote it must not become a read or a write outside of the arena here,
 * nor a search that never ends. What has been through here keeps all that boxes.h, build.h and rare.h
 * take for granted:
 *  - every root, word and place names a block below the arena's top; blocks lie apart, what is
 *    between them is a hole of zeros
 *  - every TAC is found where it stands, and the table has room
 *  - every code is of a table, every number of the dictionary, every serial number below a million, and where it
 *    stands whole, in the line where it is looked for, once
 *  - what is to be looked for in rare is there; what is odd has its verdict
 * A hundred million IMEIs take some tenths of a second of a few threads: two comparisons of vectors a
 * line, and a look-up for each that is rare. */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

#include "index/build.h"
#include "index/image.h"

enum {
    ASKED = 32,
    TACS_BITS_LEAST = 6,
    TACS_BITS_MOST = 26,
    LINES_EACH = 1 << 12, /* lines that are worth a thread */
};

struct adopting {
    struct boxes *b;
    const struct boxes_shape *shape;
    const struct index *index;
    uint32_t tac; /* whose box is looked at */
    uint64_t count;
    uint64_t asked[ASKED]; /* IMEIs that are to be found in rare */
    unsigned asked_count;
    bool wrong;
};

static enum err none(struct fault *fault, const char *what, uint64_t number)
{
    return fault_set(fault, ERR_SNAPSHOT, "signed, and no index: %s %" PRIu64, what, number);
}

/* ---- rooms ---- */

enum err boxes_make_room(struct boxes *b, const struct boxes_shape *shape)
{
    if (shape->top < 2 || shape->top > ARENA_LINES_MAX || shape->tac_count >= shape->top)
        return ERR_SNAPSHOT;
    return arena_refill(&b->arena, shape->top, (size_t)shape->tac_count + 2);
}

struct boxes_shape boxes_shape(const struct boxes *b)
{
    return (struct boxes_shape){
        .root = atomic_load_explicit(&b->root, memory_order_relaxed),
        .rare_root = atomic_load_explicit(&b->rare.root, memory_order_relaxed),
        .tac_seed = b->tac_seed,
        .rare_seed = b->rare.seed,
        .count = atomic_load_explicit(&b->count, memory_order_relaxed),
        .top = b->arena.top,
        .tac_count = b->tac_count,
        .codes_count = b->codes_count,
        .verdict_count = b->dictionary.count,
    };
}

static bool is_number(const struct adopting *a, uint32_t number)
{
    return number < a->shape->verdict_count && number != NUMBER_NONE && number != NUMBER_RARE;
}

/* ---- tables of codes ---- */

static bool codes_are_right(const struct adopting *a, const struct codes *codes)
{
    unsigned bits = atomic_load_explicit(&codes->bits, memory_order_relaxed);
    unsigned rare = codes_rare(codes), first = bits ? 0 : 1;
    if (bits > CODE_BITS_MAX || codes_number(codes, rare) != NUMBER_RARE ||
        (!bits && codes_number(codes, 0) != NUMBER_NONE))
        return false;
    for (unsigned i = first; i < rare; i++)
        if (!is_number(a, codes_number(codes, i)))
            return false;
    for (unsigned i = rare + 1; i < sizeof codes->number; i++)
        if (codes_number(codes, i) != NUMBER_NONE)
            return false;
    return true;
}

static enum err adopt_codes(const struct adopting *a, const struct codes *from, struct fault *fault)
{
    uint32_t count = a->shape->codes_count;
    if (count > CODE_TABLES)
        return none(fault, "tables of codes:", count);
    for (uint32_t i = 0; i < count; i++) {
        if (!codes_are_right(a, &from[i]))
            return none(fault, "table of codes", i);
        memcpy((void *)&a->b->codes[i], (const void *)&from[i], sizeof *from);
    }
    a->b->codes_count = count;
    return ERR_OK;
}

/* ---- where blocks stand ---- */

static bool is_block(const struct adopting *a, uint64_t place, uint64_t lines)
{
    return place >= 1 && lines >= 1 && place + lines <= a->shape->top;
}

static enum err adopt_roots(const struct adopting *a, struct fault *fault)
{
    const struct boxes_shape *s = a->shape;
    uint64_t bits = 64 - s->root % 64;
    if (bits < TACS_BITS_LEAST || bits > TACS_BITS_MOST ||
        s->root != root_at(s->root, root_place(s->root)) ||
        !is_block(a, root_place(s->root), (uint64_t)TACS_LINE << bits) || !(s->tac_seed & 1))
        return none(fault, "table of TACs at line", root_place(s->root));
    if (s->tac_count * 3ULL > 2ULL * LINE_WIDE_CELLS << bits)
        return none(fault, "too many TACs:", s->tac_count);
    if (!is_block(a, rare_place(s->rare_root), rare_lines(s->rare_root)))
        return none(fault, "table of rare ones at line", rare_place(s->rare_root));
    a->b->tac_seed = s->tac_seed;
    a->b->rare.seed = s->rare_seed;
    atomic_store_explicit(&a->b->root, s->root, memory_order_relaxed);
    atomic_store_explicit(&a->b->rare.root, s->rare_root, memory_order_relaxed);
    return ERR_OK;
}

static bool word_is_right(const struct adopting *a, uint64_t word)
{
    uint32_t lines = word_lines(word);
    uint64_t table = word >> BOX_CODES_AT & (CODE_TABLES - 1);
    unsigned bits = codes_bits(word_codes(a->b, word));
    if (!is_block(a, word_place(word), box_lines(word)))
        return false;
    if (lines < BOX_TIGHT_MIN)
        return table == 0;
    if (table >= a->shape->codes_count)
        return false;
    return lines == BOX_DENSE ? bits == 0 : lines < BOX_DENSE_LINES && bits == tight_bits(lines);
}

static enum err check_tacs(const struct adopting *a, struct fault *fault)
{
    uint64_t root = a->shape->root, n = (uint64_t)root_lines(root) * LINE_WIDE_CELLS, tacs = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t tag = atomic_load_explicit(&tac_tags(a->b, root)[i], memory_order_relaxed);
        uint64_t word = atomic_load_explicit(&tac_words(a->b, root)[i], memory_order_relaxed);
        if (!tag && (word || tac_kept(a->b, root)[i]))
            return none(fault, "a box without a TAC at", i);
        if (!tag)
            continue;
        if (tag > IMEI_BODIES / SERIALS || tac_number(a->b, root, tag - 1) != (int64_t)i)
            return none(fault, "TAC that is not found:", tag - 1);
        if (!tac_ranges_have(index_tacs(a->index), tag - 1))
            return none(fault, "TAC outside of its ranges:", tag - 1);
        if (!word_is_right(a, word))
            return none(fault, "box of TAC", tag - 1);
        tacs++;
    }
    if (tacs != a->shape->tac_count)
        return none(fault, "TACs that are not counted:", tacs);
    a->b->tac_count = a->shape->tac_count;
    return ERR_OK;
}

static bool lines_are_zero(const struct adopting *a, uint32_t at, uint32_t lines)
{
    const uint64_t *words = arena_line(&a->b->arena, at);
    uint64_t any = 0;
    for (size_t i = 0; i < (size_t)lines * LINE_BYTES / 8; i++)
        any |= words[i];
    return !any;
}

/* No two share a line, nothing is between them but holes, the last ends at the top. */
static enum err adopt_blocks(const struct adopting *a, struct fault *fault)
{
    size_t n;
    struct record *blocks = boxes_blocks(a->b, &n);
    if (!blocks)
        return ERR_MEMORY;
    uint32_t end = 1;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        uint32_t at = (uint32_t)blocks[i].key;
        if (at < end || !lines_are_zero(a, end, at - end))
            err = none(fault, at < end ? "blocks meet at line" : "hole at line", end);
        else if (at > end)
            arena_add_hole(&a->b->arena, end, at - end);
        end = at + boxes_block_lines(a->b, (int64_t)blocks[i].value);
    }
    free(blocks);
    if (!err && end != a->shape->top)
        err = none(fault, "nothing stands behind line", end);
    return err;
}

/* ---- rare ---- */

static enum err adopt_rare(const struct adopting *a, struct fault *fault)
{
    uint64_t root = a->shape->rare_root, size = rare_lines(root) * RARE_CELLS, used = 0, dead = 0;
    const _Atomic uint64_t *cells = arena_line(&a->b->arena, (uint32_t)rare_place(root));
    for (uint64_t i = 0; i < size; i++) {
        uint64_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        uint64_t body = (cell >> NUMBER_BITS) - 1;
        uint32_t number = cell & ((1U << NUMBER_BITS) - 1);
        if (!cell)
            continue;
        used++;
        dead += number == NUMBER_DEAD;
        if (body >= IMEI_BODIES || !(number == NUMBER_DEAD || is_number(a, number) ||
                                     (number == NUMBER_ODD && index_has_odd(a->index, body))))
            return none(fault, "cell of rare ones", i);
    }
    if (used > size - size / 8)
        return none(fault, "rare ones without room:", used);
    a->b->rare.used = used;
    a->b->rare.dead = dead;
    return ERR_OK;
}

static void look(struct adopting *a)
{
    for (unsigned i = 0; i < a->asked_count; i++)
        a->wrong |= rare_find(&a->b->arena, a->shape->rare_root, a->shape->rare_seed,
                              a->asked[i]) == NUMBER_DEAD;
    a->asked_count = 0;
}

/* It must be in rare: seen to later, when its line has come. */
static void ask(struct adopting *a, uint32_t serial)
{
    uint64_t body = (uint64_t)a->tac * SERIALS + serial, root = a->shape->rare_root;
    const uint64_t *cells = arena_line(&a->b->arena, (uint32_t)rare_place(root));
    __builtin_prefetch(&cells[rare_home(root, a->shape->rare_seed, body)]);
    a->asked[a->asked_count++] = body;
    if (a->asked_count == ASKED)
        look(a);
}

/* ---- what boxes hold: each returns how many IMEIs ---- */

/* Does a look-up of the serial number come to this line of wide cells? */
static bool comes_here(uint32_t lines, unsigned bits, uint32_t line, uint32_t serial)
{
    if (lines < BOX_TIGHT_MIN)
        return wide_line(lines, serial) == line;
    return tight_of(lines, bits, serial).line / BOX_OVERFLOW_SHARE == line - lines;
}

static uint32_t check_wide(struct adopting *a, uint64_t word, uint32_t line)
{
    const _Atomic uint32_t *cells = arena_line(&a->b->arena, word_place(word) + line);
    unsigned bits = codes_bits(word_codes(a->b, word));
    uint32_t n = 0;
    for (unsigned i = 0; i < LINE_WIDE_CELLS; i++) {
        uint32_t cell = atomic_load_explicit(&cells[i], memory_order_relaxed);
        uint32_t serial = cell >> WIDE_NUMBER_BITS, number = cell & WIDE_RARE;
        if (cell == WIDE_EMPTY)
            continue;
        n++;
        uint32_t same = line_match_wide(cells, cell & ~(uint32_t)WIDE_RARE, ~(uint32_t)WIDE_RARE);
        if (serial >= SERIALS || (number != WIDE_RARE && !is_number(a, number)) ||
            (same & (same - 1)) || !comes_here(word_lines(word), bits, line, serial))
            a->wrong = true;
        else if (number == WIDE_RARE)
            ask(a, serial);
    }
    return n;
}

static uint32_t check_tight(struct adopting *a, uint32_t lines, unsigned bits, uint32_t line,
                            const _Atomic uint16_t *cells)
{
    uint16_t code = (uint16_t)((1U << bits) - 1);
    uint32_t empty = line_match(cells, TIGHT_EMPTY, TIGHT_EMPTY);
    uint32_t rare = line_match(cells, code, code) & ~empty;
    for (; rare; rare &= rare - 1) {
        uint16_t cell = atomic_load_explicit(&cells[__builtin_ctz(rare)], memory_order_relaxed);
        uint32_t serial = tight_serial(lines, line, cell >> bits);
        struct tight t = tight_of(lines, bits, serial);
        if (t.line != line || t.want != (cell & t.mask))
            a->wrong = true;
        else
            ask(a, serial);
    }
    return LINE_CELLS - (uint32_t)__builtin_popcount(empty);
}

/* Bit 4k of a word: what is said of its nibble k. */
static uint32_t check_dense(struct adopting *a, const uint64_t *words)
{
    const uint64_t each = 0x1111111111111111;
    uint32_t n = 0;
    for (uint32_t i = 0; i < BOX_DENSE_LINES * LINE_BYTES / 8; i++) {
        uint64_t w = le64toh(words[i]), any = (w | w >> 1 | w >> 2 | w >> 3) & each;
        uint64_t rare = w & w >> 1 & w >> 2 & w >> 3 & each;
        n += (uint32_t)__builtin_popcountll(any);
        a->wrong |= any && i >= SERIALS / 16;
        for (; rare && i < SERIALS / 16; rare &= rare - 1)
            ask(a, i * 16 + (uint32_t)__builtin_ctzll(rare) / 4);
    }
    return n;
}

static uint32_t check_box(struct adopting *a, uint64_t word)
{
    const struct arena *arena = &a->b->arena;
    uint32_t lines = word_lines(word), place = word_place(word), n = 0;
    uint32_t tight = lines < BOX_TIGHT_MIN ? 0 : lines;
    unsigned bits = codes_bits(word_codes(a->b, word));
    if (lines == BOX_DENSE)
        return check_dense(a, arena_line(arena, place));
    for (uint32_t i = 0; i < tight; i++)
        n += check_tight(a, lines, bits, i, arena_line(arena, place + i));
    for (uint32_t i = tight; i < box_lines(word); i++)
        n += check_wide(a, word, i);
    return n;
}

/* All boxes, by a few threads. */
struct checking {
    const struct adopting *a;
    uint64_t slots;
    _Atomic uint64_t next, count;
    _Atomic uint64_t first_wrong; /* slot; slots: none */
};

static bool check_slot(struct adopting *a, uint64_t slot)
{
    uint64_t root = a->shape->root;
    uint32_t tag = atomic_load_explicit(&tac_tags(a->b, root)[slot], memory_order_relaxed);
    if (!tag)
        return true;
    a->tac = tag - 1;
    uint64_t word = atomic_load_explicit(&tac_words(a->b, root)[slot], memory_order_relaxed);
    uint32_t here = check_box(a, word);
    look(a);
    a->count += here;
    return !a->wrong && here == kept_count(tac_kept(a->b, root)[slot]);
}

static void *check_some(void *ctx)
{
    struct checking *c = ctx;
    struct adopting a = *c->a;
    uint64_t from;
    while ((from = atomic_fetch_add(&c->next, LINE_WIDE_CELLS)) < c->slots) {
        for (uint64_t slot = from; slot < from + LINE_WIDE_CELLS; slot++) {
            if (check_slot(&a, slot))
                continue;
            uint64_t first = atomic_load(&c->first_wrong);
            while (slot < first && !atomic_compare_exchange_weak(&c->first_wrong, &first, slot))
                ;
            return NULL;
        }
    }
    atomic_fetch_add(&c->count, a.count);
    return NULL;
}

static enum err check_boxes(const struct adopting *a, struct fault *fault)
{
    uint64_t root = a->shape->root, slots = (uint64_t)root_lines(root) * LINE_WIDE_CELLS;
    struct checking c = {.a = a, .slots = slots};
    atomic_store(&c.first_wrong, slots);
    index_share(check_some, &c, a->shape->top / LINES_EACH + 1);
    uint64_t wrong = atomic_load(&c.first_wrong), count = atomic_load(&c.count);
    if (wrong < slots)
        return none(fault, "what is in the box of TAC",
                    atomic_load_explicit(&tac_tags(a->b, root)[wrong], memory_order_relaxed) - 1);
    if (count != a->shape->count)
        return none(fault, "IMEIs that are not counted:", count);
    atomic_store_explicit(&a->b->count, count, memory_order_relaxed);
    return ERR_OK;
}

enum err boxes_adopt(struct boxes *b, const struct boxes_shape *shape,
                     const struct boxes_parts *parts, struct fault *fault)
{
    struct adopting a = {.b = b, .shape = shape, .index = parts->index};
    enum err err = dictionary_load(&b->dictionary, parts->verdicts, shape->verdict_count);
    if (err == ERR_SNAPSHOT)
        return none(fault, "verdicts by number:", shape->verdict_count);
    if (!err)
        err = adopt_codes(&a, parts->codes, fault);
    if (!err)
        err = adopt_roots(&a, fault);
    if (!err)
        err = check_tacs(&a, fault);
    if (!err)
        err = adopt_blocks(&a, fault);
    if (!err)
        err = adopt_rare(&a, fault);
    if (!err)
        err = check_boxes(&a, fault);
    return err;
}
