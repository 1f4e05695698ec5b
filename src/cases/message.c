/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/message.h"

static const struct {
    const char *name, *text;
} codes[MESSAGE_CODE_COUNT] = {
#define MESSAGE(code, name, text) [code] = {text, #name},
#include "cases/message.def"
#undef MESSAGE
};

const char *message_name(uint8_t code)
{
    return code < MESSAGE_CODE_COUNT && codes[code].name ? codes[code].name : "";
}

const char *message_text(uint8_t code)
{
    return code < MESSAGE_CODE_COUNT && codes[code].text ? codes[code].text : "";
}

static struct record_key key_of(enum record_kind kind, uint64_t party, uint64_t number)
{
    struct record_key key = record_key_of(kind, party);
    record_key_number(&key, ~number, 8); /* newest first */
    return key;
}

/* ---- telling ---- */

static const struct case_event *last_event(const struct application *a)
{
    return a->event_count ? &a->events[a->event_count - 1] : NULL;
}

/* What an application is that was open and is no more; nothing of what its applicant ended himself. */
static uint8_t code_of_end(const struct application *before, const struct application *after)
{
    const struct case_event *event = last_event(after);
    size_t refused = 0;
    if (before->state == APPLICATION_PAPERS_ASKED)
        return event && !event->actor ? MESSAGE_CLOSED : MESSAGE_NONE;
    if (after->state != APPLICATION_APPROVED && after->state != APPLICATION_REFUSED)
        return MESSAGE_NONE;
    for (size_t i = 0; i < after->device_count; i++)
        refused += !after->devices[i].approved;
    if (!after->appeal)
        return !refused                              ? MESSAGE_APPROVED
               : after->state == APPLICATION_REFUSED ? MESSAGE_REFUSED
                                                     : MESSAGE_PARTLY;
    if (after->decided_by == before->decided_by)
        return MESSAGE_NONE; /* the appeal was taken back; another officer decides one */
    for (size_t i = 0; i < after->device_count; i++)
        if (after->devices[i].approved && !before->devices[i].approved)
            return refused ? MESSAGE_PARTLY : MESSAGE_APPEAL_APPROVED;
    return MESSAGE_APPEAL_REFUSED;
}

static uint8_t code_of(const struct application *before, const struct application *after)
{
    if (!before)
        return MESSAGE_FILED;
    if (application_open(before) && !application_open(after))
        return code_of_end(before, after);
    bool asked = after->state == APPLICATION_PAPERS_ASKED && before->state != after->state;
    return asked ? MESSAGE_PAPERS_ASKED : MESSAGE_NONE;
}

static void add_refusal(struct message *m, uint8_t refusal)
{
    for (unsigned i = 0; i < m->refusal_count; i++)
        if (m->refusals[i] == refusal)
            return;
    if (refusal && m->refusal_count < REFUSAL_COUNT)
        m->refusals[m->refusal_count++] = refusal;
}

static void fill(const struct registry *reg, const struct application *a, uint8_t code,
                 struct message *out)
{
    const struct case_event *event = last_event(a);
    *out = (struct message){.party = a->applicant, .code = code, .due = DAYNUM_NONE};
    application_number(a, out->application);
    str_copy(out->language, sizeof out->language, str_z(a->language));
    str_copy(out->msisdn, sizeof out->msisdn, str_z(a->msisdn));
    if (event)
        out->at_s = event->time_s;
    if (event && code != MESSAGE_FILED)
        str_copy(out->note, sizeof out->note, str_z(event->note));
    if (code == MESSAGE_PAPERS_ASKED)
        out->due = zone_day(&reg->zone, a->due_s);
    for (size_t i = 0; !application_open(a) && i < a->device_count; i++)
        if (a->devices[i].decided && !a->devices[i].approved)
            add_refusal(out, a->devices[i].refusal);
}

/* Names are stored, so they never change. */
static enum err put(struct registry *reg, const struct message *m, struct fault *fault)
{
    struct record_key key = key_of(RECORD_MESSAGE, m->party, m->number);
    json_t *refusals = json_array();
    for (unsigned i = 0; i < m->refusal_count; i++)
        json_array_append_new(refusals, json_integer(m->refusals[i]));
    json_t *json = json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:o}", "code", m->code,
                             "application", m->application, "language", m->language, "msisdn",
                             m->msisdn, "at", (json_int_t)m->at_s, "due", (json_int_t)m->due,
                             "note", m->note, "bin", m->bin, "refusals", refusals);
    bool whole = json && json_array_size(refusals) == m->refusal_count;
    enum err err = whole ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err;
}

enum err message_tell(struct registry *reg, const struct application *before,
                      const struct application *after, struct fault *fault)
{
    struct message m;
    uint8_t code = code_of(before, after);
    if (!code)
        return ERR_OK;
    fill(reg, after, code, &m);
    return message_say(reg, &m, fault);
}

enum err message_say(struct registry *reg, struct message *m, struct fault *fault)
{
    uint8_t to[16];
    enum err err = record_count(reg, "message", &m->number, fault);
    if (!err)
        err = put(reg, m, fault);
    struct record_key unread = key_of(RECORD_UNREAD, m->party, m->number);
    if (!err)
        err = record_put(reg, &unread, STR(""), fault);
    struct record_key out = record_key_of(RECORD_OUTBOX, m->number);
    put_be(to, m->party, 8);
    put_be(to + 8, (uint64_t)m->at_s, 8);
    return err ? err : record_put(reg, &out, (struct str){(const char *)to, sizeof to}, fault);
}

/* ---- reading ---- */

enum err message_get(struct registry *reg, uint64_t party, uint64_t number, struct message *out,
                     struct fault *fault)
{
    struct record_key key = key_of(RECORD_MESSAGE, party, number);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    *out = (struct message){.number = number,
                            .party = party,
                            .code = (uint8_t)json_number_of(json, "code"),
                            .at_s = json_number_of(json, "at"),
                            .due = (daynum)json_number_of(json, "due")};
    str_copy(out->application, sizeof out->application, json_text_of(json, "application"));
    str_copy(out->language, sizeof out->language, json_text_of(json, "language"));
    str_copy(out->msisdn, sizeof out->msisdn, json_text_of(json, "msisdn"));
    str_copy(out->note, sizeof out->note, json_text_of(json, "note"));
    str_copy(out->bin, sizeof out->bin, json_text_of(json, "bin"));
    const json_t *refusals = json_object_get(json, "refusals");
    for (size_t i = 0; i < json_array_size(refusals); i++)
        add_refusal(out, (uint8_t)json_integer_value(json_array_get(refusals, i)));
    json_decref(json);
    return *message_name(out->code) ? ERR_OK
                                    : fault_set(fault, ERR_CODEC, "a message cannot be read");
}

enum err message_list(struct registry *reg, uint64_t party, uint64_t after, uint64_t *out,
                      size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key prefix = record_key_of(RECORD_MESSAGE, party), from = prefix;
    record_key_number(&from, ~after, 8);
    enum err err = record_numbers(reg, &prefix, after ? &from : NULL, out, max, out_n, fault);
    for (size_t i = 0; i < *out_n; i++)
        out[i] = ~out[i];
    return err;
}

enum err message_unread(struct registry *reg, uint64_t party, uint64_t number, bool *out,
                        struct fault *fault)
{
    struct record_key key = key_of(RECORD_UNREAD, party, number);
    return record_find(reg, &key, NULL, out, fault);
}

enum err message_count_unread(struct registry *reg, uint64_t party, size_t *out,
                              struct fault *fault)
{
    uint64_t numbers[MESSAGES_UNREAD_MOST];
    struct record_key prefix = record_key_of(RECORD_UNREAD, party);
    return record_numbers(reg, &prefix, NULL, numbers, MESSAGES_UNREAD_MOST, out, fault);
}

static enum err drop_unread(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    return record_drop(reg, c->ctx, fault);
}

enum err message_read(const struct office *office, uint64_t party, uint64_t number,
                      struct fault *fault)
{
    struct record_key key = key_of(RECORD_MESSAGE, party, number),
                      unread = key_of(RECORD_UNREAD, party, number);
    struct commit_case c = {.also = drop_unread, .ctx = &unread};
    bool there = false, waits = false;
    enum err err = record_find(office->registry, &key, NULL, &there, fault);
    if (!err && !there)
        err = fault_set(fault, ERR_NOT_FOUND, "no such message");
    if (!err)
        err = message_unread(office->registry, party, number, &waits, fault);
    return err || !waits ? err : committer_submit(office->committer, &c);
}
