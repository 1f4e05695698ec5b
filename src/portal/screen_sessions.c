/* SPDX-License-Identifier: Apache-2.0
 *
 * Where I am signed in: each session, and the end of one or of all but this one. */
#include <stdlib.h>

#include <sodium.h>

#include "portal/screen.h"
#include "portal/screens.h"

enum { ID_TEXT = 2 * SHA256_BYTES + 1 };

static bool is_this(const struct visit *v, const struct session *s)
{
    return memcmp(v->who.id, s->id, sizeof s->id) == 0;
}

/* The one used last first. */
static int by_use(const void *a, const void *b)
{
    const struct session *x = a, *y = b;
    return (x->seen_s < y->seen_s) - (x->seen_s > y->seen_s);
}

static enum err list(struct visit *v, struct session out[SESSION_LIST_MAX], size_t *out_n)
{
    int64_t now_s = clock_now_us(v->office.registry->clock) / 1000000;
    enum err err = session_list(v->office.registry, v->who.party, now_s, out, out_n, NULL);
    if (!err)
        qsort(out, *out_n, sizeof *out, by_use);
    for (size_t i = 1; !err && i < *out_n; i++) /* and before all the one that looks */
        if (is_this(v, &out[i])) {
            struct session mine = out[i];
            memmove(out + 1, out, i * sizeof *out);
            out[0] = mine;
        }
    return err;
}

static void moment(struct exchange *x, const struct visit *v, enum text what, int64_t utc_s)
{
    html_put(x, "<div><dt>");
    html_say(x, what);
    html_put(x, "</dt><dd>");
    screen_time(x, v, utc_s);
    html_put(x, "</dd></div>\n");
}

static void show_one(struct exchange *x, const struct visit *v, const struct session *s)
{
    char id[ID_TEXT];
    html_put(x, "<li>\n<h2>");
    html_say(x, is_this(v, s) ? TEXT_SESSIONS_THIS : TEXT_SESSIONS_OTHER);
    html_put(x, "</h2>\n");
    if (s->acts_for != s->party || *s->organisation) {
        html_put(x, "<p>");
        html_text(x, str_z(s->organisation));
        html_put(x, "</p>\n");
    }
    html_put(x, "<dl>\n");
    moment(x, v, TEXT_SESSIONS_BEGAN, s->created_s);
    moment(x, v, TEXT_SESSIONS_SEEN, s->seen_s);
    html_put(x, "</dl>\n");
    screen_form(x, v, "/sessions", "");
    sha256_hex(s->id, id);
    html_put(x, "<button class=\"second\" name=\"end\" value=\"");
    html_put(x, id);
    html_put(x, "\">");
    html_say(x, is_this(v, s) ? TEXT_NAV_SIGN_OUT : TEXT_SESSIONS_END);
    html_put(x, "</button>\n</form>\n</li>\n");
}

void screen_sessions(struct exchange *x)
{
    struct visit v;
    struct session sessions[SESSION_LIST_MAX];
    size_t n = 0;
    if (!screen_visit(x, ROLES_ALL, false, &v))
        return;
    enum err err = list(&v, sessions, &n);
    if (err) {
        screen_fail(x, err);
        portal_leave(&v);
        return;
    }
    screen_begin(x, &v, TEXT_SESSIONS_HEADING, "/sessions");
    html_put(x, "<h1>");
    html_say(x, TEXT_SESSIONS_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_SESSIONS_LEAD);
    html_put(x, "</p>\n<ul class=\"sessions\">\n");
    for (size_t i = 0; i < n; i++)
        show_one(x, &v, &sessions[i]);
    html_put(x, "</ul>\n");
    if (n > 1) {
        screen_form(x, &v, "/sessions", "");
        html_put(x, "<input type=\"hidden\" name=\"others\" value=\"yes\">\n");
        screen_button(x, TEXT_SESSIONS_END_OTHERS);
        html_put(x, "</form>\n");
    }
    screen_end(x);
    portal_leave(&v);
}

/* Ends those that are meant; *out_this: among them the one that asks. */
static enum err end_those(struct visit *v, struct str id, bool others, bool *out_this)
{
    struct session sessions[SESSION_LIST_MAX];
    char text[ID_TEXT];
    size_t n = 0;
    enum err err = list(v, sessions, &n);
    for (size_t i = 0; !err && i < n; i++) {
        bool this = is_this(v, &sessions[i]);
        sha256_hex(sessions[i].id, text);
        if (others ? this : !str_eq(id, str_z(text)))
            continue;
        err = session_end(portal_committer(v->portal), sessions[i].id, v->who.party);
        portal_note(v, AUDIT_SESSION_END, 0, 0, err);
        *out_this |= this;
    }
    return err;
}

void screen_sessions_end(struct exchange *x)
{
    struct visit v;
    struct buf id = {0}, others = {0};
    bool this = false;
    if (!screen_visit(x, ROLES_ALL, true, &v))
        return;
    enum err err = screen_value(x, "end", &id);
    if (!err)
        err = screen_value(x, "others", &others);
    if (!err)
        err =
            end_those(&v, (struct str){id.n ? (const char *)id.p : "", id.n}, others.n > 0, &this);
    if (err) {
        screen_fail(x, err);
    } else {
        if (this)
            portal_cookie(x, NULL);
        screen_go(x, this ? "/" : "/sessions");
    }
    buf_release(&id);
    buf_release(&others);
    portal_leave(&v);
}
