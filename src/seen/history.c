/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/history.h"

#include <sodium.h>
#include <stdlib.h>

enum { SUBSCRIBERS_MOST = 4096, PARTS = 1 << (32 - SEEN_DAY_SHIFT), SAY_EVERY = 16 };

struct looking {
    struct registry *reg;
    const struct history_ask *ask;
    struct history *out;
    uint32_t *subscribers; /* ascending */
    size_t subscriber_n;
    struct seen_key key; /* of an IMSI */
    enum err err;
    bool *needed; /* parts of days, by number >> SEEN_DAY_SHIFT */
    struct day_of {
        uint16_t day;
        uint64_t party;
    } * days;
    size_t day_n, day_size;
    bool *met; /* pairs that were seen on the day at hand */
};

static enum err look_around(const struct looking *f, uint64_t done, uint64_t total,
                            struct fault *fault)
{
    if (f->ask->stop && *f->ask->stop)
        return fault_set(fault, ERR_STOPPED, "nothing was told");
    if (f->ask->progress)
        f->ask->progress(f->ask->progress_ctx, done, total);
    return ERR_OK;
}

/* ---- which subscribers ---- */

static void add_subscriber(struct looking *f, uint32_t number)
{
    if (f->subscriber_n < SUBSCRIBERS_MOST)
        f->subscribers[f->subscriber_n++] = number;
    else
        f->out->more = true;
}

static bool on_hash(void *ctx, uint32_t number, const struct seen_key *hash)
{
    struct looking *f = ctx;
    bool is = hash->hash == f->key.hash && hash->mark == f->key.mark;
    if (is)
        add_subscriber(f, number);
    return !is; /* it stands once */
}

static enum err by_imsi(struct looking *f, struct fault *fault)
{
    uint8_t key[SEEN_HASH_KEY];
    seen_hash_key(f->reg, key);
    f->key = seen_hash(key, f->ask->imsi);
    return seen_hashes(f->reg, on_hash, f, fault);
}

/* Opens all parts, one after the other. */
static enum err by_msisdn(struct looking *f, struct fault *fault)
{
    struct seen_head head;
    struct seen_subscriber *part = calloc(SEEN_PART, sizeof *part);
    enum err err = part ? seen_head_get(f->reg, &head, fault) : ERR_MEMORY;
    unsigned parts = 0;
    for (uint64_t number = 1; !err && number <= head.subscribers;) {
        uint32_t first;
        size_t n;
        if (parts++ % SAY_EVERY == 0)
            err = look_around(f, number, head.subscribers, fault);
        if (!err)
            err = seen_subscribers_get(f->reg, (uint32_t)number, part, &first, &n, fault);
        if (err)
            break;
        for (size_t i = 0; i < n; i++)
            if (part[i].msisdn == f->ask->msisdn)
                add_subscriber(f, first + (uint32_t)i);
        number = (uint64_t)first + n;
    }
    if (part)
        sodium_memzero(part, SEEN_PART * sizeof *part);
    free(part);
    return err;
}

/* ---- which pairs ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool is_wanted(const struct looking *f, const struct seen_pair *pair)
{
    if (!pair->subscriber)
        return false; /* dropped */
    if (f->ask->by_imei)
        return pair->imei == f->ask->imei.body;
    return bsearch(&pair->subscriber, f->subscribers, f->subscriber_n, sizeof *f->subscribers,
                   by_number) != NULL;
}

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct looking *f = ctx;
    struct history *h = f->out;
    if (!is_wanted(f, pair))
        return true;
    if (h->n == HISTORY_PAIRS) {
        h->more = true;
        return false;
    }
    if ((h->n & (h->n - 1)) == 0) { /* at each power of two */
        struct history_pair *pairs = realloc(h->pairs, (h->n ? 2 * h->n : 1) * sizeof *pairs);
        if (!pairs) {
            f->err = ERR_MEMORY;
            return false;
        }
        h->pairs = pairs;
    }
    h->pairs[h->n++] = (struct history_pair){.number = number,
                                             .imei = pair->imei,
                                             .subscriber = pair->subscriber,
                                             .first = SEEN_DAY_NONE,
                                             .last = SEEN_DAY_NONE};
    f->needed[number >> SEEN_DAY_SHIFT] = true;
    return true;
}

/* ---- on which days ---- */

static bool on_report(void *ctx, uint16_t day, uint64_t party, const struct seen_report *report)
{
    struct looking *f = ctx;
    (void)report;
    if (f->day_n == f->day_size) {
        size_t size = f->day_size ? 2 * f->day_size : 256;
        struct day_of *days = realloc(f->days, size * sizeof *days);
        if (!days) {
            f->err = ERR_MEMORY;
            return false;
        }
        f->days = days;
        f->day_size = size;
    }
    f->days[f->day_n++] = (struct day_of){day, party};
    return true;
}

static size_t operator_of(struct history *h, uint64_t party)
{
    for (size_t i = 0; i < h->operator_count; i++)
        if (h->operators[i] == party)
            return i;
    if (h->operator_count == HISTORY_OPERATORS)
        return HISTORY_OPERATORS - 1;
    h->operators[h->operator_count] = party;
    return h->operator_count++;
}

static void meet(struct looking *f, size_t i, const struct day_of *day)
{
    struct history_pair *pair = &f->out->pairs[i];
    size_t by = operator_of(f->out, day->party);
    if (!pair->by[by]++)
        pair->span[by].first = day->day;
    pair->span[by].last = day->day;
    if (f->met[i])
        return;
    f->met[i] = true;
    f->out->pair_days++;
    pair->days++;
    pair->last = day->day;
    if (pair->first == SEEN_DAY_NONE)
        pair->first = day->day;
}

/* Pairs are by number, so those of a part stand together. */
static enum err read_part(struct looking *f, const struct day_of *day, uint32_t part, size_t *at,
                          struct fault *fault)
{
    roaring_bitmap_t *bits = NULL;
    const struct history *h = f->out;
    enum err err = seen_day_part_get(f->reg, day->party, day->day, part, &bits, fault);
    f->out->steps++;
    for (; !err && *at < h->n && h->pairs[*at].number >> SEEN_DAY_SHIFT == part; ++*at)
        if (bits && roaring_bitmap_contains(bits, h->pairs[*at].number))
            meet(f, *at, day);
    if (bits)
        roaring_bitmap_free(bits);
    return err;
}

static enum err read_days(struct looking *f, struct fault *fault)
{
    enum err err = ERR_OK;
    f->met = calloc(f->out->n + 1, sizeof *f->met);
    if (!f->met)
        return ERR_MEMORY;
    bool any = false; /* on the day at hand, of the operators before */
    for (size_t i = 0; !err && i < f->day_n; i++) {
        size_t at = 0;
        uint64_t before = f->out->pair_days;
        if (i && f->days[i].day != f->days[i - 1].day) {
            memset(f->met, 0, f->out->n * sizeof *f->met);
            any = false;
        }
        if (i % SAY_EVERY == 0)
            err = look_around(f, i, f->day_n, fault);
        for (uint32_t part = 0; !err && part < PARTS; part++)
            if (f->needed[part])
                err = read_part(f, &f->days[i], part, &at, fault);
        f->out->days += !any && f->out->pair_days > before;
        any = any || f->out->pair_days > before;
    }
    return err;
}

/* ---- all of it ---- */

static enum err find(struct looking *f, struct fault *fault)
{
    const struct history_ask *ask = f->ask;
    uint16_t from = ask->from == DAYNUM_NONE ? 0 : daynum_pack(ask->from);
    uint16_t to = ask->to == DAYNUM_NONE ? UINT16_MAX : daynum_pack(ask->to);
    enum err err = ask->by_imei ? ERR_OK : ask->imsi ? by_imsi(f, fault) : by_msisdn(f, fault);
    if (!err && (ask->by_imei || f->subscriber_n))
        err = seen_pairs(f->reg, on_pair, f, fault);
    if (!err && !f->err && f->out->n)
        err = seen_reports(f->reg, from, to, on_report, f, fault);
    if (!err && !f->err && f->out->n)
        err = read_days(f, fault);
    return err ? err : f->err;
}

enum err history_find(struct registry *reg, const struct history_ask *ask, struct history *out,
                      struct fault *fault)
{
    *out = (struct history){0};
    struct looking f = {.reg = reg,
                        .ask = ask,
                        .out = out,
                        .subscribers = malloc(SUBSCRIBERS_MOST * sizeof *f.subscribers),
                        .needed = calloc(PARTS, sizeof *f.needed)};
    bool reads = false;
    enum err err = f.subscribers && f.needed ? ERR_OK : ERR_MEMORY;
    if (!err && !ask->inside) {
        err = store_read_begin(reg->store, fault);
        reads = !err;
    }
    if (!err)
        err = find(&f, fault);
    if (reads)
        store_read_end(reg->store);
    if (err == ERR_MEMORY)
        fault_set(fault, err, "no memory for a look-up");
    if (err)
        history_release(out);
    free(f.subscribers);
    free(f.needed);
    free(f.days);
    free(f.met);
    return err;
}

void history_release(struct history *h)
{
    free(h->pairs);
    *h = (struct history){0};
}

uint64_t history_average(const struct history *h)
{
    return h->days ? h->pair_days * 100 / h->days : 0;
}
