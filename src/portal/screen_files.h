/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_files - the pages for files of devices: how to make one, sending it, what was found, filing it. A place
 * is its address: /files/KIND to send one, /files/ID.KIND one that was sent, /files/ID the same when the kind is
 * not chosen yet. With a script (web/src/files.ts) a file goes up by pieces through the API, so that it can go on
 * where a connection broke; without one a form brings it whole. Every page shows how it stands without one. */
#ifndef PORTAL_SCREEN_FILES_H
#define PORTAL_SCREEN_FILES_H

#include "cases/bulk_case.h"
#include "portal/screen_desk.h"

struct files_place {
    uint64_t id;  /* of an upload; 0: of none */
    uint8_t kind; /* enum approval_kind; 0: not chosen yet */
};
enum { FILES_PATH = 64 };

/* Kinds that come as a file: import, manufacture, before_duty. */
bool files_kind(uint8_t kind);
/* "/files/0123456789abcdef.import" and what follows. */
void files_path(const struct files_place *place, const char *rest, char out[FILES_PATH]);
/* False: no such place. */
bool files_place(struct str piece, struct files_place *out);

/* The page runs the script of files. Before screen_begin. */
void files_script(struct exchange *x);
/* The part of a page that sends a file by the script, or goes on sending `upload` (NULL: a new one). */
void files_sender(struct exchange *x, const struct visit *v, const struct files_place *place,
                  const struct upload *upload, unsigned percent);
/* The form that sends one without; the script takes it out. wrong: beside the field, NULL: nothing is. */
void files_plain(struct exchange *x, const struct visit *v, const struct files_place *place,
                 const enum text *wrong);
/* The page before one is sent. */
struct files_sent {
    const enum text *wrong; /* of the form without a script */
    enum err top;
};
void files_start(struct exchange *x, struct visit *v, uint8_t kind, const struct files_sent *sent);
/* The page of one: how it stands, what was found, the form that files it. wrong: why it was not filed. */
struct files_typed {
    enum err wrong; /* ERR_OK: it was not tried */
    bool no_choice; /* the rows with faults: nothing was chosen */
    bool no_kind;
    char document[LIMIT_DOCUMENT + 1];
    char country[3];
};
void files_page(struct exchange *x, struct visit *v, const struct files_place *place,
                const struct files_typed *typed);
/* The form that files it. */
void files_form(struct exchange *x, const struct visit *v, const struct files_place *place,
                const struct upload *upload, const struct files_typed *typed);

/* ---- in other pages ---- */

/* "Devices can be typed, or come as a file", and the way to that. */
void files_way_lead(struct exchange *x);
void files_way(struct exchange *x, uint8_t kind);
/* His files that are not filed yet, as a part of a page; nothing when there are none. */
MUST_USE enum err files_waiting(struct exchange *x, const struct visit *v);
/* What an application by file asks for and what became of it; nothing of a typed one. */
void files_case(struct exchange *x, const struct visit *v, const struct application *a);
/* The same for an officer, with the choice that decides all of it. */
void files_desk(struct exchange *x, const struct visit *v, const struct application *a,
                const struct desk_typed *typed);
/* Tables of all devices, one for LIMIT_DEVICES_PAGE of them. base: address of the application in the API. */
void files_tables(struct exchange *x, const struct visit *v, const struct application *a,
                  const char *base);
/* One row of a list of terms: a number. */
void files_number(struct exchange *x, enum text label, uint64_t n);
/* What was found in how many rows. */
void files_found(struct exchange *x, const struct upload *upload);

#endif
