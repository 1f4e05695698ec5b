/* SPDX-License-Identifier: Apache-2.0
 *
 * find - lookups in boxes, as fast as the processor at hand can: find.c is built once for each
 * kind. Only index/ includes this. */
#ifndef INDEX_FIND_H
#define INDEX_FIND_H

#include "index/boxes.h"

enum { FIND_BATCH = 32 };

struct find_kind {
    /* The number of the verdict of an IMEI, NUMBER_NONE or NUMBER_ODD. */
    uint32_t (*one)(const struct boxes *b, uint64_t body);
    /* Of n, at most FIND_BATCH: their lines come from memory side by side. */
    void (*many)(const struct boxes *b, const struct imei *imeis, size_t n, uint32_t *out);
};

/* For the processor at hand. */
const struct find_kind *find_kind_here(void);

extern const struct find_kind find_plain;
#ifdef __x86_64__
extern const struct find_kind find_avx2, find_avx512;
#endif

#endif
