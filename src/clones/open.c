/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds become cases, some hundred a transaction: a theft order does not wait for them. Whoever is cut off between two of
 * them finds the cases that stand and adds the rest; that the days were looked at is written last. How many a rule would
 * confirm is counted before the first is written: above clone_auto_most it confirms none (case.h, clone_by_rule). */
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
    bool by_rule; /* this look confirms without an officer */
    daynum day;   /* on which it began */
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

/* What an officer had dismissed is his again, and no rule's. */
static bool rule_may_confirm(const struct clone_find *find, uint8_t was, bool fleet)
{
    return !fleet && find->users && !was;
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
    if (o->by_rule && rule_may_confirm(find, o->was[o->n], fleet))
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

/* Of this step: each confirmed one has a pair. */
static enum err count_confirmed(struct registry *reg, const struct opening *o, struct fault *fault)
{
    struct clone_by_rule day;
    if (!o->pair_count)
        return ERR_OK;
    enum err err = clone_by_rule_get(reg, o->day, &day, fault);
    if (err)
        return err;
    day.confirmed += (uint32_t)o->pair_count;
    return clone_by_rule_put(reg, &day, fault);
}

static enum err write_step(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct opening *o = commit->ctx;
    enum err err = count_confirmed(reg, o, fault);
    for (size_t i = 0; !err && i < o->n; i++)
        err = clone_case_put(reg, &o->cases[i], o->was[i], fault);
    return err;
}

static enum err rule_may_still(struct registry *reg, const struct opening *o, struct fault *fault)
{
    struct clone_by_rule day;
    if (!o->pair_count)
        return ERR_OK;
    enum err err = clone_by_rule_get(reg, o->day, &day, fault);
    if (!err && !clone_by_rule_may(&reg->rules, &day, o->pair_count))
        err = fault_set(fault, ERR_STALE, "another look confirmed clones by rule as well");
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
    return rule_may_still(reg, o, fault);
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

/* ---- how many a rule would confirm ---- */

static enum err count_for_rule(struct opening *o, struct registry *reg, uint64_t *out,
                               struct fault *fault)
{
    enum err err = ERR_OK;
    *out = 0;
    for (size_t i = 0; !err && i < o->finds->n; i++) {
        struct clone_case c;
        uint8_t was = 0;
        bool stood = false, fleet = false;
        err = stands(reg, &o->finds->p[i], &c, &was, &stood, fault);
        if (!err && !stood)
            err = clone_is_fleet(reg, o->finds, &o->finds->p[i], &fleet, fault);
        *out += !err && !stood && rule_may_confirm(&o->finds->p[i], was, fleet);
    }
    return err;
}

static enum err keep_held(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct opening *o = commit->ctx;
    struct clone_by_rule day;
    enum err err = clone_by_rule_get(reg, o->day, &day, fault);
    if (err)
        return err;
    day.held += (uint32_t)o->out->held;
    return clone_by_rule_put(reg, &day, fault);
}

/* Before the first case is written: a look that was cut off and goes on does not take what is left for few. */
static enum err may_by_rule(struct opening *o, struct registry *reg, struct fault *fault)
{
    struct clone_by_rule day;
    uint64_t count = 0;
    if (!reg->rules.clone_auto)
        return ERR_OK;
    enum err err = clone_by_rule_get(reg, o->day, &day, fault);
    if (!err)
        err = count_for_rule(o, reg, &count, fault);
    if (err || !count)
        return err;
    o->by_rule = clone_by_rule_may(&reg->rules, &day, count);
    if (o->by_rule)
        return ERR_OK;
    o->out->held = count;
    struct commit_case kept = {.also = keep_held, .ctx = o};
    return submit(reg, o->how->committer, &kept, fault);
}

static enum err open_all(struct opening *o, struct registry *reg, const char *reason,
                         struct fault *fault)
{
    o->day = registry_today(reg);
    enum err err = may_by_rule(o, reg, fault);
    for (size_t i = 0; !err && i < o->finds->n; i++) {
        err = prepare(o, reg, &o->finds->p[i], fault);
        if (!err && (o->n == STEP || i + 1 == o->finds->n))
            err = commit_step(o, reg, reason, fault);
        if (!err && !o->n && o->how->stop && *o->how->stop)
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
