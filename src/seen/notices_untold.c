/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_untold - the sweep's guard: who would lose service without having been told. Once an evening, of the IMEIs of one
 * last day: one pass over the pairs, one over the days of `days`, one over the parts of notices from the oldest ladder
 * on, a part in memory at a time. */
#include <stdlib.h>

#include "seen/notices_due.h"
#include "seen/notices_look.h"
#include "seen/notices_owner.h"

struct user {
    uint64_t imei;
    uint64_t party,
        first; /* the operator who was given his ladder, and its first notice; 0: none */
    uint32_t subscriber, pair;
    uint16_t day; /* packed: when he was seen with it last */
    bool told;
};

struct guarding {
    struct registry *reg;
    struct notices_settings settings;
    struct notices_channels channels;
    struct look look;
    struct user *users; /* by IMEI and subscriber */
    size_t n;
    daynum today;
    int64_t now_s;
};

static int by_phone(const void *a, const void *b)
{
    const struct user *x = a, *y = b;
    if (x->imei != y->imei)
        return x->imei < y->imei ? -1 : 1;
    return (x->subscriber > y->subscriber) - (x->subscriber < y->subscriber);
}

/* ---- who uses them, and can be told ---- */

/* Those whom an operator can tell: owed is used for its members that say whose somebody is. */
static enum err find_users(struct guarding *a, const struct imei *imeis, size_t n,
                           struct fault *fault)
{
    enum err err = look_at_users(a->reg, &a->settings, a->today, imeis, n, &a->look, fault);
    const struct look_user *seen = a->look.users.p;
    const size_t count = err ? 0 : a->look.users.n;
    struct owed *owed = calloc(count + 1, sizeof *owed);
    a->users = calloc(count + 1, sizeof *a->users);
    if (!err && (!owed || !a->users))
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < count; i++)
        owed[i] = (struct owed){.imei = {seen[i].imei},
                                .subscriber = seen[i].subscriber,
                                .network = seen[i].network,
                                .pair = seen[i].pair};
    if (!err)
        err = owners_find(a->reg, &a->channels, &a->look.last, owed, count, fault);
    for (size_t i = 0; !err && i < count; i++)
        if (owed[i].party)
            a->users[a->n++] = (struct user){
                .imei = owed[i].imei.body, .subscriber = owed[i].subscriber, .pair = owed[i].pair};
    if (a->n)
        qsort(a->users, a->n, sizeof *a->users, by_phone);
    free(owed);
    return err;
}

/* Days come in order. */
static bool take_day(void *ctx, const struct seen_day_part *part)
{
    struct guarding *a = ctx;
    for (size_t i = 0; i < a->n; i++)
        if (roaring_bitmap_contains(part->bits, a->users[i].pair))
            a->users[i].day = part->day;
    return true;
}

/* Of each IMEI those who were seen with it last. */
static void keep_last(struct guarding *a)
{
    size_t n = 0;
    for (size_t i = 0, end; i < a->n; i = end) {
        uint16_t last = 0;
        for (end = i; end < a->n && a->users[end].imei == a->users[i].imei; end++)
            last = a->users[end].day > last ? a->users[end].day : last;
        for (size_t at = i; at < end; at++)
            if (a->users[at].day == last)
                a->users[n++] = a->users[at];
    }
    a->n = n;
}

/* ---- what became of their notices ---- */

static enum err find_ladders(struct guarding *a, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < a->n; i++) {
        struct notices_told told;
        bool found;
        err = notices_told_get(a->reg, (struct imei){a->users[i].imei}, a->users[i].subscriber,
                               &told, &found, fault);
        if (!err && found) {
            a->users[i].party = told.party;
            a->users[i].first = told.first;
        }
    }
    return err;
}

static bool reached_him(const struct guarding *a, const struct notices_row *row, uint64_t handed)
{
    if (row->state != NOTICES_WAITING)
        return row->state == NOTICES_DELIVERED;
    return row->number <= handed && a->now_s - row->made_s < NOTICES_RECEIPT_HOURS * INT64_C(3600);
}

static void look_at_row(struct guarding *a, const struct notices_row *row, uint64_t party,
                        uint64_t handed)
{
    const struct user wanted = {.imei = row->imei.body, .subscriber = row->subscriber};
    struct user *user = bsearch(&wanted, a->users, a->n, sizeof *a->users, by_phone);
    if (user && user->party == party && user->first <= row->number)
        user->told |= reached_him(a, row, handed);
}

static enum err look_at_notices(struct guarding *a, uint64_t party, struct notices_part *part,
                                struct fault *fault)
{
    struct notices_standing s;
    uint64_t from = UINT64_MAX;
    bool found = true;
    for (size_t i = 0; i < a->n; i++)
        if (a->users[i].party == party && a->users[i].first < from)
            from = a->users[i].first;
    if (from == UINT64_MAX)
        return ERR_OK;
    enum err err = notices_standing_read(a->reg, party, &s, fault);
    while (!err && found) {
        err = notices_part_at(a->reg, party, from, part, &found, fault);
        for (size_t i = 0; !err && found && i < part->n; i++)
            look_at_row(a, &part->rows[i], party, s.handed);
        from = !err && found ? part->first + part->n : from;
    }
    return err;
}

/* ---- the whole ---- */

static void count(const struct guarding *a, struct untold *out)
{
    for (size_t i = 0, end; i < a->n; i = end) {
        bool told = true;
        for (end = i; end < a->n && a->users[end].imei == a->users[i].imei; end++)
            told &= a->users[end].told;
        out->reachable++;
        out->untold += !told;
    }
}

static enum err ask(struct guarding *a, const struct imei *imeis, size_t n, struct untold *out,
                    struct fault *fault)
{
    struct notices_part *part = calloc(1, sizeof *part);
    enum err err = part ? find_users(a, imeis, n, fault) : ERR_MEMORY;
    if (!err && a->n)
        err = seen_days(a->reg, daynum_pack(a->today - a->settings.days), daynum_pack(a->today),
                        take_day, a, fault);
    if (!err) {
        keep_last(a);
        err = find_ladders(a, fault);
    }
    for (size_t i = 0; !err && i < a->channels.n; i++)
        err = look_at_notices(a, a->channels.of[i].party, part, fault);
    if (!err)
        count(a, out);
    free(part);
    return err;
}

enum err notices_untold(struct registry *reg, const struct imei *imeis, size_t n,
                        struct untold *out, struct fault *fault)
{
    struct guarding *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_MEMORY;
    a->reg = reg;
    *out = (struct untold){0};
    enum err err = notices_settings_get(reg, &a->settings, fault); /* the sweep's head stays */
    if (!err)
        err = notices_channels_get(reg, &a->channels, fault);
    a->today = registry_today(reg);
    a->now_s = clock_now_us(reg->clock) / 1000000;
    out->armed = !err && a->channels.n && a->settings.percent;
    out->percent = a->settings.percent;
    if (out->armed)
        err = ask(a, imeis, n, out, fault);
    look_release(&a->look);
    free(a->users);
    free(a);
    return err;
}
