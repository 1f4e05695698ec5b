/* SPDX-License-Identifier: Apache-2.0
 *
 * page_number - did the register say so? Whoever holds a print, a court too, types the check number or
 * scans its code. Nothing is stored: the number itself proves the answer, and holds no IMEI. */
#include "face/form.h"
#include "face/html.h"
#include "face/page.h"
#include "face/page_answer.h"

static void row_begin(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void heading(struct exchange *x, const char *sign, const char *list, enum text title)
{
    html_put(x, "<article class=\"answer ");
    html_put(x, list);
    html_put(x, "\">\n<header>");
    html_sign(x, sign);
    html_put(x, "<div><h2>");
    html_say(x, title);
    html_put(x, "</h2>");
}

static void genuine(struct exchange *x, const char *number, const struct check_number *said)
{
    const char *list = list_name(reason_list(said->reason));
    char hhmm[6];
    daynum day = service_local(x->site->service, CHECK_NUMBER_EPOCH + said->minute * 60, hhmm);
    heading(x, list, list, TEXT_NUMBER_GENUINE);
    html_put(x, "</div></header>\n<dl>\n");
    row_begin(x, TEXT_NUMBER_SAID);
    html_put(x, "<strong>");
    html_say_key(x, "list", list, "title");
    html_put(x, "</strong><br>");
    html_say_key(x, "reason", reason_public(said->reason), "public");
    row_end(x);
    row_begin(x, TEXT_FIELD_TIME);
    text_date(x->out, x->lang, day);
    html_put(x, ", ");
    html_put(x, hhmm);
    row_end(x);
    row_begin(x, TEXT_FIELD_NUMBER);
    html_put(x, "<span class=\"number\">");
    html_put(x, number);
    html_put(x, "</span><br><span class=\"hint\">");
    html_say(x, TEXT_NUMBER_NO_IMEI);
    html_put(x, "</span>");
    page_number_qr(x, number);
    row_end(x);
    html_put(x, "</dl>\n<p class=\"note\">");
    html_say(x, TEXT_NUMBER_NOW);
    html_put(x, "</p>\n</article>\n");
}

static void forged(struct exchange *x, struct str typed)
{
    heading(x, "hint", "doubt", TEXT_NUMBER_UNKNOWN);
    html_put(x, "<p><span class=\"typed\">");
    html_text(x, typed);
    html_put(x, "</span></p><p>");
    html_say(x, TEXT_NUMBER_UNKNOWN_HELP);
    html_put(x, "</p></div></header>\n</article>\n");
}

static void form(struct exchange *x)
{
    html_put(x, "<form class=\"check\" method=\"get\" action=\"/number\">\n");
    if (x->lang_asked) {
        html_put(x, "<input type=\"hidden\" name=\"lang\" value=\"");
        html_put(x, lang_code(x->lang));
        html_put(x, "\">\n");
    }
    html_put(x, "<label for=\"number\">");
    html_say(x, TEXT_NUMBER_LABEL);
    html_put(x, "</label>\n<p class=\"hint\" id=\"hint\">");
    html_say(x, TEXT_NUMBER_HINT);
    html_put(x,
             "</p>\n<input id=\"number\" name=\"number\" class=\"code\" required maxlength=\"64\" "
             "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" "
             "aria-describedby=\"hint\">\n<button class=\"main\">");
    html_say(x, TEXT_NUMBER_BUTTON);
    html_put(x, "</button>\n</form>\n");
}

static void number_page(struct exchange *x, struct str typed)
{
    struct check_number said;
    char number[CHECK_NUMBER_TEXT], query[8 + CHECK_NUMBER_TEXT] = "";
    bool known = typed.n && service_check_number(x->site->service, typed, &said) &&
                 check_number_tidy(typed, number);
    if (known)
        snprintf(query, sizeof query, "number=%s", number);
    html_begin(x, &(struct html_page){
                      .title = TEXT_NUMBER_HEADING, .path = "/number", .query = str_z(query)});
    html_put(x, "<h1>");
    html_say(x, TEXT_NUMBER_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_NUMBER_LEAD);
    html_put(x, "</p>\n");
    if (known)
        genuine(x, number, &said);
    else if (typed.n)
        forged(x, typed);
    form(x);
    html_end(x);
}

void page_number(struct exchange *x)
{
    struct buf asked = {0};
    bool found;
    struct str typed = x->param;
    enum err err = ERR_OK;
    if (!typed.n) {
        err = form_value(x->query, "number", &asked, &found);
        typed = str_trim((struct str){asked.n ? (const char *)asked.p : "", asked.n});
    }
    if (err)
        route_fail(x, err);
    else
        number_page(x, typed);
    buf_release(&asked);
}
