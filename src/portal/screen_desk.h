/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_desk - the officer's desk by page: the queue (screen_desk.c), one application on one page
 * (screen_desk_case.c) with its forms (screen_desk_forms.c), and what they send (screen_desk_act.c). What
 * these files share; only they include this. */
#ifndef PORTAL_SCREEN_DESK_H
#define PORTAL_SCREEN_DESK_H

#include "cases/desk.h"
#include "portal/screen.h"

enum { DESK_SCAN_MAX = 1000 }; /* applications that one page of the queue looks at */

/* What was typed into a form that was refused, to be shown again. */
struct desk_typed {
    enum err wrong;   /* ERR_OK: nothing was */
    const char *form; /* the form that it was typed into: "ask", "decide", "return" */
    struct str note;
    struct decision decisions[FILING_DEVICES_MAX];
    bool chosen[FILING_DEVICES_MAX]; /* a decision was chosen there */
    size_t count;
};

/* The page of one application; the look is noted. typed: NULL, nothing was. done: word of desk.done.…; "". */
void desk_page(struct exchange *x, struct visit *v, uint64_t id, const struct desk_typed *typed,
               struct str done);
/* The forms that this officer may send, in the order in which they are done. */
void desk_forms(struct exchange *x, const struct visit *v, const struct application *a,
                const struct desk_typed *typed);
/* The select of one device, inside the form "decide". i counts from 0, n among the undecided ones. */
void desk_choice(struct exchange *x, size_t i, size_t n, const struct desk_typed *typed);
/* The same of an application by file: one choice for all of it. */
void desk_choice_all(struct exchange *x, enum text label, const struct desk_typed *typed);
/* May he decide it now: it is open, his, and nothing is proposed? */
bool desk_decides(const struct visit *v, const struct application *a);

/* Is it one that this officer may take, or go on with? */
bool desk_for_him(const struct visit *v, const struct application *a);
/* The first of the queue that is for him, but not `but`. False: there is none among the first DESK_SCAN_MAX. */
bool desk_next(struct visit *v, uint64_t but, struct application *out);

/* An officer's account name; "" when it is not known. */
void desk_officer(const struct visit *v, uint64_t party, char out[LIMIT_NAME + 1]);
/* Marks of one that stands in the queue: overdue, appeal, second officer, … */
void desk_marks(struct exchange *x, const struct visit *v, const struct application *a);
/* Its clock: what is left, what it is overdue by, or by when papers must come. */
void desk_clock(struct exchange *x, const struct visit *v, const struct application *a);
/* "/desk/2026-0000000001" and what follows. */
enum { DESK_PATH = 64 };
void desk_path(const struct application *a, const char *rest, char out[DESK_PATH]);

#endif
