/* SPDX-License-Identifier: Apache-2.0
 *
 * db check: whatever stands beside the journal must be what the journal makes. Facts are replayed;
 * rule sets stand in it whole; of a TAC list it holds the hash; pairs come in the blocks' sections. */
#include <stdlib.h>

#include "app/audit.h"
#include "app/pair_list.h"
#include "journal/replay.h"

enum { STAFF_MAX = 4096 };

struct checking {
    struct registry *reg;
    struct registry *aside; /* reads while blocks are being read */
    struct replay *replay;
    struct entry entry; /* the last one */
    struct pair_list pairs;
    uint64_t staff[STAFF_MAX]; /* accounts that the journal admits */
    size_t staff_count, staff_seen;
    uint64_t seen;
    daynum today;
    enum err err;
    struct fault *fault;
};

/* ---- while the blocks come by ---- */

static enum err check_rules(struct checking *c, const struct item *item, struct fault *fault)
{
    struct buf text = {0};
    enum err err = store_rules_get(c->aside->store, item->rules.number, &text, fault);
    bool same =
        !err && text.n == item->rules.text.n && memcmp(text.p, item->rules.text.p, text.n) == 0;
    buf_release(&text);
    if (!err && !same)
        err =
            fault_set(fault, ERR_FACTS, "rule set %u differs from the journal", item->rules.number);
    return err == ERR_NOT_FOUND
               ? fault_set(fault, ERR_FACTS, "rule set %u is missing", item->rules.number)
               : err;
}

static enum err check_list(struct checking *c, uint32_t number, struct fault *fault)
{
    struct buf packed = {0};
    uint8_t hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    enum err err = store_tac_list_get(c->aside->store, number, &packed, fault);
    sha256_begin(c->reg->sha);
    sha256_add(c->reg->sha, packed.p, packed.n);
    sha256_end(c->reg->sha, hash);
    sha256_hex(hash, hex);
    buf_release(&packed);
    bool same = !err && c->entry.document_n == LIMIT_DOCUMENT &&
                memcmp(hex, c->entry.document, LIMIT_DOCUMENT) == 0;
    if (err && err != ERR_NOT_FOUND)
        return err;
    return same ? ERR_OK
                : fault_set(fault, ERR_FACTS, "TAC list %u differs from the journal", number);
}

/* Looks at entries and rule sets; rows are the replay's. */
static enum err check_items(struct checking *c, const struct block *block, struct fault *fault)
{
    struct rd rd = rd_of(block->body.p, block->body.n);
    enum err err = ERR_OK;
    while (!err && rd_left(&rd)) {
        size_t n = (size_t)rd_varint(&rd);
        const uint8_t *p = rd_bytes(&rd, n);
        struct item item;
        if (!p || !n)
            return fault_set(fault, ERR_CODEC, "a block's body is damaged");
        if (p[0] == ITEM_ROW)
            continue;
        err = item_decode(p, n, &item);
        if (!err && item.type == ITEM_ENTRY)
            c->entry = item.entry;
        bool admits = item.type == ITEM_ENTRY && item.entry.event == EVENT_STAFF &&
                      item.entry.flags & ENTRY_BATCH_BEGIN;
        if (!err && admits && c->staff_count < STAFF_MAX)
            c->staff[c->staff_count++] = item.entry.party;
        if (!err && item.type == ITEM_RULES)
            err = check_rules(c, &item, fault);
        if (!err && item.type == ITEM_RULES && c->entry.event == EVENT_TAC_LIST)
            err = check_list(c, item.rules.number, fault);
    }
    return err;
}

static enum err read_block(void *ctx, const struct block *block, struct fault *fault)
{
    struct checking *c = ctx;
    enum err err = replay_block(c->replay, block, fault);
    if (!err)
        err = check_items(c, block, fault);
    return err ? err : pair_list_take(&c->pairs, block);
}

/* ---- then what stands ---- */

static enum err differs(struct checking *c, struct imei imei, const char *what)
{
    char text[IMEI_TEXT15];
    imei_format15(imei, text);
    fault_value(c->fault, text, sizeof text - 1);
    return fault_set(c->fault, ERR_FACTS, "%s", what);
}

static bool due_is_right(const struct checking *c, const struct facts_row *row)
{
    struct verdict v = policy_judge_gated(row->imei, &row->facts, &c->reg->rules, c->today,
                                          c->reg->head.gate.expire_through);
    bool late = row->due != DAYNUM_NONE && row->due <= c->today; /* the next sweep's work */
    daynum want = verdict_has_next(&v) ? v.valid_through + 1 : DAYNUM_NONE;
    return late || row->due == want;
}

static bool compare_row(void *ctx, const struct facts_row *row)
{
    struct checking *c = ctx;
    struct facts facts;
    c->seen++;
    if (!replay_find(c->replay, row->imei, &facts))
        c->err = differs(c, row->imei, "a facts row stands that no journal row made");
    else if (!facts_equal(&facts, &row->facts) || facts.last_seq != row->facts.last_seq)
        c->err = differs(c, row->imei, "the facts row differs from the journal");
    else if (!due_is_right(c, row))
        c->err = differs(c, row->imei, "the day on which its verdict changes is wrong");
    return !c->err;
}

static bool compare_pair(void *ctx, const struct pair *pair)
{
    struct checking *c = ctx;
    bool known = c->seen < c->pairs.n && pair_compare(&c->pairs.p[c->seen].pair, pair) == 0;
    c->seen++;
    if (!known)
        c->err = differs(c, pair->imei, "the subscribers paired with it differ from the journal");
    return known;
}

static enum err compare_pairs(struct checking *c)
{
    c->seen = 0;
    pair_list_settle(&c->pairs);
    enum err err = store_pairs_scan(c->reg->store, compare_pair, c, c->fault);
    if (!err)
        err = c->err;
    if (!err && c->seen != c->pairs.n)
        err = differs(c, c->pairs.p[c->seen].pair.imei, "a subscriber paired with it is missing");
    return err;
}

static bool compare_account(void *ctx, const struct party *party)
{
    struct checking *c = ctx;
    bool admitted = false;
    if (!(party->flags & PARTY_STAFF))
        return true;
    for (size_t i = 0; i < c->staff_count; i++)
        admitted |= c->staff[i] == party->id;
    c->staff_seen++;
    if (!admitted)
        c->err = fault_set(c->fault, ERR_FACTS, "account %s may act, the journal did not admit it",
                           party->name);
    return admitted;
}

static enum err compare_staff(struct checking *c)
{
    enum err err = store_parties(c->reg->store, compare_account, c, c->fault);
    if (!err)
        err = c->err;
    if (!err && c->staff_seen != c->staff_count)
        err = fault_set(c->fault, ERR_FACTS,
                        "%zu accounts may act, the journal admitted %zu: one was taken away",
                        c->staff_seen, c->staff_count);
    return err;
}

static enum err compare_facts(struct checking *c, struct audit_result *out)
{
    enum err err = store_facts_scan(c->reg->store, (struct imei){0}, (struct imei){IMEI_BODIES - 1},
                                    compare_row, c, c->fault);
    if (!err)
        err = c->err;
    if (!err && c->seen != replay_count(c->replay))
        err = fault_set(c->fault, ERR_FACTS, "%llu facts rows stand, the journal made %llu",
                        (unsigned long long)c->seen, (unsigned long long)replay_count(c->replay));
    out->facts = c->seen;
    return err;
}

enum err audit_check(struct registry *reg, struct audit_result *out, struct fault *fault)
{
    /* A clock that went back is no damage: rows are written up to the day that was swept. */
    daynum today = registry_today(reg), swept = reg->head.gate.swept_through;
    struct checking c = {.reg = reg, .fault = fault, .today = swept > today ? swept : today};
    struct audit_reader reader = {read_block, &c};
    enum err err = replay_new(&c.replay);
    if (!err)
        err = registry_again(reg, &c.aside, fault);
    if (!err) /* whatever others write meanwhile */
        err = store_read_begin(reg->store, fault);
    if (!err)
        err = registry_refresh(reg, fault);
    if (!err)
        err = audit_blocks(reg, NULL, &reader, out, fault);
    if (!err)
        err = compare_facts(&c, out);
    if (!err)
        err = compare_pairs(&c);
    if (!err)
        err = compare_staff(&c);
    store_read_end(reg->store);
    replay_free(c.replay);
    registry_close(c.aside);
    pair_list_release(&c.pairs);
    return err;
}
