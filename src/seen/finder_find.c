/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding: a bucket is read, its entries with the mark lead to parts, and the parts say who is meant. */
#include <stdlib.h>
#include <string.h>

#include "seen/finder_record.h"

enum { CANDIDATES = 8 * FINDER_MOST };

struct hunt {
    struct registry *reg;
    enum finder_by by;
    uint64_t value;
    uint16_t mark;
    uint32_t *numbers; /* CANDIDATES places, ascending */
    size_t n;
    bool more, broken;
    bool (*found)(void *ctx, const struct shelf *s, uint32_t number);
    void *ctx;
};

static bool on_bucket(void *ctx, const struct record *record)
{
    struct hunt *h = ctx;
    uint32_t first;
    h->broken = !finder_is_bucket(record, &first);
    if (h->broken)
        return false;
    const uint8_t *p = (const uint8_t *)record->value.p;
    for (size_t i = 0; i < record->value.n; i += FINDER_ENTRY) {
        if (get_be(p + i + 2, 2) != h->mark)
            continue;
        if (h->n == CANDIDATES) {
            h->n /= 2;
            memmove(h->numbers, h->numbers + h->n, h->n * sizeof *h->numbers);
            h->more = true;
        }
        h->numbers[h->n++] = first + (uint32_t)get_be(p + i, 2);
    }
    return true;
}

static enum err candidates(struct hunt *h, struct fault *fault)
{
    uint8_t key[FINDER_SECRET];
    struct record_key from = finder_key((char)h->by);
    finder_secret(h->reg, key);
    const struct finder_place at = finder_place(key, h->by, h->value);
    h->mark = at.mark;
    record_key_number(&from, at.bucket, 1);
    const struct record_key to = record_key_past(&from);
    enum err err = store_records(h->reg->store, record_key_str(&from), record_key_str(&to),
                                 on_bucket, h, fault);
    return !err && h->broken ? finder_damaged(fault) : err;
}

/* Those that entries lead to, then those that have none yet. */
static enum err hunt_all(struct hunt *h, struct shelf *s, struct fault *fault)
{
    struct finder_through through;
    struct seen_head head;
    enum err err = finder_through(h->reg, &through, fault);
    if (!err)
        err = candidates(h, fault);
    if (!err)
        err = seen_head_get(h->reg, &head, fault);
    const uint32_t entered = err ? 0 : s->of_pairs ? through.pairs : through.subscribers;
    const uint32_t last = err ? 0 : s->of_pairs ? head.pairs : head.subscribers;
    for (size_t i = 0; !err && i < h->n && h->numbers[i] <= entered; i++) {
        err = shelf_at(s, h->numbers[i], fault);
        if (!err)
            h->found(h->ctx, s, h->numbers[i]);
    }
    for (uint64_t number = entered + UINT64_C(1); !err && number <= last;) {
        err = shelf_at(s, (uint32_t)number, fault);
        for (; !err && number < (uint64_t)s->first + s->n; number++)
            h->found(h->ctx, s, (uint32_t)number);
    }
    return err;
}

static enum err hunt(struct hunt *h, struct fault *fault)
{
    struct shelf s = {0};
    h->numbers = malloc(CANDIDATES * sizeof *h->numbers);
    enum err err = h->numbers
                       ? shelf_init(&s, h->reg, h->by == FINDER_IMEI || h->by == FINDER_SUBSCRIBER)
                       : ERR_MEMORY;
    if (!err)
        err = hunt_all(h, &s, fault);
    shelf_release(&s);
    free(h->numbers);
    return err;
}

struct who_found {
    const struct hunt *hunt;
    uint32_t *numbers;
    struct seen_subscriber *who; /* NULL is allowed */
    size_t n;
};

static bool is_him(void *ctx, const struct shelf *s, uint32_t number)
{
    struct who_found *f = ctx;
    const struct seen_subscriber *who = &s->who[number - s->first];
    if (!who->imsi || (f->hunt->by == FINDER_MSISDN ? who->msisdn : who->imsi) != f->hunt->value)
        return false;
    if (f->n == FINDER_MOST) {
        f->n /= 2;
        memmove(f->numbers, f->numbers + f->n, f->n * sizeof *f->numbers);
        if (f->who)
            memmove(f->who, f->who + f->n, f->n * sizeof *f->who);
    }
    f->numbers[f->n] = number;
    if (f->who)
        f->who[f->n] = *who;
    f->n++;
    return true;
}

enum err finder_subscribers(struct registry *reg, enum finder_by by, uint64_t value, uint32_t *out,
                            struct seen_subscriber *who, size_t *out_n, struct fault *fault)
{
    struct who_found f = {.numbers = out, .who = who};
    struct hunt h = {.reg = reg, .by = by, .value = value, .found = is_him, .ctx = &f};
    f.hunt = &h;
    enum err err = value ? hunt(&h, fault) : ERR_OK;
    if (!err)
        *out_n = f.n;
    return err;
}

struct pairs_found {
    const struct hunt *hunt;
    struct finder_pair *out;
    size_t n;
    bool more;
};

static bool is_pair(void *ctx, const struct shelf *s, uint32_t number)
{
    struct pairs_found *f = ctx;
    const struct seen_pair pair = shelf_pair(s, number);
    if (!pair.subscriber ||
        (f->hunt->by == FINDER_IMEI ? pair.imei : pair.subscriber) != f->hunt->value)
        return false;
    if (f->n == FINDER_MOST) {
        f->n /= 2;
        memmove(f->out, f->out + f->n, f->n * sizeof *f->out);
        f->more = true;
    }
    f->out[f->n++] = (struct finder_pair){number, pair};
    return true;
}

enum err finder_pairs(struct registry *reg, enum finder_by by, uint64_t value,
                      struct finder_pair *out, size_t *out_n, bool *out_more, struct fault *fault)
{
    struct pairs_found f = {.out = out};
    struct hunt h = {.reg = reg, .by = by, .value = value, .found = is_pair, .ctx = &f};
    f.hunt = &h;
    enum err err = value ? hunt(&h, fault) : ERR_OK;
    if (!err) {
        *out_n = f.n;
        *out_more = f.more || h.more;
    }
    return err;
}
