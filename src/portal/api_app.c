/* SPDX-License-Identifier: Apache-2.0
 *
 * What an app asks and sends that signs somebody in on another screen (people/app_door.h). */
#include "people/app_door.h"
#include "portal/api.h"
#include "portal/handlers.h"

static enum err door_of(struct api *a, struct app_door *out)
{
    const struct registry *reg = a->visit->office.registry;
    if (!portal_has_app(a->visit->portal))
        return ERR_NOT_FOUND;
    enum err err = app_door_of_app(reg, a->x->param, a->x->site->public_url,
                                   clock_now_us(reg->clock) / 1000000, out);
    return err ? fault_set(a->fault, err, "not a code of ours, or too old") : ERR_OK;
}

/* "signed": the page that waits is led on already, or will be. */
static json_t *about(const struct api *a, const struct app_door *d, bool is_signed)
{
    return json_pack("{s:s, s:s%, s:s, s:o, s:b}", "content", d->content, "origin",
                     a->x->site->public_url.p, a->x->site->public_url.n, "check", d->check, "until",
                     json_instant(d->until_s), "signed", is_signed);
}

static enum err look(struct api *a)
{
    struct app_door d;
    struct eds_person who;
    enum err err = door_of(a, &d);
    if (err)
        return err;
    err = app_door_who(a->visit->office.registry, &d, &who, a->fault);
    if (err && err != ERR_NOT_FOUND)
        return err;
    a->answer = about(a, &d, !err);
    return ERR_OK;
}

void portal_app_look(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_LOOKS, look});
}

static enum err sign(struct api *a)
{
    struct app_door d;
    struct str cms;
    enum err err = door_of(a, &d);
    if (!err)
        err = api_text(a, "cms", &cms);
    if (!err)
        err = portal_app_sign(a->x, a->visit, &d, cms);
    a->answer = err ? NULL : about(a, &d, true);
    return err;
}

void portal_app_signed(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_BODY, sign});
}
