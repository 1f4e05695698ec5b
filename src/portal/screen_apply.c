/* SPDX-License-Identifier: Apache-2.0
 *
 * The wizard's addresses: which question somebody stands at, what comes next, answers that are saved. */
#include "portal/apply.h"
#include "portal/screens.h"

enum { SAVE_TRIES = 4 };

static const char *const step_names[APPLY_STEPS] = {
    [APPLY_IMEI] = "imei",         [APPLY_OLD] = "old",         [APPLY_MODEL] = "model",
    [APPLY_MORE] = "more",         [APPLY_ENTERED] = "entered", [APPLY_COUNTRY] = "country",
    [APPLY_DOCUMENT] = "document", [APPLY_PAPERS] = "papers",   [APPLY_TRAVELLER] = "traveller",
    [APPLY_CONSENT] = "consent",   [APPLY_CHECK] = "check",     [APPLY_REMOVE] = "remove",
    [APPLY_DROP] = "drop",
};

/* What is asked when all devices are told, in this order. A traveller's code counts for minutes: it is
 * typed on the page after the one that sends it. */
static const enum apply_step later[] = {APPLY_MORE,    APPLY_TRAVELLER, APPLY_CONSENT,
                                        APPLY_ENTERED, APPLY_COUNTRY,   APPLY_DOCUMENT,
                                        APPLY_PAPERS,  APPLY_CHECK};

static bool of_device(enum apply_step step)
{
    return step == APPLY_IMEI || step == APPLY_OLD || step == APPLY_MODEL || step == APPLY_REMOVE;
}

void apply_path(const struct draft *d, enum apply_step step, size_t device, char out[APPLY_PATH])
{
    int n =
        snprintf(out, APPLY_PATH, "/apply/%llu.%s", (unsigned long long)d->id, step_names[step]);
    if (of_device(step))
        snprintf(out + n, APPLY_PATH - (size_t)n, ".%zu", device + 1);
}

/* "12.imei.2". */
static bool parse(struct str piece, uint64_t *out_draft, enum apply_step *out_step,
                  size_t *out_device)
{
    struct str rest, id = str_split(piece, '.', &rest);
    struct str number, name = str_split(rest, '.', &number);
    uint64_t device = 1;
    if (!str_to_u64(id, INT64_MAX, out_draft) || !rest.p)
        return false;
    for (unsigned step = 0; step < APPLY_STEPS; step++) {
        if (!str_eq(name, str_z(step_names[step])))
            continue;
        *out_step = (enum apply_step)step;
        if (of_device(*out_step) != (number.p != NULL))
            return false;
        if (number.p && (!str_to_u64(number, FILING_DEVICES_MAX, &device) || !device))
            return false;
        *out_device = (size_t)device - 1;
        return true;
    }
    return false;
}

/* ---- what is asked, and what is answered ---- */

static bool is_asked(const struct visit *v, const struct draft *d, enum apply_step step)
{
    bool came = d->way == WAY_CARRIED || d->way == WAY_PARCEL;
    switch ((unsigned)step) {
    case APPLY_OLD:
        return d->kind == APPROVAL_REPAIR;
    case APPLY_ENTERED:
        return d->kind == APPROVAL_PERSONAL && (came || d->consented_s);
    case APPLY_TRAVELLER:
        return d->way == WAY_GIFT && portal_sends(v->portal);
    case APPLY_CONSENT:
        return d->way == WAY_GIFT && *d->consent;
    case APPLY_COUNTRY:
        return d->kind == APPROVAL_PERSONAL || d->kind == APPROVAL_IMPORT;
    case APPLY_DOCUMENT:
        return d->way == WAY_PARCEL || d->kind == APPROVAL_IMPORT || d->kind == APPROVAL_REPAIR ||
               d->kind == APPROVAL_BEFORE_DUTY;
    default:
        return step < APPLY_REMOVE;
    }
}

static bool is_answered(const struct draft *d, enum apply_step step, size_t device)
{
    const struct case_device *of = &d->devices[device];
    switch ((unsigned)step) {
    case APPLY_IMEI:
        return device < d->device_count && of->is.count;
    case APPLY_OLD:
        return of->is.old_count;
    case APPLY_MODEL:
        return d->models >> device & 1;
    case APPLY_CONSENT:
        return d->consented_s;
    default:
        return d->answered >> step & 1;
    }
}

enum apply_step apply_next(const struct visit *v, const struct draft *d, size_t *out_device)
{
    for (size_t device = 0; !device || device < d->device_count; device++)
        for (unsigned step = APPLY_IMEI; step <= APPLY_MODEL; step++) {
            *out_device = device;
            if (is_asked(v, d, step) && !is_answered(d, step, device))
                return step;
        }
    *out_device = 0;
    for (size_t i = 0; later[i] != APPLY_CHECK; i++)
        if (is_asked(v, d, later[i]) && !is_answered(d, later[i], 0))
            return later[i];
    return APPLY_CHECK;
}

/* The question before this one; false: it is the first. */
static bool previous(const struct apply *a, enum apply_step *out_step, size_t *out_device)
{
    const struct draft *d = &a->draft;
    bool found = false;
    for (size_t device = 0; device < d->device_count; device++)
        for (unsigned step = APPLY_IMEI; step <= APPLY_MODEL; step++) {
            if (of_device(a->step) && device == a->device && step >= a->step)
                return found;
            if (!is_asked(a->v, d, step))
                continue;
            *out_step = step;
            *out_device = device;
            found = true;
        }
    for (size_t i = 0; !of_device(a->step) && later[i] != a->step; i++)
        if (is_asked(a->v, d, later[i])) {
            *out_step = later[i];
            *out_device = 0;
            found = true;
        }
    return found;
}

bool apply_is_open(const struct apply *a)
{
    const struct draft *d = &a->draft;
    size_t device;
    if (a->step == APPLY_CHECK)
        return apply_next(a->v, d, &device) == APPLY_CHECK;
    if (a->step == APPLY_IMEI)
        return a->device <= d->device_count;
    if (a->step == APPLY_REMOVE)
        return a->device < d->device_count && d->device_count > 1;
    if (of_device(a->step))
        return a->device < d->device_count && is_asked(a->v, d, a->step);
    return (is_asked(a->v, d, a->step) && d->device_count) || a->step == APPLY_DROP;
}

void apply_go_on(struct apply *a)
{
    char path[APPLY_PATH];
    size_t device;
    enum apply_step next = apply_next(a->v, &a->draft, &device);
    apply_path(&a->draft, next, device, path);
    screen_go(a->x, path);
}

/* ---- reading a draft for a request ---- */

/* False: it is answered already. One that is gone leads to the cabinet, where what became of it stands. */
static bool stand(struct apply *a, bool changes)
{
    uint64_t id = 0;
    if (!parse(a->x->param, &id, &a->step, &a->device)) {
        screen_fail(a->x, ERR_NOT_FOUND);
        return false;
    }
    if (!screen_visit(a->x, ROLES_APPLICANT, changes, a->v))
        return false;
    a->draft.id = id;
    enum err err = draft_get(&a->v->office, &a->v->who, id, &a->draft, NULL);
    if (!err && apply_is_open(a))
        return true;
    if (!err)
        apply_go_on(a);
    else if (err == ERR_NOT_FOUND && a->step == APPLY_CHECK && changes)
        return true; /* sent twice, perhaps: apply_file knows */
    else if (err == ERR_NOT_FOUND)
        screen_go(a->x, "/cabinet");
    else
        apply_fail(a->x, a->v, err);
    portal_leave(a->v);
    return false;
}

void screen_apply_page(struct exchange *x)
{
    struct visit v;
    struct apply a = {.x = x, .v = &v};
    if (x->param.n && (x->param.p[0] < '0' || x->param.p[0] > '9')) {
        apply_origin(x);
        return;
    }
    if (!stand(&a, false))
        return;
    if (a.step >= APPLY_REMOVE) {
        apply_go_on(&a);
    } else if (a.step == APPLY_PAPERS) {
        apply_papers(&a);
    } else if (a.step == APPLY_TRAVELLER || a.step == APPLY_CONSENT) {
        apply_gift(&a);
    } else if (a.step == APPLY_CHECK) {
        if (apply_consent_stands(&a) && apply_papers_stand(&a))
            apply_check(&a, ERR_OK);
    } else {
        apply_fill(&a);
        apply_ask(&a);
    }
    portal_leave(&v);
}

/* ---- answers ---- */

static void remove_device(struct draft *d, size_t at)
{
    uint32_t below = d->models & ((1U << at) - 1);
    memmove(&d->devices[at], &d->devices[at + 1], (d->device_count - at - 1) * sizeof *d->devices);
    d->device_count--;
    memset(&d->devices[d->device_count], 0, sizeof *d->devices);
    d->models = below | (d->models >> (at + 1) << at);
    d->answered &= ~(1U << APPLY_MORE);
}

enum err apply_save(struct apply *a)
{
    enum err err = draft_save(&a->v->office, &a->v->who, &a->draft, NULL);
    for (int i = 1; err == ERR_STALE && i < SAVE_TRIES; i++) {
        struct draft mine = a->draft;
        err = draft_get(&a->v->office, &a->v->who, mine.id, &a->draft, NULL);
        mine.version = a->draft.version;
        a->draft = mine;
        if (!err)
            err = draft_save(&a->v->office, &a->v->who, &a->draft, NULL);
    }
    return err;
}

static void take_answer(struct apply *a)
{
    if (a->step == APPLY_REMOVE)
        remove_device(&a->draft, a->device);
    else if (!apply_take(a)) {
        a->x->response->status = 400;
        apply_ask(a);
        return;
    }
    bool another = a->step == APPLY_MORE && strcmp(a->fields[0].typed, "yes") == 0;
    enum err err = apply_save(a);
    if (err) {
        apply_fail(a->x, a->v, err);
        return;
    }
    char path[APPLY_PATH];
    apply_path(&a->draft, APPLY_IMEI, a->draft.device_count, path);
    if (another)
        screen_go(a->x, path);
    else
        apply_go_on(a);
}

void screen_apply_answer(struct exchange *x)
{
    struct visit v;
    struct apply a = {.x = x, .v = &v};
    if (x->param.n && (x->param.p[0] < '0' || x->param.p[0] > '9')) {
        apply_begin(x);
        return;
    }
    if (!stand(&a, true))
        return;
    if (a.step == APPLY_CHECK) {
        apply_file(&a);
    } else if (a.step == APPLY_PAPERS) {
        apply_go_on(&a); /* its form goes to an address of its own */
    } else if (a.step == APPLY_TRAVELLER || a.step == APPLY_CONSENT) {
        apply_gift_answer(&a);
    } else if (a.step == APPLY_DROP) {
        enum err err = draft_drop(&v.office, &v.who, a.draft.id, NULL);
        if (err)
            apply_fail(x, &v, err);
        else
            screen_go(x, "/cabinet");
    } else {
        take_answer(&a);
    }
    portal_leave(&v);
}

/* ---- what the pages share ---- */

void apply_fail(struct exchange *x, struct visit *v, enum err err)
{
    portal_heard(v, err);
    screen_fail(x, err);
}

void apply_say_kind(struct exchange *x, uint8_t kind)
{
    const struct kind_info *info = kind_info(kind);
    if (info)
        html_say_key(x, "cabinet", "kind", info->name);
}

void apply_say_device(struct exchange *x, const struct case_device *d)
{
    char digits[IMEI_TEXT15];
    if (*d->brand || *d->model) {
        html_text(x, str_z(d->brand));
        html_put(x, *d->brand && *d->model ? " " : "");
        html_text(x, str_z(d->model));
        return;
    }
    imei_format15(d->is.count ? d->is.imeis[0] : d->is.old[0], digits);
    html_put(x, "IMEI ");
    html_text(x, str_z(d->is.count || d->is.old_count ? digits : ""));
}

void apply_heading(struct apply *a, enum text heading)
{
    char n[24], path[APPLY_PATH];
    enum apply_step before = a->step;
    size_t device = 0;
    snprintf(n, sizeof n, "%zu", a->device + 1);
    if (previous(a, &before, &device)) {
        apply_path(&a->draft, before, device, path);
        html_put(a->x, "<p class=\"back\"><a href=\"");
        html_url(a->x, path);
        html_put(a->x, "\">");
        html_say(a->x, TEXT_CABINET_BACK);
        html_put(a->x, "</a></p>\n");
    }
    html_put(a->x, "<p class=\"caption\">");
    apply_say_kind(a->x, a->draft.kind);
    if (of_device(a->step) && (a->draft.device_count > 1 || a->device)) {
        html_put(a->x, " · ");
        html_say_with(a->x, TEXT_APPLY_DEVICE, "n", str_z(n));
    }
    html_put(a->x, "</p>\n<h1>");
    html_say(a->x, heading);
    html_put(a->x, "</h1>\n");
}
