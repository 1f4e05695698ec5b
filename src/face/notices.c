/* SPDX-License-Identifier: Apache-2.0 */
#include "face/notices.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/observe.h"
#include "face/feed.h"
#include "face/guard.h"
#include "face/json_out.h"
#include "face/lists.h"
#include "face/route.h"

enum { REFUSED_SHOWN = 100, LINE_MOST = 512 /* bytes: the form has about 90 */ };

/* ---- lines ---- */

static struct str text_of(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    if (!json_is_string(value))
        return (struct str){NULL, 0};
    return (struct str){json_string_value(value), json_string_length(value)};
}

static enum err read_members(const json_t *line, struct notices_line *out)
{
    static const struct zone utc = {0};
    static const struct {
        struct str name;
        uint8_t state;
    } states[] = {{STR("delivered"), NOTICES_DELIVERED},
                  {STR("failed"), NOTICES_FAILED},
                  {STR("unknown_number"), NOTICES_UNKNOWN}};
    const struct str id = text_of(line, "id"), time = text_of(line, "time"),
                     state = text_of(line, "status");
    struct notices_line l = {0};
    if (id.n != NOTICES_ID_TEXT - 1)
        return ERR_USAGE;
    str_copy(l.id, sizeof l.id, id);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (str_eq(state, states[i].name))
            l.state = states[i].state;
    if (!l.state)
        return ERR_USAGE;
    if (time.n < 20 || time.p[10] != 'T' || time.p[time.n - 1] != 'Z' ||
        instant_parse(time, &utc, &l.at_s))
        return ERR_DATE;
    *out = l;
    return ERR_OK;
}

enum err notices_line(struct str line, struct notices_line *out)
{
    json_t *read;
    if (line.n > LINE_MOST)
        return ERR_USAGE;
    enum err err = json_read(line, &read);
    if (err)
        return err;
    err = read_members(read, out);
    json_decref(read);
    return err;
}

/* ---- a report ---- */

struct report {
    struct notices_line *lines;
    struct notices_word *words;
    uint32_t *number; /* of the line of each */
    size_t n, count;
    uint64_t taken, known, refused;
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
    if (err == ERR_DATE)
        return "time: UTC as 2026-11-27T10:00:00Z";
    if (err == ERR_UTF8)
        return "no UTF-8";
    return "one object a line, with id, status (delivered, failed, unknown_number) and time";
}

static size_t count_lines(struct str body)
{
    size_t n = 0;
    for (struct str rest = body; rest.p;)
        n += str_trim(str_split(rest, '\n', &rest)).n > 0;
    return n;
}

static enum err read_lines(struct report *r, struct str body, int64_t now_s)
{
    size_t number = 0;
    for (struct str rest = body; rest.p;) {
        const struct str line = str_trim(str_split(rest, '\n', &rest));
        struct notices_line *l = &r->lines[r->n];
        number++;
        if (!line.n)
            continue;
        enum err err = notices_line(line, l);
        if (err == ERR_MEMORY)
            return err;
        if (err)
            refuse(r, number, err == ERR_USAGE ? "LINE" : err_name(err), what_is_wrong(err));
        else if (l->at_s > now_s + OBSERVE_AHEAD_S)
            refuse(r, number, "TIME_AHEAD", "later than now: look at the clock");
        else {
            r->words[r->n] = (struct notices_word){
                {l->id, NOTICES_ID_TEXT - 1}, l->state, l->at_s, false, false};
            r->number[r->n++] = (uint32_t)number;
        }
    }
    return ERR_OK;
}

static void tell(struct report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->words[i].none)
            refuse(r, r->number[i], "NOT_FOUND", "no notice of this operator, or not any more");
        else if (r->words[i].known)
            r->known++;
        else
            r->taken++;
}

static enum err take_report(struct exchange *x, struct report *r, struct fault *fault)
{
    const struct str body = x->request->body;
    char name[LIMIT_NAME + 1];
    struct str rest;
    r->count = count_lines(body);
    if (r->count > LIMIT_SIGHTINGS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d lines a report", LIMIT_SIGHTINGS);
    enum err err = r->count > 1 ? guard_admit_rest(x, r->count - 1) : ERR_OK;
    if (err)
        return err;
    r->lines = calloc(r->count + 1, sizeof *r->lines);
    r->words = calloc(r->count + 1, sizeof *r->words);
    r->number = calloc(r->count + 1, sizeof *r->number);
    r->shown = json_array();
    if (!r->lines || !r->words || !r->number || !r->shown)
        return ERR_MEMORY;
    err = read_lines(r, body, clock_now_us(x->site->wall) / 1000000);
    str_copy(name, sizeof name, str_split(str_z(x->caller.name), '/', &rest));
    if (!err && r->n)
        err = notices_desk_words(x->site->notices, name, r->words, r->n, fault);
    if (!err)
        tell(r);
    return err;
}

void notices_receipts_post(struct exchange *x)
{
    struct report r = {0};
    struct fault fault = {0};
    enum err err = x->site->notices
                       ? take_report(x, &r, &fault)
                       : fault_set(&fault, ERR_UNAVAILABLE, "this server only answers");
    if (err)
        route_fail_at(x, err, &fault);
    else
        json_send(x, json_pack("{s:I, s:I, s:I, s:O}", "taken", (json_int_t)r.taken, "known",
                               (json_int_t)r.known, "refused_count", (json_int_t)r.refused,
                               "refused", r.shown));
    json_decref(r.shown);
    free(r.lines);
    free(r.words);
    free(r.number);
}

enum err notices_receipts_admit(struct exchange *x)
{
    return guard_knock(x, API_SCOPE_NOTICES);
}

/* ---- the list ---- */

void notices_list(struct exchange *x)
{
    static const char *const types[LISTS_PACKS] = {"text/csv; charset=utf-8", "application/gzip",
                                                   "application/zstd"};
    struct fault fault = {0};
    struct lists_asked asked = {0};
    struct notices_desk_file file;
    char tag[FEED_CURSOR_TEXT + 16];
    enum err err = lists_read_ask(x, &asked, &fault);
    if (!err && !x->site->notices)
        err = fault_set(&fault, ERR_UNAVAILABLE, "this server only answers");
    if (!err)
        err = notices_desk_list(x->site->notices, asked.operator_name,
                                asked.has_since ? &asked.since : NULL, asked.pack, &file, &fault);
    if (err) {
        route_fail_at(x, err, &fault);
        return;
    }
    snprintf(tag, sizeof tag, "\"n%s\"", file.cursor);
    const struct feed_file sent = {file.fd, file.bytes, str_z(tag), types[asked.pack]};
    feed_send_file(x, &sent);
}

/* ---- /metrics ---- */

static void put_line(struct buf *out, const char *name, const struct notices_figure *f,
                     uint64_t value)
{
    buf_printf(out, "tamga_notices_%s{operator=\"", name);
    for (const char *p = f->name; *p; p++) {
        if (*p == '"' || *p == '\\')
            buf_put(out, "\\", 1);
        buf_put(out, p, 1);
    }
    buf_printf(out, "\"} %" PRIu64 "\n", value);
}

static void put_all(struct buf *out, const char *name, const char *help, size_t member,
                    const struct notices_figure *all, size_t n)
{
    const bool counts = member != offsetof(struct notices_standing, waiting);
    buf_printf(out, "# HELP tamga_notices_%s %s\n# TYPE tamga_notices_%s %s\n", name, help, name,
               counts ? "counter" : "gauge");
    for (size_t i = 0; i < n; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&all[i].standing + member, sizeof value);
        put_line(out, name, &all[i], value);
    }
}

void notices_metrics(struct notices_desk *desk, struct buf *out)
{
    static const struct {
        const char *name, *help;
        size_t member;
    } rows[] = {
#define ROW(name, member, help) {name, help, offsetof(struct notices_standing, member)}
        ROW("made_total", made, "Notices to subscribers that were made."),
        ROW("sent_total", sent, "Handed over to the operator."),
        ROW("delivered_total", delivered, "Delivered, as the operator says."),
        ROW("failed_total", failed, "Not delivered, as the operator says."),
        ROW("unknown_number_total", unknown, "To a number that is none, as the operator says."),
        ROW("late_total", late, "Left out: not sent while the words were true."),
        ROW("overtaken_total", overtaken, "Left out: a newer word came first."),
        ROW("waiting", waiting, "Made and not handed over."),
#undef ROW
    };
    struct notices_figure *all = calloc(NOTICES_OPERATORS, sizeof *all);
    const size_t n = all ? notices_desk_figures(desk, all, NOTICES_OPERATORS) : 0;
    const int64_t now_s = clock_now_us(&clock_system) / 1000000;
    for (size_t i = 0; n && i < sizeof rows / sizeof *rows; i++)
        put_all(out, rows[i].name, rows[i].help, rows[i].member, all, n);
    if (n)
        buf_printf(out, "# HELP tamga_notices_oldest_seconds Age of the oldest that waits.\n"
                        "# TYPE tamga_notices_oldest_seconds gauge\n");
    for (size_t i = 0; i < n; i++) {
        const int64_t since = all[i].standing.oldest_s;
        put_line(out, "oldest_seconds", &all[i],
                 since && since < now_s ? (uint64_t)(now_s - since) : 0);
    }
    if (n)
        buf_printf(out, "# HELP tamga_notices_refusals Pushes in a row that an operator refused.\n"
                        "# TYPE tamga_notices_refusals gauge\n");
    for (size_t i = 0; i < n; i++)
        put_line(out, "refusals", &all[i], all[i].refusals);
    free(all);
}
