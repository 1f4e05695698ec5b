/* SPDX-License-Identifier: Apache-2.0
 *
 * route - tables of addresses: which handler answers which. The door has its own (route.c); what stands
 * behind the sign-in brings one more (site->more). */
#ifndef FACE_ROUTE_H
#define FACE_ROUTE_H

#include "face/request.h"

enum method { METHOD_NONE, METHOD_GET, METHOD_POST };

struct method_row {
    enum method method;
    const char *accepts; /* media type of the body; NULL: no body is read */
    void (*answer)(struct exchange *x);
    enum { FREE, LIMITED } door; /* LIMITED: pays for one IMEI before anything is read */
};

struct route {
    struct str pattern; /* one "{}" in it = any one piece */
    const char *allow;
    struct method_row methods[2];
};

/* Does the address stand in the table behind the sign-in? Its handlers may wait for a database. */
bool route_waits(const struct site *site, struct str target);
/* Both tables together. */
unsigned route_count(const struct site *site);
/* 0: "-", no route; 1 to route_count(): "/api/v1/check/{}". */
const char *route_pattern(const struct site *site, unsigned route);

#endif
