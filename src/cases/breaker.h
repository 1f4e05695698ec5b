/* SPDX-License-Identifier: Apache-2.0
 *
 * breaker - when a source is asked (circuit breaker): after BREAKER_FAILURES questions in a row without an answer it
 * rests for BREAKER_REST_S, so that one that is down is not knocked at for each application; then exactly one question
 * goes through, and what becomes of it decides. Pure: time is given. */
#ifndef CASES_BREAKER_H
#define CASES_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 5, BREAKER_REST_S = 30 };

struct breaker { /* zero: closed */
    unsigned failures;
    int64_t rest_until_us; /* 0: it does not rest */
    bool deciding;         /* the one question after a rest is on its way */
};

enum heard {
    HEARD,         /* an answer */
    HEARD_REFUSAL, /* somebody is there and refuses the question: counts neither way */
    HEARD_NOTHING,
};

/* May a question go now? Each that may is told by breaker_heard; *out_decides goes with it. */
bool breaker_lets(struct breaker *breaker, int64_t now_us, bool *out_decides);
void breaker_heard(struct breaker *breaker, enum heard heard, bool decides, int64_t now_us);

#endif
