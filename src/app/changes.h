/* SPDX-License-Identifier: Apache-2.0
 *
 * changes - a growing list of changes that becomes a batch's source: sorted by IMEI and kind,
 * twins merged. For thousands to a few millions; imports of more bring sources of their own. */
#ifndef APP_CHANGES_H
#define APP_CHANGES_H

#include "app/batch.h"

struct changes {
    struct change *p;
    size_t n, size;
    size_t at; /* of the source */
    bool failed;
};

void changes_add(struct changes *list, const struct change *change);
/* By (IMEI, kind), stable; equal changes are kept once. ERR_MEMORY when an add had failed. */
MUST_USE enum err changes_sort(struct changes *list);
struct batch_source changes_source(struct changes *list);
void changes_release(struct changes *list);

#endif
