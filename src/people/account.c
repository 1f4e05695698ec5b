/* SPDX-License-Identifier: Apache-2.0 */
#include "people/account.h"

#include <sodium.h>

#include "people/record.h"

static json_t *to_json(const struct account *a)
{
    char totp[2 * TOTP_SECRET_BYTES + 1];
    sodium_bin2hex(totp, sizeof totp, a->totp, sizeof a->totp);
    return json_pack("{s:s, s:i, s:s, s:s, s:I, s:i, s:I}", "name", a->name, "role", a->role,
                     "password", a->password, "totp", totp, "last_step", (json_int_t)a->last_step,
                     "failed", (int)a->failed, "locked_until", (json_int_t)a->locked_until_s);
}

static void from_json(const json_t *json, uint64_t party, struct account *out)
{
    struct str totp = json_text_of(json, "totp");
    *out = (struct account){.party = party,
                            .role = (uint8_t)json_number_of(json, "role"),
                            .last_step = json_number_of(json, "last_step"),
                            .failed = (uint32_t)json_number_of(json, "failed"),
                            .locked_until_s = json_number_of(json, "locked_until")};
    str_copy(out->name, sizeof out->name, json_text_of(json, "name"));
    str_copy(out->password, sizeof out->password, json_text_of(json, "password"));
    (void)sodium_hex2bin(out->totp, sizeof out->totp, totp.p, totp.n, NULL, NULL, NULL);
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

/* Whoever is signed in by it has the old role, or was let in by the old password: not any more. */
static enum err put_case(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct account *a = c->ctx;
    enum err err = session_end_all(reg, a->party, fault);
    return err ? err : put(reg, a, fault);
}

enum err account_set(struct registry *reg, struct str name, uint8_t role, struct str password,
                     struct account *out, struct fault *fault)
{
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

/* ---- signing in: what is counted is read and written in one transaction ---- */

struct trying {
    uint64_t party;
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
    bool used = t->right && t->step <= t->now.last_step; /* the same code, by another, just now */
    bool reset = strcmp(t->now.password, t->password) != 0; /* a new password, just now */
    return t->now.locked_until_s > t->now_s || used || reset ? ERR_PASSWORD : ERR_OK;
}

static enum err count(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct trying *t = c->ctx;
    if (t->right) {
        t->now.last_step = t->step;
        t->now.failed = 0;
    } else if (++t->now.failed >= ACCOUNT_TRIES) {
        t->now.failed = 0;
        t->now.locked_until_s = t->now_s + ACCOUNT_LOCK_S;
    }
    return put(reg, &t->now, fault);
}

enum err account_sign_in(struct registry *reg, struct committer *committer, struct str name,
                         struct str password, struct str code, const char *ends,
                         struct session *out, char out_token[SESSION_TOKEN_TEXT],
                         struct fault *fault)
{
    struct account a;
    struct trying t = {.party = registry_party_id(reg, PARTY_ACCOUNT, name),
                       .now_s = clock_now_us(reg->clock) / 1000000};
    enum err err = account_get(reg, t.party, &a, fault);
    if (err == ERR_NOT_FOUND && !password_waste(password))
        return fault_set(fault, ERR_PASSWORD, "name, password or code is wrong");
    if (err)
        return err;
    bool right = password_right(a.password, password);
    t.password = a.password;
    t.right = right && totp_right(a.totp, code, t.now_s, a.last_step, &t.step);
    struct commit_case c = {.ask = not_closed, .also = count, .ctx = &t};
    err = committer_submit(committer, &c);
    if (!err && !t.right)
        err = ERR_PASSWORD;
    if (err)
        return fault_set(fault, err, "name, password or code is wrong");
    *out = (struct session){.party = a.party, .acts_for = a.party, .role = a.role};
    str_copy(out->name, sizeof out->name, str_z(a.name));
    return session_begin(reg, committer, out, ends, out_token, fault);
}
