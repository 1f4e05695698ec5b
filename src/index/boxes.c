/* SPDX-License-Identifier: Apache-2.0
 *
 * boxes - the writer's side: the table of TACs, and a change of one IMEI in its box. build.c
 * makes boxes anew. */
#include "index/boxes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "index/build.h"

enum {
    FIRST_BITS = 6,     /* log2 of the lines of tags of a new register's table */
    STRANGERS_MIN = 16, /* IMEIs that became rare before a box learns other codes */
};
#define ENTRIES_BYTES ((size_t)SERIALS * sizeof(uint64_t))
#define ENTRIES_KEPT  (((uint64_t)1 << 16) * sizeof(uint64_t)) /* that may hold memory: build.c */

/* ---- life ---- */

static enum err take_table(struct boxes *b, unsigned bits, uint64_t *out_root)
{
    uint32_t lines = (uint32_t)TACS_LINE << bits, place;
    enum err err = bits > 26 ? ERR_MEMORY : arena_take(&b->arena, lines, &place);
    if (err)
        return err;
    line_fill(arena_line(&b->arena, place), lines, 0);
    *out_root = root_at(64 - bits, place);
    return ERR_OK;
}

enum err boxes_init(struct boxes *b)
{
    uint64_t seeds[2], root = 0;
    randombytes_buf(seeds, sizeof seeds); /* so that nobody outside can choose IMEIs that collide */
    *b = (struct boxes){.tac_seed = seeds[0] | 1};
    void *entries = mmap(NULL, ENTRIES_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (entries == MAP_FAILED)
        return ERR_MEMORY;
    b->entries = entries;
    enum err err = arena_init(&b->arena);
    if (!err)
        err = dictionary_init(&b->dictionary);
    b->codes = calloc(CODE_TABLES + CODES_BEYOND, sizeof *b->codes);
    if (!err && !b->codes)
        err = ERR_MEMORY;
    if (!err)
        err = take_table(b, FIRST_BITS, &root);
    if (!err)
        err = rare_init(&b->rare, &b->arena, seeds[1]);
    if (!err)
        atomic_init(&b->root, root);
    if (err)
        boxes_end(b);
    return err;
}

void boxes_end(struct boxes *b)
{
    if (b->entries)
        munmap(b->entries, ENTRIES_BYTES);
    free(b->codes);
    dictionary_end(&b->dictionary);
    arena_end(&b->arena);
    b->entries = NULL;
    b->codes = NULL;
}

uint64_t boxes_bytes(const struct boxes *b)
{
    return sizeof *b + arena_bytes(&b->arena) + dictionary_bytes(&b->dictionary) + ENTRIES_KEPT +
           CODE_TABLES * sizeof *b->codes;
}

void boxes_replaced(struct boxes *b)
{
    uint64_t replaced = atomic_load_explicit(&b->replaced, memory_order_relaxed);
    atomic_store_explicit(&b->replaced, replaced + 1, memory_order_release);
    atomic_thread_fence(memory_order_release); /* before anybody writes what is given away */
}

/* ---- the table of TACs ---- */

/* Where a TAC that has no tag gets one: behind the tags of its line, or of the next that is not
 * full. */
static uint64_t free_slot(const struct boxes *b, uint64_t root, uint32_t tac)
{
    _Atomic uint32_t *tags = tac_tags(b, root);
    uint32_t line = tac_home(b, root, tac);
    for (;; line = (line + 1) & (root_lines(root) - 1)) {
        uint64_t first = (uint64_t)line * LINE_WIDE_CELLS;
        uint32_t empty = line_match_wide(tags + first, 0, UINT32_MAX);
        if (empty)
            return first + (unsigned)__builtin_ctz(empty);
    }
}

static void copy_table(const struct boxes *b, uint64_t from, uint64_t to)
{
    const _Atomic uint32_t *tags = tac_tags(b, from);
    uint64_t n = (uint64_t)root_lines(from) * LINE_WIDE_CELLS;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t tag = atomic_load_explicit(&tags[i], memory_order_relaxed);
        if (!tag)
            continue;
        uint64_t at = free_slot(b, to, tag - 1);
        uint64_t word = atomic_load_explicit(&tac_words(b, from)[i], memory_order_relaxed);
        tac_kept(b, to)[at] = tac_kept(b, from)[i];
        atomic_store_explicit(&tac_words(b, to)[at], word, memory_order_relaxed);
        atomic_store_explicit(&tac_tags(b, to)[at], tag, memory_order_relaxed);
    }
}

/* Two thirds full at most, so that few lines of tags are full. */
static enum err room_for_tac(struct boxes *b)
{
    uint64_t old = atomic_load_explicit(&b->root, memory_order_relaxed), root;
    unsigned bits = 64 - old % 64;
    if ((b->tac_count + 1ULL) * 3 <= 2ULL * LINE_WIDE_CELLS << bits)
        return ERR_OK;
    enum err err = take_table(b, bits + 1, &root);
    if (err)
        return err;
    copy_table(b, old, root);
    atomic_store_explicit(&b->root, root, memory_order_release);
    boxes_replaced(b);
    arena_give(&b->arena, root_place(old), (uint32_t)TACS_LINE << bits);
    return ERR_OK;
}

/* ---- a change ---- */

enum err boxes_put_rare(struct boxes *b, uint64_t body, uint32_t number)
{
    uint64_t place, lines;
    enum err err = rare_reserve(&b->rare, &b->arena, 1, &place, &lines);
    if (err)
        return err;
    if (lines) {
        boxes_replaced(b);
        arena_give(&b->arena, (uint32_t)place, (uint32_t)lines);
    }
    rare_put(&b->rare, &b->arena, body, number);
    return ERR_OK;
}

struct putting {
    struct boxes *b;
    uint32_t *kept;
    uint64_t body, word;
    uint32_t serial, number;
};

enum put { PUT_CHANGED, PUT_ADDED, PUT_FULL, PUT_FAILED };

static enum put put_wide(const struct putting *p, uint32_t line)
{
    _Atomic uint32_t *cells = arena_line(&p->b->arena, line);
    uint32_t key = p->serial << WIDE_NUMBER_BITS;
    uint32_t there = line_match_wide(cells, key, 0xffffffffu << WIDE_NUMBER_BITS);
    uint32_t empty = line_match_wide(cells, WIDE_EMPTY, WIDE_EMPTY);
    if (!there && !empty)
        return PUT_FULL;
    _Atomic uint32_t *cell = &cells[__builtin_ctz(there ? there : empty)];
    uint32_t before = atomic_load_explicit(cell, memory_order_relaxed);
    uint32_t said = p->number < WIDE_RARE ? p->number : WIDE_RARE;
    if (said == WIDE_RARE && boxes_put_rare(p->b, p->body, p->number))
        return PUT_FAILED;
    atomic_store_explicit(cell, key | said, memory_order_release);
    if (there && (before & WIDE_RARE) == WIDE_RARE && said != WIDE_RARE)
        rare_kill(&p->b->rare, &p->b->arena, p->body);
    return there ? PUT_CHANGED : PUT_ADDED;
}

/* The code by which the box names it; when there is none, the one that leads to rare, after rare
 * has it. False: no memory. */
static bool code_of(const struct putting *p, const struct codes *codes, unsigned *out)
{
    int code = codes_find(codes, p->number);
    *out = code == NO_CODE ? codes_rare(codes) : (unsigned)code;
    if (code != NO_CODE)
        return true;
    if (p->number < 256 && *p->kept >> KEPT_BITS < STRANGERS_MAX)
        *p->kept += 1U << KEPT_BITS;
    return boxes_put_rare(p->b, p->body, p->number) == ERR_OK;
}

static enum put put_dense(const struct putting *p)
{
    const struct codes *codes = word_codes(p->b, p->word);
    _Atomic uint8_t *bytes = arena_line(&p->b->arena, word_place(p->word));
    _Atomic uint8_t *byte = &bytes[p->serial / 2];
    unsigned shift = 4 * (p->serial & 1), code, rare = codes_rare(codes);
    unsigned pair = atomic_load_explicit(byte, memory_order_relaxed), before = pair >> shift & 15;
    if (!code_of(p, codes, &code))
        return PUT_FAILED;
    pair = (pair & ~(15U << shift)) | code << shift;
    atomic_store_explicit(byte, (uint8_t)pair, memory_order_release);
    if (before == rare && code != rare)
        rare_kill(&p->b->rare, &p->b->arena, p->body);
    return before ? PUT_CHANGED : PUT_ADDED;
}

static enum put put_tight(const struct putting *p)
{
    uint32_t lines = word_lines(p->word), place = word_place(p->word);
    const struct codes *codes = word_codes(p->b, p->word);
    struct tight t = tight_of(lines, codes_bits(codes), p->serial);
    _Atomic uint16_t *cells = arena_line(&p->b->arena, place + t.line);
    unsigned rare = codes_rare(codes), code;
    uint32_t there = line_match(cells, t.want, t.mask);
    uint32_t empty = line_match(cells, TIGHT_EMPTY, TIGHT_EMPTY);
    if (!there && !empty)
        return put_wide(p, place + lines + t.line / BOX_OVERFLOW_SHARE);
    _Atomic uint16_t *cell = &cells[__builtin_ctz(there ? there : empty)];
    uint16_t before = atomic_load_explicit(cell, memory_order_relaxed);
    if (!code_of(p, codes, &code))
        return PUT_FAILED;
    atomic_store_explicit(cell, (uint16_t)(t.want | code), memory_order_release);
    if (there && (before & rare) == rare && code != rare)
        rare_kill(&p->b->rare, &p->b->arena, p->body);
    return there ? PUT_CHANGED : PUT_ADDED;
}

static enum put put_into(const struct putting *p)
{
    uint32_t lines = word_lines(p->word);
    if (lines == BOX_DENSE)
        return put_dense(p);
    if (lines < BOX_TIGHT_MIN)
        return put_wide(p, word_place(p->word) + wide_line(lines, p->serial));
    return put_tight(p);
}

static void count_one(struct boxes *b)
{
    uint64_t count = atomic_load_explicit(&b->count, memory_order_relaxed);
    atomic_store_explicit(&b->count, count + 1, memory_order_release);
}

static enum err put_first(struct boxes *b, uint32_t tac, uint32_t serial, uint32_t number)
{
    enum err err = room_for_tac(b);
    if (err)
        return err;
    uint64_t root = atomic_load_explicit(&b->root, memory_order_relaxed);
    uint64_t at = free_slot(b, root, tac);
    err = box_rebuild(b, at, tac, serial, number);
    if (err)
        return err;
    atomic_store_explicit(&tac_tags(b, root)[at], tac + 1, memory_order_release);
    b->tac_count++;
    count_one(b);
    return ERR_OK;
}

/* Too many of its IMEIs have verdicts that it has no code for. */
static bool is_strange(uint32_t kept)
{
    uint32_t strangers = kept >> KEPT_BITS;
    return strangers >= STRANGERS_MIN &&
           (strangers == STRANGERS_MAX || strangers > kept_count(kept) / 8);
}

enum err boxes_put(struct boxes *b, uint64_t body, uint32_t number)
{
    uint32_t tac = (uint32_t)(body / SERIALS), serial = (uint32_t)(body % SERIALS);
    uint64_t root = atomic_load_explicit(&b->root, memory_order_relaxed);
    int64_t found = tac_number(b, root, tac);
    if (found < 0)
        return put_first(b, tac, serial, number);
    uint64_t at = (uint64_t)found;
    struct putting p = {.b = b, .body = body, .serial = serial, .number = number};
    p.kept = &tac_kept(b, root)[at];
    p.word = atomic_load_explicit(&tac_words(b, root)[at], memory_order_relaxed);
    enum put put = put_into(&p);
    enum err err = put == PUT_FAILED ? ERR_MEMORY : ERR_OK;
    if (put == PUT_FULL)
        err = box_rebuild(b, at, tac, serial, number);
    if (err)
        return err;
    if (put == PUT_ADDED)
        ++*p.kept;
    if (put != PUT_CHANGED)
        count_one(b);
    /* Without memory for a better box the one that stands goes on. */
    bool anew =
        put != PUT_FULL && (box_is_full(p.word, kept_count(*p.kept)) || is_strange(*p.kept));
    if (anew)
        (void)!box_rebuild(b, at, tac, 0, NUMBER_DEAD);
    boxes_tidy(b);
    return ERR_OK;
}

/* What so many can want at most: a box each, a table of TACs and one of rare that hold them, too,
 * and the boxes that stand once more, beside those that they replace. */
enum err boxes_reserve(struct boxes *b, uint64_t imeis)
{
    uint64_t root = atomic_load_explicit(&b->root, memory_order_relaxed);
    uint64_t tags = root_lines(root) * (uint64_t)TACS_LINE * 2 + imeis;
    uint64_t rare = (b->rare.used + imeis) * 2;
    uint64_t lines = b->arena.top / 4 + 2 * imeis + tags + rare / RARE_CELLS + 2 * BOX_DENSE_LINES;
    return arena_reserve(&b->arena, lines, 2 * imeis + 8);
}

/* ---- all of them ---- */

struct iterating {
    bool (*fn)(void *ctx, uint64_t body, uint32_t number);
    void *ctx;
    uint64_t first; /* body of the TAC's serial 0 */
    bool ended;
};

static bool iterate_one(void *ctx, uint32_t serial, uint32_t number, bool rare)
{
    struct iterating *i = ctx;
    (void)rare;
    i->ended = !i->fn(i->ctx, i->first + serial, number);
    return !i->ended;
}

void boxes_iterate(const struct boxes *b, bool (*fn)(void *ctx, uint64_t body, uint32_t number),
                   void *ctx)
{
    uint64_t root = atomic_load_explicit(&b->root, memory_order_relaxed);
    uint64_t n = (uint64_t)root_lines(root) * LINE_WIDE_CELLS;
    struct iterating it = {.fn = fn, .ctx = ctx};
    for (uint64_t i = 0; i < n && !it.ended; i++) {
        uint32_t tag = atomic_load_explicit(&tac_tags(b, root)[i], memory_order_relaxed);
        if (!tag)
            continue;
        it.first = (uint64_t)(tag - 1) * SERIALS;
        box_walk(b, tag - 1, atomic_load_explicit(&tac_words(b, root)[i], memory_order_relaxed),
                 iterate_one, &it);
    }
}
