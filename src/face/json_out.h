/* SPDX-License-Identifier: Apache-2.0
 *
 * json_out - JSON in and out of the API: what the public addresses and those behind the sign-in share. */
#ifndef FACE_JSON_OUT_H
#define FACE_JSON_OUT_H

#include <jansson.h>

#include "face/request.h"

/* Any JSON value, no member twice; json_decref. ERR_UTF8, ERR_USAGE. */
MUST_USE enum err json_read(struct str text, json_t **out);
/* The body of an answer; takes the value. NULL: no memory, and the answer is a 500. */
void json_send(struct exchange *x, json_t *value);

/* The text of a member; .p NULL: there is none of that name, or it is no text. */
struct str json_text(const json_t *object, const char *name);
json_t *json_str(struct str s);
json_t *json_instant(int64_t utc_s); /* "2026-03-10T07:00:00Z"; null for 0 */
json_t *json_day(daynum day);        /* "2026-03-10"; null for none */

#endif
