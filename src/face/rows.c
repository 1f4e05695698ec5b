/* SPDX-License-Identifier: Apache-2.0 */
#include "face/rows.h"

#include <stdlib.h>

#include "face/feed.h"
#include "face/form.h"
#include "face/guard.h"
#include "face/json_out.h"
#include "face/route.h"

enum { RETRY_S = 30 };

static const char address[] = "/api/v1/sightings";

/* ---- what comes ---- */

static struct str without_parameters(struct str type)
{
    struct str rest;
    return str_trim(str_split(type, ';', &rest));
}

static bool is_any(struct str s, const char *const *names)
{
    for (; *names; names++)
        if (str_eq_nocase(s, str_z(*names)))
            return true;
    return false;
}

enum rows_form rows_form(const struct request *head)
{
    static const char *const tables[] = {"text/csv",         "application/zip",
                                         "application/gzip", "application/x-gzip",
                                         "application/zstd", NULL};
    static const char *const codings[] = {"gzip", "x-gzip", "zstd", NULL};
    struct str query, path = str_split(head->target, '?', &query);
    const struct str type = without_parameters(head->content_type);
    const struct str coding = str_trim(head->content_encoding);
    const bool lines = str_eq_nocase(type, STR("application/x-ndjson"));
    const bool plain = !coding.n || str_eq_nocase(coding, STR("identity"));
    if (!str_eq(path, str_z(address)) || !str_eq(head->method, STR("POST")) ||
        (!plain && !is_any(coding, codings)) || (!lines && !is_any(type, tables)))
        return ROWS_NONE;
    return lines && plain ? ROWS_PERHAPS : ROWS_YES;
}

static bool is_row(struct str line)
{
    json_t *read;
    if (json_read(line, &read))
        return false;
    const bool row = !json_object_get(read, "network") &&
                     (json_object_get(read, "imsi") || json_object_get(read, "date"));
    json_decref(read);
    return row;
}

bool rows_tell(struct str begin, bool end, bool *out_rows)
{
    *out_rows = false;
    for (struct str rest = begin; rest.p;) {
        struct str whole = rest, line = str_trim(str_split(rest, '\n', &rest));
        if (!line.n)
            continue;
        if (!rest.p && !end && whole.n < LIMIT_ROWS_FIRST_LINE)
            return false;
        *out_rows = is_row(line);
        return true;
    }
    return end || begin.n >= LIMIT_ROWS_FIRST_LINE;
}

/* "Altel" of the key "Altel/night". */
static struct str operator_of(const struct exchange *x)
{
    struct str rest, whole = str_z(x->caller.name);
    struct str name = str_trim(str_split(whole, '/', &rest));
    return name.n ? name : whole;
}

enum err rows_begin(struct exchange *x, struct intake_upload **out, struct fault *fault)
{
    enum err err = guard_knock(x, API_SCOPE_ROWS);
    if (!err && !x->caller.id) /* a signature is over the whole body, which nobody keeps */
        err = fault_set(fault, ERR_KEY, "whole rows want a key that is sent, or a certificate");
    if (!err && !x->site->intake)
        err = fault_set(fault, ERR_UNAVAILABLE, "this server takes no rows");
    return err ? err : intake_begin(x->site->intake, operator_of(x), out, fault);
}

/* ---- what became of them ---- */

static json_t *findings_json(const struct intake_result *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->finding_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "kind", r->findings[i].kind,
                                              "text", r->findings[i].raw, "count",
                                              (json_int_t)r->findings[i].count));
    return list;
}

static void set_number(json_t *to, const char *name, uint64_t n)
{
    json_object_set_new(to, name, json_integer((json_int_t)n));
}

static json_t *receipt(const struct exchange *x, const struct intake_result *r)
{
    char errors[LIMIT_LOCATION];
    struct str name = operator_of(x);
    json_t *j = json_pack("{s:s, s:s%, s:b}", "load", r->id, "operator", name.p, name.n, "known",
                          (int)r->known);
    set_number(j, "rows", r->rows);
    set_number(j, "home", r->home);
    set_number(j, "roaming", r->roaming);
    set_number(j, "unknown", r->unknown);
    set_number(j, "future", r->future);
    set_number(j, "past", r->past);
    set_number(j, "malformed", r->malformed);
    set_number(j, "days", r->days);
    set_number(j, "pairs", r->pairs);
    set_number(j, "imeis", r->imeis);
    set_number(j, "first", r->first);
    set_number(j, "earlier", r->earlier);
    set_number(j, "unnoticed", r->unnoticed);
    json_object_set_new(j, "ignored", json_string(r->ignored));
    json_object_set_new(j, "findings", findings_json(r));
    json_object_set_new(j, "proposal",
                        r->proposal ? json_integer((json_int_t)r->proposal) : json_null());
    snprintf(errors, sizeof errors, "%s/errors?load=%s", address, r->id);
    set_number(j, "bad", r->bad);
    json_object_set_new(j, "errors", r->bad ? json_string(errors) : json_null());
    return j;
}

/* A problem that also says where it was found, and how far the rows were counted. */
static void refuse(struct exchange *x, enum err err, const struct fault *fault,
                   const struct intake_result *r)
{
    if (err == ERR_STORE_BUSY || err == ERR_CROWDED || err == ERR_STOPPED)
        x->response->retry_after_s = RETRY_S;
    route_fail_at(x, err, fault);
    json_t *problem = json_loadb((const char *)x->out->p, x->out->n, 0, NULL);
    if (!problem)
        return;
    const char *type = x->response->content_type;
    const int status = x->response->status;
    if (fault->line)
        set_number(problem, "line", fault->line);
    if (fault->column)
        set_number(problem, "column", fault->column);
    if (r && r->rows)
        json_object_set_new(problem, "receipt", receipt(x, r));
    buf_clear(x->out);
    json_send(x, problem);
    x->response->status = status;
    x->response->content_type = type;
}

void rows_post(struct exchange *x, struct intake_upload *upload)
{
    struct fault fault = {0};
    struct intake_result *r = calloc(1, sizeof *r);
    enum err err = r ? intake_load(upload, x->caller.id, r, &fault) : ERR_MEMORY;
    if (err && !(err == ERR_HELD && r->proposal)) {
        refuse(x, err, &fault, r);
    } else {
        json_send(x, receipt(x, r));
        x->response->status = err ? 202 : 200;
    }
    free(r);
}

static enum err read_look(void *ctx, uint64_t at, void *to, size_t n, size_t *out_n)
{
    return intake_look_read(ctx, at, to, n, out_n);
}

static void end_look(void *ctx)
{
    intake_look_end(ctx);
}

void rows_errors(struct exchange *x)
{
    struct buf id = {0};
    struct fault fault = {0};
    struct intake_look *look = NULL;
    bool given;
    enum err err = form_value(x->query, "load", &id, &given);
    const struct intake_asker asker = {
        .operator_name = operator_of(x), .key = x->caller.id, .id = {(const char *)id.p, id.n}};
    if (!err && !x->site->intake)
        err = fault_set(&fault, ERR_UNAVAILABLE, "this server takes no rows");
    if (!err)
        err = intake_look(x->site->intake, &asker, &look, &fault);
    if (err == ERR_CROWDED)
        x->response->retry_after_s = RETRY_S;
    if (err) {
        route_fail_at(x, err, &fault);
    } else {
        const struct response_stream stream = {
            .ctx = look, .read = read_look, .end = end_look, .bytes = intake_look_bytes(look)};
        feed_send_stream(x, &stream, "text/csv; charset=utf-8");
    }
    buf_release(&id);
}
