/* SPDX-License-Identifier: Apache-2.0
 *
 * What an applicant does with an application of his later on: he looks, withdraws, brings papers, appeals. */
#include "cases/filing.h"

#include "cases/paper.h"
#include "cases/step.h"

enum err filing_get(const struct office *office, const struct session *who, uint64_t id,
                    struct application *out, struct fault *fault)
{
    struct application a;
    enum err err = application_get(office->registry, id, &a, fault);
    if (err)
        return err;
    if (a.applicant == who->acts_for) {
        *out = a;
        return ERR_OK;
    }
    application_release(&a);
    return fault_set(fault, ERR_NOT_FOUND, "no such application");
}

enum err filing_list(const struct office *office, const struct session *who, uint64_t after,
                     uint64_t *out_ids, size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_BY_APPLICANT, who->acts_for), from = prefix;
    record_key_number(&from, ~after, 8);
    enum err err =
        record_numbers(office->registry, &prefix, after ? &from : NULL, out_ids, max, out_n, fault);
    for (size_t i = 0; i < *out_n; i++)
        out_ids[i] = ~out_ids[i];
    return err;
}

/* One act on an application of his own: `move` changes it, and says which hold it has after. */
struct act {
    const struct session *who;
    uint8_t wants; /* the state that it must have; 0 = any that is open */
    bool once; /* an appeal: not after another, nor beside an open application for such a device */
    enum { HOLD_STAYS, HOLD_OPENS, HOLD_ENDS } hold;
    void (*move)(const struct office *office, struct application *a, int64_t now_s);
    struct str note;
    const struct paper_id *papers;
    size_t paper_count;
};

/* Decided, and a device of it was refused. */
static bool has_refused(const struct application *a)
{
    bool refused = a->upload && a->state == APPLICATION_REFUSED;
    for (size_t i = 0; i < a->device_count; i++)
        refused |= a->devices[i].decided && !a->devices[i].approved;
    return refused && a->decided_s && a->state != APPLICATION_WITHDRAWN;
}

bool filing_may_appeal(const struct application *a)
{
    return !a->appeal && has_refused(a);
}

bool filing_may_act(const struct application *a, const struct session *who)
{
    return !who->by_attorney || who->by_attorney >> a->kind & 1;
}

/* Another's does not exist for him. */
static enum err his_own(const struct application *a, const struct session *who, struct fault *fault)
{
    if (a->applicant != who->acts_for)
        return fault_set(fault, ERR_NOT_FOUND, "no such application");
    return filing_may_act(a, who)
               ? ERR_OK
               : fault_set(fault, ERR_ROLE, "his power of attorney is not for %s",
                           kind_info(a->kind)->name);
}

static enum err may_act(const struct application *a, const struct act *act, struct fault *fault)
{
    bool fits = act->once    ? filing_may_appeal(a)
                : act->wants ? a->state == act->wants
                             : application_open(a);
    enum err err = his_own(a, act->who, fault);
    return err || fits
               ? err
               : fault_set(fault, ERR_NOT_NOW, "it is %s", application_state_name(a->state));
}

static enum err do_act(const struct office *office, const struct application *before,
                       struct application *after, void *ctx, struct fault *fault)
{
    const struct act *act = ctx;
    struct changes holds = {0};
    int64_t now = office_now_s(office);
    enum err err = may_act(before, act, fault);
    if (err)
        return err;
    act->move(office, after, now);
    struct case_event event = {.time_s = now, .state = after->state, .actor = act->who->party};
    str_copy(event.note, sizeof event.note, act->note);
    err = application_tell(after, &event);
    if (!err)
        err = papers_gather(office->registry, act->papers, act->paper_count, after, fault);
    if (!err && act->hold == HOLD_OPENS)
        err = step_hold(office, after, &holds, fault);
    for (size_t i = 0; !err && act->hold == HOLD_ENDS && i < after->device_count; i++)
        err = step_hold_until(office, &after->devices[i], DAYNUM_NONE, &holds, fault);
    if (!err)
        err = changes_sort(&holds);
    struct step step = {.before = before,
                        .after = after,
                        .changes = &holds,
                        .entry = {.event = EVENT_HELD, .ground = after->kind},
                        .stands = act->once ? filing_none_open : NULL,
                        .actor = act->who->party};
    if (!err)
        err = step_take(office, &step, fault);
    changes_release(&holds);
    return err;
}

static enum err act_on(const struct office *office, uint64_t id, struct act *act,
                       struct application *out, struct fault *fault)
{
    enum err err = filing_text_check(act->note, LIMIT_REASON, "note", fault);
    return err ? err : step_act(office, id, do_act, act, out, fault);
}

static void withdraw(const struct office *office, struct application *a, int64_t now_s)
{
    (void)office;
    application_give_up(a, APPLICATION_WITHDRAWN, now_s);
}

enum err filing_withdraw(const struct office *office, const struct session *who, uint64_t id,
                         struct application *out, struct fault *fault)
{
    struct act act = {.who = who, .move = withdraw, .hold = HOLD_ENDS};
    return act_on(office, id, &act, out, fault);
}

static void go_on(const struct office *office, struct application *a, int64_t now_s)
{
    a->state = APPLICATION_CHECKING;
    application_check_anew(a); /* what was brought may settle it */
    a->due_s = step_due(office, now_s, a->left_s);
}

enum err filing_answer(const struct office *office, const struct session *who, uint64_t id,
                       struct str note, struct application *out, struct fault *fault)
{
    return filing_bring(office, who, id, &(struct bringing){.note = note}, out, fault);
}

enum err filing_bring(const struct office *office, const struct session *who, uint64_t id,
                      const struct bringing *what, struct application *out, struct fault *fault)
{
    struct act act = {.who = who,
                      .wants = APPLICATION_PAPERS_ASKED,
                      .move = go_on,
                      .note = what->note,
                      .papers = what->papers,
                      .paper_count = what->paper_count};
    return act_on(office, id, &act, out, fault);
}

/* The devices that were refused are undecided again. */
static void appeal(const struct office *office, struct application *a, int64_t now_s)
{
    const struct kind_info *kind = kind_info(a->kind);
    a->state = APPLICATION_CHECKING;
    a->appeal = true;
    a->decided_s = 0;
    a->officer = 0;
    a->checked = a->checked && !a->upload; /* its holds open again */
    a->left_s = STEP_HOUR_S * (a->organisation ? kind->organisation_hours : kind->person_hours);
    a->due_s = step_due(office, now_s, a->left_s);
    for (size_t i = 0; i < a->device_count; i++) {
        if (a->devices[i].approved)
            continue;
        a->devices[i].decided = false; /* its refusal stays, should this be taken back */
    }
}

daynum filing_appeal_keeps(const struct office *office, const struct application *a)
{
    daynum decided = zone_day(&office->registry->zone, a->decided_s);
    return hours_add_days(office->hours, decided, APPEAL_WORKING_DAYS);
}

enum err filing_appeal(const struct office *office, const struct session *who, uint64_t id,
                       struct str note, struct application *out, struct fault *fault)
{
    return filing_appeal_bring(office, who, id, &(struct bringing){.note = note}, out, fault);
}

enum err filing_appeal_bring(const struct office *office, const struct session *who, uint64_t id,
                             const struct bringing *what, struct application *out,
                             struct fault *fault)
{
    struct application a;
    enum err err = filing_get(office, who, id, &a, fault);
    if (err)
        return err;
    bool in_time = registry_today(office->registry) <= filing_appeal_keeps(office, &a);
    application_release(&a);
    struct act act = {.who = who,
                      .once = true,
                      .move = appeal,
                      .note = what->note,
                      .papers = what->papers,
                      .paper_count = what->paper_count,
                      .hold = in_time ? HOLD_OPENS : HOLD_STAYS};
    return act_on(office, id, &act, out, fault);
}
