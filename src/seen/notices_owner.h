/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_owner - whose subscriber somebody is: of the operator whose prefixes his IMSI has, else of the network that saw
 * him last, where that channel names no prefixes (notices_due.h). IMSIs are opened here, some at a time, and wiped. */
#ifndef SEEN_NOTICES_OWNER_H
#define SEEN_NOTICES_OWNER_H

#include "seen/notices_write.h"

/* Fills party of each, 0 where nobody can tell him; network of each is in `last`. Leaves them by subscriber. */
MUST_USE enum err owners_find(struct registry *registry, const struct notices_channels *channels,
                              const struct seen_last *last, struct owed *owed, size_t n,
                              struct fault *fault);

#endif
