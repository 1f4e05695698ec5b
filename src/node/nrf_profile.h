/* SPDX-License-Identifier: Apache-2.0
 *
 * nrf_profile - what a node tells an NRF of itself, as TS 29.510 has it: its NFProfile (6.1.6.2.2), the patch of a
 * heart-beat (5.2.2.3.2); and what of an NRF's answer matters to it. Pure: settings in, JSON out. */
#ifndef NODE_NRF_PROFILE_H
#define NODE_NRF_PROFILE_H

#include "base/buf.h"
#include "node/settings.h"

enum { NRF_ENDPOINTS = LIMIT_NODE_LISTEN };

/* How it stands just now. */
struct nrf_standing {
    bool suspended; /* nfStatus SUSPENDED: other nodes are the better choice */
    unsigned load;  /* 0 to 100 */
};

/* endpoints: where it can be called; ports as they are. */
struct nrf_self {
    const struct node_settings *settings;
    struct node_listen endpoints[NRF_ENDPOINTS];
    unsigned endpoint_count;
};

/* Appends; out->failed: no memory. */
void nrf_profile_put(const struct nrf_self *self, const struct nrf_standing *standing,
                     struct buf *out);
void nrf_patch_put(const struct nrf_standing *standing, struct buf *out);
/* heartBeatTimer of a profile that an NRF sent: 1 to 86,400 seconds; `before` where it says none. */
uint32_t nrf_profile_timer(struct str answer, uint32_t before);

#endif
