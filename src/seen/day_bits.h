/* SPDX-License-Identifier: Apache-2.0
 *
 * day_bits - which pairs a load saw on one day: plain bits in pages of 8 KB that come when they are touched, so that setting
 * one is one line of memory, which can be fetched ahead. Only what stands is compressed (parts.h). */
#ifndef SEEN_DAY_BITS_H
#define SEEN_DAY_BITS_H

#include <roaring/roaring.h>

#include "base/err.h"

enum {
    DAY_PAGE_SHIFT = 16,
    DAY_PAGE_WORDS = 1 << (DAY_PAGE_SHIFT - 6),
    DAY_PAGES_MOST = 1 << 17, /* of all days of a load: 1 GB; 280 days of 30 M pairs */
};

struct day_bits {
    uint64_t **pages;
    uint32_t count;
};

static inline void day_bits_fetch(const struct day_bits *b, uint32_t number)
{
    uint32_t page = number >> DAY_PAGE_SHIFT;
    if (page < b->count && b->pages[page])
        __builtin_prefetch(&b->pages[page][number >> 6 & (DAY_PAGE_WORDS - 1)], 1, 1);
}

/* A page for the number. *pages: of the whole load. ERR_MEMORY; ERR_TOO_MANY: above DAY_PAGES_MOST. */
MUST_USE enum err day_bits_page(struct day_bits *b, uint32_t number, uint32_t *pages);

static inline enum err day_bits_set(struct day_bits *b, uint32_t number, uint32_t *pages)
{
    uint32_t page = number >> DAY_PAGE_SHIFT;
    if (page >= b->count || !b->pages[page]) {
        enum err err = day_bits_page(b, number, pages);
        if (err)
            return err;
    }
    b->pages[page][number >> 6 & (DAY_PAGE_WORDS - 1)] |= UINT64_C(1) << (number & 63);
    return ERR_OK;
}

/* The same, compressed; roaring_bitmap_free. NULL: no memory. */
roaring_bitmap_t *day_bits_roaring(const struct day_bits *b);
void day_bits_release(struct day_bits *b);

#endif
