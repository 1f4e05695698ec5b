/* SPDX-License-Identifier: Apache-2.0
 *
 * Days: a bitmap is cut into parts of 2^22 numbers, so that a record stays small and a day that gets a few pairs more
 * writes a few parts. Bits are only added; before a part is written it is compared with what stands. */
#include <string.h>

#include "seen/parts.h"

enum { REPORT_FORM = 3, REPORT_KEY = 12 };

static enum err damaged(struct fault *fault)
{
    return fault_set(fault, ERR_CODEC, "what networks saw: a day cannot be read: it is damaged");
}

static struct record_key day_key(uint64_t party, uint16_t day)
{
    struct record_key key = record_key(RECORD_SEEN_PAIRS);
    record_key_bytes(&key, "d", 1);
    record_key_number(&key, day, 2);
    record_key_number(&key, party, 8);
    return key;
}

static struct record_key part_key(uint64_t party, uint16_t day, uint32_t part)
{
    struct record_key key = day_key(party, day);
    record_key_number(&key, part, 2);
    return key;
}

/* *out NULL: no memory, or no bitmap of this part. */
static roaring_bitmap_t *read_bits(struct str value)
{
    return roaring_bitmap_portable_deserialize_safe(value.p, value.n);
}

/* Those of the part alone. */
static roaring_bitmap_t *cut(const roaring_bitmap_t *bits, uint32_t part)
{
    uint64_t from = (uint64_t)part << SEEN_DAY_SHIFT;
    roaring_bitmap_t *window =
        roaring_bitmap_from_range(from, from + (UINT64_C(1) << SEEN_DAY_SHIFT), 1);
    if (!window)
        return NULL;
    roaring_bitmap_and_inplace(window, bits);
    return window;
}

static enum err write_bits(struct registry *reg, const struct record_key *key,
                           roaring_bitmap_t *bits, struct fault *fault)
{
    struct buf value = {0};
    roaring_bitmap_run_optimize(bits);
    size_t n = roaring_bitmap_portable_size_in_bytes(bits);
    enum err err = ERR_MEMORY;
    if (buf_reserve(&value, n)) {
        value.n = roaring_bitmap_portable_serialize(bits, (char *)value.p);
        err = record_put(reg, key, (struct str){(const char *)value.p, value.n}, fault);
    }
    buf_release(&value);
    return err;
}

struct adding {
    struct registry *reg;
    uint64_t party;
    uint16_t day;
    uint64_t new;
};

/* One part: what is asked for and what stands. */
static enum err add_part(struct adding *a, uint32_t part, const roaring_bitmap_t *bits,
                         struct fault *fault)
{
    struct record_key key = part_key(a->party, a->day, part);
    struct buf value = {0};
    bool found;
    enum err err = record_find(a->reg, &key, &value, &found, fault);
    roaring_bitmap_t *had = NULL, *want = err ? NULL : cut(bits, part);
    if (!err && found && !(had = read_bits((struct str){(const char *)value.p, value.n})))
        err = damaged(fault);
    if (!err && !want)
        err = ERR_MEMORY;
    uint64_t new = err   ? 0
                   : had ? roaring_bitmap_andnot_cardinality(want, had)
                         : roaring_bitmap_get_cardinality(want);
    a->new += new;
    if (new) {
        if (had)
            roaring_bitmap_or_inplace(want, had);
        err = write_bits(a->reg, &key, want, fault);
    }
    if (had)
        roaring_bitmap_free(had);
    if (want)
        roaring_bitmap_free(want);
    buf_release(&value);
    return err;
}

static enum err add_all(struct adding *a, const roaring_bitmap_t *bits, struct fault *fault)
{
    enum err err = ERR_OK;
    if (roaring_bitmap_is_empty(bits))
        return ERR_OK;
    uint32_t first = roaring_bitmap_minimum(bits) >> SEEN_DAY_SHIFT;
    uint32_t last = roaring_bitmap_maximum(bits) >> SEEN_DAY_SHIFT;
    for (uint32_t part = first; !err && part <= last; part++)
        err = add_part(a, part, bits, fault);
    return err;
}

enum err seen_day_add(struct registry *reg, uint64_t party, uint16_t day,
                      const roaring_bitmap_t *bits, uint64_t *out_new, struct fault *fault)
{
    struct adding a = {.reg = reg, .party = party, .day = day};
    enum err err = add_all(&a, bits, fault);
    *out_new = a.new;
    return err;
}

struct gathering {
    roaring_bitmap_t *all;
    bool broken;
};

static bool gather(void *ctx, const struct record *record)
{
    struct gathering *g = ctx;
    roaring_bitmap_t *part = read_bits(record->value);
    g->broken = !part;
    if (part) {
        roaring_bitmap_or_inplace(g->all, part);
        roaring_bitmap_free(part);
    }
    return !g->broken;
}

enum err seen_day_get(struct registry *reg, uint64_t party, uint16_t day, roaring_bitmap_t **out,
                      struct fault *fault)
{
    struct record_key from = day_key(party, day), to = record_key_past(&from);
    struct gathering g = {.all = roaring_bitmap_create()};
    if (!g.all)
        return ERR_MEMORY;
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), gather, &g, fault);
    if (!err && g.broken)
        err = damaged(fault);
    if (err)
        roaring_bitmap_free(g.all);
    else
        *out = g.all;
    return err;
}

enum err seen_day_part_get(struct registry *reg, uint64_t party, uint16_t day, uint32_t part,
                           roaring_bitmap_t **out, struct fault *fault)
{
    struct record_key key = part_key(party, day, part);
    struct buf value = {0};
    bool found;
    enum err err = record_find(reg, &key, &value, &found, fault);
    *out = NULL;
    if (!err && found && !(*out = read_bits((struct str){(const char *)value.p, value.n})))
        err = damaged(fault);
    buf_release(&value);
    return err;
}

/* ---- many days ---- */

enum { PART_KEY = 1 + 1 + 2 + 8 + 2 }; /* '3', 'd', day, operator, part */

struct walking {
    seen_day_fn *fn;
    void *ctx;
    bool broken;
};

static bool give_part(void *ctx, const struct record *record)
{
    struct walking *w = ctx;
    const uint8_t *key = (const uint8_t *)record->key.p;
    roaring_bitmap_t *bits = record->key.n == PART_KEY ? read_bits(record->value) : NULL;
    w->broken = !bits;
    if (!bits)
        return false;
    struct seen_day_part part = {
        .day = (uint16_t)get_be(key + 2, 2), .party = get_be(key + 4, 8), .bits = bits};
    bool goes_on = w->fn(w->ctx, &part);
    roaring_bitmap_free(bits);
    return goes_on;
}

enum err seen_days(struct registry *reg, uint16_t from, uint16_t to, seen_day_fn *fn, void *ctx,
                   struct fault *fault)
{
    struct walking w = {.fn = fn, .ctx = ctx};
    struct record_key first = record_key(RECORD_SEEN_PAIRS);
    record_key_bytes(&first, "d", 1);
    struct record_key last = first;
    record_key_number(&first, from, 2);
    record_key_number(&last, to, 2);
    struct record_key past = record_key_past(&last);
    enum err err = store_records(reg->store, record_key_str(&first), record_key_str(&past),
                                 give_part, &w, fault);
    return !err && w.broken ? damaged(fault) : err;
}

/* ---- reports ---- */

const char *seen_count_name(enum seen_count what)
{
    static const char *const names[SEEN_COUNTS] = {
#define X(name, text) text,
#include "seen/counts.def"
#undef X
    };
    return names[what];
}

static struct record_key reports_from(uint16_t day)
{
    struct record_key key = record_key(RECORD_SEEN);
    record_key_bytes(&key, "r", 1);
    record_key_number(&key, day, 2);
    return key;
}

static struct record_key report_key(uint64_t party, uint16_t day)
{
    struct record_key key = reports_from(day);
    record_key_number(&key, party, 8);
    return key;
}

/* Form 1 has no counts, form 2 no digests; counts that a later program adds are zero until it writes. */
static bool decode_report(struct str value, struct seen_report *out)
{
    struct rd rd = rd_of((const uint8_t *)value.p, value.n);
    uint64_t form = rd_uint(&rd, 1);
    struct seen_report r = {.loads = rd_varint(&rd)};
    r.home = rd_varint(&rd);
    r.roaming = rd_varint(&rd);
    r.pairs = rd_varint(&rd);
    uint64_t counts = form >= 2 ? rd_varint(&rd) : 0;
    for (uint64_t i = 0; i < counts && i < SEEN_COUNTS; i++)
        r.of[i] = rd_varint(&rd);
    r.taken_n = form >= 3 ? rd_varint(&rd) : 0;
    for (uint64_t i = 0; i < r.taken_n && i < SEEN_TAKEN; i++)
        r.taken[i] = rd_uint(&rd, 8);
    if (rd.failed || rd_left(&rd) || form < 1 || form > REPORT_FORM || r.taken_n > SEEN_TAKEN)
        return false;
    *out = r;
    return true;
}

enum err seen_report_get(struct registry *reg, uint64_t party, uint16_t day,
                         struct seen_report *out, struct fault *fault)
{
    struct record_key key = report_key(party, day);
    struct buf value = {0};
    bool found;
    *out = (struct seen_report){0};
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && found && !decode_report((struct str){(const char *)value.p, value.n}, out))
        err = damaged(fault);
    buf_release(&value);
    return err;
}

enum err seen_report_put(struct registry *reg, uint64_t party, uint16_t day,
                         const struct seen_report *report, struct fault *fault)
{
    struct record_key key = report_key(party, day);
    struct buf value = {0};
    buf_uint(&value, REPORT_FORM, 1);
    buf_varint(&value, report->loads);
    buf_varint(&value, report->home);
    buf_varint(&value, report->roaming);
    buf_varint(&value, report->pairs);
    buf_varint(&value, SEEN_COUNTS);
    for (size_t i = 0; i < SEEN_COUNTS; i++)
        buf_varint(&value, report->of[i]);
    buf_varint(&value, report->taken_n);
    for (uint64_t i = 0; i < report->taken_n; i++)
        buf_uint(&value, report->taken[i], 8);
    enum err err = value.failed
                       ? ERR_MEMORY
                       : record_put(reg, &key, (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&value);
    return err;
}

struct listing {
    seen_report_fn *fn;
    void *ctx;
    bool broken;
};

static bool list_report(void *ctx, const struct record *record)
{
    struct listing *l = ctx;
    const uint8_t *key = (const uint8_t *)record->key.p;
    struct seen_report report;
    l->broken = record->key.n != REPORT_KEY || !decode_report(record->value, &report);
    return !l->broken && l->fn(l->ctx, (uint16_t)get_be(key + 2, 2), get_be(key + 4, 8), &report);
}

enum err seen_reports(struct registry *reg, uint16_t first, uint16_t last, seen_report_fn *fn,
                      void *ctx, struct fault *fault)
{
    struct record_key from = reports_from(first), to = reports_from(last);
    struct listing l = {.fn = fn, .ctx = ctx};
    to = record_key_past(&to);
    enum err err = store_records(reg->store, record_key_str(&from), record_key_str(&to),
                                 list_report, &l, fault);
    return err ? err : l.broken ? damaged(fault) : ERR_OK;
}
