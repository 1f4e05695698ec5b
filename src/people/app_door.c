/* SPDX-License-Identifier: Apache-2.0 */
#include "people/app_door.h"

#include <stdio.h>

#include "people/attorney.h"
#include "people/record.h"
#include "people/sign_in.h"

static const char of_browser[] = "tamga:app:browser", of_app[] = "tamga:app:code";

void app_door_begin(const struct registry *reg, int64_t now_s, char out[TICKET_TEXT])
{
    ticket_new(reg, of_browser, now_s, out);
}

static void fill(const struct registry *reg, struct str origin, struct app_door *d)
{
    uint8_t secret[TICKET_SECRET];
    ticket_secret(reg, of_app, d->said, STR("check"), secret);
    snprintf(d->check, sizeof d->check, "%02u", (unsigned)(get_be(secret, 4) % 100));
    ticket_of(reg, of_app, d->said, d->ticket);
    d->until_s = ticket_time(d->said) + APP_DOOR_LIFE_S;
    snprintf(d->content, sizeof d->content, "tamga:app-sign-in:%s:%s:%.*s", d->ticket, d->check,
             (int)(origin.n < 200 ? origin.n : 200), origin.p);
}

enum err app_door_of_browser(const struct registry *reg, struct str browser, struct str origin,
                             int64_t now_s, struct app_door *out)
{
    uint8_t said[TICKET_SAID], secret[TICKET_SECRET];
    struct app_door d = {.until_s = 0};
    if (!ticket_read(reg, of_browser, browser, now_s, APP_DOOR_LIFE_S, said))
        return ERR_NONCE;
    ticket_secret(reg, of_browser, said, STR("code"), secret);
    memcpy(d.said, said, 8);
    memcpy(d.said + 8, secret, TICKET_ID);
    fill(reg, origin, &d);
    *out = d;
    return ERR_OK;
}

bool app_door_was_of_browser(const struct registry *reg, struct str browser, int64_t now_s)
{
    uint8_t said[TICKET_SAID];
    return ticket_read(reg, of_browser, browser, now_s, SIGN_IN_LIFE_S, said);
}

enum err app_door_of_app(const struct registry *reg, struct str ticket, struct str origin,
                         int64_t now_s, struct app_door *out)
{
    struct app_door d = {.until_s = 0};
    if (!ticket_read(reg, of_app, ticket, now_s, APP_DOOR_LIFE_S, d.said))
        return ERR_NONCE;
    fill(reg, origin, &d);
    *out = d;
    return ERR_OK;
}

/* ---- what the app signed ---- */

static struct record_key key_of(const struct app_door *d)
{
    struct record_key key = record_key(RECORD_APP_SIGNED);
    record_key_bytes(&key, d->said, TICKET_SAID);
    return key;
}

struct signing {
    struct record_key key;
    json_t *who;
};

static enum err nobody_yet(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct signing *s = c->ctx;
    bool found;
    enum err err = record_find(reg, &s->key, NULL, &found, fault);
    return !err && found ? ERR_NONCE : err;
}

static enum err keep(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct signing *s = c->ctx;
    return record_put_json(reg, &s->key, s->who, fault);
}

/* Told to the app, where its owner looks now. */
static enum err may_come(struct registry *reg, const struct eds_person *who, struct fault *fault)
{
    struct attorney attorney;
    if (!*who->bin || who->signs ||
        !attorney_find(reg, registry_party_id(reg, PARTY_PERSON, str_z(who->bin)),
                       registry_party_id(reg, PARTY_PERSON, str_z(who->iin)), &attorney, NULL))
        return ERR_OK;
    return fault_set(fault, ERR_ROLE, "an employee acts by power of attorney: he has none");
}

enum err app_door_sign(struct registry *reg, struct committer *committer,
                       const struct eds_port *port, const struct app_door *d, struct str cms,
                       struct fault *fault)
{
    struct eds_person who;
    enum err err = eds_verify(port, EDS_SIGN_IN, cms, str_z(d->content),
                              clock_now_us(reg->clock) / 1000000, &who, fault);
    if (!err)
        err = may_come(reg, &who, fault);
    if (err)
        return err;
    struct signing s = {.key = key_of(d),
                        .who = json_pack("{s:s, s:s, s:s, s:s, s:b}", "iin", who.iin, "bin",
                                         who.bin, "name", who.name, "organisation",
                                         who.organisation, "signs", who.signs)};
    struct commit_case c = {.ask = nobody_yet, .also = keep, .ctx = &s};
    err = s.who ? committer_submit(committer, &c) : ERR_MEMORY;
    json_decref(s.who);
    return err ? fault_set(fault, err, "it was signed, or the register cannot be written") : ERR_OK;
}

enum err app_door_who(struct registry *reg, const struct app_door *d, struct eds_person *out,
                      struct fault *fault)
{
    struct record_key key = key_of(d);
    struct eds_person who = {.signs = false};
    json_t *json = NULL;
    enum err err = record_get_json(reg, &key, &json, fault);
    if (err)
        return err;
    str_copy(who.iin, sizeof who.iin, json_text_of(json, "iin"));
    str_copy(who.bin, sizeof who.bin, json_text_of(json, "bin"));
    str_copy(who.name, sizeof who.name, json_text_of(json, "name"));
    str_copy(who.organisation, sizeof who.organisation, json_text_of(json, "organisation"));
    who.signs = json_is_true(json_object_get(json, "signs"));
    json_decref(json);
    *out = who;
    return ERR_OK;
}
