/* SPDX-License-Identifier: Apache-2.0
 *
 * Who goes back keeps what he applied before and applies still: steps above the new place are cut to it, and of several that
 * become equal the first one stays. */
#include "seen/told.h"

#include <stdlib.h>

static enum err push(struct told *t, const struct told_step *step)
{
    if (t->count == t->size) {
        const size_t size = t->size ? 2 * t->size : 64;
        struct told_step *steps = realloc(t->steps, size * sizeof *steps);
        if (!steps)
            return ERR_MEMORY;
        t->steps = steps;
        t->size = size;
    }
    t->steps[t->count++] = *step;
    return ERR_OK;
}

enum err told_take(struct told *t, const struct lists_receipt *r)
{
    const uint64_t below = r->place.next_seq;
    while (t->count > 1 && t->steps[t->count - 2].below >= below)
        t->count--;
    if (t->count && t->steps[t->count - 1].below > below)
        t->steps[t->count - 1].below = below;
    if (t->count && t->steps[t->count - 1].below == below)
        return ERR_OK;
    return push(t, &(struct told_step){below, r->place, r->at_ms});
}

struct reading {
    struct told *told;
    enum err err;
};

static bool take(void *ctx, const struct lists_receipt *receipt)
{
    struct reading *r = ctx;
    r->err = told_take(r->told, receipt);
    return !r->err;
}

enum err told_read(struct registry *reg, const char *operator_name, uint8_t list, struct told *out,
                   struct fault *fault)
{
    struct told told = {.count = 0};
    struct reading r = {&told, ERR_OK};
    enum err err = lists_receipts_of(reg, operator_name, list, take, &r, fault);
    if (!err)
        err = r.err;
    if (err)
        told_release(&told);
    else
        *out = told;
    return err;
}

const struct told_step *told_find(const struct told *t, uint64_t seq)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (t->steps[mid].below > seq)
            high = mid;
        else
            low = mid + 1;
    }
    return low < t->count ? &t->steps[low] : NULL;
}

void told_release(struct told *t)
{
    free(t->steps);
    *t = (struct told){.count = 0};
}
