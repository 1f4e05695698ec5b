/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/bulk_case.h"

#include <stdlib.h>

#include "cases/accreditation.h"
#include "cases/desk.h"
#include "cases/second.h"
#include "cases/step.h"

/* ---- the lists ---- */

enum err bulk_filed(struct registry *reg, const struct application *a, struct fault *fault)
{
    struct upload u;
    enum err err = upload_read(reg, a->upload, &u, fault);
    if (err)
        return err;
    u.application = a->id;
    u.state = UPLOAD_FILED;
    return upload_put(reg, &u, fault);
}

/* Holds to be opened; approvals to be entered; holds to be ended. */
static bool is_due(const struct application *a)
{
    if (application_open(a))
        return !a->checked;
    return a->state == APPLICATION_DECIDING || a->bulk_held;
}

enum err bulk_listed(struct registry *reg, const struct application *a, struct fault *fault)
{
    uint8_t upload[8];
    struct record_key open = record_key_of(RECORD_BULK_OPEN, a->id);
    struct record_key work = bulk_work_key(BULK_WORK_CASE, a->id);
    put_be(upload, a->upload, 8);
    bool asks = application_open(a) || a->state == APPLICATION_DECIDING;
    enum err err = asks ? record_put(reg, &open, (struct str){(const char *)upload, 8}, fault)
                        : record_drop(reg, &open, fault);
    if (err)
        return err;
    return is_due(a) ? record_put(reg, &work, STR(""), fault) : record_drop(reg, &work, fault);
}

/* ---- filing ---- */

static enum err check_text(struct str text, size_t max, const char *what, struct fault *fault)
{
    if (text.n > max)
        return fault_set(fault, ERR_TOO_LONG, "%s: at most %zu bytes", what, max);
    return text.n && !str_printable(text)
               ? fault_set(fault, ERR_ONE_LINE, "%s: plain text on one line", what)
               : ERR_OK;
}

static enum err check_wish(const struct session *who, const struct bulk_wish *wish,
                           struct fault *fault)
{
    const struct kind_info *kind = kind_info(wish->kind);
    bool by_file = wish->kind == APPROVAL_IMPORT || wish->kind == APPROVAL_MANUFACTURE ||
                   wish->kind == APPROVAL_BEFORE_DUTY;
    if (!kind || !by_file)
        return fault_set(fault, ERR_USAGE, "import, manufacture and before_duty come as a file");
    if (!(kind->roles & ROLE_BIT(who->role)))
        return fault_set(fault, ERR_ROLE, "%s does not file %s", role_name(who->role), kind->name);
    if (who->by_attorney && !(who->by_attorney >> wish->kind & 1))
        return fault_set(fault, ERR_ROLE, "his power of attorney is not for %s", kind->name);
    enum err err = check_text(wish->document, LIMIT_DOCUMENT, "document", fault);
    for (size_t i = 0; !err && i < wish->country.n; i++)
        if (wish->country.n != 2 || wish->country.p[i] < 'A' || wish->country.p[i] > 'Z')
            err = fault_set(fault, ERR_USAGE, "country: two capital letters of ISO 3166-1");
    return err;
}

static enum err check_upload(const struct upload *u, const struct bulk_wish *wish,
                             struct fault *fault)
{
    if (u->state != UPLOAD_READY)
        return fault_set(fault, ERR_NOT_NOW, "the file is %s", upload_state_name(u->state));
    if (!u->devices || (u->bad && !wish->accept_good))
        return fault_set(fault, ERR_ROW, "%llu of %llu rows are bad: say accept_good",
                         (unsigned long long)u->bad, (unsigned long long)u->rows);
    return ERR_OK;
}

/* Of two who file the same upload at once the second finds it taken. */
static enum err still_ready(struct registry *reg, const struct application *a, struct fault *fault)
{
    struct upload u;
    enum err err = upload_read(reg, a->upload, &u, fault);
    return err ? err : u.state == UPLOAD_READY ? ERR_OK : ERR_STALE;
}

static enum err take_new(const struct office *office, const struct session *who,
                         const struct bulk_wish *wish, const struct upload *u,
                         struct application *out, struct fault *fault)
{
    int64_t now = office_now_s(office);
    const struct kind_info *kind = kind_info(wish->kind);
    bool organisation = who->role == ROLE_ORGANISATION;
    struct application a = {
        .kind = wish->kind,
        .state = APPLICATION_CHECKING,
        .organisation = organisation,
        .applicant = who->acts_for,
        .filed_by = who->party,
        .entered = DAYNUM_NONE,
        .filed_s = now,
        .left_s = STEP_HOUR_S * (organisation ? kind->organisation_hours : kind->person_hours),
        .upload = u->id,
        .bulk_devices = u->devices,
        .bulk_imeis = u->imeis};
    a.due_s = step_due(office, now, a.left_s);
    str_copy(a.document, sizeof a.document, wish->document);
    str_copy(a.country, sizeof a.country, wish->country);
    str_copy(a.language, sizeof a.language, wish->language);
    str_copy(a.bulk_digest, sizeof a.bulk_digest, str_z(u->digest));
    receipt_make(a.receipt);
    enum err err = application_tell(
        &a,
        &(struct case_event){.time_s = now, .state = APPLICATION_CHECKING, .actor = who->party});
    struct step step = {.after = &a, .actor = who->party, .stands = still_ready};
    if (!err)
        err = step_take(office, &step, fault);
    if (err)
        application_release(&a);
    else
        *out = a;
    return err;
}

enum err bulk_file(const struct office *office, const struct session *who,
                   const struct bulk_wish *wish, struct application *out, bool *out_again,
                   struct fault *fault)
{
    enum err err = check_wish(who, wish, fault);
    *out_again = false;
    for (int i = 0; !err && i < STEP_TRIES; i++) {
        struct upload u;
        err = upload_get(office, who, wish->upload, &u, fault);
        if (!err && u.state == UPLOAD_FILED) {
            *out_again = true;
            return application_get(office->registry, u.application, out, fault);
        }
        if (!err)
            err = check_upload(&u, wish, fault);
        if (!err)
            err = take_new(office, who, wish, &u, out, fault);
        if (err != ERR_STALE)
            return err;
        err = ERR_OK;
    }
    return err ? err : ERR_STALE;
}

/* ---- deciding ---- */

/* Nobody acts on an appeal against himself, or on what another officer has. */
static enum err may_act(const struct office *office, const struct application *a,
                        const struct session *who, struct fault *fault)
{
    bool overdue = a->due_s < office_now_s(office);
    if (a->state != APPLICATION_CHECKING || !a->checked)
        return fault_set(fault, ERR_NOT_NOW, "it is %s", application_state_name(a->state));
    if (a->appeal && (a->decided_by == who->party || a->decided_with == who->party))
        return fault_set(fault, ERR_SAME_PERSON, "an appeal is decided by another officer");
    if (a->officer && a->officer != who->party && !overdue)
        return fault_set(fault, ERR_CLAIMED, "another officer has it");
    return ERR_OK;
}

static enum err may_decide(const struct office *office, const struct application *a,
                           const struct session *who, const struct bulk_decision *d,
                           struct fault *fault)
{
    if (!a->upload || (!d->approve && !*refusal_name(d->refusal)))
        return fault_set(fault, ERR_USAGE, "a file is approved, or refused for a reason");
    if (d->note.n > LIMIT_REASON || (d->note.n && !str_utf8(d->note)))
        return fault_set(fault, ERR_TOO_LONG, "note: at most %d bytes", LIMIT_REASON);
    enum err err = may_act(office, a, who, fault);
    if (err)
        return err;
    if (d->approve && a->bulk_proposed_by == who->party)
        return fault_set(fault, ERR_SAME_PERSON, "another officer confirms it");
    if (!a->bulk_proposed_by && a->officer != who->party)
        return fault_set(fault, ERR_CLAIMED, "claim it first");
    return ERR_OK;
}

static enum err remark(struct application *a, enum remark what, uint64_t by, struct str note,
                       int64_t now)
{
    struct case_event event = {.time_s = now, .state = (uint8_t)what, .actor = by};
    str_copy(event.note, sizeof event.note, note);
    return application_remark(a, &event);
}

/* What the first officer wrote to the applicant: told with the decision, not before. */
static struct str proposed_note(const struct application *a)
{
    for (size_t i = a->remark_count; i > 0; i--)
        if (a->remarks[i - 1].state == REMARK_PROPOSED)
            return str_z(a->remarks[i - 1].note);
    return STR("");
}

/* The journal names the list by its digest, as long as a document's name may be. */
static void say(struct step *step, const struct application *a, uint8_t event)
{
    step->always = true;
    step->entry = (struct entry){.event = event, .ground = EVENT_VERIFIED};
    step->entry.document_n = LIMIT_DOCUMENT;
    memcpy(step->entry.document, a->bulk_digest, LIMIT_DOCUMENT);
}

/* Nobody white-lists in bulk alone: the first officer's word waits, journaled with the list's digest. */
static enum err propose(struct application *a, const struct session *who, struct str note,
                        struct step *step, int64_t now)
{
    a->bulk_proposed_by = who->party;
    a->officer = 0;
    say(step, a, EVENT_PROPOSED);
    return remark(a, REMARK_PROPOSED, who->party, note, now);
}

static enum err decide(struct application *a, const struct session *who,
                       const struct bulk_decision *d, int64_t now)
{
    bool confirms = d->approve && a->bulk_proposed_by;
    struct case_event event = {.time_s = now, .actor = who->party};
    str_copy(event.note, sizeof event.note, confirms && !d->note.n ? proposed_note(a) : d->note);
    a->state = event.state = d->approve ? APPLICATION_DECIDING : APPLICATION_REFUSED;
    a->bulk_gsma = 0; /* it is asked once more before approvals are entered */
    a->bulk_refusal = d->approve ? REFUSAL_NONE : d->refusal;
    a->decided_by = who->party;
    a->decided_with = confirms ? a->bulk_proposed_by : 0;
    a->decided_s = now;
    a->bulk_proposed_by = 0;
    enum err err = confirms ? remark(a, REMARK_CONFIRMED, who->party, STR(""), now) : ERR_OK;
    return err ? err : application_tell(a, &event);
}

/* What an officer does to it. how NULL: it is returned, with the note. confirms: only what is proposed. */
struct bulk_act {
    const struct session *who;
    const struct bulk_decision *how;
    bool confirms;
    struct str note;
};

static enum err may_second(const struct office *office, const struct application *a,
                           const struct session *who, struct fault *fault)
{
    if (a->state != APPLICATION_CHECKING || !a->bulk_proposed_by)
        return fault_set(fault, ERR_NO_PROPOSAL, "nothing is proposed");
    if (a->bulk_proposed_by == who->party)
        return fault_set(fault, ERR_SAME_PERSON, "another officer confirms it");
    return may_act(office, a, who, fault);
}

static enum err decide_all(const struct office *office, const struct application *before,
                           struct application *after, void *ctx, struct fault *fault)
{
    const struct bulk_act *act = ctx;
    int64_t now = office_now_s(office);
    uint64_t from = office->second_from ? office->second_from : SECOND_ABOVE + 1;
    struct step step = {
        .before = before, .after = after, .stands = accreditation_stands, .actor = act->who->party};
    enum err err = act->confirms ? may_second(office, before, act->who, fault) : ERR_OK;
    if (!err)
        err = may_decide(office, before, act->who, act->how, fault);
    if (!err && act->how->approve)
        err = desk_unseen(office, before, after, fault);
    if (err)
        return err;
    bool alone = after->bulk_devices < from || after->bulk_proposed_by;
    err = act->how->approve && !alone ? propose(after, act->who, act->how->note, &step, now)
                                      : decide(after, act->who, act->how, now);
    return err ? err : step_take(office, &step, fault);
}

static enum err give_back(const struct office *office, const struct application *before,
                          struct application *after, void *ctx, struct fault *fault)
{
    const struct bulk_act *act = ctx;
    struct step step = {.before = before, .after = after, .actor = act->who->party};
    enum err err = may_second(office, before, act->who, fault);
    if (err)
        return err;
    after->officer = after->bulk_proposed_by;
    after->bulk_proposed_by = 0;
    say(&step, after, EVENT_REJECTED);
    err = remark(after, REMARK_RETURNED, act->who->party, act->note, office_now_s(office));
    return err ? err : step_take(office, &step, fault);
}

enum err bulk_decide(const struct office *office, const struct session *who, uint64_t id,
                     const struct bulk_decision *decision, struct application *out,
                     struct fault *fault)
{
    struct bulk_act act = {.who = who, .how = decision};
    return step_act(office, id, decide_all, &act, out, fault);
}

enum err bulk_confirm(const struct office *office, const struct session *who, uint64_t id,
                      struct application *out, struct fault *fault)
{
    const struct bulk_decision yes = {.approve = true};
    struct bulk_act act = {.who = who, .how = &yes, .confirms = true};
    return step_act(office, id, decide_all, &act, out, fault);
}

enum err bulk_return(const struct office *office, const struct session *who, uint64_t id,
                     struct str note, struct application *out, struct fault *fault)
{
    struct bulk_act act = {.who = who, .note = note};
    return step_act(office, id, give_back, &act, out, fault);
}
