/* SPDX-License-Identifier: Apache-2.0
 *
 * peer_names - who may ask by Diameter, by the place that counts it: a pattern keeps its place whatever a reload
 * adds or removes. An empty one matches nobody. One that is new takes a place that never was used, then one that
 * is no more. */
#ifndef NODE_PEER_NAMES_H
#define NODE_PEER_NAMES_H

#include "node/settings.h"

struct peer_names {
    struct peer_names *older; /* readers may still look at it */
    bool live[LIMIT_NODE_PEERS];
    char text[LIMIT_NODE_PEERS][NODE_PEER];
};

/* Those of settings, on the places that they had before (NULL: nobody had). Keeps `before` behind it. NULL: no
 * memory. */
struct peer_names *peer_names_new(struct peer_names *before, const struct node_settings *s);
void peer_names_list(const struct peer_names *names, struct str out[LIMIT_NODE_PEERS]);
void peer_names_free(struct peer_names *names); /* with all before it; NULL: nothing */

#endif
