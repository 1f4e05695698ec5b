/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in and out by API; the session's own data. */
#include "people/sign_in.h"
#include "portal/api.h"
#include "portal/handlers.h"

static enum err nonce(struct api *a)
{
    char text[NONCE_TEXT];
    const struct registry *reg = a->visit->office.registry;
    sign_in_nonce(reg, clock_now_us(reg->clock) / 1000000, text);
    a->answer = json_pack("{s:s, s:i}", "nonce", text, "seconds", NONCE_LIFE_S);
    return ERR_OK;
}

void portal_nonce(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_LOOKS, nonce});
}

static enum err about(struct api *a)
{
    char csrf[SESSION_CSRF_TEXT];
    const struct session *who = &a->visit->who;
    session_csrf(a->visit->office.registry, who, csrf);
    a->answer = json_pack("{s:s, s:s, s:s, s:s, s:o}", "role", role_name(who->role), "name",
                          who->name, "organisation", who->organisation, "csrf", csrf,
                          "signed_in_at", json_instant(who->created_s));
    return ERR_OK;
}

void portal_me(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_ALL, API_LOOKS, about});
}

static enum err enter_eds(struct api *a)
{
    struct str given, cms;
    enum err err = api_text(a, "nonce", &given);
    if (!err)
        err = api_text(a, "cms", &cms);
    if (!err)
        err = portal_enter_eds(a->x, a->visit, given, cms);
    return err ? err : about(a);
}

void portal_sign_in_eds(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_BODY, enter_eds});
}

static enum err enter_password(struct api *a)
{
    struct str name, password, code;
    enum err err = api_text(a, "name", &name);
    if (!err)
        err = api_text(a, "password", &password);
    if (!err)
        err = api_text(a, "code", &code);
    if (!err)
        err = portal_enter_password(a->x, a->visit, name, password, code);
    return err ? err : about(a);
}

void portal_sign_in_password(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_BODY, enter_password});
}

static enum err sign_out(struct api *a)
{
    enum err err = portal_go_out(a->x, a->visit);
    a->answer = err ? NULL : json_pack("{s:b}", "signed_in", 0);
    return err;
}

void portal_sign_out(struct exchange *x)
{
    api_run(x, &(struct api_row){ROLES_ALL, API_CHANGES, sign_out});
}
