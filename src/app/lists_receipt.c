/* SPDX-License-Identifier: Apache-2.0 */
#include "app/lists_receipt.h"

#include <stdlib.h>

enum { OPERATOR = 16, KEY_LAST = 1 + OPERATOR + 1, KEY_EACH = KEY_LAST + 8, VALUE_HEAD = 33 };

struct receipt_key {
    char bytes[KEY_EACH];
};

static struct receipt_key key_of(const struct lists_receipt *r, char kind)
{
    struct receipt_key key = {{kind}};
    uint8_t hash[SHA256_BYTES];
    sha256_once(r->operator_name, strlen(r->operator_name), hash);
    memcpy(key.bytes + 1, hash, OPERATOR);
    key.bytes[1 + OPERATOR] = (char)r->list;
    put_be((uint8_t *)key.bytes + KEY_LAST, (uint64_t)r->at_ms, 8);
    return key;
}

static void encode(const struct lists_receipt *r, struct buf *out)
{
    buf_uint(out, r->place.next_seq, 8);
    buf_put(out, r->place.hash, FEED_CURSOR_HASH);
    buf_uint(out, (uint64_t)r->at_ms, 8);
    buf_uint(out, r->by, 8);
    buf_uint(out, r->list, 1);
    buf_str(out, str_z(r->operator_name));
}

static bool decode(struct str value, struct lists_receipt *out)
{
    const uint8_t *p = (const uint8_t *)value.p;
    if (value.n <= VALUE_HEAD || value.n > VALUE_HEAD + LIMIT_NAME)
        return false;
    *out = (struct lists_receipt){.list = p[32],
                                  .place = {.next_seq = get_be(p, 8)},
                                  .at_ms = (int64_t)get_be(p + 16, 8),
                                  .by = get_be(p + 24, 8)};
    memcpy(out->place.hash, p + 8, FEED_CURSOR_HASH);
    str_copy(out->operator_name, sizeof out->operator_name,
             (struct str){value.p + VALUE_HEAD, value.n - VALUE_HEAD});
    return true;
}

static enum err write_both(struct registry *reg, const struct lists_receipt *r, struct fault *fault)
{
    const struct receipt_key last = key_of(r, LISTS_RECEIPT_RECORD),
                             each = key_of(r, LISTS_RECEIPTS_RECORD);
    struct buf value = {0};
    encode(r, &value);
    const struct str text = {(const char *)value.p, value.n};
    const struct record records[] = {{.key = {last.bytes, KEY_LAST}, .value = text},
                                     {.key = {each.bytes, KEY_EACH}, .value = text}};
    enum err err = value.failed ? ERR_MEMORY : store_write_begin(reg->store, fault);
    if (!err) {
        err = store_records_put(reg->store, records, 2, fault);
        if (!err)
            err = store_write_commit(reg->store, fault);
        if (err)
            store_write_rollback(reg->store);
    }
    buf_release(&value);
    return err;
}

/* *out_same: it is what was said last. */
static enum err look_at_last(struct registry *reg, const struct lists_receipt *r, bool *out_same,
                             struct fault *fault)
{
    const struct receipt_key last = key_of(r, LISTS_RECEIPT_RECORD);
    struct buf value = {0};
    struct lists_receipt was;
    enum err err = store_record_get(reg->store, (struct str){last.bytes, KEY_LAST}, &value, fault);
    *out_same = !err && decode((struct str){(const char *)value.p, value.n}, &was) &&
                was.place.next_seq == r->place.next_seq &&
                memcmp(was.place.hash, r->place.hash, FEED_CURSOR_HASH) == 0;
    buf_release(&value);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err lists_receipt_put(struct lists *lists, struct registry *reg,
                           const struct lists_receipt *receipt, struct fault *fault)
{
    bool same = false;
    enum err err = lists_check_cursor(lists, reg, &receipt->place, fault);
    if (!err)
        err = look_at_last(reg, receipt, &same, fault);
    return err || same ? err : write_both(reg, receipt, fault);
}

struct reading {
    lists_receipt_fn *fn;
    void *ctx;
};

static bool give(void *ctx, const struct record *record)
{
    const struct reading *r = ctx;
    struct lists_receipt receipt;
    return !decode(record->value, &receipt) || r->fn(r->ctx, &receipt);
}

enum err lists_receipts(struct registry *reg, lists_receipt_fn *fn, void *ctx, struct fault *fault)
{
    static const char from = LISTS_RECEIPT_RECORD, to = LISTS_RECEIPT_RECORD + 1;
    struct reading reading = {fn, ctx};
    return store_records(reg->store, (struct str){&from, 1}, (struct str){&to, 1}, give, &reading,
                         fault);
}

enum err lists_receipts_of(struct registry *reg, const char *operator_name, uint8_t list,
                           lists_receipt_fn *fn, void *ctx, struct fault *fault)
{
    struct lists_receipt from = {.list = list}, to = {.list = list, .at_ms = INT64_MAX};
    struct reading reading = {fn, ctx};
    str_copy(from.operator_name, sizeof from.operator_name, str_z(operator_name));
    str_copy(to.operator_name, sizeof to.operator_name, str_z(operator_name));
    const struct receipt_key first = key_of(&from, LISTS_RECEIPTS_RECORD),
                             last = key_of(&to, LISTS_RECEIPTS_RECORD);
    return store_records(reg->store, (struct str){first.bytes, KEY_EACH},
                         (struct str){last.bytes, KEY_EACH}, give, &reading, fault);
}

/* ---- how old ---- */

struct counting {
    uint64_t changes, first_seq;
};

static enum err count(void *ctx, const struct lists_change *change)
{
    struct counting *c = ctx;
    if (!c->changes++)
        c->first_seq = change->seq;
    return ERR_OK;
}

static bool written(void *ctx, const struct block *block)
{
    *(int64_t *)ctx = block->header.written_us;
    return false;
}

struct standing_of {
    const struct lists_receipt *receipt;
    struct lists_standing *out;
};

static enum err stand(struct lists *lists, struct registry *reg, void *ctx, struct fault *fault)
{
    const struct standing_of *s = ctx;
    struct counting c = {0};
    struct lists_log *log = lists_log_of(lists);
    uint64_t at;
    int64_t written_us = 0;
    enum err err = lists_log_find(log, s->receipt->place.next_seq, &at, fault);
    if (!err)
        err = lists_log_read(log, at, lists_log_count(log), count, &c, fault);
    if (!err && c.changes)
        err = store_blocks(reg->store, c.first_seq, written, &written_us, fault);
    if (err)
        return err;
    *s->out = (struct lists_standing){.receipt = *s->receipt, .waiting = c.changes};
    if (c.changes) {
        const int64_t age_us = clock_now_us(reg->clock) - written_us;
        s->out->age_s = age_us > 0 ? age_us / 1000000 : 0;
    }
    return ERR_OK;
}

enum err lists_stand(struct lists *lists, struct registry *reg, const struct lists_receipt *receipt,
                     struct lists_standing *out, struct fault *fault)
{
    struct standing_of s = {receipt, out};
    return lists_held(lists, reg, &(struct lists_held){stand, &s}, fault);
}
