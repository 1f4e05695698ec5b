/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets as text. What is read is written as canonical text, which reads and writes the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rules rules, back;
    struct fault fault = {0};
    struct buf text = {0}, again = {0};
    if (rules_parse((struct str){(const char *)data, size}, &rules, &fault) != ERR_OK)
        return 0;
    rules_format(&rules, &text);
    if (rules_parse((struct str){(const char *)text.p, text.n}, &back, NULL) != ERR_OK)
        abort();
    rules_format(&back, &again);
    if (text.n != again.n || memcmp(text.p, again.p, text.n) != 0)
        abort();
    buf_release(&text);
    buf_release(&again);
    return 0;
}
