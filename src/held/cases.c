/* SPDX-License-Identifier: Apache-2.0
 *
 * What people have left: applications, requests, complaints, messages, papers, codes, powers of attorney. They are found by
 * opening each sealed record of their kind: what ended stands in no list by IMEI. */
#include <stdlib.h>
#include <string.h>

#include "cases/application.h"
#include "cases/bulk_list.h"
#include "cases/complaint.h"
#include "cases/demand.h"
#include "cases/message.h"
#include "cases/paper.h"
#include "cases/paper_kind.h"
#include "held/inside.h"

/* ---- which applications, requests, complaints ---- */

static void remember_number(struct held_run *run, const char *number)
{
    held_remember(run, &run->numbers, held_number_hash(str_z(number)));
}

static void found_application(struct held_pass *p, const struct record *record, json_t *json)
{
    (void)json;
    held_remember(p->run, &p->run->applications, record_key_last(record->key));
}

static void found_request(struct held_pass *p, const struct record *record, json_t *json)
{
    char number[APPLICATION_NUMBER_TEXT];
    uint64_t id = record_key_last(record->key);
    held_remember(p->run, &p->run->requests, id);
    claim_number(CLAIM_REQUEST, json_number_of(json, "filed_s"), id, number);
    remember_number(p->run, number);
}

static void found_complaint(struct held_pass *p, const struct record *record, json_t *json)
{
    char number[APPLICATION_NUMBER_TEXT];
    uint64_t id = record_key_last(record->key);
    held_remember(p->run, &p->run->complaints, id);
    claim_number(CLAIM_COMPLAINT, json_number_of(json, "filed_s"), id, number);
    remember_number(p->run, number);
}

/* Does the list of a file have the IMEI? One part of it is opened. */
struct list_look {
    struct held_run *run;
    bool has;
};

static bool look_into(void *ctx, const struct record *record)
{
    struct list_look *l = ctx;
    struct buf plain = {0};
    uint64_t body = 0, wanted = l->run->ask->imei.body;
    l->run->err = record_unseal(l->run->reg, record->key, record->value, &plain, l->run->fault);
    struct rd rd = rd_of(plain.p, plain.n);
    while (!l->run->err && body < wanted && rd_left(&rd)) {
        body += rd_varint(&rd);
        if (rd.failed)
            l->run->err = ERR_CODEC;
    }
    l->has = !l->run->err && body == wanted;
    buf_release(&plain);
    return false;
}

static enum err file_has(struct held_run *run, uint64_t upload, bool *out)
{
    struct list_look look = {.run = run};
    struct record_key from = bulk_imeis_key(upload, run->ask->imei.body);
    struct record_key prefix = record_key_of(RECORD_BULK_IMEIS, upload);
    struct record_key to = record_key_past(&prefix);
    enum err err = store_records(run->reg->store, record_key_str(&from), record_key_str(&to),
                                 look_into, &look, run->fault);
    err = err ? err : run->err;
    if (!err)
        *out = look.has;
    return err;
}

static bool take_id(void *ctx, const struct record *record)
{
    struct held_run *run = ctx;
    return held_remember(run, &run->uploads, record_key_last(record->key));
}

/* Files that name the IMEI: of all of them, those that do stay. */
static enum err find_files(struct held_run *run)
{
    struct record_key from = record_key(RECORD_UPLOAD), to = record_key_past(&from);
    enum err err = store_records(run->reg->store, record_key_str(&from), record_key_str(&to),
                                 take_id, run, run->fault);
    size_t all = run->uploads.n;
    run->uploads.n = 0;
    for (size_t i = 0; !err && i < all && !held_over(run); i++) {
        bool has = false;
        err = file_has(run, run->uploads.p[i], &has);
        if (!err && has)
            run->uploads.p[run->uploads.n++] = run->uploads.p[i];
    }
    return err ? err : run->err;
}

static enum err upload_json(struct held_run *run, uint64_t id, json_t **out)
{
    struct record_key key = record_key_of(RECORD_UPLOAD, id);
    return record_get_json(run->reg, &key, out, run->fault);
}

/* Applications that were made of these files. */
static enum err applications_of_files(struct held_run *run)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < run->uploads.n; i++) {
        json_t *json = NULL;
        err = upload_json(run, run->uploads.p[i], &json);
        uint64_t id = err ? 0 : (uint64_t)json_number_of(json, "application");
        if (id)
            held_remember(run, &run->applications, id);
        json_decref(json);
    }
    held_ids_sort(&run->applications);
    return err ? err : run->err;
}

static enum err number_applications(struct held_run *run)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < run->applications.n; i++) {
        struct application a;
        char number[APPLICATION_NUMBER_TEXT];
        err = application_get(run->reg, run->applications.p[i], &a, run->fault);
        if (err == ERR_NOT_FOUND) {
            err = ERR_OK;
            continue;
        }
        if (err)
            break;
        application_number(&a, number);
        remember_number(run, number);
        application_release(&a);
    }
    return err ? err : run->err;
}

enum err held_find_cases(struct held_run *run)
{
    enum err err = ERR_OK;
    bool by_imei = run->ask->by == HELD_BY_IMEI, by_person = run->ask->by == HELD_BY_PERSON;
    if (run->ask->by == HELD_BY_IMSI)
        return ERR_OK;
    err = held_pass_over(run, RECORD_CASE, found_application, false);
    if (!err && by_imei)
        err = find_files(run);
    if (!err && by_imei)
        err = applications_of_files(run);
    if (!err && (by_imei || by_person))
        err = held_pass_over(run, RECORD_DEMAND, found_request, false);
    if (!err && (by_imei || by_person))
        err = held_pass_over(run, RECORD_COMPLAINT, found_complaint, false);
    if (!err)
        err = number_applications(run);
    held_ids_sort(&run->requests);
    held_ids_sort(&run->complaints);
    held_ids_sort(&run->numbers);
    return err;
}

/* ---- applications ---- */

static json_t *paper_json(const struct case_paper *p)
{
    return json_pack("{s:s, s:s, s:I, s:o}", "name", p->name, "kind", paper_extension(p->kind),
                     "bytes", (json_int_t)p->bytes, "added", held_instant(p->added_s));
}

static json_t *papers_json(const struct case_paper *papers, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, paper_json(&papers[i]));
    return list;
}

static json_t *device_json(const struct case_device *d)
{
    const char *refusal = d->refusal ? refusal_name(d->refusal) : NULL;
    return json_pack("{s:o, s:o, s:s, s:s, s:b, s:b, s:s?}", "imeis",
                     held_imeis(d->is.imeis, d->is.count), "taken_out",
                     held_imeis(d->is.old, d->is.old_count), "brand", d->brand, "model", d->model,
                     "decided", d->decided, "approved", d->approved, "refusal", refusal);
}

static json_t *step_json(const struct held_run *run, const struct case_event *e, bool state)
{
    return json_pack("{s:o, s:s?, s:o, s:s}", "at", held_instant(e->time_s), "state",
                     state ? application_state_name(e->state) : NULL, "by",
                     held_name(run, e->actor), "note", e->note);
}

static json_t *application_held(const struct held_run *run, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT];
    json_t *devices = json_array(), *events = json_array(), *remarks = json_array();
    application_number(a, number);
    for (size_t i = 0; i < a->device_count; i++)
        json_array_append_new(devices, device_json(&a->devices[i]));
    for (size_t i = 0; i < a->event_count; i++)
        json_array_append_new(events, step_json(run, &a->events[i], true));
    for (size_t i = 0; i < a->remark_count; i++)
        json_array_append_new(remarks, step_json(run, &a->remarks[i], false));
    json_t *of_file = json_pack("{s:I, s:I}", "devices", (json_int_t)a->bulk_devices, "imeis",
                                (json_int_t)a->bulk_imeis);
    json_t *json = json_pack(
        "{s:s, s:s?, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s}",
        "number", number, "kind", approval_kind_name(a->kind), "state",
        application_state_name(a->state), "way", way_name(a->way), "appeal", a->appeal, "applicant",
        held_name(run, a->applicant), "filed_by", held_name(run, a->filed_by), "traveller",
        held_name(run, a->traveller), "decided_by", held_name(run, a->decided_by), "filed",
        held_instant(a->filed_s), "due", held_instant(a->due_s), "decided",
        held_instant(a->decided_s), "document", a->document, "country", a->country, "entered",
        held_day(a->entered), "language", a->language, "msisdn", a->msisdn);
    json_object_set_new(json, "devices", devices);
    json_object_set_new(json, "events", events);
    json_object_set_new(json, "remarks", remarks);
    json_object_set_new(json, "papers", papers_json(a->papers, a->paper_count));
    json_object_set_new(json, "file", a->upload ? of_file : json_null());
    if (!a->upload)
        json_decref(of_file);
    return json;
}

enum err held_put_applications(struct held_run *run)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < run->applications.n && !held_over(run); i++) {
        struct application a;
        err = application_get(run->reg, run->applications.p[i], &a, run->fault);
        if (!err) {
            held_item(run, application_held(run, &a));
            application_release(&a);
        }
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return err;
}

/* ---- requests and complaints: as they stand, with the words of their codes ---- */

static json_t *claim_held(const struct held_pass *p, enum claim_kind kind,
                          const struct record *record, const json_t *json)
{
    char number[APPLICATION_NUMBER_TEXT];
    json_t *item = held_plain(p->run, json);
    claim_number(kind, json_number_of(json, "filed_s"), record_key_last(record->key), number);
    json_object_set_new(item, "number", json_string(number));
    return item;
}

/* The code that a member holds is written as its word. */
static void put_word(json_t *item, const json_t *json, const char *member,
                     const char *(*word)(uint8_t code))
{
    json_object_set_new(item, member, json_string(word((uint8_t)json_number_of(json, member))));
}

static void put_request(struct held_pass *p, const struct record *record, json_t *json)
{
    json_t *item = claim_held(p, CLAIM_REQUEST, record, json);
    put_word(item, json, "state", demand_state_name);
    put_word(item, json, "answer", demand_answer_name);
    held_item(p->run, item);
}

enum err held_put_requests(struct held_run *run)
{
    return run->requests.n ? held_pass_over(run, RECORD_DEMAND, put_request, false) : ERR_OK;
}

static void put_complaint(struct held_pass *p, const struct record *record, json_t *json)
{
    json_t *item = claim_held(p, CLAIM_COMPLAINT, record, json);
    put_word(item, json, "outcome", outcome_name);
    held_item(p->run, item);
}

enum err held_put_complaints(struct held_run *run)
{
    return run->complaints.n ? held_pass_over(run, RECORD_COMPLAINT, put_complaint, false) : ERR_OK;
}

/* ---- messages ---- */

static void put_message(struct held_pass *p, const struct record *record, json_t *json)
{
    daynum due = (daynum)json_number_of(json, "due");
    json_t *item = held_plain(p->run, json), *refusals = json_array();
    const json_t *codes = json_object_get(json, "refusals");
    uint64_t to = record->key.n >= 9 ? get_be((const uint8_t *)record->key.p + 1, 8) : 0;
    for (size_t i = 0; i < json_array_size(codes); i++)
        json_array_append_new(
            refusals,
            json_string(refusal_name((uint8_t)json_integer_value(json_array_get(codes, i)))));
    json_object_set_new(item, "to", held_name(p->run, to));
    json_object_set_new(item, "what",
                        json_string(message_name((uint8_t)json_number_of(json, "code"))));
    json_object_set_new(item, "refusals", refusals);
    json_object_set_new(item, "at", held_instant(json_number_of(json, "at")));
    json_object_set_new(item, "due", daynum_is_day(due) ? held_day(due) : json_null());
    json_object_del(item, "code");
    held_item(p->run, item);
}

enum err held_put_messages(struct held_run *run)
{
    return held_pass_over(run, RECORD_MESSAGE, put_message, true);
}

/* ---- files of devices, drafts ---- */

static void put_upload(struct held_pass *p, const struct record *record, json_t *json)
{
    (void)record;
    held_item(p->run, held_plain(p->run, json));
}

enum err held_put_files(struct held_run *run)
{
    if (run->ask->by == HELD_BY_PERSON)
        return held_pass_over(run, RECORD_UPLOAD, put_upload, false);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < run->uploads.n; i++) {
        json_t *json = NULL;
        err = upload_json(run, run->uploads.p[i], &json);
        if (!err)
            held_item(run, held_plain(run, json));
        json_decref(json);
    }
    return err;
}

enum err held_put_drafts(struct held_run *run)
{
    return held_pass_over(run, RECORD_DRAFT, held_put_plain, true);
}
