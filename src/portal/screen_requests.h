/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_requests - pages of requests to sellers: the lists and one of them (screen_requests.c), the seller's answer
 * (screen_request_reply.c), the officer's search for a seller (screen_desk_requests.c). What these share. */
#ifndef PORTAL_SCREEN_REQUESTS_H
#define PORTAL_SCREEN_REQUESTS_H

#include "cases/demand.h"
#include "portal/cabinet.h"

/* An answer as it was sent, to be shown again where it was refused. */
struct request_typed {
    struct buf answer, application, note;
    struct demand_reply reply; /* borrows from the others */
    enum err wrong;            /* ERR_OK: nothing is */
    char field[FAULT_FIELD_MAX];
};
MUST_USE enum err request_typed_read(const struct exchange *x, struct request_typed *typed);
void request_typed_release(struct request_typed *typed);
/* The seller's form, and the ways to an application for this phone. typed: NULL, nothing was sent. */
void request_reply_form(struct exchange *x, const struct visit *v, const struct demand *r,
                        const struct request_typed *typed);
/* A draft of his for this phone, of the kind that the form names. ERR_ROLE, ERR_TOO_MANY. */
MUST_USE enum err request_draft(const struct exchange *x, struct visit *v, const struct demand *r,
                                struct draft *out);

/* "/requests/R2026-0000000012" and what follows. */
void request_path(const struct demand *r, const char *rest, char out[APPLY_PATH]);
void request_state(struct exchange *x, const struct demand *r);
/* "Answer through …", "Closed …". */
void request_clock(struct exchange *x, const struct visit *v, const struct demand *r);
/* Phone, seller, purchase, papers, what happened so far, as that side may see it. */
MUST_USE enum err request_body(struct exchange *x, const struct visit *v, const struct demand *r,
                               enum demand_side side);
/* What waits for him as a seller; nothing where nothing does. */
MUST_USE enum err requests_waiting(struct exchange *x, struct visit *v);

#endif
