/* SPDX-License-Identifier: Apache-2.0
 *
 * customs_record - between the files of customs.h: a line of a declaration as a record. */
#ifndef CASES_CUSTOMS_RECORD_H
#define CASES_CUSTOMS_RECORD_H

#include "cases/customs.h"

/* Of a kind and a declaration; goods item 4 follows. */
struct record_key customs_key(struct registry *registry, enum record_kind kind, struct str number);
/* NULL: no memory. json_decref. */
json_t *customs_line_json(const struct customs_line *line);

#endif
