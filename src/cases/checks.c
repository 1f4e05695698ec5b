/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/checks.h"

#include <stdlib.h>
#include <strings.h>

#include "cases/desk.h"
#include "cases/step.h"
#include "people/person.h"

/* ---- what the register itself knows of an IMEI ---- */

static uint32_t model_findings(struct registry *reg, const struct case_device *d, struct imei imei)
{
    struct tac_info info;
    if (!tac_find(reg->tac, imei_tac(imei), &info))
        return FOUND_TAC_UNKNOWN;
    char brand[LIMIT_TAC_NAME + 1];
    str_copy(brand, sizeof brand, info.brand);
    bool differs = *d->brand && *brand && strcasecmp(brand, d->brand) != 0;
    return differs ? FOUND_MODEL_DIFFERS : 0;
}

static uint32_t facts_findings(const struct application *a, const struct facts *f)
{
    uint32_t found = 0;
    bool other = f->verified_at != INSTANT_NONE && f->verified.party != a->applicant;
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
                               bool *out, struct fault *fault)
{
    uint64_t ids[2];
    size_t n = 0;
    struct record_key key = record_key(RECORD_BY_IMEI);
    record_key_number(&key, imei.body, 6);
    enum err err = record_numbers(reg, &key, NULL, ids, 2, &n, fault);
    for (size_t i = 0; i < n; i++)
        *out |= ids[i] != a->id;
    return err;
}

static enum err check_device(const struct office *office, const struct application *a,
                             struct case_device *d, struct fault *fault)
{
    struct registry *reg = office->registry;
    enum err err = ERR_OK;
    d->findings = 0;
    for (unsigned k = 0; !err && k < d->is.count; k++) {
        struct verdict v;
        struct facts f;
        bool elsewhere = false;
        err = registry_check(reg, d->is.imeis[k], &v, &f, fault);
        if (!err)
            err = open_elsewhere(reg, a, d->is.imeis[k], &elsewhere, fault);
        if (err)
            break;
        d->findings |= facts_findings(a, &f) | (elsewhere ? FOUND_OPEN_ELSEWHERE : 0) |
                       model_findings(reg, d, d->is.imeis[k]);
    }
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
    return asked == ASKED_YES ? 0 : asked == ASKED_NO ? no : away;
}

static enum err ask_others(const struct office *office, const struct check_sources *sources,
                           struct application *a, bool *out_away, struct fault *fault)
{
    struct person person;
    char number[APPLICATION_NUMBER_TEXT];
    enum asked asked = ASKED_NOBODY;
    application_number(a, number);
    a->findings = 0;
    if (a->kind != APPROVAL_PERSONAL || a->way == WAY_GIFT || a->way == WAY_NONE) {
        a->findings = FOUND_NEEDS_PROOF;
        return ERR_OK;
    }
    enum err err = person_get(office->registry, a->applicant, &person, fault);
    if (err)
        return err;
    struct check_question question = {person.iin, a->entered, a->document, number};
    if (a->way == WAY_CARRIED) {
        asked = ask(&sources->border, &question);
        a->findings = answer_findings(asked, FOUND_NO_BORDER_CROSSING, FOUND_BORDER_NOT_ASKED);
    } else {
        asked = ask(&sources->parcel, &question);
        a->findings = answer_findings(asked, FOUND_PARCEL_UNKNOWN, FOUND_PARCEL_NOT_ASKED);
    }
    *out_away = asked == ASKED_AWAY;
    return ERR_OK;
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
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < after->device_count; i++)
        err = check_device(office, after, &after->devices[i], fault);
    if (!err)
        err = ask_others(office, sources, after, out_away, fault);
    if (err)
        return err;
    after->checked = !*out_away;
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
    return err == ERR_VERIFIED_OTHER || err == ERR_NOT_NEW || err == ERR_NOT_REPAIRABLE;
}

enum err checks_settle(const struct office *office, const struct check_sources *sources,
                       uint64_t id, bool *out_away, struct fault *fault)
{
    struct application before, after;
    *out_away = false;
    enum err err = application_get(office->registry, id, &before, fault);
    if (err)
        return err;
    bool open = before.state == APPLICATION_CHECKING && !before.checked;
    err = open ? application_get(office->registry, id, &after, fault) : ERR_OK;
    if (!open || err) {
        application_release(&before);
        return err;
    }
    err = settle(office, sources, &before, &after, out_away, fault);
    application_release(&after);
    if (is_refusal(err)) {
        err = application_get(office->registry, id, &after, fault);
        if (!err) {
            after.checked = true;
            after.findings |= FOUND_VERIFIED_OTHER;
            err = leave(office, &before, &after, fault);
            application_release(&after);
        }
    }
    application_release(&before);
    return err;
}

enum err checks_due(const struct office *office, uint64_t after, uint64_t *out_ids, size_t max,
                    size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key(RECORD_WORK), from = record_key_of(RECORD_WORK, after);
    return record_numbers(office->registry, &prefix, after ? &from : NULL, out_ids, max, out_n,
                          fault);
}
