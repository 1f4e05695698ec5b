/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/filing.h"

#include <stdlib.h>

#include "cases/code.h"
#include "cases/once.h"
#include "cases/paper.h"
#include "cases/step.h"

/* Is one of its IMEIs in an open application of the same applicant? */
static enum err check_open(struct registry *reg, uint64_t applicant, const struct case_device *d,
                           struct fault *fault)
{
    enum { MOST = 16 };
    uint64_t ids[MOST];
    struct imei imeis[CASE_DEVICE_IMEIS];
    unsigned count = case_device_imeis(d, imeis);
    enum err err = ERR_OK;
    for (unsigned k = 0; !err && k < count; k++) {
        size_t n = 0;
        err = application_by_imei(reg, imeis[k], ids, MOST, &n, fault);
        for (size_t i = 0; !err && i < n; i++) {
            struct application other;
            err = application_get(reg, ids[i], &other, fault);
            bool mine = !err && other.applicant == applicant;
            if (!err)
                application_release(&other);
            if (mine)
                err = fault_set(fault, ERR_OPEN_ALREADY, "application %llu asks for this IMEI",
                                (unsigned long long)ids[i]);
        }
    }
    return err;
}

/* The traveller's consent of a gift, if one is named. */
static enum err consent_of(struct registry *reg, struct str id, uint64_t asker, struct code *out,
                           struct fault *fault)
{
    uint8_t bytes[CODE_ID];
    *out = (struct code){0};
    if (!id.n)
        return ERR_OK;
    if (code_id_parse(id, bytes))
        return code_usable(reg, bytes, asker, out, fault);
    fault_field(fault, "traveller.consent");
    return fault_set(fault, ERR_CONSENT, "no such consent");
}

enum err filing_none_open(struct registry *reg, const struct application *a, struct fault *fault)
{
    struct code consent;
    enum err err =
        a->appeal ? ERR_OK : consent_of(reg, str_z(a->consent), a->filed_by, &consent, fault);
    for (size_t i = 0; !err && i < a->device_count; i++)
        if (application_asks(a, &a->devices[i]))
            err = check_open(reg, a->applicant, &a->devices[i], fault);
    return err;
}

enum err filing_check(const struct office *office, const struct session *who,
                      const struct filing *wish, struct fault *fault)
{
    enum err err = filing_form(office, who, wish, fault);
    for (size_t i = 0; !err && i < wish->device_count; i++)
        err = check_open(office->registry, who->acts_for, &wish->devices[i], fault);
    return err;
}

/* ---- what was wanted, and what became of it when it came before ---- */

static enum err name_act(const struct office *office, const struct session *who,
                         const struct filing *wish, struct once *out)
{
    struct buf b = {0};
    buf_printf(&b, "%u %u %d %zu %.*s\n%.*s\n", wish->kind, wish->way, (int)wish->entered,
               wish->device_count, STR_ARG(wish->country), STR_ARG(wish->document));
    for (size_t i = 0; i < wish->device_count; i++) {
        const struct case_device *d = &wish->devices[i];
        struct imei imeis[CASE_DEVICE_IMEIS];
        unsigned count = case_device_imeis(d, imeis);
        buf_printf(&b, "%s\n%s\n%u %u\n", d->brand, d->model, d->is.count, d->is.old_count);
        for (unsigned k = 0; k < count; k++)
            buf_printf(&b, "%llu\n", (unsigned long long)imeis[k].body);
    }
    if (wish->consent.n || wish->msisdn.n)
        buf_printf(&b, "%.*s\n%.*s\n", STR_ARG(wish->consent), STR_ARG(wish->msisdn));
    for (size_t i = 0; i < wish->paper_count; i++)
        buf_put(&b, wish->papers[i].bytes, PAPER_ID);
    enum err err = once_of(office->registry, who, wish->idempotency, &b, out);
    buf_release(&b);
    return err;
}

enum err filing_made(const struct office *office, const struct session *who, struct str idempotency,
                     uint64_t *out_id, struct fault *fault)
{
    struct record_key key = once_key(office->registry, who, idempotency);
    struct buf value = {0};
    bool found;
    enum err err = record_find(office->registry, &key, &value, &found, fault);
    if (!err && (!found || value.n < 8))
        err = fault_set(fault, ERR_NOT_FOUND, "nothing was made by this key");
    if (!err)
        *out_id = get_be(value.p, 8);
    buf_release(&value);
    return err;
}

/* ---- filing ---- */

static enum err fill(const struct office *office, const struct session *who,
                     const struct filing *wish, struct application *out)
{
    int64_t now = office_now_s(office);
    const struct kind_info *kind = kind_info(wish->kind);
    bool organisation = who->role == ROLE_ORGANISATION;
    *out = (struct application){
        .kind = wish->kind,
        .state = APPLICATION_CHECKING,
        .way = wish->way,
        .organisation = organisation,
        .applicant = who->acts_for,
        .filed_by = who->party,
        .entered = wish->entered,
        .filed_s = now,
        .left_s = STEP_HOUR_S * (organisation ? kind->organisation_hours : kind->person_hours),
        .device_count = wish->device_count,
        .devices = calloc(wish->device_count, sizeof *out->devices)};
    if (!out->devices)
        return ERR_MEMORY;
    out->due_s = step_due(office, now, out->left_s);
    str_copy(out->document, sizeof out->document, wish->document);
    str_copy(out->country, sizeof out->country, wish->country);
    str_copy(out->language, sizeof out->language, wish->language);
    str_copy(out->msisdn, sizeof out->msisdn, wish->msisdn);
    str_copy(out->consent, sizeof out->consent, wish->consent);
    receipt_make(out->receipt);
    for (size_t i = 0; i < wish->device_count; i++) {
        const struct case_device *d = &wish->devices[i];
        out->devices[i].is = d->is;
        memcpy(out->devices[i].brand, d->brand, sizeof d->brand);
        memcpy(out->devices[i].model, d->model, sizeof d->model);
    }
    enum err err = application_tell(
        out,
        &(struct case_event){.time_s = now, .state = APPLICATION_CHECKING, .actor = who->party});
    return err ? err : papers_gather(office->registry, wish->papers, wish->paper_count, out, NULL);
}

static enum err new_once(const struct office *office, const struct session *who,
                         const struct filing *wish, struct application *out, bool *out_again,
                         struct fault *fault)
{
    struct once once;
    *out_again = false;
    enum err err = filing_form(office, who, wish, fault);
    if (!err)
        err = once_key_check(wish->idempotency, fault);
    if (!err)
        err = name_act(office, who, wish, &once);
    if (!err)
        err = once_made(office->registry, &once, out, out_again, fault);
    if (err || *out_again)
        return err;
    for (size_t i = 0; !err && i < wish->device_count; i++)
        err = check_open(office->registry, who->acts_for, &wish->devices[i], fault);
    if (err == ERR_OPEN_ALREADY) { /* perhaps by this act, just now */
        enum err made = once_made(office->registry, &once, out, out_again, fault);
        if (made || *out_again)
            return made;
    }
    if (err)
        return err;
    struct application a;
    struct code consent;
    err = consent_of(office->registry, wish->consent, who->party, &consent, fault);
    if (err) { /* perhaps used by this act, just now */
        enum err made = once_made(office->registry, &once, out, out_again, fault);
        if (made || *out_again)
            return made;
    }
    if (err)
        return err;
    err = fill(office, who, wish, &a);
    a.traveller = consent.person;
    a.consented_s = consent.proven_s;
    if (err == ERR_PAPER) { /* perhaps by this act, just now */
        enum err made = once_made(office->registry, &once, out, out_again, fault);
        if (made || *out_again) {
            application_release(&a);
            return made;
        }
    }
    if (!err)
        err = once_take(office, &once, &a, filing_none_open, fault);
    if (err)
        application_release(&a);
    else
        *out = a;
    return err;
}

enum err filing_new(const struct office *office, const struct session *who,
                    const struct filing *wish, struct application *out, bool *out_again,
                    struct fault *fault)
{
    enum err err = ERR_STALE;
    for (int i = 0; err == ERR_STALE && i < STEP_TRIES; i++)
        err = new_once(office, who, wish, out, out_again, fault);
    return err;
}
