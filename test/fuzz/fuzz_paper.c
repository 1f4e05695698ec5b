/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that an applicant attaches. What is taken is one of three kinds, with a size that can be opened; what is cut
 * off anywhere before its end is no larger picture. */
#include <assert.h>
#include <string.h>

#include "cases/paper_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct paper_looks looks = {0};
    struct fault fault = {0};
    enum err err = paper_looks((struct str){(const char *)data, size}, &looks, &fault);
    if (err) {
        assert(fault.err == err && fault.detail[0] && !looks.kind);
        return 0;
    }
    assert(*paper_media(looks.kind) && *paper_extension(looks.kind));
    if (looks.kind == PAPER_PDF)
        assert(!looks.width && !looks.height);
    else
        assert(looks.width && looks.height &&
               (uint64_t)looks.width * looks.height <= LIMIT_PAPER_PIXELS);
    return 0;
}
