/* SPDX-License-Identifier: Apache-2.0
 *
 * customs - lines of customs declarations: who declared how many devices of which model. They come from a file
 * that customs hand over (customs_load), or are asked for over HTTP (struct customs_source); a line that the
 * files know is not asked for.
 *
 * Applications draw from a line: devices that are approved or asked for against it, by all applications
 * together, are at most the declared quantity. That an application names a line is a record of its own, written when it is
 * filed; what it draws is read from the application, so that nothing has to be given back when it ends. Of a file
 * the record says how many devices, and what never arrived is taken off it (customs_return).
 * Expected: some thousand lines a day, a few applications each (partial shipments). */
#ifndef CASES_CUSTOMS_H
#define CASES_CUSTOMS_H

#include "cases/checks.h"

struct customs_line {
    char number[LIMIT_DOCUMENT + 1]; /* of the declaration, as customs write it */
    uint32_t item;                   /* goods item, from 1 */
    daynum date;
    char declarant[13]; /* BIN, or the IIN of a sole trader */
    char brand[LIMIT_TAC_NAME + 1], model[LIMIT_TAC_NAME + 1]; /* may be empty */
    uint32_t quantity;                                         /* devices */
    char country[3]; /* ISO 3166-1 alpha-2; may be empty */
};

/* A line as applicants name it: "55301/010126/0001234/2" is goods item 2 of that declaration, as declarants write
 * it; without a fourth part *out_item is 0: whichever the declaration has. */
void customs_split(struct str document, struct str *out_number, uint32_t *out_item);
/* A number as it is compared: letters large, without blanks and dashes. */
size_t customs_plain(struct str number, char out[LIMIT_DOCUMENT]);
/* Does somebody who brings from there show a declaration? Not from within the EAEU: an import notice. */
bool customs_declared_from(const char country[3]);

/* ---- what files of customs say ---- */

struct customs_loaded {
    uint64_t rows, fresh, corrected; /* rows that were known stay as they are */
};
/* Loads a file. Where two persons decide it waits for another, who loads the same rows (ERR_HELD; ERR_ACTOR), unless
 * nothing in it is new: CSV with declaration_no, declaration_date, declarant, goods_item, quantity, and brand, model, country.
 * Wholly or not at all as to its rows; written in parts, so that one that was cut off is loaded again.
 * Errors of files, ERR_TOO_MANY, and of a row with line, column and rule: ERR_TOO_LONG, ERR_NAME, ERR_DATE,
 * ERR_IIN_BIN, ERR_NUMBER, ERR_USAGE, ERR_DUPLICATE_IN_FILE. registry: a writing one. */
MUST_USE enum err customs_load(struct registry *registry, const char *path,
                               struct customs_loaded *out, struct fault *fault);

enum customs_found {
    CUSTOMS_NONE,    /* no such line */
    CUSTOMS_LINE,    /* *out is it */
    CUSTOMS_SEVERAL, /* no item was named, and the declaration has several */
};
MUST_USE enum err customs_find(struct registry *registry, struct str number, uint32_t item,
                               struct customs_line *out, enum customs_found *out_found,
                               struct fault *fault);
/* Has any file been loaded? */
MUST_USE enum err customs_known(struct registry *registry, bool *out, struct fault *fault);

/* ---- what applications draw ---- */

/* Inside a write: the application names the line. devices: of a file; a typed one tells itself. */
MUST_USE enum err customs_draw(struct registry *registry, struct str number, uint32_t item,
                               uint64_t application, uint64_t devices, struct fault *fault);
/* Inside a write: so many devices of a file that drew from the line never came. Of one that was typed its application tells
 * (application_arrived). */
MUST_USE enum err customs_return(struct registry *registry, struct str number, uint32_t item,
                                 uint64_t application, uint64_t devices, struct fault *fault);
/* Devices that other applications than `but` draw from the line, and from its declaration without naming an item.
 * Past CUSTOMS_DRAWS_MOST of them UINT32_MAX: nobody counts on. */
enum { CUSTOMS_DRAWS_MOST = 4096 };
MUST_USE enum err customs_drawn(struct registry *registry, struct str number, uint32_t item,
                                uint64_t but, uint64_t *out, struct fault *fault);

/* ---- what an application's declarations say ---- */

/* One line that an application names. */
struct customs_look {
    struct str number;
    uint32_t item;
    uint64_t devices; /* of the application against it */
    const struct case_device
        *typed; /* the devices, when brand and model are to be compared; else NULL */
    /* out */
    uint32_t findings;        /* FOUND_NOT_IN_CUSTOMS … */
    uint64_t declared, drawn; /* drawn: by others */
    enum asked asked;         /* of the service; ASKED_NOBODY: it did not have to be asked */
};
/* ERR_… of the store alone. bin: of the applicant; number: of the application. */
struct customs_asker {
    const struct check_sources *sources; /* NULL: files alone */
    const char *bin, *number;
    uint64_t application;
};
MUST_USE enum err customs_look(struct registry *registry, const struct customs_asker *asker,
                               struct customs_look *look, struct fault *fault);

/* What was seen, for officers: numbers of the lines that stop an approval, of a typed one its only line. */
enum { CUSTOMS_SEEN_MOST = 100 };
struct customs_seen {
    uint64_t lines, stopped; /* that it names; of them with a finding that stops */
    json_t *list;            /* of at most CUSTOMS_SEEN_MOST, as the API shows them; owned */
};
void customs_seen_add(struct customs_seen *seen, const struct customs_look *look);
/* Writes it beside the application and releases it. */
MUST_USE enum err customs_seen_keep(const struct office *office, uint64_t application,
                                    struct customs_seen *seen);
/* {"lines", "stopped", "seen": [{"declaration_no", "goods_item", "devices", "declared", "drawn", "findings"}]}; *out NULL:
 * nothing was asked for it. json_decref. */
MUST_USE enum err customs_seen_get(struct registry *registry, uint64_t application, json_t **out,
                                   struct fault *fault);

/* A typed import: fills in a->findings. */
MUST_USE enum err customs_check(const struct office *office, const struct check_sources *sources,
                                struct application *a, const char *bin, enum reach *reach,
                                struct fault *fault);

#endif
