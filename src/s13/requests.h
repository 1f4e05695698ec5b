/* SPDX-License-Identifier: Apache-2.0
 *
 * requests - ECRs of one input, gathered so that the desk is asked of many at once, whose look-ups
 * overlap; answered in the order in which they came. */
#ifndef S13_REQUESTS_H
#define S13_REQUESTS_H

#include "s13/ecr.h"

struct requests {
    size_t n;
    size_t bytes; /* of their messages */
    struct ecr ecr[NETWORK_BATCH];
    struct network_check check[NETWORK_BATCH];
};

/* Whom they are answered for. */
struct requests_to {
    const struct s13 *own;
    struct network_desk *desk;
    const struct network_asker *asker;
    struct buf *out;
};

/* One whole message for which ecr_is; it stays until requests_answer. */
void requests_take(struct requests *requests, const struct requests_to *to, const uint8_t *message,
                   size_t n);
/* Answers those that were taken; before anything else is written to out. */
void requests_answer(struct requests *requests, const struct requests_to *to);

#endif
