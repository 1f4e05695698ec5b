/* SPDX-License-Identifier: Apache-2.0
 *
 * demand_record - a request as a record, the lists in which it is found, and what a step of it tells; only cases/
 * includes this. */
#ifndef CASES_DEMAND_RECORD_H
#define CASES_DEMAND_RECORD_H

#include "cases/demand.h"

/* Inside a write: stores it with its lists, as its state says. before: as it stood; NULL, it is new. */
MUST_USE enum err demand_put(struct registry *registry, const struct demand *r,
                             const struct demand *before, struct fault *fault);
/* Inside a write: tells buyer and seller of the step. */
MUST_USE enum err demand_tell(struct registry *registry, const struct demand *r,
                              const struct demand *before, struct fault *fault);

/* One step: changes r, or says why not. */
typedef enum err demand_step_fn(const struct office *office, struct demand *r, void *ctx,
                                struct fault *fault);
/* Takes it in one commit, from what stands; what somebody faster left is looked at anew. *out: as it is then. */
MUST_USE enum err demand_step(const struct office *office, uint64_t id, demand_step_fn *fn,
                              void *ctx, struct demand *out, struct fault *fault);
/* Notes a step in its events; its state is set by then. note: may be empty. */
void demand_event(struct demand *r, int64_t now_s, uint8_t by, struct str note);

#endif
