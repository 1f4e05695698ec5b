/* SPDX-License-Identifier: Apache-2.0
 *
 * marks_form - what the API and the pages of bodies share: the list of IMEIs as people type it, the visit of
 * somebody who acts for a body, what is noted of it. */
#ifndef PORTAL_MARKS_FORM_H
#define PORTAL_MARKS_FORM_H

#include <jansson.h>

#include "cases/marks.h"
#include "portal/portal.h"

/* IMEIs of a text: one a line, or with commas or semicolons between; twins once. ERR_TOO_MANY, ERR_IMEI_…;
 * fault->value: the one that is wrong. */
MUST_USE enum err marks_read_imeis(struct str text, struct imei out[MARKS_AT_ONCE], size_t *out_n,
                                   struct fault *fault);
/* The same of a body's member `imeis`, 1 to MARKS_AT_ONCE texts; fault->field says which. */
MUST_USE enum err marks_json_imeis(const json_t *body, struct imei out[MARKS_AT_ONCE],
                                   size_t *out_n, struct fault *fault);
/* Looks, and notes each look. */
MUST_USE enum err marks_look(struct visit *v, const struct mark_body *body,
                             const struct marking *wish, struct mark_look *looks, bool *out_waits,
                             struct fault *fault);
/* Does it in the name of who is here, and notes it. */
MUST_USE enum err marks_act(struct visit *v, const struct mark_body *body,
                            const struct marking *wish, struct marked *out, struct fault *fault);
/* Confirms or rejects, and notes it. out: of a confirmation. */
MUST_USE enum err marks_settle(struct visit *v, const struct mark_body *body, uint64_t proposal,
                               bool confirm, struct batch_result *out, struct fault *fault);
/* An account's name, for its own body; empty. */
void marks_name(struct registry *registry, uint64_t account, char out[LIMIT_NAME + 1]);

#endif
