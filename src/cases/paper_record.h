/* SPDX-License-Identifier: Apache-2.0
 *
 * paper_record - a paper as a record, and the lists in which it is found: by the file that it needs, while it is
 * loose, by whom and when it was sent; and how many bytes all files hold. */
#ifndef CASES_PAPER_RECORD_H
#define CASES_PAPER_RECORD_H

#include "cases/paper.h"

/* ---- reading, anywhere ---- */

/* What a party has sent within the 24 hours before now_s. */
MUST_USE enum err paper_day(struct registry *registry, uint64_t owner, int64_t now_s,
                            uint64_t *out_bytes, size_t *out_count, struct fault *fault);
/* Bytes of all files. */
MUST_USE enum err paper_total(struct registry *registry, uint64_t *out, struct fault *fault);
/* Does a paper need the file? */
MUST_USE enum err paper_used(struct registry *registry, const uint8_t name[PAPER_FILE_NAME],
                             bool *out, struct fault *fault);
/* The same bytes from the same sender, loose and not yet old. */
MUST_USE enum err paper_sent_before(struct registry *registry, const struct paper *paper,
                                    const uint8_t name[PAPER_FILE_NAME], struct paper *out,
                                    bool *out_found, struct fault *fault);
/* Loose ones that came before the second, oldest first, at most max. */
MUST_USE enum err paper_loose_until(struct registry *registry, int64_t until_s,
                                    struct paper_id *out, size_t max, size_t *out_n,
                                    struct fault *fault);

/* ---- inside a write ---- */

MUST_USE enum err paper_put_new(struct registry *registry, const struct paper *paper,
                                const uint8_t name[PAPER_FILE_NAME], struct fault *fault);
/* It is loose no more. */
MUST_USE enum err paper_put_taken(struct registry *registry, const struct paper *paper,
                                  struct fault *fault);
MUST_USE enum err paper_drop(struct registry *registry, const struct paper *paper,
                             const uint8_t name[PAPER_FILE_NAME], struct fault *fault);

#endif
