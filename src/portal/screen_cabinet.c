/* SPDX-License-Identifier: Apache-2.0
 *
 * An applicant's first page: what waits for him, drafts, his applications with their clocks. */
#include "portal/cabinet.h"
#include "portal/screen_files.h"
#include "portal/screen_requests.h"

#include "face/form.h"

enum {
    PAGE = 20,
    LOOK_MOST = 200, /* of the newest, in which what waits for him is looked for */
    TASKS_MOST = 20,
};

/* ---- what the pages share ---- */

const char *cabinet_look(uint8_t state)
{
    switch ((unsigned)state) {
    case APPLICATION_CHECKING:
    case APPLICATION_DECIDING:
        return "exempt";
    case APPLICATION_PAPERS_ASKED:
        return "grey";
    case APPLICATION_APPROVED:
        return "white";
    case APPLICATION_REFUSED:
        return "black";
    default:
        return "unknown";
    }
}

void cabinet_state(struct exchange *x, uint8_t state)
{
    static const char *const signs[] = {[APPLICATION_CHECKING] = "grey",
                                        [APPLICATION_DECIDING] = "grey",
                                        [APPLICATION_PAPERS_ASKED] = "hint",
                                        [APPLICATION_APPROVED] = "white",
                                        [APPLICATION_REFUSED] = "black"};
    html_put(x, "<span class=\"expect ");
    html_put(x, cabinet_look(state));
    html_put(x, "\">");
    if (state < sizeof signs / sizeof *signs && signs[state])
        html_sign(x, signs[state]);
    html_say_key(x, "cabinet", "state", application_state_name(state));
    html_put(x, "</span>");
}

void cabinet_clock(struct exchange *x, const struct visit *v, const struct application *a)
{
    bool open = application_open(a), asked = a->state == APPLICATION_PAPERS_ASKED;
    enum text says = asked                            ? TEXT_CABINET_CLOCK_PAPERS
                     : open                           ? TEXT_CABINET_CLOCK_OPEN
                     : a->state == APPLICATION_CLOSED ? TEXT_CABINET_CLOCK_CLOSED
                                                      : TEXT_CABINET_CLOCK_DECIDED;
    if (a->state == APPLICATION_WITHDRAWN)
        says = TEXT_CABINET_CLOCK_WITHDRAWN;
    html_say(x, says);
    html_put(x, " ");
    if (asked) { /* a whole day: the last one counts */
        struct buf day = {0};
        text_date_through(&day, x->lang, zone_day(&v->office.registry->zone, a->due_s));
        html_text(x, (struct str){day.n ? (const char *)day.p : "", day.n});
        buf_release(&day);
    } else {
        screen_time(x, v, open ? a->due_s : a->decided_s);
    }
}

void cabinet_path(const struct application *a, const char *rest, char out[APPLY_PATH])
{
    char number[APPLICATION_NUMBER_TEXT];
    application_number(a, number);
    snprintf(out, APPLY_PATH, "/cabinet/%s%s", number, rest);
}

void cabinet_link(struct exchange *x, const char *class_, const char *path, enum text says)
{
    html_put(x, "<a class=\"");
    html_put(x, class_);
    html_put(x, "\" href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_say(x, says);
    html_put(x, "</a>\n");
}

/* ---- one of a list ---- */

void cabinet_devices(struct exchange *x, const struct application *a)
{
    if (a->upload)
        html_say_count(x, TEXT_DESK_DEVICES, a->bulk_devices);
    if (!a->device_count)
        return;
    apply_say_device(x, &a->devices[0]);
    if (a->device_count > 1) {
        html_put(x, " ");
        html_say_count(x, TEXT_CABINET_AND_MORE, a->device_count - 1);
    }
}

static void entry(struct exchange *x, const struct visit *v, const struct application *a)
{
    char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
    cabinet_path(a, "", path);
    application_number(a, number);
    html_put(x, "<li><div><a href=\"");
    html_url(x, path);
    html_put(x, "\">");
    cabinet_devices(x, a);
    html_put(x, "</a><br><span class=\"hint\">");
    apply_say_kind(x, a->kind);
    html_put(x, " · <span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></span></div>\n<div>");
    cabinet_state(x, a->state);
    html_put(x, "<br><span class=\"hint\">");
    cabinet_clock(x, v, a);
    html_put(x, "</span></div></li>\n");
}

/* ---- what waits for him ---- */

static bool is_task(const struct visit *v, const struct application *a)
{
    daynum today = registry_today(v->office.registry);
    return a->state == APPLICATION_PAPERS_ASKED ||
           (filing_may_appeal(a) && today <= filing_appeal_keeps(&v->office, a));
}

static void task(struct exchange *x, const struct visit *v, const struct application *a)
{
    bool papers = a->state == APPLICATION_PAPERS_ASKED;
    char path[APPLY_PATH];
    cabinet_path(a, papers ? "/answer" : "", path);
    html_put(x, "<li><div><strong>");
    html_say(x, papers ? TEXT_CABINET_TASK_PAPERS : TEXT_CABINET_TASK_REFUSED);
    html_put(x, "</strong><br>");
    cabinet_devices(x, a);
    html_put(x, "<br><span class=\"hint\">");
    if (papers)
        cabinet_clock(x, v, a);
    else
        html_say_day(x, TEXT_CABINET_APPEAL_KEEPS, filing_appeal_keeps(&v->office, a));
    html_put(x, "</span></div>\n<div>");
    cabinet_link(x, "main", path, papers ? TEXT_CABINET_TASK_ANSWER : TEXT_CABINET_TASK_LOOK);
    html_put(x, "</div></li>\n");
}

static enum err tasks(struct exchange *x, const struct visit *v)
{
    uint64_t ids[LOOK_MOST];
    size_t n = 0, shown = 0;
    enum err err = filing_list(&v->office, &v->who, 0, ids, LOOK_MOST, &n, NULL);
    for (size_t i = 0; !err && i < n && shown < TASKS_MOST; i++) {
        struct application a;
        err = filing_get(&v->office, &v->who, ids[i], &a, NULL);
        if (err)
            break;
        if (is_task(v, &a)) {
            if (!shown++) {
                html_put(x, "<section class=\"tasks\">\n<h2>");
                html_say(x, TEXT_CABINET_TASKS);
                html_put(x, "</h2>\n<ul class=\"cases\">\n");
            }
            task(x, v, &a);
        }
        application_release(&a);
    }
    html_put(x, shown ? "</ul>\n</section>\n" : "");
    return err;
}

/* ---- drafts ---- */

static void draft_entry(struct exchange *x, const struct visit *v, const struct draft *d)
{
    char path[APPLY_PATH];
    size_t device;
    enum apply_step next = apply_next(v, d, &device);
    apply_path(d, next, device, path);
    html_put(x, "<li><div><a href=\"");
    html_url(x, path);
    html_put(x, "\">");
    if (d->device_count) {
        apply_say_device(x, &d->devices[0]);
        html_put(x, " · ");
    }
    apply_say_kind(x, d->kind);
    html_put(x, "</a><br><span class=\"hint\">");
    html_say(x, TEXT_CABINET_DRAFT_UNTIL);
    html_put(x, " ");
    screen_time(x, v, d->until_s);
    html_put(x, "</span></div>\n");
    apply_path(d, APPLY_DROP, 0, path);
    screen_form(x, v, path, "inline");
    html_put(x, "<button class=\"link\">");
    html_say(x, TEXT_APPLY_DROP);
    html_put(x, "</button></form></li>\n");
}

static enum err drafts(struct exchange *x, const struct visit *v)
{
    uint64_t ids[DRAFTS_MAX];
    size_t n = 0, shown = 0;
    enum err err = draft_list(&v->office, &v->who, ids, &n, NULL);
    for (size_t i = 0; !err && i < n; i++) {
        struct draft d;
        err = draft_get(&v->office, &v->who, ids[i], &d, NULL);
        if (err == ERR_NOT_FOUND) { /* over by now */
            err = ERR_OK;
            continue;
        }
        if (err)
            break;
        if (!shown++) {
            html_put(x, "<section>\n<h2>");
            html_say(x, TEXT_CABINET_DRAFTS);
            html_put(x, "</h2>\n<ul class=\"cases\">\n");
        }
        draft_entry(x, v, &d);
    }
    html_put(x, shown ? "</ul>\n</section>\n" : "");
    return err;
}

/* ---- applications ---- */

static void pages(struct exchange *x, bool later, const char *next)
{
    if (!later && !next)
        return;
    html_put(x, "<nav class=\"ways\" aria-label=\"");
    html_say(x, TEXT_CABINET_PAGES);
    html_put(x, "\">");
    if (later)
        cabinet_link(x, "", "/cabinet", TEXT_CABINET_NEWEST);
    if (next) {
        html_put(x, "<a rel=\"next\" href=\"");
        html_url(x, "/cabinet");
        html_put(x, x->lang_asked ? "&amp;after=" : "?after=");
        html_put(x, next);
        html_put(x, "\">");
        html_say(x, TEXT_CABINET_OLDER);
        html_put(x, "</a>");
    }
    html_put(x, "</nav>\n");
}

static enum err applications(struct exchange *x, const struct visit *v, uint64_t after)
{
    uint64_t ids[PAGE + 1];
    char next[APPLICATION_NUMBER_TEXT] = "";
    size_t n = 0;
    enum err err = filing_list(&v->office, &v->who, after, ids, PAGE + 1, &n, NULL);
    if (err)
        return err;
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_CABINET_APPLICATIONS);
    html_put(x, "</h2>\n");
    if (!n) {
        html_put(x, "<p>");
        html_say(x, TEXT_CABINET_EMPTY);
        html_put(x, "</p>\n");
    }
    html_put(x, n ? "<ul class=\"cases\">\n" : "");
    for (size_t i = 0; !err && i < n && i < PAGE; i++) {
        struct application a;
        err = filing_get(&v->office, &v->who, ids[i], &a, NULL);
        if (err)
            break;
        entry(x, v, &a);
        application_number(&a, next);
        application_release(&a);
    }
    html_put(x, n ? "</ul>\n" : "");
    pages(x, after != 0, n > PAGE ? next : NULL);
    html_put(x, "</section>\n");
    return err;
}

/* Of the query: after=NUMBER, from which on the list is shown; full: there is no room for a draft. */
static enum err read_query(const struct exchange *x, uint64_t *out_after, bool *out_full)
{
    struct buf text = {0};
    bool found;
    enum err err = form_value(x->query, "full", &text, out_full);
    buf_clear(&text);
    if (!err)
        err = form_value(x->query, "after", &text, &found);
    if (!err && found &&
        !application_number_parse((struct str){(const char *)text.p, text.n}, out_after))
        err = ERR_NOT_FOUND;
    buf_release(&text);
    return err;
}

void cabinet_home(struct exchange *x, struct visit *v)
{
    uint64_t after = 0;
    bool full = false;
    enum err err = read_query(x, &after, &full);
    if (err) {
        screen_fail(x, err);
        return;
    }
    screen_begin(x, v, TEXT_CABINET_HEADING, "/cabinet");
    html_put(x, "<h1>");
    html_say(x, TEXT_CABINET_HEADING);
    html_put(x, "</h1>\n");
    if (full) {
        html_put(x, "<div class=\"error\" role=\"alert\">");
        html_sign(x, "hint");
        html_put(x, "<p>");
        html_say(x, TEXT_CABINET_DRAFTS_FULL);
        html_put(x, "</p></div>\n");
    }
    html_put(x, "<p>");
    cabinet_link(x, "main", "/apply", TEXT_CABINET_VERIFY);
    html_put(x, "</p>\n<p>");
    cabinet_link(x, "", "/attorneys", TEXT_ATTORNEYS_HEADING);
    html_put(x, " · ");
    cabinet_link(x, "", "/requests", TEXT_REQUESTS_HEADING);
    html_put(x, " · ");
    cabinet_link(x, "", "/complaints", TEXT_COMPLAINTS_HEADING);
    html_put(x, "</p>\n");
    if (!after)
        err = tasks(x, v);
    if (!err && !after)
        err = requests_waiting(x, v);
    if (!err && !after)
        err = drafts(x, v);
    if (!err && !after)
        err = files_waiting(x, v);
    if (!err)
        err = applications(x, v, after);
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}
