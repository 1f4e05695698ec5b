/* SPDX-License-Identifier: Apache-2.0
 *
 * status_face - GET /metrics and GET /healthz on a line: the little of HTTP/1.1 that a scraper and a load
 * balancer speak. line->face_ctx: a struct status_sources. Requests have no body; whoever sends one, or a head
 * longer than LIMIT_NODE_STATUS_HEAD, is told so and closed. */
#ifndef NODE_STATUS_FACE_H
#define NODE_STATUS_FACE_H

#include "node/status_text.h"
#include "wire/line.h"

extern const struct line_face status_face;

#endif
