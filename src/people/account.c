/* SPDX-License-Identifier: Apache-2.0 */
#include "people/account.h"

#include <sodium.h>

#include "people/audit_log.h"
#include "people/record.h"

/* ---- as a record ---- */

static json_t *places_json(const struct account *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ACCOUNT_PLACES; i++) {
        const struct account_place *p = &a->places[i];
        if (p->from)
            json_array_append_new(
                list, json_pack("{s:I, s:b, s:i, s:I, s:I}", "from", (json_int_t)p->from, "known",
                                p->known, "failed", (int)p->failed, "locked_until",
                                (json_int_t)p->locked_until_s, "used", (json_int_t)p->used_s));
    }
    return list;
}

static void places_read(const json_t *list, struct account *out)
{
    for (size_t i = 0; i < ACCOUNT_PLACES && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        out->places[i] =
            (struct account_place){.from = (uint64_t)json_number_of(one, "from"),
                                   .known = json_is_true(json_object_get(one, "known")),
                                   .failed = (uint32_t)json_number_of(one, "failed"),
                                   .locked_until_s = json_number_of(one, "locked_until"),
                                   .used_s = json_number_of(one, "used")};
    }
}

static json_t *to_json(const struct account *a)
{
    char totp[2 * TOTP_SECRET_BYTES + 1];
    sodium_bin2hex(totp, sizeof totp, a->totp, sizeof a->totp);
    return json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:I, s:i, s:I, s:I, s:o}", "name", a->name,
                     "role", a->role, "body", a->body, "marks", (int)a->marks, "password",
                     a->password, "totp", totp, "last_step", (json_int_t)a->last_step, "failed",
                     (int)a->failed, "failed_since", (json_int_t)a->failed_since_s, "locked_until",
                     (json_int_t)a->locked_until_s, "places", places_json(a));
}

static void from_json(const json_t *json, uint64_t party, struct account *out)
{
    struct str totp = json_text_of(json, "totp");
    *out = (struct account){.party = party,
                            .role = (uint8_t)json_number_of(json, "role"),
                            .marks = (uint32_t)json_number_of(json, "marks"),
                            .last_step = json_number_of(json, "last_step"),
                            .failed = (uint32_t)json_number_of(json, "failed"),
                            .failed_since_s = json_number_of(json, "failed_since"),
                            .locked_until_s = json_number_of(json, "locked_until")};
    str_copy(out->name, sizeof out->name, json_text_of(json, "name"));
    str_copy(out->body, sizeof out->body, json_text_of(json, "body"));
    str_copy(out->password, sizeof out->password, json_text_of(json, "password"));
    (void)sodium_hex2bin(out->totp, sizeof out->totp, totp.p, totp.n, NULL, NULL, NULL);
    places_read(json_object_get(json, "places"), out);
}

enum err account_get(struct registry *reg, uint64_t party, struct account *out, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_ACCOUNT, party);
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (!err)
        from_json(json, party, out);
    json_decref(json);
    return err;
}

static enum err put(struct registry *reg, const struct account *a, struct fault *fault)
{
    struct record_key key = record_key_of(RECORD_ACCOUNT, a->party);
    json_t *json = to_json(a);
    enum err err = json ? record_put_json(reg, &key, json, fault) : ERR_MEMORY;
    json_decref(json);
    return err;
}

/* What became of the account, where nobody is signed in who did it. */
static enum err tell(struct registry *reg, uint64_t party, enum err outcome, struct fault *fault)
{
    const struct audit_event event = {
        .what = AUDIT_ACCOUNT, .actor = reg->actor, .subject = party, .outcome = outcome};
    return audit_log_put(reg, &event, 1, fault);
}

/* ---- made and changed ---- */

/* Whoever is signed in by it has the old role, or was let in by the old password: not any more. */
static enum err put_case(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct account *a = c->ctx;
    enum err err = session_end_all(reg, a->party, fault);
    if (!err)
        err = put(reg, a, fault);
    return err ? err : tell(reg, a->party, ERR_OK, fault);
}

/* A body by the register's name for it, and what it sets; an operator's account names the operator. */
static enum err take_as(struct account *a, const struct account_as *as, struct fault *fault)
{
    enum { USUAL = 1 << MARK_STOLEN | 1 << MARK_LOST | 1 << MARK_ORDER };
    bool sets = as->role == ROLE_POLICE, has = sets || as->role == ROLE_OPERATOR;
    if ((as->body.n && !has) || (as->marks && !(sets && as->body.n)))
        return fault_set(fault, ERR_ROLE, "--body is for police and operators, --marks for police");
    if (as->body.n > LIMIT_NAME || !str_printable(as->body))
        return fault_set(fault, ERR_NAME, "a body's name is 1 to %d bytes of plain UTF-8",
                         LIMIT_NAME);
    if (as->role == ROLE_OPERATOR && memchr(as->body.p, '/', as->body.n))
        return fault_set(fault, ERR_NAME,
                         "an operator's name has no slash: what its keys are for follows one");
    str_copy(a->body, sizeof a->body, as->body);
    a->marks = !sets || !as->body.n ? 0 : as->marks ? as->marks : USUAL;
    return ERR_OK;
}

enum err account_set(struct registry *reg, struct str name, const struct account_as *as,
                     struct str password, struct account *out, struct fault *fault)
{
    uint8_t role = as->role;
    struct party party;
    struct account a = {.party = registry_party_id(reg, PARTY_ACCOUNT, name),
                        .role = role,
                        .last_step = TOTP_NO_STEP};
    enum err err = store_party_get(reg->store, a.party, &party, fault);
    if (err == ERR_NOT_FOUND || (!err && !(party.flags & PARTY_STAFF))) {
        fault_value(fault, name.p, name.n);
        return fault_set(fault, ERR_NAME, "no such account: tamga user add makes one");
    }
    if (!err && !role_has_password(role))
        err = fault_set(fault, ERR_ROLE, "%s signs in without a password", role_name(role));
    if (!err)
        err = take_as(&a, as, fault);
    if (!err)
        err = password_check(name, password);
    if (!err)
        err = password_hash(password, a.password);
    if (err)
        return err;
    str_copy(a.name, sizeof a.name, name);
    totp_secret_make(a.totp);
    struct commit_case c = {.also = put_case, .ctx = &a};
    err = commit_one(reg, &c, fault);
    if (!err)
        *out = a;
    return err;
}

/* ---- places: where tries come from ---- */

static uint64_t place_of(const struct registry *reg, uint64_t party, struct str from)
{
    uint8_t said[6 + 8 + 16] = "place:", mac[SHA256_BYTES];
    put_be(said + 6, party, 8);
    memcpy(said + 14, from.n ? from.p : "", from.n < 16 ? from.n : 16);
    sha256_hmac(reg->keys.session, said, sizeof said, mac);
    return get_be(mac, 8) | 1; /* 0 is a free row */
}

static struct account_place *find_place(struct account *a, uint64_t from)
{
    for (size_t i = 0; i < ACCOUNT_PLACES; i++)
        if (a->places[i].from == from)
            return &a->places[i];
    return NULL;
}

/* Of the strange, or of the known, the one that was used longest ago; *out_n how many there are. */
static struct account_place *oldest(struct account *a, bool known, unsigned *out_n)
{
    struct account_place *old = NULL;
    *out_n = 0;
    for (size_t i = 0; i < ACCOUNT_PLACES; i++) {
        struct account_place *p = &a->places[i];
        if (!p->from || p->known != known)
            continue;
        ++*out_n;
        old = !old || p->used_s < old->used_s ? p : old;
    }
    return old;
}

/* A row for an address; strangers never push out the known. */
static struct account_place *place_for(struct account *a, uint64_t from, int64_t now_s)
{
    unsigned n;
    struct account_place *p = find_place(a, from);
    if (!p) {
        p = find_place(a, 0);
        p = p ? p : oldest(a, false, &n); /* there is one: the known are fewer than the rows */
        *p = (struct account_place){.from = from};
    }
    p->used_s = now_s;
    return p;
}

static void make_known(struct account *a, struct account_place *place)
{
    unsigned n;
    struct account_place *old = oldest(a, true, &n);
    if (!place->known && n >= ACCOUNT_KNOWN)
        old->known = false;
    place->known = true;
    place->failed = 0;
    place->locked_until_s = 0;
}

/* *out_closed: with this try the account was closed for somebody. */
static void count_wrong(struct account *a, struct account_place *place, int64_t now_s,
                        bool *out_closed)
{
    *out_closed = false;
    if (++place->failed >= ACCOUNT_TRIES) {
        place->failed = 0;
        place->locked_until_s = now_s + ACCOUNT_LOCK_S;
        *out_closed = true;
    }
    if (place->known)
        return;
    if (now_s - a->failed_since_s > ACCOUNT_STRANGER_S) {
        a->failed_since_s = now_s;
        a->failed = 0;
    }
    if (++a->failed >= ACCOUNT_STRANGER_TRIES) {
        a->failed = 0;
        a->locked_until_s = now_s + ACCOUNT_STRANGER_S;
        *out_closed = true;
    }
}

/* ---- signing in: what is counted is read and written in one transaction ---- */

struct trying {
    uint64_t party, from;
    bool right;
    int64_t step; /* of the code, when right */
    int64_t now_s;
    const char *password; /* its hash, as it was compared with */
    struct account now;
};

static enum err not_closed(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct trying *t = c->ctx;
    enum err err = account_get(reg, t->party, &t->now, fault);
    if (err)
        return err;
    const struct account_place *place = find_place(&t->now, t->from);
    bool closed = place && place->locked_until_s > t->now_s;
    closed |= !(place && place->known) && t->now.locked_until_s > t->now_s;
    bool used = t->right && t->step <= t->now.last_step; /* the same code, by another, just now */
    bool reset = strcmp(t->now.password, t->password) != 0; /* a new password, just now */
    return closed || used || reset ? ERR_PASSWORD : ERR_OK;
}

static enum err count(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct trying *t = c->ctx;
    struct account_place *place = place_for(&t->now, t->from, t->now_s);
    bool closed = false;
    if (t->right) {
        t->now.last_step = t->step;
        make_known(&t->now, place);
    } else {
        count_wrong(&t->now, place, t->now_s, &closed);
    }
    enum err err = put(reg, &t->now, fault);
    return err || !closed ? err : tell(reg, t->party, ERR_PASSWORD, fault);
}

enum err account_sign_in(struct registry *reg, struct committer *committer,
                         const struct account_try *attempt, struct session *out,
                         char out_token[SESSION_TOKEN_TEXT], struct fault *fault)
{
    struct account a;
    struct trying t = {.party = registry_party_id(reg, PARTY_ACCOUNT, attempt->name),
                       .now_s = clock_now_us(reg->clock) / 1000000};
    enum err err = account_get(reg, t.party, &a, fault);
    if (err == ERR_NOT_FOUND && !password_waste(attempt->password))
        return fault_set(fault, ERR_PASSWORD, "name, password or code is wrong");
    if (err)
        return err;
    bool right = password_right(a.password, attempt->password);
    t.from = place_of(reg, t.party, attempt->from);
    t.password = a.password;
    t.right = right && totp_right(a.totp, attempt->code, t.now_s, a.last_step, &t.step);
    struct commit_case c = {.ask = not_closed, .also = count, .ctx = &t};
    err = committer_submit(committer, &c);
    if (!err && !t.right)
        err = ERR_PASSWORD;
    if (err == ERR_PASSWORD)
        return fault_set(fault, err, "name, password or code is wrong");
    if (err)
        return fault_set(fault, err, "the try was not counted");
    *out = (struct session){.party = a.party, .acts_for = a.party, .role = a.role};
    if (*a.body && a.role == ROLE_POLICE)
        out->acts_for = registry_party_id(reg, PARTY_BODY, str_z(a.body));
    str_copy(out->organisation, sizeof out->organisation, str_z(a.body));
    str_copy(out->name, sizeof out->name, str_z(a.name));
    return session_begin(reg, committer, out, attempt->ends, out_token, fault);
}
