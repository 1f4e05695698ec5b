/* SPDX-License-Identifier: Apache-2.0
 *
 * report - the thread that brings the spool's files to the register (POST /api/v1/sightings), oldest first,
 * and again after 1 s to 60 s while it is away. What it refuses as later than its own now (this machine's
 * clock is ahead) is sent again with the register's time; while that is not known the file waits, so many
 * times. */
#ifndef NODE_REPORT_H
#define NODE_REPORT_H

#include "node/link.h"
#include "node/spool.h"
#include "node/status.h"

struct report;

/* Borrows all. ERR_MEMORY. */
MUST_USE enum err report_new(const struct link_options *link, struct node_spool *spool,
                             struct node_status *status, struct report **out);
void report_free(struct report *r);

/* One line of a report. */
void report_format(const struct sighting *sighting, struct buf *out);

#endif
