/* SPDX-License-Identifier: Apache-2.0
 *
 * segments - the feed and the snapshot under names that never mean anything else, for caches on the way to EIR nodes
 * (ARCHITECTURE.md, "Segments of the feed").
 *
 * Open to keys with the scope feed alone, as the feed is. The answers say "public", so that an operator's own cache,
 * which asks with a key of its own, may keep them and give them to the operator's nodes (RFC 9111 3.5). */
#ifndef FACE_SEGMENTS_H
#define FACE_SEGMENTS_H

#include "face/request.h"

void segments_get_list(struct exchange *x);     /* GET /api/v1/feed/segments?after=CURSOR */
void segments_get(struct exchange *x);          /* GET /api/v1/feed/segments/{name} */
void segments_get_snapshot(struct exchange *x); /* GET /api/v1/snapshots/{name} */

#endif
