/* SPDX-License-Identifier: Apache-2.0
 *
 * A form that brings files: the first line of the input is its Content-Type, the rest its body. Whatever
 * comes, parts lie within the body, one behind another, and there is an end. */
#include <assert.h>
#include <stdint.h>

#include "face/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lies_within(struct str part, struct str body)
{
    if (part.n)
        assert(part.p >= body.p && part.p + part.n <= body.p + body.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body, type = str_split((struct str){(const char *)data, size}, '\n', &body);
    struct multipart m;
    struct multipart_part part;
    struct fault fault = {0};
    unsigned n = 0;
    bool found = true;
    if (!body.p)
        body = STR("");
    enum err err = multipart_open(type, body, &m, &fault);
    const char *before = body.p;
    while (!err && found) {
        err = multipart_next(&m, &part, &found, &fault);
        if (err || !found)
            break;
        n++;
        lies_within(part.name, body);
        lies_within(part.file, body);
        lies_within(part.bytes, body);
        assert(part.is_file || part.bytes.n <= LIMIT_PART_FIELD);
        assert(part.bytes.p > before);
        before = part.bytes.p;
    }
    assert(n <= LIMIT_PARTS && (!err || fault.detail[0]));
    return 0;
}
