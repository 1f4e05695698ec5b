/* SPDX-License-Identifier: Apache-2.0
 *
 * An application as JSON, and back: what its record holds. Names are stored, so they never change. */
#include "cases/application_json.h"

#include <stdlib.h>

#include <sodium.h>

json_t *case_imeis_json(const struct imei *imeis, unsigned n)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(list, json_integer((json_int_t)imeis[i].body));
    return list;
}

uint8_t case_imeis_read(const json_t *list, struct imei out[LIMIT_DEVICE_IMEIS])
{
    size_t n = json_array_size(list);
    n = n > LIMIT_DEVICE_IMEIS ? LIMIT_DEVICE_IMEIS : n;
    for (size_t i = 0; i < n; i++)
        out[i].body = (uint64_t)json_integer_value(json_array_get(list, i));
    return (uint8_t)n;
}

static json_t *device_json(const struct case_device *d)
{
    json_t *json = json_pack("{s:o, s:o, s:s, s:s, s:i, s:b, s:b, s:i}", "imeis",
                             case_imeis_json(d->is.imeis, d->is.count), "old",
                             case_imeis_json(d->is.old, d->is.old_count), "brand", d->brand,
                             "model", d->model, "findings", (int)d->findings, "decided", d->decided,
                             "approved", d->approved, "refusal", d->refusal);
    if (json && d->customs_line)
        json_object_set_new(json, "line", json_integer((json_int_t)d->customs_line));
    return json;
}

static void device_read(const json_t *json, struct case_device *out)
{
    *out = (struct case_device){.findings = (uint32_t)json_number_of(json, "findings"),
                                .decided = json_is_true(json_object_get(json, "decided")),
                                .approved = json_is_true(json_object_get(json, "approved")),
                                .refusal = (uint8_t)json_number_of(json, "refusal"),
                                .customs_line = (uint32_t)json_number_of(json, "line")};
    out->is.count = case_imeis_read(json_object_get(json, "imeis"), out->is.imeis);
    out->is.old_count = case_imeis_read(json_object_get(json, "old"), out->is.old);
    str_copy(out->brand, sizeof out->brand, json_text_of(json, "brand"));
    str_copy(out->model, sizeof out->model, json_text_of(json, "model"));
}

static json_t *event_json(const struct case_event *e)
{
    return json_pack("{s:I, s:i, s:I, s:s}", "time", (json_int_t)e->time_s, "state", e->state,
                     "actor", (json_int_t)e->actor, "note", e->note);
}

static void event_read(const json_t *json, struct case_event *out)
{
    *out = (struct case_event){.time_s = json_number_of(json, "time"),
                               .state = (uint8_t)json_number_of(json, "state"),
                               .actor = (uint64_t)json_number_of(json, "actor")};
    str_copy(out->note, sizeof out->note, json_text_of(json, "note"));
}

json_t *case_paper_json(const struct case_paper *p)
{
    char id[PAPER_ID_TEXT];
    sodium_bin2hex(id, sizeof id, p->id.bytes, PAPER_ID);
    return json_pack("{s:s, s:i, s:I, s:I, s:s}", "id", id, "kind", p->kind, "bytes",
                     (json_int_t)p->bytes, "added", (json_int_t)p->added_s, "name", p->name);
}

void case_paper_read(const json_t *json, struct case_paper *out)
{
    struct str id = json_text_of(json, "id");
    size_t n = 0;
    *out = (struct case_paper){.kind = (uint8_t)json_number_of(json, "kind"),
                               .bytes = (uint32_t)json_number_of(json, "bytes"),
                               .added_s = json_number_of(json, "added")};
    (void)sodium_hex2bin(out->id.bytes, PAPER_ID, id.p, id.n, NULL, &n, NULL);
    str_copy(out->name, sizeof out->name, json_text_of(json, "name"));
}

/* Of cases/second.h: NULL stays JSON's null. */
static json_t *proposal_json(const struct application *a)
{
    if (!a->proposal)
        return json_null();
    json_t *devices = json_array();
    for (size_t i = 0; i < a->device_count; i++) {
        const struct case_proposed *p = &a->proposal->devices[i];
        json_t *seen = json_array();
        for (unsigned k = 0; k < sizeof p->seen / sizeof *p->seen; k++)
            json_array_append_new(seen, json_integer((json_int_t)p->seen[k]));
        json_array_append_new(devices,
                              json_pack("{s:b, s:i, s:i, s:o}", "approve", p->approve, "refusal",
                                        p->refusal, "lifts", (int)p->lifts, "seen", seen));
    }
    return json_pack("{s:I, s:I, s:s, s:o}", "by", (json_int_t)a->proposal->by, "at",
                     (json_int_t)a->proposal->at_s, "note", a->proposal->note, "devices", devices);
}

static enum err proposal_read(const json_t *json, struct application *a)
{
    const json_t *devices = json_object_get(json, "devices");
    if (!json_is_object(json))
        return ERR_OK;
    if (json_array_size(devices) != a->device_count)
        return ERR_CODEC;
    struct case_proposal *p = a->proposal = calloc(1, sizeof *p);
    if (p)
        p->devices = calloc(a->device_count + 1, sizeof *p->devices);
    if (!p || !p->devices)
        return ERR_MEMORY;
    p->by = (uint64_t)json_number_of(json, "by");
    p->at_s = json_number_of(json, "at");
    str_copy(p->note, sizeof p->note, json_text_of(json, "note"));
    for (size_t i = 0; i < a->device_count; i++) {
        const json_t *one = json_array_get(devices, i), *seen = json_object_get(one, "seen");
        struct case_proposed *d = &p->devices[i];
        d->approve = json_is_true(json_object_get(one, "approve"));
        d->refusal = (uint8_t)json_number_of(one, "refusal");
        d->lifts = (uint32_t)json_number_of(one, "lifts");
        for (unsigned k = 0; k < sizeof d->seen / sizeof *d->seen; k++)
            d->seen[k] = (uint64_t)json_integer_value(json_array_get(seen, k));
    }
    return ERR_OK;
}

json_t *application_to_json(const struct application *a)
{
    json_t *devices = json_array(), *events = json_array(), *remarks = json_array();
    json_t *papers = json_array();
    for (size_t i = 0; i < a->device_count; i++)
        json_array_append_new(devices, device_json(&a->devices[i]));
    for (size_t i = 0; i < a->event_count; i++)
        json_array_append_new(events, event_json(&a->events[i]));
    for (size_t i = 0; i < a->paper_count; i++)
        json_array_append_new(papers, case_paper_json(&a->papers[i]));
    for (size_t i = 0; i < a->remark_count; i++)
        json_array_append_new(remarks, event_json(&a->remarks[i]));
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "devices", devices,
        "events", events, "papers", papers, "remarks", remarks, "proposal", proposal_json(a),
        "document", a->document, "country", a->country, "receipt", a->receipt, "language",
        a->language, "bulk_digest", a->bulk_digest, "msisdn", a->msisdn, "consent", a->consent);
    bool whole = json && json_array_size(devices) == a->device_count &&
                 json_array_size(events) == a->event_count &&
                 json_array_size(papers) == a->paper_count &&
                 json_array_size(remarks) == a->remark_count;
#define X(name)                                                                                    \
    whole = whole && json_object_set_new(json, #name, json_integer((json_int_t)a->name)) == 0;
#include "cases/application.def"
#undef X
    if (!whole)
        json_decref(json);
    return whole ? json : NULL;
}

enum err application_from_json(const json_t *json, struct application *out, struct fault *fault)
{
    const json_t *devices = json_object_get(json, "devices"),
                 *events = json_object_get(json, "events"),
                 *papers = json_object_get(json, "papers"), /* none before there were any */
                     *remarks = json_object_get(json, "remarks");
    struct application a = {0};
#define X(name) a.name = (__typeof__(a.name))json_number_of(json, #name);
#include "cases/application.def"
#undef X
    str_copy(a.document, sizeof a.document, json_text_of(json, "document"));
    str_copy(a.country, sizeof a.country, json_text_of(json, "country"));
    str_copy(a.receipt, sizeof a.receipt, json_text_of(json, "receipt"));
    str_copy(a.language, sizeof a.language, json_text_of(json, "language"));
    str_copy(a.bulk_digest, sizeof a.bulk_digest, json_text_of(json, "bulk_digest"));
    str_copy(a.msisdn, sizeof a.msisdn, json_text_of(json, "msisdn"));
    str_copy(a.consent, sizeof a.consent, json_text_of(json, "consent"));
    a.device_count = json_array_size(devices);
    a.event_count = json_array_size(events);
    a.paper_count = json_array_size(papers);
    a.remark_count = json_array_size(remarks);
    a.devices = calloc(a.device_count + 1, sizeof *a.devices);
    a.events = calloc(a.event_count + 1, sizeof *a.events);
    a.papers = calloc(a.paper_count + 1, sizeof *a.papers);
    a.remarks = calloc(a.remark_count + 1, sizeof *a.remarks);
    bool room = a.devices && a.events && a.papers && a.remarks;
    enum err err = room ? proposal_read(json_object_get(json, "proposal"), &a) : ERR_MEMORY;
    if (err || !kind_info(a.kind) || !*application_state_name(a.state)) {
        err = err ? err : ERR_CODEC;
        application_release(&a);
        return fault_set(fault, err, "an application cannot be read");
    }
    for (size_t i = 0; i < a.device_count; i++)
        device_read(json_array_get(devices, i), &a.devices[i]);
    for (size_t i = 0; i < a.event_count; i++)
        event_read(json_array_get(events, i), &a.events[i]);
    for (size_t i = 0; i < a.paper_count; i++)
        case_paper_read(json_array_get(papers, i), &a.papers[i]);
    for (size_t i = 0; i < a.remark_count; i++)
        event_read(json_array_get(remarks, i), &a.remarks[i]);
    *out = a;
    return ERR_OK;
}

enum err application_get(struct registry *reg, uint64_t id, struct application *out,
                         struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_CASE, id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (!err)
        err = application_from_json(json, out, fault);
    json_decref(json);
    return err;
}
