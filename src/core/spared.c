/* SPDX-License-Identifier: Apache-2.0 */
#include "core/spared.h"

#include <string.h>

#include "base/sha256.h"
#include "base/str.h"

bool spared_equal(const struct spared *a, const struct spared *b)
{
    uint8_t x[SPARED_MOST], y[SPARED_MOST];
    size_t n = spared_encode(a, x);
    return a->count == b->count && n == spared_encode(b, y) && memcmp(x, y, n) == 0;
}

size_t spared_encode(const struct spared *s, uint8_t out[SPARED_MOST])
{
    uint8_t *p = out;
    *p++ = (uint8_t)s->count;
    for (uint32_t i = 0; i < s->count; i++, p += 10) {
        put_be(p, s->spans[i].tac_from, 4);
        put_be(p + 4, s->spans[i].tac_to, 4);
        put_be(p + 8, daynum_pack(s->spans[i].through), 2);
    }
    return (size_t)(p - out);
}

void spared_name(const struct spared *s, char out[SPARED_NAME])
{
    uint8_t bytes[SPARED_MOST], hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_once(bytes, spared_encode(s, bytes), hash);
    sha256_hex(hash, hex);
    str_copy(out, SPARED_NAME, (struct str){hex, SPARED_NAME - 1});
}

enum err spared_decode(struct rd *rd, struct spared *out)
{
    struct spared s = {.count = (uint32_t)rd_uint(rd, 1)};
    if (rd->failed || s.count > LIMIT_EXPIRY_HOLDS)
        return ERR_CODEC;
    for (uint32_t i = 0; i < s.count; i++) {
        struct spared_span *span = &s.spans[i];
        span->tac_from = (uint32_t)rd_uint(rd, 4);
        span->tac_to = (uint32_t)rd_uint(rd, 4);
        span->through = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_NONE);
        if (rd->failed || span->tac_from > span->tac_to || span->tac_to >= TAC_COUNT ||
            !daynum_is_day(span->through))
            return ERR_CODEC;
    }
    *out = s;
    return ERR_OK;
}
