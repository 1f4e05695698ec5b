/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_index_file - an index file of any bytes. The first byte says how far the register's key
 * helps the fuzzer past the gates: 1 signs the header, 2 also puts the sections' hashes right. */
#include <stdint.h>
#include <stdlib.h>

#include <sodium.h>

#include "index/index_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t id[16] = "sixteen bytes id";

static void put_hashes(uint8_t *p, size_t n)
{
    struct index_layout layout;
    if (!index_file_layout(get_le(p + INDEX_AT_RULES_BYTES, 8), get_le(p + INDEX_AT_CELLS, 8),
                           get_le(p + INDEX_AT_PAIRS, 8), &layout) ||
        layout.end != n)
        return;
    for (int i = 0; i < SECTION_COUNT; i++)
        crypto_hash_sha256(p + INDEX_AT_SECTIONS + i * SHA256_BYTES, p + layout.at[i],
                           layout.bytes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {1};
    uint8_t public_key[32], secret_key[64];
    if (size < 1)
        return 0;
    uint8_t help = *data++;
    size--;
    uint8_t *p = malloc(size + 1);
    if (!p)
        return 0;
    memcpy(p, data, size);
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    if (size >= INDEX_FILE_HEADER + INDEX_FILE_SIGNATURE && (help & 3)) {
        memcpy(p + INDEX_AT_ID, id, sizeof id);
        if (help & 2)
            put_hashes(p, size);
        crypto_sign_detached(p + INDEX_FILE_HEADER, NULL, p, INDEX_FILE_HEADER, secret_key);
    }
    struct index_want want = {id, public_key, 1};
    struct index *ix;
    struct buf rules = {0};
    struct fault fault;
    if (index_file_decode((struct str){(const char *)p, size}, &want, &ix, &rules, &fault) ==
        ERR_OK) {
        if (index_state(ix).next_seq < 1 || index_count(ix) > size)
            abort();
        index_free(ix);
    }
    buf_release(&rules);
    free(p);
    return 0;
}
