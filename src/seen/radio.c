/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/radio.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mix.h"

enum {
    FIRST_SLOTS = 1 << 12,
    BUCKET = 10000, /* TACs of a record */
    FORM = 1,
    ROWS_BYTES = 5,
    ENTRY = 4 + RADIO_KINDS * ROWS_BYTES,
    KEY = 1 + 1 + 8 + 2,
    WAITING = 32, /* rows whose lines are fetched at once */
};
#define ROWS_MOST ((UINT64_C(1) << 8 * ROWS_BYTES) - 1)

struct slot {
    uint32_t tac_more; /* TAC + 1; 0: empty */
    uint32_t rows[RADIO_KINDS];
};

/* A row that is counted when its line has come. */
struct noted {
    uint32_t tac, radio;
};

struct radio_seen {
    struct slot *slots;
    size_t size, count;
    struct noted waiting[WAITING];
    unsigned waits;
};

unsigned radio_of_code(uint64_t code)
{
    switch (code) {
    case 1: /* UTRAN */
    case 5: /* HSPA evolution */
        return RADIO_3G;
    case 2: /* GERAN */
        return RADIO_2G;
    case 6: /* E-UTRAN */
        return RADIO_4G;
    case 102: /* eHRPD */
    case 103: /* HRPD */
    case 104: /* 1xRTT */
    case 105: /* UMB */
        return RADIO_3GPP2;
    default: /* 003 WLAN, 004 GAN, 007 virtual, 101 WiMAX: they tell nothing of the phone's radio here */
        return 0;
    }
}

enum err radio_seen_new(struct radio_seen **out)
{
    struct radio_seen *s = calloc(1, sizeof *s);
    struct slot *slots = calloc(FIRST_SLOTS, sizeof *slots);
    if (!s || !slots) {
        free(s);
        free(slots);
        return ERR_MEMORY;
    }
    *s = (struct radio_seen){.slots = slots, .size = FIRST_SLOTS};
    *out = s;
    return ERR_OK;
}

void radio_seen_free(struct radio_seen *s)
{
    if (!s)
        return;
    free(s->slots);
    free(s);
}

/* The place of a TAC, or the empty one where it belongs. */
static struct slot *place_of(struct slot *slots, size_t size, uint32_t tac)
{
    size_t at = (size_t)mix64(tac) & (size - 1);
    while (slots[at].tac_more && slots[at].tac_more != tac + 1)
        at = (at + 1) & (size - 1);
    return &slots[at];
}

/* Twice as many places. False: no memory. */
static bool grow(struct radio_seen *s)
{
    struct slot *slots = calloc(2 * s->size, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < s->size; i++)
        if (s->slots[i].tac_more)
            *place_of(slots, 2 * s->size, s->slots[i].tac_more - 1) = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->size *= 2;
    return true;
}

static void count_row(struct radio_seen *s, const struct noted *row)
{
    struct slot *slot = place_of(s->slots, s->size, row->tac);
    if (!slot->tac_more) {
        if (s->count >= LIMIT_RADIO_TACS || (2 * s->count >= s->size && !grow(s)))
            return;
        slot = place_of(s->slots, s->size, row->tac);
        slot->tac_more = row->tac + 1;
        s->count++;
    }
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        slot->rows[k] += row->radio >> k & (slot->rows[k] < UINT32_MAX);
}

/* All are fetched, then all are counted. */
static void count_waiting(struct radio_seen *s)
{
    for (unsigned i = 0; i < s->waits; i++)
        __builtin_prefetch(&s->slots[(size_t)mix64(s->waiting[i].tac) & (s->size - 1)], 1, 1);
    for (unsigned i = 0; i < s->waits; i++)
        count_row(s, &s->waiting[i]);
    s->waits = 0;
}

void radio_note(struct radio_seen *s, uint32_t tac, unsigned radio)
{
    if (!radio)
        return;
    s->waiting[s->waits++] = (struct noted){tac, radio};
    if (s->waits == WAITING)
        count_waiting(s);
}

/* ---- records ---- */

static bool decode(const uint8_t *p, struct radio_count *out)
{
    out->tac = (uint32_t)get_be(p, 4);
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        out->rows[k] = get_be(p + 4 + k * ROWS_BYTES, ROWS_BYTES);
    return out->tac < 100000000;
}

static void encode(const struct radio_count *c, struct buf *out)
{
    buf_uint(out, c->tac, 4);
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        buf_uint(out, c->rows[k] < ROWS_MOST ? c->rows[k] : ROWS_MOST, ROWS_BYTES);
}

static enum err damaged(struct fault *fault)
{
    return fault_set(fault, ERR_CODEC, "radio technologies that were seen: a record is damaged");
}

static int by_tac(const void *a, const void *b)
{
    uint32_t x = ((const struct slot *)a)->tac_more, y = ((const struct slot *)b)->tac_more;
    return (x > y) - (x < y);
}

static struct radio_count count_of(const struct slot *slot)
{
    struct radio_count c = {.tac = slot->tac_more - 1};
    for (unsigned k = 0; k < RADIO_KINDS; k++)
        c.rows[k] = slot->rows[k];
    return c;
}

/* What stands of a bucket, and n slots of it, both ascending. */
static enum err merge(const struct buf *had, const struct slot *slots, size_t n, struct buf *out,
                      struct fault *fault)
{
    size_t entries = had->n ? (had->n - 1) / ENTRY : 0, i = 0, at = 0;
    if (had->n && (had->p[0] != FORM || (had->n - 1) % ENTRY))
        return damaged(fault);
    buf_uint(out, FORM, 1);
    while (at < entries || i < n) {
        struct radio_count was = {0}, is = {0};
        if (at < entries && !decode(had->p + 1 + at * ENTRY, &was))
            return damaged(fault);
        if (i < n)
            is = count_of(&slots[i]);
        bool old = at < entries && (i == n || was.tac <= is.tac);
        bool new = i < n && (at == entries || is.tac <= was.tac);
        struct radio_count sum = old ? was : is;
        for (unsigned k = 0; old && new &&k < RADIO_KINDS; k++)
            sum.rows[k] += is.rows[k];
        encode(&sum, out);
        at += old;
        i += new;
    }
    return out->failed ? ERR_MEMORY : ERR_OK;
}

static enum err write_bucket(struct registry *reg, uint64_t party, const struct slot *slots,
                             size_t n, struct fault *fault)
{
    struct record_key key = record_key(RECORD_FINDINGS);
    struct buf had = {0}, value = {0};
    bool found;
    record_key_bytes(&key, "r", 1);
    record_key_number(&key, party, 8);
    record_key_number(&key, (slots->tac_more - 1) / BUCKET, 2);
    enum err err = record_find(reg, &key, &had, &found, fault);
    if (!err)
        err = merge(&had, slots, n, &value, fault);
    if (!err)
        err = record_put(reg, &key, (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&had);
    buf_release(&value);
    return err;
}

enum err radio_write(struct registry *reg, uint64_t party, struct radio_seen *s,
                     struct fault *fault)
{
    count_waiting(s);
    struct slot *all = s->count ? malloc(s->count * sizeof *all) : NULL;
    size_t n = 0;
    enum err err = ERR_OK;
    if (!s->count)
        return ERR_OK;
    if (!all)
        return fault_set(fault, ERR_MEMORY, "no memory for radio technologies");
    for (size_t i = 0; i < s->size; i++)
        if (s->slots[i].tac_more)
            all[n++] = s->slots[i];
    qsort(all, n, sizeof *all, by_tac);
    for (size_t from = 0, to; !err && from < n; from = to) {
        uint32_t bucket = (all[from].tac_more - 1) / BUCKET;
        for (to = from + 1; to < n && (all[to].tac_more - 1) / BUCKET == bucket;)
            to++;
        err = write_bucket(reg, party, all + from, to - from, fault);
    }
    free(all);
    return err;
}

struct reading {
    radio_fn *fn;
    void *ctx;
    bool broken;
};

static bool on_bucket(void *ctx, const struct record *record)
{
    struct reading *r = ctx;
    const uint8_t *value = (const uint8_t *)record->value.p;
    struct radio_count count;
    r->broken = record->key.n != KEY || !record->value.n || value[0] != FORM ||
                (record->value.n - 1) % ENTRY;
    for (size_t at = 1; !r->broken && at < record->value.n; at += ENTRY) {
        r->broken = !decode(value + at, &count);
        if (!r->broken && !r->fn(r->ctx, get_be((const uint8_t *)record->key.p + 2, 8), &count))
            return false;
    }
    return !r->broken;
}

enum err radio_each(struct registry *reg, radio_fn *fn, void *ctx, struct fault *fault)
{
    struct reading r = {.fn = fn, .ctx = ctx};
    struct record_key from = record_key(RECORD_FINDINGS);
    record_key_bytes(&from, "r", 1);
    struct record_key past = record_key_past(&from);
    enum err err = store_records(reg->store, record_key_str(&from), record_key_str(&past),
                                 on_bucket, &r, fault);
    return !err && r.broken ? damaged(fault) : err;
}
