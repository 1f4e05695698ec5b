/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages by page: what an applicant is told, newest first. Opening one is a form: it was read from then on, and its
 * application is what is opened. */
#include "cases/claim.h"
#include "face/form.h"
#include "portal/cabinet.h"
#include "portal/message_text.h"
#include "portal/screens.h"

enum { PAGE = 20 };

/* ---- one ---- */

/* What happened, the officer's words, the reasons: a line each. */
static void words(struct exchange *x, const struct message *m)
{
    struct buf text = {0};
    message_words(&text, x->lang, m);
    html_put(x, "<p class=\"said\">");
    html_text(x, (struct str){text.n ? (const char *)text.p : "", text.n});
    html_put(x, "</p>\n");
    x->out->failed |= text.failed;
    buf_release(&text);
}

/* The page that it leads to. */
static void path_of(const struct message *m, char out[APPLY_PATH])
{
    char of = message_of(m);
    snprintf(out, APPLY_PATH, "%s/%s",
             of == CLAIM_REQUEST     ? "/requests"
             : of == CLAIM_COMPLAINT ? "/complaints"
                                     : "/cabinet",
             m->application);
}

/* Where it leads; a screen reader hears to which application. */
static void way(struct exchange *x, const struct visit *v, const struct message *m, bool unread)
{
    char path[APPLY_PATH];
    if (unread)
        snprintf(path, sizeof path, "/messages/%llu", (unsigned long long)m->number);
    else
        path_of(m, path);
    if (unread) {
        screen_form(x, v, path, "inline");
        html_put(x, "<button class=\"second\">");
    } else {
        html_put(x, "<a href=\"");
        html_url(x, path);
        html_put(x, "\">");
    }
    html_say(x, TEXT_MESSAGES_OPEN);
    html_put(x, "<span class=\"heard\"> ");
    html_text(x, str_z(m->application));
    html_put(x, unread ? "</span></button></form>" : "</span></a>");
}

static enum err entry(struct exchange *x, const struct visit *v, uint64_t number)
{
    struct registry *reg = v->office.registry;
    struct message m;
    bool unread = false;
    enum err err = message_get(reg, v->who.acts_for, number, &m, NULL);
    if (!err)
        err = message_unread(reg, v->who.acts_for, number, &unread, NULL);
    if (err)
        return err;
    html_put(x, unread ? "<li class=\"unread\"><div><span class=\"hint\">"
                       : "<li><div><span class=\"hint\">");
    screen_time(x, v, m.at_s);
    html_put(x, "</span>");
    if (unread) {
        html_put(x, " <strong class=\"mark strong\">");
        html_say(x, TEXT_MESSAGES_UNREAD);
        html_put(x, "</strong>");
    }
    words(x, &m);
    html_put(x, "</div>\n<div>");
    way(x, v, &m, unread);
    html_put(x, "</div></li>\n");
    return ERR_OK;
}

/* ---- GET /messages?after=ID ---- */

static enum err read_after(const struct exchange *x, uint64_t *out)
{
    struct buf text = {0};
    bool found;
    enum err err = form_value(x->query, "after", &text, &found);
    *out = 0;
    if (!err && found && !str_to_u64((struct str){(const char *)text.p, text.n}, INT64_MAX, out))
        err = ERR_NOT_FOUND;
    buf_release(&text);
    return err;
}

static void pages(struct exchange *x, bool later, uint64_t next)
{
    if (!later && !next)
        return;
    html_put(x, "<nav class=\"ways\" aria-label=\"");
    html_say(x, TEXT_MESSAGES_PAGES);
    html_put(x, "\">");
    if (later)
        cabinet_link(x, "", "/messages", TEXT_CABINET_NEWEST);
    if (next) {
        html_put(x, "<a rel=\"next\" href=\"");
        html_url(x, "/messages");
        buf_printf(x->out, "%safter=%llu\">", x->lang_asked ? "&amp;" : "?",
                   (unsigned long long)next);
        html_say(x, TEXT_CABINET_OLDER);
        html_put(x, "</a>");
    }
    html_put(x, "</nav>\n");
}

static enum err list(struct exchange *x, const struct visit *v, uint64_t after)
{
    uint64_t numbers[PAGE + 1];
    size_t n = 0;
    enum err err =
        message_list(v->office.registry, v->who.acts_for, after, numbers, PAGE + 1, &n, NULL);
    if (err)
        return err;
    if (!n) {
        html_put(x, "<p>");
        html_say(x, TEXT_MESSAGES_NONE);
        html_put(x, "</p>\n");
    }
    html_put(x, n ? "<ul class=\"cases messages\">\n" : "");
    for (size_t i = 0; !err && i < n && i < PAGE; i++)
        err = entry(x, v, numbers[i]);
    html_put(x, n ? "</ul>\n" : "");
    pages(x, after != 0, n > PAGE ? numbers[PAGE - 1] : 0);
    return err;
}

void screen_messages(struct exchange *x)
{
    struct visit v;
    uint64_t after = 0;
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    enum err err = read_after(x, &after);
    if (!err) {
        screen_begin(x, &v, TEXT_MESSAGES_HEADING, "/messages");
        html_put(x, "<p class=\"caption\">");
        cabinet_link(x, "", "/cabinet", TEXT_CABINET_HEADING);
        html_put(x, "</p>\n<h1>");
        html_say(x, TEXT_MESSAGES_HEADING);
        html_put(x, "</h1>\n");
        err = list(x, &v, after);
    }
    if (err)
        apply_fail(x, &v, err);
    else
        screen_end(x);
    portal_leave(&v);
}

/* ---- POST /messages/ID: it was read; its application is opened ---- */

void screen_message_open(struct exchange *x)
{
    struct visit v;
    struct message m;
    uint64_t number = 0;
    char path[APPLY_PATH];
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    enum err err = str_to_u64(x->param, INT64_MAX, &number) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = message_get(v.office.registry, v.who.acts_for, number, &m, NULL);
    if (!err)
        err = message_read(&v.office, v.who.acts_for, number, NULL);
    if (err) {
        apply_fail(x, &v, err);
    } else {
        path_of(&m, path);
        screen_go(x, path);
    }
    portal_leave(&v);
}
