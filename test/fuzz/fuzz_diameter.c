/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of a Diameter peer. The first byte of the input tells how they are cut and what is asked:
 * bit 0: a CER came before; bits 1 to 3: pieces of so many times 20 bytes (0: whole). Whatever
 * comes: nothing is read outside of it, what goes out are whole messages, at most so much, and
 * both ways of looking at a request agree. */
#include <assert.h>
#include <stdlib.h>

#include "s13/ecr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct network_desk *desk, const struct network_asker *asker,
                   const struct network_check *checks, size_t n, struct network_reply *out)
{
    (void)desk, (void)asker;
    for (size_t i = 0; i < n; i++) {
        assert(checks[i].malformed || checks[i].question.imei.body < IMEI_BODIES);
        uint8_t equipment = (uint8_t)(checks[i].question.imei.body % 4);
        out[i] =
            (struct network_reply){.equipment = checks[i].malformed ? EQUIPMENT_COUNT : equipment};
    }
}

static void ways_agree(const struct s13 *s13, const uint8_t *p, size_t n)
{
    struct ecr ecr;
    struct network_check check;
    if (n < DIAMETER_HEADER || n % 4 != 0 || diameter_header_of(p).bytes != n)
        return;
    bool good = ecr_read(s13, p, n, &ecr, &check);
    assert(good == (ecr_judge(s13, p).result == DIAMETER_NONE));
}

static void whole_messages(const struct buf *out, size_t in)
{
    size_t at = 0;
    assert(out->n <= 20 * in + 4096);
    while (at < out->n) {
        assert(out->n - at >= DIAMETER_HEADER);
        struct diameter_header header = diameter_header_of(out->p + at);
        assert(header.version == 1 && header.bytes >= DIAMETER_HEADER && header.bytes % 4 == 0);
        assert(header.bytes <= out->n - at);
        struct rd r = rd_of(out->p + at + DIAMETER_HEADER, header.bytes - DIAMETER_HEADER);
        struct avp avp;
        enum avp_next next;
        while ((next = avp_next(&r, &avp)) == AVP_ONE)
            ;
        assert(next == AVP_END);
        at += header.bytes;
    }
}

static enum line_next give(struct line *line, const uint8_t *p, size_t n, size_t piece)
{
    size_t at = 0, end = 0, used;
    enum line_next next = LINE_ON;
    while (next == LINE_ON && end < n) {
        end = piece && end + piece < n ? end + piece : n;
        uint8_t *copy = malloc(end - at + 1);
        if (!copy)
            abort();
        memcpy(copy, p + at, end - at);
        next = line->face->input(line, copy, end - at, &used);
        free(copy);
        assert(used <= end - at);
        at += used;
        line->now_us += 1000000;
    }
    return next;
}

static void greet(struct line *line)
{
    static const uint8_t cer[] = {
        1, 0, 0, 120, 0x80, 0, 1, 1,  0,   0,   0,    0,    0, 0, 0, 1, 0, 0, 0, 1, /* its header */
        0, 0, 1, 8,   0x40, 0, 0, 11, 'a', '.', 'b',  0,                /* Origin-Host */
        0, 0, 1, 40,  0x40, 0, 0, 9,  'b', 0,   0,    0,                /* Origin-Realm */
        0, 0, 1, 1,   0x40, 0, 0, 14, 0,   1,   127,  0,    0, 1, 0, 0, /* Host-IP-Address */
        0, 0, 1, 10,  0x40, 0, 0, 12, 0,   0,   0x28, 0xaf,             /* Vendor-Id */
        0, 0, 1, 13,  0,    0, 0, 9,  'x', 0,   0,    0,                /* Product-Name */
        0, 0, 1, 2,   0x40, 0, 0, 12, 1,   0,   0,    36,               /* Auth-Application-Id */
        0, 0, 1, 9,   0x40, 0, 0, 12, 0,   0,   0x28, 0xaf,             /* Supported-Vendor-Id */
        0, 0, 1, 43,  0x40, 0, 0, 12, 0,   0,   0,    0,                /* Inband-Security-Id */
    };
    enum line_next next = give(line, cer, sizeof cer, 0);
    assert(next == LINE_ON && line->out.n > 0);
    buf_clear(&line->out);
}

static struct s13 *node(void)
{
    static struct s13 *s13; /* one for the whole run: nothing stays in it between inputs */
    static const struct str allow[] = {STR("*.b")};
    const struct s13_settings settings = {
        .identity = STR("e.b"), .realm = STR("b"), .allow = allow, .allow_count = 1};
    if (!s13 && s13_new(&settings, &s13, NULL) != ERR_OK)
        abort();
    return s13;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct network_desk desk = {.answer = answer};
    struct line line = {.face = &s13_face,
                        .face_ctx = node(),
                        .worker_ctx = &desk,
                        .now_us = 1000000,
                        .address = STR("192.0.2.1:1"),
                        .own = STR("192.0.2.2")};
    if (s13_face.open(&line) != ERR_OK)
        abort();
    if (data[0] & 1)
        greet(&line);
    enum line_next next = give(&line, data + 1, size - 1, (size_t)(data[0] >> 1 & 7) * 20);
    ways_agree(node(), data + 1, size - 1);
    for (int i = 0; next == LINE_ON && i < 6; i++) {
        line.now_us = line.wake_us;
        next = i == 4 ? s13_face.stop(&line) : s13_face.wake(&line);
    }
    whole_messages(&line.out, size);
    s13_face.close(&line);
    buf_release(&line.out);
    return 0;
}
