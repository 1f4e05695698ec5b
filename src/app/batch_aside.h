/* SPDX-License-Identifier: Apache-2.0
 *
 * batch_aside - what a batch brings besides changes of facts: which file it was, and the rows of it
 * that could be no key. Saved with the batch, because another process or person may write the
 * intent: ARCHITECTURE.md, "Batch part". */
#ifndef APP_BATCH_ASIDE_H
#define APP_BATCH_ASIDE_H

#include "store/store.h"

struct aside {
    struct load load; /* hash, kind, operator_name, rows; the rest is not kept */
    struct finding *findings;
    size_t finding_count;
};

void aside_encode(const struct load *load, const struct finding *findings, size_t n,
                  struct buf *out);
/* *out: released by the caller. ERR_CODEC, ERR_MEMORY. */
MUST_USE enum err aside_decode(struct str bytes, struct aside *out);
void aside_release(struct aside *aside);

#endif
