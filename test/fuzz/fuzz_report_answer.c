/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as the register's answer to a report of first uses; the first two bytes: of how many lines. What is
 * taken counts no more lines than were sent. */
#include <assert.h>

#include "base/buf.h"
#include "node/report_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report_answer answer = {0};
    struct fault fault = {0};
    if (size < 2)
        return 0;
    const size_t count = get_be(data, 2);
    const struct str bytes = {(const char *)data + 2, size - 2};
    enum err err = report_answer_read(bytes, count, &answer, &fault);
    assert(err == ERR_OK || (err == ERR_CODEC && fault.detail[0] && !answer.whole));
    if (!err)
        assert(answer.refused_count <= count &&
               json_array_size(answer.shown) <= answer.refused_count);
    report_answer_release(&answer);
    (void)report_is_refusal(bytes);
    return 0;
}
