/* SPDX-License-Identifier: Apache-2.0
 *
 * Applications by file, by API: filing one, deciding one, and what became of each of its devices. */
#include <stdlib.h>

#include "face/form.h"
#include "portal/api.h"
#include "portal/bulk_worker.h"
#include "portal/handlers.h"
#include "portal/table.h"

json_t *application_file(struct exchange *x, const struct application *a)
{
    char id[UPLOAD_ID_TEXT];
    enum text text;
    const char *refusal = refusal_name(a->bulk_refusal);
    if (!a->upload)
        return json_null();
    upload_id_format(a->upload, id);
    uint64_t approved = a->state == APPLICATION_APPROVED ? a->bulk_devices - a->bulk_left_out : 0;
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "upload", id, "digest", a->bulk_digest,
                  "devices", (json_int_t)a->bulk_devices, "imeis", (json_int_t)a->bulk_imeis,
                  "approved", (json_int_t)approved, "left_out", (json_int_t)a->bulk_left_out,
                  "proposed", a->bulk_proposed_by && a->state == APPLICATION_CHECKING);
    bool refused = *refusal != '\0';
    bool said = refused && text_find_parts("refusal", refusal, NULL, &text);
    json_object_set_new(json, "refusal", refused ? json_string(refusal) : json_null());
    json_object_set_new(json, "refusal_text",
                        said ? json_stringn(text_get(x->lang, text).p, text_get(x->lang, text).n)
                             : json_null());
    return json;
}

static enum err wrong(struct api *a, const char *field, const char *wants)
{
    fault_field(a->fault, "%s", field);
    return fault_set(a->fault, ERR_USAGE, "%s", wants);
}

enum err application_file_upload(struct api *a, struct application *out, bool *out_again)
{
    struct visit *v = a->visit;
    struct bulk_worker *bulk = portal_bulk(v->portal);
    struct bulk_wish wish = {.accept_good = json_is_true(json_object_get(a->body, "accept_good"))};
    if (!bulk)
        return fault_set(a->fault, ERR_UNAVAILABLE, "no place for uploads is set");
    if (!kind_find(json_text_of(a->body, "kind"), &wish.kind))
        return wrong(a, "kind", "no kind of application");
    if (!upload_id_parse(json_text_of(a->body, "upload"), &wish.upload))
        return ERR_NOT_FOUND;
    enum err err = api_text(a, "document", &wish.document);
    if (!err)
        err = api_text(a, "country", &wish.country);
    wish.language = str_z(lang_code(a->x->lang));
    if (!err)
        err = bulk_file(&v->office, &v->who, &wish, out, out_again, a->fault);
    if (!err)
        bulk_worker_wake(bulk);
    return err;
}

enum err application_file_decide(struct api *a, uint64_t id, struct application *out)
{
    const struct visit *v = a->visit;
    struct bulk_worker *bulk = portal_bulk(v->portal);
    struct bulk_decision d = {.approve = json_is_true(json_object_get(a->body, "approve"))};
    bool refused = refusal_find(json_text_of(a->body, "refusal"), &d.refusal);
    if (!bulk)
        return fault_set(a->fault, ERR_UNAVAILABLE, "no place for uploads is set");
    if (d.approve == refused)
        return wrong(a, "decisions", "a list, or of a file approve or a refusal of the catalogue");
    enum err err = api_text(a, "note", &d.note);
    if (!err)
        err = bulk_decide(&v->office, &v->who, id, &d, out, a->fault);
    if (!err)
        bulk_worker_wake(bulk);
    return err;
}

/* ---- what became of each device ---- */

struct status_row {
    struct bulk_device device;
    enum list lists[LIMIT_DEVICE_IMEIS];
};

struct paging {
    struct status_row *rows;
    size_t n;
    bool more;
};

static bool take_device(void *ctx, const struct bulk_device *d)
{
    struct paging *p = ctx;
    p->more = p->n == LIMIT_DEVICES_PAGE;
    if (!p->more)
        p->rows[p->n++].device = *d;
    return !p->more;
}

struct place {
    uint64_t body;
    enum list *list;
};

static int by_body(const void *a, const void *b)
{
    uint64_t x = ((const struct place *)a)->body, y = ((const struct place *)b)->body;
    return x < y ? -1 : x > y;
}

/* On which list each stands now: the facts are read in order. */
static enum err judge_some(struct registry *reg, const struct place *places, size_t n)
{
    struct facts_row *rows = malloc((n + 1) * sizeof *rows);
    size_t count = 0;
    if (!rows)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (!count || rows[count - 1].imei.body != places[i].body)
            rows[count++].imei.body = places[i].body;
    enum err err = store_facts_get(reg->store, rows, count, NULL);
    for (size_t i = 0, k = 0; !err && i < n; i++) {
        k += rows[k].imei.body != places[i].body;
        struct verdict v = policy_judge_gated(rows[k].imei, &rows[k].facts, &reg->rules,
                                              registry_today(reg), reg->head.gate.expire_through);
        *places[i].list = reason_list(v.reason);
    }
    free(rows);
    return err;
}

static enum err judge(struct registry *reg, struct paging *p)
{
    enum { SOME = 4096 };
    struct place *places = malloc((p->n * LIMIT_DEVICE_IMEIS + 1) * sizeof *places);
    size_t n = 0;
    enum err err = places ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !err && i < p->n; i++)
        for (unsigned k = 0; k < p->rows[i].device.count; k++)
            places[n++] = (struct place){p->rows[i].device.imeis[k], &p->rows[i].lists[k]};
    if (n)
        qsort(places, n, sizeof *places, by_body);
    for (size_t at = 0; !err && at < n; at += SOME)
        err = judge_some(reg, places + at, n - at < SOME ? n - at : SOME);
    free(places);
    return err;
}

/* What is said of one device: its state, and why it was refused. */
static struct str said_of(const struct exchange *x, const struct application *a, uint8_t found,
                          const char **out_state, const char **out_why)
{
    enum text text;
    bool decided = a->state == APPLICATION_APPROVED || a->state == APPLICATION_REFUSED;
    bool left = found && a->state == APPLICATION_APPROVED;
    bool refused = left || a->state == APPLICATION_REFUSED;
    *out_why = !refused        ? ""
               : left || found ? bulk_found_name(found)
                               : refusal_name(a->bulk_refusal);
    *out_state = !decided ? application_state_name(a->state) : refused ? "refused" : "approved";
    bool known =
        refused && text_find_parts(found ? "bulk.found" : "refusal", *out_why, NULL, &text);
    return known ? text_get(x->lang, text) : STR("");
}

/* Of a device: the list of that of its IMEIs that stands worst. */
static enum list worst(const struct status_row *row)
{
    static const int rank[] = {
        [LIST_WHITE] = 0, [LIST_EXEMPT] = 1, [LIST_UNKNOWN] = 2, [LIST_GREY] = 3, [LIST_BLACK] = 4};
    enum list list = row->lists[0];
    for (unsigned k = 1; k < row->device.count; k++)
        list = rank[row->lists[k]] > rank[list] ? row->lists[k] : list;
    return list;
}

static void put_row(struct exchange *x, const struct application *a, const struct status_row *row)
{
    const struct bulk_device *d = &row->device;
    const char *state, *why;
    struct str text = said_of(x, a, d->found, &state, &why);
    buf_printf(x->out, "%u,", d->line);
    for (unsigned k = 0; k < LIMIT_DEVICE_IMEIS; k++) {
        char imei[IMEI_TEXT15] = "";
        if (k < d->count)
            imei_format15((struct imei){d->imeis[k]}, imei);
        table_cell(x->out, str_z(imei), false);
    }
    table_cell(x->out, str_z(state), false);
    table_cell(x->out, str_z(why), false);
    table_cell(x->out, text, false);
    table_cell(x->out, str_z(list_name(worst(row))), true);
}

static enum err read_after(const struct exchange *x, uint32_t *out, struct fault *fault)
{
    struct buf text = {0};
    bool found = false;
    uint64_t line = 0;
    enum err err = form_value(x->query, "after", &text, &found);
    if (!err && found && !str_to_u64((struct str){(const char *)text.p, text.n}, UINT32_MAX, &line))
        err = fault_set(fault, ERR_USAGE, "the line of a device");
    if (err)
        fault_field(fault, "after");
    *out = (uint32_t)line;
    buf_release(&text);
    return err;
}

static enum err put_devices(struct exchange *x, struct registry *reg, const struct application *a,
                            struct fault *fault)
{
    struct upload u;
    struct paging p = {.rows = malloc(LIMIT_DEVICES_PAGE * sizeof *p.rows)};
    uint32_t after = 0;
    enum err err = !p.rows ? ERR_MEMORY : a->upload ? read_after(x, &after, fault) : ERR_NOT_FOUND;
    if (!err)
        err = upload_read(reg, a->upload, &u, NULL);
    if (!err)
        err = bulk_each_after(reg, &u, after, take_device, &p, NULL);
    if (!err)
        err = judge(reg, &p);
    if (!err) {
        table_begin(x, "devices.csv", "line,imei1,imei2,imei3,imei4,state,refusal,text,list");
        x->response->language = lang_code(x->lang);
        x->response->next_after = p.more ? p.rows[p.n - 1].device.line : 0;
    }
    for (size_t i = 0; !err && i < p.n; i++)
        put_row(x, a, &p.rows[i]);
    free(p.rows);
    return err;
}

static void on_devices(struct exchange *x, bool desk)
{
    struct visit v;
    struct application a;
    uint64_t id = 0;
    enum err err = portal_visit(x, desk ? ROLES_STAFF : ROLES_APPLICANT, false, STR(""), &v);
    if (!err)
        err = application_number_parse(x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = desk ? application_get(v.office.registry, id, &a, &v.fault)
                   : filing_get(&v.office, &v.who, id, &a, &v.fault);
    if (desk && id)
        portal_note(&v, AUDIT_LOOK, err ? 0 : a.applicant, id, err);
    if (!err) {
        err = put_devices(x, v.office.registry, &a, &v.fault);
        application_release(&a);
    }
    if (err)
        route_fail_at(x, err, &v.fault);
    portal_leave(&v);
}

void portal_devices(struct exchange *x)
{
    on_devices(x, false);
}

void portal_desk_devices(struct exchange *x)
{
    on_devices(x, true);
}
