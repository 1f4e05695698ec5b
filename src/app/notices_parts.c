/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts, identities, what was told, receipts. */
#include <stdlib.h>

#include "app/notices_record.h"

enum {
    FORM = 1,
    PART_HEAD = 6,
    ROW = 22,
    PART_KEY = 18,
    TOLD = 27,
    TOLD_KEY = 12,
    NUMBER_DIGITS = 12,
    PROOF_DIGITS = 8
};

static const char *const states[NOTICES_STATES] = {"waiting", "delivered", "failed",
                                                   "unknown", "late",      "overtaken"};

const char *notices_state_name(uint8_t state)
{
    return state < NOTICES_STATES ? states[state] : "";
}

/* ---- parts ---- */

static struct notices_key part_key(uint64_t party, uint64_t first)
{
    struct notices_key key = notices_key('n');
    notices_key_number(&key, party, 8);
    notices_key_number(&key, first, 8);
    return key;
}

bool notices_part_head(const struct record *record, struct notices_part_head *out)
{
    const uint8_t *p = (const uint8_t *)record->value.p;
    if (record->key.n != PART_KEY || record->value.n < PART_HEAD || p[0] != FORM ||
        (record->value.n - PART_HEAD) % ROW || (record->value.n - PART_HEAD) / ROW > NOTICES_PART)
        return false;
    *out = (struct notices_part_head){.first = get_be((const uint8_t *)record->key.p + 10, 8),
                                      .n = (record->value.n - PART_HEAD) / ROW,
                                      .made_s = (int64_t)get_be(p + 1, 5)};
    return true;
}

enum err notices_part_put(struct registry *reg, const struct notices_part *part,
                          struct fault *fault)
{
    const struct notices_key key = part_key(part->party, part->first);
    struct buf value = {0};
    buf_uint(&value, FORM, 1);
    buf_uint(&value, (uint64_t)part->made_s, 5);
    for (size_t i = 0; i < part->n; i++) {
        const struct notices_row *row = &part->rows[i];
        buf_uint(&value, row->subscriber, 4);
        buf_uint(&value, row->imei.body, 6);
        buf_uint(&value, row->step, 1);
        buf_uint(&value, row->reason, 1);
        buf_uint(&value, daynum_pack(row->last_day), 2);
        buf_uint(&value, daynum_pack(row->until), 2);
        buf_uint(&value, row->state, 1);
        buf_uint(&value, (uint64_t)row->at_s, 5);
    }
    enum err err = notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

static void take_row(struct rd *rd, struct notices_row *row)
{
    row->subscriber = (uint32_t)rd_uint(rd, 4);
    row->imei.body = rd_uint(rd, 6);
    row->step = (uint8_t)rd_uint(rd, 1);
    row->reason = (uint8_t)rd_uint(rd, 1);
    row->last_day = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_NONE);
    row->until = daynum_unpack((uint16_t)rd_uint(rd, 2), DAYNUM_NONE);
    row->state = (uint8_t)rd_uint(rd, 1);
    row->at_s = (int64_t)rd_uint(rd, 5);
}

struct part_wanted {
    uint64_t number; /* wanted */
    struct notices_part *out;
    bool found, broken;
};

static bool take_part(void *ctx, const struct record *record)
{
    struct part_wanted *f = ctx;
    struct notices_part_head head;
    if (!notices_part_head(record, &head)) {
        f->broken = true;
        return false;
    }
    if (head.first + head.n <= f->number)
        return true;
    struct rd rd = rd_of(record->value.p + PART_HEAD, record->value.n - PART_HEAD);
    f->out->party = get_be((const uint8_t *)record->key.p + 2, 8);
    f->out->first = head.first;
    f->out->made_s = head.made_s;
    f->out->n = head.n;
    for (size_t i = 0; i < head.n; i++) {
        f->out->rows[i] = (struct notices_row){.number = head.first + i, .made_s = head.made_s};
        take_row(&rd, &f->out->rows[i]);
        f->broken |=
            f->out->rows[i].step >= NOTICE_COUNT || f->out->rows[i].state >= NOTICES_STATES;
    }
    f->found = true;
    return false;
}

enum err notices_part_at(struct registry *reg, uint64_t party, uint64_t number,
                         struct notices_part *out, bool *out_found, struct fault *fault)
{
    /* A part has NOTICES_PART at most, so it begins no further back. */
    const struct notices_key from =
        part_key(party, number < NOTICES_PART ? 0 : number - NOTICES_PART + 1);
    const struct notices_key to = part_key(party, UINT64_MAX);
    struct part_wanted f = {.number = number, .out = out};
    enum err err = store_records(reg->store, notices_key_str(&from), notices_key_str(&to),
                                 take_part, &f, fault);
    *out_found = f.found;
    return !err && f.broken ? notices_damaged(fault, "a part") : err;
}

struct rows_walk {
    uint64_t from;
    notices_row_fn *fn;
    void *ctx;
    bool broken;
};

static bool walk_part(void *ctx, const struct record *record)
{
    struct rows_walk *w = ctx;
    struct notices_part_head head;
    w->broken = !notices_part_head(record, &head);
    if (w->broken)
        return false;
    struct rd rd = rd_of(record->value.p + PART_HEAD, record->value.n - PART_HEAD);
    for (size_t i = 0; i < head.n; i++) {
        struct notices_row row = {.number = head.first + i, .made_s = head.made_s};
        take_row(&rd, &row);
        w->broken = row.step >= NOTICE_COUNT || row.state >= NOTICES_STATES;
        if (w->broken || (row.number >= w->from && !w->fn(w->ctx, &row)))
            return false;
    }
    return true;
}

enum err notices_rows(struct registry *reg, uint64_t party, uint64_t from, notices_row_fn *fn,
                      void *ctx, struct fault *fault)
{
    const struct notices_key first =
        part_key(party, from < NOTICES_PART ? 0 : from - NOTICES_PART + 1);
    const struct notices_key past = part_key(party, UINT64_MAX);
    struct rows_walk w = {.from = from, .fn = fn, .ctx = ctx};
    enum err err = store_records(reg->store, notices_key_str(&first), notices_key_str(&past),
                                 walk_part, &w, fault);
    return !err && w.broken ? notices_damaged(fault, "a part") : err;
}

/* ---- identities ---- */

static uint32_t proof_of(const struct registry *reg, uint64_t party, uint64_t number)
{
    uint8_t bytes[22] = "notice", hash[SHA256_BYTES];
    put_be(bytes + 6, party, 8);
    put_be(bytes + 14, number, 8);
    sha256_hmac(reg->keys.receipt, bytes, sizeof bytes, hash);
    return (uint32_t)get_be(hash, 4);
}

void notices_id(const struct registry *reg, uint64_t party, uint64_t number,
                char out[NOTICES_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    uint32_t proof = proof_of(reg, party, number);
    for (int i = NUMBER_DIGITS - 1; i >= 0; i--, number >>= 4)
        out[i] = digits[number & 15];
    for (int i = NUMBER_DIGITS + PROOF_DIGITS - 1; i >= NUMBER_DIGITS; i--, proof >>= 4)
        out[i] = digits[proof & 15];
    out[NOTICES_ID_TEXT - 1] = '\0';
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool notices_id_read(const struct registry *reg, uint64_t party, struct str text, uint64_t *out)
{
    uint64_t number = 0;
    char id[NOTICES_ID_TEXT];
    if (text.n != NOTICES_ID_TEXT - 1)
        return false;
    for (int i = 0; i < NUMBER_DIGITS; i++) {
        int digit = digit_of(text.p[i]);
        if (digit < 0)
            return false;
        number = number << 4 | (unsigned)digit;
    }
    notices_id(reg, party, number, id);
    if (memcmp(id, text.p, text.n) != 0)
        return false;
    *out = number;
    return true;
}

/* ---- what was told ---- */

static struct notices_key told_key(struct imei imei, uint32_t subscriber)
{
    struct notices_key key = notices_key('t');
    notices_key_number(&key, imei.body, 6);
    notices_key_number(&key, subscriber, 4);
    return key;
}

enum err notices_told_put(struct registry *reg, const struct notices_told *told,
                          struct fault *fault)
{
    const struct notices_key key = told_key(told->imei, told->subscriber);
    struct buf value = {0};
    if (told->told.step == NOTICE_NONE || told->told.step == NOTICE_VERIFIED)
        return notices_drop(reg, &key, fault);
    buf_uint(&value, told->told.step, 1);
    buf_uint(&value, daynum_pack(told->told.last_day), 2);
    buf_uint(&value, told->party, 8);
    buf_uint(&value, told->first, 8);
    buf_uint(&value, told->last, 8);
    enum err err = notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

static bool read_told(const struct record *record, struct notices_told *out)
{
    const uint8_t *key = (const uint8_t *)record->key.p, *p = (const uint8_t *)record->value.p;
    if (record->key.n != TOLD_KEY || record->value.n != TOLD || p[0] >= NOTICE_COUNT)
        return false;
    *out = (struct notices_told){
        .imei = {get_be(key + 2, 6)},
        .subscriber = (uint32_t)get_be(key + 8, 4),
        .told = {p[0], daynum_unpack((uint16_t)get_be(p + 1, 2), DAYNUM_NONE)},
        .party = get_be(p + 3, 8),
        .first = get_be(p + 11, 8),
        .last = get_be(p + 19, 8)};
    return true;
}

enum err notices_told_get(struct registry *reg, struct imei imei, uint32_t subscriber,
                          struct notices_told *out, bool *out_found, struct fault *fault)
{
    const struct notices_key key = told_key(imei, subscriber);
    struct buf value = {0};
    enum err err = notices_get(reg, &key, &value, out_found, fault);
    const struct record record = {notices_key_str(&key), {(const char *)value.p, value.n}};
    if (!err && *out_found && !read_told(&record, out))
        err = notices_damaged(fault, "what was told");
    buf_release(&value);
    return err;
}

struct telling {
    notices_told_fn *fn;
    void *ctx;
    bool broken;
};

static bool give_told(void *ctx, const struct record *record)
{
    struct telling *t = ctx;
    struct notices_told told;
    t->broken = !read_told(record, &told);
    return !t->broken && t->fn(t->ctx, &told);
}

enum err notices_told_all(struct registry *reg, const struct imei *imei, notices_told_fn *fn,
                          void *ctx, struct fault *fault)
{
    struct notices_key from = notices_key('t'), to = notices_key(imei ? 't' : 't' + 1);
    struct telling t = {.fn = fn, .ctx = ctx};
    if (imei) {
        notices_key_number(&from, imei->body, 6);
        notices_key_number(&to, imei->body + 1, 6);
    }
    enum err err = store_records(reg->store, notices_key_str(&from), notices_key_str(&to),
                                 give_told, &t, fault);
    return !err && t.broken ? notices_damaged(fault, "what was told") : err;
}

/* ---- receipts ---- */

static int by_number(const void *a, const void *b)
{
    const struct notices_receipt *x = *(const struct notices_receipt *const *)a,
                                 *y = *(const struct notices_receipt *const *)b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->at_s < y->at_s ? -1 : x->at_s > y->at_s;
}

static void count(struct notices_standing *s, uint8_t state, uint64_t by)
{
    s->delivered += state == NOTICES_DELIVERED ? by : 0;
    s->failed += state == NOTICES_FAILED ? by : 0;
    s->unknown += state == NOTICES_UNKNOWN ? by : 0;
}

/* What one says of its notice. */
static bool take(struct notices_row *row, struct notices_receipt *r, struct notices_standing *s)
{
    bool has = row->state == NOTICES_DELIVERED || row->state == NOTICES_FAILED ||
               row->state == NOTICES_UNKNOWN;
    r->known = has && (row->at_s > r->at_s || (row->at_s == r->at_s && row->state >= r->state));
    if (r->known)
        return false;
    count(s, row->state, (uint64_t)-1);
    count(s, r->state, 1);
    row->state = r->state;
    row->at_s = r->at_s;
    return true;
}

/* Those of one part, in one transaction; *at: the first of them, then the first behind them. */
static enum err put_part(struct registry *reg, uint64_t party, struct notices_receipt **r, size_t n,
                         size_t *at, struct notices_part *part, struct fault *fault)
{
    struct notices_standing s;
    bool found, moved = false;
    enum err err = notices_part_at(reg, party, r[*at]->number, part, &found, fault);
    if (!err)
        err = notices_standing_read(reg, party, &s, fault);
    if (err)
        return err;
    uint64_t first = found ? part->first : UINT64_MAX, end = found ? first + part->n : UINT64_MAX;
    for (; *at < n && r[*at]->number < first; ++*at)
        r[*at]->none = true;
    for (; *at < n && r[*at]->number < end; ++*at)
        moved |= take(&part->rows[r[*at]->number - first], r[*at], &s);
    if (moved)
        err = notices_part_put(reg, part, fault);
    return err || !moved ? err : notices_standing_put(reg, &s, fault);
}

enum err notices_receipts_put(struct registry *reg, uint64_t party,
                              struct notices_receipt *receipts, size_t n, struct fault *fault)
{
    struct notices_receipt **r = calloc(n + 1, sizeof(struct notices_receipt *));
    struct notices_part *part = calloc(1, sizeof *part);
    enum err err = r && part ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++)
        r[i] = &receipts[i];
    if (!err && n)
        qsort(r, n, sizeof *r, by_number);
    for (size_t at = 0; !err && at < n;) {
        err = store_write_begin(reg->store, fault);
        if (err)
            break;
        err = put_part(reg, party, r, n, &at, part, fault);
        if (!err)
            err = store_write_commit(reg->store, fault);
        if (err)
            store_write_rollback(reg->store);
    }
    free(part);
    free(r);
    return err;
}
