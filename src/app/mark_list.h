/* SPDX-License-Identifier: Apache-2.0
 *
 * mark_list - the marks of each body, newest first: what a body's own list is read from, because facts are
 * found by IMEI alone. Two records a mark (kind 'R' of people/record.h), written in the transaction of the
 * block that sets or clears it, whatever road that came by; `db rebuild` makes them anew. */
#ifndef APP_MARK_LIST_H
#define APP_MARK_LIST_H

#include "app/registry.h"

enum { MARK_LIST_RECORD = 'R' };

/* One mark that stands, or has not been cleared after its last day. */
struct listed_mark {
    uint64_t setter;
    struct imei imei;
    uint8_t kind;   /* enum mark_kind */
    uint64_t seq;   /* of the journal's row that set it */
    uint64_t entry; /* of that row */
};

/* Inside a write: what the rows of a block say of marks. */
MUST_USE enum err mark_list_block(struct registry *registry, const struct block *block,
                                  struct fault *fault);

typedef bool mark_list_fn(void *ctx, const struct listed_mark *mark); /* false: no more */
/* Those of a body, newest first, older than the row `before` (0: from the newest). setter 0: all bodies', body
 * by body. */
MUST_USE enum err mark_list(struct registry *registry, uint64_t setter, uint64_t before,
                            mark_list_fn *fn, void *ctx, struct fault *fault);

/* ---- made anew from the journal ---- */

struct mark_list_pile {
    struct listed_mark *p; /* entry 0: it was cleared */
    size_t n, size;
};
/* Remembers what the block says of marks. ERR_MEMORY, ERR_CODEC. */
MUST_USE enum err mark_list_pile(struct mark_list_pile *pile, const struct block *block);
/* Inside a write: the list is what the pile says, and nothing else. Releases the pile. */
MUST_USE enum err mark_list_renew(struct registry *registry, struct mark_list_pile *pile,
                                  struct fault *fault);

#endif
