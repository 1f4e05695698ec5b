/* SPDX-License-Identifier: Apache-2.0 */
#include "clones/state.h"

#include <stdlib.h>
#include <string.h>

enum { FORM = 1, REPORT_KEY = 1 + 1 + 2 + 8 };

static struct record_key state_key(void)
{
    struct record_key key = record_key(RECORD_CLONE);
    record_key_bytes(&key, "s", 1);
    return key;
}

static enum err add(struct clone_state *s, const struct clone_day *day)
{
    if (s->n == s->size) {
        size_t size = s->size ? 2 * s->size : 64;
        struct clone_day *days = realloc(s->days, size * sizeof *days);
        if (!days)
            return ERR_MEMORY;
        s->days = days;
        s->size = size;
    }
    s->days[s->n++] = *day;
    return ERR_OK;
}

void clone_state_release(struct clone_state *s)
{
    free(s->days);
    *s = (struct clone_state){0};
}

const struct clone_day *clone_state_find(const struct clone_state *s, daynum day, uint64_t party)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct clone_day *d = &s->days[mid];
        if (d->day == day && d->party == party)
            return d;
        if (d->day < day || (d->day == day && d->party < party))
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* ---- the record ---- */

static void put_rules(struct buf *out, const struct clone_rules *r)
{
    buf_varint(out, r->days);
    buf_varint(out, r->imsis);
    buf_varint(out, r->average_tenths);
    buf_varint(out, r->min_days);
    buf_varint(out, r->two_operator_days);
    buf_varint(out, r->fleet);
}

static struct clone_rules get_rules(struct rd *rd)
{
    struct clone_rules r = {0};
    r.days = (uint32_t)rd_varint(rd);
    r.imsis = (uint32_t)rd_varint(rd);
    r.average_tenths = (uint32_t)rd_varint(rd);
    r.min_days = (uint32_t)rd_varint(rd);
    r.two_operator_days = (uint32_t)rd_varint(rd);
    r.fleet = (uint32_t)rd_varint(rd);
    return r;
}

enum err clone_state_put(struct registry *reg, const struct clone_state *s, struct fault *fault)
{
    struct record_key key = state_key();
    struct buf value = {0};
    buf_uint(&value, FORM, 1);
    buf_uint(&value, daynum_pack(s->through), 2);
    put_rules(&value, &s->rules);
    for (size_t i = 0; i < s->n; i++) {
        buf_uint(&value, daynum_pack(s->days[i].day), 2);
        buf_uint(&value, s->days[i].party, 8);
        buf_varint(&value, s->days[i].pairs);
    }
    enum err err = value.failed
                       ? ERR_MEMORY
                       : record_put(reg, &key, (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&value);
    return err;
}

enum err clone_state_get(struct registry *reg, struct clone_state *out, struct fault *fault)
{
    struct record_key key = state_key();
    struct buf value = {0};
    struct clone_state s = {0};
    bool found;
    enum err err = record_find(reg, &key, &value, &found, fault);
    if (!err && found) {
        struct rd rd = rd_of(value.p, value.n);
        s.exists = rd_uint(&rd, 1) == FORM;
        s.through = daynum_unpack((uint16_t)rd_uint(&rd, 2), DAYNUM_NONE);
        s.rules = get_rules(&rd);
        while (!err && !rd.failed && rd_left(&rd)) {
            struct clone_day day = {.day = daynum_unpack((uint16_t)rd_uint(&rd, 2), DAYNUM_NONE)};
            day.party = rd_uint(&rd, 8);
            day.pairs = rd_varint(&rd);
            err = add(&s, &day);
        }
        s.exists &= !rd.failed;
    }
    buf_release(&value);
    if (err)
        clone_state_release(&s);
    else
        *out = s;
    return err == ERR_MEMORY ? fault_set(fault, err, "no memory to look for clones") : err;
}

/* ---- what stands now ---- */

struct listing {
    struct clone_state *out;
    enum err err;
};

static bool on_report(void *ctx, const struct record *record)
{
    struct listing *l = ctx;
    if (record->key.n != REPORT_KEY)
        return true;
    const uint8_t *p = (const uint8_t *)record->key.p;
    struct clone_day day = {.day = daynum_unpack((uint16_t)get_be(p + 2, 2), DAYNUM_NONE),
                            .party = get_be(p + 4, 8)};
    l->err = add(l->out, &day);
    return !l->err;
}

enum err clone_days_now(struct registry *reg, daynum from, daynum through, struct clone_state *out,
                        struct fault *fault)
{
    struct record_key first = record_key(RECORD_SEEN), past;
    struct clone_state s = {.exists = true, .through = through};
    struct listing l = {.out = &s};
    record_key_bytes(&first, "r", 1);
    past = first;
    record_key_number(&first, daynum_pack(from), 2);
    record_key_number(&past, daynum_pack(through + 1), 2);
    enum err err = store_records(reg->store, record_key_str(&first), record_key_str(&past),
                                 on_report, &l, fault);
    err = err ? err : l.err;
    for (size_t i = 0; !err && i < s.n; i++) {
        struct seen_report report;
        err = seen_report_get(reg, s.days[i].party, daynum_pack(s.days[i].day), &report, fault);
        s.days[i].pairs = err ? 0 : report.pairs;
    }
    if (err)
        clone_state_release(&s);
    else
        *out = s;
    return err;
}
