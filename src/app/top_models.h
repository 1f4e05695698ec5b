/* SPDX-License-Identifier: Apache-2.0
 *
 * top_models - how many IMEIs of which models: the greatest counts of a pass over IMEIs in ascending order, in
 * which those of a TAC come together. */
#ifndef APP_TOP_MODELS_H
#define APP_TOP_MODELS_H

#include "core/imei.h"

enum { TOP_MODELS = 20 };

struct model_count {
    uint32_t tac;
    uint64_t imeis;
};

struct top_models {
    uint32_t n;
    struct model_count list[TOP_MODELS]; /* greatest first; of equal ones the lower TAC */
    struct model_count open;             /* the TAC that the pass is at */
};

/* One IMEI more, not below the one before; counts: it is to be counted. */
void top_models_add(struct top_models *top, struct imei imei, bool counts);
/* The pass is over: the last TAC takes its place. */
void top_models_end(struct top_models *top);

#endif
