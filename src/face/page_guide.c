/* SPDX-License-Identifier: Apache-2.0
 *
 * page_guide - "Do I have to verify?", a question a page. Options are links: they work without a
 * script, the browser's way back is the way back, and an answer can be sent to a friend. */
#include <stdio.h>

#include "face/form.h"
#include "face/guide.h"
#include "face/html.h"
#include "face/page.h"

/* A text of the guide by the parts of its key; its {day} is a day of the rules. */
static void say(struct exchange *x, const char *a, const char *b)
{
    const struct rules *rules = service_rules(x->site->service);
    enum text id;
    if (!text_find_parts("guide", a, b, &id))
        return;
    /* Until the day before the duty a device was "here before"; until the day before the amnesty's
     * limit its use speaks for itself. */
    bool of_use = id == TEXT_GUIDE_USED;
    html_say_day(x, id, (of_use ? rules->amnesty_before : rules->duty_from) - 1);
}

/* /guide?way=WAY.OPTION; an empty option: the way itself. */
static void guide_url(struct exchange *x, struct str way, const char *option)
{
    html_url(x, "/guide");
    if (!way.n && !*option)
        return;
    html_put(x, x->lang_asked ? "&amp;way=" : "?way=");
    html_text(x, way);
    html_put(x, way.n && *option ? "." : "");
    html_put(x, option);
}

static void taken(struct exchange *x, const struct guide_place *place, struct str way)
{
    if (!place->count)
        return;
    html_put(x, "<section class=\"taken\"><h2>");
    html_say(x, TEXT_GUIDE_TAKEN);
    html_put(x, "</h2>\n<dl>\n");
    for (size_t i = 0; i < place->count; i++) {
        const struct guide_step *step = &place->steps[i];
        html_put(x, "<div><dt>");
        say(x, step->question, NULL);
        html_put(x, "</dt><dd>");
        say(x, step->question, step->option);
        html_put(x, " <a href=\"");
        size_t before = step->way_bytes ? step->way_bytes - 1 : 0; /* without the dot */
        guide_url(x, (struct str){way.p, before}, "");
        html_put(x, "\">");
        html_say(x, TEXT_GUIDE_CHANGE);
        html_put(x, "</a></dd></div>\n");
    }
    html_put(x, "</dl></section>\n");
}

static void question(struct exchange *x, const struct guide_place *place, struct str way)
{
    html_put(x, "<h2 class=\"question\">");
    say(x, place->question, NULL);
    html_put(x, "</h2>\n<ul class=\"options\">\n");
    for (size_t row = place->first; row < place->end; row++) {
        html_put(x, "<li><a href=\"");
        guide_url(x, way, guide_option(row));
        html_put(x, "\">");
        say(x, place->question, guide_option(row));
        html_put(x, "</a></li>\n");
    }
    html_put(x, "</ul>\n");
}

/* Bought in the country: what to do about its seller, behind the sign-in where there is one. */
static void bought(struct exchange *x)
{
    static const struct {
        const char *path;
        enum text says;
    } ways[] = {{"/apply/bought", TEXT_APPLY_BOUGHT_DO},
                {"/requests/new", TEXT_APPLY_BOUGHT_ASK},
                {"/complaints/new", TEXT_COMPLAINTS_NEW}};
    if (!x->site->portal)
        return;
    html_put(x, "<ul class=\"options\">\n");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        html_put(x, "<li><a href=\"");
        html_url(x, ways[i].path);
        html_put(x, "\">");
        html_say(x, ways[i].says);
        html_put(x, "</a></li>\n");
    }
    html_put(x, "</ul>\n");
}

static void answer(struct exchange *x, const struct guide_place *place)
{
    char help[64];
    snprintf(help, sizeof help, "%s.help", place->answer);
    html_put(x, "<section class=\"outcome\">\n<h2>");
    say(x, "answer", place->answer);
    html_put(x, "</h2>\n<p>");
    say(x, "answer", help);
    html_put(x, "</p>\n");
    if (strcmp(place->answer, "buyer") == 0)
        bought(x);
    html_put(x, "<p class=\"ways\"><a class=\"main\" href=\"");
    html_url(x, "/");
    html_put(x, "\">");
    html_say(x, TEXT_NAV_CHECK);
    html_put(x, "</a> <a href=\"");
    html_url(x, "/guide");
    html_put(x, "\">");
    html_say(x, TEXT_GUIDE_AGAIN);
    html_put(x, "</a></p>\n</section>\n");
}

static void guide_page(struct exchange *x, const struct guide_place *place, struct str way)
{
    struct buf query = {0};
    if (way.n) {
        buf_str(&query, STR("way="));
        buf_str(&query, way);
    }
    html_begin(x, &(struct html_page){.title = TEXT_GUIDE_HEADING,
                                      .path = "/guide",
                                      .query = {(const char *)query.p, query.n}});
    html_put(x, "<h1>");
    html_say(x, TEXT_GUIDE_HEADING);
    html_put(x, "</h1>\n");
    if (!place->count) {
        html_put(x, "<p class=\"lead\">");
        html_say(x, TEXT_GUIDE_LEAD);
        html_put(x, "</p>\n");
    }
    if (place->question)
        question(x, place, way);
    else
        answer(x, place);
    taken(x, place, way);
    html_end(x);
    buf_release(&query);
}

void page_guide(struct exchange *x)
{
    struct buf asked = {0};
    struct guide_place place;
    bool found;
    enum err err = form_value(x->query, "way", &asked, &found);
    struct str way = {asked.n ? (const char *)asked.p : "", asked.n};
    if (!err && !guide_walk(way, &place))
        err = ERR_NOT_FOUND;
    if (err)
        route_fail(x, err);
    else
        guide_page(x, &place, way);
    buf_release(&asked);
}
