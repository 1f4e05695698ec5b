/* SPDX-License-Identifier: Apache-2.0
 *
 * The first page of whoever is signed in, and the way out. */
#include "portal/cabinet.h"
#include "portal/handlers.h"
#include "portal/screen.h"
#include "portal/screens.h"

void screen_home(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ROLES_ALL, false, &v))
        return;
    if (ROLES_STAFF & ROLE_BIT(v.who.role)) { /* their work is there */
        screen_go(x, "/desk");
        portal_leave(&v);
        return;
    }
    if (v.who.role == ROLE_POLICE) {
        screen_go(x, "/marks");
        portal_leave(&v);
        return;
    }
    if (v.who.role == ROLE_MINISTRY) {
        screen_go(x, "/ministry");
        portal_leave(&v);
        return;
    }
    if (v.who.role == ROLE_ASSISTANT) {
        screen_go(x, "/assist");
        portal_leave(&v);
        return;
    }
    if (ROLES_APPLICANT & ROLE_BIT(v.who.role)) {
        cabinet_home(x, &v);
        portal_leave(&v);
        return;
    }
    screen_begin(x, &v, TEXT_CABINET_HEADING, "/cabinet");
    html_put(x, "<h1>");
    html_say(x, TEXT_CABINET_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_text(x, str_z(v.who.name));
    html_put(x, "</p>\n");
    screen_end(x);
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
