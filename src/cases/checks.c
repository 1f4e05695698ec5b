/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/checks.h"

#include <stdlib.h>

#include "cases/accreditation.h"
#include "cases/correction.h"
#include "cases/customs.h"
#include "cases/desk.h"
#include "cases/step.h"
#include "people/person.h"

/* ---- what the register itself knows of an IMEI ---- */

/* Letters and digits of ASCII, small; what else stands in a name says nothing of the model. */
static size_t plain_name(struct str name, char out[2 * LIMIT_TAC_NAME])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 2 * LIMIT_TAC_NAME; i++) {
        char c = name.p[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
    }
    return n;
}

/* Could both be names of the same? One holds the other: "iPhone 13" and "Apple iPhone 13 (A2633)". A name
 * without a Latin letter or digit cannot be compared. */
static bool alike(struct str declared, struct str listed)
{
    char a[2 * LIMIT_TAC_NAME], b[2 * LIMIT_TAC_NAME];
    size_t an = plain_name(declared, a), bn = plain_name(listed, b);
    return !an || !bn || memmem(a, an, b, bn) || memmem(b, bn, a, an);
}

static uint32_t model_findings(struct registry *reg, const struct case_device *d, struct imei imei)
{
    struct tac_info info;
    if (!tac_find(reg->tac, imei_tac(imei), &info))
        return FOUND_TAC_UNKNOWN;
    bool same = alike(str_z(d->brand), info.brand) && alike(str_z(d->model), info.model);
    return same ? 0 : FOUND_MODEL_DIFFERS;
}

static uint32_t facts_findings(const struct application *a, const struct facts *f)
{
    uint32_t found = 0;
    bool other = (f->verified_at != INSTANT_NONE && f->verified.party != a->applicant) ||
                 (f->before_duty_at != INSTANT_NONE && f->before_duty.party != a->applicant);
    found |= f->flags & FACTS_GSMA ? FOUND_GSMA : 0;
    found |= f->flags & (FACTS_CLONE | FACTS_CLONE_SUSPECTED) ? FOUND_CLONE : 0;
    found |= f->mark_count ? FOUND_MARKED : 0;
    found |= f->revoked_at != INSTANT_NONE || f->replaced_at != INSTANT_NONE ? FOUND_REVOKED : 0;
    found |= other ? FOUND_VERIFIED_OTHER : 0;
    bool before =
        f->activation != DAYNUM_NONE && a->entered != DAYNUM_NONE && f->activation < a->entered;
    return found | (before ? FOUND_IN_USE_BEFORE : 0);
}

/* Does another open application ask for it, by whomever? */
static enum err open_elsewhere(struct registry *reg, const struct application *a, struct imei imei,
                               uint32_t *findings, struct fault *fault)
{
    uint64_t ids[2];
    size_t n = 0;
    enum err err = application_by_imei(reg, imei, ids, 2, &n, fault);
    for (size_t i = 0; i < n; i++)
        *findings |= ids[i] != a->id ? FOUND_OPEN_ELSEWHERE : 0;
    return err;
}

/* An old IMEI of a repair that is black, unknown or marked passes nothing on (verify_prepare). */
static uint32_t old_findings(const struct verdict *v, const struct facts *f)
{
    enum list list = reason_list(v->reason);
    bool listed = f->mark_count || f->flags & (FACTS_GSMA | FACTS_CLONE | FACTS_CLONE_SUSPECTED);
    return list == LIST_BLACK || list == LIST_UNKNOWN || listed ? FOUND_NOT_REPAIRABLE : 0;
}

/* One whose approval a correction withdraws: where somebody uses it, or more is known, an officer decides. */
static uint32_t leaving_findings(const struct application *a, const struct facts *f)
{
    uint32_t found = facts_findings(a, f) & (FOUND_MARKED | FOUND_CLONE | FOUND_GSMA);
    return found | (f->activation != DAYNUM_NONE ? FOUND_IN_USE : 0);
}

static enum err check_device(const struct office *office, const struct application *a,
                             struct case_device *d, struct fault *fault)
{
    struct registry *reg = office->registry;
    struct imei imeis[CASE_DEVICE_IMEIS];
    unsigned count = case_device_imeis(d, imeis);
    enum err err = ERR_OK;
    d->findings = 0;
    for (unsigned k = 0; !err && k < count; k++) {
        struct verdict v;
        struct facts f;
        err = registry_check(reg, imeis[k], &v, &f, fault);
        if (!err)
            err = open_elsewhere(reg, a, imeis[k], &d->findings, fault);
        if (err)
            break;
        bool old = k >= d->is.count;
        d->findings |= !old          ? facts_findings(a, &f) | model_findings(reg, d, imeis[k])
                       : a->corrects ? leaving_findings(a, &f)
                                     : old_findings(&v, &f);
        d->findings |= imei_all_same(imeis[k]) ? FOUND_MALFORMED : 0;
    }
    return err;
}

/* When the checks are to run once more: the day before the first of its phones would lose service, were
 * nothing open (domain.md 3 rule 9). */
static enum err again_at(const struct office *office, const struct application *a, int64_t *out,
                         struct fault *fault)
{
    struct registry *reg = office->registry;
    daynum today = registry_today(reg), first = DAYNUM_OPEN;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < a->device_count; i++)
        for (unsigned k = 0; !err && k < a->devices[i].is.count; k++) {
            struct verdict v;
            struct facts f;
            err = registry_check(reg, a->devices[i].is.imeis[k], &v, &f, fault);
            daynum last = err ? DAYNUM_NONE : policy_deadline(&f, &reg->rules);
            if (last != DAYNUM_NONE && last - 1 > today && last < first)
                first = last;
        }
    *out = first == DAYNUM_OPEN ? 0 : zone_day_start(&reg->zone, first - 1);
    return err;
}

/* ---- asking others ---- */

static enum asked ask(const struct check_source *source, const struct check_question *question)
{
    return source->ask ? source->ask(source->ctx, question) : ASKED_NOBODY;
}

/* One answer as findings: no; could not be asked (also when nobody is there to ask). */
static uint32_t answer_findings(enum asked asked, uint32_t no, uint32_t away)
{
    return asked == ASKED_YES || asked == ASKED_LATER ? 0 : asked == ASKED_NO ? no : away;
}

void checks_reach(enum reach *reach, enum asked asked)
{
    enum reach is = asked == ASKED_LATER  ? REACH_LATER
                    : asked == ASKED_AWAY ? REACH_AWAY
                                          : REACH_ALL;
    *reach = is > *reach ? is : *reach;
}

/* Border or post, about a personal application. */
static enum err ask_about_person(const struct office *office, const struct check_sources *sources,
                                 struct application *a, const struct check_question *question,
                                 enum reach *reach, struct fault *fault)
{
    enum asked asked;
    if (a->way != WAY_PARCEL) {
        asked = ask(&sources->border, question);
        a->findings |= answer_findings(asked, FOUND_NO_BORDER_CROSSING, FOUND_BORDER_NOT_ASKED);
    } else {
        asked = ask(&sources->parcel, question);
        a->findings |= answer_findings(asked, FOUND_PARCEL_UNKNOWN, FOUND_PARCEL_NOT_ASKED);
    }
    checks_reach(reach, asked);
    bool used = false;
    enum err err = application_document_used(office->registry, a, &used, fault);
    a->findings |= used ? FOUND_DOCUMENT_USED : 0;
    return err;
}

static enum err ask_others(const struct office *office, const struct check_sources *sources,
                           struct application *a, enum reach *reach, struct fault *fault)
{
    struct person person = {0};
    char number[APPLICATION_NUMBER_TEXT];
    bool gift = a->way == WAY_GIFT && a->traveller; /* he consented: the border knows him */
    bool came = a->way == WAY_CARRIED || a->way == WAY_PARCEL || gift;
    bool personal = a->kind == APPROVAL_PERSONAL && came;
    application_number(a, number);
    if (a->corrects) { /* nobody outside knows of it */
        a->findings |= ground_leaves(a->ground) && !a->by_officer ? 0 : FOUND_NEEDS_PROOF;
        return ERR_OK;
    }
    if (!personal && (a->kind != APPROVAL_IMPORT || !*a->document)) {
        a->findings |= FOUND_NEEDS_PROOF;
        return ERR_OK;
    }
    enum err err = person_get(office->registry, gift ? a->traveller : a->applicant, &person, fault);
    if (err)
        return err;
    const struct check_question question = {person.iin, a->entered, a->document, number};
    return personal ? ask_about_person(office, sources, a, &question, reach, fault)
                    : customs_check(office, sources, a, *person.bin ? person.bin : person.iin,
                                    reach, fault);
}

/* GSMA's list, where a service is named beside the one that the register holds. */
static enum err ask_gsma(const struct check_sources *sources, struct application *a,
                         enum reach *reach, struct fault *fault)
{
    enum { MOST = FILING_DEVICES_MAX * CASE_DEVICE_IMEIS };
    struct imei imeis[MOST];
    bool listed[MOST] = {false};
    unsigned n = 0, at = 0;
    char number[APPLICATION_NUMBER_TEXT];
    if (!sources->gsma.ask)
        return ERR_OK;
    if (a->device_count > FILING_DEVICES_MAX)
        return fault_set(fault, ERR_CODEC, "an application of too many devices");
    application_number(a, number);
    for (size_t i = 0; i < a->device_count; i++)
        n += case_device_imeis(&a->devices[i], imeis + n);
    enum asked asked = sources->gsma.ask(sources->gsma.ctx, number, imeis, n, listed);
    bool answered = asked == ASKED_YES;
    for (size_t i = 0; i < a->device_count; i++) {
        unsigned count = (unsigned)a->devices[i].is.count + a->devices[i].is.old_count;
        for (unsigned k = 0; k < count; k++, at++)
            a->devices[i].findings |= answered && listed[at] ? FOUND_GSMA : 0;
    }
    a->findings |= answered ? 0 : FOUND_GSMA_NOT_ASKED;
    checks_reach(reach, answered || asked == ASKED_LATER ? asked : ASKED_AWAY);
    return ERR_OK;
}

void checks_waits_for(const struct application *a, const char *out[CHECKS_SOURCES], size_t *out_n)
{
    static const struct {
        uint32_t finding;
        const char *name;
    } all[CHECKS_SOURCES] = {{FOUND_BORDER_NOT_ASKED, "border"},
                             {FOUND_PARCEL_NOT_ASKED, "parcel"},
                             {FOUND_CUSTOMS_NOT_ASKED, "customs"},
                             {FOUND_GSMA_NOT_ASKED, "gsma"}};
    *out_n = 0;
    uint32_t now = application_open(a) && !a->checked ? a->findings
                   : a->state == APPLICATION_DECIDING ? a->findings & FOUND_GSMA_NOT_ASKED
                                                      : 0;
    for (size_t i = 0; i < CHECKS_SOURCES; i++)
        if (now & all[i].finding)
            out[(*out_n)++] = all[i].name;
}

/* ---- settling ---- */

static bool nothing_stops(const struct application *a)
{
    bool clean = !findings_that_stop(a->findings);
    for (size_t i = 0; i < a->device_count; i++)
        clean = clean && !findings_that_stop(a->devices[i].findings);
    return clean;
}

/* Leaves it to an officer, with its findings. */
static enum err leave(const struct office *office, const struct application *before,
                      struct application *after, struct fault *fault)
{
    struct step step = {.before = before, .after = after};
    return step_take(office, &step, fault);
}

static enum err settle(const struct office *office, const struct check_sources *sources,
                       const struct application *before, struct application *after, bool *out_away,
                       struct fault *fault)
{
    enum reach reach = REACH_ALL;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < after->device_count; i++)
        err = check_device(office, after, &after->devices[i], fault);
    after->findings = 0;
    if (!err)
        err = accreditation_check(office->registry, after, fault);
    if (!err)
        err = ask_gsma(sources, after, &reach, fault);
    if (!err)
        err = ask_others(office, sources, after, &reach, fault);
    if (err || reach == REACH_LATER)
        return err;
    *out_away = reach == REACH_AWAY;
    after->checked = !*out_away;
    err = again_at(office, after, &after->again_s, fault);
    if (err)
        return err;
    bool same = *out_away && after->findings == before->findings;
    if (same) /* asked in vain once more: nothing to write */
        return ERR_OK;
    if (!after->checked || after->appeal || !nothing_stops(after))
        return leave(office, before, after, fault);
    for (size_t i = 0; i < after->device_count; i++)
        after->devices[i].decided = after->devices[i].approved = true;
    return desk_settle(office, before, after, 0, STR(""), fault);
}

/* The facts moved between looking and writing: an officer's, then. */
static bool is_refusal(enum err err)
{
    return err == ERR_VERIFIED_OTHER || err == ERR_NOT_NEW || err == ERR_NOT_REPAIRABLE ||
           err == ERR_HELD || err == ERR_MOVED;
}

static bool waits(const struct application *a)
{
    return a->state == APPLICATION_CHECKING && !a->checked && !a->upload;
}

/* Looks anew, and leaves it to an officer whatever is seen. */
static enum err leave_moved(const struct office *office, const struct application *before,
                            struct application *after, void *ctx, struct fault *fault)
{
    (void)ctx;
    if (!waits(before))
        return ERR_OK;
    enum err err = registry_refresh(office->registry, fault);
    after->checked = true;
    for (size_t i = 0; !err && i < after->device_count; i++)
        err = check_device(office, after, &after->devices[i], fault);
    if (!err && nothing_stops(after))
        after->findings |= FOUND_VERIFIED_OTHER;
    return err ? err : leave(office, before, after, fault);
}

struct settling {
    const struct check_sources *sources;
    bool away;
};

static enum err settle_open(const struct office *office, const struct application *before,
                            struct application *after, void *ctx, struct fault *fault)
{
    struct settling *s = ctx;
    return waits(before) ? settle(office, s->sources, before, after, &s->away, fault) : ERR_OK;
}

enum err checks_settle(const struct office *office, const struct check_sources *sources,
                       uint64_t id, bool *out_away, struct fault *fault)
{
    struct settling s = {.sources = sources};
    enum err err = step_once(office, id, settle_open, &s, NULL, fault);
    if (is_refusal(err))
        err = step_once(office, id, leave_moved, NULL, NULL, fault);
    *out_away = s.away;
    return err;
}

/* ---- once more, by the calendar ---- */

static enum err check_again(const struct office *office, const struct application *before,
                            struct application *after, void *ctx, struct fault *fault)
{
    (void)ctx;
    after->again_s = 0;
    application_check_anew(after);
    return leave(office, before, after, fault);
}

struct calling {
    uint64_t ids[CHECKS_AGAIN_MOST];
    size_t n;
};

static bool call_again(void *ctx, const struct record *record)
{
    struct calling *c = ctx;
    c->ids[c->n++] = record_key_last(record->key);
    return c->n < CHECKS_AGAIN_MOST;
}

enum err checks_again(const struct office *office, size_t *out_n, struct fault *fault)
{
    struct calling c = {.n = 0};
    int64_t now_s = clock_now_us(office->registry->clock) / 1000000;
    struct record_key from = record_key(RECORD_AGAIN);
    struct record_key to = record_key_of(RECORD_AGAIN, (uint64_t)now_s + 1);
    enum err err = store_records(office->registry->store, record_key_str(&from),
                                 record_key_str(&to), call_again, &c, fault);
    *out_n = 0;
    for (size_t i = 0; !err && i < c.n; i++) {
        err = step_once(office, c.ids[i], check_again, NULL, NULL, fault);
        *out_n += err == ERR_OK;
        err = err == ERR_STALE ? ERR_OK : err; /* the next time */
    }
    return err;
}

enum err checks_due(const struct office *office, uint64_t after, uint64_t *out_ids, size_t max,
                    size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key(RECORD_WORK), from = record_key_of(RECORD_WORK, after);
    return record_numbers(office->registry, &prefix, after ? &from : NULL, out_ids, max, out_n,
                          fault);
}
