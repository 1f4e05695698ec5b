/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics - GET /metrics: the door's counters and the register's state as Prometheus reads them
 * (text format 0.0.4). For the house alone: from loopback, or from where a setting allows. */
#ifndef FACE_METRICS_H
#define FACE_METRICS_H

#include "face/request.h"

void metrics_answer(struct exchange *x);
/* A name as the value of a label: its quotes and backslashes escaped. */
void metrics_label(struct buf *out, const char *name);

#endif
