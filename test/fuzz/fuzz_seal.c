/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as a sealed value: none opens that was not sealed here, and nothing is left behind when it does not.
 * The bytes as a plain text come back. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "people/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct people_keys keys = {
        .count = 2, .use = 1, .number = {1, 0x01010101}, .key = {{7}, {9}}};
    struct str bytes = {(const char *)data, size};
    struct buf out = {0}, sealed = {0};
    struct fault fault = {0};
    if (sodium_init() < 0)
        abort();
    enum err err = seal_open(&keys, STR("fuzz"), bytes, &out, &fault);
    assert(err == ERR_CODEC || err == ERR_STORE_KEY);
    assert(fault.detail[0] && !out.n);
    (void)seal_stale(&keys, bytes);
    assert(seal_put(&keys, STR("fuzz"), bytes, &sealed) == ERR_OK);
    struct str again = {(const char *)sealed.p, sealed.n};
    assert(!seal_stale(&keys, again) && seal_number(again) == 0x01010101);
    assert(seal_open(&keys, STR("fuzz"), again, &out, NULL) == ERR_OK);
    assert(out.n == size && (!size || memcmp(out.p, data, size) == 0));
    buf_release(&out);
    buf_release(&sealed);
    return 0;
}
