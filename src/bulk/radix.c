/* SPDX-License-Identifier: Apache-2.0
 *
 * American flag sort: by the highest byte that differs, keys are swapped into their buckets; each
 * bucket is sorted by the next byte. Small buckets are finished by insertion. */
#include "bulk/radix.h"

enum { SMALL = 48, BUCKETS = 256 };

static void insertion(uint64_t *k, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t v = k[i];
        size_t j = i;
        for (; j && k[j - 1] > v; j--)
            k[j] = k[j - 1];
        k[j] = v;
    }
}

static void sort_by(uint64_t *k, size_t n, unsigned shift)
{
    if (n <= SMALL) {
        insertion(k, n);
        return;
    }
    size_t count[BUCKETS] = {0}, next[BUCKETS], end[BUCKETS];
    for (size_t i = 0; i < n; i++)
        count[k[i] >> shift & 255]++;
    size_t at = 0;
    for (unsigned b = 0; b < BUCKETS; b++) {
        next[b] = at;
        at += count[b];
        end[b] = at;
    }
    for (unsigned b = 0; b < BUCKETS; b++) {
        while (next[b] < end[b]) {
            uint64_t v = k[next[b]];
            for (unsigned to = v >> shift & 255; to != b; to = v >> shift & 255) {
                uint64_t other = k[next[to]];
                k[next[to]++] = v;
                v = other;
            }
            k[next[b]++] = v;
        }
    }
    if (!shift)
        return;
    for (unsigned b = 0; b < BUCKETS; b++)
        if (count[b] > 1)
            sort_by(k + end[b] - count[b], count[b], shift - 8);
}

void radix_sort(uint64_t *keys, size_t n)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= keys[i];
    unsigned shift = 0;
    while (shift < 56 && all >> (shift + 8))
        shift += 8;
    sort_by(keys, n, shift);
}

size_t radix_unique(uint64_t *keys, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!kept || keys[kept - 1] != keys[i])
            keys[kept++] = keys[i];
    return kept;
}
