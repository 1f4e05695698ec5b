/* SPDX-License-Identifier: Apache-2.0 */
#include "clones/find.h"

#include <stdlib.h>
#include <string.h>

enum { SHARES_MOST = 1024 };

struct looking {
    struct registry *reg;
    struct clone_rules rules;
    struct clone_state had;
    struct clone_finds *out;
    struct pass pass;
};

static enum err no_memory(struct fault *fault)
{
    return fault_set(fault, ERR_MEMORY, "no memory to look for clones");
}

/* ---- what is to be looked at ---- */

static bool same_rules(const struct clone_rules *a, const struct clone_rules *b)
{
    return a->days == b->days && a->imsis == b->imsis && a->average_tenths == b->average_tenths &&
           a->min_days == b->min_days && a->two_operator_days == b->two_operator_days &&
           a->fleet == b->fleet;
}

static bool changed(const struct looking *f, const struct clone_day *day)
{
    const struct clone_day *had = clone_state_find(&f->had, day->day, day->party);
    return !had || had->pairs != day->pairs;
}

/* A day that left the window must still be there, or nobody knows whom it named. */
static enum err left_days(struct looking *f, bool *out_any, struct fault *fault)
{
    for (size_t i = 0; i < f->had.n && f->had.days[i].day < f->out->from; i++) {
        struct seen_report report;
        enum err err = seen_report_get(f->reg, f->had.days[i].party,
                                       daynum_pack(f->had.days[i].day), &report, fault);
        if (err)
            return err;
        f->out->whole |= report.pairs == 0;
        *out_any = true;
    }
    return ERR_OK;
}

/* *out_idle: nothing came since. */
static enum err what_to_look_at(struct looking *f, bool *out_idle, struct fault *fault)
{
    struct clone_finds *out = f->out;
    bool any = false;
    if (!f->had.exists || !same_rules(&f->had.rules, &f->rules) || f->had.through > out->through)
        out->whole = true;
    if (out->whole)
        return ERR_OK;
    for (size_t i = 0; i < out->state.n; i++)
        any |= changed(f, &out->state.days[i]);
    enum err err = left_days(f, &any, fault);
    *out_idle = !any && !out->whole;
    return err;
}

static void list_operators(struct clone_finds *out)
{
    for (size_t i = 0; i < out->state.n; i++) {
        unsigned at = 0;
        while (at < out->operator_count && out->operators[at] != out->state.days[i].party)
            at++;
        if (at == out->operator_count && at < PASS_OPERATORS)
            out->operators[out->operator_count++] = out->state.days[i].party;
    }
}

/* ---- days ---- */

/* Those beyond the last place stand there together. */
static unsigned place_of(const struct clone_finds *out, uint64_t party)
{
    unsigned at = 0;
    while (at < out->operator_count && out->operators[at] != party)
        at++;
    return at < PASS_OPERATORS ? at : PASS_OPERATORS - 1;
}

static enum err read_day(struct looking *f, const struct clone_day *day, struct fault *fault)
{
    roaring_bitmap_t *bits = NULL;
    enum err err = seen_day_get(f->reg, day->party, daynum_pack(day->day), &bits, fault);
    if (err)
        return err;
    unsigned bit = (unsigned)(day->day - f->out->from) % CLONE_WINDOW;
    err = pass_day(&f->pass, bit, place_of(f->out, day->party), bits);
    roaring_bitmap_free(bits);
    return err ? no_memory(fault) : ERR_OK;
}

/* Is the day among those of which more came in, by any operator? */
static bool day_changed(const struct looking *f, daynum day)
{
    for (size_t i = 0; i < f->out->state.n; i++)
        if (f->out->state.days[i].day == day && changed(f, &f->out->state.days[i]))
            return true;
    return false;
}

/* Operator by operator: all days of the window; or those that changed, and those that left it. */
static enum err read_days(struct looking *f, bool news, struct fault *fault)
{
    const struct clone_finds *out = f->out;
    enum err err = ERR_OK;
    for (unsigned at = 0; !err && at < out->operator_count; at++) {
        for (size_t i = 0; !err && i < out->state.n; i++) {
            const struct clone_day *day = &out->state.days[i];
            if (place_of(out, day->party) == at && (!news || day_changed(f, day->day)))
                err = read_day(f, day, fault);
        }
        pass_next_operator(&f->pass);
    }
    for (size_t i = 0; !err && news && i < f->had.n && f->had.days[i].day < out->from; i++)
        err = read_day(f, &f->had.days[i], fault);
    pass_next_operator(&f->pass);
    return err;
}

/* Leaves the IMEIs that what is new may have made a find: by the rule of two operators those that two saw on such a
 * day; by the others, of which each wants some subscribers, all that were seen. */
static enum err leave_news(struct looking *f, struct fault *fault)
{
    uint32_t alone = clone_least_alone(&f->rules);
    enum err err = read_days(f, true, fault);
    for (size_t i = 0; !err && i < f->pass.imei_count; i++) {
        struct pass_imei *imei = &f->pass.imeis[i];
        bool two = f->rules.two_operator_days && imei->two;
        imei->touched = two || (alone && imei->pairs >= alone && imei->any);
        imei->any = imei->two = imei->now = 0;
    }
    if (err)
        return err;
    pass_keep(&f->pass);
    for (size_t i = 0; i < f->pass.pair_count; i++)
        f->pass.pairs[i].days = f->pass.pairs[i].operators = 0;
    return ERR_OK;
}

/* ---- judging ---- */

static enum err room(struct clone_finds *out)
{
    if (out->n == out->size) {
        size_t size = out->size ? 2 * out->size : 256;
        struct clone_find *p = realloc(out->p, size * sizeof *p);
        if (!p)
            return ERR_MEMORY;
        out->p = p;
        out->size = size;
    }
    if (out->user_size - out->user_count < CLONE_SUBSCRIBERS) {
        size_t size = out->user_size ? 2 * out->user_size : 1024;
        struct clone_user *users = realloc(out->users, size * sizeof *users);
        if (!users)
            return ERR_MEMORY;
        out->users = users;
        out->user_size = size;
    }
    return out->n == CLONE_FINDS_MOST ? ERR_TOO_MANY : ERR_OK;
}

static enum err take(struct looking *f, const struct pass_imei *imei, const struct clone_seen *seen,
                     uint32_t why)
{
    struct clone_finds *out = f->out;
    enum err err = room(out);
    if (err)
        return err;
    struct clone_find find = {.imei = {imei->body},
                              .why = why,
                              .imsis = seen->imsis,
                              .days = (uint32_t)__builtin_popcountll(seen->days),
                              .two_days = clone_two_days(seen),
                              .sum = seen->sum,
                              .first = out->from + __builtin_ctzll(seen->days),
                              .last = out->from + 63 - __builtin_clzll(seen->days),
                              .fleet = f->rules.fleet && seen->imsis >= f->rules.fleet,
                              .user = out->user_count};
    for (uint32_t i = 0; i < imei->pairs; i++) {
        const struct pass_pair *pair = &f->pass.pairs[f->pass.order[imei->first + i]];
        find.operators |= pair->operators;
        if (pair->days && find.users < CLONE_SUBSCRIBERS) {
            out->users[out->user_count++] =
                (struct clone_user){pair->days, pair->subscriber, pair->operators};
            find.users++;
        }
    }
    out->p[out->n++] = find;
    return ERR_OK;
}

static enum err judge_all(struct looking *f)
{
    enum err err = pass_order(&f->pass);
    for (size_t i = 0; !err && i < f->pass.imei_count; i++) {
        const struct pass_imei *imei = &f->pass.imeis[i];
        struct clone_seen seen = {.two_op = imei->two};
        for (uint32_t k = 0; k < imei->pairs; k++)
            clone_seen_add(&seen, f->pass.pairs[f->pass.order[imei->first + k]].days);
        uint32_t why = clone_judge(&seen, &f->rules);
        if (why)
            err = take(f, imei, &seen, why);
    }
    f->out->looked += f->pass.imei_count;
    return err;
}

/* One share of the IMEIs. */
static enum err look_at_share(struct looking *f, uint32_t share, uint32_t shares,
                              struct fault *fault)
{
    enum err err = pass_gather(&f->pass, share, shares, fault);
    if (!err && !f->out->whole)
        err = leave_news(f, fault);
    if (!err && f->pass.imei_count)
        err = read_days(f, false, fault);
    return err ? err : judge_all(f);
}

static void begin_anew(struct clone_finds *out)
{
    out->n = out->user_count = 0;
    out->looked = 0;
}

static enum err look_at_all(struct looking *f, struct fault *fault)
{
    uint32_t shares = 1, share = 0;
    while (share < shares) {
        enum err err = look_at_share(f, share, shares, fault);
        bool fewer = err == ERR_TOO_MANY && f->out->n < CLONE_FINDS_MOST && shares < SHARES_MOST;
        if (err == ERR_TOO_MANY && !fewer)
            return fault_set(fault, err,
                             "more than %d IMEIs are finds: the rules clone_... are set too low",
                             CLONE_FINDS_MOST);
        if (err && !fewer)
            return err == ERR_MEMORY ? no_memory(fault) : err;
        share = fewer ? 0 : share + 1;
        if (fewer) {
            shares *= 2;
            begin_anew(f->out);
        }
    }
    return ERR_OK;
}

static int by_imei(const void *a, const void *b)
{
    const struct clone_find *x = a, *y = b;
    return x->imei.body < y->imei.body ? -1 : x->imei.body > y->imei.body;
}

static enum err look(struct looking *f, size_t pairs_most, struct fault *fault)
{
    enum err err = clone_state_get(f->reg, &f->had, fault);
    if (!err)
        err = what_to_look_at(f, &f->out->idle, fault);
    list_operators(f->out);
    uint32_t least = clone_least(&f->rules);
    f->out->idle |= !least || !f->out->state.n;
    if (err || f->out->idle)
        return err;
    err = pass_open(f->reg, least, &f->pass, fault);
    if (err)
        return err;
    f->pass.pairs_most = pairs_most ? pairs_most : PASS_PAIRS;
    f->out->imeis = f->pass.imeis_known;
    f->out->pairs = f->pass.pairs_known;
    err = look_at_all(f, fault);
    if (!err && f->out->n)
        qsort(f->out->p, f->out->n, sizeof *f->out->p, by_imei);
    return err;
}

enum err clones_find(struct registry *reg, const struct clone_look *look_at,
                     struct clone_finds *out, struct fault *fault)
{
    struct clone_finds finds = {.whole = look_at->whole};
    struct looking f = {.reg = reg, .rules = clone_rules_of(&reg->rules), .out = &finds};
    finds.through = look_at->through == DAYNUM_NONE ? registry_today(reg) : look_at->through;
    finds.from = finds.through - (daynum)f.rules.days + 1;
    enum err err = clone_days_now(reg, finds.from, finds.through, &finds.state, fault);
    finds.state.rules = f.rules;
    if (!err)
        err = look(&f, look_at->pairs_most, fault);
    pass_close(&f.pass);
    clone_state_release(&f.had);
    if (err)
        clone_finds_release(&finds);
    else
        *out = finds;
    return err;
}

void clone_finds_release(struct clone_finds *finds)
{
    free(finds->p);
    free(finds->users);
    clone_state_release(&finds->state);
    *finds = (struct clone_finds){0};
}
