/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_answer - what an operator's answer to a POST of notices says of single ones: {"refused": [{"id": …, "reason": …}]}.
 * Only a notice that is named there with a reason is done with; whatever else an endpoint says decides of none. Pure. */
#ifndef CASES_NOTICES_ANSWER_H
#define CASES_NOTICES_ANSWER_H

#include "app/notices.h"

/* ids: of those that were sent, n of them. states: NOTICES_UNKNOWN for the reason "unknown_number", NOTICES_FAILED for any
 * other; left as it is for who is not named. Returns how many were named, each once; 0 for what cannot be read. */
size_t notices_answer_read(struct str body, const char (*ids)[NOTICES_ID_TEXT], size_t n,
                           uint8_t *states);

#endif
