/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/complaint.h"

#include <stdlib.h>

#include "cases/demand.h"
#include "cases/message.h"
#include "cases/once.h"
#include "cases/step.h"

enum { DAY_S = 24 * 3600 };

static const char *const outcomes[OUTCOME_COUNT] = {
#define OUTCOME(code, name, text) [code] = text,
#include "cases/claim.def"
#undef OUTCOME
};

const char *outcome_name(uint8_t outcome)
{
    return outcome < OUTCOME_COUNT && outcomes[outcome] ? outcomes[outcome] : "";
}

bool outcome_find(struct str name, uint8_t *out)
{
    for (uint8_t i = 1; i < OUTCOME_COUNT; i++) {
        if (!str_eq(name, str_z(outcomes[i])))
            continue;
        *out = i;
        return true;
    }
    return false;
}

void complaint_number(const struct complaint *c, char out[APPLICATION_NUMBER_TEXT])
{
    claim_number(CLAIM_COMPLAINT, c->filed_s, c->id, out);
}

static int64_t now_of(const struct office *office)
{
    return clock_now_us(office->registry->clock) / 1000000;
}

/* ---- as a record: names are stored, so they never change ---- */

static json_t *to_json(const struct complaint *c)
{
    return json_pack("{s:I, s:i, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:s, s:s, s:s, s:I, s:I}",
                     "version", (json_int_t)c->version, "outcome", c->outcome, "party",
                     (json_int_t)c->party, "filed_by", (json_int_t)c->filed_by, "officer",
                     (json_int_t)c->officer, "request", (json_int_t)c->request, "request_s",
                     (json_int_t)c->request_s, "what", purchase_to_json(&c->what), "text", c->text,
                     "note", c->note, "receipt", c->receipt, "language", c->language, "filed_s",
                     (json_int_t)c->filed_s, "decided_s", (json_int_t)c->decided_s);
}

static void from_json(const json_t *json, struct complaint *out)
{
    *out = (struct complaint){.version = (uint64_t)json_number_of(json, "version"),
                              .outcome = (uint8_t)json_number_of(json, "outcome"),
                              .party = (uint64_t)json_number_of(json, "party"),
                              .filed_by = (uint64_t)json_number_of(json, "filed_by"),
                              .officer = (uint64_t)json_number_of(json, "officer"),
                              .request = (uint64_t)json_number_of(json, "request"),
                              .request_s = json_number_of(json, "request_s"),
                              .filed_s = json_number_of(json, "filed_s"),
                              .decided_s = json_number_of(json, "decided_s")};
    purchase_from_json(json_object_get(json, "what"), &out->what);
    str_copy(out->text, sizeof out->text, json_text_of(json, "text"));
    str_copy(out->note, sizeof out->note, json_text_of(json, "note"));
    str_copy(out->receipt, sizeof out->receipt, json_text_of(json, "receipt"));
    str_copy(out->language, sizeof out->language, json_text_of(json, "language"));
}

enum err complaint_get(struct registry *reg, uint64_t id, struct complaint *out,
                       struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_COMPLAINT, id);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    from_json(json, out);
    out->id = id;
    json_decref(json);
    return ERR_OK;
}

/* Every complaint has one: no release has filed any without, so none has to be indexed afterwards. */
static enum err put_receipt(struct registry *reg, const struct complaint *c, struct fault *fault)
{
    struct record_key key = claim_receipt(reg, str_z(c->receipt));
    uint8_t id[8];
    put_be(id, c->id, 8);
    return record_put(reg, &key, (struct str){(const char *)id, 8}, fault);
}

static enum err put(struct registry *reg, const struct complaint *c, bool is_new,
                    struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_COMPLAINT, c->id),
                      mine = claim_list_at(CLAIM_COMPLAINED, c->party, ~c->id),
                      open = claim_list_at(CLAIM_COMPLAINED_OPEN, c->party, c->id),
                      desk = claim_list_at(CLAIM_DESK, (uint64_t)c->filed_s, c->id);
    json_t *json = to_json(c);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    if (!err && is_new)
        err = claim_stands(reg, &mine, true, fault);
    if (!err && is_new)
        err = put_receipt(reg, c, fault);
    if (!err)
        err = claim_stands(reg, &open, !c->outcome, fault);
    return err ? err : claim_stands(reg, &desk, !c->outcome, fault);
}

/* A new one, or one that an officer has decided. */
static enum err tell(struct registry *reg, const struct complaint *c, struct fault *fault)
{
    static const uint8_t codes[OUTCOME_COUNT] = {[OUTCOME_NONE] = MESSAGE_COMPLAINT_SENT,
                                                 [OUTCOME_PASSED_ON] = MESSAGE_COMPLAINT_PASSED_ON,
                                                 [OUTCOME_ANSWERED] = MESSAGE_COMPLAINT_ANSWERED,
                                                 [OUTCOME_UNFOUNDED] = MESSAGE_COMPLAINT_UNFOUNDED,
                                                 [OUTCOME_WITHDRAWN] = MESSAGE_COMPLAINT_WITHDRAWN};
    struct message m = {.party = c->party,
                        .code = codes[c->outcome],
                        .at_s = c->outcome ? c->decided_s : c->filed_s,
                        .due = DAYNUM_NONE};
    complaint_number(c, m.application);
    str_copy(m.language, sizeof m.language, str_z(c->language));
    str_copy(m.note, sizeof m.note, str_z(c->note));
    return message_say(reg, &m, fault);
}

/* ---- filing ---- */

static enum err has_room(struct registry *reg, const struct complaint *c, struct fault *fault)
{
    uint64_t open[COMPLAINTS_OPEN], day[COMPLAINTS_DAY];
    struct record_key mine = claim_list_of(CLAIM_COMPLAINED_OPEN, c->party);
    struct complaint other;
    size_t n = 0, of_day = 0;
    enum err err = record_numbers(reg, &mine, NULL, open, COMPLAINTS_OPEN, &n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        err = complaint_get(reg, open[i], &other, fault);
        if (!err && purchase_same_phone(&other.what, &c->what))
            err = fault_set(fault, ERR_COMPLAINT_OPEN, "he has an open one for this phone");
    }
    if (!err)
        err = claim_newest(reg, CLAIM_COMPLAINED, c->party, 0, day, COMPLAINTS_DAY, &of_day, fault);
    if (!err && of_day == COMPLAINTS_DAY)
        err = complaint_get(reg, day[COMPLAINTS_DAY - 1], &other, fault);
    bool many = !err && of_day == COMPLAINTS_DAY && other.filed_s > c->filed_s - DAY_S;
    if (!err && (many || n == COMPLAINTS_OPEN))
        err = fault_set(fault, ERR_COMPLAINTS, "at most %d open, %d a day", COMPLAINTS_OPEN,
                        COMPLAINTS_DAY);
    return err;
}

static enum err check(const struct office *office, const struct session *who,
                      struct complaint_wish *wish, int64_t *out_request_s, struct fault *fault)
{
    struct demand r;
    *out_request_s = 0;
    if (!(ROLES_APPLICANT & ROLE_BIT(who->role)) || who->by_attorney)
        return fault_set(fault, ERR_ROLE, "who bought it complains himself");
    enum err err = purchase_check(office, who, &wish->what, fault);
    if (!err)
        err = filing_text_check(wish->text, LIMIT_COMPLAINT, "text", fault);
    if (!err && !wish->text.n) {
        fault_field(fault, "text");
        err = fault_set(fault, ERR_USAGE, "what happened");
    }
    if (!err)
        err = filing_text_check(wish->idempotency, IDEMPOTENCY_KEY_MAX, "Idempotency-Key", fault);
    if (err || !wish->request)
        return err;
    err = demand_get(office->registry, wish->request, &r, fault);
    if (!err && r.buyer != who->acts_for)
        err = ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        fault_field(fault, "request");
        return fault_set(fault, ERR_USAGE, "a request of his own");
    }
    *out_request_s = err ? 0 : r.filed_s;
    return err;
}

struct filing_one {
    const struct once *once;
    struct complaint *c;
};

static enum err may_file(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct filing_one *f = commit->ctx;
    bool used = false;
    enum err err = f->once->named ? record_find(reg, &f->once->key, NULL, &used, fault) : ERR_OK;
    if (!err && used)
        err = ERR_STALE; /* the same act, by another thread, just now */
    return err ? err : has_room(reg, f->c, fault);
}

static enum err write_new(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct filing_one *f = commit->ctx;
    enum err err = record_count(reg, "claim", &f->c->id, fault);
    if (!err)
        err = put(reg, f->c, true, fault);
    if (!err)
        err = tell(reg, f->c, fault);
    return err ? err : once_put(reg, f->once, f->c->id, fault);
}

static enum err name_act(const struct office *office, const struct session *who,
                         const struct complaint_wish *wish, struct once *out)
{
    struct buf b = {0};
    buf_str(&b, STR("complaint\n"));
    purchase_write(&b, &wish->what);
    buf_printf(&b, "%.*s\n%llu\n", STR_ARG(wish->text), (unsigned long long)wish->request);
    enum err err = once_of(office->registry, who, wish->idempotency, &b, out);
    buf_release(&b);
    return err;
}

static enum err made_before(struct registry *reg, const struct once *once, struct complaint *out,
                            bool *out_again, struct fault *fault)
{
    uint64_t id = 0;
    enum err err = once_found(reg, once, &id, out_again, fault);
    return err || !*out_again ? err : complaint_get(reg, id, out, fault);
}

enum err complaint_new(const struct office *office, const struct session *who,
                       const struct complaint_wish *wish, struct complaint *out, bool *out_again,
                       struct fault *fault)
{
    struct complaint_wish asked = *wish;
    struct once once;
    int64_t request_s;
    *out_again = false;
    enum err err = check(office, who, &asked, &request_s, fault);
    if (!err)
        err = name_act(office, who, &asked, &once);
    if (!err)
        err = made_before(office->registry, &once, out, out_again, fault);
    if (err || *out_again)
        return err;
    struct complaint c = {.version = 1,
                          .party = who->acts_for,
                          .filed_by = who->party,
                          .request = asked.request,
                          .request_s = request_s,
                          .what = asked.what,
                          .filed_s = now_of(office)};
    str_copy(c.text, sizeof c.text, asked.text);
    str_copy(c.language, sizeof c.language, asked.language);
    receipt_make(c.receipt);
    struct filing_one f = {&once, &c};
    struct commit_case commit = {.ask = may_file, .also = write_new, .ctx = &f};
    err = committer_submit(office->committer, &commit);
    if (err) { /* perhaps by this act, just now */
        enum err made = made_before(office->registry, &once, out, out_again, fault);
        if (made || *out_again)
            return made;
        return fault_set(fault, err, "%s", commit_refusal(err));
    }
    *out = c;
    return ERR_OK;
}

/* ---- looking ---- */

enum err complaint_for(struct registry *reg, const struct session *who, uint64_t id,
                       struct complaint *out, struct fault *fault)
{
    struct complaint c;
    enum err err = complaint_get(reg, id, &c, fault);
    bool his = ROLES_APPLICANT & ROLE_BIT(who->role) && !who->by_attorney;
    if (!err && who->role != ROLE_OFFICER && !(his && c.party == who->acts_for))
        err = fault_set(fault, ERR_NOT_FOUND, "no such complaint");
    if (!err)
        *out = c;
    return err;
}

enum err complaint_list(struct registry *reg, const struct session *who, uint64_t after,
                        uint64_t *out_ids, size_t max, size_t *out_n, struct fault *fault)
{
    *out_n = 0;
    return who->by_attorney ? ERR_OK
                            : claim_newest(reg, CLAIM_COMPLAINED, who->acts_for, after, out_ids,
                                           max, out_n, fault);
}

enum err complaint_queue(struct registry *reg, int64_t after_s, uint64_t after, uint64_t *out_ids,
                         size_t max, size_t *out_n, struct fault *fault)
{
    struct record_key prefix = claim_list(CLAIM_DESK),
                      from = claim_list_at(CLAIM_DESK, (uint64_t)after_s, after);
    return record_numbers(reg, &prefix, after ? &from : NULL, out_ids, max, out_n, fault);
}

/* ---- steps ---- */

struct stepping {
    uint64_t version;
    struct complaint *after;
    bool tells;
};

static enum err unchanged(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct stepping *s = commit->ctx;
    struct complaint now;
    enum err err = complaint_get(reg, s->after->id, &now, fault);
    return !err && now.version != s->version ? ERR_STALE : err;
}

static enum err write_step(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct stepping *s = commit->ctx;
    enum err err = put(reg, s->after, false, fault);
    return err || !s->tells ? err : tell(reg, s->after, fault);
}

/* c was read, and changed since. */
static enum err take(const struct office *office, struct complaint *c, bool tells,
                     struct complaint *out, struct fault *fault)
{
    struct stepping s = {.version = c->version++, .after = c, .tells = tells};
    struct commit_case commit = {.ask = unchanged, .also = write_step, .ctx = &s};
    enum err err = committer_submit(office->committer, &commit);
    if (!err)
        *out = *c;
    return err ? fault_set(fault, err, "%s", commit_refusal(err)) : ERR_OK;
}

static enum err is_open(const struct complaint *c, struct fault *fault)
{
    return c->outcome ? fault_set(fault, ERR_NOT_NOW, "it is %s", outcome_name(c->outcome))
                      : ERR_OK;
}

enum err complaint_withdraw(const struct office *office, const struct session *who, uint64_t id,
                            struct complaint *out, struct fault *fault)
{
    struct complaint c;
    enum err err = complaint_for(office->registry, who, id, &c, fault);
    if (!err)
        err = is_open(&c, fault);
    if (err)
        return err;
    c.outcome = OUTCOME_WITHDRAWN;
    c.decided_s = now_of(office);
    return take(office, &c, false, out, fault);
}

/* May this officer work on it? */
static enum err for_him(const struct complaint *c, const struct session *who, struct fault *fault)
{
    enum err err = is_open(c, fault);
    if (!err && c->officer && c->officer != who->party)
        err = fault_set(fault, ERR_CLAIMED, "another officer has it");
    return err;
}

enum err complaint_claim(const struct office *office, const struct session *who, uint64_t id,
                         struct complaint *out, struct fault *fault)
{
    struct complaint c;
    enum err err = complaint_get(office->registry, id, &c, fault);
    if (!err)
        err = for_him(&c, who, fault);
    if (err)
        return err;
    c.officer = who->party;
    return take(office, &c, false, out, fault);
}

enum err complaint_decide(const struct office *office, const struct session *who, uint64_t id,
                          uint8_t outcome, struct str note, struct complaint *out,
                          struct fault *fault)
{
    struct complaint c;
    enum err err = filing_text_check(note, LIMIT_REASON, "note", fault);
    if (!err)
        err = complaint_get(office->registry, id, &c, fault);
    if (!err)
        err = for_him(&c, who, fault);
    if (err)
        return err;
    c.officer = who->party;
    c.outcome = outcome;
    c.decided_s = now_of(office);
    str_copy(c.note, sizeof c.note, note);
    return take(office, &c, true, out, fault);
}

/* ---- how many, by seller ---- */

struct counting {
    struct registry *reg;
    struct seller_count *of;
    size_t n, room;
    enum err err;
    struct fault *fault;
};

static bool same_seller(const struct seller *a, const struct seller *b)
{
    return a->party || b->party ? a->party == b->party
                                : str_eq_nocase(str_z(a->name), str_z(b->name));
}

static struct seller_count *count_of(struct counting *k, const struct seller *seller)
{
    for (size_t i = 0; i < k->n; i++)
        if (same_seller(&k->of[i].seller, seller))
            return &k->of[i];
    if (k->n == k->room) {
        size_t room = k->room ? 2 * k->room : 64;
        struct seller_count *p = realloc(k->of, room * sizeof *p);
        if (!p)
            return NULL;
        k->of = p;
        k->room = room;
    }
    k->of[k->n] = (struct seller_count){.seller = *seller};
    return &k->of[k->n++];
}

static bool count(void *ctx, const struct record *record)
{
    struct counting *k = ctx;
    struct complaint c;
    json_t *json = NULL;
    k->err = record_open_json(k->reg, record, &json, k->fault);
    if (k->err)
        return false;
    from_json(json, &c);
    json_decref(json);
    struct seller_count *of = count_of(k, &c.what.seller);
    if (!of) {
        k->err = ERR_MEMORY;
        return false;
    }
    of->seller = c.what.seller;
    of->complaints++;
    of->open += !c.outcome;
    if (c.outcome < OUTCOME_COUNT)
        of->by_outcome[c.outcome]++;
    of->last_s = c.filed_s;
    return true;
}

static int by_count(const void *a, const void *b)
{
    const struct seller_count *x = a, *y = b;
    return (y->complaints > x->complaints) - (y->complaints < x->complaints);
}

enum err complaint_sellers(struct registry *reg, struct seller_count **out, size_t *out_n,
                           struct fault *fault)
{
    struct counting k = {.reg = reg, .fault = fault};
    struct record_key from = record_key(RECORD_COMPLAINT), to = record_key(RECORD_COMPLAINT + 1);
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), count, &k, fault);
    err = err ? err : k.err;
    if (err) {
        free(k.of);
        return err;
    }
    if (k.n)
        qsort(k.of, k.n, sizeof *k.of, by_count);
    *out = k.of;
    *out_n = k.n;
    return ERR_OK;
}
