/* SPDX-License-Identifier: Apache-2.0
 *
 * explain_text - an explanation (core/explain.h) in a language, one line each, for staff: it uses
 * the internal texts of the reasons. */
#ifndef FACE_EXPLAIN_TEXT_H
#define FACE_EXPLAIN_TEXT_H

#include "core/explain.h"
#include "face/text.h"

/* Appends the line, without a line end. */
void explain_text(struct buf *out, enum lang lang, const struct explain_line *line);

#endif
