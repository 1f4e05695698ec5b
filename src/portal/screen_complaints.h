/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_complaints - pages of complaints about sellers: who complains (screen_complaints.c), the officer
 * (screen_desk_complaints.c). What these share. */
#ifndef PORTAL_SCREEN_COMPLAINTS_H
#define PORTAL_SCREEN_COMPLAINTS_H

#include "cases/complaint.h"
#include "portal/cabinet.h"

/* ROOM/C2026-0000000012 and what follows. */
void complaint_path(const char *room, const struct complaint *c, const char *rest,
                    char out[APPLY_PATH]);
void complaint_state(struct exchange *x, const struct complaint *c);
/* One of a list. */
void complaint_entry(struct exchange *x, const struct visit *v, const char *room,
                     const struct complaint *c);
/* Ends the caption; <h1> and the state. */
void complaint_heading(struct exchange *x, const struct complaint *c);
/* Phone, seller, what happened, what the officer wrote. */
MUST_USE enum err complaint_body(struct exchange *x, const struct visit *v,
                                 const struct complaint *c);
/* For the desk: how many wait, and the way to them. */
MUST_USE enum err complaints_waiting(struct exchange *x, struct visit *v);

#endif
