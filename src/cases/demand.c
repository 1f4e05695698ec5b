/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending a request, and what each side does with it. */
#include "cases/demand.h"

#include "cases/correction.h"
#include "cases/once.h"
#include "cases/paper.h"
#include "cases/demand_record.h"

enum { DAY_S = 24 * 3600 };

static const struct {
    const char *name;
    bool open;
} states[DEMAND_STATE_COUNT] = {
#define DEMAND_STATE(code, name, text, open) [code] = {text, open},
#include "cases/claim.def"
#undef DEMAND_STATE
};
static const char *const answers[DEMAND_ANSWER_COUNT] = {
#define DEMAND_ANSWER(code, name, text) [code] = text,
#include "cases/claim.def"
#undef DEMAND_ANSWER
};

const char *demand_state_name(uint8_t state)
{
    return state < DEMAND_STATE_COUNT && states[state].name ? states[state].name : "";
}

const char *demand_answer_name(uint8_t answer)
{
    return answer < DEMAND_ANSWER_COUNT && answers[answer] ? answers[answer] : "";
}

bool demand_answer_find(struct str name, uint8_t *out)
{
    for (uint8_t i = 1; i < DEMAND_ANSWER_COUNT; i++) {
        if (!str_eq(name, str_z(answers[i])))
            continue;
        *out = i;
        return true;
    }
    return false;
}

bool demand_open(const struct demand *r)
{
    return r->state < DEMAND_STATE_COUNT && states[r->state].open;
}

bool demand_failed(const struct demand *r)
{
    bool refused = r->state == DEMAND_ANSWERED && r->answer == ANSWER_REFUSED;
    return refused || r->state == DEMAND_OVERDUE;
}

void demand_number(const struct demand *r, char out[APPLICATION_NUMBER_TEXT])
{
    claim_number(CLAIM_REQUEST, r->filed_s, r->id, out);
}

/* The last second of the last day on which an answer is in time. */
static int64_t due_of(const struct office *office)
{
    daynum last =
        hours_add_days(office->hours, registry_today(office->registry), DEMAND_WORKING_DAYS);
    return zone_day_start(&office->registry->zone, last + 1) - 1;
}

/* ---- sending ---- */

/* Has he room for one more, and none for this phone? */
static enum err has_room(struct registry *reg, uint64_t buyer, const struct purchase *what,
                         int64_t now_s, struct fault *fault)
{
    uint64_t open[DEMANDS_OPEN], day[DEMANDS_DAY];
    struct record_key mine = claim_list_of(CLAIM_ASKED_OPEN, buyer);
    struct demand r;
    size_t n = 0, of_day = 0;
    enum err err = record_numbers(reg, &mine, NULL, open, DEMANDS_OPEN, &n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        err = demand_get(reg, open[i], &r, fault);
        if (!err && purchase_same_phone(&r.what, what))
            err = fault_set(fault, ERR_REQUEST_OPEN, "he has an open request for it");
    }
    if (!err)
        err = claim_newest(reg, CLAIM_ASKED, buyer, 0, day, DEMANDS_DAY, &of_day, fault);
    if (!err && of_day == DEMANDS_DAY)
        err = demand_get(reg, day[DEMANDS_DAY - 1], &r, fault);
    bool many = of_day == DEMANDS_DAY && !err && r.filed_s > now_s - DAY_S;
    if (!err && (many || n == DEMANDS_OPEN))
        err =
            fault_set(fault, ERR_REQUESTS, "at most %d open, %d a day", DEMANDS_OPEN, DEMANDS_DAY);
    return err;
}

static enum err is_needed(struct registry *reg, const struct purchase *what, struct fault *fault)
{
    struct standing s;
    enum err err = purchase_standing(reg, what, &s, fault);
    return !err && !s.unverified
               ? fault_set(fault, ERR_REQUEST_NEEDLESS, "nothing here waits for verification")
               : err;
}

static enum err check_form(const struct office *office, const struct session *who,
                           struct demand_wish *wish, struct fault *fault)
{
    if (!(ROLES_APPLICANT & ROLE_BIT(who->role)) || who->by_attorney)
        return fault_set(fault, ERR_ROLE, "who bought it asks himself");
    enum err err = purchase_check(office, who, &wish->what, fault);
    if (!err && wish->what.bought == DAYNUM_NONE) {
        fault_field(fault, "bought");
        err = fault_set(fault, ERR_DATE, "the day of purchase");
    }
    if (!err)
        err = filing_text_check(wish->note, LIMIT_REASON, "note", fault);
    return err ? err
               : filing_text_check(wish->idempotency, IDEMPOTENCY_KEY_MAX, "Idempotency-Key",
                                   fault);
}

enum err demand_check(const struct office *office, const struct session *who,
                      struct demand_wish *wish, struct fault *fault)
{
    enum err err = check_form(office, who, wish, fault);
    if (!err)
        err = is_needed(office->registry, &wish->what, fault);
    return err ? err
               : has_room(office->registry, who->acts_for, &wish->what, office_now_s(office),
                          fault);
}

static enum err fill(const struct office *office, const struct session *who,
                     const struct demand_wish *wish, struct demand *out, struct fault *fault)
{
    int64_t now = office_now_s(office);
    *out = (struct demand){.version = 1,
                           .state = DEMAND_SENT,
                           .named = wish->named,
                           .buyer = who->acts_for,
                           .filed_by = who->party,
                           .what = wish->what,
                           .filed_s = now,
                           .due_s = due_of(office)};
    str_copy(out->note, sizeof out->note, wish->note);
    str_copy(out->language, sizeof out->language, wish->language);
    receipt_make(out->receipt);
    demand_event(out, now, BY_BUYER, wish->note);
    return papers_claim_gather(office->registry, wish->papers, wish->paper_count, out->buyer,
                               out->papers, &out->paper_count, fault);
}

struct sending {
    const struct once *once;
    struct demand *r;
};

/* As things stand inside the transaction. */
static enum err may_send(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct sending *s = c->ctx;
    bool used = false;
    enum err err = s->once->named ? record_find(reg, &s->once->key, NULL, &used, fault) : ERR_OK;
    if (!err && used)
        err = ERR_STALE; /* the same act, by another thread, just now */
    if (!err)
        err = has_room(reg, s->r->buyer, &s->r->what, s->r->filed_s, fault);
    if (!err)
        err = is_needed(reg, &s->r->what, fault);
    return err ? err : papers_claim_stand(reg, s->r->papers, s->r->paper_count, s->r->buyer, fault);
}

static enum err write_new(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct sending *s = c->ctx;
    enum err err = record_count(reg, "claim", &s->r->id, fault);
    if (!err)
        err = demand_put(reg, s->r, NULL, fault);
    if (!err)
        err = papers_claim_take(reg, s->r->papers, s->r->paper_count, s->r->id, fault);
    if (!err)
        err = demand_tell(reg, s->r, NULL, fault);
    return err ? err : once_put(reg, s->once, s->r->id, fault);
}

static enum err name_act(const struct office *office, const struct session *who,
                         const struct demand_wish *wish, struct once *out)
{
    struct buf b = {0};
    buf_str(&b, STR("request\n"));
    purchase_write(&b, &wish->what);
    buf_printf(&b, "%.*s\n%d\n", STR_ARG(wish->note), wish->named);
    for (size_t i = 0; i < wish->paper_count; i++)
        buf_put(&b, wish->papers[i].bytes, PAPER_ID);
    enum err err = once_of(office->registry, who, wish->idempotency, &b, out);
    buf_release(&b);
    return err;
}

static enum err made_before(struct registry *reg, const struct once *once, struct demand *out,
                            bool *out_again, struct fault *fault)
{
    uint64_t id = 0;
    enum err err = once_found(reg, once, &id, out_again, fault);
    return err || !*out_again ? err : demand_get(reg, id, out, fault);
}

enum err demand_new(const struct office *office, const struct session *who,
                    const struct demand_wish *wish, struct demand *out, bool *out_again,
                    struct fault *fault)
{
    struct demand_wish asked = *wish;
    struct demand r;
    struct once once;
    struct sending s = {&once, &r};
    *out_again = false;
    enum err err = check_form(office, who, &asked, fault);
    if (!err)
        err = name_act(office, who, &asked, &once);
    if (!err)
        err = made_before(office->registry, &once, out, out_again, fault);
    if (err || *out_again)
        return err;
    err = fill(office, who, &asked, &r, fault);
    struct commit_case c = {.ask = may_send, .also = write_new, .ctx = &s};
    if (!err)
        err = committer_submit(office->committer, &c);
    if (err) { /* perhaps by this act, just now */
        enum err made = made_before(office->registry, &once, out, out_again, fault);
        if (made || *out_again)
            return made;
        return fault_set(fault, err, "%s", commit_refusal(err));
    }
    *out = r;
    return ERR_OK;
}

/* ---- looking ---- */

bool demand_seller_may(const struct session *who)
{
    uint32_t kinds = 1U << APPROVAL_IMPORT | 1U << APPROVAL_BEFORE_DUTY;
    return ROLES_APPLICANT & ROLE_BIT(who->role) && (!who->by_attorney || who->by_attorney & kinds);
}

enum err demand_for(struct registry *reg, const struct session *who, uint64_t id,
                    struct demand *out, enum demand_side *out_side, struct fault *fault)
{
    struct demand r;
    enum err err = demand_get(reg, id, &r, fault);
    if (err)
        return err;
    bool applicant = ROLES_APPLICANT & ROLE_BIT(who->role);
    if (applicant && r.buyer == who->acts_for && !who->by_attorney)
        *out_side = SIDE_BUYER;
    else if (r.what.seller.party == who->acts_for && demand_seller_may(who))
        *out_side = SIDE_SELLER;
    else if (who->role == ROLE_OFFICER)
        *out_side = SIDE_OFFICER;
    else
        return fault_set(fault, ERR_NOT_FOUND, "no such request");
    *out = r;
    return ERR_OK;
}

enum err demand_list(struct registry *reg, const struct session *who, enum demand_side side,
                     uint64_t after, uint64_t *out_ids, size_t max, size_t *out_n,
                     struct fault *fault)
{
    bool may = side == SIDE_SELLER ? demand_seller_may(who) : !who->by_attorney;
    enum claim_list list = side == SIDE_SELLER ? CLAIM_TO_SELLER : CLAIM_ASKED;
    *out_n = 0;
    return may ? claim_newest(reg, list, who->acts_for, after, out_ids, max, out_n, fault) : ERR_OK;
}

enum err demand_unknown(struct registry *reg, uint64_t after, uint64_t *out_ids, size_t max,
                        size_t *out_n, struct fault *fault)
{
    struct record_key prefix = claim_list(CLAIM_UNKNOWN),
                      from = claim_list_of(CLAIM_UNKNOWN, after);
    return record_numbers(reg, &prefix, after ? &from : NULL, out_ids, max, out_n, fault);
}

/* ---- the seller ---- */

struct acting {
    const struct session *who;
    const struct demand_reply *reply;
    struct str bin;
};

static enum err wants(struct fault *fault, const char *field, const char *rule)
{
    fault_field(fault, "%s", field);
    return fault_set(fault, ERR_USAGE, "%s", rule);
}

/* Did that application verify one of its IMEIs? */
static enum err has_verified(struct registry *reg, const struct demand *r, uint64_t application,
                             struct fault *fault)
{
    for (unsigned i = 0; i < r->what.imei_count; i++) {
        struct verdict v;
        struct facts f;
        enum err err = registry_check(reg, r->what.imeis[i], &v, &f, fault);
        if (err || correction_approved(&f, application))
            return err;
    }
    fault_field(fault, "application");
    return fault_set(fault, ERR_NOT_APPROVED, "it has verified no IMEI of this phone");
}

static enum err check_reply(const struct office *office, struct demand *r,
                            const struct acting *acting, struct fault *fault)
{
    const struct demand_reply *reply = acting->reply;
    struct registry *reg = office->registry;
    struct application a;
    enum err err = filing_text_check(reply->note, LIMIT_REASON, "note", fault);
    if (!err && reply->answer == ANSWER_REFUSED && !reply->note.n)
        err = wants(fault, "note", "why");
    if (!err && reply->answer == ANSWER_VERIFIED && !reply->application)
        err = wants(fault, "application", "the number of the application");
    if (err || !reply->application || reply->answer == ANSWER_REFUSED)
        return err;
    err = application_get(reg, reply->application, &a, fault);
    if (err == ERR_NOT_FOUND || (!err && a.applicant != acting->who->acts_for)) {
        if (!err)
            application_release(&a);
        return wants(fault, "application", "an application of his own");
    }
    if (err)
        return err;
    r->application = a.id;
    r->application_s = a.filed_s;
    application_release(&a);
    return reply->answer == ANSWER_VERIFIED ? has_verified(reg, r, r->application, fault) : ERR_OK;
}

static enum err not_open(const struct demand *r, struct fault *fault)
{
    return demand_open(r) ? ERR_OK
                          : fault_set(fault, ERR_NOT_NOW, "it is %s", demand_state_name(r->state));
}

static enum err do_reply(const struct office *office, struct demand *r, void *ctx,
                         struct fault *fault)
{
    const struct acting *acting = ctx;
    enum err err = not_open(r, fault);
    if (!err)
        err = check_reply(office, r, acting, fault);
    if (err)
        return err;
    r->state = DEMAND_ANSWERED;
    r->answer = acting->reply->answer;
    demand_event(r, office_now_s(office), BY_SELLER, acting->reply->note);
    return ERR_OK;
}

/* Is it his, on that side? */
static enum err on_side(const struct office *office, const struct session *who, uint64_t id,
                        enum demand_side wanted, struct fault *fault)
{
    struct demand r;
    enum demand_side side;
    enum err err = demand_for(office->registry, who, id, &r, &side, fault);
    return !err && side != wanted ? fault_set(fault, ERR_NOT_FOUND, "no such request") : err;
}

enum err demand_reply(const struct office *office, const struct session *who, uint64_t id,
                      const struct demand_reply *reply, struct demand *out, struct fault *fault)
{
    struct acting acting = {.who = who, .reply = reply};
    enum err err = on_side(office, who, id, SIDE_SELLER, fault);
    return err ? err : demand_step(office, id, do_reply, &acting, out, fault);
}

/* ---- the buyer, and an officer ---- */

static enum err do_close(const struct office *office, struct demand *r, void *ctx,
                         struct fault *fault)
{
    enum err err = not_open(r, fault);
    (void)ctx;
    if (err)
        return err;
    r->state = DEMAND_CLOSED;
    r->ended_s = office_now_s(office);
    demand_event(r, r->ended_s, BY_BUYER, STR(""));
    return ERR_OK;
}

enum err demand_close(const struct office *office, const struct session *who, uint64_t id,
                      struct demand *out, struct fault *fault)
{
    enum err err = on_side(office, who, id, SIDE_BUYER, fault);
    return err ? err : demand_step(office, id, do_close, NULL, out, fault);
}

static enum err do_forward(const struct office *office, struct demand *r, void *ctx,
                           struct fault *fault)
{
    const struct acting *acting = ctx;
    enum err err = not_open(r, fault);
    if (!err && r->what.seller.party)
        err = fault_set(fault, ERR_NOT_NOW, "its seller is known");
    if (!err) {
        err = iin_check(acting->bin, fault);
        r->what.seller.party =
            err ? 0 : registry_party_id(office->registry, PARTY_PERSON, acting->bin);
        if (!err && r->what.seller.party == r->buyer)
            err = fault_set(fault, ERR_IIN_BIN, "the seller is somebody else");
        if (err)
            fault_field(fault, "bin");
    }
    if (err)
        return err;
    str_copy(r->what.seller.bin, sizeof r->what.seller.bin, acting->bin);
    r->forwarded_by = acting->who->party;
    r->state = DEMAND_SENT;
    r->due_s = due_of(office);
    demand_event(r, office_now_s(office), BY_OFFICER, STR(""));
    return ERR_OK;
}

enum err demand_forward(const struct office *office, const struct session *who, uint64_t id,
                        struct str bin, struct demand *out, struct fault *fault)
{
    struct acting acting = {.who = who, .bin = bin};
    return demand_step(office, id, do_forward, &acting, out, fault);
}
