/* SPDX-License-Identifier: Apache-2.0
 *
 * staff - accounts that may act where two persons decide. The first two are made at once; from
 * then on a new one is itself decided by two, else one person would make himself a second. */
#ifndef APP_STAFF_H
#define APP_STAFF_H

#include "app/batch.h"

/* name: 1-64 of a-z 0-9 . _ -, so that no two accounts look alike. ERR_NAME; ERR_HELD as a batch. */
MUST_USE enum err staff_add(struct registry *registry, struct str name, struct batch_result *out,
                            struct fault *fault);

#endif
