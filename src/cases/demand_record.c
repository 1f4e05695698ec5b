/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/demand_record.h"

#include "cases/application_json.h"
#include "cases/message.h"
#include "cases/step.h"

/* ---- as JSON: names are stored, so they never change ---- */

static json_t *event_json(const struct demand_event *e)
{
    return json_pack("{s:I, s:i, s:i, s:i, s:s}", "time", (json_int_t)e->time_s, "state", e->state,
                     "answer", e->answer, "by", e->by, "note", e->note);
}

static void event_read(const json_t *json, struct demand_event *out)
{
    *out = (struct demand_event){.time_s = json_number_of(json, "time"),
                                 .state = (uint8_t)json_number_of(json, "state"),
                                 .answer = (uint8_t)json_number_of(json, "answer"),
                                 .by = (uint8_t)json_number_of(json, "by")};
    str_copy(out->note, sizeof out->note, json_text_of(json, "note"));
}

static json_t *to_json(const struct demand *r)
{
    json_t *events = json_array(), *papers = json_array();
    for (size_t i = 0; i < r->event_count; i++)
        json_array_append_new(events, event_json(&r->events[i]));
    for (size_t i = 0; i < r->paper_count; i++)
        json_array_append_new(papers, case_paper_json(&r->papers[i]));
    bool whole =
        json_array_size(events) == r->event_count && json_array_size(papers) == r->paper_count;
    json_t *json = json_pack(
        "{s:I, s:i, s:i, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:o, "
        "s:o}",
        "version", (json_int_t)r->version, "state", r->state, "answer", r->answer, "named",
        r->named, "buyer", (json_int_t)r->buyer, "filed_by", (json_int_t)r->filed_by,
        "forwarded_by", (json_int_t)r->forwarded_by, "application", (json_int_t)r->application,
        "application_s", (json_int_t)r->application_s, "what", purchase_to_json(&r->what), "note",
        r->note, "receipt", r->receipt, "language", r->language, "filed_s", (json_int_t)r->filed_s,
        "due_s", (json_int_t)r->due_s, "ended_s", (json_int_t)r->ended_s, "events", events,
        "papers", papers);
    if (whole)
        return json;
    json_decref(json);
    return NULL;
}

static void from_json(const json_t *json, struct demand *out)
{
    const json_t *events = json_object_get(json, "events"),
                 *papers = json_object_get(json, "papers");
    *out = (struct demand){.version = (uint64_t)json_number_of(json, "version"),
                           .state = (uint8_t)json_number_of(json, "state"),
                           .answer = (uint8_t)json_number_of(json, "answer"),
                           .named = json_is_true(json_object_get(json, "named")),
                           .buyer = (uint64_t)json_number_of(json, "buyer"),
                           .filed_by = (uint64_t)json_number_of(json, "filed_by"),
                           .forwarded_by = (uint64_t)json_number_of(json, "forwarded_by"),
                           .application = (uint64_t)json_number_of(json, "application"),
                           .application_s = json_number_of(json, "application_s"),
                           .filed_s = json_number_of(json, "filed_s"),
                           .due_s = json_number_of(json, "due_s"),
                           .ended_s = json_number_of(json, "ended_s")};
    purchase_from_json(json_object_get(json, "what"), &out->what);
    str_copy(out->note, sizeof out->note, json_text_of(json, "note"));
    str_copy(out->receipt, sizeof out->receipt, json_text_of(json, "receipt"));
    str_copy(out->language, sizeof out->language, json_text_of(json, "language"));
    for (size_t i = 0; i < json_array_size(events) && i < DEMAND_EVENTS; i++)
        event_read(json_array_get(events, i), &out->events[out->event_count++]);
    for (size_t i = 0; i < json_array_size(papers) && i < LIMIT_PAPERS; i++)
        case_paper_read(json_array_get(papers, i), &out->papers[out->paper_count++]);
}

enum err demand_get(struct registry *reg, uint64_t id, struct demand *out, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_DEMAND, id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    from_json(json, out);
    out->id = id;
    json_decref(json);
    return *demand_state_name(out->state) ? ERR_OK
                                          : fault_set(fault, ERR_CODEC, "a request is damaged");
}

/* ---- its lists ---- */

static enum err put_new(struct registry *reg, const struct demand *r, struct fault *fault)
{
    struct record_key mine = claim_list_at(CLAIM_ASKED, r->buyer, ~r->id),
                      receipt = claim_receipt(reg, str_z(r->receipt));
    uint8_t id[8];
    put_be(id, r->id, 8);
    enum err err = record_put(reg, &mine, STR(""), fault);
    return err ? err : record_put(reg, &receipt, (struct str){(const char *)id, 8}, fault);
}

static enum err put_lists(struct registry *reg, const struct demand *r, const struct demand *before,
                          struct fault *fault)
{
    bool open = demand_open(r), knows = r->what.seller.party != 0;
    const struct record_key mine = claim_list_at(CLAIM_ASKED_OPEN, r->buyer, r->id),
                            all = claim_list_of(CLAIM_OPEN, r->id),
                            unknown = claim_list_of(CLAIM_UNKNOWN, r->id),
                            waits = claim_list_at(CLAIM_WAITS, (uint64_t)r->due_s, r->id),
                            to = claim_list_at(CLAIM_TO_SELLER, r->what.seller.party, ~r->id);
    enum err err = claim_stands(reg, &mine, open, fault);
    if (!err)
        err = claim_stands(reg, &all, open, fault);
    if (!err)
        err = claim_stands(reg, &unknown, open && !knows, fault);
    if (!err && knows)
        err = claim_stands(reg, &to, true, fault);
    if (!err && before && before->due_s != r->due_s) {
        struct record_key old = claim_list_at(CLAIM_WAITS, (uint64_t)before->due_s, r->id);
        err = claim_stands(reg, &old, false, fault);
    }
    return err ? err : claim_stands(reg, &waits, r->state == DEMAND_SENT, fault);
}

enum err demand_put(struct registry *reg, const struct demand *r, const struct demand *before,
                    struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_DEMAND, r->id);
    json_t *json = to_json(r);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    if (!err && !before)
        err = put_new(reg, r, fault);
    return err ? err : put_lists(reg, r, before, fault);
}

/* ---- what is told ---- */

static uint8_t code_for_buyer(const struct demand *r, const struct demand *before)
{
    static const uint8_t answers[DEMAND_ANSWER_COUNT] = {
        [ANSWER_VERIFYING] = MESSAGE_REQUEST_VERIFYING,
        [ANSWER_VERIFIED] = MESSAGE_REQUEST_VERIFIED,
        [ANSWER_REFUSED] = MESSAGE_REQUEST_REFUSED};
    if (!before)
        return MESSAGE_REQUEST_SENT;
    switch ((unsigned)r->state) {
    case DEMAND_ANSWERED:
        return answers[r->answer];
    case DEMAND_OVERDUE:
        return MESSAGE_REQUEST_OVERDUE;
    case DEMAND_SETTLED:
        return MESSAGE_REQUEST_SETTLED;
    default:
        return MESSAGE_NONE; /* he closed it himself, or it was forwarded */
    }
}

static uint8_t code_for_seller(const struct demand *r, const struct demand *before)
{
    if (!r->what.seller.party)
        return MESSAGE_NONE;
    if (!before || !before->what.seller.party)
        return MESSAGE_REQUEST_TO_YOU;
    return demand_open(before) && !demand_open(r) ? MESSAGE_REQUEST_ENDED : MESSAGE_NONE;
}

enum err demand_tell(struct registry *reg, const struct demand *r, const struct demand *before,
                     struct fault *fault)
{
    const struct demand_event *last = &r->events[r->event_count - 1];
    struct message m = {.party = r->buyer,
                        .code = code_for_buyer(r, before),
                        .at_s = last->time_s,
                        .due = DAYNUM_NONE};
    demand_number(r, m.application);
    str_copy(m.language, sizeof m.language, str_z(r->language));
    if (r->state == DEMAND_SENT)
        m.due = zone_day(&reg->zone, r->due_s);
    if (last->by == BY_SELLER)
        str_copy(m.note, sizeof m.note, str_z(last->note));
    enum err err = m.code ? message_say(reg, &m, fault) : ERR_OK;
    m.code = code_for_seller(r, before);
    m.party = r->what.seller.party;
    m.language[0] = m.note[0] = '\0'; /* his language is not known here */
    str_copy(m.bin, sizeof m.bin, str_z(r->what.seller.bin));
    return err || !m.code ? err : message_say(reg, &m, fault);
}

/* ---- steps ---- */

void demand_event(struct demand *r, int64_t now_s, uint8_t by, struct str note)
{
    struct demand_event *e = &r->events[DEMAND_EVENTS - 1];
    if (r->event_count == DEMAND_EVENTS)
        memmove(r->events, r->events + 1, (DEMAND_EVENTS - 1) * sizeof *e);
    else
        e = &r->events[r->event_count++];
    *e = (struct demand_event){.time_s = now_s, .state = r->state, .by = by};
    e->answer = by == BY_SELLER ? r->answer : ANSWER_NONE;
    str_copy(e->note, sizeof e->note, note);
}

struct stepping {
    const struct demand *before;
    struct demand *after;
};

static enum err unchanged(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct stepping *s = c->ctx;
    struct demand now;
    enum err err = demand_get(reg, s->before->id, &now, fault);
    return !err && now.version != s->before->version ? ERR_STALE : err;
}

static enum err write_step(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct stepping *s = c->ctx;
    enum err err = demand_put(reg, s->after, s->before, fault);
    return err ? err : demand_tell(reg, s->after, s->before, fault);
}

static enum err step_once_more(const struct office *office, uint64_t id, demand_step_fn *fn,
                               void *ctx, struct demand *out, struct fault *fault)
{
    struct demand before, after;
    struct stepping s = {&before, &after};
    enum err err = demand_get(office->registry, id, &before, fault);
    if (err)
        return err;
    after = before;
    err = fn(office, &after, ctx, fault);
    if (err)
        return err;
    after.version++;
    struct commit_case c = {.ask = unchanged, .also = write_step, .ctx = &s};
    err = committer_submit(office->committer, &c);
    if (err)
        return fault_set(fault, err, "%s", commit_refusal(err));
    *out = after;
    return ERR_OK;
}

enum err demand_step(const struct office *office, uint64_t id, demand_step_fn *fn, void *ctx,
                     struct demand *out, struct fault *fault)
{
    enum err err = ERR_STALE;
    for (int i = 0; err == ERR_STALE && i < STEP_TRIES; i++)
        err = step_once_more(office, id, fn, ctx, out, fault);
    return err;
}
