/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes in which a batch's changes are saved. What decodes encodes and decodes to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/batch_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct change changes[BATCH_PART_CHANGES], again[BATCH_PART_CHANGES];
    size_t n, n_again;
    if (part_decode((struct str){(const char *)data, size}, changes, &n) != ERR_OK)
        return 0;
    struct part_writer w = {0};
    part_begin(&w, NULL);
    for (size_t i = 0; i < n; i++)
        part_add(&w, &changes[i]);
    if (!part_end(&w) || part_decode((struct str){(char *)w.bytes.p, w.bytes.n}, again, &n_again) ||
        n != n_again)
        abort();
    for (size_t i = 0; i < n; i++) {
        uint8_t a[CHANGE_BYTES_MAX], b[CHANGE_BYTES_MAX];
        size_t an = change_encode(&changes[i], a), bn = change_encode(&again[i], b);
        if (changes[i].imei.body != again[i].imei.body || an != bn || memcmp(a, b, an) != 0)
            abort();
    }
    part_release(&w);
    return 0;
}
