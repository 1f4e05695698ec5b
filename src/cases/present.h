/* SPDX-License-Identifier: Apache-2.0
 *
 * present - an assistant (service office, operator's shop, hot line) files for a person who is there or on the line:
 * the person's phone, of whichever number, gets a code; with it the application is filed in his name, by the
 * assistant. One code files one application. What is told of it goes to that number. Afterwards the
 * assistant knows what the receipt tells, no more. domain.md 2.7. */
#ifndef CASES_PRESENT_H
#define CASES_PRESENT_H

#include "cases/code.h"

/* Sends the code: msisdn, iin, name and language of `code` are given. Errors of code_send. */
MUST_USE enum err present_begin(const struct office *office, const struct session *assistant,
                                struct code *code, struct str idempotency, struct fault *fault);
/* May a kind be filed so, by that way? A gift needs the traveller's own code. */
bool present_may(uint8_t kind, uint8_t way);
/* Files it with the code that was typed. Sent again with the same wish it gives what it gave. ERR_ROLE: not a kind
 * to be filed so; ERR_NOT_FOUND, ERR_CODE_WRONG, ERR_CODE_OVER of the code; errors of filing_new. */
MUST_USE enum err present_file(const struct office *office, const struct session *assistant,
                               const struct code *code, struct str typed, const struct filing *wish,
                               struct application *out, bool *out_again, struct fault *fault);
/* What a code of his has filed. ERR_NOT_FOUND. *out: application_release. */
MUST_USE enum err present_made(const struct office *office, const struct session *assistant,
                               const struct code *code, struct application *out,
                               struct fault *fault);

#endif
