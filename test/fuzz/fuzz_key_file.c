/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a key file. What opens holds keys in order, and written anew it opens as the same. So that more than
 * the checksum is looked at, the bytes are tried with theirs put right, too. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "app/key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct str bytes)
{
    struct key_file file, again;
    struct fault fault = {0};
    struct buf out = {0};
    if (key_file_decode(bytes, &file, &fault) != ERR_OK) {
        assert(fault.err == ERR_STORE_KEY && fault.detail[0]);
        return;
    }
    assert(file.seal.count >= 1 && file.seal.count <= PEOPLE_KEYS_MAX);
    for (unsigned i = 0; i < file.seal.count; i++)
        assert(file.seal.number[i] > (i ? file.seal.number[i - 1] : 0));
    key_file_encode(&file, &out);
    assert(key_file_decode((struct str){(const char *)out.p, out.n}, &again, NULL) == ERR_OK);
    assert(again.seal.count == file.seal.count &&
           memcmp(again.master, file.master, sizeof file.master) == 0 &&
           memcmp(again.seal.key, file.seal.key, sizeof file.seal.key) == 0);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    look((struct str){(const char *)data, size});
    if (size < SHA256_BYTES || size > 4096)
        return 0;
    uint8_t *whole = malloc(size);
    if (!whole)
        return 0;
    memcpy(whole, data, size);
    sha256_once(whole, size - SHA256_BYTES, whole + size - SHA256_BYTES);
    look((struct str){(const char *)whole, size});
    free(whole);
    return 0;
}
