/* SPDX-License-Identifier: Apache-2.0
 *
 * replay - a hash table of facts rows in canonical bytes.
 *
 * A place is two words: the body (+ 1; 0 = empty) with the row's length above it, and the row
 * itself when it has at most eight bytes, else where it lies in the arena. The arena is cut in
 * units of eight bytes; a row that outgrows its units moves, and the units it leaves are handed
 * to the next row of that size (a list a size, linked through the units themselves). */
#include "journal/replay.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mix.h"

enum { INLINE_BYTES = 8, UNIT = 8, CLASSES = FACTS_ROW_MAX / UNIT + 1, FIRST_SIZE = 1024 };

#define BODY_BITS 48
#define BODY_MASK ((1ULL << BODY_BITS) - 1)
#define NO_UNIT   UINT64_MAX

static_assert(IMEI_BODIES < BODY_MASK, "a body leaves room for a length");

struct place {
    uint64_t head; /* body + 1, length from BODY_BITS on */
    union {
        uint8_t bytes[INLINE_BYTES];
        uint64_t unit;
    };
};

struct replay {
    struct place *places;
    uint64_t size;
    uint64_t count;
    uint64_t next_seq;
    uint64_t *units; /* the arena */
    uint64_t unit_count;
    uint64_t unit_size;
    uint64_t vacant[CLASSES]; /* first free run of so many units, NO_UNIT = none */
};

static size_t length_of(const struct place *p)
{
    return (size_t)(p->head >> BODY_BITS);
}

static uint64_t units_for(size_t n)
{
    return n <= INLINE_BYTES ? 0 : (n + UNIT - 1) / UNIT;
}

enum err replay_new(struct replay **out)
{
    struct replay *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_MEMORY;
    r->size = FIRST_SIZE;
    r->next_seq = 1;
    r->places = calloc(r->size, sizeof *r->places);
    if (!r->places) {
        free(r);
        return ERR_MEMORY;
    }
    for (int i = 0; i < CLASSES; i++)
        r->vacant[i] = NO_UNIT;
    *out = r;
    return ERR_OK;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    free(r->places);
    free(r->units);
    free(r);
}

uint64_t replay_count(const struct replay *r)
{
    return r->count;
}

uint64_t replay_bytes(const struct replay *r)
{
    return sizeof *r + r->size * sizeof *r->places + r->unit_size * sizeof *r->units;
}

uint64_t replay_next_seq(const struct replay *r)
{
    return r->next_seq;
}

/* ---- the table ---- */

/* The IMEI's place, or the empty one where it would stand. */
static struct place *place_of(struct place *places, uint64_t size, uint64_t key)
{
    uint64_t i = mix_range(mix64(key), size);
    while (places[i].head != 0 && (places[i].head & BODY_MASK) != key)
        i = i + 1 == size ? 0 : i + 1;
    return &places[i];
}

/* At most three quarters full. */
static enum err reserve_place(struct replay *r)
{
    if (r->count < r->size - r->size / 4)
        return ERR_OK;
    uint64_t size = 2 * r->size;
    struct place *places = calloc(size, sizeof *places);
    if (!places)
        return ERR_MEMORY;
    for (uint64_t i = 0; i < r->size; i++)
        if (r->places[i].head)
            *place_of(places, size, r->places[i].head & BODY_MASK) = r->places[i];
    free(r->places);
    r->places = places;
    r->size = size;
    return ERR_OK;
}

static enum err units_take(struct replay *r, uint64_t n, uint64_t *out)
{
    if (r->vacant[n] != NO_UNIT) {
        *out = r->vacant[n];
        r->vacant[n] = r->units[*out];
        return ERR_OK;
    }
    if (r->unit_count + n > r->unit_size) {
        uint64_t size = r->unit_size ? r->unit_size + r->unit_size / 2 : FIRST_SIZE;
        uint64_t *units = realloc(r->units, size * sizeof *units);
        if (!units)
            return ERR_MEMORY;
        r->units = units;
        r->unit_size = size;
    }
    *out = r->unit_count;
    r->unit_count += n;
    return ERR_OK;
}

static void units_give(struct replay *r, uint64_t n, uint64_t unit)
{
    r->units[unit] = r->vacant[n];
    r->vacant[n] = unit;
}

static const uint8_t *row_of(const struct replay *r, const struct place *p)
{
    if (length_of(p) <= INLINE_BYTES)
        return p->bytes;
    return (const uint8_t *)&r->units[p->unit];
}

static enum err row_put(struct replay *r, struct place *p, uint64_t key, const struct facts *facts)
{
    uint8_t bytes[FACTS_ROW_MAX];
    size_t n = facts_encode(facts, bytes);
    uint64_t had = units_for(length_of(p)), want = units_for(n), unit = had ? p->unit : 0;
    if (want != had) {
        enum err err = want ? units_take(r, want, &unit) : ERR_OK;
        if (err)
            return err;
        if (had)
            units_give(r, had, p->unit);
    }
    if (want) {
        memcpy(&r->units[unit], bytes, n);
        p->unit = unit;
    } else {
        memcpy(p->bytes, bytes, n);
    }
    p->head = key | (uint64_t)n << BODY_BITS;
    return ERR_OK;
}

bool replay_find(const struct replay *r, struct imei imei, struct facts *out)
{
    const struct place *p = place_of(r->places, r->size, imei.body + 1);
    return p->head != 0 && facts_decode(row_of(r, p), length_of(p), out) == ERR_OK;
}

/* ---- folding ---- */

static enum err fold(struct replay *r, const struct row *row, uint64_t seq, struct fault *fault)
{
    uint64_t key = row->change.imei.body + 1;
    struct facts facts;
    bool changed;

    enum err err = reserve_place(r);
    if (err)
        return err;
    struct place *p = place_of(r->places, r->size, key);
    bool is_new = p->head == 0;
    facts_init(&facts);
    if (!is_new && facts_decode(row_of(r, p), length_of(p), &facts) != ERR_OK)
        return fault_set(fault, ERR_CHAIN, "row %" PRIu64 ": what stands before it is no facts row",
                         seq);
    if (row->prev_seq != facts.last_seq)
        return fault_set(fault, ERR_CHAIN,
                         "row %" PRIu64 ": names row %" PRIu64 " before it, that is %" PRIu64, seq,
                         row->prev_seq, facts.last_seq);
    err = change_apply(&facts, &row->change, &changed);
    if (err)
        return fault_set(fault, ERR_CHAIN, "row %" PRIu64 ": cannot be applied: %s", seq,
                         err_name(err));
    facts.last_seq = seq;

    err = row_put(r, p, key, &facts);
    if (err == ERR_OK && is_new)
        r->count++;
    return err;
}

enum err replay_block(struct replay *r, const struct block *block, struct fault *fault)
{
    struct block_cursor cursor = block_walk(block);
    struct item item;
    if (block->header.first_seq != r->next_seq)
        return fault_set(fault, ERR_CHAIN,
                         "block at %" PRIu64 " stands where %" PRIu64 " should follow",
                         block->header.first_seq, r->next_seq);
    while (block_next(&cursor, &item, NULL)) {
        if (item.type != ITEM_ROW)
            continue;
        if (cursor.entry == 0)
            return fault_set(fault, ERR_CHAIN, "row %" PRIu64 ": belongs to no entry", cursor.seq);
        enum err err = fold(r, &item.row, cursor.seq, fault);
        if (err)
            return err;
    }
    if (cursor.err)
        return fault_set(fault, ERR_CHAIN, "block at %" PRIu64 ": item %" PRIu64 " is none",
                         block->header.first_seq, cursor.seq);
    r->next_seq += block->header.item_count;
    return ERR_OK;
}

/* ---- reading all ---- */

static int compare_bodies(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

enum err replay_each(const struct replay *r, replay_fn *fn, void *ctx)
{
    uint64_t n = 0, *bodies = malloc((r->count + 1) * sizeof *bodies);
    struct facts facts;
    if (!bodies)
        return ERR_MEMORY;
    for (uint64_t i = 0; i < r->size; i++)
        if (r->places[i].head)
            bodies[n++] = (r->places[i].head & BODY_MASK) - 1;
    qsort(bodies, n, sizeof *bodies, compare_bodies);
    for (uint64_t i = 0; i < n; i++)
        if (!replay_find(r, (struct imei){bodies[i]}, &facts) ||
            !fn(ctx, (struct imei){bodies[i]}, &facts))
            break;
    free(bodies);
    return ERR_OK;
}
