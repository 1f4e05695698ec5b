/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/filing.h"

#include <stdlib.h>

#include "cases/code.h"
#include "cases/once.h"
#include "cases/paper.h"
#include "cases/step.h"

enum { HOUR_S = 3600 };

static int64_t now_of(const struct office *office)
{
    return clock_now_us(office->registry->clock) / 1000000;
}

/* ---- what may be filed ---- */

static int by_body(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err twice(uint64_t body, struct fault *fault)
{
    char text[IMEI_TEXT15];
    fault_field(fault, "devices");
    imei_format15((struct imei){body}, text);
    fault_value(fault, text, sizeof text - 1);
    return fault_set(fault, ERR_DUPLICATE_IN_FILE, "this IMEI is named twice");
}

/* The IMEIs of one device; fault->field says which list of them. */
static enum err check_device(const struct case_device *d, uint8_t kind, struct fault *fault)
{
    const bool repair = kind == APPROVAL_REPAIR;
    const char *field = "imeis";
    enum err err = ERR_OK;
    if (!d->is.count || d->is.count > LIMIT_DEVICE_IMEIS) {
        err = fault_set(fault, ERR_DEVICE_IMEIS, "%u IMEIs, not 1 to %d", d->is.count,
                        LIMIT_DEVICE_IMEIS);
    } else if (kind == APPROVAL_SECOND_IMEI && d->is.count < 2) {
        err = fault_set(fault, ERR_DEVICE_IMEIS, "the other IMEI as well, so that they are linked");
    } else if (repair != (d->is.old_count > 0) || d->is.old_count > LIMIT_DEVICE_IMEIS) {
        field = "old_imeis";
        err = fault_set(fault, ERR_DEVICE_IMEIS,
                        repair ? "its old IMEIs, 1 to %d"
                               : "old IMEIs are a repair's alone (at most %d)",
                        LIMIT_DEVICE_IMEIS);
    }
    if (err)
        fault_field(fault, "%s", field);
    return err;
}

static enum err check_devices(const struct filing *wish, struct fault *fault)
{
    uint64_t bodies[FILING_DEVICES_MAX * 2 * LIMIT_DEVICE_IMEIS];
    size_t n = 0;
    if (wish->device_count > FILING_DEVICES_MAX || !wish->device_count) {
        fault_field(fault, "devices");
        return fault_set(fault, wish->device_count ? ERR_TOO_MANY : ERR_DEVICE_IMEIS,
                         "an application that is typed has 1 to %d devices", FILING_DEVICES_MAX);
    }
    for (size_t i = 0; i < wish->device_count; i++) {
        const struct case_device *d = &wish->devices[i];
        enum err err = check_device(d, wish->kind, fault);
        if (err) {
            fault_field(fault, "devices[%zu]", i);
            return err;
        }
        for (unsigned k = 0; k < d->is.count; k++)
            bodies[n++] = d->is.imeis[k].body;
        for (unsigned k = 0; k < d->is.old_count; k++)
            bodies[n++] = d->is.old[k].body;
    }
    qsort(bodies, n, sizeof *bodies, by_body);
    for (size_t i = 1; i < n; i++)
        if (bodies[i] == bodies[i - 1])
            return twice(bodies[i], fault);
    return ERR_OK;
}

static enum err check_text(struct str text, size_t max, const char *what, struct fault *fault)
{
    bool fits = text.n <= max;
    if (fits && (!text.n || str_printable(text)))
        return ERR_OK;
    fault_field(fault, "%s", what);
    return fits ? fault_set(fault, ERR_UTF8, "plain text, without control characters")
                : fault_set(fault, ERR_TOO_LONG, "at most %zu bytes", max);
}

static enum err wrong(struct fault *fault, const char *field, enum err err, const char *rule)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, err, "%s", rule);
}

static enum err check_wish(const struct office *office, const struct session *who,
                           const struct filing *wish, struct fault *fault)
{
    const struct kind_info *kind = kind_info(wish->kind);
    if (!kind || !(kind->roles & ROLE_BIT(who->role)))
        return fault_set(fault, ERR_ROLE, "%s does not file %s", role_name(who->role),
                         kind ? kind->name : "this");
    if (who->by_attorney && !(who->by_attorney >> wish->kind & 1))
        return fault_set(fault, ERR_ROLE, "his power of attorney is not for %s", kind->name);
    enum err err = check_devices(wish, fault);
    if (!err)
        err = check_text(wish->document, LIMIT_DOCUMENT, "document", fault);
    for (size_t i = 0; !err && i < wish->device_count; i++) {
        err = check_text(str_z(wish->devices[i].brand), LIMIT_TAC_NAME, "brand", fault);
        if (!err)
            err = check_text(str_z(wish->devices[i].model), LIMIT_TAC_NAME, "model", fault);
        if (err)
            fault_field(fault, "devices[%zu]", i);
    }
    for (size_t i = 0; !err && i < wish->country.n; i++)
        if (wish->country.n != 2 || wish->country.p[i] < 'A' || wish->country.p[i] > 'Z')
            err = wrong(fault, "country", ERR_USAGE, "two capital letters of ISO 3166-1");
    bool personal = wish->kind == APPROVAL_PERSONAL;
    bool came = wish->way == WAY_CARRIED || wish->way == WAY_PARCEL;
    if (!err && personal && came && wish->entered == DAYNUM_NONE)
        err = wrong(fault, "entered", ERR_USAGE, "the day on which it was brought, or came");
    if (!err && personal && wish->way == WAY_PARCEL && !wish->document.n)
        err = wrong(fault, "document", ERR_USAGE, "the number of the parcel");
    bool gift = personal && wish->way == WAY_GIFT;
    if (!err && wish->consent.n && !gift)
        err = wrong(fault, "traveller", ERR_USAGE, "a traveller consents to a gift alone");
    if (!err && wish->consent.n && wish->entered == DAYNUM_NONE)
        err = wrong(fault, "entered", ERR_USAGE, "the day on which the traveller came");
    if (!err && wish->entered != DAYNUM_NONE && wish->entered > registry_today(office->registry))
        err = wrong(fault, "entered", ERR_DATE, "a day to come");
    return err;
}

enum err filing_form(const struct office *office, const struct session *who,
                     const struct filing *wish, struct fault *fault)
{
    return check_wish(office, who, wish, fault);
}

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
    enum err err = check_wish(office, who, wish, fault);
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
    int64_t now = now_of(office);
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
        .left_s = HOUR_S * (organisation ? kind->organisation_hours : kind->person_hours),
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
    enum err err = check_wish(office, who, wish, fault);
    if (!err)
        err = check_text(wish->idempotency, IDEMPOTENCY_KEY_MAX, "Idempotency-Key", fault);
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

/* ---- later acts ---- */

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
    int64_t now = now_of(office);
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
    enum err err = check_text(act->note, LIMIT_REASON, "note", fault);
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
    a->left_s = HOUR_S * (a->organisation ? kind->organisation_hours : kind->person_hours);
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
