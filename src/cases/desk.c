/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/desk.h"

#include <stdlib.h>

#include "cases/accreditation.h"
#include "cases/correction.h"
#include "cases/second.h"
#include "cases/step.h"

/* ---- the queue ---- */

struct queueing {
    struct queued *out;
    size_t max, n;
};

static bool take_queued(void *ctx, const struct record *record)
{
    struct queueing *q = ctx;
    if (record->key.n != 17)
        return true;
    q->out[q->n++] =
        (struct queued){.id = record_key_last(record->key),
                        .due_s = (int64_t)get_be((const uint8_t *)record->key.p + 1, 8)};
    return q->n < q->max;
}

enum err desk_queue(const struct office *office, const struct queued *after, struct queued *out,
                    size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key from = record_key(RECORD_BY_CLOCK), to = record_key(RECORD_BY_CLOCK + 1);
    struct queueing q = {out, max, 0};
    if (after) {
        record_key_number(&from, (uint64_t)after->due_s, 8);
        record_key_number(&from, after->id, 8);
        record_key_bytes(&from, "", 1);
    }
    enum err err = max ? store_records(office->registry->store, record_key_str(&from),
                                       record_key_str(&to), take_queued, &q, fault)
                       : ERR_OK;
    *out_n = q.n;
    return err;
}

/* ---- steps ---- */

/* What an officer does. */
struct desk_act {
    const struct session *who;
    struct str note;
    const struct decision *decisions;
    size_t n;
};

/* May this officer work on it? */
static enum err mine(const struct office *office, const struct application *a,
                     const struct session *who, struct fault *fault)
{
    bool overdue = a->due_s < office_now_s(office); /* whoever claimed it has had his time */
    if (a->state != APPLICATION_CHECKING)
        return fault_set(fault, ERR_NOT_NOW, "it is %s", application_state_name(a->state));
    if (a->filed_by == who->party) /* a correction of his own */
        return fault_set(fault, ERR_SAME_PERSON, "another officer decides what one has filed");
    if (application_proposed_by(a) == who->party)
        return fault_set(fault, ERR_SAME_PERSON, "it waits for a second officer");
    if (a->appeal && (a->decided_by == who->party || a->decided_with == who->party))
        return fault_set(fault, ERR_SAME_PERSON, "an appeal is decided by another officer");
    if (a->officer && a->officer != who->party && !overdue)
        return fault_set(fault, ERR_CLAIMED, "another officer has it");
    return ERR_OK;
}

/* And is the decision still his to make? */
static enum err undecided(const struct office *office, const struct application *a,
                          const struct session *who, struct fault *fault)
{
    enum err err = mine(office, a, who, fault);
    if (!err && application_proposed_by(a))
        err = fault_set(fault, ERR_NOT_NOW, "confirm what is proposed, or return it");
    return err;
}

static enum err claim(const struct office *office, const struct application *before,
                      struct application *after, void *ctx, struct fault *fault)
{
    const struct desk_act *act = ctx;
    enum err err = mine(office, before, act->who, fault);
    after->officer = act->who->party;
    struct step step = {.before = before, .after = after, .actor = act->who->party};
    return err || before->officer == after->officer ? err : step_take(office, &step, fault);
}

enum err desk_claim(const struct office *office, const struct session *who, uint64_t id,
                    struct application *out, struct fault *fault)
{
    return step_act(office, id, claim, &(struct desk_act){.who = who}, out, fault);
}

static enum err ask(const struct office *office, const struct application *before,
                    struct application *after, void *ctx, struct fault *fault)
{
    const struct desk_act *act = ctx;
    int64_t now = office_now_s(office);
    struct case_event event = {
        .time_s = now, .state = APPLICATION_PAPERS_ASKED, .actor = act->who->party};
    enum err err = undecided(office, before, act->who, fault);
    if (err)
        return err;
    after->state = APPLICATION_PAPERS_ASKED;
    after->officer = act->who->party;
    after->left_s = hours_between(office->hours, &office->registry->zone, now, before->due_s);
    daynum last =
        hours_add_days(office->hours, registry_today(office->registry), PAPERS_WORKING_DAYS);
    after->due_s = zone_day_start(&office->registry->zone, last + 1) - 1;
    str_copy(event.note, sizeof event.note, act->note);
    err = application_tell(after, &event);
    struct step step = {.before = before, .after = after, .actor = act->who->party};
    return err ? err : step_take(office, &step, fault);
}

enum err desk_ask(const struct office *office, const struct session *who, uint64_t id,
                  struct str note, struct application *out, struct fault *fault)
{
    if (!note.n || note.n > LIMIT_REASON || !str_utf8(note)) {
        fault_field(fault, "note");
        return fault_set(fault, note.n > LIMIT_REASON ? ERR_TOO_LONG : ERR_USAGE,
                         "say which papers, in 1 to %d bytes", LIMIT_REASON);
    }
    return step_act(office, id, ask, &(struct desk_act){.who = who, .note = note}, out, fault);
}

/* ---- deciding ---- */

/* The changes of the devices that `after` approves and `before` did not. */
static enum err approvals(const struct office *office, const struct application *before,
                          struct application *after, const struct approving *how,
                          struct changes *out, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < after->device_count; i++) {
        struct imei which;
        if (!after->devices[i].approved || before->devices[i].approved)
            continue;
        if (after->corrects) {
            err = correction_changes(office, &after->devices[i], how, out, fault);
            continue;
        }
        err = verify_prepare(office->registry, how, &after->devices[i].is, &which, fault);
        if (!err)
            verify_changes(how, &after->devices[i].is, out);
    }
    return err;
}

/* Approved IMEIs need no hold any more; refused ones keep it for a day, and after a first refusal for as long
 * as an appeal keeps it. */
static enum err end_holds(const struct office *office, const struct application *a,
                          struct changes *out, struct fault *fault)
{
    daynum today = registry_today(office->registry), last = today + 1;
    daynum appeal = hours_add_days(office->hours, today, APPEAL_WORKING_DAYS);
    enum err err = ERR_OK;
    if (!a->appeal && appeal > last)
        last = appeal;
    for (size_t i = 0; !err && i < a->device_count; i++) {
        struct case_device d = a->devices[i];
        d.is.old_count = a->corrects ? 0 : d.is.old_count; /* those are not its own any more */
        err = step_hold_until(office, &d, d.approved ? DAYNUM_NONE : last, out, fault);
    }
    return err;
}

/* By which approval its IMEIs stand. */
static enum err decided_how(const struct office *office, const struct application *a, int64_t now,
                            struct approving *out, struct fault *fault)
{
    if (a->corrects)
        return correction_how(office, a, out, fault);
    *out = (struct approving){.kind = a->kind,
                              .at = now,
                              .party = a->applicant,
                              .application = a->id,
                              .used_from = zone_day(&office->registry->zone, a->filed_s)};
    return ERR_OK;
}

static uint8_t event_of(const struct application *a)
{
    if (a->corrects)
        return ground_leaves(a->ground) ? EVENT_WITHDRAWN : EVENT_VERIFIED;
    return a->kind == APPROVAL_REPAIR ? EVENT_REPAIRED : EVENT_VERIFIED;
}

/* confirms: what two officers decide; NULL: one does, or the register. */
struct settling {
    uint64_t actor;
    struct str note;
    const struct case_proposal *confirms;
};

static enum err settle(const struct office *office, const struct application *before,
                       struct application *after, const struct settling *by, struct fault *fault)
{
    int64_t now = office_now_s(office);
    struct approving how;
    struct changes changes = {0};
    bool approved = false;
    for (size_t i = 0; i < after->device_count; i++)
        approved |= after->devices[i].approved;
    after->state = approved ? APPLICATION_APPROVED : APPLICATION_REFUSED;
    after->decided_s = now;
    after->decided_by = by->actor;
    application_drop_proposal(after);
    struct case_event event = {.time_s = now, .state = after->state, .actor = by->actor};
    str_copy(event.note, sizeof event.note, by->note);
    enum err err = application_tell(after, &event);
    if (!err)
        err = decided_how(office, after, now, &how, fault);
    if (!err)
        err = approvals(office, before, after, &how, &changes, fault);
    if (!err)
        err = end_holds(office, after, &changes, fault);
    if (!err)
        err = changes_sort(&changes);
    char number[APPLICATION_NUMBER_TEXT];
    application_number(after, number);
    struct step step = {.before = before,
                        .after = after,
                        .changes = &changes,
                        .entry = {.event = event_of(after), .ground = after->kind},
                        .how = &how,
                        .confirms = by->confirms,
                        .stands = accreditation_stands,
                        .actor = by->actor};
    step.entry.document_n = (uint8_t)strlen(number);
    memcpy(step.entry.document, number, step.entry.document_n);
    if (!err)
        err = step_take(office, &step, fault);
    changes_release(&changes);
    return err;
}

enum err desk_settle(const struct office *office, const struct application *before,
                     struct application *after, uint64_t actor, struct str note,
                     struct fault *fault)
{
    after->decided_with = 0;
    return settle(office, before, after, &(struct settling){.actor = actor, .note = note}, fault);
}

enum err desk_settle_confirmed(const struct office *office, const struct application *before,
                               struct application *after, uint64_t actor, struct fault *fault)
{
    const struct settling by = {actor, str_z(before->proposal->note), before->proposal};
    return settle(office, before, after, &by, fault);
}

/* Writes the decisions into the devices that are open. */
static enum err apply_decisions(struct application *a, const struct decision *decisions, size_t n,
                                struct fault *fault)
{
    size_t used = 0;
    if (a->upload)
        return fault_set(fault, ERR_USAGE, "a file is decided as a whole");
    for (size_t i = 0; i < a->device_count; i++) {
        struct case_device *d = &a->devices[i];
        if (d->decided)
            continue;
        if (used == n || (!decisions[used].approve && !*refusal_name(decisions[used].refusal)))
            return fault_set(fault, ERR_USAGE,
                             "every device: approved, or refused for a reason of "
                             "the catalogue");
        d->decided = true;
        d->approved = decisions[used].approve;
        d->refusal = d->approved ? REFUSAL_NONE : decisions[used].refusal;
        used++;
    }
    return used == n ? ERR_OK : fault_set(fault, ERR_USAGE, "%zu devices wait", used);
}

/* What an officer has not seen is written down, and he looks again before he approves. */
enum err desk_unseen(const struct office *office, const struct application *before,
                     struct application *after, struct fault *fault)
{
    struct step step = {.before = before, .after = after};
    enum err err = accreditation_again(office->registry, after, fault);
    if (err != ERR_ACCREDITATION)
        return err;
    enum err taken = step_take(office, &step, fault);
    return taken ? taken : err;
}

static bool approves(const struct desk_act *act)
{
    for (size_t i = 0; i < act->n; i++)
        if (act->decisions[i].approve)
            return true;
    return false;
}

static enum err decide(const struct office *office, const struct application *before,
                       struct application *after, void *ctx, struct fault *fault)
{
    const struct desk_act *act = ctx;
    struct case_proposal *proposal = NULL;
    enum err err = undecided(office, before, act->who, fault);
    if (!err && before->officer != act->who->party)
        err = fault_set(fault, ERR_CLAIMED, "claim it first");
    if (!err && approves(act))
        err = desk_unseen(office, before, after, fault);
    if (!err)
        err = apply_decisions(after, act->decisions, act->n, fault);
    if (!err)
        err = second_look(office, before, after, &proposal, fault);
    if (!err && proposal)
        return second_propose(office, before, after, proposal, act->who->party, act->note, fault);
    return err ? err : desk_settle(office, before, after, act->who->party, act->note, fault);
}

enum err desk_decide(const struct office *office, const struct session *who, uint64_t id,
                     const struct decision *decisions, size_t n, struct str note,
                     struct application *out, struct fault *fault)
{
    if (note.n > LIMIT_REASON) {
        fault_field(fault, "note");
        return fault_set(fault, ERR_TOO_LONG, "at most %d bytes", LIMIT_REASON);
    }
    struct desk_act act = {who, note, decisions, n};
    return step_act(office, id, decide, &act, out, fault);
}

/* ---- papers that did not come ---- */

static enum err close_late(const struct office *office, const struct application *before,
                           struct application *after, void *ctx, struct fault *fault)
{
    struct changes holds = {0};
    int64_t now = office_now_s(office);
    size_t *closed = ctx;
    if (before->state != APPLICATION_PAPERS_ASKED || before->due_s >= now)
        return ERR_OK;
    application_give_up(after, APPLICATION_CLOSED, now);
    enum err err =
        application_tell(after, &(struct case_event){.time_s = now, .state = after->state});
    for (size_t i = 0; !err && i < after->device_count; i++)
        err = step_hold_until(office, &after->devices[i], DAYNUM_NONE, &holds, fault);
    if (!err)
        err = changes_sort(&holds);
    struct step step = {.before = before,
                        .after = after,
                        .changes = &holds,
                        .entry = {.event = EVENT_HELD, .ground = after->kind}};
    if (!err)
        err = step_take(office, &step, fault);
    *closed += !err;
    changes_release(&holds);
    return err;
}

/* An error of one application, not of the store. */
static bool is_of_one(enum err err)
{
    return err == ERR_STALE || err == ERR_NOT_FOUND || err == ERR_CODEC || err == ERR_STORE_KEY;
}

enum err desk_close_unanswered(const struct office *office, size_t *out_n, struct fault *fault)
{
    enum { SOME = 64 };
    struct queued list[SOME], *after = NULL;
    int64_t now = office_now_s(office);
    size_t n = SOME;
    enum err err = ERR_OK;
    *out_n = 0;
    while (!err && n == SOME) {
        err = desk_queue(office, after, list, SOME, &n, fault);
        for (size_t i = 0; !err && i < n; i++) {
            if (list[i].due_s >= now)
                return ERR_OK; /* the queue is in the order of its clocks */
            err = step_once(office, list[i].id, close_late, out_n, NULL, fault);
            /* a damaged one is told at the desk; the others do not wait for it */
            err = is_of_one(err) ? ERR_OK : err;
        }
        after = &list[SOME - 1];
    }
    return err;
}
