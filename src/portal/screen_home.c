/* SPDX-License-Identifier: Apache-2.0
 *
 * The first page of whoever is signed in, and the way out. */
#include "portal/cabinet.h"
#include "portal/handlers.h"
#include "portal/screen.h"
#include "portal/screens.h"

/* Where the work of staff is. */
static const char *home_of(uint8_t role)
{
    switch (role) {
    case ROLE_ASSISTANT:
        return "/assist";
    case ROLE_POLICE:
        return "/marks";
    case ROLE_OPERATOR:
        return "/operator";
    case ROLE_MINISTRY:
        return "/ministry";
    default:
        return "/desk";
    }
}

void screen_home(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ROLES_ALL, false, &v))
        return;
    if (ROLES_APPLICANT & ROLE_BIT(v.who.role))
        cabinet_home(x, &v);
    else
        screen_go(x, home_of(v.who.role));
    portal_leave(&v);
}

void screen_sign_out(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ROLES_ALL, true, &v))
        return;
    enum err err = portal_go_out(x, &v);
    if (err)
        screen_fail(x, err);
    else
        screen_go(x, "/");
    portal_leave(&v);
}
