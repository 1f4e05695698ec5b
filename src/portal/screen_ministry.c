/* SPDX-License-Identifier: Apache-2.0
 *
 * The ministry's pages: what was counted, with its time; how far the journal is proved, its latest blocks, the entries
 * of one IMEI. Each count is the last that a thread of its own made, so no page waits for one. */
#include <stdlib.h>

#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/ministry.h"
#include "portal/screens.h"

static const uint32_t ministry = ROLE_BIT(ROLE_MINISTRY);

/* ---- tables of two columns ---- */

static void table_open(struct exchange *x, enum text caption, enum text of, enum text count)
{
    html_put(x, "<table class=\"rows figures\">\n<caption>");
    html_say(x, caption);
    html_put(x, "</caption>\n<thead><tr><th scope=\"col\">");
    html_say(x, of);
    html_put(x, "</th><th scope=\"col\">");
    html_say(x, count);
    html_put(x, "</th></tr></thead>\n<tbody>\n");
}

static void table_close(struct exchange *x)
{
    html_put(x, "</tbody>\n</table>\n");
}

static void row_open(struct exchange *x)
{
    html_put(x, "<tr><th scope=\"row\">");
}

static void row_number(struct exchange *x, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    html_put(x, "</th><td>");
    html_text(x, (struct str){digits.n ? (const char *)digits.p : "", digits.n});
    html_put(x, "</td></tr>\n");
    buf_release(&digits);
}

static void name_of(struct exchange *x, struct registry *reg, uint64_t party)
{
    struct party p;
    if (!store_party_get(reg->store, party, &p, NULL))
        html_text(x, p.kind == PARTY_BODY ? screen_body(x, str_z(p.name)) : str_z(p.name));
}

static void heading(struct exchange *x, enum text says)
{
    html_put(x, "<h2>");
    html_say(x, says);
    html_put(x, "</h2>\n");
}

static void tell(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

static void counted(struct exchange *x, const struct visit *v, int64_t at_s)
{
    html_put(x, "<p class=\"caption\">");
    html_say(x, at_s ? TEXT_MINISTRY_COUNTED : TEXT_MINISTRY_NOT_YET);
    html_put(x, at_s ? ": " : "");
    screen_time(x, v, at_s);
    html_put(x, "</p>\n");
}

/* ---- figures ---- */

static void imeis(struct exchange *x, const struct visit *v, const struct figures_imeis *f)
{
    heading(x, TEXT_MINISTRY_IMEIS);
    counted(x, v, f->at_s);
    for (unsigned list = 0; list < LIST_COUNT; list++) {
        enum text caption;
        uint64_t total = 0;
        for (uint8_t r = 0; r < REASON_COUNT; r++)
            total += reason_table[r].name && reason_list(r) == (enum list)list ? f->count[r] : 0;
        if (!total || !text_find_parts("list", list_name((enum list)list), "title", &caption))
            continue;
        table_open(x, caption, TEXT_MINISTRY_REASON, TEXT_MINISTRY_COUNT);
        for (uint8_t r = 0; r < REASON_COUNT; r++) {
            if (!f->count[r] || reason_list(r) != (enum list)list)
                continue;
            row_open(x);
            html_say_key(x, "reason", reason_name(r), "internal");
            row_number(x, f->count[r]);
        }
        row_open(x);
        html_say(x, TEXT_MINISTRY_TOTAL);
        row_number(x, total);
        table_close(x);
    }
}

static void states(struct exchange *x, const uint64_t counts[APPLICATION_STATE_COUNT])
{
    for (uint8_t s = 1; s < APPLICATION_STATE_COUNT; s++) {
        if (!counts[s])
            continue;
        row_open(x);
        html_say_key(x, "desk", "state", application_state_name(s));
        row_number(x, counts[s]);
    }
}

static uint64_t sum(const uint64_t counts[APPLICATION_STATE_COUNT])
{
    uint64_t all = 0;
    for (uint8_t s = 1; s < APPLICATION_STATE_COUNT; s++)
        all += counts[s];
    return all;
}

static void one_kind(struct exchange *x, const struct figures *f, uint8_t kind)
{
    enum text caption;
    char h[24], m[24];
    if (!sum(f->cases[kind]) ||
        !text_find_parts("desk.kind", kind_info(kind)->name, NULL, &caption))
        return;
    table_open(x, caption, TEXT_MINISTRY_STATE, TEXT_MINISTRY_COUNT);
    states(x, f->cases[kind]);
    row_open(x);
    html_say(x, TEXT_MINISTRY_OVERDUE);
    row_number(x, f->overdue[kind]);
    if (f->decided[kind]) {
        struct buf time = {0};
        snprintf(h, sizeof h, "%lld", (long long)(f->median_s[kind] / 3600));
        snprintf(m, sizeof m, "%lld", (long long)(f->median_s[kind] / 60 % 60));
        const struct text_var vars[] = {{"h", str_z(h)}, {"m", str_z(m)}};
        text_format(&time, text_get(x->lang, TEXT_DESK_TIME), vars, 2);
        row_open(x);
        html_say(x, TEXT_MINISTRY_MEDIAN);
        html_put(x, "</th><td>");
        html_text(x, (struct str){time.n ? (const char *)time.p : "", time.n});
        html_put(x, "</td></tr>\n");
        buf_release(&time);
    }
    table_close(x);
}

static void applications(struct exchange *x, const struct visit *v, const struct figures *f)
{
    uint64_t all = 0;
    heading(x, TEXT_MINISTRY_APPLICATIONS);
    counted(x, v, f->made_s);
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        all += sum(f->cases[kind]);
        one_kind(x, f, kind);
    }
    if (!all)
        tell(x, TEXT_MINISTRY_NONE);
    if (sum(f->appeals)) {
        table_open(x, TEXT_MINISTRY_APPEALS, TEXT_MINISTRY_STATE, TEXT_MINISTRY_COUNT);
        states(x, f->appeals);
        table_close(x);
    }
    for (uint8_t g = 1; g < GROUND_COUNT; g++) {
        enum text caption;
        if (!sum(f->corrections[g]) ||
            !text_find_parts("correction.ground", ground_name(g), NULL, &caption))
            continue;
        table_open(x, caption, TEXT_MINISTRY_CORRECTIONS, TEXT_MINISTRY_COUNT);
        states(x, f->corrections[g]);
        table_close(x);
    }
}

static void officers(struct exchange *x, struct registry *reg, const struct figures *f)
{
    heading(x, TEXT_MINISTRY_OFFICERS);
    if (!f->officer_count)
        tell(x, TEXT_MINISTRY_NONE);
    for (int d = FIGURES_DAYS - 1; d >= 0; d--) {
        bool open = false;
        for (size_t i = 0; i < f->officer_count; i++) {
            if (!f->officers[i].approved[d])
                continue;
            if (!open) {
                html_put(x, "<table class=\"rows figures\">\n<caption>");
                html_say_day(x, TEXT_MINISTRY_DAY, f->today - (FIGURES_DAYS - 1 - d));
                html_put(x, "</caption>\n<thead><tr><th scope=\"col\">");
                html_say(x, TEXT_MINISTRY_OFFICER);
                html_put(x, "</th><th scope=\"col\">");
                html_say(x, TEXT_MINISTRY_APPROVED);
                html_put(x, "</th></tr></thead>\n<tbody>\n");
            }
            open = true;
            row_open(x);
            name_of(x, reg, f->officers[i].party);
            row_number(x, f->officers[i].approved[d]);
        }
        if (open)
            table_close(x);
    }
}

static void bodies(struct exchange *x, struct registry *reg, const struct figures *f)
{
    heading(x, TEXT_MINISTRY_BODIES);
    if (!f->body_count)
        tell(x, TEXT_MINISTRY_NONE);
    for (size_t i = 0; i < f->body_count; i++) {
        html_put(x, "<table class=\"rows figures\">\n<caption>");
        name_of(x, reg, f->bodies[i].party);
        html_put(x, "</caption>\n<thead><tr><th scope=\"col\">");
        html_say(x, TEXT_MARKS_MARK);
        html_put(x, "</th><th scope=\"col\">");
        html_say(x, TEXT_MINISTRY_COUNT);
        html_put(x, "</th></tr></thead>\n<tbody>\n");
        for (uint8_t kind = MARK_STOLEN; kind <= MARK_PENITENTIARY; kind++) {
            if (!f->bodies[i].marks[kind])
                continue;
            row_open(x);
            html_say_key(x, "marks.kind", mark_kind_name(kind), NULL);
            row_number(x, f->bodies[i].marks[kind]);
        }
        table_close(x);
    }
}

static void download(struct exchange *x, const char *path, enum text says)
{
    html_put(x, "<a download href=\"");
    html_put(x, path);
    html_put(x, "\">");
    html_say(x, says);
    html_put(x, "</a>\n");
}

void screen_ministry(struct exchange *x)
{
    struct visit v;
    struct ministry_count *c = NULL;
    if (!screen_visit(x, ministry, false, &v))
        return;
    enum err err = ministry_count(x, &v, &c);
    if (err) {
        apply_fail(x, &v, err);
    } else {
        screen_begin(x, &v, TEXT_MINISTRY_HEADING, "/ministry");
        html_put(x, "<h1>");
        html_say(x, TEXT_MINISTRY_HEADING);
        html_put(x, "</h1>\n<p class=\"ways\">");
        cabinet_link(x, "", "/ministry/journal", TEXT_MINISTRY_JOURNAL);
        cabinet_link(x, "", "/operators", TEXT_REPORTS_HEADING);
        cabinet_link(x, "", "/findings", TEXT_REPORTS_FINDINGS);
        download(x, "/api/v1/figures.csv", TEXT_MINISTRY_TABLE);
        download(x, "/api/v1/figures.csv?for=public", TEXT_MINISTRY_TABLE_PUBLIC);
        html_put(x, "</p>\n");
        imeis(x, &v, &c->imeis);
        applications(x, &v, &c->figures);
        officers(x, v.office.registry, &c->figures);
        bodies(x, v.office.registry, &c->figures);
        screen_end(x);
    }
    free(c);
    portal_leave(&v);
}

/* ---- the journal ---- */

static void row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void hash(struct exchange *x, enum text label, const uint8_t bytes[SHA256_BYTES])
{
    char hex[2 * SHA256_BYTES + 1];
    sha256_hex(bytes, hex);
    row(x, label);
    html_put(x, "<code class=\"hash\">");
    html_put(x, hex);
    html_put(x, "</code>");
    row_end(x);
}

static void number(struct exchange *x, enum text label, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    row(x, label);
    html_text(x, (struct str){digits.n ? (const char *)digits.p : "", digits.n});
    row_end(x);
    buf_release(&digits);
}

/* Whole, as far as it was proved, or not. */
static void verdict(struct exchange *x, const struct visit *v, bool whole, int64_t at_s)
{
    row(x, TEXT_MINISTRY_STATE);
    html_put(x, whole ? "<span class=\"expect white\">" : "<span class=\"expect black\">");
    html_sign(x, whole ? "white" : "black");
    html_say(x, whole ? TEXT_MINISTRY_WHOLE : TEXT_MINISTRY_BROKEN);
    html_put(x, "</span>");
    row_end(x);
    row(x, TEXT_MINISTRY_PROVED_AT);
    if (at_s)
        screen_time(x, v, at_s);
    else
        html_say(x, TEXT_MINISTRY_NOT_YET);
    row_end(x);
}

static void proof(struct exchange *x, const struct visit *v)
{
    struct figures_proof p;
    figures_worker_proof(portal_figures(v->portal), &p);
    heading(x, TEXT_MINISTRY_PROVED);
    html_put(x, "<ul class=\"sessions\">\n<li>\n<h3>");
    html_say(x, TEXT_MINISTRY_JOURNAL);
    html_put(x, "</h3>\n<dl>\n");
    verdict(x, v, !p.journal.found, p.journal.at_s);
    number(x, TEXT_MINISTRY_THROUGH, p.journal.next_seq ? p.journal.next_seq - 1 : 0);
    number(x, TEXT_MINISTRY_BLOCKS, p.journal.blocks);
    hash(x, TEXT_MINISTRY_HASH, p.journal.prev);
    html_put(x, "</dl>\n</li>\n<li>\n<h3>");
    html_say(x, TEXT_MINISTRY_AUDIT);
    html_put(x, "</h3>\n<dl>\n");
    verdict(x, v, !p.audit.found, p.audit.at_s);
    number(x, TEXT_MINISTRY_PAGES, p.audit.pages);
    html_put(x, "</dl>\n</li>\n</ul>\n");
}

static enum err blocks(struct exchange *x, const struct visit *v)
{
    struct ministry_block all[MINISTRY_BLOCKS];
    size_t n = 0;
    enum err err = ministry_blocks(v->office.registry, all, &n, NULL);
    heading(x, TEXT_MINISTRY_LATEST);
    html_put(x, "<ul class=\"sessions\">\n");
    for (size_t i = 0; !err && i < n; i++) {
        html_put(x, "<li>\n<dl>\n");
        number(x, TEXT_MINISTRY_FIRST, all[i].header.first_seq);
        number(x, TEXT_MINISTRY_ITEMS, all[i].header.item_count);
        row(x, TEXT_MINISTRY_WRITTEN);
        screen_time(x, v, all[i].header.written_us / 1000000);
        row_end(x);
        hash(x, TEXT_MINISTRY_HASH, all[i].hash);
        hash(x, TEXT_MINISTRY_ROOT, all[i].root);
        html_put(x, "</dl>\n</li>\n");
    }
    html_put(x, "</ul>\n");
    return err;
}

static void find_form(struct exchange *x, const struct visit *v, struct str typed, enum err wrong)
{
    static const enum text hint = TEXT_MINISTRY_FIND_HINT;
    enum text why = TEXT_ERROR_HEADING;
    if (wrong && !text_find_parts(err_info(wrong)->text_id, NULL, NULL, &why))
        why = TEXT_ERROR_HEADING;
    heading(x, TEXT_MINISTRY_FIND);
    screen_form(x, v, "/ministry/journal", "ask");
    screen_field(x, &(struct screen_field){.name = "imei",
                                           .attributes = "inputmode=\"numeric\" "
                                                         "autocomplete=\"off\" maxlength=\"64\" "
                                                         "class=\"digits\"",
                                           .label = TEXT_MARKS_FIND,
                                           .hint = &hint,
                                           .wrong = wrong ? &why : NULL,
                                           .value = typed});
    html_put(x, "<p class=\"ways\"><button class=\"second\">");
    html_say(x, TEXT_MARKS_FIND_BUTTON);
    html_put(x, "</button></p>\n</form>\n");
}

static void line(struct exchange *x, const struct visit *v, const struct audit_line *l)
{
    html_put(x, "<li>\n<dl>\n");
    number(x, TEXT_MINISTRY_ENTRY, l->seq);
    row(x, TEXT_MARKS_BY);
    name_of(x, v->office.registry, l->entry.actor);
    html_put(x, l->entry.actor ? ", " : "");
    screen_time(x, v, l->entry.time_ms / 1000);
    row_end(x);
    if (l->entry.document_n) {
        row(x, TEXT_MARKS_ORDER);
        html_text(x, (struct str){l->entry.document, l->entry.document_n});
        row_end(x);
    }
    row(x, TEXT_MINISTRY_WAS);
    html_say_key(x, "reason", reason_name(l->item.row.before), "internal");
    row_end(x);
    row(x, TEXT_MINISTRY_BECAME);
    html_say_key(x, "reason", reason_name(l->item.row.after.reason), "internal");
    row_end(x);
    html_put(x, "</dl>\n</li>\n");
}

static enum err lines(struct exchange *x, struct visit *v, struct imei imei)
{
    struct audit_line *all = calloc(MINISTRY_LINES, sizeof *all);
    size_t n = 0;
    enum err err = all ? ministry_lines(v, imei, 0, all, &n, NULL) : ERR_MEMORY;
    html_put(x, "<h2>");
    page_imei(x, imei);
    html_put(x, "</h2>\n");
    if (!err && !n)
        tell(x, TEXT_MINISTRY_NO_ENTRIES);
    html_put(x, n ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; !err && i < n; i++)
        line(x, v, &all[i]);
    html_put(x, n ? "</ul>\n" : "");
    free(all);
    return err;
}

static void begin(struct exchange *x, const struct visit *v)
{
    screen_begin(x, v, TEXT_MINISTRY_JOURNAL, "/ministry/journal");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/ministry", TEXT_MINISTRY_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_MINISTRY_JOURNAL);
    html_put(x, "</h1>\n");
}

static void end(struct exchange *x, struct visit *v, enum err err)
{
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
    portal_leave(v);
}

void screen_ministry_journal(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ministry, false, &v))
        return;
    begin(x, &v);
    proof(x, &v);
    find_form(x, &v, STR(""), ERR_OK);
    end(x, &v, blocks(x, &v));
}

void screen_ministry_find(struct exchange *x)
{
    struct visit v;
    struct buf text = {0};
    struct imei imei;
    if (!screen_visit(x, ministry, true, &v))
        return;
    enum err err = screen_value(x, "imei", &text);
    struct str typed = str_trim((struct str){text.n ? (const char *)text.p : "", text.n});
    enum err wrong = err ? ERR_OK : imei_parse_typed(typed, &imei);
    begin(x, &v);
    if (!err && !wrong)
        err = lines(x, &v, imei);
    find_form(x, &v, wrong ? typed : STR(""), wrong);
    if (wrong)
        x->response->status = 400;
    end(x, &v, err);
    buf_release(&text);
}
