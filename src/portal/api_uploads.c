/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of devices by API: they come in by pieces (the shape of tus 1.0: HEAD tells Upload-Offset, PATCH appends
 * at it), are checked in the background, and tell what was found. */
#include "portal/api.h"
#include "portal/bulk_worker.h"
#include "portal/handlers.h"
#include "portal/table.h"

/* Where uploads stand; the route's {} goes to *out_id, where there is one. */
static enum err begin(const struct api *a, struct bulk_worker **out_bulk, uint64_t *out_id)
{
    if (out_id && !upload_id_parse(a->x->param, out_id))
        return ERR_NOT_FOUND;
    *out_bulk = portal_bulk(a->visit->portal);
    return *out_bulk ? ERR_OK : fault_set(a->fault, ERR_UNAVAILABLE, "no place for uploads is set");
}

/* ---- an upload, going out ---- */

static json_t *found_text(struct exchange *x, const char *name)
{
    enum text id;
    if (!text_find_parts("bulk.found", name, NULL, &id))
        return json_null();
    struct str text = text_get(x->lang, id);
    return json_stringn(text.p, text.n);
}

struct showing {
    struct exchange *x;
    json_t *list;
};

static bool show_error(void *ctx, const struct bulk_error *e)
{
    struct showing *s = ctx;
    const char *name = bulk_found_name(e->found);
    json_array_append_new(s->list,
                          json_pack("{s:I, s:o, s:o, s:s, s:o}", "line", (json_int_t)e->line,
                                    "column", e->column ? json_integer(e->column) : json_null(),
                                    "value", json_stringn(e->value, e->n), "found",
                                    name ? name : "", "text", found_text(s->x, name)));
    return json_array_size(s->list) < LIMIT_BULK_ERRORS_SHOWN;
}

static json_t *counts(struct exchange *x, const struct upload *u)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < BULK_FOUND_MAX; i++) {
        const char *name = bulk_found_name(i);
        if (name && u->found[i])
            json_array_append_new(list, json_pack("{s:s, s:I, s:b, s:o}", "found", name, "rows",
                                                  (json_int_t)u->found[i], "bad", bulk_found_bad(i),
                                                  "text", found_text(x, name)));
    }
    return list;
}

/* What is wrong with the file; of one that is no table, what it seems to be and what to do. */
static json_t *reason_text(struct exchange *x, const struct upload *u)
{
    const char *reason = u->reason, *looks = file_looks_name((enum file_looks)u->looks);
    enum text id;
    if (*looks && text_find_parts("files.kind", looks, NULL, &id))
        return json_stringn(text_get(x->lang, id).p, text_get(x->lang, id).n);
    for (int i = 0; i < ERR_COUNT; i++)
        if (strcmp(err_info((enum err)i)->name, reason) == 0 &&
            text_find(str_z(err_info((enum err)i)->text_id), &id))
            return json_stringn(text_get(x->lang, id).p, text_get(x->lang, id).n);
    return json_null();
}

static json_t *application_of(struct registry *reg, const struct upload *u)
{
    struct application a;
    char number[APPLICATION_NUMBER_TEXT];
    if (!u->application || application_get(reg, u->application, &a, NULL))
        return json_null();
    application_number(&a, number);
    application_release(&a);
    return json_string(number);
}

static json_t *upload_json(struct exchange *x, struct visit *v, const struct upload *u,
                           uint64_t offset)
{
    char id[UPLOAD_ID_TEXT];
    int progress = bulk_worker_progress(portal_bulk(v->portal), u->id);
    bool failed = u->state == UPLOAD_FAILED;
    upload_id_format(u->id, id);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "id", id, "name", u->name,
                  "state", upload_state_name(u->state), "bytes", (json_int_t)u->bytes, "offset",
                  (json_int_t)offset, "sha256", *u->sha256 ? json_string(u->sha256) : json_null(),
                  "begun_at", json_instant(u->created_s), "kept_until",
                  json_instant(u->state == UPLOAD_FILED ? 0 : u->created_s + UPLOAD_LIFE_S),
                  "progress", progress >= 0 ? json_real(progress / 1000.0) : json_null(),
                  "application", application_of(v->office.registry, u));
    json_object_set_new(json, "reason", failed ? json_string(u->reason + 4) : json_null());
    json_object_set_new(json, "reason_text", failed ? reason_text(x, u) : json_null());
    return json;
}

static enum err add_preview(struct exchange *x, struct visit *v, const struct upload *u,
                            json_t *json)
{
    struct showing showing = {x, json_array()};
    enum err err = bulk_errors(v->office.registry, u, show_error, &showing, NULL);
    json_object_set_new(json, "rows", json_integer((json_int_t)u->rows));
    json_object_set_new(json, "bad", json_integer((json_int_t)u->bad));
    json_object_set_new(json, "devices", json_integer((json_int_t)u->devices));
    json_object_set_new(json, "imeis", json_integer((json_int_t)u->imeis));
    json_object_set_new(json, "found", counts(x, u));
    json_object_set_new(json, "errors", showing.list);
    return err;
}

static void tell_upload(struct exchange *x, uint64_t offset, uint64_t length)
{
    x->response->tells_upload = true;
    x->response->upload_offset = offset;
    x->response->upload_length = length;
}

static enum err show(struct api *a, struct bulk_worker *bulk, const struct upload *u)
{
    uint64_t offset = 0;
    enum err err = upload_offset(bulk_worker_room(bulk), u, &offset, a->fault);
    if (err)
        return err;
    a->answer = upload_json(a->x, a->visit, u, offset);
    tell_upload(a->x, offset, u->bytes);
    bool looked_at = u->state != UPLOAD_RECEIVING && u->state != UPLOAD_CHECKING;
    return looked_at ? add_preview(a->x, a->visit, u, a->answer) : ERR_OK;
}

/* ---- the addresses ---- */

static enum err begin_one(struct api *a)
{
    struct upload u;
    struct bulk_worker *bulk;
    struct visit *v = a->visit;
    struct upload_wish wish = {.idempotency = a->x->request->idempotency};
    bool again = false;
    char id[UPLOAD_ID_TEXT];
    const json_t *bytes = json_object_get(a->body, "bytes");
    enum err err = begin(a, &bulk, NULL);
    if (!err)
        err = api_text(a, "name", &wish.name);
    if (!err)
        err = api_text(a, "sha256", &wish.sha256);
    if (!err && (!json_is_integer(bytes) || json_integer_value(bytes) <= 0)) {
        fault_field(a->fault, "bytes");
        err = fault_set(a->fault, ERR_USAGE, "a number of bytes, 1 or more");
    }
    if (!err) {
        wish.bytes = (uint64_t)json_integer_value(bytes);
        err = upload_new(&v->office, bulk_worker_room(bulk), &v->who, &wish, &u, &again, a->fault);
    }
    portal_note(v, AUDIT_FILE, v->who.acts_for, err ? 0 : u.id, err);
    if (err)
        return err;
    upload_id_format(u.id, id);
    snprintf(a->x->response->location, sizeof a->x->response->location, "/api/v1/uploads/%s", id);
    a->status = again ? 200 : 201;
    return show(a, bulk, &u);
}

void portal_upload_new(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, begin_one});
}

static enum err list_mine(struct api *a)
{
    struct bulk_worker *bulk;
    struct visit *v = a->visit;
    uint64_t ids[LIMIT_UPLOADS];
    size_t n = 0;
    enum err err = begin(a, &bulk, NULL);
    if (!err)
        err = upload_list(&v->office, &v->who, ids, &n, a->fault);
    json_t *list = json_array();
    for (size_t i = 0; !err && i < n; i++) {
        struct upload u;
        uint64_t offset = 0;
        err = upload_get(&v->office, &v->who, ids[i], &u, a->fault);
        if (!err && upload_offset(bulk_worker_room(bulk), &u, &offset, NULL))
            offset = 0; /* its bytes stand elsewhere, or nowhere */
        if (!err)
            json_array_append_new(list, upload_json(a->x, v, &u, offset));
        err = err == ERR_NOT_FOUND ? ERR_OK : err; /* dropped just now */
    }
    a->answer = json_pack("{s:o}", "uploads", list);
    return err;
}

void portal_uploads(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, list_mine});
}

static enum err look(struct api *a)
{
    struct upload u;
    struct bulk_worker *bulk;
    uint64_t id = 0;
    enum err err = begin(a, &bulk, &id);
    if (!err)
        err = upload_get(&a->visit->office, &a->visit->who, id, &u, a->fault);
    return err ? err : show(a, bulk, &u);
}

void portal_upload(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_LOOKS, look});
}

/* Also an error tells where to go on. */
static enum err take_piece(struct api *a)
{
    struct upload u;
    struct bulk_worker *bulk;
    struct visit *v = a->visit;
    uint64_t id = 0, offset = 0, size = 0;
    enum err err = begin(a, &bulk, &id);
    if (!err)
        err = upload_get(&v->office, &v->who, id, &u, a->fault);
    if (err)
        return err;
    if (!str_to_u64(a->x->request->upload_offset, INT64_MAX, &offset))
        return fault_set(a->fault, ERR_USAGE, "Upload-Offset: a number of bytes");
    err = upload_append(&v->office, bulk_worker_room(bulk), &v->who, id, offset,
                        a->x->request->body, &size, a->fault);
    if (!err || err == ERR_OFFSET || err == ERR_TOO_LONG || err == ERR_NOT_NOW)
        tell_upload(a->x, size, u.bytes);
    a->answer = json_pack("{s:I, s:I}", "offset", (json_int_t)size, "bytes", (json_int_t)u.bytes);
    return err;
}

enum err portal_piece_admits(struct exchange *x)
{
    return portal_may_send(x, ROLES_APPLICANT);
}

void portal_upload_piece(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_CHANGES, take_piece});
}

static enum err drop(struct api *a)
{
    struct bulk_worker *bulk;
    uint64_t id = 0;
    enum err err = begin(a, &bulk, &id);
    if (!err)
        err = upload_drop(&a->visit->office, bulk_worker_room(bulk), &a->visit->who, id, a->fault);
    a->answer = json_pack("{s:s}", "state", "dropped");
    return err;
}

void portal_upload_drop(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_CHANGES, drop});
}

static enum err check(struct api *a)
{
    struct upload u;
    struct bulk_worker *bulk;
    struct str sha256;
    uint64_t id = 0;
    enum err err = begin(a, &bulk, &id);
    if (!err)
        err = api_text(a, "sha256", &sha256);
    if (!err)
        err = upload_check(&a->visit->office, bulk_worker_room(bulk), &a->visit->who, id, sha256,
                           &u, a->fault);
    if (err)
        return err;
    bulk_worker_wake(bulk);
    a->status = 202;
    return show(a, bulk, &u);
}

void portal_upload_check(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_APPLICANT, API_ACTS, check});
}

static bool put_error(void *ctx, const struct bulk_error *e)
{
    struct exchange *x = ctx;
    const char *name = bulk_found_name(e->found);
    enum text id;
    buf_printf(x->out, "%u,", e->line);
    if (e->column)
        buf_printf(x->out, "%u", e->column);
    buf_str(x->out, STR(","));
    table_cell(x->out, (struct str){e->value, e->n}, false);
    table_cell(x->out, str_z(name), false);
    bool known = text_find_parts("bulk.found", name, NULL, &id);
    table_cell(x->out, known ? text_get(x->lang, id) : STR(""), true);
    return !x->out->failed;
}

void portal_upload_errors(struct exchange *x)
{
    struct visit v;
    struct upload u;
    uint64_t id = 0;
    enum err err = portal_visit(x, ROLES_APPLICANT, false, STR(""), &v);
    if (!err)
        err = upload_id_parse(x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = upload_get(&v.office, &v.who, id, &u, &v.fault);
    if (!err && (u.state == UPLOAD_RECEIVING || u.state == UPLOAD_CHECKING))
        err = fault_set(&v.fault, ERR_NOT_NOW, "it is not checked yet");
    if (!err) {
        table_begin(x, "errors.csv", "line,column,value,found,text");
        x->response->language = lang_code(x->lang);
        err = bulk_errors(v.office.registry, &u, put_error, x, &v.fault);
    }
    if (err) {
        x->response->download = NULL;
        route_fail_at(x, err, &v.fault);
    }
    portal_leave(&v);
}
