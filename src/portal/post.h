/* SPDX-License-Identifier: Apache-2.0
 *
 * post - what the worker does about requests to sellers, papers and messages: notes what befell the requests, hands
 * messages to the outbox, throws away papers that nothing took, and files that no record needs. */
#ifndef PORTAL_POST_H
#define PORTAL_POST_H

#include "cases/outbox.h"
#include "cases/paper.h"
#include "cases/demand.h"

struct post {
    const struct paper_place *papers;
    const struct outbox_port *outbox; /* send NULL: there is no way out */
    struct demand_watch requests;
    unsigned looked; /* directories of papers that were looked at since the start */
};

/* Once a second; sweeps: twice a minute. All directories are looked at soon after the start, where a crash may have
 * left something, and one a sweep later on. */
void post_work(struct post *post, const struct office *office, bool sweeps);

#endif
