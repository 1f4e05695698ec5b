/* SPDX-License-Identifier: Apache-2.0
 *
 * Corrections of an approved application by API: its applicant files them, or an officer does. */
#include <stdlib.h>

#include "cases/correction.h"
#include "portal/api.h"
#include "portal/handlers.h"

enum { PAGE = 50 };

/* ---- {ground, devices: [{imei, becomes, imeis}], note, papers} ---- */

static enum err read_imei(const json_t *object, const char *name, struct imei *out,
                          struct fault *fault)
{
    struct str typed;
    enum err err = json_member_text(object, name, &typed, fault);
    if (err)
        return err;
    err = imei_parse_typed(typed, out);
    if (err)
        fault_field(fault, "%s", name);
    return err ? fault_set(fault, err, "14 to 16 digits, the check digit right") : ERR_OK;
}

/* The one that is right, or those that were forgotten. */
static enum err read_right(const json_t *json, struct correcting *out, struct fault *fault)
{
    const json_t *becomes = json_object_get(json, "becomes");
    enum err err = ERR_OK;
    if (becomes && !json_is_null(becomes)) {
        err = read_imei(json, "becomes", &out->right[0], fault);
        out->right_count = 1;
    }
    const json_t *list = json_object_get(json, "imeis");
    bool none = !list || json_is_null(list);
    if (!err && !none && !json_is_array(list))
        err = fault_set(fault, ERR_USAGE, "a list of texts");
    else if (!err && json_array_size(list) + out->right_count > LIMIT_DEVICE_IMEIS)
        err = fault_set(fault, ERR_DEVICE_IMEIS, "a device has at most %d", LIMIT_DEVICE_IMEIS);
    if (err && !(becomes && out->right_count))
        fault_field(fault, "imeis");
    for (size_t i = 0; !err && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct str typed = {json_string_value(one), json_string_length(one)};
        err = json_is_string(one) ? imei_parse_typed(typed, &out->right[out->right_count++])
                                  : ERR_USAGE;
        if (err)
            fault_field(fault, "imeis[%zu]", i);
        if (err)
            err = fault_set(fault, err, "14 to 16 digits, the check digit right");
    }
    return err;
}

static enum err read_devices(const json_t *list, struct correcting *out, size_t *out_n,
                             struct fault *fault)
{
    enum err err = ERR_OK;
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        err = fault_set(fault, ERR_USAGE, "a list of devices");
    else if (n > CORRECTION_IMEIS_MAX)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d", CORRECTION_IMEIS_MAX);
    if (err)
        fault_field(fault, "devices");
    for (size_t i = 0; !err && i < n; i++) {
        const json_t *one = json_array_get(list, i);
        err = json_is_object(one) ? read_imei(one, "imei", &out[i].imei, fault)
                                  : fault_set(fault, ERR_USAGE, "an object");
        if (!err)
            err = read_right(one, &out[i], fault);
        if (err)
            fault_field(fault, "devices[%zu]", i);
    }
    *out_n = n;
    return err;
}

static enum err read_wish(const struct api *a, struct correcting *devices, struct paper_id *papers,
                          struct correction *out)
{
    struct str ground;
    *out = (struct correction){.devices = devices,
                               .papers = papers,
                               .language = str_z(lang_code(a->x->lang)),
                               .idempotency = a->x->request->idempotency};
    enum err err = api_text(a, "ground", &ground);
    if (!err && !ground_find(ground, &out->ground)) {
        fault_field(a->fault, "ground");
        err =
            fault_set(a->fault, ERR_USAGE, "mistyped, forgotten, not_arrived, exported, returned");
    }
    if (!err)
        err = api_text(a, "note", &out->note);
    if (!err)
        err = json_paper_ids(a->body, papers, &out->paper_count, a->fault);
    return err ? err
               : read_devices(json_object_get(a->body, "devices"), devices, &out->device_count,
                              a->fault);
}

/* ---- filing one ---- */

static enum err file_at(struct api *a, const char *room)
{
    struct visit *v = a->visit;
    struct paper_id papers[LIMIT_PAPERS];
    struct correction wish;
    struct application made;
    char number[APPLICATION_NUMBER_TEXT];
    bool again = false;
    uint64_t id;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    struct correcting *devices = calloc(CORRECTION_IMEIS_MAX, sizeof *devices);
    enum err err = devices ? read_wish(a, devices, papers, &wish) : ERR_MEMORY;
    wish.corrects = id;
    if (!err)
        err = correction_new(&v->office, &v->who, &wish, &made, &again, a->fault);
    free(devices);
    portal_note(v, AUDIT_FILE, err ? v->who.acts_for : made.applicant, err ? id : made.id, err);
    if (err)
        return err;
    application_number(&made, number);
    snprintf(a->x->response->location, sizeof a->x->response->location, "/api/v1/%s/%s", room,
             number);
    a->status = again ? 200 : 201;
    portal_wake(v->portal);
    a->answer = application_public(a->x, &made);
    if (v->who.role == ROLE_OFFICER)
        json_object_del(a->answer, "receipt"); /* the applicant's alone */
    application_release(&made);
    return ERR_OK;
}

static enum err file(struct api *a)
{
    return file_at(a, "applications");
}

static enum err file_at_desk(struct api *a)
{
    return file_at(a, "desk");
}

void portal_correct(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, file});
}

void portal_desk_correct(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_OFFICER), API_ACTS, file_at_desk});
}

/* ---- those of an application ---- */

static enum err list(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct buf scratch = {0};
    struct application first;
    struct str text;
    uint64_t id, after = 0, ids[PAGE];
    size_t n = 0;
    if (api_number(a, &id))
        return ERR_NOT_FOUND;
    enum err err = filing_get(&a->visit->office, &a->visit->who, id, &first, a->fault);
    if (err)
        return err;
    application_release(&first);
    err = api_query(a, "after", &scratch, &text);
    if (!err && text.n && !application_number_parse(text, &after)) {
        fault_field(a->fault, "after");
        err = fault_set(a->fault, ERR_USAGE, "the number of an application");
    }
    buf_release(&scratch);
    if (!err)
        err = correction_list(reg, id, after, ids, PAGE, &n, a->fault);
    json_t *rows = json_array(), *next = NULL;
    for (size_t i = 0; !err && i < n; i++) {
        struct application one;
        char number[APPLICATION_NUMBER_TEXT];
        err = application_get(reg, ids[i], &one, a->fault);
        if (err)
            break;
        application_number(&one, number);
        json_array_append_new(rows, application_public(a->x, &one));
        if (i + 1 == PAGE)
            next = json_string(number);
        application_release(&one);
    }
    a->answer = api_page("applications", rows, next);
    return err;
}

void portal_corrections(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, list});
}
