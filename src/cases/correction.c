/* SPDX-License-Identifier: Apache-2.0
 *
 * Filing a correction: which devices of the first application are meant, and how they will be. */
#include "cases/correction.h"

#include <stdlib.h>

#include "cases/bulk_lines.h"
#include "cases/bulk_list.h"
#include "cases/once.h"
#include "cases/paper.h"

enum does { NAMES, LEAVES };

static const struct {
    const char *name;
    enum does does;
} grounds[GROUND_COUNT] = {
#define GROUND(code, name, text, does) [code] = {text, does},
#include "cases/correction.def"
#undef GROUND
};

const char *ground_name(uint8_t ground)
{
    return ground < GROUND_COUNT && grounds[ground].name ? grounds[ground].name : "";
}

bool ground_find(struct str name, uint8_t *out)
{
    for (uint8_t i = 1; i < GROUND_COUNT; i++) {
        if (!str_eq(name, str_z(grounds[i].name)))
            continue;
        *out = i;
        return true;
    }
    return false;
}

bool ground_leaves(uint8_t ground)
{
    return ground < GROUND_COUNT && grounds[ground].does == LEAVES;
}

enum err correction_list(struct registry *reg, uint64_t application, uint64_t after,
                         uint64_t *out_ids, size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_CORRECTION, application), from = prefix;
    record_key_number(&from, after, 8);
    return record_numbers(reg, &prefix, after ? &from : NULL, out_ids, max, out_n, fault);
}

/* ---- a device of the first application, as it stands ---- */

static int place_of(const struct imei *imeis, unsigned n, struct imei imei)
{
    for (unsigned k = 0; k < n; k++)
        if (imeis[k].body == imei.body)
            return (int)k;
    return -1;
}

static bool has(const struct case_device *d, struct imei imei)
{
    return place_of(d->is.imeis, d->is.count, imei) >= 0;
}

static bool had(const struct case_device *d, struct imei imei)
{
    return place_of(d->is.old, d->is.old_count, imei) >= 0;
}

/* With its IMEIs and its name alone. */
static struct case_device undecided(const struct case_device *d)
{
    struct case_device out = {.is.count = d->is.count, .customs_line = d->customs_line};
    memcpy(out.is.imeis, d->is.imeis, sizeof out.is.imeis);
    memcpy(out.brand, d->brand, sizeof out.brand);
    memcpy(out.model, d->model, sizeof out.model);
    return out;
}

enum err correction_of(struct registry *reg, uint64_t application, struct imei imei,
                       struct case_device *out, bool *out_found, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_CORRECTED, application);
    struct application last;
    struct buf value = {0};
    record_key_number(&key, imei.body, 6);
    enum err err = record_find(reg, &key, &value, out_found, fault);
    uint64_t id = !err && *out_found && value.n == 8 ? get_be(value.p, 8) : 0;
    buf_release(&value);
    if (err || !*out_found)
        return err;
    err = application_get(reg, id, &last, fault);
    if (err)
        return err;
    *out = (struct case_device){0};
    for (size_t i = 0; i < last.device_count; i++) {
        const struct case_device *d = &last.devices[i];
        if (!d->approved || !(has(d, imei) || had(d, imei)))
            continue;
        *out = undecided(d);
    }
    application_release(&last);
    return ERR_OK;
}

enum err correction_now(struct registry *reg, uint64_t application, const struct case_device *filed,
                        struct case_device *out, struct fault *fault)
{
    enum { MOST = 64 }; /* of one device */
    enum err err = ERR_OK;
    bool found = true;
    *out = undecided(filed);
    for (int i = 0; !err && found && i < MOST && out->is.count; i++) {
        struct case_device next;
        err = correction_of(reg, application, out->is.imeis[0], &next, &found, fault);
        if (err || !found)
            break;
        found = memcmp(&next.is, &out->is, sizeof next.is) != 0;
        *out = next;
    }
    return err;
}

bool correction_open(const struct application *a)
{
    bool approved = a->state == APPLICATION_APPROVED;
    for (size_t i = 0; a->appeal && application_open(a) && i < a->device_count; i++)
        approved |= a->devices[i].approved;
    return approved && !a->corrects;
}

struct gathering {
    struct registry *reg;
    const struct correction *wish;
    const struct application *first;
    struct case_device *found;   /* of a file: one for each wish, by place; count 0: not in it */
    uint32_t *places;            /* of a file: where each stands in its list */
    uint32_t passed;             /* devices of the list so far */
    uint64_t (*wanted)[2];       /* of a file: IMEI, place in wish; ascending */
    struct case_device *devices; /* what comes out; owned */
    size_t count;
};

static int by_body(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* ---- the devices of a file, in one pass ---- */

static bool look_for(void *ctx, const struct bulk_device *device)
{
    struct gathering *g = ctx;
    size_t n = g->wish->device_count;
    for (unsigned k = 0; !device->found && k < device->count; k++) {
        const uint64_t(*at)[2] =
            bsearch(&device->imeis[k], g->wanted, n, sizeof *g->wanted, by_body);
        while (at && at > (const uint64_t(*)[2])g->wanted && at[-1][0] == device->imeis[k])
            at--;
        for (; at && at < (const uint64_t(*)[2])g->wanted + n && (*at)[0] == device->imeis[k];
             at++) {
            struct case_device *d = &g->found[(*at)[1]];
            g->places[(*at)[1]] = g->passed;
            d->is.count = device->count;
            for (unsigned i = 0; i < device->count; i++)
                d->is.imeis[i].body = device->imeis[i];
        }
    }
    g->passed++;
    return true;
}

/* The declaration's line that each drew from. */
static enum err name_lines(struct gathering *g, struct fault *fault)
{
    size_t n = g->wish->device_count;
    uint32_t *lines = calloc(n, sizeof *lines);
    enum err err =
        lines ? bulk_lines_name(g->reg, g->first->upload, g->places, lines, n, fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++)
        g->found[i].customs_line = lines[i];
    free(lines);
    return err;
}

static enum err read_file(struct gathering *g, struct fault *fault)
{
    struct upload upload;
    size_t n = g->wish->device_count;
    if (!g->first->upload)
        return ERR_OK;
    g->found = calloc(n, sizeof *g->found);
    g->wanted = calloc(n, sizeof *g->wanted);
    g->places = calloc(n, sizeof *g->places);
    if (!g->found || !g->wanted || !g->places)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        g->wanted[i][0] = g->wish->devices[i].imei.body;
        g->wanted[i][1] = i;
    }
    qsort(g->wanted, n, sizeof *g->wanted, by_body);
    enum err err = upload_read(g->reg, g->first->upload, &upload, fault);
    if (!err)
        err = bulk_each(g->reg, &upload, look_for, g, fault);
    return err ? err : name_lines(g, fault);
}

/* ---- one wish ---- */

static enum err about(struct fault *fault, struct imei imei, enum err err, const char *rule)
{
    char text[IMEI_TEXT15];
    imei_format15(imei, text);
    fault_value(fault, text, sizeof text - 1);
    return fault_set(fault, err, "%s", rule);
}

/* The device that stands now: after a correction, or as it was filed. count 0: none. */
static enum err stands(const struct gathering *g, size_t i, struct case_device *out,
                       struct fault *fault)
{
    struct imei imei = g->wish->devices[i].imei;
    bool corrected = false;
    enum err err = correction_of(g->reg, g->first->id, imei, out, &corrected, fault);
    if (err || corrected)
        return err;
    *out = g->found ? g->found[i] : (struct case_device){0};
    for (size_t k = 0; k < g->first->device_count; k++)
        if (g->first->devices[k].approved && has(&g->first->devices[k], imei))
            *out = undecided(&g->first->devices[k]);
    return ERR_OK;
}

static enum err approved_here(const struct gathering *g, struct imei imei, bool wanted,
                              struct fault *fault)
{
    struct verdict v;
    struct facts f;
    enum err err = registry_check(g->reg, imei, &v, &f, fault);
    if (err || correction_approved(&f, g->first->id) == wanted)
        return err;
    return wanted
               ? about(fault, imei, ERR_NOT_APPROVED, "an IMEI that this application approved")
               : about(fault, imei, ERR_DUPLICATE_IN_FILE, "this application approved it already");
}

static enum err add_right(const struct gathering *g, struct case_device *d,
                          const struct correcting *c, struct fault *fault)
{
    enum err err = ERR_OK;
    for (unsigned k = 0; !err && k < c->right_count; k++) {
        if (d->is.count == LIMIT_DEVICE_IMEIS)
            return fault_set(fault, ERR_DEVICE_IMEIS, "a device has at most %d IMEIs",
                             LIMIT_DEVICE_IMEIS);
        d->is.imeis[d->is.count++] = c->right[k];
        err = approved_here(g, c->right[k], false, fault);
    }
    return err;
}

/* All of the device leaves; what another application has approved meanwhile is that one's. */
static enum err leave(const struct gathering *g, struct case_device *d, struct fault *fault)
{
    enum err err = ERR_OK;
    for (unsigned k = 0; !err && k < d->is.count; k++) {
        struct verdict v;
        struct facts f;
        err = registry_check(g->reg, d->is.imeis[k], &v, &f, fault);
        if (!err && correction_approved(&f, g->first->id))
            d->is.old[d->is.old_count++] = d->is.imeis[k];
    }
    d->is.count = 0;
    return err;
}

/* Does to the device what is wished. */
static enum err apply(const struct gathering *g, struct case_device *d, const struct correcting *c,
                      struct fault *fault)
{
    int at = place_of(d->is.imeis, d->is.count, c->imei);
    if (ground_leaves(g->wish->ground))
        return leave(g, d, fault);
    if (g->wish->ground == GROUND_FORGOTTEN)
        return add_right(g, d, c, fault);
    if (at < 0 || d->is.old_count == LIMIT_DEVICE_IMEIS)
        return about(fault, c->imei, ERR_NOT_APPROVED, "named once");
    d->is.old[d->is.old_count++] = c->imei;
    d->is.imeis[at] = d->is.imeis[--d->is.count];
    return add_right(g, d, c, fault);
}

static enum err check_right(const struct gathering *g, const struct correcting *c,
                            struct fault *fault)
{
    unsigned least = ground_leaves(g->wish->ground) ? 0 : 1;
    unsigned most = g->wish->ground == GROUND_FORGOTTEN ? LIMIT_DEVICE_IMEIS - 1 : least;
    if (c->right_count >= least && c->right_count <= most)
        return ERR_OK;
    fault_field(fault, g->wish->ground == GROUND_MISTYPED ? "becomes" : "imeis");
    return fault_set(fault, ERR_DEVICE_IMEIS, "%u to %u IMEIs, as the ground wants it", least,
                     most);
}

static enum err take_wish(struct gathering *g, size_t i, struct fault *fault)
{
    const struct correcting *c = &g->wish->devices[i];
    struct case_device *d = NULL;
    enum err err = check_right(g, c, fault);
    for (size_t k = 0; !d && k < g->count; k++)
        if (has(&g->devices[k], c->imei) || had(&g->devices[k], c->imei))
            d = &g->devices[k];
    if (err || (d && ground_leaves(g->wish->ground)))
        return err; /* named by another of its IMEIs */
    if (!d) {
        d = &g->devices[g->count];
        err = stands(g, i, d, fault);
        g->count += !err;
    }
    if (!err)
        err = has(d, c->imei) ? approved_here(g, c->imei, true, fault)
                              : about(fault, c->imei, ERR_NOT_APPROVED,
                                      "an IMEI that this application approved");
    return err ? err : apply(g, d, c, fault);
}

/* No IMEI twice, and not too many. */
static enum err check_all(const struct gathering *g, struct fault *fault)
{
    uint64_t bodies[CORRECTION_IMEIS_MAX + CASE_DEVICE_IMEIS];
    size_t n = 0;
    for (size_t i = 0; i < g->count && n <= CORRECTION_IMEIS_MAX; i++) {
        struct imei imeis[CASE_DEVICE_IMEIS];
        unsigned count = case_device_imeis(&g->devices[i], imeis);
        for (unsigned k = 0; k < count; k++)
            bodies[n++] = imeis[k].body;
    }
    if (n > CORRECTION_IMEIS_MAX)
        fault_field(fault, "devices");
    if (n > CORRECTION_IMEIS_MAX)
        return fault_set(fault, ERR_TOO_MANY, "%d IMEIs with all of their devices",
                         CORRECTION_IMEIS_MAX);
    qsort(bodies, n, sizeof *bodies, by_body);
    for (size_t i = 1; i < n; i++)
        if (bodies[i] == bodies[i - 1]) {
            fault_field(fault, "devices");
            return about(fault, (struct imei){bodies[i]}, ERR_DUPLICATE_IN_FILE, "named twice");
        }
    return ERR_OK;
}

static enum err gather(struct gathering *g, struct fault *fault)
{
    g->devices = calloc(g->wish->device_count, sizeof *g->devices);
    enum err err = g->devices ? read_file(g, fault) : ERR_MEMORY;
    for (size_t i = 0; !err && i < g->wish->device_count; i++) {
        err = take_wish(g, i, fault);
        if (err)
            fault_field(fault, "devices[%zu]", i);
    }
    free(g->found);
    free(g->wanted);
    free(g->places);
    return err ? err : check_all(g, fault);
}

/* ---- filing ---- */

static enum err wrong(struct fault *fault, const char *field, enum err err, const char *rule)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, err, "%s", rule);
}

static enum err check_wish(const struct correction *wish, struct fault *fault)
{
    if (!*ground_name(wish->ground))
        return wrong(fault, "ground", ERR_USAGE, "what is wrong, as the list of grounds says");
    if (!wish->device_count)
        return wrong(fault, "devices", ERR_DEVICE_IMEIS, "at least one device");
    if (wish->device_count > CORRECTION_IMEIS_MAX)
        return wrong(fault, "devices", ERR_TOO_MANY, "at most 1000 IMEIs");
    if (wish->note.n > LIMIT_REASON)
        return wrong(fault, "note", ERR_TOO_LONG, "at most 500 bytes");
    if (wish->note.n && !str_printable(wish->note))
        return wrong(fault, "note", ERR_ONE_LINE,
                     "plain text on one line, without control characters");
    return once_key_check(wish->idempotency, fault);
}

static enum err may_file(const struct session *who, const struct application *first,
                         struct fault *fault)
{
    bool officer = who->role == ROLE_OFFICER;
    if (!officer && first->applicant != who->acts_for)
        return fault_set(fault, ERR_NOT_FOUND, "no such application");
    if (who->by_attorney && !(who->by_attorney >> first->kind & 1))
        return fault_set(fault, ERR_ROLE, "his power of attorney is not for %s",
                         kind_info(first->kind)->name);
    if (first->corrects)
        return fault_set(fault, ERR_NOT_NOW, "correct the application that this one corrects");
    return correction_open(first)
               ? ERR_OK
               : fault_set(fault, ERR_NOT_NOW, "it is %s", application_state_name(first->state));
}

/* Inside the transaction: the first one is approved still, and no other open application names a device. */
static enum err still_right(struct registry *reg, const struct application *a, struct fault *fault)
{
    struct application first;
    enum err err = application_get(reg, a->corrects, &first, fault);
    if (err)
        return err;
    err = correction_open(&first) ? filing_none_open(reg, a, fault) : ERR_NOT_NOW;
    application_release(&first);
    return err;
}

static enum err fill(const struct office *office, const struct session *who,
                     const struct gathering *g, struct application *out, struct fault *fault)
{
    const struct application *first = g->first;
    const struct kind_info *kind = kind_info(first->kind);
    int64_t now = clock_now_us(office->registry->clock) / 1000000;
    struct case_event event = {.time_s = now, .state = APPLICATION_CHECKING, .actor = who->party};
    *out =
        (struct application){.kind = first->kind,
                             .state = APPLICATION_CHECKING,
                             .organisation = first->organisation,
                             .applicant = first->applicant,
                             .filed_by = who->party,
                             .entered = first->entered,
                             .filed_s = now,
                             .left_s = STEP_HOUR_S * (first->organisation ? kind->organisation_hours
                                                                          : kind->person_hours),
                             .corrects = first->id,
                             .corrects_s = first->filed_s,
                             .ground = g->wish->ground,
                             .by_officer = who->role == ROLE_OFFICER,
                             .devices = g->devices,
                             .device_count = g->count};
    out->due_s = step_due(office, now, out->left_s);
    memcpy(out->country, first->country, sizeof out->country);
    memcpy(out->document, first->document, sizeof out->document);
    str_copy(out->language, sizeof out->language,
             who->role == ROLE_OFFICER ? str_z(first->language) : g->wish->language);
    str_copy(event.note, sizeof event.note, g->wish->note);
    receipt_make(out->receipt);
    enum err err = application_tell(out, &event);
    return err ? err
               : papers_gather(office->registry, g->wish->papers, g->wish->paper_count, out, fault);
}

static enum err name_act(const struct office *office, const struct session *who,
                         const struct correction *wish, struct once *out)
{
    struct buf b = {0};
    buf_printf(&b, "correction %llu %u\n", (unsigned long long)wish->corrects, wish->ground);
    for (size_t i = 0; i < wish->device_count; i++) {
        const struct correcting *c = &wish->devices[i];
        buf_printf(&b, "%llu", (unsigned long long)c->imei.body);
        for (unsigned k = 0; k < c->right_count; k++)
            buf_printf(&b, " %llu", (unsigned long long)c->right[k].body);
        buf_printf(&b, "\n");
    }
    for (size_t i = 0; i < wish->paper_count; i++)
        buf_put(&b, wish->papers[i].bytes, PAPER_ID);
    buf_str(&b, wish->note);
    enum err err = once_of(office->registry, who, wish->idempotency, &b, out);
    buf_release(&b);
    return err;
}

static enum err new_once(const struct office *office, const struct session *who,
                         const struct gathering *of, const struct once *once,
                         struct application *out, struct fault *fault)
{
    struct gathering g = *of;
    struct application a = {0};
    enum err err = gather(&g, fault);
    if (err) {
        free(g.devices);
        return err;
    }
    err = fill(office, who, &g, &a, fault);
    if (!err)
        err = filing_none_open(office->registry, &a, fault);
    if (!err)
        err = once_take(office, once, &a, still_right, fault);
    if (err)
        application_release(&a);
    else
        *out = a;
    return err;
}

enum err correction_new(const struct office *office, const struct session *who,
                        const struct correction *wish, struct application *out, bool *out_again,
                        struct fault *fault)
{
    struct application first;
    struct once once;
    *out_again = false;
    enum err err = check_wish(wish, fault);
    if (!err)
        err = name_act(office, who, wish, &once);
    for (int i = 0; !err && i < STEP_TRIES; i++) {
        err = once_made(office->registry, &once, out, out_again, fault);
        if (err || *out_again)
            return err;
        err = application_get(office->registry, wish->corrects, &first, fault);
        if (err)
            return err;
        const struct gathering g = {.reg = office->registry, .wish = wish, .first = &first};
        err = may_file(who, &first, fault);
        if (!err)
            err = new_once(office, who, &g, &once, out, fault);
        application_release(&first);
        if (err != ERR_STALE)
            return err;
        err = ERR_OK;
    }
    return err ? err : ERR_STALE;
}
