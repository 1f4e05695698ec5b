/* SPDX-License-Identifier: Apache-2.0 */
#include "app/top_models.h"

void top_models_end(struct top_models *top)
{
    if (!top->open.imeis)
        return;
    uint32_t at = top->n < TOP_MODELS ? top->n++ : TOP_MODELS;
    while (at > 0 && top->list[at - 1].imeis < top->open.imeis) {
        if (at < TOP_MODELS)
            top->list[at] = top->list[at - 1];
        at--;
    }
    if (at < TOP_MODELS)
        top->list[at] = top->open;
    top->open.imeis = 0;
}

void top_models_add(struct top_models *top, struct imei imei, bool counts)
{
    uint32_t tac = imei_tac(imei);
    if (tac != top->open.tac) {
        top_models_end(top);
        top->open.tac = tac;
    }
    top->open.imeis += counts;
}
