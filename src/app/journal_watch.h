/* SPDX-License-Identifier: Apache-2.0
 *
 * journal_watch - the chain verified little by little: what was verified once is remembered, so that a server can
 * say how far its journal is proved without reading all of it each time. `journal verify` proves the whole at once. */
#ifndef APP_JOURNAL_WATCH_H
#define APP_JOURNAL_WATCH_H

#include "app/registry.h"

struct journal_watch {
    uint64_t next_seq;          /* all before it is verified; 0: it was not begun */
    uint8_t prev[SHA256_BYTES]; /* hash of the last verified block */
    uint64_t blocks;
    int64_t at_s;   /* when it last came to the end, UTC seconds; 0 = not yet */
    enum err found; /* ERR_CHAIN: a block is not what its hash says; it stays there */
    char detail[200];
};

/* Verifies blocks after what is verified, at most `bytes` of them or one. *out_more: the end is not reached. Errors of
 * the store; a broken chain is `found`. */
MUST_USE enum err journal_watch_step(struct registry *registry, struct journal_watch *watch,
                                     uint64_t bytes, bool *out_more, struct fault *fault);

#endif
