/* SPDX-License-Identifier: Apache-2.0 */
#include "face/feed.h"

#include <stdio.h>

#include "app/feed.h"
#include "face/form.h"
#include "face/stats.h"
#include "face/waiters.h"

enum { SNAPSHOT_WAIT_S = LIMIT_FEED_WAIT_SECONDS, SNAPSHOT_RETRY_S = 5 };
static const char octets[] = "application/octet-stream";
static const char feed_type[] = "application/vnd.tamga.feed";

bool feed_wait_on(struct exchange *x, unsigned seconds, const struct service_news *behind)
{
    const int64_t now_us = clock_monotonic_us();
    int64_t until = x->request->waits_until_us;
    if (!until)
        until = now_us + seconds * INT64_C(1000000);
    if (!seconds || until <= now_us || !x->site->waiters)
        return false;
    x->response->waits_until_us = until;
    x->response->waits_behind = *behind;
    x->response->waited = x->caller;
    return true;
}

/* ---- blocks ---- */

struct asked {
    bool after_given;
    struct feed_cursor after;
    unsigned wait;
    char operator_name[LIMIT_NAME + 1];
    char has[SPARED_NAME]; /* what the asker was told that his operator is spared */
    bool has_given;
    bool head_only;
};

enum err feed_read_cursor(struct exchange *x, const char *name, bool *out_given,
                          struct feed_cursor *out, struct fault *fault)
{
    struct buf value = {0};
    bool given;
    enum err err = form_value(x->query, name, &value, &given);
    if (!err && given && !feed_cursor_parse((struct str){(const char *)value.p, value.n}, out)) {
        err = fault_set(fault, ERR_USAGE, "a cursor is what an answer before gave: NUMBER-HASH");
        fault_field(fault, "%s", name);
    }
    buf_release(&value);
    if (!err)
        *out_given = given;
    return err;
}

enum err feed_read_wait(struct exchange *x, unsigned *out, struct fault *fault)
{
    struct buf wait = {0};
    bool given;
    uint64_t seconds = 0;
    enum err err = form_value(x->query, "wait", &wait, &given);
    if (!err && given &&
        !str_to_u64((struct str){(const char *)wait.p, wait.n}, LIMIT_FEED_WAIT_SECONDS,
                    &seconds)) {
        err = fault_set(fault, ERR_NUMBER, "wait is 0 to %d seconds", LIMIT_FEED_WAIT_SECONDS);
        fault_field(fault, "wait");
    }
    buf_release(&wait);
    if (!err && seconds && x->site->waiters && waiters_full(x->site->waiters)) {
        x->response->retry_after_s = LIMIT_CROWDED_SECONDS;
        err = ERR_CROWDED;
    }
    if (!err)
        *out = (unsigned)seconds;
    return err;
}

/* Whose key it is, up to a slash, and what he knows. Who does not say, as nodes of before, is told nothing of it. */
static enum err read_spared(struct exchange *x, struct asked *out)
{
    struct buf value = {0};
    struct str rest;
    enum err err = form_value(x->query, "spared", &value, &out->has_given);
    str_copy(out->has, sizeof out->has, (struct str){(const char *)value.p, value.n});
    str_copy(out->operator_name, sizeof out->operator_name,
             str_split(str_z(x->caller.name), '/', &rest));
    buf_release(&value);
    return err;
}

/* ?blocks=0: only how far the register is. */
static enum err read_blocks(struct exchange *x, bool *out_none, struct fault *fault)
{
    struct buf value = {0};
    bool given;
    enum err err = form_value(x->query, "blocks", &value, &given);
    if (!err && given && !str_eq((struct str){(const char *)value.p, value.n}, STR("0"))) {
        err = fault_set(fault, ERR_NUMBER, "blocks is 0, or is left out");
        fault_field(fault, "blocks");
    }
    buf_release(&value);
    if (!err)
        *out_none = given;
    return err;
}

static enum err read_query(struct exchange *x, struct asked *out, struct fault *fault)
{
    enum err err = feed_read_cursor(x, "after", &out->after_given, &out->after, fault);
    if (!err)
        err = read_spared(x, out);
    if (!err)
        err = read_blocks(x, &out->head_only, fault);
    return err ? err : feed_read_wait(x, &out->wait, fault);
}

void feed_blocks(struct exchange *x)
{
    struct service *service = x->site->service;
    struct fault fault = {0};
    struct asked asked = {0};
    struct registry *reader;
    struct feed_given given = {0};
    enum err err = read_query(x, &asked, &fault);
    const struct service_news news = service_news(service);
    const struct feed_ask ask = {
        .after = asked.after_given ? &asked.after : NULL,
        .operator_name = str_z(asked.operator_name),
        .has = asked.has_given ? str_z(asked.has) : (struct str){NULL, 0},
        .most = x->request->large_out < LIMIT_FEED_LARGE ? LIMIT_FEED_ANSWER : LARGE_ANSWER,
        .head_only = asked.head_only};
    if (!err) {
        err = service_reader(service, &reader, &fault);
        if (!err) {
            err = feed_read(reader, &ask, x->out, &given, &fault);
            service_reader_back(service, reader);
        }
    }
    x->response->content_type = feed_type;
    if (err)
        route_fail_at(x, err, &fault);
    else if (!given.blocks && !asked.head_only)
        (void)feed_wait_on(x, asked.wait, &news);
}

/* ---- the list of models ---- */

void feed_tac(struct exchange *x)
{
    struct service *service = x->site->service;
    struct fault fault = {0};
    struct registry *reader;
    uint64_t number;
    enum err err = ERR_NOT_FOUND;
    if (str_to_u64(x->param, UINT32_MAX, &number) && number)
        err = service_reader(service, &reader, &fault);
    if (!err) {
        err = feed_tac_list(reader, (uint32_t)number, x->out, &fault);
        service_reader_back(service, reader);
    }
    x->response->content_type = octets;
    if (err)
        route_fail_at(x, err, &fault);
}

/* ---- the snapshot ---- */

enum range feed_range(struct str header, uint64_t bytes, uint64_t *out_at, uint64_t *out_bytes)
{
    static const struct str unit = {"bytes=", 6};
    struct str last_text, first_text;
    uint64_t first = 0, last = 0;
    if (header.n <= unit.n || !str_eq_nocase((struct str){header.p, unit.n}, unit) ||
        memchr(header.p, ',', header.n))
        return RANGE_NONE;
    first_text = str_split((struct str){header.p + unit.n, header.n - unit.n}, '-', &last_text);
    first_text = str_trim(first_text);
    if (!last_text.p)
        return RANGE_NONE;
    last_text = str_trim(last_text);
    const bool has_first = str_to_u64(first_text, INT64_MAX, &first);
    const bool has_last = str_to_u64(last_text, INT64_MAX, &last);
    if ((first_text.n && !has_first) || (last_text.n && !has_last) || (!has_first && !has_last) ||
        (has_first && has_last && last < first))
        return RANGE_NONE; /* no range at all: ignored */
    if (!has_first) {      /* the last so many bytes */
        first = last < bytes ? bytes - last : 0;
        if (!last)
            return RANGE_BAD;
        last = bytes - 1;
    } else if (!has_last || last >= bytes) {
        last = bytes - 1;
    }
    if (first >= bytes)
        return RANGE_BAD;
    *out_at = first;
    *out_bytes = last - first + 1;
    return RANGE_PART;
}

bool feed_tag_listed(struct str header, struct str tag)
{
    struct str rest = header;
    while (rest.p && rest.n) {
        struct str one = str_trim(str_split(rest, ',', &rest));
        if (str_starts(one, STR("W/"))) /* a weak comparison: RFC 9110 8.8.3.2 */
            one = (struct str){one.p + 2, one.n - 2};
        if (str_eq(one, tag) || str_eq(one, STR("*")))
            return true;
    }
    return false;
}

/* Of a body that r holds whole: what of it is sent. */
static void send_part(struct exchange *x, struct str tag, uint64_t *at, uint64_t *bytes)
{
    struct response *r = x->response;
    const struct request *request = x->request;
    const uint64_t all = *bytes;
    r->ranges = true;
    str_copy(r->etag, sizeof r->etag, tag);
    if (feed_tag_listed(request->if_none_match, tag)) {
        response_release(r);
        r->status = 304;
        return;
    }
    if (!request->range.n || (request->if_range.n && !str_eq(request->if_range, tag)))
        return;
    switch (feed_range(request->range, all, at, bytes)) {
    case RANGE_NONE:
        return;
    case RANGE_PART:
        r->status = 206;
        snprintf(r->content_range, sizeof r->content_range, "bytes %llu-%llu/%llu",
                 (unsigned long long)*at, (unsigned long long)(*at + *bytes - 1),
                 (unsigned long long)all);
        return;
    case RANGE_BAD:
        response_release(r);
        r->status = 416;
        snprintf(r->content_range, sizeof r->content_range, "bytes */%llu",
                 (unsigned long long)all);
        return;
    }
}

void feed_send_file(struct exchange *x, const struct feed_file *file)
{
    struct response *r = x->response;
    r->content_type = file->type;
    r->file = (struct response_file){true, file->fd, 0, file->bytes};
    send_part(x, file->tag, &r->file.at, &r->file.bytes);
}

void feed_send_stream(struct exchange *x, const struct response_stream *stream, const char *type)
{
    struct response *r = x->response;
    r->content_type = type;
    r->stream = *stream;
    send_part(x, (struct str){"", 0}, &r->stream.at, &r->stream.bytes);
}

/* ?tacs=: these alone. */
static enum err read_tacs(struct exchange *x, struct tac_ranges *out, struct fault *fault)
{
    struct buf value = {0};
    bool given;
    enum err err = form_value(x->query, "tacs", &value, &given);
    if (!err && given)
        err = tac_ranges_parse((struct str){(const char *)value.p, value.n}, out, fault);
    if (err)
        fault_field(fault, "tacs");
    buf_release(&value);
    return err;
}

static enum err open_snapshot(struct exchange *x, struct snapshot_ask *ask, struct snapshot *out,
                              struct fault *fault)
{
    struct snapshots *snapshots = service_snapshots(x->site->service);
    return snapshots ? snapshots_open(snapshots, ask, out, fault)
                     : fault_set(fault, ERR_UNAVAILABLE, "no directory for snapshots");
}

void feed_snapshot(struct exchange *x)
{
    struct tac_ranges tacs = {0};
    struct str rest;
    struct snapshot_ask ask = {.tag = x->request->if_range,
                               .tacs = &tacs,
                               .operator_name = str_split(str_z(x->caller.name), '/', &rest)};
    struct snapshot snapshot = {.fd = -1};
    struct fault fault = {0};
    const struct service_news news = service_news(x->site->service);
    enum err err = read_tacs(x, &tacs, &fault);
    if (!err)
        err = open_snapshot(x, &ask, &snapshot, &fault);
    if (err == ERR_NOT_NOW && feed_wait_on(x, SNAPSHOT_WAIT_S, &news))
        return;
    ask.any = true; /* a large one takes its time: one that is older serves as well */
    if (err == ERR_NOT_NOW)
        err = open_snapshot(x, &ask, &snapshot, &fault);
    if (err == ERR_NOT_NOW || err == ERR_SNAPSHOT_PARTS)
        x->response->retry_after_s = err == ERR_NOT_NOW ? SNAPSHOT_RETRY_S : SNAPSHOT_PART_REST_S;
    if (err == ERR_NOT_NOW)
        err = fault_set(&fault, ERR_UNAVAILABLE, "the snapshot is being made");
    if (err) {
        route_fail_at(x, err, &fault);
        return;
    }
    const struct str tag = str_z(snapshot.tag);
    snprintf(x->response->content_location, sizeof x->response->content_location,
             "/api/v1/snapshots/%.*s", (int)tag.n - 2, tag.p + 1);
    feed_send_file(x, &(struct feed_file){snapshot.fd, snapshot.bytes, tag, octets});
}
