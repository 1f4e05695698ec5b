/* SPDX-License-Identifier: Apache-2.0
 *
 * cabinet - what the pages of an applicant's own applications share. */
#ifndef PORTAL_CABINET_H
#define PORTAL_CABINET_H

#include "portal/apply.h"

/* The look of a state, as the lists' colours and signs: "exempt", "grey", "white", "black", "unknown". */
const char *cabinet_look(uint8_t state);
/* "Being checked", with its sign. */
void cabinet_state(struct exchange *x, uint8_t state);
/* "We decide by …", "Bring the papers by …", "Decided …": what the clock says now. */
void cabinet_clock(struct exchange *x, const struct visit *v, const struct application *a);
/* "/cabinet/2026-0000001234" and what follows: "/appeal", "". */
void cabinet_path(const struct application *a, const char *rest, char out[APPLY_PATH]);
/* "Samsung Galaxy S24 and 2 more devices". */
void cabinet_devices(struct exchange *x, const struct application *a);
/* A link to an address of ours. */
void cabinet_link(struct exchange *x, const char *class_, const char *path, enum text says);

/* ---- one application (screen_case.c) ---- */

/* Finds the application that the address names, and who looks, as screen_visit. False: it is answered. */
bool case_stand(struct exchange *x, bool changes, struct visit *v, struct application *a);
void case_leave(struct visit *v, struct application *a);
/* What an officer wrote last: which papers, or why. */
const char *case_last_note(const struct application *a);

/* The first page of whoever files applications. */
void cabinet_home(struct exchange *x, struct visit *v);

#endif
