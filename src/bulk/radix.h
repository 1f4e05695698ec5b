/* SPDX-License-Identifier: Apache-2.0
 *
 * radix - sorts keys of up to 63 bits in place, without a second copy: an import of 50 million
 * IMEIs sorts in the 400 MB that hold them. */
#ifndef BULK_RADIX_H
#define BULK_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* Ascending. keys < 2^63. */
void radix_sort(uint64_t *keys, size_t n);
/* Drops equal neighbours; returns how many stay. */
size_t radix_unique(uint64_t *keys, size_t n);

#endif
