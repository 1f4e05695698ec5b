/* SPDX-License-Identifier: Apache-2.0
 *
 * imeis - a file of IMEIs (one a line, or CSV with a column imei) as a sorted list without twins;
 * and the imports that need no more than that: the amnesty list and GSMA's block list. */
#ifndef BULK_IMEIS_H
#define BULK_IMEIS_H

#include "app/imei_list.h"
#include "bulk/guard.h"
#include "bulk/load.h"

/* Check digits are not judged: lists come from networks. *out_hash: of the file. */
MUST_USE enum err imei_list_read(const struct load_options *options, struct imei_list *out,
                                 struct load_result *result, uint8_t out_hash[SHA256_BYTES],
                                 struct fault *fault);
/* Adds. Loading the same file again changes nothing. */
MUST_USE enum err import_amnesty(struct registry *registry, const struct load_options *options,
                                 struct load_result *out, struct fault *fault);
struct gsma_options {
    bool delta; /* adds; else the whole set is replaced: missing = cleared */
    struct accept accept;
};
/* Guards: size (the set shrinks by more than a quarter), move (more than gsma_cut_limit served phones would
 * be cut off). A load that clears, or cuts so many, waits for a second person when two decide. */
MUST_USE enum err import_gsma(struct registry *registry, const struct load_options *options,
                              const struct gsma_options *how, struct load_result *out,
                              struct fault *fault);

#endif
