/* SPDX-License-Identifier: Apache-2.0 */
#include "people/sign_in.h"

#include "people/attorney.h"
#include "people/person.h"
#include "people/record.h"
#include "people/ticket.h"

static const char purpose[] = "tamga:sign-in:";
_Static_assert(sizeof purpose - 1 + TICKET_TEXT <= NONCE_TEXT, "a nonce does not fit");

void sign_in_nonce(const struct registry *reg, int64_t now_s, char out[NONCE_TEXT])
{
    memcpy(out, purpose, sizeof purpose - 1);
    ticket_new(reg, purpose, now_s, out + sizeof purpose - 1);
}

/* Ours, and of the last five minutes? */
static bool fresh(const struct registry *reg, struct str nonce, int64_t now_s,
                  uint8_t out[TICKET_SAID])
{
    const struct str head = str_z(purpose);
    return str_starts(nonce, head) &&
           ticket_read(reg, purpose, (struct str){nonce.p + head.n, nonce.n - head.n}, now_s,
                       NONCE_LIFE_S, out);
}

/* ---- one commit: the nonce is used, the person is known ---- */

struct coming {
    struct record_key nonce;
    uint64_t person, organisation; /* parties; organisation 0 = none */
    const struct eds_person *who;
};

static enum err first_use(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct coming *coming = c->ctx;
    bool used;
    enum err err = record_find(reg, &coming->nonce, NULL, &used, fault);
    return !err && used ? ERR_NONCE : err;
}

static enum err come_in(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct coming *coming = c->ctx;
    struct person person = {0}, organisation = {0};
    str_copy(person.iin, sizeof person.iin, str_z(coming->who->iin));
    str_copy(person.name, sizeof person.name, str_z(coming->who->name));
    organisation = person;
    str_copy(organisation.bin, sizeof organisation.bin, str_z(coming->who->bin));
    str_copy(organisation.name, sizeof organisation.name, str_z(coming->who->organisation));
    enum err err = record_put(reg, &coming->nonce, STR(""), fault);
    if (!err)
        err = person_put(reg, coming->person, &person, fault);
    if (!err && coming->organisation)
        err = person_put(reg, coming->organisation, &organisation, fault);
    return err;
}

enum err sign_in_as(struct registry *reg, struct committer *committer,
                    const struct sign_in_proof *proof, const char *ends, struct session *out,
                    char out_token[SESSION_TOKEN_TEXT], struct fault *fault)
{
    const struct eds_person *who = proof->who;
    struct coming coming = {.nonce = record_key(RECORD_NONCE), .who = who};
    record_key_bytes(&coming.nonce, proof->ticket, TICKET_SAID);
    coming.person = registry_party_id(reg, PARTY_PERSON, str_z(who->iin));
    if (*who->bin)
        coming.organisation = registry_party_id(reg, PARTY_PERSON, str_z(who->bin));
    struct attorney attorney = {0}; /* of an employee; none is kept of its head */
    if (*who->bin && !who->signs &&
        attorney_find(reg, coming.organisation, coming.person, &attorney, NULL))
        return fault_set(fault, ERR_ROLE, "an employee acts by power of attorney: he has none");
    struct commit_case c = {.ask = first_use, .also = come_in, .ctx = &coming};
    enum err err = committer_submit(committer, &c);
    if (err)
        return fault_set(fault, err, "the nonce was used, or the register cannot be written");
    *out = (struct session){.party = coming.person,
                            .acts_for = coming.organisation ? coming.organisation : coming.person,
                            .role = coming.organisation ? ROLE_ORGANISATION : ROLE_PERSON,
                            .by_attorney = attorney.kinds};
    str_copy(out->name, sizeof out->name, str_z(who->name));
    str_copy(out->organisation, sizeof out->organisation, str_z(who->organisation));
    return session_begin(reg, committer, out, ends, out_token, fault);
}

enum err sign_in_eds(struct registry *reg, struct committer *committer, const struct eds_port *port,
                     struct str nonce, struct str cms, const char *ends, struct session *out,
                     char out_token[SESSION_TOKEN_TEXT], struct fault *fault)
{
    uint8_t said[TICKET_SAID];
    struct eds_person who;
    int64_t now = clock_now_us(reg->clock) / 1000000;
    if (!fresh(reg, nonce, now, said))
        return fault_set(fault, ERR_NONCE, "not a nonce of ours, or too old");
    enum err err = eds_verify(port, EDS_SIGN_IN, cms, nonce, now, &who, fault);
    if (err)
        return err;
    const struct sign_in_proof proof = {.ticket = said, .who = &who};
    return sign_in_as(reg, committer, &proof, ends, out, out_token, fault);
}
/* ---- nonces that are over: their keys begin with their time ---- */

struct forgetting {
    struct record_key keys[256];
    size_t n;
};

static bool take_old(void *ctx, const struct record *record)
{
    struct forgetting *f = ctx;
    struct record_key *key = &f->keys[f->n++];
    key->n = record->key.n;
    memcpy(key->bytes, record->key.p, record->key.n);
    return f->n < sizeof f->keys / sizeof *f->keys;
}

static enum err drop_old(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct forgetting *f = c->ctx;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < f->n; i++)
        err = record_drop(reg, &f->keys[i], fault);
    return err;
}

static enum err forget_kind(struct registry *reg, struct committer *committer,
                            enum record_kind kind, int64_t now_s, struct fault *fault)
{
    struct record_key from = record_key(kind);
    struct record_key to = record_key_of(kind, (uint64_t)(now_s - 2 * SIGN_IN_LIFE_S));
    struct forgetting f = {.n = 0};
    enum err err =
        store_records(reg->store, record_key_str(&from), record_key_str(&to), take_old, &f, fault);
    struct commit_case c = {.also = drop_old, .ctx = &f};
    return err || !f.n ? err : committer_submit(committer, &c);
}

enum err sign_in_forget(struct registry *reg, struct committer *committer, int64_t now_s,
                        struct fault *fault)
{
    enum err err = forget_kind(reg, committer, RECORD_NONCE, now_s, fault);
    return err ? err : forget_kind(reg, committer, RECORD_APP_SIGNED, now_s, fault);
}
