/* SPDX-License-Identifier: Apache-2.0
 *
 * report_answer - what a register says to a report of sightings, as bytes. A first use is forgotten when the register
 * has said what became of it, and never for a status alone: a proxy between has pages of its own. Pure. */
#ifndef NODE_REPORT_ANSWER_H
#define NODE_REPORT_ANSWER_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

struct report_answer {
    json_t *whole;        /* of the reader: report_answer_release */
    const json_t *shown;  /* refused lines, the first of them: {line, reason, detail} */
    size_t refused_count; /* all of them, at most the lines of the report */
};

/* The answer to `count` lines. ERR_CODEC: it does not say of each what became of it: it is none of the register's. */
MUST_USE enum err report_answer_read(struct str bytes, size_t count, struct report_answer *out,
                                     struct fault *fault);
void report_answer_release(struct report_answer *answer);
/* Is it the register that refuses the report as a whole: a problem with a reason? */
bool report_is_refusal(struct str bytes);

#endif
