/* SPDX-License-Identifier: Apache-2.0
 *
 * assist - the pages by which an assistant files for a person who is present: who it is and what it is about, then
 * the code and the devices, then the receipt to print. A form a page, no script. */
#ifndef PORTAL_ASSIST_H
#define PORTAL_ASSIST_H

#include "cases/present.h"
#include "portal/screen_code.h"

enum { ASSIST_FIELDS = 9, ASSIST_TYPED = 128, ASSIST_PATH = 96 };

struct assist_origin {
    const char *name; /* in the address */
    uint8_t kind, way;
    enum text label; /* TEXT_OWN_BEFORE: with {day} */
};
/* NULL past the last, or where there is none of the name. */
const struct assist_origin *assist_origin(size_t i);
const struct assist_origin *assist_origin_find(struct str name);
void assist_say_origin(struct exchange *x, const struct visit *v, const struct assist_origin *o);

/* What is typed on one page, and why it cannot be taken. */
struct assist {
    struct exchange *x;
    struct visit *v;
    struct code code;
    const struct assist_origin *origin;
    const char *const *names; /* of the fields, ASSIST_FIELDS at most */
    char typed[ASSIST_FIELDS][ASSIST_TYPED];
    bool wrong[ASSIST_FIELDS];
    enum text why[ASSIST_FIELDS];
    enum err top; /* what belongs beside no field */
};

/* Reads the first n fields. */
void assist_read(struct assist *a, size_t n);
/* One of them, with what was typed and what is wrong with it. */
void assist_field(struct assist *a, size_t i, enum text label, const enum text *hint,
                  const char *attributes);
/* The words of an error beside a field. */
void assist_wrong(struct assist *a, size_t field, enum err err);
/* Is nothing wrong so far? */
bool assist_right(const struct assist *a);
/* What is wrong with the whole, above the form. */
void assist_say_top(struct assist *a);
/* "/assist/CODE.ORIGIN", or "/assist/CODE/receipt" (origin NULL). */
void assist_path(const struct code *code, const struct assist_origin *origin,
                 char out[ASSIST_PATH]);

#endif
