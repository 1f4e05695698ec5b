/* SPDX-License-Identifier: Apache-2.0
 *
 * sort - American flag sort (McIlroy, Bostic, McIlroy 1993): count the records of each leading
 * byte, move each into its byte's place by cycles, then the same one byte lower within each
 * place. Small places are sorted by insertion. */
#include "index/sort.h"

#include <stdbool.h>
#include <string.h>

enum { BYTES = 16, DIGITS = 256, SMALL = 24 };

static bool before(const struct record *a, const struct record *b)
{
    return a->key != b->key ? a->key < b->key : a->value < b->value;
}

static void sort_small(struct record *r, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct record x = r[i];
        size_t j = i;
        for (; j > 0 && before(&x, &r[j - 1]); j--)
            r[j] = r[j - 1];
        r[j] = x;
    }
}

/* Byte 0 is the highest of the key, byte 15 the lowest of the value. */
static unsigned digit(const struct record *r, unsigned byte)
{
    uint64_t word = byte < 8 ? r->key : r->value;
    return (unsigned)(word >> (8 * (7 - byte % 8))) & (DIGITS - 1);
}

static void sort_from(struct record *r, size_t n, unsigned byte)
{
    size_t next[DIGITS], end[DIGITS], count[DIGITS] = {0};
    for (size_t i = 0; i < n; i++)
        count[digit(&r[i], byte)]++;
    for (size_t d = 0, at = 0; d < DIGITS; d++) {
        next[d] = at;
        at += count[d];
        end[d] = at;
    }
    for (unsigned d = 0; d < DIGITS; d++) {
        while (next[d] < end[d]) {
            struct record x = r[next[d]];
            unsigned to = digit(&x, byte);
            if (to == d) {
                next[d]++;
                continue;
            }
            r[next[d]] = r[next[to]];
            r[next[to]++] = x;
        }
    }
    if (++byte == BYTES)
        return;
    for (size_t d = 0, at = 0; d < DIGITS; at += count[d++]) {
        if (count[d] <= SMALL)
            sort_small(r + at, count[d]);
        else
            sort_from(r + at, count[d], byte);
    }
}

void sort_records(struct record *records, size_t n)
{
    if (n <= SMALL)
        sort_small(records, n);
    else
        sort_from(records, n, 0);
}
