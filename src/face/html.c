/* SPDX-License-Identifier: Apache-2.0 */
#include "face/html.h"

#include <stdio.h>
#include <string.h>

#include "face/asset.h"

void html_put(struct exchange *x, const char *markup)
{
    buf_str(x->out, str_z(markup));
}

void html_text(struct exchange *x, struct str text)
{
    text_html(x->out, text);
}

void html_say(struct exchange *x, enum text id)
{
    html_text(x, face_text(x->face, x->lang, id));
}

void html_say_with(struct exchange *x, enum text id, const char *name, struct str value)
{
    html_say_vars(x, id, &(struct text_var){name, value}, 1);
}

void html_say_vars(struct exchange *x, enum text id, const struct text_var *vars, size_t count)
{
    text_format_html(x->out, text_get(x->lang, id), vars, count);
}

void html_say_day(struct exchange *x, enum text id, daynum day)
{
    struct buf date = {0};
    text_date(&date, x->lang, day);
    html_say_with(x, id, "day", (struct str){(const char *)date.p, date.n});
    buf_release(&date);
}

void html_say_count(struct exchange *x, enum text id, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    const struct text_var var = {"n", {(const char *)digits.p, digits.n}};
    text_format_html(x->out, text_plural(x->lang, id, n), &var, 1);
    buf_release(&digits);
}

void html_say_key(struct exchange *x, const char *a, const char *b, const char *c)
{
    enum text id;
    if (text_find_parts(a, b, c, &id))
        html_say(x, id);
}

void html_sign(struct exchange *x, const char *name)
{
    html_put(x, "<svg class=\"sign\" aria-hidden=\"true\" focusable=\"false\"><use href=\"#sign-");
    html_put(x, name);
    html_put(x, "\"/></svg>");
}

void html_url(struct exchange *x, const char *path)
{
    html_put(x, path);
    if (x->lang_asked) {
        html_put(x, strchr(path, '?') ? "&amp;lang=" : "?lang=");
        html_put(x, lang_code(x->lang));
    }
}

void html_check_url(struct exchange *x)
{
    html_url(x, "/check");
}

static void head(struct exchange *x, enum text title)
{
    html_put(x, "<!doctype html>\n<html lang=\"");
    html_put(x, lang_code(x->lang));
    html_put(x, "\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_say(x, title);
    html_put(x, " – ");
    html_say(x, TEXT_PRODUCT_NAME);
    html_put(x, "</title>\n<link rel=\"icon\" type=\"image/svg+xml\" href=\"");
    html_put(x, asset_table[ASSET_TAMGA_SVG].url);
    html_put(x, "\">\n<link rel=\"stylesheet\" href=\"");
    html_put(x, asset_table[ASSET_STYLE_CSS].url);
    html_put(x, "\">\n");
    if (x->response->script) {
        int first = x->response->script == SCRIPT_SIGN    ? ASSET_SIGN_KK_JS
                    : x->response->script == SCRIPT_FILES ? ASSET_FILES_KK_JS
                                                          : ASSET_PORTAL_KK_JS;
        html_put(x, "<script type=\"module\" src=\"");
        html_put(x, asset_table[first + (int)x->lang].url);
        html_put(x, "\"></script>\n");
    }
    html_put(x, "</head>\n");
}

/* In all three languages, on every page and print, so that nobody takes a sample for an answer. */
static void sample_banner(struct exchange *x)
{
    html_put(x, "<aside class=\"samples-banner\"><div class=\"wide\">");
    for (enum lang lang = 0; lang < LANG_COUNT; lang++) {
        html_put(x, "<p lang=\"");
        html_put(x, lang_code(lang));
        html_put(x, "\">");
        html_text(x, text_get(lang, TEXT_SAMPLE_BANNER));
        html_put(x, "</p>");
    }
    html_put(x, "</div></aside>\n");
}

/* This page in another language. */
static void here_in(struct exchange *x, enum lang lang, const struct html_page *page)
{
    html_text(x, str_z(page->path ? page->path : "/check"));
    html_put(x, "?lang=");
    html_put(x, lang_code(lang));
    if (page->query.n) {
        html_put(x, "&amp;");
        html_text(x, page->query);
    }
}

/* A button where the page was made from a form: it posts the same once more, so that nobody loses
 * an answer by changing the language. */
static void language_item(struct exchange *x, enum lang lang, const struct html_page *page)
{
    html_put(x, "<li>");
    if (lang == x->lang) {
        html_put(x, "<span aria-current=\"true\" lang=\"");
        html_put(x, lang_code(lang));
        html_put(x, "\">");
        html_put(x, lang_name(lang));
        html_put(x, "</span></li>");
        return;
    }
    html_put(x, page->repost_name ? "<form method=\"post\" action=\"" : "<a href=\"");
    here_in(x, lang, page);
    if (page->repost_name) {
        html_put(x, "\"><input type=\"hidden\" name=\"");
        html_put(x, page->repost_name);
        html_put(x, "\" value=\"");
        html_text(x, page->repost_value);
        html_put(x, "\"><button class=\"link\" lang=\"");
    } else {
        html_put(x, "\" hreflang=\"");
        html_put(x, lang_code(lang));
        html_put(x, "\" lang=\"");
    }
    html_put(x, lang_code(lang));
    html_put(x, "\">");
    html_put(x, lang_name(lang));
    html_put(x, page->repost_name ? "</button></form></li>" : "</a></li>");
}

/* What he is told, and how much of it is new. */
static void told(struct exchange *x, const struct html_who *who)
{
    char n[24];
    snprintf(n, sizeof n, "%zu", who->unread);
    html_put(x, "<a href=\"");
    html_url(x, "/messages");
    html_put(x, who->unread ? "\" class=\"unread\">" : "\">");
    if (who->unread)
        html_say_with(x, TEXT_MESSAGES_NEW, "n", str_z(n));
    else
        html_say(x, TEXT_MESSAGES_HEADING);
    html_put(x, "</a> ");
}

/* His name, and the way out. */
static void signed_in(struct exchange *x, const struct html_who *who)
{
    html_put(x, "<form class=\"who\" method=\"post\" action=\"");
    html_url(x, "/sign-out");
    html_put(x, "\"><input type=\"hidden\" name=\"csrf\" value=\"");
    html_put(x, who->csrf);
    html_put(x, "\">");
    if (who->told)
        told(x, who);
    html_put(x, "<a href=\"");
    html_url(x, "/sessions");
    html_put(x, "\">");
    html_text(x, who->name);
    html_put(x, "</a> ");
    if (who->acts_for.n) {
        html_put(x, "<a href=\"");
        html_url(x, "/attorneys");
        html_put(x, "\"><strong>");
        html_say_with(x, TEXT_ATTORNEYS_ACTS, "name", who->acts_for);
        html_put(x, "</strong></a> ");
    }
    html_put(x, "<button class=\"link\">");
    html_say(x, TEXT_NAV_SIGN_OUT);
    html_put(x, "</button></form>\n");
}

static void masthead(struct exchange *x, const struct html_page *page)
{
    html_put(x, "<header class=\"masthead\"><div class=\"wide\">\n<a class=\"home\" href=\"");
    html_url(x, "/");
    html_put(x, "\"><svg class=\"tamga\" aria-hidden=\"true\" focusable=\"false\">"
                "<use href=\"#tamga\"/></svg><span><strong>");
    html_say(x, TEXT_PRODUCT_NAME);
    html_put(x, "</strong><span class=\"tagline\">");
    html_say(x, TEXT_PRODUCT_TAGLINE);
    html_put(x, "</span></span></a>\n<nav class=\"languages\" aria-label=\"");
    html_say(x, TEXT_PAGE_LANGUAGE);
    html_put(x, "\"><ul>");
    for (enum lang lang = 0; lang < LANG_COUNT; lang++)
        language_item(x, lang, page);
    html_put(x, "</ul></nav>\n");
    if (page->who)
        signed_in(x, page->who);
    html_put(x, "</div></header>\n");
}

/* The rooms of the site, on every page. */
static void sections(struct exchange *x, const struct html_page *page)
{
    static const struct {
        const char *path;
        enum text name;
    } all[] = {{"/", TEXT_NAV_CHECK},
               {"/guide", TEXT_NAV_GUIDE},
               {"/questions", TEXT_NAV_QUESTIONS},
               {"/cabinet", TEXT_NAV_CABINET}};
    size_t count = sizeof all / sizeof all[0] - (x->site->portal ? 0 : 1);
    const char *here = page->path ? page->path : "/";
    html_put(x, "<nav class=\"sections\" aria-label=\"");
    html_say(x, TEXT_NAV_LABEL);
    html_put(x, "\"><ul class=\"wide\">");
    for (size_t i = 0; i < count; i++) {
        html_put(x, "<li><a href=\"");
        html_url(x, all[i].path);
        html_put(x, strcmp(here, all[i].path) == 0 ? "\" aria-current=\"page\">" : "\">");
        html_say(x, all[i].name);
        html_put(x, "</a></li>");
    }
    html_put(x, "</ul></nav>\n");
}

void html_begin(struct exchange *x, const struct html_page *page)
{
    x->response->content_type = "text/html; charset=utf-8";
    x->response->language = lang_code(x->lang);
    head(x, page->title);
    html_put(x, "<body>\n<a class=\"skip\" href=\"#main\">");
    html_say(x, TEXT_PAGE_SKIP);
    html_put(x, "</a>\n");
    buf_str(x->out, asset_table[ASSET_SIGNS_SVG].bytes);
    if (x->site->demo)
        sample_banner(x);
    masthead(x, page);
    sections(x, page);
    html_put(x, "<main id=\"main\" class=\"wide\">\n");
}

void html_end(struct exchange *x)
{
    html_end_saying(x, TEXT_FOOTER_PRIVACY);
}

void html_end_saying(struct exchange *x, enum text privacy)
{
    html_put(x, "</main>\n<footer><div class=\"wide\">\n<p>");
    html_say(x, privacy);
    html_put(x, "</p>\n<p>");
    html_say(x, TEXT_FOOTER_ORDER);
    html_put(x, "</p>\n<p>");
    html_say(x, TEXT_FOOTER_NOTE);
    html_put(x, "</p>\n</div></footer>\n</body>\n</html>\n");
}
