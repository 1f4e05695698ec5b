/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_askers - threads for applications by file about which the services of customs and GSMA have to be asked: up to
 * 10,000 questions each, so that a slow service would stand before all other files. A few threads take one such
 * application each and wait for the answers; one that could not be asked rests, and is then taken again. What was
 * answered for it is remembered until all is, else a service that fails now and then would never come to the end. */
#ifndef PORTAL_BULK_ASKERS_H
#define PORTAL_BULK_ASKERS_H

#include "portal/bulk_worker.h"

struct bulk_askers;

/* Nobody to ask: *out is NULL, which all others allow. Of opening the register, ERR_MEMORY. */
MUST_USE enum err bulk_askers_open(const struct bulk_options *options, struct bulk_askers **out,
                                   struct fault *fault);
void bulk_askers_close(struct bulk_askers *askers);
/* Takes an application over. */
void bulk_askers_put(struct bulk_askers *askers, uint64_t application);
/* Is it theirs: in the row, at work, or resting? */
bool bulk_askers_have(struct bulk_askers *askers, uint64_t application);
/* As bulk_worker_progress. */
int bulk_askers_progress(const struct bulk_askers *askers, uint64_t application);
/* Sources for whoever hands over: customs and GSMA answer ASKED_LATER. */
struct check_sources bulk_askers_later(const struct check_sources *sources);

#endif
