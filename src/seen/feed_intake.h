/* SPDX-License-Identifier: Apache-2.0
 *
 * feed_intake - rows that an operator's program brings (app/intake.h) are loaded as a file of `feed load` is, by the same
 * guards, under a registry of its own. Nobody accepts a guard this way: that is for a person with the file. */
#ifndef SEEN_FEED_INTAKE_H
#define SEEN_FEED_INTAKE_H

#include "app/intake.h"
#include "app/registry.h"

struct feed_intake {
    const char *url, *key; /* of the register, as registry_options has them */
    const struct clock *clock;
};

/* For intake_options.load; ctx: struct feed_intake. Errors of feed_load and registry_open. */
MUST_USE enum err feed_intake_load(void *ctx, const struct intake_job *job,
                                   struct intake_result *out, struct fault *fault);
/* For intake_options.looked: whose program reads bad rows, and how many bytes, goes into the audit log. */
MUST_USE enum err feed_intake_looked(void *ctx, const struct intake_asker *asker, uint64_t bytes,
                                     struct fault *fault);

#endif
