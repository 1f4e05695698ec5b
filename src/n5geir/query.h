/* SPDX-License-Identifier: Apache-2.0
 *
 * query - what one request asks for: its target (path and query) and its Accept, read. Pure: bytes in, an
 * answer or a check out.
 *
 * Expected workload: every attach of a country's 5G, so a plain target costs some tens of nanoseconds
 * and no allocation; one with percent-encoding is copied first. The order in which the parameters stand
 * and their encoding never change what comes out. */
#ifndef N5GEIR_QUERY_H
#define N5GEIR_QUERY_H

#include "answer/network.h"
#include "n5geir/answer.h"

/* target: ":path" as it came. root: what stands before "/n5g-eir-eic", without a slash at its end; may be
 * empty. N5G_ASK: *out is to be brought to the desk; else the answer, *out untouched. */
enum n5g_answer n5g_target_read(struct str root, struct str target, struct network_check *out);

/* What stands behind "?": at most LIMIT_HTTP_URI bytes. */
enum n5g_answer n5g_query_read(struct str query, struct network_check *out);

/* May an answer of ours be sent to whom this Accept (RFC 9110 12.5.1) came from: application/json or
 * application/problem+json? What is no media range counts as none. */
bool n5g_accepts(struct str accept);

#endif
