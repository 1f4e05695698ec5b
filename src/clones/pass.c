/* SPDX-License-Identifier: Apache-2.0 */
#include "clones/pass.h"

#include <stdlib.h>
#include <string.h>

#include "base/mix.h"

enum {
    AHEAD = 64,         /* pairs whose counters are fetched before the first is looked at */
    COUNTERS_EACH = 16, /* a pair: one IMEI in 16 falls together with another */
    COUNTERS_LEAST = 1 << 10,
    COUNTER_MOST = 3, /* of 2 bits */
};
#define COUNTERS_MOST (UINT64_C(1) << 30)

static enum err no_memory(struct fault *fault)
{
    return fault_set(fault, ERR_MEMORY, "no memory to look for clones");
}

/* ---- pairs, some at a time ---- */

struct ahead {
    struct pass *pass;
    uint32_t share, shares;
    enum err err;
    size_t n;
    struct one {
        uint64_t body, at;
        uint32_t number, subscriber;
    } one[AHEAD];
    void (*take)(struct ahead *ahead);
};

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct ahead *a = ctx;
    const struct pass *p = a->pass;
    uint64_t mixed = mix64(pair->imei);
    /* The counter's place takes the high bits; the share is drawn from the low ones. */
    if (a->shares > 1 && (uint32_t)mixed % a->shares != a->share)
        return true;
    uint64_t at = mix_range(mixed, p->counter_count);
    __builtin_prefetch(&p->counters[at / 32], 1, 1);
    a->one[a->n++] = (struct one){pair->imei, at, number, pair->subscriber};
    if (a->n == AHEAD) {
        a->take(a);
        a->n = 0;
    }
    return !a->err;
}

static enum err each_pair(struct ahead *a, struct fault *fault)
{
    enum err err = seen_pairs(a->pass->reg, on_pair, a, fault);
    if (!err && !a->err)
        a->take(a);
    return err ? err : a->err;
}

/* ---- counting ---- */

static void count_some(struct ahead *a)
{
    struct pass *p = a->pass;
    for (size_t i = 0; i < a->n; i++) {
        uint64_t *word = &p->counters[a->one[i].at / 32];
        unsigned shift = (unsigned)(a->one[i].at % 32) * 2;
        uint64_t had = *word >> shift & COUNTER_MOST;
        p->imeis_known += !had;
        if (had < COUNTER_MOST)
            *word += UINT64_C(1) << shift;
    }
}

enum err pass_open(struct registry *reg, uint32_t least, struct pass *out, struct fault *fault)
{
    struct seen_head head;
    enum err err = seen_head_get(reg, &head, fault);
    if (err)
        return err;
    struct pass p = {.reg = reg,
                     .least = least < 2 ? 2 : least,
                     .pairs_known = head.pairs,
                     .pairs_most = PASS_PAIRS,
                     .counter_count = COUNTERS_LEAST};
    while (p.counter_count < (uint64_t)head.pairs * COUNTERS_EACH &&
           p.counter_count < COUNTERS_MOST)
        p.counter_count *= 2;
    p.counters = calloc(p.counter_count / 32, sizeof *p.counters);
    if (!p.counters)
        return no_memory(fault);
    struct ahead a = {.pass = &p, .take = count_some};
    err = each_pair(&a, fault);
    if (err)
        free(p.counters);
    else
        *out = p;
    return err;
}

static void forget_numbers(struct pass *p)
{
    if (p->numbers)
        roaring_bitmap_free(p->numbers);
    p->numbers = NULL;
}

void pass_close(struct pass *p)
{
    forget_numbers(p);
    free(p->counters);
    free(p->pairs);
    free(p->imeis);
    free(p->slots);
    free(p->order);
    *p = (struct pass){0};
}

/* ---- gathering ---- */

static enum err more_slots(struct pass *p)
{
    size_t count = p->slot_count ? 2 * p->slot_count : 4096;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return ERR_MEMORY;
    for (size_t i = 0; i < p->imei_count; i++) {
        size_t at = mix64(p->imeis[i].body) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    free(p->slots);
    p->slots = slots;
    p->slot_count = count;
    return ERR_OK;
}

/* The place of an IMEI; a new one when it has none. */
static enum err place_of(struct pass *p, uint64_t body, uint32_t *out)
{
    if (2 * p->imei_count >= p->slot_count && more_slots(p))
        return ERR_MEMORY;
    size_t at = mix64(body) & (p->slot_count - 1);
    for (; p->slots[at]; at = (at + 1) & (p->slot_count - 1))
        if (p->imeis[p->slots[at] - 1].body == body) {
            *out = p->slots[at] - 1;
            return ERR_OK;
        }
    if (p->imei_count == p->imei_size) {
        size_t size = p->imei_size ? p->imei_size + p->imei_size / 2 : 4096;
        struct pass_imei *imeis = realloc(p->imeis, size * sizeof *imeis);
        if (!imeis)
            return ERR_MEMORY;
        p->imeis = imeis;
        p->imei_size = size;
    }
    *out = (uint32_t)p->imei_count++;
    p->imeis[*out] = (struct pass_imei){.body = body};
    p->slots[at] = *out + 1;
    return ERR_OK;
}

static enum err gather_one(struct pass *p, const struct one *one)
{
    uint32_t place = 0;
    enum err err = place_of(p, one->body, &place);
    if (err || p->imeis[place].pairs == PASS_PAIRS_EACH)
        return err;
    if (p->pair_count == p->pairs_most)
        return ERR_TOO_MANY;
    if (p->pair_count == p->pair_size) {
        size_t size = p->pair_size ? p->pair_size + p->pair_size / 2 : 4096;
        size = size < p->pairs_most ? size : p->pairs_most;
        struct pass_pair *pairs = realloc(p->pairs, size * sizeof *pairs);
        if (!pairs)
            return ERR_MEMORY;
        p->pairs = pairs;
        p->pair_size = size;
    }
    p->imeis[place].pairs++;
    p->pairs[p->pair_count++] =
        (struct pass_pair){.number = one->number, .subscriber = one->subscriber, .imei = place};
    return ERR_OK;
}

static void gather_some(struct ahead *a)
{
    struct pass *p = a->pass;
    uint32_t least = p->least < COUNTER_MOST ? p->least : COUNTER_MOST;
    for (size_t i = 0; !a->err && i < a->n; i++)
        if ((p->counters[a->one[i].at / 32] >> a->one[i].at % 32 * 2 & COUNTER_MOST) >= least)
            a->err = gather_one(p, &a->one[i]);
}

static void forget(struct pass *p)
{
    p->pair_count = p->imei_count = 0;
    free(p->order);
    p->order = NULL;
    forget_numbers(p);
    if (p->slots)
        memset(p->slots, 0, p->slot_count * sizeof *p->slots);
}

enum err pass_gather(struct pass *p, uint32_t share, uint32_t shares, struct fault *fault)
{
    struct ahead a = {.pass = p, .share = share, .shares = shares, .take = gather_some};
    forget(p);
    enum err err = each_pair(&a, fault);
    if (err == ERR_MEMORY)
        return no_memory(fault);
    /* By the counters some have too few; now it is known exactly. */
    for (size_t i = 0; i < p->imei_count; i++)
        p->imeis[i].touched = p->imeis[i].pairs >= p->least;
    if (!err)
        pass_keep(p);
    return err;
}

void pass_keep(struct pass *p)
{
    size_t kept = 0;
    forget_numbers(p);
    for (size_t i = 0; i < p->imei_count; i++) {
        bool keeps = p->imeis[i].touched;
        p->imeis[i].first = keeps ? (uint32_t)kept : UINT32_MAX;
        kept += keeps;
    }
    size_t pairs = 0;
    for (size_t i = 0; i < p->pair_count; i++) {
        struct pass_pair pair = p->pairs[i];
        uint32_t place = p->imeis[pair.imei].first;
        pair.imei = place;
        if (place != UINT32_MAX)
            p->pairs[pairs++] = pair;
    }
    p->pair_count = pairs;
    kept = 0;
    for (size_t i = 0; i < p->imei_count; i++)
        if (p->imeis[i].touched) {
            struct pass_imei imei = p->imeis[i];
            imei.touched = false;
            p->imeis[kept++] = imei;
        }
    p->imei_count = kept;
}

/* ---- days ---- */

/* The numbers gathered, as a bitmap: most of a day's are none of them, and two bitmaps are compared by the word. */
static roaring_bitmap_t *numbers_of(const struct pass *p)
{
    uint32_t numbers[4096];
    size_t most = sizeof numbers / sizeof *numbers;
    roaring_bitmap_t *bits = roaring_bitmap_create();
    for (size_t at = 0, n; bits && at < p->pair_count; at += n) {
        n = p->pair_count - at < most ? p->pair_count - at : most;
        for (size_t i = 0; i < n; i++)
            numbers[i] = p->pairs[at + i].number;
        roaring_bitmap_add_many(bits, n, numbers);
    }
    return bits;
}

enum err pass_hits(struct pass *p, const roaring_bitmap_t *bits, pass_hit_fn *fn, void *ctx)
{
    enum { SOME = 4096 };
    uint32_t numbers[SOME], n;
    roaring_uint32_iterator_t it;
    size_t at = 0;
    if (!p->numbers)
        p->numbers = numbers_of(p);
    roaring_bitmap_t *both = p->numbers ? roaring_bitmap_and(p->numbers, bits) : NULL;
    if (!both)
        return ERR_MEMORY;
    roaring_init_iterator(both, &it);
    while ((n = roaring_read_uint32_iterator(&it, numbers, SOME)) > 0)
        for (uint32_t i = 0; i < n; i++) {
            while (p->pairs[at].number < numbers[i]) /* each of them is there */
                at++;
            fn(p, &p->pairs[at], ctx);
        }
    roaring_bitmap_free(both);
    return ERR_OK;
}

struct setting_day {
    uint64_t day;
    uint32_t by;
};

static void set_day(struct pass *p, struct pass_pair *pair, void *ctx)
{
    const struct setting_day *set = ctx;
    (void)p;
    pair->now |= set->day;
    pair->operators |= set->by;
}

enum err pass_day(struct pass *p, unsigned day, unsigned operator_place,
                  const roaring_bitmap_t *bits)
{
    struct setting_day set = {UINT64_C(1) << day, UINT32_C(1) << operator_place};
    return pass_hits(p, bits, set_day, &set);
}

void pass_next_operator(struct pass *p)
{
    /* Pair by pair once an operator, not once a day: the IMEIs of neighbours lie far apart. */
    for (size_t i = 0; i < p->pair_count; i++) {
        struct pass_pair *pair = &p->pairs[i];
        if (i + 16 < p->pair_count)
            __builtin_prefetch(&p->imeis[p->pairs[i + 16].imei].now, 1, 1);
        if (!pair->now)
            continue;
        pair->days |= pair->now;
        p->imeis[pair->imei].now |= pair->now;
        pair->now = 0;
    }
    for (size_t i = 0; i < p->imei_count; i++) {
        struct pass_imei *imei = &p->imeis[i];
        imei->two |= imei->any & imei->now;
        imei->any |= imei->now;
        imei->now = 0;
    }
}

/* ---- IMEI by IMEI ---- */

enum err pass_order(struct pass *p)
{
    uint32_t next = 0;
    free(p->order);
    p->order = malloc((p->pair_count + 1) * sizeof *p->order);
    if (!p->order)
        return ERR_MEMORY;
    for (size_t i = 0; i < p->imei_count; i++) {
        p->imeis[i].first = next;
        next += p->imeis[i].pairs;
        p->imeis[i].pairs = 0;
    }
    for (size_t i = 0; i < p->pair_count; i++) {
        struct pass_imei *imei = &p->imeis[p->pairs[i].imei];
        p->order[imei->first + imei->pairs++] = (uint32_t)i;
    }
    return ERR_OK;
}
