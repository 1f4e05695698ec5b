/* SPDX-License-Identifier: Apache-2.0
 *
 * screens - the pages behind the sign-in that the table of addresses (routes.c) leads to. */
#ifndef PORTAL_SCREENS_H
#define PORTAL_SCREENS_H

#include "face/request.h"

void screen_home(struct exchange *x);     /* GET /cabinet: everybody's first page, by role */
void screen_sign_out(struct exchange *x); /* POST /sign-out {csrf} */

#endif
