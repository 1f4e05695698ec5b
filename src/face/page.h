/* SPDX-License-Identifier: Apache-2.0
 *
 * page - what people see: the check before buying, without any JavaScript, in three languages. */
#ifndef FACE_PAGE_H
#define FACE_PAGE_H

#include "face/request.h"

void page_home(struct exchange *x);      /* GET /: the same as /check, with a script that helps */
void page_form(struct exchange *x);      /* GET /check */
void page_check(struct exchange *x);     /* POST /check: imei=…, one a line; or sample=… */
void page_guide(struct exchange *x);     /* GET /guide?way=… : do I have to verify */
void page_questions(struct exchange *x); /* GET /questions */
void page_number(struct exchange *x); /* GET /number/{number}, /number?number=…: did we say so */
void page_style(struct exchange *x);  /* GET /style: what the pages are made of */
void page_static(struct exchange *x); /* GET /static/{name}: style and signs, named by hash */
void page_error(struct exchange *x, enum err err);

#endif
