/* SPDX-License-Identifier: Apache-2.0
 *
 * pull - a copy's questions to the register: what came after it, and the list of models that its rules
 * want. */
#ifndef NODE_PULL_H
#define NODE_PULL_H

#include "node/copy.h"
#include "node/link.h"
#include "node/status.h"

struct pull {
    struct link *link;
    struct link *cache;         /* of what never changes; NULL: none */
    struct node_status *status; /* counts; NULL: nobody looks */
    struct buf bytes;           /* of the answer, used again */
    int (*on)(void *ctx);       /* of struct link_question */
    void *ctx;
    /* of node/segments.h */
    struct buf names; /* lines of the list */
    size_t names_at;
    bool begun;                /* a list came since segments_begin */
    int64_t list_us, cache_us; /* monotonic: not asked for before */
};
void pull_release(struct pull *p); /* not the links */

/* Asks once, waits at most so many seconds (0..LIMIT_FEED_WAIT_SECONDS) for news, takes them.
 * ERR_CHAIN: the register does not know this copy, or the answer does not follow: a new snapshot is
 * wanted. ERR_KEY: it refuses our key. ERR_UNAVAILABLE: away, or no answer that could be used; as
 * copy_take; ERR_STOPPED. */
MUST_USE enum err pull_feed(struct pull *p, struct copy *copy, unsigned wait_seconds,
                            struct fault *fault);
/* Only hears that the register is there, and how far it is: no block comes, whatever stands behind the copy. A register
 * of before gives an answer of the feed. The same errors. */
MUST_USE enum err pull_head(struct pull *p, struct copy *copy, struct fault *fault);
/* The list of copy->wants_tac. The same errors, ERR_NOT_FOUND. */
MUST_USE enum err pull_tac(struct pull *p, struct copy *copy, struct fault *fault);

#endif
