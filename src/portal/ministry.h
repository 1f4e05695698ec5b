/* SPDX-License-Identifier: Apache-2.0
 *
 * ministry - what the API and the pages of the ministry share: what was counted, the latest blocks, the entries
 * of one IMEI. */
#ifndef PORTAL_MINISTRY_H
#define PORTAL_MINISTRY_H

#include "app/audit.h"
#include "portal/figures_worker.h"
#include "portal/portal.h"

enum { MINISTRY_BLOCKS = 10, MINISTRY_LINES = 50 };

/* Everything that was counted, on the heap: free(). ERR_MEMORY. */
struct ministry_count {
    struct figures figures;
    struct figures_imeis imeis;
};
MUST_USE enum err ministry_count(struct exchange *x, struct visit *v, struct ministry_count **out);

/* One block, without its body. */
struct ministry_block {
    struct block_header header;
    uint8_t root[SHA256_BYTES], hash[SHA256_BYTES];
};
/* The latest, newest first. */
MUST_USE enum err ministry_blocks(struct registry *registry,
                                  struct ministry_block out[MINISTRY_BLOCKS], size_t *out_n,
                                  struct fault *fault);
/* Rows of one IMEI, newest first, at most MINISTRY_LINES; only: those of this application (0: all). Noted in the audit
 * log. */
MUST_USE enum err ministry_lines(struct visit *v, struct imei imei, uint64_t only,
                                 struct audit_line *out, size_t *out_n, struct fault *fault);

#endif
