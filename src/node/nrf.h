/* SPDX-License-Identifier: Apache-2.0
 *
 * nrf - a node among the network functions of 5G (Nnrf_NFManagement, TS 29.510 5.2): registers with an NRF, says in
 * heart-beats that it is there and how it stands, registers anew where it was forgotten, takes leave at the end. A
 * thread of its own: the node answers whatever the NRF does.
 *
 * Several addresses are tried in order; when none takes a question, it waits for 1 to 60 seconds, with jitter, and
 * tries again for ever. What is registered is announced SUSPENDED while the node has nothing to answer from, or while
 * it stands in for the register (stale, unless the operator said go_on: then it answers as ever). */
#ifndef NODE_NRF_H
#define NODE_NRF_H

#include "node/nrf_profile.h"
#include "node/status.h"

struct nrf;

struct nrf_options {
    struct nrf_self self;
    const char *agent;
    unsigned workers; /* that answer: by them its load is measured */
    struct node_status *status;
};

/* Begins. Borrows settings, status, texts. ERR_MEMORY. */
MUST_USE enum err nrf_new(const struct nrf_options *options, struct nrf **out);
/* Takes leave, in four seconds at most. NULL: nothing. */
void nrf_free(struct nrf *nrf);

#endif
