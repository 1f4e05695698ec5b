/* SPDX-License-Identifier: Apache-2.0
 *
 * checked_json - one check as JSON, straight into the answer's bytes: a batch of a thousand is mostly
 * this. The only encoder of an answer; the shape of design.md 4 with the public reason alone. */
#ifndef FACE_CHECKED_JSON_H
#define FACE_CHECKED_JSON_H

#include "app/service.h"

void checked_json(struct buf *out, const struct checked *checked);
/* A JSON string, quotes and all; s must be UTF-8. */
void checked_json_text(struct buf *out, struct str s);

#endif
