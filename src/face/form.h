/* SPDX-License-Identifier: Apache-2.0
 *
 * form - names and values of a query or of a form's body (application/x-www-form-urlencoded,
 * WHATWG URL 5.1), and single percent-encoded pieces. */
#ifndef FACE_FORM_H
#define FACE_FORM_H

#include "base/buf.h"
#include "base/err.h"

/* Is it text that a person can have typed: UTF-8, no control characters but line ends and tabs? */
bool form_is_text(struct str s);
/* Appends s decoded; plus: '+' is a space. ERR_USAGE for a broken %xx, ERR_UTF8 for what is no
 * UTF-8 text, a NUL or another control character (line ends and tabs may stand in a form). */
MUST_USE enum err form_decode(struct str s, bool plus, struct buf *out);
/* A piece of a path, decoded: s itself where nothing is encoded, else in scratch. Errors as above. */
MUST_USE enum err form_piece(struct str s, struct buf *scratch, struct str *out);
/* The first value of a name, appended decoded. *out_found tells whether there is one. */
MUST_USE enum err form_value(struct str form, const char *name, struct buf *out, bool *out_found);

#endif
