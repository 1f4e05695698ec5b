/* SPDX-License-Identifier: Apache-2.0
 *
 * expiring - what the next days take from whom: the IMEIs whose last day with service comes, by day and by model, if
 * no fact changes until then. So that nobody is surprised by a midnight, and a wrong one is held before it comes. */
#ifndef APP_EXPIRING_H
#define APP_EXPIRING_H

#include "app/registry.h"
#include "app/top_models.h"

enum { EXPIRING_DAYS = 62 };

struct expiring {
    daynum from;   /* the first last day that is told of: today */
    unsigned days; /* 1 to EXPIRING_DAYS */
    uint64_t
        imeis[EXPIRING_DAYS]; /* whose last day with service is from + i; black the day after */
    uint64_t waiting;         /* whose last day is over: expire_through has not come to it */
    struct top_models models; /* of all these */
};

struct expiring_ask {
    unsigned days;
    void (*expires)(void *ctx,
                    struct imei imei); /* each of them, ascending; NULL: nobody is told */
    void *ctx;
};
/* One look at the rows that are due; no write. ERR_DATE: days is not 1 to EXPIRING_DAYS. Errors of the store. */
MUST_USE enum err expiring_count(struct registry *registry, const struct expiring_ask *ask,
                                 struct expiring *out, struct fault *fault);

#endif
