/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notices.h"

#include <stdlib.h>

#include "app/notices_record.h"

enum {
    FORM = 1,
    DAYS = 30,
    FROM = 9 * 60,
    TO = 21 * 60,
    PERCENT = 99,
    HEAD = 9,
    SETTINGS = 8,
};

enum err notices_damaged(struct fault *fault, const char *what)
{
    return fault_set(fault, ERR_CODEC, "notices: %s cannot be read: it is damaged", what);
}

/* ---- keys ---- */

struct notices_key notices_key(char of)
{
    return (struct notices_key){.n = 2, .bytes = {NOTICES_RECORD, (uint8_t)of}};
}

void notices_key_number(struct notices_key *key, uint64_t v, unsigned bytes)
{
    put_be(key->bytes + key->n, v, bytes);
    key->n += bytes;
}

enum err notices_get(struct registry *reg, const struct notices_key *key, struct buf *out,
                     bool *out_found, struct fault *fault)
{
    enum err err = store_record_get(reg->store, notices_key_str(key), out, fault);
    *out_found = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err notices_put(struct registry *reg, const struct notices_key *key, const struct buf *value,
                     struct fault *fault)
{
    const struct record record = {notices_key_str(key), {(const char *)value->p, value->n}};
    return value->failed ? ERR_MEMORY : store_records_put(reg->store, &record, 1, fault);
}

enum err notices_drop(struct registry *reg, const struct notices_key *key, struct fault *fault)
{
    const struct record record = {notices_key_str(key), {NULL, 0}};
    return store_records_put(reg->store, &record, 1, fault);
}

/* ---- the head ---- */

enum err notices_head_get(struct registry *reg, uint64_t *out, struct fault *fault)
{
    const struct notices_key key = notices_key('h');
    struct buf value = {0};
    bool found;
    enum err err = notices_get(reg, &key, &value, &found, fault);
    if (!err && found && (value.n != HEAD || value.p[0] != FORM))
        err = notices_damaged(fault, "their head");
    if (!err)
        *out = found ? get_be(value.p + 1, 8) : 0;
    buf_release(&value);
    return err;
}

enum err notices_head_put(struct registry *reg, uint64_t last, struct fault *fault)
{
    const struct notices_key key = notices_key('h');
    struct buf value = {0};
    buf_uint(&value, FORM, 1);
    buf_uint(&value, last, 8);
    enum err err = notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

/* ---- settings ---- */

enum err notices_settings_get(struct registry *reg, struct notices_settings *out,
                              struct fault *fault)
{
    const struct notices_key key = notices_key('s');
    struct notices_settings s = {.days = DAYS, .from = FROM, .to = TO, .percent = PERCENT};
    struct buf value = {0};
    bool found;
    enum err err = notices_get(reg, &key, &value, &found, fault);
    if (!err && found &&
        (value.n < SETTINGS || value.n - SETTINGS >= sizeof s.site || value.p[0] != FORM))
        err = notices_damaged(fault, "their settings");
    if (!err && found) {
        s.days = (uint16_t)get_be(value.p + 1, 2);
        s.from = (uint16_t)get_be(value.p + 3, 2);
        s.to = (uint16_t)get_be(value.p + 5, 2);
        s.percent = value.p[7];
        str_copy(s.site, sizeof s.site,
                 (struct str){(const char *)value.p + SETTINGS, value.n - SETTINGS});
    }
    if (!err)
        *out = s;
    buf_release(&value);
    return err;
}

bool notices_quiet(const struct registry *reg, const struct notices_settings *s)
{
    const int64_t now_s = clock_now_us(reg->clock) / 1000000;
    const int minute = (int)((now_s + zone_offset(&reg->zone, now_s)) % 86400 / 60);
    return minute < s->from || minute >= s->to;
}

enum err notices_settings_put(struct registry *reg, const struct notices_settings *s,
                              struct fault *fault)
{
    const struct notices_key key = notices_key('s');
    struct buf value = {0};
    buf_uint(&value, FORM, 1);
    buf_uint(&value, s->days, 2);
    buf_uint(&value, s->from, 2);
    buf_uint(&value, s->to, 2);
    buf_uint(&value, s->percent, 1);
    buf_str(&value, str_z(s->site));
    enum err err = notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

/* ---- channels ---- */

static const char *const roads[] = {"none", "file", "http"};

const char *notices_road_name(uint8_t road)
{
    return road <= NOTICES_HTTP ? roads[road] : "";
}

static void put_text(struct buf *out, const char *text)
{
    buf_uint(out, strlen(text), 2);
    buf_str(out, str_z(text));
}

static void take_text(struct rd *rd, char *out, size_t size)
{
    size_t n = (size_t)rd_uint(rd, 2);
    const uint8_t *p = rd_bytes(rd, n);
    if (p)
        str_copy(out, size, (struct str){(const char *)p, n});
}

enum err notices_channel_write(struct registry *reg, const struct notices_channel *c,
                               struct fault *fault)
{
    struct buf value = {0};
    struct notices_key key = notices_key('c');
    notices_key_number(&key, c->party, 8);
    buf_uint(&value, FORM, 1);
    buf_uint(&value, c->road, 1);
    put_text(&value, c->name);
    put_text(&value, c->url);
    put_text(&value, c->token_file);
    put_text(&value, c->plmn);
    enum err err = c->road == NOTICES_NO_ROAD ? notices_drop(reg, &key, fault)
                                              : notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

struct reading_channels {
    struct notices_channels *out;
    enum err err;
};

static bool take_channel(void *ctx, const struct record *record)
{
    struct reading_channels *r = ctx;
    struct rd rd = rd_of(record->value.p, record->value.n);
    if (r->out->n == NOTICES_OPERATORS || record->key.n != 10) {
        r->err = record->key.n != 10 ? ERR_CODEC : ERR_TOO_MANY;
        return false;
    }
    struct notices_channel *c = &r->out->of[r->out->n++];
    *c = (struct notices_channel){.party = get_be((const uint8_t *)record->key.p + 2, 8)};
    uint64_t form = rd_uint(&rd, 1);
    c->road = (uint8_t)rd_uint(&rd, 1);
    take_text(&rd, c->name, sizeof c->name);
    take_text(&rd, c->url, sizeof c->url);
    take_text(&rd, c->token_file, sizeof c->token_file);
    take_text(&rd, c->plmn, sizeof c->plmn);
    if (rd.failed || rd_left(&rd) || form != FORM)
        r->err = ERR_CODEC;
    return !r->err;
}

enum err notices_channels_get(struct registry *reg, struct notices_channels *out,
                              struct fault *fault)
{
    const struct notices_key from = notices_key('c'), to = notices_key('c' + 1);
    struct reading_channels r = {.out = out};
    out->n = 0;
    enum err err = store_records(reg->store, notices_key_str(&from), notices_key_str(&to),
                                 take_channel, &r, fault);
    if (!err && r.err)
        err = r.err == ERR_CODEC ? notices_damaged(fault, "a channel")
                                 : fault_set(fault, r.err, "too many operators are told");
    return err;
}

bool notices_url(const char *text)
{
    static const struct str here[] = {STR("127.0.0.1"), STR("[::1]"), STR("localhost")};
    const struct str url = str_z(text), https = STR("https://"), http = STR("http://");
    const bool safe = str_starts(url, https);
    if ((!safe && !str_starts(url, http)) || url.n >= NOTICES_URL || !str_printable(url))
        return false;
    struct str host = {url.p + (safe ? https.n : http.n), 0};
    const size_t rest = url.n - (size_t)(host.p - url.p);
    while (host.n < rest && !strchr("/?#", host.p[host.n]))
        host.n++;
    if (!host.n || *host.p == ':' || memchr(host.p, '@', host.n) || memchr(host.p, '\\', host.n))
        return false;
    for (size_t i = 0; i < sizeof here / sizeof *here && !safe; i++)
        if (str_starts(host, here[i]) && (host.n == here[i].n || host.p[here[i].n] == ':'))
            return true;
    return safe;
}

uint64_t notices_prefix(struct str text)
{
    uint64_t digits, unit = 1;
    if (text.n < 5 || text.n > 10 || !str_to_u64(text, 9999999999ULL, &digits))
        return 0;
    for (size_t i = 0; i < text.n; i++)
        unit *= 10;
    return unit + digits;
}

const struct notices_channel *notices_channel_of(const struct notices_channels *all, uint64_t party)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->of[i].party == party)
            return &all->of[i];
    return NULL;
}

/* ---- how an operator stands ---- */

static struct notices_key standing_key(uint64_t party)
{
    struct notices_key key = notices_key('o');
    notices_key_number(&key, party, 8);
    return key;
}

static bool read_standing(const struct buf *value, struct notices_standing *s)
{
    struct rd rd = rd_of(value->p, value->n);
    uint64_t form = rd_uint(&rd, 1);
    uint64_t *const all[] = {&s->made,      &s->sent,   &s->late,    &s->overtaken,
                             &s->delivered, &s->failed, &s->unknown, &s->handed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = rd_varint(&rd);
    s->handed_s = (int64_t)rd_varint(&rd);
    return !rd.failed && !rd_left(&rd) && form == FORM;
}

enum err notices_standing_put(struct registry *reg, const struct notices_standing *s,
                              struct fault *fault)
{
    const struct notices_key key = standing_key(s->party);
    const uint64_t all[] = {s->made,      s->sent,   s->late,    s->overtaken,
                            s->delivered, s->failed, s->unknown, s->handed};
    struct buf value = {0};
    buf_uint(&value, FORM, 1);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_varint(&value, all[i]);
    buf_varint(&value, (uint64_t)s->handed_s);
    enum err err = notices_put(reg, &key, &value, fault);
    buf_release(&value);
    return err;
}

struct counting {
    struct notices_standing *s;
    bool broken;
};

static bool count_part(void *ctx, const struct record *record)
{
    struct counting *c = ctx;
    struct notices_part_head head;
    if (!notices_part_head(record, &head)) {
        c->broken = true;
        return false;
    }
    uint64_t end = head.first + head.n; /* the first number behind it */
    if (end <= c->s->handed + 1)
        return true;
    c->s->waiting += end - (head.first > c->s->handed ? head.first : c->s->handed + 1);
    if (!c->s->oldest_s)
        c->s->oldest_s = head.made_s;
    return true;
}

enum err notices_standing_read(struct registry *reg, uint64_t party, struct notices_standing *out,
                               struct fault *fault)
{
    const struct notices_key key = standing_key(party);
    struct notices_standing s = {.party = party};
    struct buf value = {0};
    bool found;
    enum err err = notices_get(reg, &key, &value, &found, fault);
    if (!err && found && !read_standing(&value, &s))
        err = notices_damaged(fault, "an operator's figures");
    buf_release(&value);
    if (!err)
        *out = s;
    return err;
}

enum err notices_standing_get(struct registry *reg, uint64_t party, struct notices_standing *out,
                              struct fault *fault)
{
    struct notices_standing s = {.party = party};
    struct counting counting = {.s = &s};
    struct notices_key from = notices_key('n'), to = notices_key('n');
    enum err err = notices_standing_read(reg, party, &s, fault);
    if (err)
        return err;
    uint64_t begin = s.handed > NOTICES_PART ? s.handed - NOTICES_PART : 0;
    notices_key_number(&from, party, 8);
    notices_key_number(&from, begin, 8);
    notices_key_number(&to, party, 8);
    notices_key_number(&to, UINT64_MAX, 8);
    err = store_records(reg->store, notices_key_str(&from), notices_key_str(&to), count_part,
                        &counting, fault);
    if (!err && counting.broken)
        err = notices_damaged(fault, "a part");
    if (!err)
        *out = s;
    return err;
}
