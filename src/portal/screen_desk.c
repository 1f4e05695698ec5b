/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue as a page: what is due first stands first, overdue in red and counted. It tells nothing of
 * applicants; whoever opens one is noted. */
#include "portal/cabinet.h"
#include "portal/screen_clones.h"
#include "portal/screen_complaints.h"
#include "portal/screen_desk.h"

#include "face/form.h"
#include "portal/handlers.h"
#include "portal/screens.h"

enum { ROWS = 25 };

/* ---- what several pages of the desk say ---- */

static int64_t now_of(const struct visit *v)
{
    return clock_now_us(v->office.registry->clock) / 1000000;
}

void desk_officer(const struct visit *v, uint64_t party, char out[LIMIT_NAME + 1])
{
    struct party officer;
    *out = '\0';
    if (party && store_party_get(v->office.registry->store, party, &officer, NULL) == ERR_OK)
        str_copy(out, LIMIT_NAME + 1, str_z(officer.name));
}

void desk_path(const struct application *a, const char *rest, char out[DESK_PATH])
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    snprintf(out, DESK_PATH, "/desk/%s%s", number, rest);
}

bool desk_for_him(const struct visit *v, const struct application *a)
{
    uint64_t me = v->who.party;
    bool against = a->appeal && (a->decided_by == me || a->decided_with == me);
    bool his_proposal = application_proposed_by(a) == me;
    bool free = !a->officer || a->officer == me || a->due_s < now_of(v);
    return a->state == APPLICATION_CHECKING && !against && !his_proposal && free;
}

static void mark(struct exchange *x, const char *class_, const char *key)
{
    html_put(x, "<span class=\"mark ");
    html_put(x, class_);
    html_put(x, "\">");
    html_say_key(x, "desk", "mark", key);
    html_put(x, "</span> ");
}

static bool not_asked(const struct application *a)
{
    return a->findings & (FOUND_BORDER_NOT_ASKED | FOUND_PARCEL_NOT_ASKED);
}

void desk_marks(struct exchange *x, const struct visit *v, const struct application *a)
{
    (void)v;
    if (application_proposed_by(a))
        mark(x, "strong", "second");
    if (a->corrects)
        mark(x, "soft", "correction");
    if (a->appeal)
        mark(x, "strong", "appeal");
    if (not_asked(a))
        mark(x, "warn", "not_asked");
    else if (!a->checked && a->state == APPLICATION_CHECKING)
        mark(x, "soft", "checks");
}

static void say_time(struct exchange *x, enum text id, int64_t working_s)
{
    char h[24], m[24];
    struct buf time = {0};
    snprintf(h, sizeof h, "%lld", (long long)(working_s / 3600));
    snprintf(m, sizeof m, "%lld", (long long)(working_s / 60 % 60));
    const struct text_var vars[] = {{"h", str_z(h)}, {"m", str_z(m)}};
    text_format(&time, text_get(x->lang, TEXT_DESK_TIME), vars, 2);
    html_say_with(x, id, "time", (struct str){time.n ? (const char *)time.p : "", time.n});
    buf_release(&time);
}

void desk_clock(struct exchange *x, const struct visit *v, const struct application *a)
{
    const struct zone *zone = &v->office.registry->zone;
    int64_t now = now_of(v);
    if (!application_open(a)) {
        html_say_key(x, "desk", "state", application_state_name(a->state));
    } else if (a->state == APPLICATION_PAPERS_ASKED) {
        html_say_day(x, TEXT_DESK_PAPERS_BY, zone_day(zone, a->due_s));
    } else if (a->due_s < now) {
        html_put(x, "<strong class=\"late\">");
        html_sign(x, "black");
        say_time(x, TEXT_DESK_LATE, hours_between(v->office.hours, zone, a->due_s, now));
        html_put(x, "</strong>");
    } else {
        say_time(x, TEXT_DESK_LEFT, hours_between(v->office.hours, zone, now, a->due_s));
    }
}

bool desk_next(struct visit *v, uint64_t but, struct application *out)
{
    struct queued page[ROWS], *after = NULL;
    size_t n = ROWS, seen = 0;
    while (n == ROWS && seen < DESK_SCAN_MAX) {
        if (desk_queue(&v->office, after, page, ROWS, &n, NULL))
            return false;
        for (size_t i = 0; i < n; i++) {
            if (page[i].id == but || application_get(v->office.registry, page[i].id, out, NULL))
                continue;
            if ((out->checked || not_asked(out)) && desk_for_him(v, out))
                return true;
            application_release(out);
        }
        seen += n;
        after = &page[ROWS - 1];
    }
    return false;
}

/* ---- what is wanted of the queue ---- */

struct wanted {
    uint8_t kind; /* 0: any */
    enum whose { ALL, MINE, FREE_ONES, SECOND, WHOSE } whose;
    struct queued after;
    bool has_after;
};

static const char *const whose_names[WHOSE] = {"all", "mine", "free", "second"};

static enum err read_wanted(const struct exchange *x, struct wanted *out)
{
    struct buf text = {0};
    bool found = false;
    *out = (struct wanted){0};
    enum err err = form_value(x->query, "kind", &text, &found);
    if (!err && text.n && !kind_find((struct str){(const char *)text.p, text.n}, &out->kind))
        err = ERR_USAGE;
    buf_clear(&text);
    if (!err)
        err = form_value(x->query, "whose", &text, &found);
    for (unsigned i = 0; !err && i < WHOSE; i++)
        if (str_eq((struct str){text.n ? (const char *)text.p : "", text.n}, str_z(whose_names[i])))
            out->whose = (enum whose)i;
    buf_clear(&text);
    if (!err)
        err = form_value(x->query, "after", &text, &out->has_after);
    if (!err && out->has_after) {
        uint64_t due = 0;
        struct str id, head = str_split((struct str){(const char *)text.p, text.n}, '-', &id);
        bool good = str_to_u64(head, INT64_MAX, &due) && str_to_u64(id, INT64_MAX, &out->after.id);
        out->after.due_s = (int64_t)due;
        err = good ? ERR_OK : ERR_USAGE;
    }
    buf_release(&text);
    return err;
}

static bool is_wanted(const struct visit *v, const struct wanted *w, const struct application *a)
{
    bool whose = w->whose == MINE        ? a->officer == v->who.party
                 : w->whose == SECOND    ? application_proposed_by(a) && desk_for_him(v, a)
                 : w->whose == FREE_ONES ? desk_for_him(v, a) && a->officer != v->who.party
                                         : true;
    return whose && (!w->kind || a->kind == w->kind);
}

/* ---- the page ---- */

static void option(struct exchange *x, const char *value, bool chosen)
{
    html_put(x, "<option value=\"");
    html_put(x, value);
    html_put(x, chosen ? "\" selected>" : "\">");
}

static void filter(struct exchange *x, const struct wanted *w)
{
    html_put(x, "<form class=\"filter\" method=\"get\" action=\"/desk\" aria-label=\"");
    html_say(x, TEXT_DESK_FILTER);
    html_put(x, "\">\n");
    if (x->lang_asked) {
        html_put(x, "<input type=\"hidden\" name=\"lang\" value=\"");
        html_put(x, lang_code(x->lang));
        html_put(x, "\">\n");
    }
    html_put(x, "<label for=\"kind\">");
    html_say(x, TEXT_DESK_FILTER_KIND);
    html_put(x, "</label>\n<select id=\"kind\" name=\"kind\">\n");
    option(x, "", !w->kind);
    html_say(x, TEXT_DESK_FILTER_ANY);
    html_put(x, "</option>\n");
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        option(x, kind_info(kind)->name, w->kind == kind);
        html_say_key(x, "desk", "kind", kind_info(kind)->name);
        html_put(x, "</option>\n");
    }
    html_put(x, "</select>\n<label for=\"whose\">");
    html_say(x, TEXT_DESK_FILTER_WHOSE);
    html_put(x, "</label>\n<select id=\"whose\" name=\"whose\">\n");
    for (unsigned i = 0; i < WHOSE; i++) {
        option(x, whose_names[i], w->whose == (enum whose)i);
        html_say_key(x, "desk", "filter", whose_names[i]);
        html_put(x, "</option>\n");
    }
    html_put(x, "</select>\n<button class=\"second\">");
    html_say(x, TEXT_DESK_FILTER_SHOW);
    html_put(x, "</button>\n</form>\n");
}

static void with_whom(struct exchange *x, const struct visit *v, const struct application *a)
{
    char name[LIMIT_NAME + 1];
    desk_officer(v, a->officer, name);
    if (!a->officer)
        html_say(x, TEXT_DESK_FREE);
    else if (a->officer == v->who.party)
        html_say(x, TEXT_DESK_MINE);
    else
        html_say_with(x, TEXT_DESK_WITH, "name", str_z(name));
}

static void row(struct exchange *x, const struct visit *v, const struct application *a)
{
    char number[APPLICATION_NUMBER_TEXT], path[DESK_PATH];
    bool late = a->state == APPLICATION_CHECKING && a->due_s < now_of(v);
    application_number(a, number);
    desk_path(a, "", path);
    html_put(x, late ? "<li class=\"late\"><a class=\"number\" href=\""
                     : "<li><a class=\"number\" href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_put(x, number);
    html_put(x, "</a><span class=\"what\">");
    html_say_key(x, "desk", "kind", kind_info(a->kind)->name);
    html_put(x, ", ");
    html_say_count(x, TEXT_DESK_DEVICES, a->upload ? a->bulk_devices : a->device_count);
    html_put(x, "</span><span class=\"when\">");
    desk_clock(x, v, a);
    html_put(x, "</span><span class=\"whom\">");
    with_whom(x, v, a);
    html_put(x, "</span><span class=\"marks\">");
    desk_marks(x, v, a);
    html_put(x, "</span></li>\n");
}

/* Rows of one page into the buffer of the answer; overdue ones are counted wherever they stand. */
struct found {
    size_t rows;
    struct queued last;
    bool more;
};

static enum err rows(struct exchange *x, struct visit *v, const struct wanted *w, struct found *out)
{
    struct queued page[ROWS];
    size_t n = ROWS, seen = 0;
    enum err err = ERR_OK;
    *out = (struct found){.last = w->after};
    const struct queued *after = w->has_after ? &out->last : NULL;
    while (!err && n == ROWS && out->rows < ROWS && seen < DESK_SCAN_MAX) {
        err = desk_queue(&v->office, after, page, ROWS, &n, NULL);
        for (size_t i = 0; !err && i < n && out->rows < ROWS; i++) {
            struct application a;
            out->last = page[i];
            after = &out->last;
            if (application_get(v->office.registry, page[i].id, &a, NULL))
                continue; /* decided meanwhile; a damaged one is told by `db check` */
            if (is_wanted(v, w, &a)) {
                row(x, v, &a);
                out->rows++;
            }
            application_release(&a);
        }
        seen += n;
    }
    out->more = n == ROWS;
    return err;
}

/* Those whose time is over, among the first DESK_SCAN_MAX: they stand first. */
static enum err count_late(struct visit *v, size_t *out)
{
    struct queued page[ROWS], *after = NULL;
    size_t n = ROWS, seen = 0;
    enum err err = ERR_OK;
    *out = 0;
    while (!err && n == ROWS && seen < DESK_SCAN_MAX) {
        err = desk_queue(&v->office, after, page, ROWS, &n, NULL);
        for (size_t i = 0; !err && i < n; i++) {
            struct application a;
            if (page[i].due_s >= now_of(v))
                return ERR_OK;
            if (application_get(v->office.registry, page[i].id, &a, NULL))
                continue;
            *out += a.state == APPLICATION_CHECKING;
            application_release(&a);
        }
        seen += n;
        after = &page[ROWS - 1];
    }
    return err;
}

static void pages(struct exchange *x, const struct wanted *w, const struct found *found)
{
    char cursor[48], path[160];
    html_put(x, "<p class=\"ways\">");
    if (w->has_after) {
        html_put(x, "<a href=\"");
        html_url(x, "/desk");
        html_put(x, "\">");
        html_say(x, TEXT_DESK_FIRST);
        html_put(x, "</a> ");
    }
    if (found->more) {
        snprintf(cursor, sizeof cursor, "%lld-%llu", (long long)found->last.due_s,
                 (unsigned long long)found->last.id);
        snprintf(path, sizeof path, "/desk?kind=%s&amp;whose=%s&amp;after=%s%s%s",
                 w->kind ? kind_info(w->kind)->name : "", whose_names[w->whose], cursor,
                 x->lang_asked ? "&amp;lang=" : "", x->lang_asked ? lang_code(x->lang) : "");
        html_put(x, "<a rel=\"next\" href=\"");
        html_put(x, path);
        html_put(x, "\">");
        html_say(x, TEXT_DESK_MORE);
        html_put(x, "</a>");
    }
    html_put(x, "</p>\n");
}

static void queue(struct exchange *x, struct visit *v, const struct wanted *w)
{
    size_t late = 0;
    struct found found;
    char n[16];
    enum err err = count_late(v, &late);
    screen_begin(x, v, TEXT_DESK_HEADING, "/desk");
    html_put(x, "<div class=\"desk\">\n<h1>");
    html_say(x, TEXT_DESK_HEADING);
    html_put(x, "</h1>\n<p class=\"count\">");
    snprintf(n, sizeof n, "%zu", late);
    html_put(x, late ? "<strong class=\"late\">" : "<span>");
    if (late) {
        html_sign(x, "black");
        html_say_with(x, TEXT_DESK_OVERDUE_N, "n", str_z(n));
    } else {
        html_say(x, TEXT_DESK_OVERDUE_NONE);
    }
    html_put(x, late ? "</strong></p>\n" : "</span></p>\n");
    if (!err)
        err = complaints_waiting(x, v);
    if (!err)
        err = clones_waiting(x, v);
    html_put(x, "<p class=\"ways\">");
    cabinet_link(x, "", "/operators", TEXT_REPORTS_HEADING);
    cabinet_link(x, "", "/findings", TEXT_REPORTS_FINDINGS);
    html_put(x, "</p>\n");
    filter(x, w);
    size_t without = x->out->n;
    html_put(x, "<ol class=\"queue\">\n");
    if (!err)
        err = rows(x, v, w, &found);
    html_put(x, "</ol>\n");
    if (!err && !found.rows) {
        x->out->n = without; /* no list without a row */
        html_put(x, "<p>");
        html_say(x, TEXT_DESK_EMPTY);
        html_put(x, "</p>\n");
    }
    if (!err)
        pages(x, w, &found);
    html_put(x, "</div>\n");
    screen_end(x);
    if (err)
        screen_fail(x, err);
}

void screen_desk(struct exchange *x)
{
    struct visit v;
    struct wanted wanted;
    if (!screen_visit(x, ROLES_STAFF, false, &v))
        return;
    enum err err = read_wanted(x, &wanted);
    if (err)
        screen_fail(x, err);
    else
        queue(x, &v, &wanted);
    portal_leave(&v);
}
