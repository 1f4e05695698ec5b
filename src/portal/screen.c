/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/screen.h"

#include "face/form.h"
#include "face/page.h"
#include "cases/message.h"
#include "portal/cabinet.h"
#include "portal/screens.h"

/* ---- who looks ---- */

/* Where somebody is led back to after he has signed in: where he is, by GET only. */
static void lead_to_sign_in(struct exchange *x)
{
    char path[LIMIT_LOCATION];
    bool fits = str_eq(x->request->method, STR("GET")) && x->path.n < sizeof path - 24;
    snprintf(path, sizeof path, "/sign-in%s%.*s", fits ? "?next=" : "", fits ? (int)x->path.n : 0,
             x->path.p);
    screen_go(x, path);
}

/* Whom he acted for took it back, or its last day has passed: said once, then he is nobody here. */
static void say_over(struct exchange *x)
{
    portal_cookie(x, NULL);
    x->response->status = 403;
    html_begin(x, &(struct html_page){.title = TEXT_ATTORNEYS_OVER, .path = "/sign-in"});
    html_put(x, "<h1>");
    html_say(x, TEXT_ATTORNEYS_OVER);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_ATTORNEYS_OVER_LEAD);
    html_put(x, "</p>\n<p><a class=\"main\" href=\"");
    html_url(x, "/sign-in");
    html_put(x, "\">");
    html_say(x, TEXT_ATTORNEYS_OVER_SIGN_IN);
    html_put(x, "</a></p>\n");
    screen_end(x);
}

static bool come_in(struct exchange *x, enum err err, const struct visit *v)
{
    if (err == ERR_SESSION && v->who.by_attorney)
        say_over(x);
    else if (err == ERR_SESSION)
        lead_to_sign_in(x);
    else if (err)
        screen_fail(x, err);
    return !err;
}

bool screen_visit(struct exchange *x, uint32_t roles, bool changes, struct visit *out)
{
    struct buf csrf = {0};
    enum err err = changes ? screen_value(x, "csrf", &csrf) : ERR_OK;
    if (!err)
        err = portal_visit(x, roles, changes,
                           (struct str){csrf.n ? (const char *)csrf.p : "", csrf.n}, out);
    buf_release(&csrf);
    return come_in(x, err, out);
}

bool screen_visit_marked(struct exchange *x, uint32_t roles, struct str csrf, struct visit *out)
{
    return come_in(x, portal_visit(x, roles, true, csrf, out), out);
}

void screen_fail(struct exchange *x, enum err err)
{
    route_fail(x, err);
}

void screen_go(struct exchange *x, const char *path)
{
    char *to = x->response->location;
    size_t room = sizeof x->response->location;
    const char *lang = x->lang_asked ? lang_code(x->lang) : "";
    int n = snprintf(to, room, "%s%s%s", path, *lang ? strchr(path, '?') ? "&lang=" : "?lang=" : "",
                     lang);
    if (n < 0 || (size_t)n >= room)
        snprintf(to, room, "/cabinet");
    buf_clear(x->out);
    x->response->status = 303; /* RFC 9110 15.4.4 */
    x->response->content_type = "text/plain; charset=utf-8";
}

/* ---- the frame ---- */

void screen_begin(struct exchange *x, const struct visit *v, enum text title, const char *path)
{
    char csrf[SESSION_CSRF_TEXT];
    struct html_who who = {0};
    struct html_page page = {.title = title, .path = path};
    if (v && v->who.role != ROLE_NONE) {
        bool firm = *v->who.organisation && !v->who.by_attorney;
        session_csrf(v->office.registry, &v->who, csrf);
        who =
            (struct html_who){.name = str_z(firm ? v->who.organisation : v->who.name),
                              .csrf = csrf,
                              .acts_for = v->who.by_attorney ? str_z(v->who.organisation) : STR(""),
                              .told = ROLES_APPLICANT >> v->who.role & 1};
        if (who.told &&
            message_count_unread(v->office.registry, v->who.acts_for, &who.unread, NULL))
            who.unread = 0; /* the page tells the rest all the same */
        page.who = &who;
    }
    html_begin(x, &page);
}

void screen_end(struct exchange *x)
{
    html_end_saying(x, TEXT_CABINET_PRIVACY);
}

/* ---- forms ---- */

static void begin_form(struct exchange *x, const struct visit *v, const char *path,
                       const char *class_, bool files)
{
    html_put(x, files ? "<form method=\"post\" enctype=\"multipart/form-data\" action=\""
                      : "<form method=\"post\" action=\"");
    html_url(x, path);
    html_put(x, "\" class=\"");
    html_put(x, class_);
    html_put(x, "\">\n");
    if (!v || v->who.role == ROLE_NONE)
        return;
    char csrf[SESSION_CSRF_TEXT];
    session_csrf(v->office.registry, &v->who, csrf);
    html_put(x, "<input type=\"hidden\" name=\"csrf\" value=\"");
    html_put(x, csrf);
    html_put(x, "\">\n");
}

void screen_form(struct exchange *x, const struct visit *v, const char *path, const char *class_)
{
    begin_form(x, v, path, class_, false);
}

void screen_form_files(struct exchange *x, const struct visit *v, const char *path,
                       const char *class_)
{
    begin_form(x, v, path, class_, true);
}

enum err screen_value(const struct exchange *x, const char *name, struct buf *out)
{
    bool found;
    return form_value(x->request->body, name, out, &found);
}

bool screen_still(const struct exchange *x)
{
    struct buf value = {0};
    bool found = false;
    if (form_value(x->query, "still", &value, &found))
        found = false;
    buf_release(&value);
    return found;
}

/* " aria-describedby=…" of what stands beside the field. */
static void described(struct exchange *x, const struct screen_field *f)
{
    if (!f->hint && !f->wrong)
        return;
    html_put(x, " aria-describedby=\"");
    if (f->wrong) {
        html_put(x, f->name);
        html_put(x, "-wrong ");
    }
    if (f->hint) {
        html_put(x, f->name);
        html_put(x, "-hint");
    }
    html_put(x, "\"");
    html_put(x, f->wrong ? " aria-invalid=\"true\" autofocus" : "");
}

static void beside(struct exchange *x, const struct screen_field *f)
{
    if (f->hint) {
        html_put(x, "<p class=\"hint\" id=\"");
        html_put(x, f->name);
        html_put(x, "-hint\">");
        html_say(x, *f->hint);
        html_put(x, "</p>\n");
    }
    if (f->wrong) {
        html_put(x, "<div class=\"error\" id=\"");
        html_put(x, f->name);
        html_put(x, "-wrong\">");
        html_sign(x, "hint");
        html_put(x, "<p>");
        html_say(x, *f->wrong);
        html_put(x, "</p></div>\n");
    }
}

void screen_field(struct exchange *x, const struct screen_field *f)
{
    html_put(x, "<div class=\"field\">\n<label for=\"");
    html_put(x, f->name);
    html_put(x, "\">");
    html_say(x, f->label);
    html_put(x, "</label>\n");
    beside(x, f);
    html_put(x, f->lines ? "<textarea id=\"" : "<input id=\"");
    html_put(x, f->name);
    html_put(x, "\" name=\"");
    html_put(x, f->name);
    html_put(x, "\" ");
    html_put(x, f->attributes);
    described(x, f);
    html_put(x, f->lines ? ">\n" : " value=\"");
    html_text(x, f->value);
    html_put(x, f->lines ? "</textarea>\n</div>\n" : "\">\n</div>\n");
}

void screen_button(struct exchange *x, enum text says)
{
    html_put(x, "<button class=\"main\">");
    html_say(x, says);
    html_put(x, "</button>\n");
}

/* ---- names ---- */

struct str screen_body(const struct exchange *x, struct str name)
{
    char key[LIMIT_NAME + 1];
    enum text says;
    str_copy(key, sizeof key, name);
    return text_find_parts("body", key, NULL, &says) ? text_get(x->lang, says) : name;
}

/* ---- moments ---- */

void screen_time(struct exchange *x, const struct visit *v, int64_t utc_s)
{
    if (!utc_s)
        return;
    const struct zone *zone = &v->office.registry->zone;
    daynum day = zone_day(zone, utc_s);
    int64_t minute = (utc_s - zone_day_start(zone, day)) / 60;
    char clock[16];
    snprintf(clock, sizeof clock, ", %02d:%02d", (int)(minute / 60 % 24), (int)(minute % 60));
    struct buf date = {0};
    text_date(&date, x->lang, day);
    html_text(x, (struct str){date.n ? (const char *)date.p : "", date.n});
    html_put(x, clock);
    buf_release(&date);
}

enum err screen_after(const struct exchange *x, const char *name, uint64_t *out)
{
    struct buf text = {0};
    uint64_t after = 0;
    bool found = false;
    enum err err = form_value(x->query, name, &text, &found);
    struct str number = {text.n ? (const char *)text.p : "", text.n};
    if (!err && found && (!str_to_u64(number, INT64_MAX, &after) || !after))
        err = ERR_USAGE;
    buf_release(&text);
    if (!err)
        *out = after;
    return err;
}

static void next_link(struct exchange *x, const struct screen_pages *p, uint64_t next,
                      enum text says)
{
    html_put(x, "<a rel=\"next\" href=\"");
    html_url(x, p->path);
    buf_printf(x->out, "%s%s=%llu\">", x->lang_asked ? "&amp;" : "?", p->name,
               (unsigned long long)next);
    html_say(x, says);
    html_put(x, "</a>");
}

void screen_older(struct exchange *x, const struct screen_pages *p, uint64_t next)
{
    if (!p->after && !next)
        return;
    html_put(x, "<nav class=\"ways\" aria-label=\"");
    html_say(x, p->heading);
    html_put(x, "\">");
    if (p->after)
        cabinet_link(x, "", p->path, TEXT_CABINET_NEWEST);
    if (next)
        next_link(x, p, next, TEXT_CABINET_OLDER);
    html_put(x, "</nav>\n");
}

void screen_following(struct exchange *x, const struct screen_pages *p, uint64_t next)
{
    if (!next)
        return;
    html_put(x, "<p class=\"ways\">");
    next_link(x, p, next, TEXT_DESK_MORE);
    html_put(x, "</p>\n");
}

void screen_wrong(struct exchange *x, const char *id, enum text why)
{
    buf_printf(x->out, "<div class=\"error\" id=\"%s-wrong\">", id);
    html_sign(x, "hint");
    html_put(x, "<p>");
    html_say(x, why);
    html_put(x, "</p></div>\n");
}

void screen_trouble(struct exchange *x, enum err err)
{
    html_put(x, "<div class=\"error\" role=\"alert\">");
    html_sign(x, "hint");
    html_put(x, "<div><p><strong>");
    html_say_key(x, err_info(err)->text_id, NULL, NULL);
    html_put(x, "</strong></p><p>");
    html_say_key(x, err_info(err)->text_id, "help", NULL);
    html_put(x, "</p></div></div>\n");
}

void screen_receipt_head(struct exchange *x, struct str receipt)
{
    html_put(x, "<article class=\"answer white\">\n<header>");
    html_sign(x, "white");
    html_put(x, "<div><p>");
    html_say(x, TEXT_CABINET_ROW_RECEIPT);
    html_put(x, "</p><h2 class=\"number\">");
    html_text(x, receipt);
    html_put(x, "</h2><p>");
    html_say(x, TEXT_CABINET_FILED_KEEP);
    html_put(x, "</p></div></header>\n");
}

void screen_country(struct exchange *x, const char *code)
{
    enum text name;
    if (text_find_parts("apply", "country", code, &name))
        html_say(x, name);
    else
        html_text(x, str_z(code));
}
