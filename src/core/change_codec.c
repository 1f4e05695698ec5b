/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical bytes of a change: kind, then a payload by kind (ARCHITECTURE.md, "Journal items").
 * Decoding refuses whatever encoding would not have written. */
#include "core/change.h"

enum { INSTANT_BYTES = 5 };
#define INSTANT_ABSENT ((UINT64_C(1) << 40) - 1)

struct out {
    uint8_t *p;
};

static void put(struct out *o, uint64_t v, unsigned bytes)
{
    put_be(o->p, v, bytes);
    o->p += bytes;
}

static void put_varint(struct out *o, uint64_t v)
{
    while (v >= 0x80) {
        *o->p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *o->p++ = (uint8_t)v;
}

static void put_approval(struct out *o, const struct change *c)
{
    if (c->approval.at == INSTANT_NONE) {
        put(o, 0, 1);
        put(o, INSTANT_ABSENT, INSTANT_BYTES);
        put(o, 0, 8);
        put(o, 0, 1);
        return;
    }
    put(o, c->approval.by.kind, 1);
    put(o, (uint64_t)c->approval.at, INSTANT_BYTES);
    put(o, c->approval.by.party, 8);
    put_varint(o, c->approval.by.application);
}

static void put_mark(struct out *o, const struct mark *m, bool set)
{
    put(o, m->kind, 1);
    put(o, m->setter, 8);
    if (set) {
        put(o, daynum_pack(m->from), 2);
        put(o, daynum_pack(m->last), 2);
    }
}

size_t change_encode(const struct change *c, uint8_t out[CHANGE_BYTES_MAX])
{
    struct out o = {out};
    put(&o, c->kind, 1);
    switch ((enum change_kind)c->kind) {
    case CHANGE_NONE:
    case CHANGE_KINDS:
        break;
    case CHANGE_ACTIVATED:
        put(&o, daynum_pack(c->activated.day), 2);
        put(&o, daynum_pack(c->activated.known), 2);
        break;
    case CHANGE_AMNESTY:
    case CHANGE_GSMA:
    case CHANGE_MACHINE:
        put(&o, c->on, 1);
        break;
    case CHANGE_VERIFIED:
    case CHANGE_UNVERIFIED:
    case CHANGE_BEFORE_DUTY:
    case CHANGE_UNPROVED:
        put_approval(&o, c);
        break;
    case CHANGE_REPLACED:
    case CHANGE_REVOKED:
        put(&o, (uint64_t)c->approval.at, INSTANT_BYTES);
        break;
    case CHANGE_MARK_SET:
        put_mark(&o, &c->mark, true);
        break;
    case CHANGE_MARK_CLEARED:
        put_mark(&o, &c->mark, false);
        break;
    case CHANGE_CLONE:
        put(&o, c->clone == FACTS_CLONE ? 2 : c->clone == FACTS_CLONE_SUSPECTED ? 1 : 0, 1);
        break;
    case CHANGE_TEMPORARY:
        put(&o, daynum_pack(c->until), 2);
        break;
    case CHANGE_HOLD:
        put(&o, c->until == DAYNUM_NONE ? 0 : c->until == DAYNUM_OPEN ? 2 : 1, 1);
        if (daynum_is_day(c->until))
            put(&o, daynum_pack(c->until), 2);
        break;
    case CHANGE_GROUP:
        put(&o, c->group, 8);
        break;
    }
    return (size_t)(o.p - out);
}

static daynum get_day(struct rd *rd)
{
    uint16_t v = (uint16_t)rd_uint(rd, 2);
    if (v == UINT16_MAX)
        rd->failed = true;
    return daynum_unpack(v, DAYNUM_NONE);
}

static int64_t get_instant(struct rd *rd)
{
    uint64_t v = rd_uint(rd, INSTANT_BYTES);
    if (v == INSTANT_ABSENT)
        rd->failed = true;
    return (int64_t)v;
}

static uint64_t get_up_to(struct rd *rd, uint64_t max)
{
    uint64_t v = rd_uint(rd, 1);
    if (v > max)
        rd->failed = true;
    return v;
}

static void get_approval(struct rd *rd, struct change *c)
{
    c->approval.by.kind = (uint8_t)rd_uint(rd, 1);
    uint64_t at = rd_uint(rd, INSTANT_BYTES);
    c->approval.at = at == INSTANT_ABSENT ? INSTANT_NONE : (int64_t)at;
    c->approval.by.party = rd_uint(rd, 8);
    c->approval.by.application = rd_varint(rd);
    bool none = at == INSTANT_ABSENT;
    bool withdrawn = c->kind == CHANGE_UNVERIFIED || c->kind == CHANGE_UNPROVED;
    if (none ? !withdrawn || c->approval.by.kind || c->approval.by.party ||
                   c->approval.by.application
             : !approval_kind_name(c->approval.by.kind))
        rd->failed = true;
}

static void get_mark(struct rd *rd, struct mark *m, bool set)
{
    m->kind = (uint8_t)rd_uint(rd, 1);
    m->setter = rd_uint(rd, 8);
    m->from = set ? get_day(rd) : DAYNUM_NONE;
    m->last = set ? daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_OPEN) : DAYNUM_NONE;
    if (!mark_kind_name(m->kind))
        rd->failed = true;
}

static daynum get_hold(struct rd *rd)
{
    switch (get_up_to(rd, 2)) {
    case 1:
        return get_day(rd);
    case 2:
        return DAYNUM_OPEN;
    default:
        return DAYNUM_NONE;
    }
}

static void get_payload(struct rd *rd, struct change *c)
{
    static const uint32_t clone_states[] = {0, FACTS_CLONE_SUSPECTED, FACTS_CLONE};
    switch ((enum change_kind)c->kind) {
    case CHANGE_NONE:
        break;
    case CHANGE_ACTIVATED:
        c->activated.day = get_day(rd);
        c->activated.known = get_day(rd);
        break;
    case CHANGE_AMNESTY:
    case CHANGE_GSMA:
    case CHANGE_MACHINE:
        c->on = get_up_to(rd, 1) == 1;
        break;
    case CHANGE_VERIFIED:
    case CHANGE_UNVERIFIED:
    case CHANGE_BEFORE_DUTY:
    case CHANGE_UNPROVED:
        get_approval(rd, c);
        break;
    case CHANGE_REPLACED:
    case CHANGE_REVOKED:
        c->approval.at = get_instant(rd);
        break;
    case CHANGE_MARK_SET:
        get_mark(rd, &c->mark, true);
        break;
    case CHANGE_MARK_CLEARED:
        get_mark(rd, &c->mark, false);
        break;
    case CHANGE_CLONE:
        c->clone = clone_states[get_up_to(rd, 2) % 3];
        break;
    case CHANGE_TEMPORARY:
        c->until = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_NONE);
        break;
    case CHANGE_HOLD:
        c->until = get_hold(rd);
        break;
    case CHANGE_GROUP:
        c->group = rd_uint(rd, 8);
        break;
    case CHANGE_KINDS:
        rd->failed = true;
        break;
    }
}

enum err change_decode(struct rd *rd, struct change *out)
{
    struct change c = {.imei = out->imei};
    uint64_t kind = rd_uint(rd, 1);
    c.kind = (uint8_t)(kind < CHANGE_KINDS ? kind : CHANGE_KINDS);
    get_payload(rd, &c);
    if (rd->failed)
        return ERR_CODEC;
    *out = c;
    return ERR_OK;
}
