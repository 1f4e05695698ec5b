/* SPDX-License-Identifier: Apache-2.0 */
#include "face/line_report.h"

#include <stdlib.h>

#include "face/guard.h"
#include "face/json_out.h"

enum { REFUSED_SHOWN = 100, LINE_MOST = 512 /* bytes: the forms have about 90 */ };

/* ---- the whole ---- */

static size_t count_lines(struct str body)
{
    size_t n = 0;
    for (struct str rest = body; rest.p;)
        n += str_trim(str_split(rest, '\n', &rest)).n > 0;
    return n;
}

enum err line_report_begin(struct exchange *x, struct line_report *r, struct fault *fault)
{
    r->lines = count_lines(x->request->body);
    if (r->lines > LIMIT_SIGHTINGS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d lines a report", LIMIT_SIGHTINGS);
    enum err err = r->lines > 1 ? guard_admit_rest(x, r->lines - 1) : ERR_OK;
    if (err)
        return err;
    r->number = calloc(r->lines + 1, sizeof *r->number);
    r->shown = json_array();
    return r->number && r->shown ? ERR_OK : ERR_MEMORY;
}

void line_report_release(struct line_report *r)
{
    json_decref(r->shown);
    free(r->number);
}

void line_report_refuse(struct line_report *r, size_t line, const char *reason, const char *detail)
{
    r->refused++;
    if (json_array_size(r->shown) < REFUSED_SHOWN)
        json_array_append_new(r->shown, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)line,
                                                  "reason", reason, "detail", detail));
}

static const char *what_is_wrong(const struct line_report *r, enum err err)
{
    switch ((int)err) {
    case ERR_IMEI_FORM:
        return "imei: 14 to 16 digits, not all the same";
    case ERR_DATE:
        return "time: UTC as 2026-11-27T10:00:00Z";
    case ERR_UTF8:
        return "no UTF-8";
    default:
        return r->form;
    }
}

enum err line_report_read(struct line_report *r, struct str body, line_report_fn *fn, void *ctx)
{
    size_t number = 0;
    for (struct str rest = body; rest.p;) {
        const struct str line = str_trim(str_split(rest, '\n', &rest));
        bool keeps = false;
        number++;
        if (!line.n)
            continue;
        enum err err = fn(ctx, line, number, &keeps);
        if (err == ERR_MEMORY)
            return err;
        if (err)
            line_report_refuse(r, number, err == ERR_USAGE ? "LINE" : err_name(err),
                               what_is_wrong(r, err));
        else if (keeps)
            r->number[r->n++] = (uint32_t)number;
    }
    return ERR_OK;
}

/* ---- a line ---- */

enum err line_report_line(struct str line, json_t **out)
{
    return line.n > LINE_MOST ? ERR_USAGE : json_read(line, out);
}

enum err line_report_time(struct str text, int64_t *out_s)
{
    static const struct zone utc = {0};
    if (text.n < 20 || text.p[10] != 'T' || text.p[text.n - 1] != 'Z' ||
        instant_parse(text, &utc, out_s))
        return ERR_DATE;
    return ERR_OK;
}
