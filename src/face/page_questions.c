/* SPDX-License-Identifier: Apache-2.0
 *
 * page_questions - questions and answers about verification. Days and time limits are those of the
 * rules in force, so that the page cannot say another day than the answers do. */
#include "face/html.h"
#include "face/page.h"

static void question(struct exchange *x, enum text id)
{
    html_put(x, "<h2>");
    html_say(x, id);
    html_put(x, "</h2>\n");
}

static void paragraph(struct exchange *x, enum text id)
{
    html_put(x, "<p>");
    html_say(x, id);
    html_put(x, "</p>\n");
}

static void paragraph_day(struct exchange *x, enum text id, daynum day)
{
    html_put(x, "<p>");
    html_say_day(x, id, day);
    html_put(x, "</p>\n");
}

static void list(struct exchange *x, const enum text *ids, size_t count)
{
    html_put(x, "<ul>\n");
    for (size_t i = 0; i < count; i++) {
        html_put(x, "<li>");
        html_say(x, ids[i]);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ul>\n");
}

/* A door and, where it has one, its address. */
static void door(struct exchange *x, const struct face *face)
{
    html_put(x, "<li>");
    enum text id;
    if (text_find_parts("face", face->name, "where", &id))
        html_say(x, id);
    if (face->address[0]) {
        html_put(x, ": <a href=\"");
        html_text(x, str_z(face->address));
        html_put(x, "\">");
        html_text(x, str_z(face->address));
        html_put(x, "</a>");
    }
    html_put(x, "</li>\n");
}

static void where(struct exchange *x)
{
    question(x, TEXT_FAQ_WHERE_Q);
    paragraph(x, TEXT_FAQ_WHERE_A);
    html_put(x, "<ul>\n");
    for (size_t i = 0; x->site->faces && i < FACE_COUNT; i++)
        door(x, &x->site->faces->face[i]);
    html_put(x, "</ul>\n");
    paragraph(x, TEXT_FAQ_WHERE_REFRAIN);
}

static void who(struct exchange *x)
{
    static const enum text brought[] = {TEXT_FAQ_WHO_IMPORTER, TEXT_FAQ_WHO_PERSON};
    question(x, TEXT_FAQ_WHO_Q);
    paragraph(x, TEXT_FAQ_WHO_BROUGHT);
    list(x, brought, 2);
    paragraph(x, TEXT_FAQ_WHO_MAKER);
    paragraph(x, TEXT_FAQ_WHO_CENTRE);
}

static void otherwise(struct exchange *x, const struct rules *rules)
{
    struct buf day = {0}, days = {0}, n = {0};
    uint64_t grace = (uint64_t)rules->grace_days;
    text_date(&day, x->lang, rules->enforce_after);
    text_number(&n, x->lang, grace);
    const struct text_var number = {"n", {(const char *)n.p, n.n}};
    text_format(&days, text_plural(x->lang, TEXT_DAYS_CALENDAR, grace), &number, 1);
    const struct text_var vars[] = {{"day", {(const char *)day.p, day.n}},
                                    {"days", {(const char *)days.p, days.n}}};
    question(x, TEXT_FAQ_OTHERWISE_Q);
    html_put(x, "<p>");
    html_say_vars(x, TEXT_FAQ_OTHERWISE_A, vars, 2);
    html_put(x, "</p>\n");
    paragraph(x, TEXT_FAQ_OTHERWISE_DAY);
    buf_release(&day);
    buf_release(&days);
    buf_release(&n);
}

void page_questions(struct exchange *x)
{
    const struct rules *rules = service_rules(x->site->service);
    html_begin(x, &(struct html_page){.title = TEXT_FAQ_HEADING, .path = "/questions"});
    html_put(x, "<article class=\"questions\">\n<h1>");
    html_say(x, TEXT_FAQ_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_FAQ_LEAD);
    html_put(x, "</p>\n");
    question(x, TEXT_FAQ_WHAT_Q);
    paragraph(x, TEXT_FAQ_WHAT_A);
    question(x, TEXT_FAQ_AIM_Q);
    paragraph(x, TEXT_FAQ_AIM_A);
    paragraph_day(x, TEXT_FAQ_AIM_LIMITS, rules->duty_from - 1);
    where(x);
    question(x, TEXT_FAQ_IMEI_Q);
    paragraph(x, TEXT_FAQ_IMEI_A);
    who(x);
    html_put(x, "<p><a href=\"");
    html_url(x, "/guide");
    html_put(x, "\">");
    html_say(x, TEXT_GUIDE_HEADING);
    html_put(x, "</a></p>\n");
    otherwise(x, rules);
    question(x, TEXT_FAQ_LAW_Q);
    paragraph(x, TEXT_FOOTER_ORDER);
    paragraph_day(x, TEXT_FAQ_LAW_SINCE, rules->duty_from);
    html_put(x, "</article>\n");
    html_end(x);
}
