/* SPDX-License-Identifier: Apache-2.0
 *
 * app_door - the sign-in with a phone: a page shows a code, an app that holds a key of ЭЦП reads it, shows what
 * is signed in to, signs, and sends the signature to us; the browser that asked, and no other, is signed in.
 *
 * The browser keeps a ticket in a cookie. What the code shows is another ticket, made from it: who sees the
 * code can sign, for which he signs in that browser as himself, and cannot take over what somebody else
 * signed. Both are over after APP_DOOR_LIFE_S. The shape is our own: doc/signing.md, "By a phone". */
#ifndef PEOPLE_APP_DOOR_H
#define PEOPLE_APP_DOOR_H

#include "app/commit.h"
#include "people/eds.h"
#include "people/ticket.h"

enum {
    APP_DOOR_LIFE_S = 300,
    APP_DOOR_CHECK = 3, /* two digits and a NUL: the same on the page and in the app */
    APP_DOOR_CONTENT = 400,
};

/* One code: what an app is to sign, and what it shows. */
struct app_door {
    uint8_t said[TICKET_SAID]; /* of the code's ticket */
    char ticket[TICKET_TEXT];
    char check[APP_DOOR_CHECK];
    char content[APP_DOOR_CONTENT]; /* to be signed byte for byte: ticket, check, our address */
    int64_t until_s;                /* UTC second */
};

/* For the browser's cookie. */
void app_door_begin(const struct registry *registry, int64_t now_s, char out[TICKET_TEXT]);
/* The code of a browser. origin: "https://host", at most LIMIT_PUBLIC_URL bytes. ERR_NONCE: not a ticket of
 * a browser, or over. */
MUST_USE enum err app_door_of_browser(const struct registry *registry, struct str browser,
                                      struct str origin, int64_t now_s, struct app_door *out);
/* Was it a browser's, and is over? */
bool app_door_was_of_browser(const struct registry *registry, struct str browser, int64_t now_s);
/* The same for what an app read. */
MUST_USE enum err app_door_of_app(const struct registry *registry, struct str ticket,
                                  struct str origin, int64_t now_s, struct app_door *out);

/* The app's signature: it is kept until its browser asks. ERR_NONCE: somebody signed already; ERR_ROLE: an
 * employee without a power of attorney; ERR_EDS_… of the port. */
MUST_USE enum err app_door_sign(struct registry *registry, struct committer *committer,
                                const struct eds_port *port, const struct app_door *door,
                                struct str cms, struct fault *fault);
/* Who signed. ERR_NOT_FOUND: nobody yet. */
MUST_USE enum err app_door_who(struct registry *registry, const struct app_door *door,
                               struct eds_person *out, struct fault *fault);

#endif
