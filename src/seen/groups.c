/* SPDX-License-Identifier: Apache-2.0
 *
 * The days of each operator are joined to one bitmap; then all pairs go by once: a pair that some operator saw and whose
 * IMEI is asked about puts its operators' bits to that IMEI. Numbers are opened a part at a time, in their order, only
 * where a pair of theirs was found, and are wiped. */
#include "seen/groups.h"

#include <sodium.h>
#include <stdlib.h>

#include "bulk/radix.h"
#include "seen/parts.h"

enum {
    OTHERS = GROUPS_OPERATORS - 1,
    INDEX_BITS = 24, /* of an IMEI among those asked about */
    LOOK_EVERY = 65536,
};
enum { KIND_MASK = (1 << GROUPS_KIND_BITS) - 1 };
static_assert(GROUPS_KINDS <= KIND_MASK + 1, "a kind fits");
static_assert(LIMIT_GROUPS_IMEIS <= 1u << INDEX_BITS, "an index fits");

void groups_add(struct groups_of *of, struct imei imei, unsigned kind)
{
    if (of->err)
        return;
    of->err = of->list.n >= LIMIT_GROUPS_IMEIS
                  ? ERR_TOO_MANY
                  : imei_list_add(&of->list, imei.body << GROUPS_KIND_BITS | (kind & KIND_MASK));
}

void groups_of_release(struct groups_of *of)
{
    imei_list_release(&of->list);
}

struct counting {
    struct registry *reg;
    const struct groups_of *of;
    const struct groups_options *with;
    unsigned operators;
    uint64_t party[GROUPS_OPERATORS];
    roaring_bitmap_t *seen[GROUPS_OPERATORS]; /* pairs, of all days */
    roaring_bitmap_t *any;
    uint32_t *by_operator;  /* of each IMEI: bits */
    uint64_t *by_region;    /* alike; bit REGION_NONE: a number of no region, or none */
    struct imei_list pairs; /* subscriber << INDEX_BITS | index */
    uint64_t total;         /* pairs there are */
    enum err err;
};

/* ---- days ---- */

static bool on_day(void *ctx, const struct seen_day_part *part)
{
    struct counting *c = ctx;
    unsigned at = 0;
    while (at < c->operators && c->party[at] != part->party && at != OTHERS)
        at++;
    if (at == c->operators) {
        c->seen[at] = roaring_bitmap_create();
        if (!c->seen[at]) {
            c->err = ERR_MEMORY;
            return false;
        }
        c->party[c->operators++] = part->party;
    }
    roaring_bitmap_or_inplace(c->seen[at], part->bits);
    roaring_bitmap_or_inplace(c->any, part->bits);
    return !(c->with->stop && *c->with->stop);
}

/* ---- pairs ---- */

static unsigned kind_at(const struct imei_list *list, size_t i)
{
    return (unsigned)(list->keys[i] & KIND_MASK);
}

/* SIZE_MAX: it is not asked about. */
static size_t index_of(const struct imei_list *list, uint64_t body)
{
    size_t from = 0, to = list->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (list->keys[middle] >> GROUPS_KIND_BITS < body)
            from = middle + 1;
        else
            to = middle;
    }
    return from < list->n && list->keys[from] >> GROUPS_KIND_BITS == body ? from : SIZE_MAX;
}

static bool on_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct counting *c = ctx;
    if (number % LOOK_EVERY == 0) {
        if (c->with->stop && *c->with->stop)
            c->err = ERR_STOPPED;
        if (c->with->progress)
            c->with->progress(c->with->progress_ctx, number, c->total);
    }
    if (c->err || !roaring_bitmap_contains(c->any, number))
        return !c->err;
    size_t at = index_of(&c->of->list, pair->imei);
    if (at == SIZE_MAX)
        return true;
    for (unsigned i = 0; i < c->operators; i++)
        if (roaring_bitmap_contains(c->seen[i], number))
            c->by_operator[at] |= 1u << i;
    if (c->by_region && pair->subscriber)
        c->err = imei_list_add(&c->pairs, (uint64_t)pair->subscriber << INDEX_BITS | at);
    return !c->err;
}

/* ---- regions ---- */

static enum err look_at_numbers(struct counting *c, struct fault *fault)
{
    struct seen_subscriber *part = calloc(SEEN_PART, sizeof *part);
    uint32_t first = 0;
    size_t n = 0;
    enum err err = part ? ERR_OK : ERR_MEMORY;
    if (c->pairs.n)
        radix_sort(c->pairs.keys, c->pairs.n);
    for (size_t i = 0; !err && i < c->pairs.n; i++) {
        uint32_t subscriber = (uint32_t)(c->pairs.keys[i] >> INDEX_BITS);
        size_t at = (size_t)(c->pairs.keys[i] & ((1u << INDEX_BITS) - 1));
        if (c->with->stop && *c->with->stop)
            err = ERR_STOPPED;
        if (!err && (subscriber < first || subscriber - first >= n))
            err = seen_subscribers_get(c->reg, subscriber, part, &first, &n, fault);
        if (!err)
            c->by_region[at] |= UINT64_C(1)
                                << regions_of(c->with->regions, part[subscriber - first].msisdn);
    }
    if (part)
        sodium_memzero(part, SEEN_PART * sizeof *part);
    free(part);
    return err;
}

/* ---- what it comes to ---- */

static uint64_t sum_of(const struct group *g)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < GROUPS_KINDS; k++)
        sum += g->imeis[k];
    return sum;
}

static int greatest_first(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    uint64_t p = sum_of(x), q = sum_of(y);
    return p != q ? (p < q ? 1 : -1) : strcmp(x->name, y->name);
}

/* Drops groups without an IMEI. */
static void put_in_order(struct group_list *list)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < list->n; i++)
        if (sum_of(&list->list[i]))
            list->list[kept++] = list->list[i];
    list->n = kept;
    qsort(list->list, list->n, sizeof *list->list, greatest_first);
}

static void count_bits(struct group_list *list, uint64_t bits, unsigned kind)
{
    for (unsigned i = 0; i < list->n; i++)
        list->list[i].imeis[kind] += bits >> i & 1;
    list->none[kind] += !bits;
}

static void name_operators(struct counting *c, struct group_list *out)
{
    out->n = c->operators;
    for (unsigned i = 0; i < c->operators; i++) {
        struct party party = {0};
        if (i == OTHERS && c->operators == GROUPS_OPERATORS)
            str_copy(party.name, sizeof party.name, STR("others"));
        else if (store_party_get(c->reg->store, c->party[i], &party, NULL))
            str_copy(party.name, sizeof party.name, STR("?"));
        str_copy(out->list[i].name, sizeof out->list[i].name, str_z(party.name));
    }
}

/* Names of operators are in the order of their bits still. */
static enum err tell_of(struct counting *c, const struct group_list *operators, struct fault *fault)
{
    const struct imei_list *list = &c->of->list;
    const struct str only = c->with->only;
    for (unsigned o = 0; o < operators->n; o++) {
        if (!str_eq(str_z(operators->list[o].name), only))
            continue;
        for (size_t i = 0; i < list->n; i++)
            if (c->by_operator[i] >> o & 1)
                c->with->seen(c->with->seen_ctx, (struct imei){list->keys[i] >> GROUPS_KIND_BITS},
                              kind_at(list, i));
        return ERR_OK;
    }
    return fault_set(fault, ERR_NOT_FOUND, "no file of %.*s in the last %d days", STR_ARG(only),
                     GROUPS_DAYS);
}

static enum err sum_up(struct counting *c, struct groups *out, struct fault *fault)
{
    const struct imei_list *list = &c->of->list;
    const struct regions *regions = c->with->regions;
    out->operators.told = true;
    name_operators(c, &out->operators);
    enum err err = c->with->only.n ? tell_of(c, &out->operators, fault) : ERR_OK;
    for (size_t i = 0; i < list->n; i++)
        count_bits(&out->operators, c->by_operator[i], kind_at(list, i));
    put_in_order(&out->operators);
    if (err || !c->by_region)
        return err;
    out->regions.told = true;
    out->regions.n = regions->count;
    for (unsigned i = 0; i < regions->count; i++)
        str_copy(out->regions.list[i].name, sizeof out->regions.list[i].name,
                 str_z(regions->names[i]));
    for (size_t i = 0; i < list->n; i++)
        count_bits(&out->regions, c->by_region[i] & ~(UINT64_C(1) << REGION_NONE),
                   kind_at(list, i));
    put_in_order(&out->regions);
    return ERR_OK;
}

static enum err pass(struct counting *c, struct groups *out, struct fault *fault)
{
    struct seen_head head;
    enum err err = seen_head_get(c->reg, &head, fault);
    if (!err)
        err = seen_days(c->reg, daynum_pack(out->from), daynum_pack(out->to), on_day, c, fault);
    if (!err && c->with->stop && *c->with->stop)
        err = ERR_STOPPED;
    if (!err && !c->err && !c->operators && c->with->only.n)
        err =
            fault_set(fault, ERR_NOT_FOUND, "no operator's file in the last %d days", GROUPS_DAYS);
    if (err || c->err || !c->operators)
        return err ? err : c->err;
    size_t n = c->of->list.n + 1;
    c->total = head.pairs;
    c->by_operator = calloc(n, sizeof *c->by_operator);
    c->by_region = c->with->regions ? calloc(n, sizeof *c->by_region) : NULL;
    if (!c->by_operator || (c->with->regions && !c->by_region))
        return ERR_MEMORY;
    err = seen_pairs(c->reg, on_pair, c, fault);
    if (!err)
        err = c->err;
    if (!err && c->by_region)
        err = look_at_numbers(c, fault);
    return err ? err : sum_up(c, out, fault);
}

enum err groups_count(struct registry *reg, const struct groups_of *of,
                      const struct groups_options *options, struct groups *out, struct fault *fault)
{
    struct counting c = {.reg = reg, .of = of, .with = options};
    memset(out, 0, sizeof *out);
    out->to = registry_today(reg);
    out->from = out->to - GROUPS_DAYS + 1;
    out->too_many = of->err == ERR_TOO_MANY;
    if (of->err)
        return out->too_many ? ERR_OK : of->err;
    c.any = roaring_bitmap_create();
    enum err err = c.any ? pass(&c, out, fault) : ERR_MEMORY;
    for (unsigned i = 0; i < c.operators; i++)
        roaring_bitmap_free(c.seen[i]);
    if (c.any)
        roaring_bitmap_free(c.any);
    free(c.by_operator);
    free(c.by_region);
    imei_list_release(&c.pairs);
    return err;
}
