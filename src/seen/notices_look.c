/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs have numbers in the order of their coming, so those of some IMEIs are found by one pass over all. A small table
 * of bits says no to nearly all of them. */
#include "seen/notices_look.h"

#include <stdlib.h>

enum {
    FIRST_ROOM = 1024,
    BITS_EACH = 16, /* of the filter, for an IMEI: one in sixteen passes for nothing */
    BITS_LEAST = 1 << 16
};

static bool add(struct look_list *list, const void *entry, size_t each)
{
    if (list->n == list->size) {
        size_t size = list->size ? 2 * list->size : FIRST_ROOM;
        void *p = realloc(list->p, size * each);
        list->failed |= !p;
        if (!p)
            return false;
        list->p = p;
        list->size = size;
        list->each = each;
    }
    memcpy((char *)list->p + list->n++ * each, entry, each);
    return true;
}

static void release(struct look_list *list)
{
    free(list->p);
    *list = (struct look_list){0};
}

void look_release(struct look *look)
{
    release(&look->grey);
    release(&look->told);
    release(&look->users);
    seen_last_release(&look->last);
    free(look->filter);
    *look = (struct look){0};
}

/* ---- phones with a term ---- */

struct going {
    struct look *look;
    daynum day;
};

static bool take_grey(void *ctx, const struct facts_row *row)
{
    const struct going *g = ctx;
    const struct look_grey grey = {row->imei.body, row->due - 1};
    return add(&g->look->grey, &grey, sizeof grey);
}

static int by_imei(const void *a, const void *b)
{
    const uint64_t x = ((const struct look_grey *)a)->imei, y = ((const struct look_grey *)b)->imei;
    return (x > y) - (x < y);
}

static bool take_told(void *ctx, const struct notices_told *told)
{
    const struct going *g = ctx;
    const struct look_told one = {told->imei.body, told->subscriber, told->told.step,
                                  told->told.last_day};
    return add(&g->look->told, &one, sizeof one);
}

/* ---- who uses them ---- */

static void mark(struct look *look, uint64_t imei)
{
    uint64_t bit = mix_range(mix64(imei), look->filter_bits);
    look->filter[bit >> 3] |= (uint8_t)(1 << (bit & 7));
}

static enum err make_filter(struct look *look)
{
    uint64_t bits = (look->grey.n + look->told.n) * BITS_EACH;
    look->filter_bits = bits < BITS_LEAST ? BITS_LEAST : bits;
    look->filter = calloc(1, look->filter_bits / 8 + 1);
    if (!look->filter)
        return ERR_MEMORY;
    for (size_t i = 0; i < look->grey.n; i++)
        mark(look, ((const struct look_grey *)look->grey.p)[i].imei);
    for (size_t i = 0; i < look->told.n; i++)
        mark(look, ((const struct look_told *)look->told.p)[i].imei);
    return ERR_OK;
}

/* An entry of each list begins with its IMEI. */
static bool has(const struct look_list *list, uint64_t imei)
{
    size_t from = 0, to = list->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        uint64_t at;
        memcpy(&at, (const char *)list->p + mid * list->each, sizeof at);
        if (at == imei)
            return true;
        if (at < imei)
            from = mid + 1;
        else
            to = mid;
    }
    return false;
}

static bool take_pair(void *ctx, uint32_t number, const struct seen_pair *pair)
{
    struct look *look = ((const struct going *)ctx)->look;
    uint64_t bit = mix_range(mix64(pair->imei), look->filter_bits);
    if (!(look->filter[bit >> 3] >> (bit & 7) & 1) || !pair->subscriber)
        return true;
    uint32_t network = 0;
    while (network < look->last.n && !roaring_bitmap_contains(look->last.of[network].pairs, number))
        network++;
    if (network == look->last.n || (!has(&look->grey, pair->imei) && !has(&look->told, pair->imei)))
        return true;
    const struct look_user user = {pair->imei, pair->subscriber, network, number};
    return add(&look->users, &user, sizeof user);
}

static int by_imei_and_subscriber(const void *a, const void *b)
{
    const struct look_user *x = a, *y = b;
    if (x->imei != y->imei)
        return x->imei < y->imei ? -1 : 1;
    return (x->subscriber > y->subscriber) - (x->subscriber < y->subscriber);
}

static enum err find_users(struct registry *reg, const struct notices_settings *settings,
                           const struct going *g, struct fault *fault)
{
    struct look *look = g->look;
    enum err err = seen_last_get(reg, daynum_pack(g->day - settings->days), daynum_pack(g->day),
                                 &look->last, fault);
    if (!err)
        err = make_filter(look);
    if (!err)
        err = seen_pairs(reg, take_pair, (void *)(uintptr_t)g, fault);
    if (!err && look->users.failed)
        err = ERR_MEMORY;
    if (!err && look->users.n)
        qsort(look->users.p, look->users.n, sizeof(struct look_user), by_imei_and_subscriber);
    return err;
}

enum err look_at(struct registry *reg, const struct notices_settings *settings, daynum day,
                 struct look *out, struct fault *fault)
{
    struct look look = {0};
    struct going g = {&look, day};
    enum err err = store_facts_due(reg->store, DAYNUM_FIRST, DAYNUM_LAST, take_grey, &g, fault);
    if (!err && look.grey.n)
        qsort(look.grey.p, look.grey.n, sizeof(struct look_grey), by_imei);
    if (!err)
        err = notices_told_all(reg, NULL, take_told, &g, fault);
    if (!err && (look.grey.failed || look.told.failed))
        err = ERR_MEMORY;
    if (!err)
        err = find_users(reg, settings, &g, fault);
    if (err)
        look_release(&look);
    else
        *out = look;
    return err;
}

enum err look_at_users(struct registry *reg, const struct notices_settings *settings, daynum day,
                       const struct imei *imeis, size_t n, struct look *out, struct fault *fault)
{
    struct look look = {0};
    struct going g = {&look, day};
    for (size_t i = 0; i < n && !look.grey.failed; i++) {
        const struct look_grey grey = {imeis[i].body, day};
        add(&look.grey, &grey, sizeof grey);
    }
    enum err err = look.grey.failed ? ERR_MEMORY : find_users(reg, settings, &g, fault);
    if (err)
        look_release(&look);
    else
        *out = look;
    return err;
}
