/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything on a connection to a node's /metrics and /healthz, in pieces whose size the first byte gives: it is
 * answered as HTTP or closed, and nothing is used that is not there. */
#include <assert.h>
#include <stdlib.h>

#include "node/status_face.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str nobody(void *ctx, unsigned face, unsigned number)
{
    (void)ctx;
    (void)face;
    (void)number;
    return STR("");
}

static enum line_next give(struct line *line, const uint8_t *p, size_t n, size_t piece)
{
    size_t at = 0, end = 0, used = 1;
    enum line_next next = LINE_ON;
    while (next == LINE_ON && (end < n || used)) {
        if (!used)
            end = n - end > piece ? end + piece : n;
        size_t left = end - at;
        uint8_t *copy = malloc(left + 1);
        if (!copy)
            abort();
        if (left)
            memcpy(copy, p + at, left);
        next = status_face.input(line, copy, left, &used);
        free(copy);
        assert(used <= left);
        at += used;
        if (line->out.n)
            assert(memcmp(line->out.p, "HTTP/1.1 ", 9) == 0);
        assert(line->out.n || !used || next != LINE_ON);
        buf_clear(&line->out);
    }
    return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct node_status status;
    struct status_sources sources = {
        .status = &status, .clock = &clock_system, .peer = nobody, .version = "0"};
    struct line line = {.face = &status_face, .face_ctx = &sources};
    if (!size || status_face.open(&line) != ERR_OK)
        return 0;
    size_t piece = data[0] ? data[0] : size;
    if (give(&line, data + 1, size - 1, piece) == LINE_ON)
        status_face.stop(&line);
    status_face.close(&line);
    buf_release(&line.out);
    return 0;
}
