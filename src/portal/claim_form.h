/* SPDX-License-Identifier: Apache-2.0
 *
 * claim_form - the questions that a request to a seller and a complaint about one ask by page: which phone, who sold it, when,
 * and a few words. What is wrong with an answer is said beside it, and what was typed stays. */
#ifndef PORTAL_CLAIM_FORM_H
#define PORTAL_CLAIM_FORM_H

#include "cases/claim.h"
#include "portal/cabinet.h"

enum claim_field {
    CLAIM_IMEIS,
    CLAIM_BIN,
    CLAIM_NAME,
    CLAIM_ADDRESS,
    CLAIM_BOUGHT,
    CLAIM_PLACE,
    CLAIM_DOCUMENT,
    CLAIM_NOTE,
    CLAIM_FIELDS,
};

struct claim_form {
    struct buf typed[CLAIM_FIELDS];
    struct buf key; /* names the act, so that the form is taken once however often it is sent */
    bool named;
    bool is_wrong[CLAIM_FIELDS];
    enum text wrong[CLAIM_FIELDS];
    enum err err; /* of the whole; ERR_OK */
};

void claim_form_release(struct claim_form *form);
struct str claim_form_typed(const struct claim_form *form, enum claim_field field);
/* What was sent; lines of a note become spaces. ERR_USAGE, ERR_UTF8. */
MUST_USE enum err claim_form_read(const struct exchange *x, struct claim_form *form);
/* A form that has the answers of this purchase. */
void claim_form_fill(struct claim_form *form, const struct purchase *purchase);
/* Takes the answers. False: something is wrong, and is noted beside it. */
bool claim_form_take(struct claim_form *form, struct purchase *out);
/* Notes that a field wants an answer. */
void claim_form_missing(struct claim_form *form, enum claim_field field, enum text why);
/* Notes an error of a use case beside the field that the fault names, else above the form. */
void claim_form_refuse(struct claim_form *form, enum err err, const struct fault *fault);

struct claim_asks {
    enum text imeis, note;   /* labels */
    const enum text *hint;   /* of the note; NULL: none */
    const char *note_fields; /* attributes of its textarea */
    bool document;           /* asks place and receipt */
    bool names;              /* asks whether the seller may see the name */
};
/* The fields with the key of the act, inside a form. */
void claim_form_fields(struct exchange *x, const struct claim_form *form,
                       const struct claim_asks *asks);

/* ---- what both pages tell ---- */

/* Rows of a <dl>: the phone with its list and last day, the seller, the purchase. */
MUST_USE enum err claim_rows(struct exchange *x, const struct visit *v,
                             const struct purchase *purchase);
void claim_row(struct exchange *x, enum text label);
void claim_row_end(struct exchange *x);
void claim_text_row(struct exchange *x, enum text label, const char *value);
/* "Samsung Galaxy S24", or its first IMEI. */
void claim_device(struct exchange *x, const struct visit *v, const struct purchase *purchase);
/* "ТОО Дүкен", or his number. */
void claim_seller(struct exchange *x, const struct purchase *purchase);
void claim_quote(struct exchange *x, const char *text);

#endif
