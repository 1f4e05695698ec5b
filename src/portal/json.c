/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/json.h"

#include "people/person.h"

static int append(const char *bytes, size_t n, void *out)
{
    buf_put(out, bytes, n);
    return 0;
}

enum err json_body(const struct exchange *x, json_t **out)
{
    struct str body = x->request->body;
    json_error_t where;
    json_t *json = json_loadb(body.n ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        return json_error_code(&where) == json_error_invalid_utf8 ? ERR_UTF8 : ERR_USAGE;
    if (!json_is_object(json)) {
        json_decref(json);
        return ERR_USAGE;
    }
    *out = json;
    return ERR_OK;
}

void json_answer(struct exchange *x, int status, json_t *value)
{
    x->response->status = status;
    x->response->content_type = "application/json";
    x->response->language = lang_code(x->lang);
    if (!value || json_dump_callback(value, append, x->out, JSON_COMPACT))
        x->out->failed = true;
    buf_str(x->out, STR("\n"));
    json_decref(value);
}

json_t *json_time(int64_t utc_s)
{
    char text[24];
    if (!utc_s)
        return json_null();
    instant_format(utc_s, text);
    return json_string(text);
}

static json_t *json_day(daynum day)
{
    char text[DAYNUM_TEXT];
    if (!daynum_is_day(day))
        return json_null();
    daynum_format(day, text);
    return json_string(text);
}

static json_t *json_imeis(const struct imei *imeis, unsigned n)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++) {
        char text[IMEI_TEXT15];
        imei_format15(imeis[i], text);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static json_t *json_said(struct exchange *x, const char *a, const char *b, const char *c)
{
    enum text id;
    if (!text_find_parts(a, b, c, &id))
        return json_null();
    struct str text = text_get(x->lang, id);
    return json_stringn(text.p, text.n);
}

/* ---- an application, going out ---- */

static json_t *json_device(struct exchange *x, const struct case_device *d)
{
    const char *state = !d->decided ? "open" : d->approved ? "approved" : "refused";
    bool refused = d->decided && !d->approved;
    json_t *json = json_pack("{s:o, s:s, s:s, s:s}", "imeis", json_imeis(d->is.imeis, d->is.count),
                             "brand", d->brand, "model", d->model, "state", state);
    if (d->is.old_count)
        json_object_set_new(json, "old_imeis", json_imeis(d->is.old, d->is.old_count));
    const char *name = refusal_name(d->refusal);
    json_object_set_new(json, "refusal", refused ? json_string(name) : json_null());
    json_object_set_new(json, "refusal_text",
                        refused ? json_said(x, "refusal", name, NULL) : json_null());
    json_object_set_new(json, "what_to_bring",
                        refused ? json_said(x, "refusal", name, "bring") : json_null());
    return json;
}

static json_t *json_events(const struct application *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->event_count; i++) {
        const struct case_event *e = &a->events[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:s}", "at", json_time(e->time_s), "state",
                                        application_state_name(e->state), "note", e->note));
    }
    return list;
}

json_t *application_public(struct exchange *x, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    json_t *devices = json_array();
    for (size_t i = 0; i < a->device_count; i++)
        json_array_append_new(devices, json_device(x, &a->devices[i]));
    bool open = application_open(a);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o}",
                     "number", number, "receipt", a->receipt, "kind", kind_info(a->kind)->name,
                     "state", application_state_name(a->state), "appeal", a->appeal, "filed_at",
                     json_time(a->filed_s), "due_at", json_time(open ? a->due_s : 0), "decided_at",
                     json_time(a->decided_s), "way", way_name(a->way), "document", a->document,
                     "country", a->country, "entered", json_day(a->entered), "devices", devices,
                     "events", json_events(a));
}

static json_t *json_findings(uint32_t found)
{
    json_t *list = json_array();
    for (unsigned bit = 0; finding_name(bit); bit++)
        if (found >> bit & 1)
            json_array_append_new(list, json_string(finding_name(bit)));
    return list;
}

json_t *application_desk(struct exchange *x, const struct application *a,
                         const struct person *applicant)
{
    json_t *json = application_public(x, a), *devices = json_object_get(json, "devices");
    int64_t now_s = clock_now_us(x->site->wall) / 1000000;
    for (size_t i = 0; i < a->device_count; i++)
        json_object_set_new(json_array_get(devices, i), "findings",
                            json_findings(a->devices[i].findings));
    json_object_del(json, "receipt"); /* the applicant's alone */
    json_object_set_new(json, "findings", json_findings(a->findings));
    json_object_set_new(json, "checked", json_boolean(a->checked));
    json_object_set_new(json, "claimed", json_boolean(a->officer != 0));
    json_object_set_new(json, "overdue", json_boolean(application_open(a) && a->due_s < now_s));
    if (applicant)
        json_object_set_new(json, "applicant",
                            json_pack("{s:s, s:s}", "name", applicant->name, "iin_bin",
                                      *applicant->bin ? applicant->bin : applicant->iin));
    return json;
}

/* ---- an application, coming in ---- */

static enum err text_member(const json_t *object, const char *name, struct str *out)
{
    const json_t *v = json_object_get(object, name);
    *out = json_text_of(object, name);
    return !v || json_is_string(v) || json_is_null(v) ? ERR_OK : ERR_USAGE;
}

static enum err read_imeis(const json_t *list, struct imei *out, uint8_t *out_n,
                           struct fault *fault)
{
    size_t n = json_array_size(list);
    if (list && !json_is_array(list))
        return ERR_USAGE;
    if (n > LIMIT_DEVICE_IMEIS)
        return fault_set(fault, ERR_DEVICE_IMEIS, "%zu IMEIs", n);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        struct str typed = {json_string_value(item), json_string_length(item)};
        if (!json_is_string(item))
            return ERR_USAGE;
        enum err err = imei_parse_typed(typed, &out[i]);
        if (err) {
            fault_value(fault, typed.p, typed.n);
            return fault_set(fault, err, "an IMEI");
        }
    }
    *out_n = (uint8_t)n;
    return ERR_OK;
}

static enum err read_device(const json_t *json, struct case_device *out, struct fault *fault)
{
    struct str brand, model;
    *out = (struct case_device){0};
    if (!json_is_object(json))
        return ERR_USAGE;
    enum err err = read_imeis(json_object_get(json, "imeis"), out->is.imeis, &out->is.count, fault);
    if (!err)
        err =
            read_imeis(json_object_get(json, "old_imeis"), out->is.old, &out->is.old_count, fault);
    if (!err)
        err = text_member(json, "brand", &brand);
    if (!err)
        err = text_member(json, "model", &model);
    if (err)
        return err;
    if (brand.n > LIMIT_TAC_NAME || model.n > LIMIT_TAC_NAME)
        return fault_set(fault, ERR_TOO_LONG, "brand, model: at most %d bytes", LIMIT_TAC_NAME);
    str_copy(out->brand, sizeof out->brand, brand);
    str_copy(out->model, sizeof out->model, model);
    return ERR_OK;
}

enum err application_wish(const json_t *body, struct case_device *devices, struct filing *out,
                          struct fault *fault)
{
    const json_t *list = json_object_get(body, "devices");
    struct str kind, way, entered;
    *out = (struct filing){.devices = devices, .entered = DAYNUM_NONE};
    enum err err = text_member(body, "kind", &kind);
    if (!err)
        err = text_member(body, "way", &way);
    if (!err)
        err = text_member(body, "document", &out->document);
    if (!err)
        err = text_member(body, "country", &out->country);
    if (!err)
        err = text_member(body, "entered", &entered);
    if (!err && (!kind_find(kind, &out->kind) || !way_find(way, &out->way)))
        err = fault_set(fault, ERR_USAGE, "kind, way: unknown");
    if (!err && entered.n)
        err = daynum_parse(entered, &out->entered);
    if (!err && !json_is_array(list))
        err = ERR_USAGE;
    out->device_count = json_array_size(list);
    if (!err && out->device_count > FILING_DEVICES_MAX)
        err = fault_set(fault, ERR_TOO_MANY, "more devices come as a file");
    for (size_t i = 0; !err && i < out->device_count; i++)
        err = read_device(json_array_get(list, i), &devices[i], fault);
    return err;
}
