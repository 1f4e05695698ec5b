/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_clones - clone cases at the officer's desk: what was seen (screen_clones.c), the list
 * (screen_desk_clones.c), the decisions (screen_desk_clone.c). Users are numbers here, never IMSIs; a case is named by its own number, for no IMEI stands in an
 * address. */
#ifndef PORTAL_SCREEN_CLONES_H
#define PORTAL_SCREEN_CLONES_H

#include "clones/case.h"
#include "portal/cabinet.h"

/* "/desk/clones/12" and what follows. */
void clone_path(const struct clone_case *c, const char *rest, char out[APPLY_PATH]);
/* The state, and what waits for a second person. */
void clone_state(struct exchange *x, const struct visit *v, const struct clone_case *c);
/* What was seen: counts, operators, model; users with their days. */
void clone_body(struct exchange *x, const struct visit *v, const struct clone_case *c);
/* For the desk: how many are open, and the way to them. */
MUST_USE enum err clones_waiting(struct exchange *x, struct visit *v);

#endif
