/* SPDX-License-Identifier: Apache-2.0
 *
 * imeis - a file of IMEIs (one a line, or CSV with a column imei) as a sorted list without twins;
 * and the imports that need no more than that: the amnesty list and GSMA's block list. */
#ifndef BULK_IMEIS_H
#define BULK_IMEIS_H

#include "app/imei_list.h"
#include "bulk/load.h"

/* Check digits are not judged: lists come from networks. *out_hash: of the file. */
MUST_USE enum err imei_list_read(const struct load_options *options, struct imei_list *out,
                                 struct load_result *result, uint8_t out_hash[SHA256_BYTES],
                                 struct fault *fault);
/* Adds. Loading the same file again changes nothing. */
MUST_USE enum err import_amnesty(struct registry *registry, const struct load_options *options,
                                 struct load_result *out, struct fault *fault);
/* Replaces the whole set (missing = cleared), or adds with delta. A load that clears, or that cuts
 * more than GSMA_CUT_LIMIT served active IMEIs, waits for a second person when two decide. */
enum { GSMA_CUT_LIMIT = 1000 };
MUST_USE enum err import_gsma(struct registry *registry, const struct load_options *options,
                              bool delta, struct load_result *out, struct fault *fault);

#endif
