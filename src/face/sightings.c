/* SPDX-License-Identifier: Apache-2.0 */
#include "face/sightings.h"

#include <stdlib.h>

#include "face/guard.h"
#include "face/json_out.h"
#include "face/line_report.h"
#include "face/route.h"
#include "face/rows.h"

/* ---- lines ---- */

static enum err read_members(const json_t *line, struct sighting *out, bool *out_home)
{
    const struct str imei = json_text(line, "imei"), time = json_text(line, "time"),
                     network = json_text(line, "network");
    struct sighting s = {0};
    if (!imei.p || !time.p || !network.n)
        return ERR_USAGE;
    if (imei_parse_network(imei, &s.imei) || imei_all_same(s.imei))
        return ERR_IMEI_FORM;
    enum err err = line_report_time(time, &s.at_s);
    if (err)
        return err;
    *out = s;
    *out_home = str_eq(network, STR("home"));
    return ERR_OK;
}

enum err sightings_line(struct str line, struct sighting *out, bool *out_home)
{
    json_t *read;
    enum err err = line_report_line(line, &read);
    if (err)
        return err;
    err = read_members(read, out, out_home);
    json_decref(read);
    return err;
}

/* ---- a report ---- */

struct sightings {
    struct line_report report;
    struct sighting *all; /* that are kept */
    uint64_t elsewhere;
};

static enum err read_one(void *ctx, struct str line, size_t number, bool *out_keeps)
{
    struct sightings *s = ctx;
    bool home;
    (void)number;
    enum err err = sightings_line(line, &s->all[s->report.n], &home);
    *out_keeps = !err && home;
    s->elsewhere += !err && !home; /* a visitor's phone starts no clock */
    return err;
}

static void tell(struct sightings *s)
{
    struct line_report *r = &s->report;
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
        const uint8_t is = s->all[i].is;
        r->taken += is == OBSERVED_TAKEN;
        r->known += is == OBSERVED_KNOWN;
        if (is != OBSERVED_TAKEN && is != OBSERVED_KNOWN)
            line_report_refuse(r, r->number[i], words[is].reason, words[is].detail);
    }
}

static enum err take_report(struct exchange *x, struct sightings *s, struct fault *fault)
{
    struct line_report *r = &s->report;
    enum err err = line_report_begin(x, r, fault);
    if (err)
        return err;
    s->all = calloc(r->lines + 1, sizeof *s->all);
    err = s->all ? line_report_read(r, x->request->body, read_one, s) : ERR_MEMORY;
    if (!err && r->n)
        err = observe(x->site->observer, x->caller.id, s->all, r->n, fault);
    if (!err)
        tell(s);
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
    struct sightings s = {.report.form =
                              "one object a line, with the texts imei, time and network"};
    const struct line_report *r = &s.report;
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
                       ? take_report(x, &s, &fault)
                       : fault_set(&fault, ERR_UNAVAILABLE, "this server only answers");
    if (err)
        route_fail_at(x, err, &fault);
    else
        json_send(x, json_pack("{s:I, s:I, s:I, s:I, s:O}", "taken", (json_int_t)r->taken, "known",
                               (json_int_t)r->known, "elsewhere", (json_int_t)s.elsewhere,
                               "refused_count", (json_int_t)r->refused, "refused", r->shown));
    line_report_release(&s.report);
    free(s.all);
}

enum err sightings_admit(struct exchange *x)
{
    return guard_knock(x, API_SCOPE_SIGHTINGS | API_SCOPE_ROWS);
}
