/* SPDX-License-Identifier: Apache-2.0
 *
 * status_text - how a node stands, as Prometheus reads it (text format 0.0.4) and as a load balancer asks it. */
#ifndef NODE_STATUS_TEXT_H
#define NODE_STATUS_TEXT_H

#include "base/buf.h"
#include "base/clock.h"
#include "node/counts.h"
#include "node/ring.h"
#include "node/status.h"

/* Connections, as the engine counts them. */
struct status_lines {
    uint64_t open, accepted, refused, dropped, connected, bytes_in, bytes_out;
};

/* What there is to show. All borrowed. */
struct status_sources {
    const struct node_status *status;
    const struct clock *clock;
    struct counts *const *counts; /* one a worker */
    struct ring *const *checks;   /* NULL: no check log */
    struct ring *const *sightings;
    unsigned workers;
    struct status_lines (*lines)(void *ctx); /* NULL: none */
    void *ctx;
    /* The name of a peer of a face (enum network_face) by its number from 1; "" for what has none. */
    struct str (*peer)(void *ctx, unsigned face, unsigned number);
    const char *version;
};

void status_metrics(const struct status_sources *s, struct buf *out);
/* JSON; false: it should get no questions (there is nothing to answer from yet). */
bool status_health(const struct status_sources *s, struct buf *out);

#endif
