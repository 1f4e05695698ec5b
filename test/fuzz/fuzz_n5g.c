/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything on a connection of N5g-eir, in pieces whose size the first byte gives, with time going by: the face
 * keeps within its bounds and asks nothing that its readers would not let pass. */
#include <assert.h>

#include "answer/network.h"
#include "n5geir/n5geir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct network_desk *desk, const struct network_asker *asker,
                   const struct network_check *checks, size_t n, struct network_reply *out)
{
    (void)desk;
    assert(n && n <= NETWORK_BATCH && asker->face == NETWORK_N5G);
    for (size_t i = 0; i < n; i++) {
        assert(checks[i].malformed || checks[i].question.imei.body < IMEI_BODIES);
        out[i] = (struct network_reply){.equipment = checks[i].malformed ? EQUIPMENT_COUNT : i % 4};
    }
}

static enum line_next feed(struct line *line, const uint8_t *p, size_t n, size_t piece)
{
    size_t from = 0, to = 0;
    enum line_next next = LINE_ON;
    while (to < n && next == LINE_ON) {
        size_t used;
        to = n - to > piece ? to + piece : n;
        line->now_us += 1000;
        next = n5g_face.input(line, p + from, to - from, &used);
        assert(used <= to - from && to - from - used <= n5g_face.input_max);
        from += used;
        buf_clear(&line->out);
        if (next == LINE_ON && line->wake_us <= line->now_us)
            next = n5g_face.wake(line);
    }
    return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network_desk desk = {.answer = answer};
    struct n5g_settings settings = {.root = STR("")};
    struct line line = {.face = &n5g_face,
                        .face_ctx = &settings,
                        .worker_ctx = &desk,
                        .address = STR("192.0.2.1:1")};
    if (!size || n5g_face.open(&line) != ERR_OK)
        return 0;
    size_t piece = data[0] & 0x7f ? data[0] & 0x7f : size;
    enum line_next next = feed(&line, data + 1, size - 1, piece);
    if (next == LINE_ON && (data[0] & 0x80))
        next = n5g_face.stop(&line);
    if (next == LINE_ON) {
        line.now_us = line.wake_us;
        n5g_face.wake(&line);
    }
    n5g_face.close(&line);
    buf_release(&line.out);
    return 0;
}
