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

/* Rows that would be loaded, by their digest: may this person load them? ERR_HELD: they wait for another, which is
 * noted; ERR_ACTOR; of the store. */
MUST_USE enum err customs_second(struct registry *registry, const uint8_t digest[SHA256_BYTES],
                                 uint64_t rows, struct fault *fault);
/* Inside the write that loads the last of them. */
MUST_USE enum err customs_second_done(struct registry *registry, const uint8_t digest[SHA256_BYTES],
                                      struct fault *fault);

#endif
