/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/day_bits.h"

#include <stdlib.h>
#include <string.h>

enum err day_bits_page(struct day_bits *b, uint32_t number, uint32_t *pages)
{
    uint32_t page = number >> DAY_PAGE_SHIFT;
    if (*pages == DAY_PAGES_MOST)
        return ERR_TOO_MANY;
    if (page >= b->count) {
        uint32_t count = page + page / 2 + 16;
        uint64_t **larger = realloc(b->pages, count * sizeof *larger);
        if (!larger)
            return ERR_MEMORY;
        memset(larger + b->count, 0, (count - b->count) * sizeof *larger);
        b->pages = larger;
        b->count = count;
    }
    b->pages[page] = calloc(DAY_PAGE_WORDS, sizeof **b->pages);
    if (!b->pages[page])
        return ERR_MEMORY;
    ++*pages;
    return ERR_OK;
}

/* The numbers of one page; how many. */
static size_t list_page(const uint64_t *words, uint32_t page, uint32_t *out)
{
    size_t n = 0;
    for (uint32_t w = 0; w < DAY_PAGE_WORDS; w++)
        for (uint64_t left = words[w]; left; left &= left - 1)
            out[n++] = page << DAY_PAGE_SHIFT | w << 6 | (uint32_t)__builtin_ctzll(left);
    return n;
}

roaring_bitmap_t *day_bits_roaring(const struct day_bits *b)
{
    uint32_t *numbers = malloc(sizeof *numbers << DAY_PAGE_SHIFT);
    roaring_bitmap_t *bits = numbers ? roaring_bitmap_create() : NULL;
    for (uint32_t page = 0; bits && page < b->count; page++)
        if (b->pages[page])
            roaring_bitmap_add_many(bits, list_page(b->pages[page], page, numbers), numbers);
    free(numbers);
    return bits;
}

void day_bits_release(struct day_bits *b)
{
    for (uint32_t page = 0; page < b->count; page++)
        free(b->pages[page]);
    free(b->pages);
    *b = (struct day_bits){0};
}
