/* SPDX-License-Identifier: Apache-2.0 */
#include "face/sightings.h"

#include <stdlib.h>

#include "face/guard.h"
#include "face/json_out.h"
#include "face/route.h"
#include "face/rows.h"

enum { REFUSED_SHOWN = 100, LINE_MOST = 512 /* bytes: the form has about 80 */ };

/* ---- lines ---- */

static struct str text_of(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    if (!json_is_string(value))
        return (struct str){NULL, 0};
    return (struct str){json_string_value(value), json_string_length(value)};
}

static enum err read_members(const json_t *line, struct sighting *out, bool *out_home)
{
    static const struct zone utc = {0};
    const struct str imei = text_of(line, "imei"), time = text_of(line, "time"),
                     network = text_of(line, "network");
    struct sighting s = {0};
    if (!imei.p || !time.p || !network.n)
        return ERR_USAGE;
    if (imei_parse_network(imei, &s.imei) || imei_all_same(s.imei))
        return ERR_IMEI_FORM;
    if (time.n < 20 || time.p[10] != 'T' || time.p[time.n - 1] != 'Z' ||
        instant_parse(time, &utc, &s.at_s))
        return ERR_DATE;
    *out = s;
    *out_home = str_eq(network, STR("home"));
    return ERR_OK;
}

enum err sightings_line(struct str line, struct sighting *out, bool *out_home)
{
    json_t *read;
    if (line.n > LINE_MOST)
        return ERR_USAGE;
    enum err err = json_read(line, &read);
    if (err)
        return err;
    err = read_members(read, out, out_home);
    json_decref(read);
    return err;
}

/* ---- a report ---- */

struct report {
    struct sighting *all;
    uint32_t *line; /* of each */
    size_t n, lines;
    uint64_t taken, known, elsewhere, refused;
    json_t *shown; /* of the refused the first */
};

static void refuse(struct report *r, size_t line, const char *reason, const char *detail)
{
    r->refused++;
    if (json_array_size(r->shown) < REFUSED_SHOWN)
        json_array_append_new(r->shown, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)line,
                                                  "reason", reason, "detail", detail));
}

static const char *what_is_wrong(enum err err)
{
    switch ((int)err) {
    case ERR_IMEI_FORM:
        return "imei: 14 to 16 digits, not all the same";
    case ERR_DATE:
        return "time: UTC as 2026-11-27T10:00:00Z";
    case ERR_UTF8:
        return "no UTF-8";
    default:
        return "one object a line, with the texts imei, time and network";
    }
}

/* Counts lines; an empty one is none. */
static size_t count_lines(struct str body)
{
    size_t n = 0;
    for (struct str rest = body; rest.p;)
        n += str_trim(str_split(rest, '\n', &rest)).n > 0;
    return n;
}

static enum err read_lines(struct report *r, struct str body)
{
    size_t number = 0;
    for (struct str rest = body; rest.p;) {
        const struct str line = str_trim(str_split(rest, '\n', &rest));
        bool home;
        number++;
        if (!line.n)
            continue;
        enum err err = sightings_line(line, &r->all[r->n], &home);
        if (err == ERR_MEMORY)
            return err;
        if (err)
            refuse(r, number, err == ERR_USAGE ? "LINE" : err_name(err), what_is_wrong(err));
        else if (!home)
            r->elsewhere++; /* a visitor's phone starts no clock */
        else
            r->line[r->n++] = (uint32_t)number;
    }
    return ERR_OK;
}

static void tell(struct report *r)
{
    static const struct {
        const char *reason, *detail;
    } words[] = {
        [OBSERVED_AHEAD] = {"TIME_AHEAD", "later than now: look at the clock of the node"},
        [OBSERVED_LATE] = {"TIME_LATE", "too old for a report: load it by a file"},
        [OBSERVED_UNNOTICED] = {"NOTICE", "it would be black, or within 7 days of it, before a "
                                          "first notice: load it by a file"},
        [OBSERVED_WHITENS] = {"WHITE",
                              "seen before the day of the amnesty, it would be white: load "
                              "it by a file, two persons decide"},
    };
    for (size_t i = 0; i < r->n; i++) {
        const uint8_t is = r->all[i].is;
        r->taken += is == OBSERVED_TAKEN;
        r->known += is == OBSERVED_KNOWN;
        if (is != OBSERVED_TAKEN && is != OBSERVED_KNOWN)
            refuse(r, r->line[i], words[is].reason, words[is].detail);
    }
}

static enum err take_report(struct exchange *x, struct report *r, struct fault *fault)
{
    const struct str body = x->request->body;
    r->lines = count_lines(body);
    if (r->lines > LIMIT_SIGHTINGS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d lines a report", LIMIT_SIGHTINGS);
    enum err err = r->lines > 1 ? guard_admit_rest(x, r->lines - 1) : ERR_OK;
    if (err)
        return err;
    r->all = calloc(r->lines + 1, sizeof *r->all);
    r->line = calloc(r->lines + 1, sizeof *r->line);
    r->shown = json_array();
    if (!r->all || !r->line || !r->shown)
        return ERR_MEMORY;
    err = read_lines(r, body);
    if (!err && r->n)
        err = observe(x->site->observer, x->caller.id, r->all, r->n, fault);
    if (!err)
        tell(r);
    return err;
}

static bool is_lines(struct str content_type)
{
    struct str rest;
    return str_eq_nocase(str_trim(str_split(content_type, ';', &rest)),
                         STR("application/x-ndjson"));
}

/* Whole rows that are so few that they were gathered. */
static void post_few_rows(struct exchange *x)
{
    struct intake_upload *upload = NULL;
    struct fault fault = {0};
    enum err err = rows_begin(x, &upload, &fault);
    if (!err)
        err = intake_add(upload, x->request->body.p, x->request->body.n, &fault);
    if (err)
        route_fail_at(x, err, &fault);
    else
        rows_post(x, upload);
    intake_drop(upload);
}

void sightings_post(struct exchange *x)
{
    struct report r = {0};
    struct fault fault = {0};
    bool rows;
    if (x->request->upload) {
        rows_post(x, x->request->upload);
        return;
    }
    if (!is_lines(x->request->content_type) || x->request->content_encoding.n) {
        route_fail(x, ERR_MEDIA_TYPE);
        return;
    }
    if (rows_tell(x->request->body, true, &rows) && rows) {
        post_few_rows(x);
        return;
    }
    if (!(x->caller.scopes & API_SCOPE_SIGHTINGS)) {
        route_fail(x, ERR_SCOPE);
        return;
    }
    enum err err = x->site->observer
                       ? take_report(x, &r, &fault)
                       : fault_set(&fault, ERR_UNAVAILABLE, "this server only answers");
    if (err)
        route_fail_at(x, err, &fault);
    else
        json_send(x, json_pack("{s:I, s:I, s:I, s:I, s:O}", "taken", (json_int_t)r.taken, "known",
                               (json_int_t)r.known, "elsewhere", (json_int_t)r.elsewhere,
                               "refused_count", (json_int_t)r.refused, "refused", r.shown));
    json_decref(r.shown);
    free(r.all);
    free(r.line);
}

enum err sightings_admit(struct exchange *x)
{
    return guard_knock(x, API_SCOPE_SIGHTINGS | API_SCOPE_ROWS);
}
