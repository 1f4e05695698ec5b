/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/breaker.h"

bool breaker_lets(struct breaker *b, int64_t now_us, bool *out_decides)
{
    *out_decides = b->rest_until_us != 0;
    if (!b->rest_until_us)
        return true;
    if (b->deciding || now_us < b->rest_until_us)
        return false;
    b->deciding = true;
    return true;
}

void breaker_heard(struct breaker *b, enum heard heard, bool decides, int64_t now_us)
{
    if (decides)
        b->deciding = false;
    if (heard == HEARD) {
        b->failures = 0;
        b->rest_until_us = 0;
    } else if (heard == HEARD_NOTHING && (decides || ++b->failures >= BREAKER_FAILURES)) {
        b->failures = 0;
        b->rest_until_us = now_us + INT64_C(1000000) * BREAKER_REST_S;
    }
}
