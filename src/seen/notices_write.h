/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_write - notices that are owed, into the register: parts of one operator, each with what was told by it, in one
 * transaction. */
#ifndef SEEN_NOTICES_WRITE_H
#define SEEN_NOTICES_WRITE_H

#include "seen/notices_due.h"

struct owed {
    struct imei imei;
    uint32_t subscriber;
    uint32_t network; /* that saw him last, in seen_last */
    uint32_t pair;    /* the number of the pair of both */
    uint64_t party;   /* whom it goes to; 0: nobody can tell him */
    struct verdict verdict;
    uint8_t step;
};

/* owed: by operator, IMEI and subscriber. *made counts on, also before an error. */
MUST_USE enum err owed_write(struct registry *registry, const struct owed *owed, size_t n,
                             const struct notices_options *options, uint64_t *made,
                             struct fault *fault);

#endif
