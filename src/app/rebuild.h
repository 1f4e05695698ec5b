/* SPDX-License-Identifier: Apache-2.0
 *
 * rebuild - what stands beside the journal, made from the journal alone. */
#ifndef APP_REBUILD_H
#define APP_REBUILD_H

#include "app/audit.h"

struct rebuild_result {
    uint64_t imeis;   /* that the journal names */
    uint64_t written; /* facts rows that were missing or differed */
    uint64_t dropped; /* facts rows that no journal row made */
    uint64_t pairs;   /* put or taken away */
};

/* Verifies the whole chain, replays it, and sets right every facts row, its due day and the pairs, in one
 * write: all of it or nothing. The rest (parties, files loaded, API keys, notes) is not in the journal.
 * ERR_CHAIN: a damaged journal rebuilds nothing. */
MUST_USE enum err rebuild(struct registry *registry, struct rebuild_result *out,
                          struct fault *fault);

#endif
