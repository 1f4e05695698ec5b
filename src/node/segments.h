/* SPDX-License-Identifier: Apache-2.0
 *
 * segments - how a copy that is far behind comes near: sealed pieces of the feed, from a cache near the operator when
 * there is one, else from the register (ARCHITECTURE.md, "Segments of the feed").
 *
 * The register itself is asked which pieces there are. Those that a cache gives are verified as everything is; one
 * that does not verify is thrown away and asked of the register, and so is one that does not come. A cache that
 * failed is left alone for a minute. What fails altogether is left to the feed, which tells what is wrong. */
#ifndef NODE_SEGMENTS_H
#define NODE_SEGMENTS_H

#include "node/pull.h"

enum {
    SEGMENT_ITEMS = 65536,   /* ARCHITECTURE.md */
    CACHE_LEAST_SPEED = 1024 /* bytes a second, of a cache: one that drips is none */
};

/* Takes the next segment, if one goes on where the copy stands: *out_took. The first call since segments_begin
 * looks for some, later ones when the register is more than SEGMENT_ITEMS ahead. ERR_MEMORY: the copy is to be
 * thrown away; ERR_STOPPED. */
MUST_USE enum err segments_take(struct pull *p, struct copy *copy, bool *out_took,
                                struct fault *fault);
/* Of a copy that may be far behind: it was opened, or loaded. */
void segments_begin(struct pull *p);

/* May the cache be asked now? */
bool cache_is_up(const struct pull *p);
/* It gave nothing (bad: what it gave is not the register's): not asked for a minute. */
void cache_failed(struct pull *p, const char *what, bool bad, const struct fault *fault);

#endif
