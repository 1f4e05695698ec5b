/* SPDX-License-Identifier: Apache-2.0
 *
 * screen_marks - what the pages of bodies that set marks share. */
#ifndef PORTAL_SCREEN_MARKS_H
#define PORTAL_SCREEN_MARKS_H

#include "portal/marks_form.h"
#include "portal/screen.h"

/* Who looks, and for which body. False: it is answered, nothing is to be left. */
bool marks_stand(struct exchange *x, bool changes, struct visit *v, struct mark_body *body);
/* "Stolen", "Lost", … */
void marks_say_kind(struct exchange *x, uint8_t kind);
/* "On the black list: mobile service is restricted", with its sign. */
void marks_say_state(struct exchange *x, const struct verdict *v);
/* "2026-03-10 – until it is lifted", in words. */
void marks_say_days(struct exchange *x, daynum from, daynum last);
/* "Samsung Galaxy S24"; nothing where the model is not known. */
void marks_say_model(struct exchange *x, const struct visit *v, struct imei imei);
/* <div><dt>label</dt><dd> … </dd></div> */
void marks_row(struct exchange *x, enum text label);
void marks_row_end(struct exchange *x);
/* Rows of an entry: its order, who, when. */
void marks_entry_rows(struct exchange *x, const struct visit *v, const struct entry *e);
void marks_tell(struct exchange *x, enum text says);    /* <p> */
void marks_heading(struct exchange *x, enum text says); /* <h2> */
/* Seeks one IMEI. wrong: why what was typed is none; NULL = nothing is wrong. */
void marks_find_form(struct exchange *x, const struct visit *v, struct str typed,
                     const enum text *wrong);

#endif
