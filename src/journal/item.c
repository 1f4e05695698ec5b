/* SPDX-License-Identifier: Apache-2.0
 *
 * item - bytes of the four kinds of item.
 *
 * Invariant: for every item that a writer may build, decode(encode(item)) is that item, and for
 * every byte string that decode accepts, encode(decode(bytes)) is those bytes. Two registers with
 * equal histories therefore have equal journals, and a hash over bytes is a hash over meaning.
 *
 * Encoders assert what our own code owes them (a sequence number that fits, a reason that exists);
 * decoders assert nothing and answer ERR_CODEC: their bytes come from a disk or a peer. What
 * the text of a rule set says is not looked at here; rules_parse does, where it is used. */
#include "journal/item.h"

#include <assert.h>

enum {
    IMEI_BYTES = 6,
    SEQ_BYTES = 6,
    TIME_BYTES = 6,
    DAY_BYTES = 2,
    RULES_NUMBER_BYTES = 4,
    ROW_HEAD_BYTES = 1 + IMEI_BYTES + SEQ_BYTES,
};

#define SEQ_END  (1ULL << (8 * SEQ_BYTES))
#define TIME_END (1LL << (8 * TIME_BYTES))

static_assert(ROW_HEAD_BYTES + CHANGE_BYTES_MAX + 1 + VERDICT_BYTES_MAX <= LIMIT_ROW_ITEM,
              "a row is one SHA-256 compression");
static_assert(1 + 3 + 8 + 8 + TIME_BYTES + DAY_BYTES + 1 + LIMIT_DOCUMENT + 8 + 32 <=
                  ITEM_ENTRY_MAX,
              "an entry fits its maximum");

static const char *const event_names[EVENT_KINDS] = {
    [EVENT_CREATED] = "created",
    [EVENT_OBSERVED] = "observed",
    [EVENT_AMNESTY] = "amnesty",
    [EVENT_VERIFIED] = "verified",
    [EVENT_GSMA] = "gsma",
    [EVENT_SUSPENDED] = "suspended",
    [EVENT_RESUMED] = "resumed",
    [EVENT_SWEPT] = "swept",
    [EVENT_RULES] = "rules",
    [EVENT_TAC_LIST] = "tac_list",
    [EVENT_REPAIRED] = "repaired",
    [EVENT_REVOKED] = "revoked",
    [EVENT_WITHDRAWN] = "withdrawn",
    [EVENT_HELD] = "held",
    [EVENT_CLONE] = "clone",
    [EVENT_MACHINE] = "machine",
    [EVENT_TEMPORARY] = "temporary",
    [EVENT_GROUPED] = "grouped",
    [EVENT_PROPOSED] = "proposed",
    [EVENT_REJECTED] = "rejected",
    [EVENT_STAFF] = "staff",
    [EVENT_EXPIRY_HELD] = "expiry_held",
    [EVENT_EXPIRY_RELEASED] = "expiry_released",
    [EVENT_NOTICES_GUARD] = "notices_guard",
};

const char *event_name(uint8_t event)
{
    return event < EVENT_KINDS && event_names[event] ? event_names[event] : "unknown";
}

static bool event_exists(uint8_t event)
{
    return event < EVENT_KINDS && event_names[event];
}

static bool reason_exists(uint8_t reason)
{
    return reason < REASON_COUNT && reason_table[reason].name;
}

/* No flag, or one: an entry that opened and closed a batch would have two counts. */
static bool flags_are_valid(uint8_t flags)
{
    return flags == 0 || flags == ENTRY_BATCH_BEGIN || flags == ENTRY_BATCH_END;
}

static bool day_or_none(daynum day)
{
    return daynum_is_day(day) || day == DAYNUM_NONE;
}

/* What is appended lies from `start` on; 0 when the buffer could not take it. */
static size_t appended(const struct buf *out, size_t start)
{
    return out->failed ? 0 : out->n - start;
}

size_t item_encode_entry(const struct entry *entry, struct buf *out)
{
    assert(event_exists(entry->event) && flags_are_valid(entry->flags));
    assert(entry->time_ms >= 0 && entry->time_ms < TIME_END);
    assert(day_or_none(entry->effective) && entry->document_n <= LIMIT_DOCUMENT);

    size_t start = out->n;
    buf_uint(out, ITEM_ENTRY, 1);
    buf_uint(out, entry->event, 1);
    buf_uint(out, entry->flags, 1);
    buf_uint(out, entry->ground, 1);
    buf_uint(out, entry->actor, 8);
    buf_uint(out, entry->party, 8);
    buf_uint(out, (uint64_t)entry->time_ms, TIME_BYTES);
    buf_uint(out, daynum_pack(entry->effective), DAY_BYTES);
    buf_uint(out, entry->document_n, 1);
    buf_put(out, entry->document, entry->document_n);
    if (entry->flags & ENTRY_BATCH_BEGIN) {
        buf_uint(out, entry->count, 8);
        buf_put(out, entry->digest, sizeof entry->digest);
    }
    if (entry->flags & ENTRY_BATCH_END) {
        buf_uint(out, entry->batch, 8);
        buf_uint(out, entry->count, 8);
    }
    return appended(out, start);
}

size_t item_encode_row(const struct row *row, uint8_t out[LIMIT_ROW_ITEM])
{
    assert(row->change.imei.body < IMEI_BODIES && row->prev_seq < SEQ_END);
    assert(reason_exists(row->before));

    uint8_t *p = out;
    *p++ = ITEM_ROW;
    put_be(p, row->change.imei.body, IMEI_BYTES);
    p += IMEI_BYTES;
    put_be(p, row->prev_seq, SEQ_BYTES);
    p += SEQ_BYTES;
    p += change_encode(&row->change, p);
    *p++ = row->before;
    p += verdict_encode(&row->after, p);
    return (size_t)(p - out);
}

size_t item_encode_rules(uint32_t number, struct str text, struct buf *out)
{
    assert(number > 0 && text.n <= LIMIT_RULES_TEXT);

    size_t start = out->n;
    buf_uint(out, ITEM_RULES, 1);
    buf_uint(out, number, RULES_NUMBER_BYTES);
    buf_str(out, text);
    return appended(out, start);
}

size_t item_encode_gate(const struct gate *gate, struct buf *out)
{
    assert(day_or_none(gate->expire_through) && day_or_none(gate->swept_through));

    size_t start = out->n;
    buf_uint(out, ITEM_GATE, 1);
    buf_uint(out, daynum_pack(gate->expire_through), DAY_BYTES);
    buf_uint(out, daynum_pack(gate->swept_through), DAY_BYTES);
    return appended(out, start);
}

static daynum read_day(struct rd *rd)
{
    return daynum_unpack((uint16_t)rd_uint(rd, DAY_BYTES), DAYNUM_NONE);
}

static bool decode_entry(struct rd *rd, struct entry *e)
{
    *e = (struct entry){0};
    e->event = (uint8_t)rd_uint(rd, 1);
    e->flags = (uint8_t)rd_uint(rd, 1);
    e->ground = (uint8_t)rd_uint(rd, 1);
    e->actor = rd_uint(rd, 8);
    e->party = rd_uint(rd, 8);
    e->time_ms = (int64_t)rd_uint(rd, TIME_BYTES);
    e->effective = read_day(rd);
    e->document_n = (uint8_t)rd_uint(rd, 1);
    if (rd->failed || !event_exists(e->event) || !flags_are_valid(e->flags) ||
        e->document_n > LIMIT_DOCUMENT)
        return false;
    const uint8_t *document = rd_bytes(rd, e->document_n);
    if (!document)
        return false;
    memcpy(e->document, document, e->document_n);
    if (e->flags & ENTRY_BATCH_BEGIN) {
        e->count = rd_uint(rd, 8);
        const uint8_t *digest = rd_bytes(rd, sizeof e->digest);
        if (digest)
            memcpy(e->digest, digest, sizeof e->digest);
    }
    if (e->flags & ENTRY_BATCH_END) {
        e->batch = rd_uint(rd, 8);
        e->count = rd_uint(rd, 8);
    }
    return true;
}

static bool decode_row(struct rd *rd, struct row *r)
{
    r->change.imei.body = rd_uint(rd, IMEI_BYTES);
    r->prev_seq = rd_uint(rd, SEQ_BYTES);
    if (rd->failed || r->change.imei.body >= IMEI_BODIES)
        return false;
    if (change_decode(rd, &r->change) != ERR_OK)
        return false;
    r->before = (uint8_t)rd_uint(rd, 1);
    return reason_exists(r->before) && verdict_decode(rd, &r->after) == ERR_OK;
}

static bool decode_rules(struct rd *rd, struct item *item)
{
    item->rules.number = (uint32_t)rd_uint(rd, RULES_NUMBER_BYTES);
    size_t n = rd_left(rd);
    if (rd->failed || item->rules.number == 0 || n > LIMIT_RULES_TEXT)
        return false;
    item->rules.text = (struct str){(const char *)rd_bytes(rd, n), n};
    return true;
}

enum err item_decode(const void *p, size_t n, struct item *out)
{
    struct rd rd = rd_of(p, n);
    struct item item;
    bool ok = false;
    item.type = (uint8_t)rd_uint(&rd, 1);
    switch (item.type) {
    case ITEM_ROW:
        ok = decode_row(&rd, &item.row);
        break;
    case ITEM_ENTRY:
        ok = decode_entry(&rd, &item.entry);
        break;
    case ITEM_RULES:
        ok = decode_rules(&rd, &item);
        break;
    case ITEM_GATE:
        item.gate.expire_through = read_day(&rd);
        item.gate.swept_through = read_day(&rd);
        ok = true;
        break;
    default:
        break;
    }
    if (!ok || rd.failed || rd_left(&rd) != 0)
        return ERR_CODEC;
    if (item.type == ITEM_ROW) { /* nearly all of them: no need to copy an entry's size */
        out->type = item.type;
        out->row = item.row;
    } else {
        *out = item;
    }
    return ERR_OK;
}
