/* SPDX-License-Identifier: Apache-2.0 */
#include "face/notices.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/observe.h"
#include "face/feed.h"
#include "face/guard.h"
#include "face/json_out.h"
#include "face/line_report.h"
#include "face/lists.h"
#include "face/metrics.h"
#include "face/route.h"

/* ---- lines ---- */

static enum err read_members(const json_t *line, struct notices_line *out)
{
    static const struct {
        struct str name;
        uint8_t state;
    } states[] = {{STR("delivered"), NOTICES_DELIVERED},
                  {STR("failed"), NOTICES_FAILED},
                  {STR("unknown_number"), NOTICES_UNKNOWN}};
    const struct str id = json_text(line, "id"), time = json_text(line, "time"),
                     state = json_text(line, "status");
    struct notices_line l = {0};
    if (id.n != NOTICES_ID_TEXT - 1)
        return ERR_USAGE;
    str_copy(l.id, sizeof l.id, id);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (str_eq(state, states[i].name))
            l.state = states[i].state;
    if (!l.state)
        return ERR_USAGE;
    enum err err = line_report_time(time, &l.at_s);
    if (err)
        return err;
    *out = l;
    return ERR_OK;
}

enum err notices_line(struct str line, struct notices_line *out)
{
    json_t *read;
    enum err err = line_report_line(line, &read);
    if (err)
        return err;
    err = read_members(read, out);
    json_decref(read);
    return err;
}

/* ---- a report ---- */

struct receipts {
    struct line_report report;
    int64_t now_s;
    struct notices_line *lines; /* that are kept */
    struct notices_word *words;
};

static enum err read_one(void *ctx, struct str line, size_t number, bool *out_keeps)
{
    struct receipts *all = ctx;
    struct notices_line *l = &all->lines[all->report.n];
    enum err err = notices_line(line, l);
    if (err)
        return err;
    *out_keeps = l->at_s <= all->now_s + OBSERVE_AHEAD_S;
    if (*out_keeps)
        all->words[all->report.n] =
            (struct notices_word){{l->id, NOTICES_ID_TEXT - 1}, l->state, l->at_s, false, false};
    else
        line_report_refuse(&all->report, number, "TIME_AHEAD", "later than now: look at the clock");
    return ERR_OK;
}

static void tell(struct receipts *all)
{
    struct line_report *r = &all->report;
    for (size_t i = 0; i < r->n; i++)
        if (all->words[i].none)
            line_report_refuse(r, r->number[i], "NOT_FOUND",
                               "no notice of this operator, or not any more");
        else if (all->words[i].known)
            r->known++;
        else
            r->taken++;
}

static enum err take_report(struct exchange *x, struct receipts *all, struct fault *fault)
{
    struct line_report *r = &all->report;
    char name[LIMIT_NAME + 1];
    struct str rest;
    enum err err = line_report_begin(x, r, fault);
    if (err)
        return err;
    all->now_s = clock_now_us(x->site->wall) / 1000000;
    all->lines = calloc(r->lines + 1, sizeof *all->lines);
    all->words = calloc(r->lines + 1, sizeof *all->words);
    err = all->lines && all->words ? line_report_read(r, x->request->body, read_one, all)
                                   : ERR_MEMORY;
    str_copy(name, sizeof name, str_split(str_z(x->caller.name), '/', &rest));
    if (!err && r->n)
        err = notices_desk_words(x->site->notices, name, all->words, r->n, fault);
    if (!err)
        tell(all);
    return err;
}

void notices_receipts_post(struct exchange *x)
{
    struct receipts all = {
        .report.form =
            "one object a line, with id, status (delivered, failed, unknown_number) and time"};
    const struct line_report *r = &all.report;
    struct fault fault = {0};
    enum err err = x->site->notices
                       ? take_report(x, &all, &fault)
                       : fault_set(&fault, ERR_UNAVAILABLE, "this server only answers");
    if (err)
        route_fail_at(x, err, &fault);
    else
        json_send(x, json_pack("{s:I, s:I, s:I, s:O}", "taken", (json_int_t)r->taken, "known",
                               (json_int_t)r->known, "refused_count", (json_int_t)r->refused,
                               "refused", r->shown));
    line_report_release(&all.report);
    free(all.lines);
    free(all.words);
}

enum err notices_receipts_admit(struct exchange *x)
{
    return guard_knock(x, API_SCOPE_NOTICES);
}

/* ---- the list ---- */

void notices_list(struct exchange *x)
{
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
    const struct feed_file sent = {file.fd, file.bytes, str_z(tag), lists_media_type(asked.pack)};
    feed_send_file(x, &sent);
}

/* ---- /metrics ---- */

static void put_line(struct buf *out, const char *name, const struct notices_figure *f,
                     uint64_t value)
{
    buf_printf(out, "tamga_notices_%s{operator=\"", name);
    metrics_label(out, f->name);
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
