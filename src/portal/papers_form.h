/* SPDX-License-Identifier: Apache-2.0
 *
 * papers_form - forms by which an applicant attaches papers (cases/paper.h): in the wizard, in an answer, an
 * appeal, a correction. They work without a script: multipart/form-data, files chosen or photographed, each shown with
 * its size and a way to take it out again, what is wrong with one said beside the field.
 *
 * The mark of the session is the first part of such a form, once. The form is whole in memory before it is
 * read: nothing of it is stored before the mark was compared. A form that brings more than LIMIT_HTTP_BODY is asked
 * at the door, by its head alone, whether its sender is signed in (a SameSite=Strict cookie, which no other site's page sends)
 * and whether his browser names another site (portal_may_send_form). A mark in the address is no way out:
 * addresses are logged and kept. */
#ifndef PORTAL_PAPERS_FORM_H
#define PORTAL_PAPERS_FORM_H

#include "cases/paper.h"
#include "face/multipart.h"
#include "portal/screen.h"

enum { PAPERS_FORM_FIELDS = 8 };

/* A file that was not taken, and why. */
struct papers_wrong {
    char name[LIMIT_PAPER_NAME + 1]; /* empty: all of them, or one without a name */
    enum err err;                    /* ERR_TOO_LONG without a name: the form as a whole */
};

struct papers_form {
    /* What was sent, borrowed from the body. */
    struct str csrf, note;
    bool stays;     /* a button that leads nowhere else: attach, take out */
    struct str out; /* the paper to be taken out; empty: none */
    struct str named[LIMIT_PAPERS];
    size_t named_count;
    struct multipart_part fields[PAPERS_FORM_FIELDS]; /* others, of the page's own */
    size_t field_count;
    struct multipart_part files[LIMIT_PAPERS];
    size_t file_count;
    /* What stands. */
    struct case_paper papers[LIMIT_PAPERS];
    size_t paper_count;
    size_t most; /* that may stand; set by papers_form_visit to LIMIT_PAPERS */
    struct papers_wrong wrong[LIMIT_PAPERS + 2];
    size_t wrong_count;
};

/* Admits a form above LIMIT_HTTP_BODY (method_row.admits). */
enum err papers_form_admits(struct exchange *x);
/* Reads the form and finds who sent it, as screen_visit. False: it is answered. */
bool papers_form_visit(struct exchange *x, struct papers_form *form, struct visit *v);
/* A field of the page's own; empty when it is not there. */
struct str papers_form_value(const struct papers_form *form, const char *name);
/* Of a form that carries what was attached before: those become its papers. Errors of the store. */
MUST_USE enum err papers_form_hold(struct papers_form *form, const struct visit *v);
/* Takes one out and stores what came, among papers. What is wrong with a file is noted in wrong; errors are
 * those of the store. */
MUST_USE enum err papers_form_take(struct papers_form *form, struct visit *v);
/* The first half of it, for a list that was read anew. */
void papers_form_take_out(struct papers_form *form);
/* Adds one, unless it is there; false: there is no room. */
bool papers_form_add(struct papers_form *form, const struct case_paper *paper);
/* The HTTP status of a page that shows what is wrong; 200: nothing is. */
int papers_form_status(const struct papers_form *form);

/* The papers that stand and the field for more, inside a form of screen_form_files. carries: the form itself
 * carries what stands. NULL is an empty one. */
void papers_form_field(struct exchange *x, const struct papers_form *form, bool carries);
/* One of a list: its name, what it is, and how large; a link to it. */
void papers_say(struct exchange *x, const struct case_paper *paper);

#endif
