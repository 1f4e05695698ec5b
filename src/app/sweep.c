/* SPDX-License-Identifier: Apache-2.0
 *
 * Two pointers move, both written as gate items: swept_through (rows of the calendar written) and
 * expire_through (deadlines that may turn). For each day d: first the rows of all verdicts that
 * d changed, then, in the evening, the gate. Due IMEIs are found by their `due` column; those
 * that wait for the gate stay due and are looked at again every day. */
#include "app/sweep.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/changes.h"
#include "app/commit.h"

enum {
    HISTORY_DAYS = 14,
    MEDIAN_FACTOR = 3,
    CASE_CHANGES = 16384,
    TRIES = 1000, /* times that another sweep may overtake this one */
};

const char *sweep_guard_name(enum sweep_guard guard)
{
    static const char *const names[SWEEP_GUARDS] = {
        [SWEEP_MAX_PER_DAY] = "max_expiries_per_day",
        [SWEEP_MEDIAN] = "median_14_days",
        [SWEEP_NOTICES] = "notices_sent",
        [SWEEP_FEEDS] = "feeds_fresh",
    };
    return (unsigned)guard < SWEEP_GUARDS ? names[guard] : "?";
}

static bool collect(void *ctx, const struct facts_row *row)
{
    struct changes *list = ctx;
    changes_add(list, &(struct change){.imei = row->imei, .kind = CHANGE_NONE});
    return !list->failed;
}

/* ---- the history of expiries, one record a day ---- */

static void day_hash(daynum day, uint8_t out[SHA256_BYTES])
{
    memset(out, 0, SHA256_BYTES);
    memcpy(out, "sweep", 5);
    put_be(out + 28, (uint32_t)day, 4);
}

static enum err expired_on(struct registry *reg, daynum day, bool *out_known, uint64_t *out,
                           struct fault *fault)
{
    uint8_t hash[SHA256_BYTES];
    struct load load;
    day_hash(day, hash);
    struct fault why = {0}; /* the caller's may tell of a guard already */
    enum err err = store_load_find(reg->store, hash, &load, &why);
    *out_known = err == ERR_OK;
    *out = err ? 0 : load.rows;
    if (err && err != ERR_NOT_FOUND && fault)
        *fault = why;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The median of the 14 days before; *out_armed false when one of them is missing. */
static enum err median(struct registry *reg, daynum day, bool *out_armed, uint64_t *out,
                       struct fault *fault)
{
    uint64_t counts[HISTORY_DAYS];
    bool known = true;
    for (int i = 0; i < HISTORY_DAYS && known; i++) {
        enum err err = expired_on(reg, day - 1 - i, &known, &counts[i], fault);
        if (err)
            return err;
    }
    *out_armed = known;
    if (known) {
        qsort(counts, HISTORY_DAYS, sizeof *counts, by_value);
        *out = (counts[HISTORY_DAYS / 2 - 1] + counts[HISTORY_DAYS / 2]) / 2;
    }
    return ERR_OK;
}

/* ---- one step ---- */

/* A step of several transactions may be cut short between two of them. The gate goes with the one
 * that lets the next sweep take it up again: swept_through with the last (before it the day counts
 * as not swept), expire_through with the first (its rows are judged under it), and then days()
 * looks for rows that are still missing. */
enum gate_at { GATE_FIRST, GATE_LAST, GATE_STAYS };

struct step {
    struct registry *reg;
    daynum effective; /* day of the rows */
    daynum counted;   /* its expiries are those of this deadline; DAYNUM_NONE: none written */
    daynum due_by;    /* what the listed IMEIs were due by */
    struct gate from; /* as the step found it; then as it has moved it itself */
    struct gate gate; /* after the step */
    enum gate_at gate_at;
    struct commit_before before;
    const struct commit_case *writing; /* the case whose transaction runs */
    uint64_t rows, expired;            /* of the cases before it */
    bool overtaken;                    /* another sweep has moved the gate meanwhile */
};

static void account(const struct step *s, struct sweep_result *out)
{
    out->rows += s->rows;
    out->expired += s->expired;
    out->overtaken += s->overtaken;
}

/* Adds the transaction's expiries to those of the day. */
static enum err note_day(struct registry *reg, void *ctx, struct fault *fault)
{
    const struct step *s = ctx;
    struct load load = {.kind = "sweep", .time_ms = clock_now_us(reg->clock) / 1000};
    bool known;
    uint64_t before = 0;
    enum err err = expired_on(reg, s->counted, &known, &before, fault);
    load.rows = before + s->writing->moved[REASON_EXPIRED];
    day_hash(s->counted, load.hash);
    return err ? err : store_load_put(reg->store, &load, fault);
}

/* A step is planned outside of any transaction. Another sweep may have moved the gate since: the
 * rows would be judged, and the gate set, by what is no more. A person may have put expiry on
 * hold since: then the gate stays where it is. */
static enum err still_so(const struct commit_case *c, const struct rules *rules,
                         const struct gate *now)
{
    const struct step *s = c->stands_ctx;
    if (now->expire_through != s->from.expire_through ||
        now->swept_through != s->from.swept_through)
        return ERR_STORE_BUSY;
    if (c->gate && (c->gate->expire_through < now->expire_through ||
                    c->gate->swept_through < now->swept_through))
        return ERR_STORE_BUSY; /* it never goes back, whatever was planned */
    bool advances = c->gate && c->gate->expire_through > now->expire_through;
    return advances && rules->expiry_release == RELEASE_MANUAL ? ERR_HELD : ERR_OK;
}

static enum err refused(enum err err, struct fault *fault)
{
    if (err == ERR_HELD)
        return fault_set(fault, err, "expiry_release is manual: expire_through stays");
    if (err == ERR_STORE_BUSY)
        return fault_set(fault, err, "another sweep is at work");
    return err;
}

/* Rows for the listed IMEIs, and the gate. */
static enum err write_rows(struct step *s, const struct changes *list, struct fault *fault)
{
    size_t at = 0;
    do {
        size_t n = list->n - at < CASE_CHANGES ? list->n - at : CASE_CHANGES;
        bool gate =
            s->gate_at == GATE_FIRST ? at == 0 : s->gate_at == GATE_LAST && at + n == list->n;
        struct commit_case c = {.entry = {.event = EVENT_SWEPT, .effective = s->effective},
                                .changes = n ? list->p + at : NULL,
                                .count = n,
                                .before = &s->before,
                                .due_by = s->due_by,
                                .stands = still_so,
                                .stands_ctx = s,
                                .gate = gate ? &s->gate : NULL};
        bool note = s->counted != DAYNUM_NONE;
        struct commit_options options = {.also = note ? note_day : NULL, .also_ctx = s};
        struct commit_case *cases[] = {&c};
        s->writing = &c;
        enum err err = commit_cases(s->reg, cases, 1, &options, fault);
        s->overtaken = !err && c.err == ERR_STORE_BUSY;
        if (err || c.err)
            return err ? err : refused(c.err, fault);
        if (gate)
            s->from = s->gate;
        s->rows += c.rows;
        s->expired += c.moved[REASON_EXPIRED];
        at += n;
    } while (at < list->n);
    return ERR_OK;
}

/* Leaves of the list those that would turn to EXPIRED on the day once the gate stands on `through`. */
static enum err count_expiring(struct registry *reg, struct changes *list, daynum day,
                               daynum through, uint64_t *out, struct fault *fault)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct facts_row row = {.imei = list->p[i].imei};
        enum err err = store_facts_get(reg->store, &row, 1, fault);
        if (err)
            return err;
        struct verdict v = policy_judge_gated(row.imei, &row.facts, &reg->rules, day, through);
        if (v.reason == REASON_EXPIRED && v.deadline == through)
            list->p[n++] = list->p[i];
    }
    list->n = n;
    *out = n;
    return ERR_OK;
}

static enum err due_list(struct registry *reg, daynum from, daynum to, struct changes *list,
                         struct fault *fault)
{
    list->n = 0;
    enum err err = store_facts_due(reg->store, from, to, collect, list, fault);
    return err ? err : changes_sort(list);
}

/* Writes what day d changes, and d's gate position in swept_through. */
static enum err sweep_day(struct registry *reg, daynum d, bool dry_run, struct sweep_result *out,
                          struct fault *fault)
{
    struct changes list = {0};
    struct gate gate = {reg->head.gate.expire_through, d};
    struct step s = {.reg = reg,
                     .effective = d,
                     .counted = d - 1,
                     .due_by = d,
                     .from = reg->head.gate,
                     .gate = gate,
                     .gate_at = GATE_LAST,
                     .before = {&reg->rules, d - 1, gate.expire_through}};
    enum err err = due_list(reg, DAYNUM_FIRST, d, &list, fault);
    if (!err && dry_run)
        err = count_expiring(reg, &list, d, d - 1, &s.expired, fault);
    else if (!err)
        err = write_rows(&s, &list, fault);
    out->days += !err;
    account(&s, out);
    changes_release(&list);
    return err;
}

/* Has everybody who can be told been sent a notice? The list: whose last day d is. */
static enum err guard_notices(struct registry *reg, daynum d, const struct changes *list,
                              struct sweep_result *out, struct fault *fault)
{
    struct untold u = {0};
    char day[DAYNUM_TEXT];
    out->guards[SWEEP_NOTICES] = SWEEP_NOT_ARMED;
    if (!reg->untold)
        return ERR_OK;
    struct imei *imeis = calloc(list->n + 1, sizeof *imeis);
    for (size_t i = 0; imeis && i < list->n; i++)
        imeis[i] = list->p[i].imei;
    enum err err = imeis ? reg->untold(reg, imeis, list->n, &u, fault) : ERR_MEMORY;
    free(imeis);
    if (err || !u.armed)
        return err;
    const bool enough = (u.reachable - u.untold) * 100 >= u.reachable * u.percent;
    out->guards[SWEEP_NOTICES] = enough ? SWEEP_PASSED : SWEEP_STOPPED;
    if (enough)
        return ERR_OK;
    daynum_format(d, day);
    out->stopped_at = d;
    return fault_set(fault, ERR_GUARD,
                     "%llu of %llu IMEIs would expire after %s before their users were sent a "
                     "notice: expire_through stays; see notices status, or notices set --percent",
                     (unsigned long long)u.untold, (unsigned long long)u.reachable, day);
}

static enum err guards(struct registry *reg, daynum d, struct sweep_result *out,
                       struct fault *fault)
{
    struct changes list = {0};
    bool armed = false;
    uint64_t usual = 0;
    enum err err = due_list(reg, DAYNUM_FIRST, d + 1, &list, fault);
    if (!err)
        err = count_expiring(reg, &list, d + 1, d, &out->due, fault);
    if (!err)
        err = median(reg, d, &armed, &usual, fault);
    if (!err)
        err = guard_notices(reg, d, &list, out, fault);
    changes_release(&list);
    if (err && err != ERR_GUARD)
        return err;
    uint64_t most = reg->rules.max_expiries_per_day;
    uint64_t bound = usual * MEDIAN_FACTOR;
    out->guards[SWEEP_MAX_PER_DAY] = out->due > most ? SWEEP_STOPPED : SWEEP_PASSED;
    out->guards[SWEEP_MEDIAN] = !armed || usual == 0 ? SWEEP_NOT_ARMED
                                : out->due > bound   ? SWEEP_STOPPED
                                                     : SWEEP_PASSED;
    /* No history of feeds is asked yet. */
    out->guards[SWEEP_FEEDS] = SWEEP_NOT_ARMED;
    if (out->guards[SWEEP_MAX_PER_DAY] == SWEEP_STOPPED)
        out->limit = most;
    else if (out->guards[SWEEP_MEDIAN] == SWEEP_STOPPED)
        out->limit = bound;
    else
        return err;
    out->stopped_at = d;
    char day[DAYNUM_TEXT];
    daynum_format(d, day);
    return fault_set(
        fault, ERR_GUARD,
        "%llu IMEIs would expire after %s, %llu are allowed: expire_through stays; look, "
        "then raise max_expiries_per_day or mend the feed",
        (unsigned long long)out->due, day, (unsigned long long)out->limit);
}

/* What stood on a day whose rows were written while the gate had not come to it: nobody had expired then. A step that
 * comes late is compared with this, not with the gate one day before: whoever's stay or mark ended meanwhile was
 * passed over by the step of his own last day, and would be EXPIRED before and after this one. */
static struct commit_before held_on(const struct registry *reg, daynum day)
{
    return (struct commit_before){&reg->rules, day, DAYNUM_FIRST};
}

/* Writes what an advance to the present expire_through left unwritten when it was cut short: what
 * is still due on the day after it, though that day was swept before. */
static enum err finish_advance(struct registry *reg, struct sweep_result *out, struct fault *fault)
{
    struct changes list = {0};
    daynum today = registry_today(reg), through = reg->head.gate.expire_through;
    struct step s = {.reg = reg,
                     .effective = through + 1 < today ? through + 1 : today,
                     .counted = through,
                     .due_by = through + 1,
                     .from = reg->head.gate,
                     .gate_at = GATE_STAYS};
    s.before = held_on(reg, s.effective);
    enum err err = ERR_OK;
    if (through + 1 <= reg->head.gate.swept_through)
        err = due_list(reg, DAYNUM_FIRST, through + 1, &list, fault);
    if (!err && list.n)
        err = write_rows(&s, &list, fault);
    account(&s, out);
    changes_release(&list);
    return err;
}

/* Moves expire_through to d. Where the rows of the day after are written already (a gate that was
 * held), the expiries of d are written with it. */
static enum err advance(struct registry *reg, daynum d, bool dry_run, struct sweep_result *out,
                        struct fault *fault)
{
    const struct gate from = reg->head.gate; /* as it was when d was chosen */
    enum err err = guards(reg, d, out, fault);
    if (err || dry_run)
        return err;
    struct changes list = {0};
    daynum today = registry_today(reg);
    struct step s = {.reg = reg,
                     .effective = d + 1 < today ? d + 1 : today,
                     .counted = d + 1 <= from.swept_through ? d : DAYNUM_NONE,
                     .due_by = d + 1,
                     .from = from,
                     .gate = {d, from.swept_through}};
    s.before = held_on(reg, s.effective);
    if (d + 1 <= from.swept_through)
        err = due_list(reg, DAYNUM_FIRST, d + 1, &list, fault);
    if (!err)
        err = write_rows(&s, &list, fault);
    account(&s, out);
    changes_release(&list);
    return err;
}

/* What stops expire_through alone; the rows of the calendar go on. */
static bool stops(enum err err)
{
    return !err || err == ERR_GUARD || err == ERR_HELD;
}

static enum err days(struct registry *reg, daynum until, bool dry_run, struct sweep_result *out,
                     struct fault *fault)
{
    daynum today = registry_today(reg);
    daynum through = reg->head.gate.expire_through, swept = reg->head.gate.swept_through;
    enum err err = dry_run ? ERR_OK : finish_advance(reg, out, fault);
    enum err stop =
        reg->rules.expiry_release == RELEASE_MANUAL
            ? fault_set(fault, ERR_HELD, "expiry_release is manual: expire_through stays")
            : ERR_OK;
    daynum d = through < swept ? through + 1 : swept + 1;
    for (; !err && d <= today; d++) {
        while (!err && !stop && through < d - 1 && through < until) {
            stop = advance(reg, through + 1, dry_run, out, fault);
            err = stops(stop) ? ERR_OK : stop;
            through += !stop;
        }
        if (!err && d > swept)
            err = sweep_day(reg, d, dry_run, out, fault);
    }
    while (!err && !stop && through < until) {
        stop = advance(reg, through + 1, dry_run, out, fault);
        err = stops(stop) ? ERR_OK : stop;
        through += !stop;
    }
    return err ? err : stop;
}

enum err sweep(struct registry *reg, daynum until, bool dry_run, struct sweep_result *out,
               struct fault *fault)
{
    *out = (struct sweep_result){.stopped_at = DAYNUM_NONE};
    for (int i = 0; i < SWEEP_GUARDS; i++)
        out->guards[i] = SWEEP_NOT_ARMED;
    enum err err = registry_refresh(reg, fault);
    if (err)
        return err;
    daynum today = registry_today(reg);
    if (until == DAYNUM_NONE || until > today)
        until = today;
    err = days(reg, until, dry_run, out, fault);
    for (unsigned tries = 0; err == ERR_STORE_BUSY && out->overtaken > tries && tries < TRIES;
         tries++) {
        struct fault why = {0};
        err = registry_refresh(reg, fault);
        err = err ? err : days(reg, until, dry_run, out, &why);
        if (err && fault)
            *fault = why;
    }
    out->swept_through = reg->head.gate.swept_through;
    out->expire_through = reg->head.gate.expire_through;
    return err;
}
