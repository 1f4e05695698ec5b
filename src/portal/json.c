/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/json.h"

#include "cases/correction.h"
#include "cases/checks.h"
#include "cases/paper_kind.h"
#include "people/person.h"

enum err json_body(const struct exchange *x, json_t **out, struct fault *fault)
{
    json_t *json;
    enum err err = json_read(x->request->body, &json);
    if (err)
        return fault_set(fault, err, "the body: one JSON object in UTF-8, no member twice");
    if (!json_is_object(json)) {
        json_decref(json);
        return fault_set(fault, ERR_USAGE, "the body: a JSON object");
    }
    *out = json;
    return ERR_OK;
}

void json_answer(struct exchange *x, int status, json_t *value)
{
    x->response->status = status;
    x->response->language = lang_code(x->lang);
    json_send(x, value);
}

json_t *json_imeis(const struct imei *imeis, unsigned n)
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
                              json_pack("{s:o, s:s, s:s}", "at", json_instant(e->time_s), "state",
                                        application_state_name(e->state), "note", e->note));
    }
    return list;
}

json_t *json_paper(const struct case_paper *p)
{
    char id[PAPER_ID_TEXT];
    paper_id_format(&p->id, id);
    return json_pack("{s:s, s:s, s:I, s:s, s:o}", "id", id, "type", paper_media(p->kind), "bytes",
                     (json_int_t)p->bytes, "name", p->name, "sent_at", json_instant(p->added_s));
}

static json_t *json_papers(const struct application *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->paper_count; i++)
        json_array_append_new(list, json_paper(&a->papers[i]));
    return list;
}

/* Whom its checks could not ask yet; only while there is somebody. */
static void put_waits_for(json_t *json, const struct application *a)
{
    const char *names[CHECKS_SOURCES];
    size_t n = 0;
    checks_waits_for(a, names, &n);
    json_t *list = n ? json_array() : NULL;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(names[i]));
    if (list)
        json_object_set_new(json, "waits_for", list);
}

json_t *application_public(struct exchange *x, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    json_t *devices = json_array();
    for (size_t i = 0; i < a->device_count; i++)
        json_array_append_new(devices, json_device(x, &a->devices[i]));
    bool open = application_open(a);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o}",
                  "number", number, "receipt", a->receipt, "kind", kind_info(a->kind)->name,
                  "state", application_state_name(a->state), "appeal", a->appeal, "filed_at",
                  json_instant(a->filed_s), "due_at", json_instant(open ? a->due_s : 0),
                  "decided_at", json_instant(a->decided_s), "way", way_name(a->way), "document",
                  a->document, "country", a->country, "entered", json_day(a->entered), "devices",
                  devices, "events", json_events(a), "papers", json_papers(a));
    if (json && a->traveller)
        json_object_set_new(json, "traveller",
                            json_pack("{s:o}", "consented_at", json_instant(a->consented_s)));
    json_object_set_new(json, "file", application_file(x, a));
    if (a->corrects) {
        application_number_corrected(a, number);
        json_object_set_new(
            json, "corrects",
            json_pack("{s:s, s:s}", "number", number, "ground", ground_name(a->ground)));
    }
    put_waits_for(json, a);
    return json;
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
                         const struct person *applicant, int64_t now_s)
{
    json_t *json = application_public(x, a), *devices = json_object_get(json, "devices");
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

enum err json_member_text(const json_t *object, const char *name, struct str *out,
                          struct fault *fault)
{
    const json_t *v = json_object_get(object, name);
    *out = json_text_of(object, name);
    if (!v || json_is_string(v) || json_is_null(v))
        return ERR_OK;
    fault_field(fault, "%s", name);
    return fault_set(fault, ERR_USAGE, "a text");
}

enum err json_member_short(const json_t *object, const char *name, size_t size, char *out,
                           struct fault *fault)
{
    struct str text;
    enum err err = json_member_text(object, name, &text, fault);
    if (err)
        return err;
    if (text.n >= size) {
        fault_field(fault, "%s", name);
        return fault_set(fault, ERR_TOO_LONG, "at most %zu bytes", size - 1);
    }
    str_copy(out, size, text);
    return ERR_OK;
}

static enum err read_imei(const json_t *item, struct imei *out, struct fault *fault)
{
    struct str typed = {json_string_value(item), json_string_length(item)};
    if (!json_is_string(item))
        return fault_set(fault, ERR_USAGE, "a text of 14 to 16 digits");
    enum err err = imei_parse_typed(typed, out);
    return err ? fault_set(fault, err, "14 to 16 digits, the check digit right") : ERR_OK;
}

enum err json_member_imeis(const json_t *device, const char *name,
                           struct imei out[LIMIT_DEVICE_IMEIS], uint8_t *out_n, struct fault *fault)
{
    const json_t *list = json_object_get(device, name);
    size_t n = json_array_size(list);
    enum err err = ERR_OK;
    if (list && !json_is_array(list) && !json_is_null(list))
        err = fault_set(fault, ERR_USAGE, "a list of texts");
    else if (n > LIMIT_DEVICE_IMEIS)
        err = fault_set(fault, ERR_DEVICE_IMEIS, "%zu IMEIs, not 1 to %d", n, LIMIT_DEVICE_IMEIS);
    if (err)
        fault_field(fault, "%s", name);
    for (size_t i = 0; !err && i < n; i++) {
        err = read_imei(json_array_get(list, i), &out[i], fault);
        if (err)
            fault_field(fault, "%s[%zu]", name, i);
    }
    *out_n = (uint8_t)n;
    return err;
}

static enum err read_device(const json_t *json, struct case_device *out, struct fault *fault)
{
    *out = (struct case_device){0};
    if (!json_is_object(json))
        return fault_set(fault, ERR_USAGE, "an object");
    enum err err = json_member_imeis(json, "imeis", out->is.imeis, &out->is.count, fault);
    if (!err)
        err = json_member_imeis(json, "old_imeis", out->is.old, &out->is.old_count, fault);
    if (!err)
        err = json_member_short(json, "brand", sizeof out->brand, out->brand, fault);
    return err ? err : json_member_short(json, "model", sizeof out->model, out->model, fault);
}

static enum err read_devices(const json_t *list, struct case_device *devices, size_t *out_n,
                             struct fault *fault)
{
    size_t n = json_array_size(list);
    enum err err = ERR_OK;
    if (!json_is_array(list))
        err = fault_set(fault, ERR_USAGE, "a list of devices");
    else if (n > FILING_DEVICES_MAX)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d; more come as a file", FILING_DEVICES_MAX);
    if (err)
        fault_field(fault, "devices");
    for (size_t i = 0; !err && i < n; i++) {
        err = read_device(json_array_get(list, i), &devices[i], fault);
        if (err)
            fault_field(fault, "devices[%zu]", i);
    }
    *out_n = n;
    return err;
}

/* The words of closed lists, and the day. */
static enum err read_words(const json_t *body, struct filing *out, struct fault *fault)
{
    struct str kind, way, entered;
    enum err err = json_member_text(body, "kind", &kind, fault);
    if (!err && !kind_find(kind, &out->kind)) {
        fault_field(fault, "kind");
        err = fault_set(fault, ERR_USAGE, "no kind of application");
    }
    if (!err)
        err = json_member_text(body, "way", &way, fault);
    if (!err && !way_find(way, &out->way)) {
        fault_field(fault, "way");
        err = fault_set(fault, ERR_USAGE, "no way into the country");
    }
    if (!err)
        err = json_member_text(body, "entered", &entered, fault);
    if (!err && entered.n && daynum_parse(entered, &out->entered)) {
        fault_field(fault, "entered");
        err = fault_set(fault, ERR_DATE, "a day as YYYY-MM-DD");
    }
    return err;
}

/* {"consent": ID}: the code by which he consented says who he is; his IIN, where it is told as well, is compared by
 * nobody. */
static enum err read_traveller(const json_t *traveller, struct filing *out, struct fault *fault)
{
    if (!traveller || json_is_null(traveller))
        return ERR_OK;
    enum err err = json_is_object(traveller)
                       ? json_member_text(traveller, "consent", &out->consent, fault)
                       : fault_set(fault, ERR_USAGE, "an object");
    if (!err && !out->consent.n)
        err = fault_set(fault, ERR_USAGE, "the id of his consent");
    if (err && !json_is_object(traveller))
        fault_field(fault, "traveller");
    else if (err)
        fault_field(fault, "traveller.consent");
    return err;
}

static enum err read_paper_id(const json_t *id, struct paper_id *out, struct fault *fault)
{
    struct str text = {json_string_value(id), json_string_length(id)};
    if (!json_is_string(id))
        return fault_set(fault, ERR_USAGE, "the id of a paper");
    return paper_id_parse(text, out) ? ERR_OK : fault_set(fault, ERR_PAPER, "the id of a paper");
}

enum err json_paper_ids(const json_t *body, struct paper_id *out, size_t *out_n,
                        struct fault *fault)
{
    const json_t *list = json_object_get(body, "papers");
    enum err err = ERR_OK;
    *out_n = json_array_size(list);
    if (list && !json_is_array(list) && !json_is_null(list))
        err = fault_set(fault, ERR_USAGE, "a list of papers that were sent before");
    if (err)
        fault_field(fault, "papers");
    else if (*out_n > LIMIT_PAPERS)
        err = fault_set(fault, ERR_TOO_MANY, "at most %d papers", LIMIT_PAPERS);
    for (size_t i = 0; !err && i < *out_n; i++) {
        err = read_paper_id(json_array_get(list, i), &out[i], fault);
        if (err)
            fault_field(fault, "papers[%zu]", i);
    }
    return err;
}

json_t *application_brief(const struct application *a)
{
    return json_pack("{s:s, s:s, s:o, s:o}", "kind", kind_info(a->kind)->name, "state",
                     application_state_name(a->state), "due_at",
                     json_instant(application_open(a) ? a->due_s : 0), "decided_at",
                     json_instant(a->decided_s));
}

enum err application_wish(const json_t *body, struct case_device *devices, struct filing *out,
                          struct fault *fault)
{
    *out = (struct filing){.devices = devices, .entered = DAYNUM_NONE};
    enum err err = read_words(body, out, fault);
    if (!err)
        err = json_member_text(body, "document", &out->document, fault);
    if (!err)
        err = json_member_text(body, "country", &out->country, fault);
    if (!err)
        err = read_traveller(json_object_get(body, "traveller"), out, fault);
    return err ? err
               : read_devices(json_object_get(body, "devices"), devices, &out->device_count, fault);
}
