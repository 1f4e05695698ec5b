/* SPDX-License-Identifier: Apache-2.0
 *
 * reseal - what the register's key would make of bytes that somebody changed: hashes and signature of
 * an index file put right again, so that a test reaches what lies behind them. */
#ifndef UNIT_RESEAL_H
#define UNIT_RESEAL_H

#include <sodium.h>

#include "index/index_file.h"

/* False: the header's sizes are not those of n bytes; then only the header is signed. */
static inline bool reseal(uint8_t *p, size_t n, const uint8_t secret_key[64])
{
    struct index_header header;
    struct index_layout layout;
    index_header_decode(p, &header);
    bool fits = index_file_layout(&header, &layout) && layout.end == n;
    if (fits) {
        uint8_t *list = p + layout.at[SECTION_LISTS];
        for (int i = SECTION_LISTS + 1; i < SECTION_COUNT; i++) {
            for (uint64_t at = 0; at < header.bytes[i]; at += INDEX_FILE_PART) {
                uint64_t left = header.bytes[i] - at;
                crypto_hash_sha256(list, p + layout.at[i] + at,
                                   left < INDEX_FILE_PART ? left : INDEX_FILE_PART);
                list += SHA256_BYTES;
            }
        }
        crypto_hash_sha256(p + INDEX_AT_LISTS, p + layout.at[SECTION_LISTS],
                           header.bytes[SECTION_LISTS]);
    }
    crypto_sign_detached(p + INDEX_FILE_HEADER, NULL, p, INDEX_FILE_HEADER, secret_key);
    return fits;
}

#endif
