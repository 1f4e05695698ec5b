/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes that go to a phone, by API: an assistant files for a person who is present; the traveller of a gift consents.
 * Numbers and IINs travel in bodies: addresses are logged. */
#include "cases/present.h"
#include "portal/api.h"
#include "portal/handlers.h"

/* A text of the body that fits; a longer one is no such thing. */
static enum err read_to(struct api *a, const char *name, enum err wrong, char *out, size_t room)
{
    struct str text;
    enum err err = api_text(a, name, &text);
    text = err ? text : str_trim(text);
    if (!err && text.n >= room)
        err = fault_set(a->fault, wrong, "at most %zu bytes", room - 1);
    if (err && !*a->fault->field)
        fault_field(a->fault, "%s", name);
    if (!err)
        str_copy(out, room, text);
    return err;
}

static enum err read_language(struct api *a, char out[LANGUAGE_TEXT])
{
    struct str text;
    enum lang lang = a->x->lang;
    enum err err = api_text(a, "language", &text);
    if (!err && text.n && !lang_find(text, &lang)) {
        fault_field(a->fault, "language");
        err = fault_set(a->fault, ERR_USAGE, "kk, ru or en");
    }
    str_copy(out, LANGUAGE_TEXT, str_z(lang_code(lang)));
    return err;
}

static enum err read_code(struct api *a, struct code *out)
{
    char typed[LIMIT_CODE_NAME + 1];
    *out = (struct code){0};
    enum err err = read_to(a, "iin", ERR_IIN_BIN, out->iin, sizeof out->iin);
    if (!err)
        err = read_to(a, "msisdn", ERR_MSISDN, typed, sizeof typed);
    if (!err)
        err = msisdn_parse(str_z(typed), out->msisdn, a->fault);
    if (err == ERR_MSISDN && !*a->fault->field)
        fault_field(a->fault, "msisdn");
    if (!err)
        err = read_to(a, "name", ERR_NAME, out->name, sizeof out->name);
    return err ? err : read_language(a, out->language);
}

/* A code was sent: its id, the end of the number, until when. */
static enum err was_sent(struct api *a, const struct code *c, enum err err)
{
    struct visit *v = a->visit;
    uint64_t number =
        *c->msisdn ? code_number_hash(v->office.registry, c->msisdn) : 0; /* none in clear */
    portal_note(v, AUDIT_CODE_SENT, c->person, number, err);
    if (err)
        return err;
    char id[CODE_ID_TEXT];
    code_id_format(c->id, id);
    a->status = 201;
    a->answer = json_pack("{s:s, s:s, s:o}", "id", id, "sent_to", msisdn_end(c->msisdn),
                          "expires_at", json_instant(c->until_s));
    portal_wake(v->portal);
    return a->answer ? ERR_OK : ERR_MEMORY;
}

static enum err can_send(struct api *a)
{
    return portal_sends(a->visit->portal)
               ? ERR_OK
               : fault_set(a->fault, ERR_UNAVAILABLE, "no outbox: no code can be sent");
}

static enum err present(struct api *a)
{
    struct code c = {0};
    enum err err = can_send(a);
    if (!err)
        err = read_code(a, &c);
    if (!err)
        err = present_begin(&a->visit->office, &a->visit->who, &c, a->x->request->idempotency,
                            a->fault);
    return was_sent(a, &c, err);
}

void portal_present(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ASSISTANT), API_ACTS, present});
}

static enum err code_of(struct api *a, struct code *out)
{
    uint8_t id[CODE_ID];
    return code_id_parse(a->x->param, id)
               ? code_get(a->visit->office.registry, id, a->visit->who.party, out, a->fault)
               : ERR_NOT_FOUND;
}

static enum err present_file_it(struct api *a)
{
    struct visit *v = a->visit;
    struct case_device devices[FILING_DEVICES_MAX];
    struct filing wish;
    struct application made = {0};
    struct code c = {0};
    struct str typed;
    char number[APPLICATION_NUMBER_TEXT];
    bool again = false;
    enum err err = code_of(a, &c);
    if (!err)
        err = api_text(a, "code", &typed);
    if (err)
        return err;
    err = application_wish(a->body, devices, &wish, a->fault);
    if (!err)
        err = present_file(&v->office, &v->who, &c, typed, &wish, &made, &again, a->fault);
    uint64_t hash = code_number_hash(v->office.registry, c.msisdn);
    if (!err || err == ERR_CODE_WRONG || err == ERR_CODE_OVER)
        portal_note(v, AUDIT_CODE_TRIED, c.person, hash, err);
    portal_note(v, AUDIT_FILE, c.person, err ? 0 : made.id, err);
    if (err)
        return err;
    application_number(&made, number);
    a->status = again ? 200 : 201;
    a->answer = application_brief(&made);
    json_object_set_new(a->answer, "number", json_string(number));
    json_object_set_new(a->answer, "receipt", json_string(made.receipt));
    application_release(&made);
    portal_wake(v->portal);
    return ERR_OK;
}

void portal_present_file(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_ASSISTANT), API_ACTS, present_file_it});
}

/* ---- the traveller of a gift ---- */

static enum err consent(struct api *a)
{
    struct code c = {0};
    enum err err = can_send(a);
    if (!err)
        err = read_code(a, &c);
    c.purpose = CODE_GIFT;
    c.asker = a->visit->who.party;
    *c.name = '\0'; /* nobody is called by what another says of him */
    if (!err)
        err = code_send(&a->visit->office, &c, a->x->request->idempotency, a->fault);
    return was_sent(a, &c, err);
}

void portal_consent(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_PERSON), API_ACTS, consent});
}

static enum err consent_code(struct api *a)
{
    struct visit *v = a->visit;
    struct code c = {0};
    struct str typed;
    enum err err = code_of(a, &c);
    if (!err)
        err = api_text(a, "code", &typed);
    if (err)
        return err;
    const struct code_try try = {c.id, CODE_GIFT, v->who.party, typed};
    err = code_prove(&v->office, &try, &c, a->fault);
    portal_note(v, AUDIT_CODE_TRIED, c.person, code_number_hash(v->office.registry, c.msisdn), err);
    if (err)
        return err;
    char id[CODE_ID_TEXT];
    code_id_format(c.id, id);
    a->answer = json_pack("{s:s, s:o}", "id", id, "consented_at", json_instant(c.proven_s));
    return ERR_OK;
}

void portal_consent_code(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLE_BIT(ROLE_PERSON), API_ACTS, consent_code});
}
