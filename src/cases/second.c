/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/second.h"

#include <stdlib.h>

#include "cases/bulk_case.h"
#include "cases/checks.h"
#include "cases/correction.h"
#include "cases/desk.h"
#include "cases/step.h"

/* ---- the tables ---- */

enum becomes { OPENS, STAYS };

static const struct {
    const char *name;
    enum becomes becomes;
} lifts[] = {
#define LIFT(bit, name, text, becomes) [bit] = {text, becomes},
#include "cases/second.def"
#undef LIFT
};
enum { LIFTS = sizeof lifts / sizeof *lifts };

const char *lift_name(unsigned bit)
{
    return bit < LIFTS ? lifts[bit].name : NULL;
}

uint32_t lifts_that_stay(uint32_t found)
{
    uint32_t stay = 0;
    for (unsigned bit = 0; bit < LIFTS; bit++)
        stay |= lifts[bit].becomes == STAYS ? 1U << bit : 0;
    return found & stay;
}

static const char *const remarks[] = {
#define REMARK(code, name, text) [code] = text,
#include "cases/second.def"
#undef REMARK
};

const char *remark_name(uint8_t remark)
{
    return remark < sizeof remarks / sizeof *remarks && remarks[remark] ? remarks[remark] : "";
}

/* ---- what an approval would lift ---- */

/* Of one IMEI that would be approved for this applicant. */
static uint32_t lifts_of(const struct application *a, const struct facts *f,
                         const struct verdict *v)
{
    bool other = f->verified_at != INSTANT_NONE && f->verified.party != a->applicant;
    bool again =
        a->kind == APPROVAL_RECHECK; /* else an expired term is what an application is for */
    uint32_t found = f->revoked_at != INSTANT_NONE ? LIFTS_REVOKED : 0;
    found |= f->replaced_at != INSTANT_NONE ? LIFTS_REPLACED : 0;
    found |= other ? LIFTS_OTHER : 0;
    found |= f->mark_count ? LIFTS_MARKED : 0;
    found |= f->flags & FACTS_GSMA ? LIFTS_GSMA : 0;
    found |= f->flags & FACTS_CLONE ? LIFTS_CLONE : 0;
    found |= v->reason == REASON_MALFORMED ? LIFTS_MALFORMED : 0;
    found |= v->reason == REASON_TAC_UNALLOCATED ? LIFTS_TAC : 0;
    return found | (again && v->reason == REASON_EXPIRED ? LIFTS_EXPIRED : 0);
}

/* Of a correction an IMEI that is approved already lifts nothing; one that is marked needs two, whatever becomes of it. */
static uint32_t corrected_lifts(const struct application *a, const struct case_device *d,
                                unsigned k, const struct facts *f, const struct verdict *v)
{
    bool stands = k >= d->is.count || correction_approved(f, a->corrects);
    uint32_t marked = f->mark_count ? LIFTS_MARKED : 0;
    return marked | (stands ? 0 : lifts_of(a, f, v));
}

/* What GSMA's service said of a device that would be approved, or that it has said nothing yet. */
static uint32_t service_lifts(const struct office *office, const struct application *a,
                              const struct case_device *d)
{
    bool asks = office->sources && office->sources->gsma.ask;
    bool answered = a->checked && !(a->findings & FOUND_GSMA_NOT_ASKED);
    if (!d->approved || (a->corrects && ground_leaves(a->ground)))
        return 0;
    uint32_t listed = d->findings & FOUND_GSMA && a->kind != APPROVAL_RECHECK ? LIFTS_GSMA : 0;
    return listed | (asks && !answered ? LIFTS_GSMA_NOT_ASKED : 0);
}

static enum err not_ours(struct imei imei, struct fault *fault)
{
    char text[IMEI_TEXT15];
    imei_format15(imei, text);
    fault_value(fault, text, sizeof text - 1);
    return fault_set(fault, ERR_NOT_OURS, "whoever set this block takes it away");
}

/* Fills in what stands of one device; facts of old IMEIs are only remembered. */
static enum err look_at(const struct office *office, const struct application *a,
                        const struct case_device *d, struct case_proposed *out, struct fault *fault)
{
    enum err err = ERR_OK;
    out->approve = d->approved;
    out->refusal = d->refusal;
    out->lifts |= service_lifts(office, a, d);
    for (unsigned k = 0; !err && k < d->is.count + d->is.old_count; k++) {
        struct verdict v;
        struct facts f;
        struct imei imei = k < d->is.count ? d->is.imeis[k] : d->is.old[k - d->is.count];
        err = registry_check(office->registry, imei, &v, &f, fault);
        if (err)
            break;
        out->seen[k] = f.last_seq;
        if (d->approved && a->corrects)
            out->lifts |= corrected_lifts(a, d, k, &f, &v);
        if (!d->approved || k >= d->is.count || a->corrects)
            continue;
        uint32_t found = lifts_of(a, &f, &v);
        if (a->kind == APPROVAL_RECHECK && lifts_that_stay(found))
            return not_ours(imei, fault);
        out->lifts |= found | (a->kind == APPROVAL_RECHECK ? LIFTS_RECHECK : 0);
    }
    return err;
}

static void proposal_free(struct case_proposal *p)
{
    if (p)
        free(p->devices);
    free(p);
}

enum err second_look(const struct office *office, const struct application *before,
                     const struct application *after, struct case_proposal **out,
                     struct fault *fault)
{
    size_t from = office->second_from ? office->second_from : SECOND_ABOVE + 1, approved = 0;
    struct case_proposal *p = calloc(1, sizeof *p);
    if (p)
        p->devices = calloc(after->device_count + 1, sizeof *p->devices);
    enum err err = p && p->devices ? ERR_OK : ERR_MEMORY;
    bool needed = false;
    for (size_t i = 0; !err && i < after->device_count; i++) {
        if (before->devices[i].decided)
            continue;
        err = look_at(office, after, &after->devices[i], &p->devices[i], fault);
        needed |= p->devices[i].lifts != 0;
        approved += after->devices[i].approved;
    }
    for (size_t i = 0; !err && approved >= from && i < after->device_count; i++)
        p->devices[i].lifts |=
            after->devices[i].approved && !before->devices[i].decided ? LIFTS_MANY : 0;
    if (!err && (needed || approved >= from)) {
        *out = p;
        return ERR_OK;
    }
    proposal_free(p);
    if (!err)
        *out = NULL;
    return err;
}

/* ---- proposing ---- */

static void say(struct entry *entry, uint8_t event, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    entry->event = event;
    bool repair = a->kind == APPROVAL_REPAIR && !a->corrects;
    entry->ground = repair ? EVENT_REPAIRED : EVENT_VERIFIED;
    entry->document_n = (uint8_t)strlen(number);
    memcpy(entry->document, number, entry->document_n);
}

static enum err remark(const struct office *office, struct application *a, enum remark what,
                       uint64_t by, struct str note)
{
    struct case_event event = {.time_s = clock_now_us(office->registry->clock) / 1000000,
                               .state = (uint8_t)what,
                               .actor = by};
    str_copy(event.note, sizeof event.note, note);
    return application_remark(a, &event);
}

enum err second_propose(const struct office *office, const struct application *before,
                        struct application *after, struct case_proposal *p, uint64_t by,
                        struct str note, struct fault *fault)
{
    p->by = by;
    p->at_s = clock_now_us(office->registry->clock) / 1000000;
    str_copy(p->note, sizeof p->note, note);
    after->proposal = p;
    after->officer = 0;
    for (size_t i = 0; i < after->device_count; i++)
        after->devices[i] = before->devices[i];
    enum err err = remark(office, after, REMARK_PROPOSED, by, note);
    struct step step = {.before = before, .after = after, .actor = by, .always = true};
    say(&step.entry, EVENT_PROPOSED, after);
    return err ? err : step_take(office, &step, fault);
}

/* ---- the other one ---- */

static enum err may(const struct office *office, const struct application *a,
                    const struct session *who, struct fault *fault)
{
    bool overdue = a->due_s < clock_now_us(office->registry->clock) / 1000000;
    if (a->state != APPLICATION_CHECKING || !a->proposal)
        return fault_set(fault, ERR_NO_PROPOSAL, "nothing is proposed");
    if (a->proposal->by == who->party || a->filed_by == who->party)
        return fault_set(fault, ERR_SAME_PERSON, "another officer confirms it");
    if (a->appeal && (a->decided_by == who->party || a->decided_with == who->party))
        return fault_set(fault, ERR_SAME_PERSON, "an appeal is decided by other officers");
    if (a->officer && a->officer != who->party && !overdue)
        return fault_set(fault, ERR_CLAIMED, "another officer has it");
    return ERR_OK;
}

/* Writes the proposal into the devices that are undecided. */
static void take_over(struct application *a, const struct case_proposal *p)
{
    for (size_t i = 0; i < a->device_count; i++) {
        struct case_device *d = &a->devices[i];
        if (d->decided)
            continue;
        d->decided = true;
        d->approved = p->devices[i].approve;
        d->refusal = d->approved ? REFUSAL_NONE : p->devices[i].refusal;
    }
}

struct second_act {
    const struct session *who;
    struct str note;
};

static enum err confirm(const struct office *office, const struct application *before,
                        struct application *after, void *ctx, struct fault *fault)
{
    const struct second_act *act = ctx;
    enum err err = may(office, before, act->who, fault);
    if (!err)
        err = desk_unseen(office, before, after, fault);
    if (!err)
        err = remark(office, after, REMARK_CONFIRMED, act->who->party, STR(""));
    if (err)
        return err;
    take_over(after, before->proposal);
    application_drop_proposal(after);
    after->decided_with = before->proposal->by;
    return desk_settle_confirmed(office, before, after, act->who->party, fault);
}

/* Of one by file another room decides. ERR_NOT_FOUND. */
static enum err is_file(const struct office *office, uint64_t id, bool *out, struct fault *fault)
{
    struct application a;
    enum err err = application_get(office->registry, id, &a, fault);
    if (err)
        return err;
    *out = a.upload != 0;
    application_release(&a);
    return ERR_OK;
}

enum err second_confirm(const struct office *office, const struct session *who, uint64_t id,
                        struct application *out, struct fault *fault)
{
    bool file = false;
    enum err err = is_file(office, id, &file, fault);
    if (err || file)
        return err ? err : bulk_confirm(office, who, id, out, fault);
    return step_act(office, id, confirm, &(struct second_act){.who = who}, out, fault);
}

static enum err give_back(const struct office *office, const struct application *before,
                          struct application *after, void *ctx, struct fault *fault)
{
    const struct second_act *act = ctx;
    enum err err = may(office, before, act->who, fault);
    if (!err)
        err = remark(office, after, REMARK_RETURNED, act->who->party, act->note);
    if (err)
        return err;
    after->officer = before->proposal->by;
    application_drop_proposal(after);
    struct step step = {.before = before, .after = after, .actor = act->who->party, .always = true};
    say(&step.entry, EVENT_REJECTED, after);
    return step_take(office, &step, fault);
}

enum err second_return(const struct office *office, const struct session *who, uint64_t id,
                       struct str note, struct application *out, struct fault *fault)
{
    bool file = false;
    if (!note.n || note.n > LIMIT_REASON || !str_utf8(note))
        return fault_set(fault, note.n > LIMIT_REASON ? ERR_TOO_LONG : ERR_USAGE,
                         "say why, in 1 to %d bytes", LIMIT_REASON);
    enum err err = is_file(office, id, &file, fault);
    if (err || file)
        return err ? err : bulk_return(office, who, id, note, out, fault);
    return step_act(office, id, give_back, &(struct second_act){who, note}, out, fault);
}

/* ---- inside the transaction ---- */

enum err second_unmoved(const struct case_proposal *p, const struct application *a,
                        uint64_t entry_seq, struct imei imei, const struct facts *f)
{
    if (f->last_seq > entry_seq)
        return ERR_OK; /* moved by this very decision */
    for (size_t i = 0; i < a->device_count; i++) {
        const struct device *d = &a->devices[i].is;
        for (unsigned k = 0; k < d->count + d->old_count; k++) {
            struct imei one = k < d->count ? d->imeis[k] : d->old[k - d->count];
            if (one.body == imei.body && p->devices[i].seen[k] != f->last_seq)
                return ERR_MOVED;
        }
    }
    return ERR_OK;
}
