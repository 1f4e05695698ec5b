/* SPDX-License-Identifier: Apache-2.0
 *
 * mix - from a 64-bit key to a place in a table of any size. */
#ifndef BASE_MIX_H
#define BASE_MIX_H

#include <stdint.h>

/* A bijection in which every bit of the key moves every bit of the result (the finalizer of
 * MurmurHash3, public domain, by its published constants). */
static inline uint64_t mix64(uint64_t v)
{
    v = (v ^ v >> 33) * 0xff51afd7ed558ccdULL;
    v = (v ^ v >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return v ^ v >> 33;
}

/* 0 .. size - 1, evenly, without a division and without a power of two. */
static inline uint64_t mix_range(uint64_t mixed, uint64_t size)
{
    return (uint64_t)((unsigned __int128)mixed * size >> 64);
}

#endif
