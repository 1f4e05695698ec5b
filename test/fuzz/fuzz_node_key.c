/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as the key file of a node: what is taken can stand in a header of HTTP, what is refused leaves nothing. */
#include <assert.h>
#include <stdlib.h>

#include "node/node_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct node_key none;
    struct node_key key = none;
    struct fault fault = {0};
    char *text = malloc(size + 1); /* so that nothing can be read behind its end */
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    enum err err = node_key_parse((struct str){text, size}, &key, &fault);
    free(text);
    if (err) {
        assert(fault.detail[0] && memcmp(&key, &none, sizeof key) == 0);
        return 0;
    }
    assert(memchr(key.api_key, 0, sizeof key.api_key));
    for (const char *p = key.api_key; *p; p++)
        assert(*p > ' ' && *p <= '~');
    return 0;
}
