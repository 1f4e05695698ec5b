/* SPDX-License-Identifier: Apache-2.0
 *
 * screen - what the pages behind the sign-in share: who is looking, the frame with his name, forms that
 * carry the session's mark, fields with their errors beside them. Each screen_….c is one room of it.
 * Every page works without a script; only the one that speaks to NCALayer needs one.
 *
 * A form is answered by 303 and the page that shows what became of it, so that going back or loading
 * anew sends nothing twice (RFC 9110 15.4.4). */
#ifndef PORTAL_SCREEN_H
#define PORTAL_SCREEN_H

#include "face/html.h"
#include "portal/portal.h"

/* Who looks: as portal_visit. Whoever is not signed in is led to the sign-in and back here by GET; any
 * other refusal is a page. False: it is answered, nothing is to be left. A form's `csrf` field is read
 * from the body when changes is set. */
bool screen_visit(struct exchange *x, uint32_t roles, bool changes, struct visit *out);
/* The same of a form that brings files: its mark was read by whoever reads that. */
bool screen_visit_marked(struct exchange *x, uint32_t roles, struct str csrf, struct visit *out);
/* The page of an error, or of a fault of what was typed. */
void screen_fail(struct exchange *x, enum err err);
/* 303 to an address of our own; path may carry a query. Too long a path leads to /cabinet. */
void screen_go(struct exchange *x, const char *path);

/* Frame with the name of who is signed in and the way out; v NULL or without a session: without.
 * title: of the window, h1 is the page's own. path: as html_page. */
void screen_begin(struct exchange *x, const struct visit *v, enum text title, const char *path);
void screen_end(struct exchange *x);

/* <form method="post" action=path class=…> with the session's mark; the caller closes it. */
void screen_form(struct exchange *x, const struct visit *v, const char *path, const char *class_);
/* The same of a form that brings files; the mark is its first part. */
void screen_form_files(struct exchange *x, const struct visit *v, const char *path,
                       const char *class_);
/* The value of a field of the form that was sent, appended decoded; empty when it is not there.
 * ERR_USAGE, ERR_UTF8 as form_value. */
MUST_USE enum err screen_value(const struct exchange *x, const char *name, struct buf *out);

/* A page that loads itself anew was asked to stay as it is (?still=1): whoever is disturbed by that looks when he is
 * ready. No page on which something is typed loads itself anew. */
bool screen_still(const struct exchange *x);

/* One question of a form. Label and hint are texts, wrong is shown beside the field and told to
 * screen readers. */
struct screen_field {
    const char *name;
    const char *attributes; /* of the input: "inputmode=\"numeric\" maxlength=\"20\""; or "" */
    enum text label;
    const enum text *hint;  /* NULL: none */
    const enum text *wrong; /* NULL: nothing is wrong */
    struct str value;
    bool lines; /* a textarea */
};
void screen_field(struct exchange *x, const struct screen_field *field);
/* What is wrong with a group of fields, inside its fieldset; "ID-wrong" is what describes them then. */
void screen_wrong(struct exchange *x, const char *id, enum text why);
void screen_button(struct exchange *x, enum text says);
/* A list that goes on: its address, its name there, what it is, and the last of the page before (0: from the top). */
struct screen_pages {
    const char *path;
    const char *name;
    enum text heading;
    uint64_t after;
};
/* Where the address says that the list goes on; 0 when it says nothing. ERR_USAGE: no number of ours. */
MUST_USE enum err screen_after(const struct exchange *x, const char *name, uint64_t *out);
/* Of a list from the newest on: the way to older ones (next: the last shown; 0 = there is none) and back. */
void screen_older(struct exchange *x, const struct screen_pages *pages, uint64_t next);
/* Of a list in the order of waiting: the way to those that follow. */
void screen_following(struct exchange *x, const struct screen_pages *pages, uint64_t next);
/* What is wrong with the whole, above its form: the words of the error and what to do. */
void screen_trouble(struct exchange *x, enum err err);
/* Filed: begins the sheet with the receipt; the caller closes the article. */
void screen_receipt_head(struct exchange *x, struct str receipt);
/* A moment as people read it: day and hour of the country's own zone. 0 writes nothing. */
void screen_time(struct exchange *x, const struct visit *v, int64_t utc_s);
/* A body or an operator as people call it, where text/ has body.NAME; else the name that it was entered by. */
struct str screen_body(const struct exchange *x, struct str name);
/* A country by its name; one that no page offers (a program may file any) by its two letters. */
void screen_country(struct exchange *x, const char *code);

#endif
