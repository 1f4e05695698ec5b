/* SPDX-License-Identifier: Apache-2.0
 *
 * rows - an operator's whole rows over HTTP: POST /api/v1/sightings with CSV, or lines of JSON that name a subscriber, packed
 * or not, of any size; and the list of those that could not be used. They come onto the disk as they are sent (app/intake.h);
 * what became of them is the answer. Open to keys with the scope rows, each for the operator after whom it is named: rows
 * name subscribers, and the key of a node at a site must not read or bring them. */
#ifndef FACE_ROWS_H
#define FACE_ROWS_H

#include "app/intake.h"
#include "face/request.h"

enum rows_form {
    ROWS_NONE,    /* not whole rows: a node's report, or what is no body of ours */
    ROWS_PERHAPS, /* lines of JSON: the first one tells */
    ROWS_YES,
};

/* By method, target, media type and content coding, when the head has come. */
enum rows_form rows_form(const struct request *head);
/* What lines of JSON begin with: false: no line is whole yet. end: no more comes. *out_rows: they are whole rows. */
bool rows_tell(struct str begin, bool end, bool *out_rows);
/* May they come, and is there a place? ERR_KEY, ERR_SCOPE…; ERR_UNAVAILABLE; errors of intake_begin. */
MUST_USE enum err rows_begin(struct exchange *x, struct intake_upload **out, struct fault *fault);

void rows_post(struct exchange *x, struct intake_upload *upload); /* borrowed */
void rows_errors(struct exchange *x); /* GET /api/v1/sightings/errors?load=ID */

#endif
