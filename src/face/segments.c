/* SPDX-License-Identifier: Apache-2.0 */
#include "face/segments.h"

#include "app/segments.h"
#include "face/feed.h"

enum { SEGMENT_RETRY_S = 5 };

static enum err segments_of(struct exchange *x, struct segments **out, struct fault *fault)
{
    *out = service_segments(x->site->service);
    return *out ? ERR_OK : fault_set(fault, ERR_UNAVAILABLE, "no directory for segments");
}

void segments_get_list(struct exchange *x)
{
    struct service *service = x->site->service;
    struct fault fault = {0};
    struct feed_cursor after = {.next_seq = 1};
    struct segments *segments = NULL;
    struct registry *reader;
    bool given;
    enum err err = feed_read_cursor(x, "after", &given, &after, &fault);
    if (!err)
        err = segments_of(x, &segments, &fault);
    if (!err)
        err = service_reader(service, &reader, &fault);
    if (!err) {
        err = segments_list(segments, reader, after.next_seq, x->out, &fault);
        service_reader_back(service, reader);
    }
    x->response->content_type = "text/plain; charset=utf-8";
    if (err)
        route_fail_at(x, err, &fault);
}

void segments_get(struct exchange *x)
{
    struct service *service = x->site->service;
    struct response *r = x->response;
    struct fault fault = {0};
    struct snapshot file = {.fd = -1};
    struct segments *segments = NULL;
    struct registry *reader;
    const struct service_news news = service_news(service);
    bool packed = request_takes(x->request->accept_encoding, STR("zstd"));
    enum err err = segments_of(x, &segments, &fault);
    if (!err)
        err = service_reader(service, &reader, &fault);
    if (!err) {
        err = segments_open(segments, reader, x->param, packed, &file, &fault);
        service_reader_back(service, reader);
    }
    if (err == ERR_NOT_NOW && feed_wait_on(x, LIMIT_FEED_WAIT_SECONDS, &news))
        return; /* and holds no thread meanwhile */
    if (err == ERR_NOT_NOW) {
        r->retry_after_s = SEGMENT_RETRY_S;
        err = fault_set(&fault, ERR_UNAVAILABLE, "the segment is being made");
    }
    if (err) {
        route_fail_at(x, err, &fault);
        return;
    }
    r->keeps = true;
    r->by_encoding = true;
    r->encoding = packed ? "zstd" : NULL;
    feed_send_file(
        x, &(struct feed_file){file.fd, file.bytes, str_z(file.tag), "application/vnd.tamga.feed"});
}

void segments_get_snapshot(struct exchange *x)
{
    struct snapshots *snapshots = service_snapshots(x->site->service);
    struct fault fault = {0};
    struct snapshot file = {.fd = -1};
    enum err err = snapshots ? snapshots_named(snapshots, x->param, &file, &fault) : ERR_NOT_FOUND;
    if (err) {
        route_fail_at(x, err, &fault);
        return;
    }
    x->response->keeps = true;
    feed_send_file(
        x, &(struct feed_file){file.fd, file.bytes, str_z(file.tag), "application/octet-stream"});
}
