/* SPDX-License-Identifier: Apache-2.0
 *
 * feed - what EIR nodes follow the register by (ARCHITECTURE.md, "Feed"). Open to keys with the scope feed. All
 * three may wait for the store, so they are answered aside; who waits for news holds no thread. */
#ifndef FACE_FEED_H
#define FACE_FEED_H

#include "face/request.h"

void feed_blocks(struct exchange *x);   /* GET /api/v1/feed?after=CURSOR&wait=SECONDS */
void feed_snapshot(struct exchange *x); /* GET /api/v1/snapshot */
void feed_tac(struct exchange *x);      /* GET /api/v1/tac-list/{number} */

/* "bytes=0-99" of so many bytes (RFC 9110 14.1.2): one range. RANGE_NONE: the whole is sent, because none, several, or
 * a unit that we do not know is asked for; RANGE_BAD: none of it is there (416). */
enum range { RANGE_NONE, RANGE_PART, RANGE_BAD };
enum range feed_range(struct str header, uint64_t bytes, uint64_t *out_at, uint64_t *out_bytes);
/* Does a list of entity tags, or *, name this one? (RFC 9110 13.1.2) */
bool feed_tag_listed(struct str header, struct str tag);

#endif
