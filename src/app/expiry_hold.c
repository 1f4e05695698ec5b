/* SPDX-License-Identifier: Apache-2.0 */
#include "app/expiry_hold.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/batch.h"
#include "app/commit.h"

enum { FORM = 1, KEY = 9, FIXED = 1 + 8 + 8 + 4 + 4 + 2 + 8 + 8 + 8 + 8 };

/* ---- records ---- */

static enum err put(struct registry *reg, const struct expiry_hold *h, struct fault *fault)
{
    char key[KEY] = {EXPIRY_HOLD_RECORD};
    struct buf value = {0};
    put_be((uint8_t *)key + 1, h->seq, 8);
    buf_uint(&value, FORM, 1);
    buf_uint(&value, h->until_seq, 8);
    buf_uint(&value, h->party, 8);
    buf_uint(&value, h->tac_from, 4);
    buf_uint(&value, h->tac_to, 4);
    buf_uint(&value, daynum_pack(h->through), 2);
    buf_uint(&value, h->by, 8);
    buf_uint(&value, (uint64_t)h->at_ms, 8);
    buf_uint(&value, h->asked_by, 8);
    buf_uint(&value, (uint64_t)h->until_ms, 8);
    buf_str(&value, str_z(h->operator_name));
    const struct record record = {.key = {key, KEY}, .value = {(const char *)value.p, value.n}};
    enum err err = value.failed ? ERR_MEMORY : store_records_put(reg->store, &record, 1, fault);
    buf_release(&value);
    return err;
}

static bool decode(const struct record *record, struct expiry_hold *out)
{
    const uint8_t *p = (const uint8_t *)record->value.p;
    if (record->key.n != KEY || record->value.n < FIXED || record->value.n > FIXED + LIMIT_NAME ||
        p[0] != FORM)
        return false;
    *out = (struct expiry_hold){.seq = get_be((const uint8_t *)record->key.p + 1, 8),
                                .until_seq = get_be(p + 1, 8),
                                .party = get_be(p + 9, 8),
                                .tac_from = (uint32_t)get_be(p + 17, 4),
                                .tac_to = (uint32_t)get_be(p + 21, 4),
                                .through = daynum_unpack((uint16_t)get_be(p + 25, 2), DAYNUM_NONE),
                                .by = get_be(p + 27, 8),
                                .at_ms = (int64_t)get_be(p + 35, 8),
                                .asked_by = get_be(p + 43, 8),
                                .until_ms = (int64_t)get_be(p + 51, 8)};
    str_copy(out->operator_name, sizeof out->operator_name,
             (struct str){record->value.p + FIXED, record->value.n - FIXED});
    return out->tac_from <= out->tac_to && out->tac_to < TAC_COUNT && daynum_is_day(out->through);
}

struct reading {
    expiry_hold_fn *fn;
    void *ctx;
    bool broken;
};

static bool give(void *ctx, const struct record *record)
{
    struct reading *r = ctx;
    struct expiry_hold hold;
    r->broken = !decode(record, &hold);
    return !r->broken && r->fn(r->ctx, &hold);
}

enum err expiry_holds(struct registry *reg, expiry_hold_fn *fn, void *ctx, struct fault *fault)
{
    static const char from = EXPIRY_HOLD_RECORD, to = EXPIRY_HOLD_RECORD + 1;
    struct reading r = {fn, ctx, false};
    enum err err =
        store_records(reg->store, (struct str){&from, 1}, (struct str){&to, 1}, give, &r, fault);
    return !err && r.broken ? fault_set(fault, ERR_CODEC, "holds of expiry: a record is damaged")
                            : err;
}

/* ---- what an operator is spared ---- */

struct gathering {
    struct str name;
    uint64_t next_seq;
    struct spared spared;
    bool too_many;
};

static bool gather(void *ctx, const struct expiry_hold *h)
{
    struct gathering *g = ctx;
    const struct str name = str_z(h->operator_name);
    if (h->seq >= g->next_seq || (h->until_seq && h->until_seq < g->next_seq) ||
        (name.n && !str_eq(name, g->name)))
        return true;
    g->too_many = g->spared.count == LIMIT_EXPIRY_HOLDS;
    if (!g->too_many)
        g->spared.spans[g->spared.count++] =
            (struct spared_span){h->tac_from, h->tac_to, h->through};
    return !g->too_many;
}

enum err expiry_spared(struct registry *reg, struct str operator_name, uint64_t next_seq,
                       struct spared *out, struct fault *fault)
{
    struct gathering g = {.name = operator_name, .next_seq = next_seq};
    enum err err = expiry_holds(reg, gather, &g, fault);
    if (!err && g.too_many)
        err = fault_set(fault, ERR_TOO_MANY, "more than %d holds of expiry", LIMIT_EXPIRY_HOLDS);
    if (!err)
        *out = g.spared;
    return err;
}

/* ---- holding ---- */

struct writing {
    struct expiry_hold *hold;
    bool whole; /* an entry goes with it */
    unsigned open;
};

static bool count_open(void *ctx, const struct expiry_hold *h)
{
    unsigned *open = ctx;
    *open += !h->until_seq;
    return true;
}

/* Inside the transaction: who holds at once with another is counted. */
static enum err has_room(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    unsigned open = 0;
    (void)c;
    enum err err = expiry_holds(reg, count_open, &open, fault);
    if (!err && open >= LIMIT_EXPIRY_HOLDS)
        err = fault_set(fault, ERR_TOO_MANY, "%d holds are open: release some", LIMIT_EXPIRY_HOLDS);
    return err;
}

static enum err put_begun(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct expiry_hold *h = c->ctx;
    h->seq = c->seq;
    return put(reg, h, fault);
}

static void say(struct entry *entry, const char *text)
{
    size_t n = strlen(text);
    entry->document_n = (uint8_t)(n < LIMIT_DOCUMENT ? n : LIMIT_DOCUMENT);
    memcpy(entry->document, text, entry->document_n);
}

static enum err check(struct registry *reg, struct expiry_hold *h, struct fault *fault)
{
    daynum gate = reg->head.gate.expire_through;
    if (!h->operator_name[0] && h->tac_from == 0 && h->tac_to == TAC_COUNT - 1)
        return fault_set(fault, ERR_USAGE,
                         "an operator or a range of TACs is wanted; for the whole country it is "
                         "`rules set expiry_release=manual`");
    if (h->tac_from > h->tac_to || h->tac_to >= TAC_COUNT)
        return fault_set(fault, ERR_USAGE, "a TAC has 8 digits, the first not above the last");
    if (h->through == DAYNUM_NONE)
        h->through = gate;
    if (h->through > gate)
        return fault_set(fault, ERR_DATE, "expire_through has not come to that day");
    return ERR_OK;
}

enum err expiry_hold_put(struct registry *reg, struct expiry_hold *h, const char *reason,
                         struct fault *fault)
{
    char text[LIMIT_DOCUMENT + 1], day[DAYNUM_TEXT];
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = check(reg, h, fault);
    if (!err && h->operator_name[0])
        err = registry_party(reg, PARTY_OPERATOR, str_z(h->operator_name), &h->party, fault);
    if (err)
        return err;
    daynum_format(h->through, day);
    snprintf(text, sizeof text, "%s %08" PRIu32 "-%08" PRIu32, day, h->tac_from, h->tac_to);
    h->by = reg->actor;
    h->at_ms = clock_now_us(reg->clock) / 1000;
    struct commit_case c = {
        .entry = {.event = EVENT_EXPIRY_HELD, .party = h->party, .effective = DAYNUM_NONE},
        .always = true,
        .reason = reason,
        .ask = has_room,
        .also = put_begun,
        .ctx = h};
    say(&c.entry, text);
    return commit_one(reg, &c, fault);
}

/* ---- releasing ---- */

struct releasing {
    uint64_t seq;
    bool two, found, asked;
    struct expiry_hold hold;
};

static bool find(void *ctx, const struct expiry_hold *h)
{
    struct releasing *r = ctx;
    if (h->seq != r->seq)
        return true;
    r->hold = *h;
    r->found = true;
    return false;
}

/* Inside the transaction: it holds still, and who says so is another than who asked. */
static enum err may(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct releasing *r = c->ctx;
    r->found = false;
    enum err err = expiry_holds(reg, find, r, fault);
    if (!err && (!r->found || r->hold.until_seq))
        err = fault_set(fault, ERR_NOT_FOUND, "no hold %" PRIu64 " is open", r->seq);
    if (!err && r->two && r->hold.asked_by == reg->actor)
        err = fault_set(fault, ERR_SAME_PERSON, "who asked for the release does not confirm it");
    if (!err && !c->entry.event && r->hold.asked_by)
        err = ERR_STORE_BUSY; /* somebody asked meanwhile */
    if (!err && c->entry.event && r->two && !r->hold.asked_by)
        err = ERR_STORE_BUSY;
    return err;
}

static enum err put_asked(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct releasing *r = c->ctx;
    r->hold.asked_by = reg->actor;
    return put(reg, &r->hold, fault);
}

static enum err put_ended(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct releasing *r = c->ctx;
    r->hold.until_seq = c->seq;
    r->hold.until_ms = clock_now_us(reg->clock) / 1000;
    return put(reg, &r->hold, fault);
}

static enum err end(struct registry *reg, struct releasing *r, const char *reason,
                    struct fault *fault)
{
    char text[24];
    struct commit_case c = {
        .entry = {.event = EVENT_EXPIRY_RELEASED, .party = r->hold.party, .effective = DAYNUM_NONE},
        .always = true,
        .reason = reason,
        .ask = may,
        .also = put_ended,
        .ctx = r};
    snprintf(text, sizeof text, "%" PRIu64, r->seq);
    say(&c.entry, text);
    return commit_one(reg, &c, fault);
}

enum err expiry_hold_release(struct registry *reg, uint64_t seq, const char *reason,
                             struct expiry_hold *out, struct fault *fault)
{
    struct releasing r = {.seq = seq};
    enum err err = registry_refresh(reg, fault);
    if (!err)
        err = batch_two_person(reg, &r.two, fault);
    if (!err && r.two)
        err = batch_by_staff(reg, fault);
    if (!err)
        err = expiry_holds(reg, find, &r, fault);
    bool asks = r.two && !r.hold.asked_by;
    if (!err && asks && r.found && !r.hold.until_seq) {
        struct commit_case c = {.ask = may, .also = put_asked, .ctx = &r};
        err = commit_one(reg, &c, fault);
        if (!err)
            err = fault_set(fault, ERR_HELD, "another person releases it by the same command");
    } else if (!err) {
        err = end(reg, &r, reason, fault);
    }
    *out = r.hold;
    return err;
}
