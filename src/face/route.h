/* SPDX-License-Identifier: Apache-2.0
 *
 * route - tables of addresses: which handler answers which. The door has its own (route.c); what stands
 * behind the sign-in brings one more (site->more). */
#ifndef FACE_ROUTE_H
#define FACE_ROUTE_H

#include "face/request.h"

enum method { METHOD_NONE, METHOD_GET, METHOD_POST, METHOD_PATCH, METHOD_DELETE };

enum { ROUTE_METHODS = 3 }; /* of one address */

struct method_row {
    enum method method;
    const char *accepts; /* media type of the body; NULL: no body is read */
    void (*answer)(struct exchange *x);
    enum { FREE, LIMITED } door; /* LIMITED: pays for one IMEI before anything is read */
    uint32_t scopes; /* enum api_scope: open to keys with one of these alone; 0: as guard.h says */
    bool aside;      /* may wait for a database, as all do behind the sign-in */
    size_t body_max; /* bytes of a body; 0 = LIMIT_HTTP_BODY */
    /* Where body_max is larger: may such a body come? Asked when its head has come, before it is read. NULL: yes. */
    enum err (*admits)(struct exchange *x);
    /* A page of its own tells people what is wrong with a body that is too long, or was refused: answer is called
     * with what is there of the body: its beginning (request.body_too_long), nothing (request.refused). */
    bool forgives;
};

struct route {
    struct str pattern; /* one "{}" in it = any one piece */
    const char *allow;
    struct method_row methods[ROUTE_METHODS];
};

/* May the handlers of the address wait for a database? Those behind the sign-in all may. */
bool route_waits(const struct site *site, struct str target);
/* The largest body of a request whose head has come; LIMIT_HTTP_BODY where no address fits. */
size_t route_body_max(const struct site *site, const struct request *head);
/* May a body above LIMIT_HTTP_BODY come? Else why not, as route_answer is to say it (request.refused). */
enum err route_admits(const struct site *site, const struct request *head);

/* Whole rows are to come: opens a place for them. Why not, as above. */
enum err route_receives(const struct site *site, const struct request *head,
                        struct intake_upload **out);

/* Does its page tell itself what is wrong with its body? */
bool route_forgives(const struct site *site, const struct request *head);

/* Both tables together. */
unsigned route_count(const struct site *site);
/* 0: "-", no route; 1 to route_count(): "/api/v1/check/{}". */
const char *route_pattern(const struct site *site, unsigned route);

#endif
