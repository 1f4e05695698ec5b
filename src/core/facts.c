/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical bytes of a facts row. One place writes them, one place reads them, and what is
 * read is written again only as it was: decode refuses everything else. */
#include "core/facts.h"

#include <string.h>

enum presence {
    HAS_ACTIVATION = 1 << 5,
    HAS_VERIFIED = 1 << 6,
    HAS_BEFORE_DUTY = 1 << 7,
    HAS_REPLACED = 1 << 8,
    HAS_REVOKED = 1 << 9,
    HAS_TEMPORARY = 1 << 10,
    HAS_HOLD = 1 << 11,
    HAS_GROUP = 1 << 12,
    HAS_MARKS = 1 << 13,
    FLAG_BITS = 0x1f,
    ALL_BITS = 0x3fff,
};

enum { INSTANT_BYTES = 5, MARK_BYTES = 13 };
#define INSTANT_LAST ((INT64_C(1) << 40) - 2)

void facts_init(struct facts *f)
{
    f->flags = 0;
    f->mark_count = 0;
    f->exists = false;
    f->activation = DAYNUM_NONE;
    f->known = DAYNUM_NONE;
    f->temporary_until = DAYNUM_NONE;
    f->hold_until = DAYNUM_NONE;
    f->verified_at = INSTANT_NONE;
    f->before_duty_at = INSTANT_NONE;
    f->replaced_at = INSTANT_NONE;
    f->revoked_at = INSTANT_NONE;
    f->verified = (struct approval){0};
    f->before_duty = (struct approval){0};
    f->group = 0;
    f->last_seq = 0;
    /* marks past mark_count are never read */
}

static bool approval_equal(const struct approval *a, const struct approval *b)
{
    return a->party == b->party && a->application == b->application && a->kind == b->kind;
}

bool facts_equal(const struct facts *a, const struct facts *b)
{
    if (a->flags != b->flags || a->mark_count != b->mark_count || a->activation != b->activation ||
        a->known != b->known || a->temporary_until != b->temporary_until ||
        a->hold_until != b->hold_until || a->verified_at != b->verified_at ||
        a->before_duty_at != b->before_duty_at || a->replaced_at != b->replaced_at ||
        a->revoked_at != b->revoked_at || a->group != b->group ||
        !approval_equal(&a->verified, &b->verified) ||
        !approval_equal(&a->before_duty, &b->before_duty))
        return false;
    for (unsigned i = 0; i < a->mark_count; i++) {
        const struct mark *x = &a->marks[i], *y = &b->marks[i];
        if (x->setter != y->setter || x->from != y->from || x->last != y->last ||
            x->kind != y->kind)
            return false;
    }
    return true;
}

static uint32_t presence_of(const struct facts *f)
{
    uint32_t bits = f->flags & FLAG_BITS;
    bits |= f->activation != DAYNUM_NONE ? HAS_ACTIVATION : 0;
    bits |= f->verified_at != INSTANT_NONE ? HAS_VERIFIED : 0;
    bits |= f->before_duty_at != INSTANT_NONE ? HAS_BEFORE_DUTY : 0;
    bits |= f->replaced_at != INSTANT_NONE ? HAS_REPLACED : 0;
    bits |= f->revoked_at != INSTANT_NONE ? HAS_REVOKED : 0;
    bits |= f->temporary_until != DAYNUM_NONE ? HAS_TEMPORARY : 0;
    bits |= f->hold_until != DAYNUM_NONE ? HAS_HOLD : 0;
    bits |= f->group ? HAS_GROUP : 0;
    bits |= f->mark_count ? HAS_MARKS : 0;
    return bits;
}

static uint8_t *write_be(uint8_t *p, uint64_t v, unsigned bytes)
{
    put_be(p, v, bytes);
    return p + bytes;
}

static uint8_t *write_varint(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static uint8_t *write_approval(uint8_t *p, int64_t at, const struct approval *a)
{
    *p++ = a->kind;
    p = write_be(p, (uint64_t)at, INSTANT_BYTES);
    p = write_be(p, a->party, 8);
    return write_varint(p, a->application);
}

size_t facts_encode(const struct facts *f, uint8_t out[FACTS_ROW_MAX])
{
    uint32_t bits = presence_of(f);
    uint8_t *p = write_be(out, bits, 2);
    p = write_varint(p, f->last_seq);
    if (bits & HAS_ACTIVATION) {
        p = write_be(p, daynum_pack(f->activation), 2);
        p = write_be(p, daynum_pack(f->known), 2);
    }
    if (bits & HAS_VERIFIED)
        p = write_approval(p, f->verified_at, &f->verified);
    if (bits & HAS_BEFORE_DUTY)
        p = write_approval(p, f->before_duty_at, &f->before_duty);
    if (bits & HAS_REPLACED)
        p = write_be(p, (uint64_t)f->replaced_at, INSTANT_BYTES);
    if (bits & HAS_REVOKED)
        p = write_be(p, (uint64_t)f->revoked_at, INSTANT_BYTES);
    if (bits & HAS_TEMPORARY)
        p = write_be(p, daynum_pack(f->temporary_until), 2);
    if (bits & HAS_HOLD)
        p = write_be(p, daynum_pack(f->hold_until), 2);
    if (bits & HAS_GROUP)
        p = write_be(p, f->group, 8);
    if (bits & HAS_MARKS) {
        *p++ = f->mark_count;
        for (unsigned i = 0; i < f->mark_count; i++) {
            const struct mark *m = &f->marks[i];
            *p++ = m->kind;
            p = write_be(p, m->setter, 8);
            p = write_be(p, daynum_pack(m->from), 2);
            p = write_be(p, daynum_pack(m->last), 2);
        }
    }
    return (size_t)(p - out);
}

static int64_t read_instant(struct rd *rd)
{
    uint64_t v = rd_uint(rd, INSTANT_BYTES);
    if (v > (uint64_t)INSTANT_LAST)
        rd->failed = true;
    return (int64_t)v;
}

/* A real day: 65535 is refused. */
static daynum read_day(struct rd *rd)
{
    uint16_t v = (uint16_t)rd_uint(rd, 2);
    if (v == UINT16_MAX)
        rd->failed = true;
    return daynum_unpack(v, DAYNUM_NONE);
}

static int64_t read_approval(struct rd *rd, struct approval *out)
{
    out->kind = (uint8_t)rd_uint(rd, 1);
    if (!approval_kind_name(out->kind))
        rd->failed = true;
    int64_t at = read_instant(rd);
    out->party = rd_uint(rd, 8);
    out->application = rd_varint(rd);
    return at;
}

static bool mark_after(const struct mark *a, const struct mark *b)
{
    return a->kind != b->kind ? a->kind > b->kind : a->setter > b->setter;
}

static void read_marks(struct rd *rd, struct facts *f)
{
    uint64_t count = rd_uint(rd, 1);
    if (!count || count > LIMIT_MARKS) {
        rd->failed = true;
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct mark *m = &f->marks[i];
        m->kind = (uint8_t)rd_uint(rd, 1);
        m->setter = rd_uint(rd, 8);
        m->from = read_day(rd);
        m->last = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_OPEN);
        if (!mark_kind_name(m->kind) || (i && !mark_after(m, m - 1)))
            rd->failed = true;
    }
    f->mark_count = (uint8_t)count;
}

static void read_fields(struct rd *rd, uint32_t bits, struct facts *f)
{
    if (bits & HAS_ACTIVATION) {
        f->activation = read_day(rd);
        f->known = read_day(rd);
    }
    if (bits & HAS_VERIFIED)
        f->verified_at = read_approval(rd, &f->verified);
    if (bits & HAS_BEFORE_DUTY)
        f->before_duty_at = read_approval(rd, &f->before_duty);
    if (bits & HAS_REPLACED)
        f->replaced_at = read_instant(rd);
    if (bits & HAS_REVOKED)
        f->revoked_at = read_instant(rd);
    if (bits & HAS_TEMPORARY)
        f->temporary_until = read_day(rd);
    if (bits & HAS_HOLD)
        f->hold_until = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_OPEN);
    if (bits & HAS_GROUP) {
        f->group = rd_uint(rd, 8);
        if (!f->group)
            rd->failed = true;
    }
    if (bits & HAS_MARKS)
        read_marks(rd, f);
}

enum err facts_decode(const void *p, size_t n, struct facts *out)
{
    struct rd rd = rd_of(p, n);
    struct facts f;
    facts_init(&f);
    uint32_t bits = (uint32_t)rd_uint(&rd, 2);
    f.last_seq = rd_varint(&rd);
    f.flags = bits & FLAG_BITS;
    if (bits & ~(uint32_t)ALL_BITS)
        return ERR_CODEC;
    if (bits & ~(uint32_t)FLAG_BITS)
        read_fields(&rd, bits, &f);
    if (rd.failed || rd_left(&rd))
        return ERR_CODEC;
    f.exists = true;
    unsigned marks = f.mark_count;
    memcpy(out, &f, offsetof(struct facts, marks));
    if (marks)
        memcpy(out->marks, f.marks, marks * sizeof f.marks[0]);
    return ERR_OK;
}

static const char *const approval_names[] = {
    [APPROVAL_IMPORT] = "import",           [APPROVAL_PERSONAL] = "personal",
    [APPROVAL_MANUFACTURE] = "manufacture", [APPROVAL_REPAIR] = "repair",
    [APPROVAL_BEFORE_DUTY] = "before_duty", [APPROVAL_SECOND_IMEI] = "second_imei",
    [APPROVAL_RECHECK] = "recheck",
};

static const char *const mark_names[] = {
    [MARK_STOLEN] = "stolen",
    [MARK_LOST] = "lost",
    [MARK_ORDER] = "order",
    [MARK_PENITENTIARY] = "penitentiary",
};

static bool find_name(const char *const *names, size_t n, struct str name, uint8_t *out)
{
    for (size_t i = 1; i < n; i++) {
        if (str_eq(str_z(names[i]), name)) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

const char *approval_kind_name(uint8_t kind)
{
    return kind < sizeof approval_names / sizeof *approval_names ? approval_names[kind] : NULL;
}

bool approval_kind_find(struct str name, uint8_t *out)
{
    return find_name(approval_names, sizeof approval_names / sizeof *approval_names, name, out);
}

const char *mark_kind_name(uint8_t kind)
{
    return kind < sizeof mark_names / sizeof *mark_names ? mark_names[kind] : NULL;
}

bool mark_kind_find(struct str name, uint8_t *out)
{
    return find_name(mark_names, sizeof mark_names / sizeof *mark_names, name, out);
}
