/* SPDX-License-Identifier: Apache-2.0
 *
 * told - since when an operator says that he applies a change of a list: his receipts in order of time, folded so that each
 * sequence number has the first receipt that holds it and after which none went back before it. */
#ifndef SEEN_TOLD_H
#define SEEN_TOLD_H

#include "app/lists_receipt.h"

struct told {
    struct told_step {
        uint64_t below; /* changes with a smaller sequence number */
        struct feed_cursor cursor;
        int64_t at_ms;
    } * steps; /* ascending by both */
    size_t count, size;
};

/* The next receipt. ERR_MEMORY. */
MUST_USE enum err told_take(struct told *told, const struct lists_receipt *receipt);
/* All receipts of an operator and list. */
MUST_USE enum err told_read(struct registry *registry, const char *operator_name, uint8_t list,
                            struct told *out, struct fault *fault);
/* NULL: he does not apply it. */
const struct told_step *told_find(const struct told *told, uint64_t seq);
void told_release(struct told *told);

#endif
