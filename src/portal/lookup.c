/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/lookup.h"

#include <stdlib.h>

#include "core/msisdn.h"
#include "face/guard.h"
#include "portal/pace.h"
#include "seen/finder.h"
#include "seen/lately.h"

enum {
    SUBSCRIBERS = 64, /* of one number: who changed his SIM; of more the newest */
    NEWEST = 1 << 17, /* notices that are looked through also where no ladder is under way */
};

static const char *const by_names[LOOKUP_WAYS] = {"msisdn", "imsi", "imei"};

const char *lookup_by_name(enum lookup_by by)
{
    return by_names[by];
}

/* ---- what was typed ---- */

static enum err read_msisdn(struct str typed, uint64_t *out, struct fault *fault)
{
    char msisdn[MSISDN_TEXT];
    enum err err = msisdn_parse(typed, msisdn, fault);
    return err ? err : imsi_parse(str_z(msisdn + 1), out);
}

enum err lookup_read(enum lookup_by by, struct str typed, struct lookup_ask *out,
                     struct fault *fault)
{
    enum { IMSI_LEAST = 14 }; /* TS 23.003 2.2: 15 at most; of our countries none has less */
    *out = (struct lookup_ask){.by = by};
    typed = str_trim(typed);
    if (by == LOOKUP_IMEI) {
        enum err err = imei_parse_typed(typed, &out->imei);
        return err ? fault_set(fault, err, "14 to 16 digits, the check digit right") : ERR_OK;
    }
    if (by == LOOKUP_MSISDN)
        return read_msisdn(typed, &out->number, fault);
    if (typed.n < IMSI_LEAST || imsi_parse(typed, &out->number))
        return fault_set(fault, ERR_IMSI, "an IMSI has 14 or 15 digits");
    return ERR_OK;
}

/* ---- whose subscriber ---- */

struct desk_look {
    struct registry *reg;
    struct str name;
    const struct operators *operators;
    const struct lookup_ask *ask;
    struct lookup *out;
    daynum today;
    uint32_t own[SUBSCRIBERS]; /* of a look by number */
    size_t own_n;
};

/* By the settings: his prefixes, where they are named; else no other's. Visitors from abroad are nobody's. */
static bool is_own(const struct desk_look *f, uint64_t imsi)
{
    const struct plmn_list *home = &f->reg->rules.home_plmn;
    const struct plmn_list *own = operators_plmn(f->operators, f->name);
    if (home->count && !plmn_is_own(home, imsi))
        return false;
    if (own)
        return plmn_is_own(own, imsi);
    for (size_t i = 0; f->operators && i < f->operators->count; i++)
        if (plmn_is_own(&f->operators->one[i].plmn, imsi))
            return false;
    return true;
}

/* ---- phones ---- */

/* Keeps the phones that were seen last; seen: on which day. */
static enum err add_phone(struct desk_look *f, uint64_t body, daynum seen, struct fault *fault)
{
    struct lookup *o = f->out;
    size_t at = o->n;
    for (size_t i = 0; i < o->n; i++)
        if (o->phones[i].check.imei.body == body) {
            if (o->phones[i].seen < seen)
                o->phones[i].seen = seen;
            return ERR_OK;
        }
    if (o->n == LOOKUP_PHONES) {
        o->more = true;
        at = 0;
        for (size_t i = 1; i < o->n; i++)
            if (o->phones[i].seen < o->phones[at].seen)
                at = i;
        if (o->phones[at].seen >= seen)
            return ERR_OK;
    } else {
        o->n++;
    }
    o->phones[at] = (struct lookup_phone){.seen = seen};
    return operator_look(f->reg, (struct imei){body}, &o->phones[at].check, fault);
}

static enum err seen_of(const struct desk_look *f, const struct finder_pair *pairs, size_t n,
                        struct lately *out, struct fault *fault)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct lately){pairs[i].number, DAYNUM_NONE};
    return lately_seen(f->reg, f->out->party, f->today - LOOKUP_DAYS, f->today, out, n, fault);
}

/* The phones of one subscriber; he counts as own when this network saw him with one. */
static enum err add_subscriber(struct desk_look *f, uint32_t number, struct finder_pair *pairs,
                               struct lately *days, struct fault *fault)
{
    size_t n = 0;
    bool more = false, any = false;
    enum err err = finder_pairs(f->reg, FINDER_SUBSCRIBER, number, pairs, &n, &more, fault);
    if (!err)
        err = seen_of(f, pairs, n, days, fault);
    for (size_t i = 0; !err && i < n; i++)
        if (days[i].last != DAYNUM_NONE) {
            err = add_phone(f, pairs[i].pair.imei, days[i].last, fault);
            any = true;
        }
    if (any)
        f->own[f->own_n++] = number;
    return err;
}

static int seen_last_first(const void *a, const void *b)
{
    const struct lookup_phone *x = a, *y = b;
    if (x->seen != y->seen)
        return x->seen < y->seen ? 1 : -1;
    return (x->check.imei.body > y->check.imei.body) - (x->check.imei.body < y->check.imei.body);
}

static enum err by_number(struct desk_look *f, struct finder_pair *pairs, struct lately *days,
                          struct fault *fault)
{
    uint32_t *numbers = calloc(FINDER_MOST, sizeof *numbers);
    struct seen_subscriber *who = calloc(FINDER_MOST, sizeof *who);
    size_t n = 0, own = 0;
    enum err err =
        numbers && who
            ? finder_subscribers(f->reg, f->ask->by == LOOKUP_IMSI ? FINDER_IMSI : FINDER_MSISDN,
                                 f->ask->number, numbers, who, &n, fault)
            : ERR_MEMORY;
    for (size_t i = n; !err && i-- > 0 && own < SUBSCRIBERS;)
        if (is_own(f, who[i].imsi)) {
            own++;
            err = add_subscriber(f, numbers[i], pairs, days, fault);
        }
    if (who)
        explicit_bzero(who, FINDER_MOST * sizeof *who);
    free(numbers);
    free(who);
    if (!err) {
        qsort(f->out->phones, f->out->n, sizeof *f->out->phones, seen_last_first);
        f->out->found = f->out->n > 0;
    }
    return err;
}

static int by_subscriber(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* How many own subscribers the network saw with it, and when last. */
static enum err count_users(struct desk_look *f, struct finder_pair *pairs, struct lately *days,
                            size_t n, struct fault *fault)
{
    struct lookup_phone *p = &f->out->phones[0];
    uint32_t *users = calloc(n + 1, sizeof *users);
    struct seen_subscriber *who = calloc(n + 1, sizeof *who);
    size_t count = 0;
    enum err err = users && who ? seen_of(f, pairs, n, days, fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++)
        if (days[i].last != DAYNUM_NONE)
            users[count++] = pairs[i].pair.subscriber;
    if (!err && count) {
        qsort(users, count, sizeof *users, by_subscriber);
        err = seen_subscribers_of(f->reg, users, count, who, fault);
    }
    for (size_t i = 0; !err && i < n; i++) {
        const uint32_t *at =
            days[i].last == DAYNUM_NONE
                ? NULL
                : bsearch(&pairs[i].pair.subscriber, users, count, sizeof *users, by_subscriber);
        if (!at || !is_own(f, who[at - users].imsi))
            continue;
        p->users++;
        if (p->seen < days[i].last) /* DAYNUM_NONE is before all */
            p->seen = days[i].last;
    }
    if (who)
        explicit_bzero(who, (n + 1) * sizeof *who);
    free(users);
    free(who);
    return err;
}

static enum err by_imei(struct desk_look *f, struct finder_pair *pairs, struct lately *days,
                        struct fault *fault)
{
    struct lookup_phone *p = &f->out->phones[0];
    size_t n = 0;
    bool more = false;
    f->out->n = 1;
    f->out->found = true;
    p->seen = DAYNUM_NONE;
    enum err err = operator_look(f->reg, f->ask->imei, &p->check, fault);
    if (!err)
        err = finder_pairs(f->reg, FINDER_IMEI, f->ask->imei.body, pairs, &n, &more, fault);
    return err ? err : count_users(f, pairs, days, n, fault);
}

/* ---- what was told ---- */

static bool is_told(const struct desk_look *f, uint32_t subscriber)
{
    for (size_t i = 0; i < f->own_n; i++)
        if (f->own[i] == subscriber)
            return true;
    return f->ask->by == LOOKUP_IMEI; /* the operator's notices are its own subscribers' */
}

static bool on_notice(void *ctx, const struct notices_row *row)
{
    const struct desk_look *f = ctx;
    for (size_t i = 0; i < f->out->n; i++) {
        struct lookup_phone *p = &f->out->phones[i];
        if (p->check.imei.body != row->imei.body || !is_told(f, row->subscriber))
            continue;
        if (p->notice_n == LOOKUP_NOTICES) {
            memmove(p->notices, p->notices + 1, (LOOKUP_NOTICES - 1) * sizeof *p->notices);
            p->notice_n--;
            p->more_notices = true;
        }
        p->notices[p->notice_n++] = *row;
    }
    return true;
}

struct ladder {
    uint64_t party, first; /* first: the smallest number of a ladder that is under way */
};

static bool on_told(void *ctx, const struct notices_told *told)
{
    struct ladder *l = ctx;
    if (told->party == l->party && told->first < l->first)
        l->first = told->first;
    return true;
}

/* From where the ladders of these phones began, and the newest in any case: that all is well ends a ladder. */
static enum err add_notices(struct desk_look *f, struct fault *fault)
{
    struct notices_standing standing;
    uint64_t last = 0;
    enum err err = notices_head_get(f->reg, &last, fault);
    struct ladder l = {f->out->party, last > NEWEST ? last - NEWEST : 1};
    for (size_t i = 0; !err && last && i < f->out->n; i++)
        err = notices_told_all(f->reg, &f->out->phones[i].check.imei, on_told, &l, fault);
    if (!err && last)
        err = notices_standing_get(f->reg, f->out->party, &standing, fault);
    if (err || !last)
        return err;
    f->out->handed = standing.handed;
    return notices_rows(f->reg, f->out->party, l.first, on_notice, f, fault);
}

/* ---- all of it ---- */

static enum err find(struct desk_look *f, struct fault *fault)
{
    struct finder_pair *pairs = calloc(FINDER_MOST, sizeof *pairs);
    struct lately *days = calloc(FINDER_MOST, sizeof *days);
    enum err err = ERR_MEMORY;
    if (pairs && days)
        err = f->ask->by == LOOKUP_IMEI ? by_imei(f, pairs, days, fault)
                                        : by_number(f, pairs, days, fault);
    if (!err && f->out->n)
        err = add_notices(f, fault);
    free(pairs);
    free(days);
    return err;
}

/* What the audit log keeps of a number. */
static uint64_t object_of(const struct registry *reg, const struct lookup_ask *ask)
{
    uint8_t bytes[15] = "lookup", mac[SHA256_BYTES];
    if (ask->by == LOOKUP_IMEI)
        return ask->imei.body;
    bytes[6] = (uint8_t)ask->by;
    put_be(bytes + 7, ask->number, 8);
    sha256_hmac(reg->keys.receipt, bytes, sizeof bytes, mac);
    return get_be(mac, 8) >> 1;
}

static enum err keep_pace(struct exchange *x, struct visit *v)
{
    static const struct pace_limit person = {LIMIT_LOOKUP_BURST, LIMIT_LOOKUP_MINUTE},
                                   program = {LIMIT_LOOKUP_KEY_BURST, LIMIT_LOOKUP_KEY_MINUTE};
    const int64_t now_us = clock_monotonic_us();
    const int64_t wait_us =
        pace_take(portal_looks(v->portal), v->who.party, x->caller.id ? program : person, now_us);
    if (!wait_us)
        return ERR_OK;
    x->response->retry_after_s = (unsigned)((wait_us + 999999) / 1000000);
    return ERR_RATE;
}

enum err lookup_find(struct exchange *x, struct visit *v, struct str name,
                     const struct lookup_ask *ask, struct lookup *out)
{
    struct registry *reg = v->office.registry;
    struct desk_look f = {.reg = reg,
                          .name = name,
                          .operators = portal_operators(v->portal),
                          .ask = ask,
                          .out = out,
                          .today = registry_today(reg)};
    memset(out, 0, sizeof *out);
    out->party = registry_party_id(reg, PARTY_OPERATOR, name);
    out->today = f.today;
    enum err err = keep_pace(x, v);
    if (!err)
        err = find(&f, &v->fault);
    portal_note(v, AUDIT_LOOKUP, out->party, object_of(reg, ask), err);
    return err;
}
