/* SPDX-License-Identifier: Apache-2.0 */
#include "app/batch_aside.h"

#include <stdlib.h>

static void put_text(struct buf *out, struct str text)
{
    buf_varint(out, text.n);
    buf_str(out, text);
}

static bool take_text(struct rd *rd, char *out, size_t size)
{
    uint64_t n = rd_varint(rd);
    if (rd->failed || n >= size)
        return false;
    const uint8_t *p = rd_bytes(rd, (size_t)n);
    if (p)
        str_copy(out, size, (struct str){(const char *)p, (size_t)n});
    return p != NULL;
}

void aside_encode(const struct load *load, const struct finding *findings, size_t n,
                  struct buf *out)
{
    buf_put(out, load->hash, SHA256_BYTES);
    put_text(out, str_z(load->kind));
    put_text(out, str_z(load->operator_name));
    buf_varint(out, load->rows);
    buf_varint(out, n);
    for (size_t i = 0; i < n; i++) {
        const struct finding *f = &findings[i];
        put_text(out, str_z(f->operator_name));
        buf_uint(out, daynum_pack(f->day), 2);
        put_text(out, str_z(f->kind));
        put_text(out, str_z(f->raw));
        buf_varint(out, f->count);
    }
}

static bool take_finding(struct rd *rd, struct finding *f)
{
    bool ok = take_text(rd, f->operator_name, sizeof f->operator_name);
    f->day = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_NONE);
    ok = ok && take_text(rd, f->kind, sizeof f->kind) && take_text(rd, f->raw, sizeof f->raw);
    f->count = rd_varint(rd);
    return ok && !rd->failed;
}

enum err aside_decode(struct str bytes, struct aside *out)
{
    struct rd rd = rd_of(bytes.p, bytes.n);
    struct aside a = {0};
    const uint8_t *hash = rd_bytes(&rd, SHA256_BYTES);
    if (hash)
        memcpy(a.load.hash, hash, SHA256_BYTES);
    bool ok = hash && take_text(&rd, a.load.kind, sizeof a.load.kind) &&
              take_text(&rd, a.load.operator_name, sizeof a.load.operator_name);
    a.load.rows = rd_varint(&rd);
    uint64_t n = rd_varint(&rd);
    if (!ok || rd.failed || n > rd_left(&rd))
        return ERR_CODEC;
    a.findings = calloc((size_t)n + 1, sizeof *a.findings);
    if (!a.findings)
        return ERR_MEMORY;
    while (ok && a.finding_count < n)
        ok = take_finding(&rd, &a.findings[a.finding_count++]);
    if (!ok || rd_left(&rd)) {
        aside_release(&a);
        return ERR_CODEC;
    }
    *out = a;
    return ERR_OK;
}

void aside_release(struct aside *aside)
{
    free(aside->findings);
    *aside = (struct aside){0};
}
