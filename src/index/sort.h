/* SPDX-License-Identifier: Apache-2.0
 *
 * sort - records of two words, ascending by key and then value, in place: a country's index is
 * gigabytes, and qsort would want as much again. */
#ifndef INDEX_SORT_H
#define INDEX_SORT_H

#include <stddef.h>
#include <stdint.h>

struct record {
    uint64_t key;
    uint64_t value;
};

void sort_records(struct record *records, size_t n);

#endif
