/* SPDX-License-Identifier: Apache-2.0
 *
 * route - which handler answers which address. The path is matched as sent, piece by piece: none of
 * our names needs a percent sign, so an encoded dot or slash can only be a trick and finds
 * nothing. Only the {…} of a route is decoded. */
#include <unistd.h>

#include "face/api.h"
#include "face/feed.h"
#include "face/form.h"
#include "face/guard.h"
#include "face/lists.h"
#include "face/metrics.h"
#include "face/notices.h"
#include "face/page.h"
#include "face/route.h"
#include "face/rows.h"
#include "face/segments.h"
#include "face/sightings.h"
#include "face/stats.h"

static const char form_type[] = "application/x-www-form-urlencoded";
static const char json_type[] = "application/json";
static const char lines_type[] = "application/x-ndjson";
static const char any_type[] = "*/*"; /* its bytes decide */

#define AT(literal)                                                                                \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
/* What EIR nodes follow the register by. */
#define FOLLOWED(handler)                                                                          \
    {                                                                                              \
        METHOD_GET, NULL, handler, .door = LIMITED, .scopes = API_SCOPE_FEED, .aside = true        \
    }
/* What operators refuse by. */
#define LISTED(handler)                                                                            \
    {                                                                                              \
        METHOD_GET, NULL, handler, .door = LIMITED, .scopes = API_SCOPE_LISTS, .aside = true       \
    }
static const struct route routes[] = {
    {AT("/"), "GET, HEAD", {{METHOD_GET, NULL, page_home, .door = FREE}}},
    {AT("/check"),
     "GET, HEAD, POST",
     {{METHOD_GET, NULL, page_form, .door = FREE},
      {METHOD_POST, form_type, page_check, .door = LIMITED}}},
    {AT("/guide"), "GET, HEAD", {{METHOD_GET, NULL, page_guide, .door = FREE}}},
    {AT("/questions"), "GET, HEAD", {{METHOD_GET, NULL, page_questions, .door = FREE}}},
    {AT("/number"), "GET, HEAD", {{METHOD_GET, NULL, page_number, .door = LIMITED}}},
    {AT("/number/{}"), "GET, HEAD", {{METHOD_GET, NULL, page_number, .door = LIMITED}}},
    {AT("/N/{}"),
     "GET, HEAD",
     {{METHOD_GET, NULL, page_number, .door = LIMITED}}}, /* short: for QR codes */
    {AT("/style"), "GET, HEAD", {{METHOD_GET, NULL, page_style, .door = FREE}}},
    {AT("/static/{}"), "GET, HEAD", {{METHOD_GET, NULL, page_static, .door = FREE}}},
    {AT("/healthz"), "GET, HEAD", {{METHOD_GET, NULL, api_health, .door = FREE}}},
    {AT("/metrics"), "GET, HEAD", {{METHOD_GET, NULL, metrics_answer, .door = FREE}}},
    {AT("/api/v1/openapi.json"), "GET, HEAD", {{METHOD_GET, NULL, api_document, .door = FREE}}},
    {AT("/api/v1/check"), "POST", {{METHOD_POST, json_type, api_check_batch, .door = LIMITED}}},
    {AT("/api/v1/check/{}"), "GET, HEAD", {{METHOD_GET, NULL, api_check, .door = LIMITED}}},
    {AT("/api/v1/check-number/{}"),
     "GET, HEAD",
     {{METHOD_GET, NULL, api_check_number, .door = LIMITED}}},
    {AT("/api/v1/feed"), "GET, HEAD", {FOLLOWED(feed_blocks)}},
    {AT("/api/v1/feed/segments"), "GET, HEAD", {FOLLOWED(segments_get_list)}},
    {AT("/api/v1/feed/segments/{}"), "GET, HEAD", {FOLLOWED(segments_get)}},
    {AT("/api/v1/snapshot"), "GET, HEAD", {FOLLOWED(feed_snapshot)}},
    {AT("/api/v1/snapshots/{}"), "GET, HEAD", {FOLLOWED(segments_get_snapshot)}},
    {AT("/api/v1/tac-list/{}"), "GET, HEAD", {FOLLOWED(feed_tac)}},
    {AT("/api/v1/lists/{}/black"), "GET, HEAD", {LISTED(lists_black)}},
    {AT("/api/v1/lists/{}/white"), "GET, HEAD", {LISTED(lists_white)}},
    {AT("/api/v1/lists/{}/exceptions"), "GET, HEAD", {LISTED(lists_excepted)}},
    {AT("/api/v1/lists/{}/notify"),
     "GET, HEAD",
     {{METHOD_GET, NULL, notices_list, .door = LIMITED, .scopes = API_SCOPE_NOTICES,
       .aside = true}}},
    {AT("/api/v1/lists/{}/receipts"),
     "POST",
     {{METHOD_POST, json_type, lists_receipt_post, .door = LIMITED, .scopes = API_SCOPE_LISTS,
       .aside = true, .admits = lists_receipt_admit}}},
    {AT("/api/v1/notices/receipts"),
     "POST",
     {{METHOD_POST, lines_type, notices_receipts_post, .door = LIMITED, .scopes = API_SCOPE_NOTICES,
       .aside = true, .body_max = LIMIT_SIGHTINGS_BYTES, .admits = notices_receipts_admit}}},
    {AT("/api/v1/sightings"),
     "POST",
     {{METHOD_POST, any_type, sightings_post, .door = LIMITED,
       .scopes = API_SCOPE_SIGHTINGS | API_SCOPE_ROWS, .aside = true,
       .body_max = LIMIT_SIGHTINGS_BYTES, .admits = sightings_admit}}},
    {AT("/api/v1/sightings/errors"),
     "GET, HEAD",
     {{METHOD_GET, NULL, rows_errors, .door = LIMITED, .scopes = API_SCOPE_ROWS, .aside = true}}},
};
enum { ROUTES = sizeof routes / sizeof routes[0] };
_Static_assert((int)ROUTES < (int)STATS_ROUTES, "more routes than are counted");

unsigned route_count(const struct site *site)
{
    return ROUTES + site->more_count;
}

static const struct route *route_at(const struct site *site, unsigned i)
{
    return i < ROUTES ? &routes[i] : &site->more[i - ROUTES];
}

const char *route_pattern(const struct site *site, unsigned route)
{
    return route && route <= route_count(site) ? route_at(site, route - 1)->pattern.p : "-";
}

void response_release(struct response *response)
{
    buf_release(&response->body);
    buf_release(&response->elsewhere);
    if (response->file.is)
        close(response->file.fd);
    response->file.is = false;
    if (response->stream.ctx)
        response->stream.end(response->stream.ctx);
    response->stream.ctx = NULL;
}

bool request_takes(struct str accept, struct str wanted)
{
    while (accept.n) {
        struct str weight, coding = str_split(accept, ',', &accept);
        coding = str_trim(str_split(coding, ';', &weight));
        weight = str_trim(weight);
        if (str_eq_nocase(coding, wanted))
            return !str_eq(weight, STR("q=0")) && !str_starts(weight, STR("q=0.0"));
    }
    return false;
}

struct str response_body(const struct response *response)
{
    if (response->fixed.p)
        return response->fixed;
    return (struct str){(const char *)response->body.p, response->body.n};
}

void route_fail(struct exchange *x, enum err err)
{
    route_fail_at(x, err, NULL);
}

void route_fail_at(struct exchange *x, enum err err, const struct fault *fault)
{
    buf_clear(x->out);
    x->response->fixed = (struct str){NULL, 0};
    x->response->script = SCRIPT_NONE;
    x->response->packed = false;
    x->response->whole_bytes = 0;
    x->response->keeps = false;
    x->response->waits_until_us = 0;
    *x->response->etag = '\0';
    *x->response->disposition = '\0';
    if (fault && err_info(err)->http_status >= 500)
        str_copy(x->response->why, sizeof x->response->why, str_z(fault->detail));
    if (x->machine)
        api_problem(x, err, fault);
    else
        page_error(x, err);
}

/* Does the path match? The piece in the place of {} goes to *out_param. */
static bool matches(struct str path, struct str pattern, struct str *out_param)
{
    const char *hole = memmem(pattern.p, pattern.n, "{}", 2);
    size_t head = hole ? (size_t)(hole - pattern.p) : pattern.n;
    size_t tail = hole ? pattern.n - head - 2 : 0;
    if (path.n < head + tail || memcmp(path.p, pattern.p, head) != 0)
        return false;
    *out_param = (struct str){path.p + head, path.n - head - tail};
    if (!hole)
        return !out_param->n;
    return out_param->n && !memchr(out_param->p, '/', out_param->n) &&
           memcmp(path.p + path.n - tail, pattern.p + head + 2, tail) == 0;
}

/* The media type without parameters. */
static bool is_type(struct str content_type, const char *want)
{
    struct str rest;
    return strcmp(want, any_type) == 0 ||
           str_eq_nocase(str_trim(str_split(content_type, ';', &rest)), str_z(want));
}

static const struct method_row *row_of(const struct route *route, struct str name)
{
    static const struct {
        const char *name;
        enum method method;
    } names[] = {{"GET", METHOD_GET},
                 {"POST", METHOD_POST},
                 {"PATCH", METHOD_PATCH},
                 {"DELETE", METHOD_DELETE}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t k = 0; k < ROUTE_METHODS && str_eq(name, str_z(names[i].name)); k++)
            if (route->methods[k].method == names[i].method)
                return &route->methods[k];
    return NULL;
}

static enum err call(struct exchange *x, const struct route *route)
{
    const struct method_row *row = row_of(route, x->request->method);
    if (!row) {
        x->response->allow = route->allow;
        return ERR_METHOD;
    }
    if (x->request->refused && !row->forgives) {
        if (x->request->refused == ERR_CROWDED)
            x->response->retry_after_s = LIMIT_CROWDED_SECONDS;
        return x->request->refused;
    }
    if (row->accepts && x->request->body_too_long && !row->forgives)
        return ERR_TOO_LONG;
    if (row->accepts && !is_type(x->request->content_type, row->accepts))
        return ERR_MEDIA_TYPE;
    enum err err = row->door == LIMITED ? guard_identify(x, row->scopes) : ERR_OK;
    if (!err && row->door == LIMITED && !x->request->waits_until_us)
        err = guard_admit(x, 1);
    if (!err)
        row->answer(x);
    return err;
}

/* The address in pieces, the language, the route; then its handler. */
static enum err dispatch(struct exchange *x, struct buf *scratch)
{
    const struct request *request = x->request;
    if (request->target.n > LIMIT_HTTP_URI)
        return ERR_URI_LONG;
    for (size_t i = 0; i < request->target.n; i++)
        if ((unsigned char)request->target.p[i] <= ' ' || request->target.p[i] == '\x7f')
            return ERR_USAGE;
    if (!str_starts(x->path, STR("/")))
        return ERR_USAGE;
    for (unsigned i = 0; i < route_count(x->site); i++) {
        const struct route *route = route_at(x->site, i);
        struct str raw;
        if (!matches(x->path, route->pattern, &raw))
            continue;
        x->response->route = route->pattern.p;
        x->response->route_index = i + 1;
        if (i >= ROUTES && x->request->crowd == CROWD_FULL)
            return ERR_CROWDED; /* its body was not read */
        enum err err = form_piece(raw, scratch, &x->param);
        return err ? err : call(x, route);
    }
    return ERR_NOT_FOUND;
}

bool route_waits(const struct site *site, struct str target)
{
    struct str query, param, path = str_split(target, '?', &query);
    for (unsigned i = 0; i < route_count(site); i++)
        if ((i >= ROUTES || route_at(site, i)->methods[0].aside) &&
            matches(path, route_at(site, i)->pattern, &param))
            return true;
    return false;
}

static void choose_language(struct exchange *x)
{
    struct buf asked = {0};
    bool found;
    enum lang lang;
    if (form_value(x->query, "lang", &asked, &found) || !found)
        buf_clear(&asked);
    struct str tag = {(const char *)asked.p, asked.n};
    x->lang_asked = tag.n && lang_find(tag, &lang);
    x->lang = lang_choose(tag, x->request->accept_language);
    buf_release(&asked);
}

static struct exchange exchange_of(const struct site *site, const struct request *request,
                                   struct response *response)
{
    struct exchange x = {
        .site = site,
        .face = site->faces ? faces_find(site->faces, request->host) : NULL,
        .request = request,
        .response = response,
        .out = &response->body,
    };
    x.path = str_split(request->target, '?', &x.query);
    x.machine = str_starts(x.path, STR("/api/")) || str_eq(x.path, STR("/api")) ||
                str_eq(x.path, STR("/healthz")) || str_eq(x.path, STR("/metrics"));
    return x;
}

/* The row of a request whose head has come; NULL: none. */
static const struct method_row *row_at(const struct site *site, struct exchange *x)
{
    struct str raw;
    for (unsigned i = 0; i < route_count(site); i++)
        if (matches(x->path, route_at(site, i)->pattern, &raw))
            return row_of(route_at(site, i), x->request->method);
    return NULL;
}

size_t route_body_max(const struct site *site, const struct request *head)
{
    struct response none = {.status = 200};
    struct exchange x = exchange_of(site, head, &none);
    const struct method_row *row = row_at(site, &x);
    return row && row->body_max ? row->body_max : LIMIT_HTTP_BODY;
}

bool route_forgives(const struct site *site, const struct request *head)
{
    struct response none = {.status = 200};
    struct exchange x = exchange_of(site, head, &none);
    const struct method_row *row = row_at(site, &x);
    return row && row->forgives;
}

enum err route_admits(const struct site *site, const struct request *head)
{
    struct response none = {.status = 200};
    struct exchange x = exchange_of(site, head, &none);
    const struct method_row *row = row_at(site, &x);
    enum err err = row && row->admits ? row->admits(&x) : ERR_OK;
    response_release(&none);
    return err;
}

enum err route_receives(const struct site *site, const struct request *head,
                        struct intake_upload **out)
{
    struct response none = {.status = 200};
    struct exchange x = exchange_of(site, head, &none);
    struct fault fault = {0};
    enum err err = rows_begin(&x, out, &fault);
    response_release(&none);
    return err;
}

void route_answer(const struct site *site, const struct request *request, struct response *response)
{
    *response = (struct response){.status = 200, .route = "-"};
    struct exchange x = exchange_of(site, request, response);
    choose_language(&x);
    struct buf scratch = {0};
    enum err err = dispatch(&x, &scratch);
    if (err)
        route_fail(&x, err);
    buf_release(&scratch);
    if (response->body.failed) {
        static const char sorry[] = "out of memory\n";
        response_release(response);
        *response = (struct response){.status = 500,
                                      .route = response->route,
                                      .route_index = response->route_index,
                                      .content_type = "text/plain; charset=utf-8",
                                      .fixed = {sorry, sizeof sorry - 1}};
    }
}
