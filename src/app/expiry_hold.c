/* SPDX-License-Identifier: Apache-2.0 */
#include "app/expiry_hold.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/batch.h"
#include "app/commit.h"
#include "base/sha256.h"

enum {
    FORM_1 = 1, /* does not say when a release was asked for */
    FORM = 2,
    KEY = 9,
    KEY_ASKED = 10,
    FIXED_1 = 1 + 8 + 8 + 4 + 4 + 2 + 8 + 8 + 8 + 8,
    FIXED = FIXED_1 + 8,
    DAY_MS = 86400000,
};

static int64_t now_ms(const struct registry *reg)
{
    return clock_now_us(reg->clock) / 1000;
}

bool expiry_asked_now(const struct registry *reg, const struct expiry_hold *h)
{
    return h->asked_by && now_ms(reg) - h->asked_ms < (int64_t)EXPIRY_ASK_DAYS * DAY_MS;
}

/* ---- records ---- */

static enum err put_at(struct registry *reg, struct str key, const struct expiry_hold *h,
                       struct fault *fault)
{
    struct buf value = {0};
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
    buf_uint(&value, (uint64_t)h->asked_ms, 8);
    buf_str(&value, str_z(h->operator_name));
    const struct record record = {.key = key, .value = {(const char *)value.p, value.n}};
    enum err err = value.failed ? ERR_MEMORY : store_records_put(reg->store, &record, 1, fault);
    buf_release(&value);
    return err;
}

static enum err put(struct registry *reg, const struct expiry_hold *h, struct fault *fault)
{
    char key[KEY] = {EXPIRY_HOLD_RECORD};
    put_be((uint8_t *)key + 1, h->seq, 8);
    return put_at(reg, (struct str){key, KEY}, h, fault);
}

static bool is_asked(const struct record *record)
{
    return record->key.n == KEY_ASKED && record->key.p[1] == 'p';
}

static bool decode(const struct record *record, struct expiry_hold *out)
{
    const uint8_t *p = (const uint8_t *)record->value.p;
    const size_t fixed = record->value.n && p[0] == FORM_1 ? FIXED_1 : FIXED;
    if ((record->key.n != KEY && !is_asked(record)) || record->value.n < fixed ||
        record->value.n > fixed + LIMIT_NAME || (p[0] != FORM && p[0] != FORM_1))
        return false;
    *out = (struct expiry_hold){
        .seq = is_asked(record) ? 0 : get_be((const uint8_t *)record->key.p + 1, 8),
        .until_seq = get_be(p + 1, 8),
        .party = get_be(p + 9, 8),
        .tac_from = (uint32_t)get_be(p + 17, 4),
        .tac_to = (uint32_t)get_be(p + 21, 4),
        .through = daynum_unpack((uint16_t)get_be(p + 25, 2), DAYNUM_NONE),
        .by = get_be(p + 27, 8),
        .at_ms = (int64_t)get_be(p + 35, 8),
        .asked_by = get_be(p + 43, 8),
        .until_ms = (int64_t)get_be(p + 51, 8)};
    out->asked_ms = fixed == FIXED ? (int64_t)get_be(p + FIXED_1, 8) : 0;
    str_copy(out->operator_name, sizeof out->operator_name,
             (struct str){record->value.p + fixed, record->value.n - fixed});
    return out->tac_from <= out->tac_to && out->tac_to < TAC_COUNT && daynum_is_day(out->through);
}

struct reading {
    expiry_hold_fn *fn;
    void *ctx;
    bool asked; /* those that wait, else those that are */
    bool broken;
};

static bool give(void *ctx, const struct record *record)
{
    struct reading *r = ctx;
    struct expiry_hold hold;
    if (is_asked(record) != r->asked)
        return true;
    r->broken = !decode(record, &hold);
    return !r->broken && r->fn(r->ctx, &hold);
}

static enum err read_all(struct registry *reg, struct reading r, struct fault *fault)
{
    static const char from = EXPIRY_HOLD_RECORD, to = EXPIRY_HOLD_RECORD + 1;
    enum err err =
        store_records(reg->store, (struct str){&from, 1}, (struct str){&to, 1}, give, &r, fault);
    return !err && r.broken ? fault_set(fault, ERR_CODEC, "holds of expiry: a record is damaged")
                            : err;
}

enum err expiry_holds(struct registry *reg, expiry_hold_fn *fn, void *ctx, struct fault *fault)
{
    return read_all(reg, (struct reading){fn, ctx, false, false}, fault);
}

enum err expiry_holds_asked(struct registry *reg, expiry_hold_fn *fn, void *ctx,
                            struct fault *fault)
{
    return read_all(reg, (struct reading){fn, ctx, true, false}, fault);
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

struct holding {
    struct expiry_hold *hold;
    bool two;               /* it wants a second person */
    bool found;             /* the first has asked */
    struct expiry_hold had; /* what he asked */
    char key[KEY_ASKED];    /* of it */
};

static bool count_open(void *ctx, const struct expiry_hold *h)
{
    unsigned *open = ctx;
    *open += !h->until_seq;
    return true;
}

static bool find_asked(void *ctx, const struct expiry_hold *h)
{
    struct holding *w = ctx;
    const struct expiry_hold *wish = w->hold;
    w->found = h->tac_from == wish->tac_from && h->tac_to == wish->tac_to &&
               h->through == wish->through &&
               str_eq(str_z(h->operator_name), str_z(wish->operator_name));
    if (w->found)
        w->had = *h;
    return !w->found;
}

/* Has another person asked for the same, and does it wait still? */
static enum err look_asked(struct registry *reg, struct holding *w, bool *out, struct fault *fault)
{
    w->found = false;
    enum err err = w->two ? expiry_holds_asked(reg, find_asked, w, fault) : ERR_OK;
    bool waits = !err && w->found && expiry_asked_now(reg, &w->had);
    if (waits && w->had.asked_by == reg->actor)
        err = fault_set(fault, ERR_SAME_PERSON, "who asked for this hold does not confirm it");
    *out = waits;
    return err;
}

/* Inside the transaction: who holds at once with another is counted. */
static enum err has_room(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct holding *w = c->ctx;
    unsigned open = 0;
    bool asked = false;
    enum err err = look_asked(reg, w, &asked, fault);
    if (!err && w->two && asked != (c->entry.event != 0))
        err = ERR_STORE_BUSY; /* somebody asked or confirmed meanwhile */
    if (!err)
        err = expiry_holds(reg, count_open, &open, fault);
    if (!err && open >= LIMIT_EXPIRY_HOLDS)
        err = fault_set(fault, ERR_TOO_MANY, "%d holds are open: release some", LIMIT_EXPIRY_HOLDS);
    return err;
}

static enum err put_begun(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct holding *w = c->ctx;
    const struct record drop = {{w->key, KEY_ASKED}, {NULL, 0}};
    w->hold->seq = c->seq;
    enum err err = put(reg, w->hold, fault);
    return err || !w->two ? err : store_records_put(reg->store, &drop, 1, fault);
}

static enum err put_wish(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct holding *w = c->ctx;
    struct expiry_hold asked = *w->hold;
    asked.asked_by = reg->actor;
    asked.asked_ms = now_ms(reg);
    return put_at(reg, (struct str){w->key, KEY_ASKED}, &asked, fault);
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

/* The place of a wish among those that wait: by what it says. */
static void name_wish(const struct expiry_hold *h, char key[KEY_ASKED])
{
    uint8_t said[4 + 4 + 2 + LIMIT_NAME], hash[SHA256_BYTES];
    const size_t n = strlen(h->operator_name);
    put_be(said, h->tac_from, 4);
    put_be(said + 4, h->tac_to, 4);
    put_be(said + 8, daynum_pack(h->through), 2);
    memcpy(said + 10, h->operator_name, n);
    sha256_once(said, 10 + n, hash);
    key[0] = EXPIRY_HOLD_RECORD;
    key[1] = 'p';
    memcpy(key + 2, hash, 8);
}

/* As of an earlier day than the last midnight's it gives service back to phones that are refused: as a release does. */
static enum err wants_two(struct registry *reg, const struct expiry_hold *h, bool *out,
                          struct fault *fault)
{
    const daynum gate = reg->head.gate.expire_through, yesterday = registry_today(reg) - 1;
    *out = false;
    if (h->through >= (gate < yesterday ? gate : yesterday) - 1)
        return ERR_OK;
    enum err err = batch_two_person(reg, out, fault);
    return err || !*out ? err : batch_by_staff(reg, fault);
}

static enum err ask_first(struct registry *reg, struct holding *w, struct fault *fault)
{
    struct commit_case c = {.ask = has_room, .also = put_wish, .ctx = w};
    enum err err = commit_one(reg, &c, fault);
    return err ? err
               : fault_set(fault, ERR_HELD,
                           "it takes expiries of earlier days back: another person says it by the "
                           "same command within %d days",
                           EXPIRY_ASK_DAYS);
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
    h->at_ms = now_ms(reg);
    struct holding w = {.hold = h};
    bool asked = false;
    name_wish(h, w.key);
    err = wants_two(reg, h, &w.two, fault);
    if (!err)
        err = look_asked(reg, &w, &asked, fault);
    if (!err && w.two && !asked)
        err = ask_first(reg, &w, fault);
    if (err)
        return err;
    struct commit_case c = {
        .entry = {.event = EVENT_EXPIRY_HELD, .party = h->party, .effective = DAYNUM_NONE},
        .always = true,
        .reason = reason,
        .ask = has_room,
        .also = put_begun,
        .ctx = &w};
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
    bool asked = !err && expiry_asked_now(reg, &r->hold);
    if (!err && r->two && asked && r->hold.asked_by == reg->actor)
        err = fault_set(fault, ERR_SAME_PERSON, "who asked for the release does not confirm it");
    if (!err && !c->entry.event && asked)
        err = ERR_STORE_BUSY; /* somebody asked meanwhile */
    if (!err && c->entry.event && r->two && !asked)
        err = ERR_STORE_BUSY;
    return err;
}

static enum err put_asked(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct releasing *r = c->ctx;
    r->hold.asked_by = reg->actor;
    r->hold.asked_ms = now_ms(reg);
    return put(reg, &r->hold, fault);
}

static enum err put_ended(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct releasing *r = c->ctx;
    r->hold.until_seq = c->seq;
    r->hold.until_ms = now_ms(reg);
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
    bool asks = r.two && !expiry_asked_now(reg, &r.hold);
    if (!err && asks && r.found && !r.hold.until_seq) {
        struct commit_case c = {.ask = may, .also = put_asked, .ctx = &r};
        err = commit_one(reg, &c, fault);
        if (!err)
            err = fault_set(fault, ERR_HELD,
                            "another person releases it by the same command within %d days",
                            EXPIRY_ASK_DAYS);
    } else if (!err) {
        err = end(reg, &r, reason, fault);
    }
    *out = r.hold;
    return err;
}
