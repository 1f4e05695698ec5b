/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of an app on a phone: a page with a code that waits for somebody to sign (people/app_door.h), and
 * the page of whoever reads the code with a camera instead. The waiting page loads itself anew, without a
 * script; whoever is disturbed by that stops it and looks when he is ready. */
#include <stdio.h>

#include "face/qr.h"
#include "people/app_door.h"
#include "people/oidc.h"
#include "portal/door.h"
#include "portal/screens.h"

static const char here[] = "/sign-in/app";
enum { LOOKS_EVERY_S = 5 };

static void hidden(struct exchange *x, const char *name, const char *value)
{
    if (!*value)
        return;
    html_put(x, "<input type=\"hidden\" name=\"");
    html_put(x, name);
    html_put(x, "\" value=\"");
    html_text(x, str_z(value));
    html_put(x, "\">");
}

static void page_begin(struct exchange *x, const struct door *d)
{
    door_begin(x, d, TEXT_SIGN_IN_APP_HEADING, here);
    door_say(x, "<h1>", TEXT_SIGN_IN_APP_HEADING, "</h1>\n");
}

static void page_end(struct exchange *x, const struct door *d)
{
    door_way(x, d, "/sign-in", "other", TEXT_SIGN_IN_OTHER);
    screen_end(x);
}

static void code(struct exchange *x, const struct app_door *app)
{
    char url[LIMIT_PUBLIC_URL + 8 + TICKET_TEXT];
    snprintf(url, sizeof url, "%.*s/A/%s", STR_ARG(x->site->public_url), app->ticket);
    html_put(x, "<div class=\"proof-code\">");
    if (qr_svg(x->out, url, text_get(x->lang, TEXT_SIGN_IN_APP_QR)))
        x->out->failed = true;
    html_put(x, "</div>\n");
}

/* Looks now, and, when it is, without loading itself anew any more. */
static void look(struct exchange *x, const struct door *d, bool still, const char *class_,
                 enum text says)
{
    html_put(x, "<form method=\"get\" action=\"");
    html_put(x, here);
    html_put(x, "\">");
    hidden(x, "lang", x->lang_asked ? lang_code(x->lang) : "");
    hidden(x, "next", d->next);
    hidden(x, "still", still ? "1" : "");
    html_put(x, "<button class=\"");
    html_put(x, class_);
    door_say(x, "\">", says, "</button></form>\n");
}

static void show_code(struct exchange *x, const struct door *d, const struct app_door *app)
{
    bool still = screen_still(x);
    if (!still)
        snprintf(x->response->refresh, sizeof x->response->refresh, "%d", LOOKS_EVERY_S);
    page_begin(x, d);
    door_say(x, "<p class=\"lead\">", TEXT_SIGN_IN_APP_LEAD, "</p>\n<section class=\"check\">\n");
    code(x, app);
    door_say(x, "<dl><div><dt>", TEXT_SIGN_IN_APP_CHECK, "</dt><dd><strong class=\"number\">");
    html_put(x, app->check);
    html_put(x, "</strong><br><span class=\"hint\">");
    html_say_with(x, TEXT_SIGN_IN_APP_CHECK_HELP, "origin", x->site->public_url);
    html_put(x, "</span></dd></div></dl>\n");
    door_say(x, "<p role=\"status\">", still ? TEXT_SIGN_IN_APP_STILL_WAIT : TEXT_SIGN_IN_APP_WAIT,
             "</p>\n");
    look(x, d, still, "main", TEXT_SIGN_IN_APP_LOOK);
    if (!still)
        look(x, d, true, "link", TEXT_SIGN_IN_APP_STILL);
    html_put(x, "</section>\n");
    page_end(x, d);
}

static void show_over(struct exchange *x, const struct door *d, enum err why)
{
    x->response->status = why ? err_info(why)->http_status : 200;
    page_begin(x, d);
    if (why)
        door_error_of(x, why);
    else
        door_error_in_words(x, TEXT_SIGN_IN_APP_OVER, TEXT_SIGN_IN_APP_OVER_HELP);
    door_form(x, d, here, "class=\"check\"");
    screen_button(x, TEXT_SIGN_IN_APP_NEW);
    html_put(x, "</form>\n");
    page_end(x, d);
}

/* The browser's own code; a new one where it has none that was made here. *out_over: it is too old. */
static enum err find_code(struct exchange *x, const struct door *d, struct app_door *out,
                          bool *out_over)
{
    const struct registry *reg = d->v.office.registry;
    int64_t now_s = clock_now_us(reg->clock) / 1000000;
    char ticket[TICKET_TEXT];
    struct str mine = portal_door_token(x);
    enum err err = app_door_of_browser(reg, mine, x->site->public_url, now_s, out);
    *out_over = err && app_door_was_of_browser(reg, mine, now_s);
    if (!err || *out_over)
        return ERR_OK;
    app_door_begin(reg, now_s, ticket);
    portal_door_cookie(x, ticket, false);
    return app_door_of_browser(reg, str_z(ticket), x->site->public_url, now_s, out);
}

static void wait(struct exchange *x, struct door *d)
{
    struct app_door app;
    bool over = false;
    enum err err = find_code(x, d, &app, &over);
    if (!err && !over)
        err = portal_enter_app(x, &d->v, &app);
    portal_heard(&d->v, err);
    if (over || err == ERR_NONCE) /* he came in by it before */
        show_over(x, d, ERR_OK);
    else if (err == ERR_NOT_FOUND)
        show_code(x, d, &app);
    else if (err)
        show_over(x, d, err);
    else
        door_go_on(x, d);
}

void screen_app(struct exchange *x)
{
    struct door d;
    if (!door_open(x, &d))
        return;
    if (portal_has_app(d.v.portal))
        wait(x, &d);
    else
        screen_fail(x, ERR_NOT_FOUND);
    portal_leave(&d.v);
}

void screen_app_new(struct exchange *x)
{
    struct door d;
    char ticket[TICKET_TEXT], path[LIMIT_LOCATION];
    if (!door_open(x, &d))
        return;
    const struct registry *reg = d.v.office.registry;
    snprintf(path, sizeof path, "%s%s%.120s", here, *d.next ? "?next=" : "", d.next);
    app_door_begin(reg, clock_now_us(reg->clock) / 1000000, ticket);
    if (portal_has_app(d.v.portal)) {
        screen_go(x, path);
        portal_door_cookie(x, ticket, false);
    } else {
        screen_fail(x, ERR_NOT_FOUND);
    }
    portal_leave(&d.v);
}

/* A camera read the code, not the app: says what it is for. Nothing is looked up. */
void screen_app_scanned(struct exchange *x)
{
    html_begin(x, &(struct html_page){.title = TEXT_SIGN_IN_APP_SCANNED, .path = "/"});
    door_say(x, "<h1>", TEXT_SIGN_IN_APP_SCANNED, "</h1>\n<p class=\"lead\">");
    door_say(x, "", TEXT_SIGN_IN_APP_SCANNED_HELP, "</p>\n");
    screen_end(x);
}

/* ---- the section of other doors ---- */

void door_others(struct exchange *x, const struct door *d)
{
    struct oidc *oidc = portal_oidc(d->v.portal);
    bool app = portal_has_app(d->v.portal);
    if (!oidc && !app)
        return;
    door_say(x, "<section>\n<h2>", TEXT_SIGN_IN_OTHERS, "</h2>\n");
    door_error_of(x, d->other);
    if (oidc) {
        door_say(x, "<p>", TEXT_SIGN_IN_OIDC_WHO, "</p>\n");
        door_way_begin(x, d, "/sign-in/oidc", "second");
        html_say_with(x, TEXT_SIGN_IN_OIDC_WAY, "name", str_z(oidc_name(oidc)));
        html_put(x, "</a></p>\n");
    }
    if (app) {
        door_say(x, "<p>", TEXT_SIGN_IN_APP_WHO, "</p>\n");
        door_way(x, d, here, "second", TEXT_SIGN_IN_APP_WAY);
    }
    html_put(x, "</section>\n");
}
