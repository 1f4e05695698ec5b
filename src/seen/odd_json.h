/* SPDX-License-Identifier: Apache-2.0
 *
 * odd_json - phones with an odd TAC (odd_tacs.h) as JSON, for the command and the API alike: counts, models, masked
 * examples. */
#ifndef SEEN_ODD_JSON_H
#define SEEN_ODD_JSON_H

#include "seen/groups_json.h"
#include "seen/odd_tacs.h"

extern const struct groups_words odd_words;

/* "2026-03" of so many months before odd->month. */
enum { ODD_MONTH_TEXT = 16 };
void odd_month_format(const struct odd_tacs *odd, unsigned back, char out[ODD_MONTH_TEXT]);

/* registry: for the names of models. The caller's to json_decref; NULL: no memory. */
json_t *odd_tacs_json(const struct registry *registry, const struct odd_tacs *odd);

#endif
