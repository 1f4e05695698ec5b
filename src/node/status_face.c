/* SPDX-License-Identifier: Apache-2.0 */
#include "node/status_face.h"

static enum err status_open(struct line *line)
{
    line->state = NULL;
    return ERR_OK;
}

static void respond(struct line *line, const char *status, const char *type, const struct buf *body,
                    bool head_only, bool close)
{
    buf_printf(
        &line->out,
        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
        "%s\r\n",
        status, type, body->n, close ? "Connection: close\r\n" : "");
    if (!head_only)
        buf_put(&line->out, body->p, body->n);
}

static void say_error(struct line *line, const char *status)
{
    struct buf body = {0};
    buf_printf(&body, "%s\n", status);
    respond(line, status, "text/plain", &body, false, true);
    buf_release(&body);
}

static enum line_next answer(struct line *line, struct str target, bool head_only, bool close)
{
    const struct status_sources *s = line->face_ctx;
    struct buf body = {0};
    struct str query, path = str_split(target, '?', &query);
    if (str_eq(path, STR("/metrics"))) {
        status_metrics(s, &body);
        respond(line, "200 OK", "text/plain; version=0.0.4; charset=utf-8", &body, head_only,
                close);
    } else if (str_eq(path, STR("/healthz"))) {
        bool ok = status_health(s, &body);
        respond(line, ok ? "200 OK" : "503 Service Unavailable", "application/json", &body,
                head_only, close);
    } else {
        buf_str(&body, STR("404 Not Found\n"));
        respond(line, "404 Not Found", "text/plain", &body, head_only, close);
    }
    bool failed = body.failed;
    buf_release(&body);
    return failed ? LINE_DROP : close ? LINE_CLOSE : LINE_ON;
}

/* Of the fields only those that say how the message ends. False: it has a body. */
static bool read_fields(struct str fields, bool *close)
{
    while (fields.p && fields.n) {
        struct str value, field = str_trim(str_split(fields, '\n', &fields));
        struct str name = str_split(field, ':', &value);
        if (!value.p)
            continue;
        value = str_trim(value);
        if (str_eq_nocase(name, STR("connection")))
            *close = *close || str_eq_nocase(value, STR("close"));
        if (str_eq_nocase(name, STR("transfer-encoding")))
            return false;
        if (str_eq_nocase(name, STR("content-length")) && !str_eq(value, STR("0")))
            return false;
    }
    return true;
}

static enum line_next request(struct line *line, struct str head)
{
    struct str fields, rest;
    struct str first = str_trim(str_split(head, '\n', &fields));
    struct str method = str_split(first, ' ', &rest), version;
    struct str target = rest.p ? str_split(rest, ' ', &version) : STR("");
    bool close = false;
    if (!rest.p || !version.p || !str_starts(version, STR("HTTP/1."))) {
        say_error(line, "400 Bad Request");
        return LINE_CLOSE;
    }
    if (str_eq(version, STR("HTTP/1.0")))
        close = true;
    bool get = str_eq(method, STR("GET")), head_only = str_eq(method, STR("HEAD"));
    if (!get && !head_only) {
        say_error(line, "405 Method Not Allowed");
        return LINE_CLOSE;
    }
    if (!read_fields(fields, &close)) {
        say_error(line, "413 Content Too Large");
        return LINE_CLOSE;
    }
    return answer(line, target, head_only, close);
}

/* One answer a call: they are long, and who sends many questions at once waits for the engine, which calls
 * again when the answers before have gone. */
static enum line_next status_input(struct line *line, const uint8_t *p, size_t n, size_t *out_used)
{
    const uint8_t *end = memmem(p, n, "\r\n\r\n", 4);
    *out_used = 0;
    if (!end)
        return LINE_ON;
    *out_used = (size_t)(end - p) + 4;
    return request(line, (struct str){(const char *)p, (size_t)(end - p)});
}

static enum line_next status_stop(struct line *line)
{
    (void)line;
    return LINE_CLOSE;
}

static void status_close(struct line *line)
{
    (void)line;
}

const struct line_face status_face = {
    .name = "metrics",
    .input_max = LIMIT_NODE_STATUS_HEAD,
    .idle_us = 60000000,
    .open = status_open,
    .input = status_input,
    .stop = status_stop,
    .close = status_close,
};
