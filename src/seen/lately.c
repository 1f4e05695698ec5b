/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/lately.h"

/* One part of a day: pairs of it from *at on, which is moved behind them. *left: those that were not seen yet. */
static enum err look_part(struct registry *reg, uint64_t party, daynum day, struct lately *pairs,
                          size_t n, size_t *left, struct fault *fault)
{
    const uint32_t part = pairs->number >> SEEN_DAY_SHIFT;
    roaring_bitmap_t *bits = NULL;
    enum err err = seen_day_part_get(reg, party, daynum_pack(day), part, &bits, fault);
    for (size_t i = 0; !err && bits && i < n && pairs[i].number >> SEEN_DAY_SHIFT == part; i++)
        if (pairs[i].last == DAYNUM_NONE && roaring_bitmap_contains(bits, pairs[i].number)) {
            pairs[i].last = day;
            --*left;
        }
    if (bits)
        roaring_bitmap_free(bits);
    return err;
}

/* A day, part by part. */
static enum err look_day(struct registry *reg, uint64_t party, daynum day, struct lately *pairs,
                         size_t n, size_t *left, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n;) {
        const uint32_t part = pairs[i].number >> SEEN_DAY_SHIFT;
        size_t end = i;
        bool wanted = false;
        for (; end < n && pairs[end].number >> SEEN_DAY_SHIFT == part; end++)
            wanted = wanted || pairs[end].last == DAYNUM_NONE;
        if (wanted)
            err = look_part(reg, party, day, &pairs[i], n - i, left, fault);
        i = end;
    }
    return err;
}

enum err lately_seen(struct registry *reg, uint64_t party, daynum from, daynum to,
                     struct lately *pairs, size_t n, struct fault *fault)
{
    enum err err = ERR_OK;
    size_t left = n;
    for (size_t i = 0; i < n; i++)
        pairs[i].last = DAYNUM_NONE;
    for (daynum day = to; !err && left && day >= from; day--)
        err = look_day(reg, party, day, pairs, n, &left, fault);
    return err;
}
