/* SPDX-License-Identifier: Apache-2.0
 *
 * screens - the pages behind the sign-in that the table of addresses (routes.c) leads to. */
#ifndef PORTAL_SCREENS_H
#define PORTAL_SCREENS_H

#include "face/request.h"

void screen_home(struct exchange *x);     /* GET /cabinet: everybody's first page, by role */
void screen_sign_out(struct exchange *x); /* POST /sign-out {csrf} */

void screen_desk(struct exchange *x);         /* GET /desk?kind=&whose=&after= */
void screen_desk_one(struct exchange *x);     /* GET /desk/{}?done= */
void screen_desk_claim(struct exchange *x);   /* POST /desk/{}/claim {csrf} */
void screen_desk_ask(struct exchange *x);     /* POST /desk/{}/ask {csrf, note} */
void screen_desk_decide(struct exchange *x);  /* POST /desk/{}/decide {csrf, d0…, note} */
void screen_desk_confirm(struct exchange *x); /* POST /desk/{}/confirm {csrf} */
void screen_desk_return(struct exchange *x);  /* POST /desk/{}/return {csrf, note} */

#endif
