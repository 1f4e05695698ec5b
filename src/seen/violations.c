/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/violations.h"

#include <stdlib.h>

#include "answer/answer.h"
#include "seen/named.h"
#include "seen/told.h"

enum { PAIRS_MOST = 10 * VIOLATIONS_MOST, FILTER_LEAST = 23, FILTER_MOST = 31 /* bits, as 2^n */ };

/* A pair that was seen, of an IMEI that may be black. */
struct suspect {
    uint64_t imei;
    uint32_t number, subscriber;
};

/* An IMEI of them that is. */
struct culprit {
    struct lists_violation v;
    uint64_t seq;        /* that brought it on the list */
    daynum countable;    /* the first day that counts */
    size_t first, pairs; /* of the suspects */
};

struct passing {
    struct registry *reg;
    struct lists *black;
    const struct lists_violations_ask *ask;
    uint64_t party;
    struct told told;
    daynum from, through;
    roaring_bitmap_t *seen; /* on any of these days */
    uint64_t *filter;
    unsigned filter_bits;
    struct suspect *suspects;
    size_t count, size;
    struct culprit *culprits;
    size_t guilty;
    struct lists_violation_day *days;
    size_t day_count;
    bool more;
    enum err err;
    struct fault *fault;
};

/* ---- the filter: may this IMEI be black? ---- */

static uint64_t spot(const struct passing *p, uint64_t imei, unsigned which)
{
    return mix64(imei + (uint64_t)which * IMEI_BODIES) >> (64 - p->filter_bits);
}

static bool may_be_black(const struct passing *p, uint64_t imei)
{
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t at = spot(p, imei, i);
        if (!(p->filter[at >> 6] >> (at & 63) & 1))
            return false;
    }
    return true;
}

static enum err fill_filter(struct passing *p)
{
    enum { ROWS = 512 };
    struct listed_imei rows[ROWS];
    struct lists_view *view;
    enum err err = lists_view(p->black, p->reg, &view, p->fault);
    if (err)
        return err;
    p->filter_bits = FILTER_LEAST;
    while (p->filter_bits < FILTER_MOST &&
           UINT64_C(1) << p->filter_bits < 16 * lists_view_count(view))
        p->filter_bits++;
    p->filter = calloc(UINT64_C(1) << (p->filter_bits - 6), sizeof *p->filter);
    err = p->filter ? ERR_OK : ERR_MEMORY;
    for (size_t n; !err && (n = lists_view_next(view, rows, ROWS)) > 0;)
        for (size_t i = 0; i < n; i++)
            for (unsigned k = 0; k < 2; k++) {
                const uint64_t at = spot(p, rows[i].imei.body, k);
                p->filter[at >> 6] |= UINT64_C(1) << (at & 63);
            }
    lists_view_free(view);
    return err;
}

/* ---- who was seen ---- */

static enum err unite_days(struct passing *p)
{
    p->seen = roaring_bitmap_create();
    enum err err = p->seen ? ERR_OK : ERR_MEMORY;
    for (daynum day = p->from; !err && day <= p->through; day++) {
        roaring_bitmap_t *bits;
        err = seen_day_get(p->reg, p->party, daynum_pack(day), &bits, p->fault);
        if (err)
            break;
        roaring_bitmap_or_inplace(p->seen, bits);
        roaring_bitmap_free(bits);
    }
    return err;
}

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct passing *p = ctx;
    if (!pair->subscriber || !may_be_black(p, pair->imei) ||
        !roaring_bitmap_contains(p->seen, number))
        return true;
    if (p->count == PAIRS_MOST) {
        p->more = true;
        return false;
    }
    if (p->count == p->size) {
        const size_t size = p->size ? 2 * p->size : 1024;
        struct suspect *suspects = realloc(p->suspects, size * sizeof *suspects);
        p->err = suspects ? ERR_OK : ERR_MEMORY;
        if (!suspects)
            return false;
        p->suspects = suspects;
        p->size = size;
    }
    p->suspects[p->count++] = (struct suspect){pair->imei, number, pair->subscriber};
    return true;
}

static int by_imei(const void *a, const void *b)
{
    const struct suspect *x = a, *y = b;
    if (x->imei != y->imei)
        return x->imei < y->imei ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Both are in order: those that are on the list, with all their pairs. */
static enum err join(struct passing *p)
{
    struct lists_view *view;
    struct listed_imei row;
    enum err err = lists_view(p->black, p->reg, &view, p->fault);
    if (err)
        return err;
    p->culprits = calloc(p->count + 1, sizeof *p->culprits);
    err = p->culprits ? ERR_OK : ERR_MEMORY;
    bool more = !err && lists_view_next(view, &row, 1);
    for (size_t i = 0; more && i < p->count;) {
        size_t n = 1;
        while (i + n < p->count && p->suspects[i + n].imei == p->suspects[i].imei)
            n++;
        while (more && row.imei.body < p->suspects[i].imei)
            more = lists_view_next(view, &row, 1);
        if (more && row.imei.body == p->suspects[i].imei)
            p->culprits[p->guilty++] =
                (struct culprit){.v = {.imei = row.imei, .is = row.is}, .first = i, .pairs = n};
        i += n;
    }
    lists_view_free(view);
    return err;
}

/* ---- since when he was told ---- */

static struct culprit *culprit_of(const struct passing *p, uint64_t imei)
{
    size_t low = 0, high = p->guilty;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (p->culprits[mid].v.imei.body < imei)
            low = mid + 1;
        else
            high = mid;
    }
    return low < p->guilty && p->culprits[low].v.imei.body == imei ? &p->culprits[low] : NULL;
}

static enum err on_change(void *ctx, const struct lists_change *change)
{
    struct culprit *c =
        change->was.reason == LISTED_NOT ? culprit_of(ctx, change->imei.body) : NULL;
    if (c)
        c->seq = change->seq;
    return ERR_OK;
}

static enum err read_log(struct lists *l, struct registry *reg, void *ctx, struct fault *fault)
{
    struct lists_log *log = lists_log_of(l);
    (void)reg;
    return lists_log_read(log, 1, lists_log_count(log), on_change, ctx, fault);
}

static void date_them(struct passing *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->guilty; i++) {
        struct culprit c = p->culprits[i];
        const struct told_step *step = c.seq ? told_find(&p->told, c.seq) : NULL;
        if (!step)
            continue;
        c.v.told = step->cursor;
        c.v.applied_ms = step->at_ms;
        c.countable = zone_day(&p->reg->zone, step->at_ms / 1000) + 1;
        p->culprits[kept++] = c;
    }
    p->guilty = kept;
}

/* ---- whom the network may serve all the same ---- */

struct naming {
    struct passing *p;
    uint32_t *numbers; /* of subscribers, ascending; no twins */
    uint64_t *imsis;   /* of each */
    size_t count;
};

static bool needs_name(const struct culprit *c)
{
    return reason_table[c->v.is.reason].rule != 1; /* a mark stops everybody */
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool on_named(void *ctx, uint32_t number, const struct seen_subscriber *s)
{
    struct naming *n = ctx;
    const uint32_t *at = bsearch(&number, n->numbers, n->count, sizeof number, by_number);
    if (at)
        n->imsis[at - n->numbers] = s->imsi;
    return true;
}

static enum err name_them(struct passing *p, struct naming *n)
{
    n->numbers = malloc((p->count + 1) * sizeof *n->numbers);
    n->imsis = calloc(p->count + 1, sizeof *n->imsis);
    if (!n->numbers || !n->imsis)
        return ERR_MEMORY;
    for (size_t i = 0; i < p->guilty; i++)
        for (size_t k = 0; needs_name(&p->culprits[i]) && k < p->culprits[i].pairs; k++)
            n->numbers[n->count++] = p->suspects[p->culprits[i].first + k].subscriber;
    qsort(n->numbers, n->count, sizeof *n->numbers, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < n->count; i++)
        if (!kept || n->numbers[kept - 1] != n->numbers[i])
            n->numbers[kept++] = n->numbers[i];
    n->count = kept;
    return named_each(p->reg, n->numbers, n->count, on_named, n, p->fault);
}

struct paired {
    const struct passing *p;
    struct pair
        *all; /* of culprits that are clones, by IMEI and subscriber, as the store gives them */
    size_t count, size;
    bool failed;
};

static bool on_paired(void *ctx, const struct pair *pair)
{
    struct paired *q = ctx;
    const struct culprit *c = culprit_of(q->p, pair->imei.body);
    if (!c || c->v.is.reason != REASON_CLONE)
        return true;
    if (q->count == q->size) {
        const size_t size = q->size ? 2 * q->size : 64;
        struct pair *all = realloc(q->all, size * sizeof *all);
        q->failed = !all;
        if (!all)
            return false;
        q->all = all;
        q->size = size;
    }
    q->all[q->count++] = *pair;
    return true;
}

static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->imei.body != y->imei.body)
        return x->imei.body < y->imei.body ? -1 : 1;
    return x->subscriber < y->subscriber ? -1 : x->subscriber > y->subscriber;
}

static bool may_serve(const struct passing *p, const struct culprit *c, uint64_t imsi,
                      const struct paired *paired)
{
    const struct rules *rules = &p->reg->rules;
    if (!imsi || !rules_is_home(rules, imsi) || rules_is_machine_imsi(rules, imsi))
        return true;
    const struct pair key = {.imei = c->v.imei,
                             .subscriber = answer_subscriber(p->reg->keys.subscriber, imsi)};
    return c->v.is.reason == REASON_CLONE && paired->count &&
           bsearch(&key, paired->all, paired->count, sizeof key, by_pair);
}

/* Their pairs lose the number of a day, which no bitmap has. */
static enum err acquit(struct passing *p)
{
    struct naming n = {.p = p};
    struct paired paired = {.p = p};
    enum err err = name_them(p, &n);
    if (!err)
        err = store_pairs_scan(p->reg->store, on_paired, &paired, p->fault);
    if (!err && paired.failed)
        err = ERR_MEMORY;
    if (!err && paired.count)
        qsort(paired.all, paired.count, sizeof *paired.all, by_pair);
    for (size_t i = 0; !err && i < p->guilty; i++)
        for (size_t k = 0; needs_name(&p->culprits[i]) && k < p->culprits[i].pairs; k++) {
            struct suspect *s = &p->suspects[p->culprits[i].first + k];
            const uint32_t *at =
                bsearch(&s->subscriber, n.numbers, n.count, sizeof s->subscriber, by_number);
            if (may_serve(p, &p->culprits[i], n.imsis[at - n.numbers], &paired))
                s->number = 0;
        }
    if (n.imsis)
        explicit_bzero(n.imsis, (p->count + 1) * sizeof *n.imsis);
    free(n.numbers);
    free(n.imsis);
    free(paired.all);
    return err;
}

/* ---- on which days ---- */

static bool was_seen(const struct passing *p, const struct culprit *c, const roaring_bitmap_t *bits)
{
    for (size_t k = 0; k < c->pairs; k++) {
        const uint32_t number = p->suspects[c->first + k].number;
        if (number && roaring_bitmap_contains(bits, number))
            return true;
    }
    return false;
}

static enum err count_days(struct passing *p)
{
    const size_t most = p->from <= p->through ? (size_t)(p->through - p->from) + 1 : 1;
    p->days = calloc(most, sizeof *p->days);
    enum err err = p->days ? ERR_OK : ERR_MEMORY;
    for (daynum day = p->from; !err && day <= p->through; day++) {
        roaring_bitmap_t *bits;
        err = seen_day_get(p->reg, p->party, daynum_pack(day), &bits, p->fault);
        if (err)
            break;
        uint32_t seen = 0;
        for (size_t i = 0; !roaring_bitmap_is_empty(bits) && i < p->guilty; i++) {
            struct culprit *c = &p->culprits[i];
            if (day < c->countable || !was_seen(p, c, bits))
                continue;
            if (!c->v.days++)
                c->v.first = day;
            c->v.last = day;
            seen++;
        }
        if (seen)
            p->days[p->day_count++] = (struct lists_violation_day){day, seen};
        roaring_bitmap_free(bits);
    }
    return err;
}

/* ---- the whole ---- */

static enum err give(struct passing *p, struct lists_violations *out)
{
    size_t n = 0;
    for (size_t i = 0; i < p->guilty; i++)
        n += p->culprits[i].v.days > 0;
    const bool more = p->more || n > VIOLATIONS_MOST;
    const size_t most = n < VIOLATIONS_MOST ? n : VIOLATIONS_MOST;
    struct lists_violation *rows = malloc((most + 1) * sizeof *rows);
    if (!rows)
        return ERR_MEMORY;
    n = 0;
    for (size_t i = 0; n < most && i < p->guilty; i++)
        if (p->culprits[i].v.days)
            rows[n++] = p->culprits[i].v;
    *out = (struct lists_violations){.rows = rows,
                                     .count = n,
                                     .days = p->days,
                                     .day_count = p->day_count,
                                     .more = more,
                                     .from = p->from,
                                     .through = p->through};
    p->days = NULL;
    return ERR_OK;
}

static enum err pass(struct passing *p)
{
    enum err err = fill_filter(p);
    if (!err)
        err = unite_days(p);
    if (!err && !roaring_bitmap_is_empty(p->seen))
        err = seen_pairs(p->reg, on_pair, p, p->fault);
    if (!err)
        err = p->err;
    if (!err && p->count)
        qsort(p->suspects, p->count, sizeof *p->suspects, by_imei);
    if (!err)
        err = join(p);
    if (!err)
        err = lists_held(p->black, p->reg, &(struct lists_held){read_log, p}, p->fault);
    if (err)
        return err;
    date_them(p);
    err = acquit(p);
    return err ? err : count_days(p);
}

enum err seen_violations(struct lists *black, struct registry *reg,
                         const struct lists_violations_ask *ask, struct lists_violations *out,
                         struct fault *fault)
{
    struct passing p = {.reg = reg,
                        .black = black,
                        .ask = ask,
                        .party = registry_party_id(reg, PARTY_OPERATOR, str_z(ask->operator_name)),
                        .from = DAYNUM_NONE,
                        .through = DAYNUM_NONE,
                        .fault = fault};
    enum err err = told_read(reg, ask->operator_name, LISTS_BLACK, &p.told, fault);
    if (!err && p.told.count) {
        p.through = registry_today(reg);
        p.from = zone_day(&reg->zone, p.told.steps[0].at_ms / 1000) + 1;
        if (ask->since != DAYNUM_NONE && ask->since > p.from)
            p.from = ask->since;
        err = pass(&p);
    }
    if (!err)
        err = give(&p, out);
    if (p.seen)
        roaring_bitmap_free(p.seen);
    free(p.filter);
    free(p.suspects);
    free(p.culprits);
    free(p.days);
    told_release(&p.told);
    return err;
}
