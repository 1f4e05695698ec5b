/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds become cases, some hundred a transaction: a theft order does not wait for them. Whoever is cut off between two of
 * them finds the cases that stand and adds the rest; that the days were looked at is written last. */
#include <inttypes.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "bulk/guard.h"
#include "clones/case.h"
#include "people/record.h"

enum {
    STEP = 400,   /* cases a transaction */
    MACHINES = 3, /* users whose IMSIs tell a fleet */
};

struct opening {
    const struct clone_finds *finds;
    const struct clone_open *how;
    struct clone_opened *out;
    struct clone_case *cases; /* of a step */
    uint8_t *was;             /* their states before; 0: none */
    struct change *changes;
    struct pair *pairs;
    size_t n, changed, pair_count;
};

/* ---- one find ---- */

static enum err by_machines(struct registry *reg, const struct clone_finds *finds,
                            const struct clone_find *find, bool *out, struct fault *fault)
{
    uint32_t most = find->users < MACHINES ? find->users : MACHINES, machines = 0;
    enum err err = ERR_OK;
    for (uint32_t i = 0; !err && reg->rules.machine_imsi.count && i < most; i++) {
        struct seen_subscriber who;
        err = seen_subscriber_get(reg, finds->users[find->user + i].subscriber, &who, fault);
        machines += !err && rules_is_machine_imsi(&reg->rules, who.imsi);
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    *out = machines * 2 > most;
    return err;
}

enum err clone_is_fleet(struct registry *reg, const struct clone_finds *finds,
                        const struct clone_find *find, bool *out, struct fault *fault)
{
    struct facts_row row = {.imei = find->imei};
    *out = find->fleet || imei_all_same(find->imei) ||
           tac_classify(reg->rules.tac, imei_tac(find->imei)) == TAC_MACHINE;
    enum err err = *out ? ERR_OK : store_facts_get(reg->store, &row, 1, fault);
    if (err || *out)
        return err;
    *out = row.facts.flags & FACTS_MACHINE;
    return *out ? ERR_OK : by_machines(reg, finds, find, out, fault);
}

/* The operators that saw it, of the finds' own; those beyond the room are left out. */
static uint32_t operators_of(const struct clone_case *c, const struct clone_finds *finds,
                             uint32_t mask)
{
    uint32_t own = 0;
    for (uint32_t i = 0; i < c->operator_count; i++)
        for (unsigned k = 0; k < finds->operator_count; k++)
            if (finds->operators[k] == c->operators[i] && mask & UINT32_C(1) << k)
                own |= UINT32_C(1) << i;
    return own;
}

static void fill(struct clone_case *c, const struct clone_finds *finds,
                 const struct clone_find *find)
{
    c->imei = find->imei;
    c->why = find->why;
    c->imsis = find->imsis;
    c->days = find->days;
    c->sum = find->sum;
    c->two_days = find->two_days;
    c->first = find->first;
    c->last = find->last;
    c->operator_count = 0;
    for (unsigned k = 0; k < finds->operator_count; k++)
        if (find->operators & UINT32_C(1) << k && c->operator_count < CLONE_CASE_OPERATORS)
            c->operators[c->operator_count++] = finds->operators[k];
    c->user_count = find->users;
    for (uint32_t i = 0; i < find->users; i++) {
        const struct clone_user *u = &finds->users[find->user + i];
        c->users[i] = (struct clone_case_user){
            .subscriber = u->subscriber,
            .operators = operators_of(c, finds, u->operators),
            .days = (uint32_t)__builtin_popcountll(u->days),
            .first = finds->from + __builtin_ctzll(u->days),
            .last = finds->from + 63 - __builtin_clzll(u->days),
        };
    }
}

/* Is there something to do? A dismissed case opens again when it has grown by half, by two at least. */
static enum err stands(struct registry *reg, const struct clone_find *find, struct clone_case *c,
                       uint8_t *out_was, bool *out_stands, struct fault *fault)
{
    enum err err = clone_case_get(reg, find->imei, c, fault);
    *out_was = 0;
    *out_stands = false;
    if (err == ERR_NOT_FOUND) {
        *c = (struct clone_case){.version = 0};
        return ERR_OK;
    }
    if (err)
        return err;
    uint32_t more = c->imsis / 2 > 2 ? c->imsis / 2 : 2;
    *out_was = c->at;
    *out_stands = c->at != CLONE_DISMISSED || find->imsis < c->imsis + more;
    return ERR_OK;
}

/* By rule the genuine device is the one whose pair is the oldest. */
static enum err confirm_by_rule(struct opening *o, struct registry *reg, struct clone_case *c,
                                struct fault *fault)
{
    struct seen_subscriber who;
    enum err err = seen_subscriber_get(reg, c->users[0].subscriber, &who, fault);
    if (err == ERR_NOT_FOUND) /* dropped after his term: an officer decides */
        return ERR_OK;
    if (err)
        return err;
    c->at = CLONE_CONFIRMED;
    c->served = 1;
    c->decided_ms = clock_now_us(reg->clock) / 1000;
    o->pairs[o->pair_count++] = (struct pair){
        .imei = c->imei, .subscriber = answer_subscriber(reg->keys.subscriber, who.imsi)};
    return ERR_OK;
}

static enum err prepare(struct opening *o, struct registry *reg, const struct clone_find *find,
                        struct fault *fault)
{
    struct clone_case *c = &o->cases[o->n];
    bool stood = false, fleet = false;
    enum err err = stands(reg, find, c, &o->was[o->n], &stood, fault);
    o->out->stood += stood;
    if (err || stood)
        return err;
    err = clone_is_fleet(reg, o->finds, find, &fleet, fault);
    if (err)
        return err;
    fill(c, o->finds, find);
    c->version++;
    c->served = c->proposed = 0;
    if (!o->was[o->n])
        c->opened = registry_today(reg);
    c->at = fleet ? CLONE_FLEET : CLONE_OPEN;
    /* What an officer had dismissed is his again, and no rule's. */
    if (!fleet && reg->rules.clone_auto && c->user_count && !o->was[o->n])
        err = confirm_by_rule(o, reg, c, fault);
    bool confirmed = c->at == CLONE_CONFIRMED;
    if (!fleet)
        o->changes[o->changed++] =
            (struct change){.imei = c->imei,
                            .kind = CHANGE_CLONE,
                            .clone = confirmed ? FACTS_CLONE : FACTS_CLONE_SUSPECTED};
    o->out->fleets += fleet;
    o->out->again += !fleet && o->was[o->n];
    o->out->opened += !fleet && !o->was[o->n];
    o->out->confirmed += confirmed;
    o->n++;
    return err;
}

/* ---- a step ---- */

static enum err write_step(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct opening *o = commit->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < o->n; i++)
        err = clone_case_put(reg, &o->cases[i], o->was[i], fault);
    return err;
}

/* By another process meanwhile: its cases stand, this look is done again by the next. */
static enum err unchanged(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct opening *o = commit->ctx;
    for (size_t i = 0; i < o->n; i++) {
        struct clone_case now = {0};
        enum err err = clone_case_get(reg, o->cases[i].imei, &now, fault);
        if (err && err != ERR_NOT_FOUND)
            return err;
        if (now.version + 1 != o->cases[i].version)
            return fault_set(fault, ERR_STALE, "another look for clones writes as well");
    }
    if (fault)
        *fault = (struct fault){0};
    return ERR_OK;
}

static enum err submit(struct registry *reg, struct committer *committer, struct commit_case *c,
                       struct fault *fault)
{
    return committer ? committer_submit(committer, c) : commit_one(reg, c, fault);
}

/* Confirmed already, without a case: it stays so. */
static bool confirmed_already(const struct commit_case *c, const struct facts *facts,
                              const struct change *change)
{
    (void)c;
    return facts->flags & FACTS_CLONE && change->clone == FACTS_CLONE_SUSPECTED;
}

static enum err commit_step(struct opening *o, struct registry *reg, const char *reason,
                            struct fault *fault)
{
    struct commit_case c = {.entry = {.event = EVENT_CLONE, .effective = DAYNUM_NONE},
                            .changes = o->changes,
                            .count = o->changed,
                            .pairs = o->pairs,
                            .pair_count = o->pair_count,
                            .reason = reason,
                            .skip = confirmed_already,
                            .ask = unchanged,
                            .also = write_step,
                            .ctx = o};
    if (!o->n)
        return ERR_OK;
    enum err err = submit(reg, o->how->committer, &c, fault);
    o->n = o->changed = o->pair_count = 0;
    return err;
}

static enum err keep_state(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    return clone_state_put(reg, commit->ctx, fault);
}

static enum err open_all(struct opening *o, struct registry *reg, const char *reason,
                         struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < o->finds->n; i++) {
        err = prepare(o, reg, &o->finds->p[i], fault);
        if (!err && (o->n == STEP || i + 1 == o->finds->n))
            err = commit_step(o, reg, reason, fault);
        if (!err && o->how->stop && *o->how->stop)
            err = fault_set(fault, ERR_STOPPED, "some cases are not opened yet: do it again");
    }
    struct clone_state state = o->finds->state;
    struct commit_case last = {.also = keep_state, .ctx = &state};
    return err ? err : submit(reg, o->how->committer, &last, fault);
}

/* A rule that finds a tenth of all is wrong, or the country is. */
static enum err guard(const struct clone_finds *finds, const struct clone_open *how,
                      uint32_t *tripped, struct fault *fault)
{
    uint64_t n = 0;
    for (size_t i = 0; i < finds->n; i++)
        n += !finds->p[i].fleet;
    struct accept accept = {how->accepted, how->reason};
    *tripped = n > GUARD_MOVE_FLOOR && n * 100 > finds->imeis * GUARD_MOVE_PERCENT ? GUARD_MOVE : 0;
    return guard_stop(&accept, *tripped, fault,
                      "of %" PRIu64 " IMEIs that networks saw %" PRIu64 " would be clones",
                      finds->imeis, n);
}

enum err clones_open(struct registry *reg, const struct clone_finds *finds,
                     const struct clone_open *how, struct clone_opened *out, struct fault *fault)
{
    char reason[GUARD_REASON_MAX];
    struct opening o = {.finds = finds, .how = how, .out = out};
    uint32_t tripped = 0;
    *out = (struct clone_opened){0};
    if (finds->idle)
        return ERR_OK;
    enum err err = guard(finds, how, &tripped, fault);
    if (err)
        return err;
    struct accept accept = {how->accepted, how->reason};
    o.cases = calloc(STEP, sizeof *o.cases);
    o.was = calloc(STEP, sizeof *o.was);
    o.changes = calloc(STEP, sizeof *o.changes);
    o.pairs = calloc(STEP, sizeof *o.pairs);
    if (!o.cases || !o.was || !o.changes || !o.pairs)
        err = fault_set(fault, ERR_MEMORY, "no memory for clone cases");
    else
        err = open_all(&o, reg, guard_reason(&accept, tripped, reason), fault);
    free(o.cases);
    free(o.was);
    free(o.changes);
    free(o.pairs);
    return err;
}
