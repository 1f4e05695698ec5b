/* SPDX-License-Identifier: Apache-2.0
 *
 * page_style - what the pages are made of, on one page: for who builds the next one, and for tests that
 * look at every component. Tokens and signs are read out of the style and the signs themselves, so nothing
 * here can differ from what the other pages show. */
#include "face/asset.h"
#include "face/html.h"
#include "face/page.h"
#include "face/page_answer.h"

static void section(struct exchange *x, enum text heading)
{
    html_put(x, "<section class=\"shown\">\n<h2>");
    html_say(x, heading);
    html_put(x, "</h2>\n");
}

static void section_end(struct exchange *x)
{
    html_put(x, "</section>\n");
}

static void code(struct exchange *x, struct str name)
{
    html_put(x, " <code>");
    html_text(x, name);
    html_put(x, "</code></li>\n");
}

/* --- tokens --- */

static bool is_space(struct str name)
{
    return str_starts(name, STR("--space-"));
}

static bool is_text(struct str name)
{
    return str_starts(name, STR("--text-"));
}

static void colour(struct exchange *x, struct str name)
{
    html_put(x, "<li><svg class=\"swatch\" aria-hidden=\"true\" focusable=\"false\">"
                "<rect width=\"100%\" height=\"100%\" fill=\"var(");
    html_text(x, name);
    html_put(x, ")\"/></svg>");
    code(x, name);
}

static void space(struct exchange *x, struct str name)
{
    html_put(x, "<li><svg class=\"bar\" aria-hidden=\"true\" focusable=\"false\">"
                "<rect height=\"100%\" width=\"var(");
    html_text(x, name);
    html_put(x, ")\"/></svg>");
    code(x, name);
}

static void size(struct exchange *x, struct str name)
{
    html_put(x, "<li><span class=\"show-");
    html_text(x, (struct str){name.p + 7, name.n - 7}); /* after "--text-" */
    html_put(x, "\">");
    html_say(x, TEXT_STYLE_ALPHABET);
    html_put(x, "</span>");
    code(x, name);
}

/* The tokens of the style's first rule (:root) that one of the three functions shows. */
static void tokens(struct exchange *x, void (*show)(struct exchange *x, struct str name))
{
    struct str css = asset_table[ASSET_STYLE_CSS].bytes;
    (void)str_split(css, '{', &css);
    css = str_split(css, '}', &css);
    html_put(x, "<ul class=\"tokens\">\n");
    while (css.n) {
        struct str value, name = str_trim(str_split(str_split(css, ';', &css), ':', &value));
        value = str_trim(value);
        bool wanted = is_space(name)  ? show == space
                      : is_text(name) ? show == size
                                      : show == colour && str_starts(value, STR("#"));
        if (wanted)
            show(x, name);
    }
    html_put(x, "</ul>\n");
}

static void signs(struct exchange *x)
{
    static const struct str mark = {"id=\"sign-", 9};
    struct str svg = asset_table[ASSET_SIGNS_SVG].bytes;
    html_put(x, "<ul class=\"tokens\">\n<li><svg class=\"tamga\" aria-hidden=\"true\" "
                "focusable=\"false\"><use href=\"#tamga\"/></svg>");
    code(x, STR("tamga"));
    for (const char *p; (p = memmem(svg.p, svg.n, mark.p, mark.n));) {
        struct str name = {p + mark.n, svg.n - (size_t)(p + mark.n - svg.p)};
        name = str_split(name, '"', &svg);
        char text[24];
        str_copy(text, sizeof text, name);
        html_put(x, "<li>");
        html_sign(x, text);
        code(x, name);
    }
    html_put(x, "</ul>\n");
}

/* --- components --- */

static void button(struct exchange *x, const char *attributes, enum text says)
{
    html_put(x, "<button type=\"button\" ");
    html_put(x, attributes);
    html_put(x, ">");
    html_say(x, says);
    html_put(x, "</button>\n");
}

static void buttons(struct exchange *x)
{
    html_put(x, "<div class=\"buttons\">\n");
    button(x, "class=\"main\"", TEXT_STYLE_BUTTON);
    button(x, "class=\"second\"", TEXT_STYLE_BUTTON_SECOND);
    button(x, "class=\"main\" disabled", TEXT_STYLE_BUTTON_OFF);
    html_put(x, "<a href=\"#main\">");
    html_say(x, TEXT_STYLE_LINK);
    html_put(x, "</a>\n</div>\n");
}

static void typing(struct exchange *x, const char *kind, enum text says)
{
    html_put(x, "<p class=\"typing ");
    html_put(x, kind);
    html_put(x, "\">");
    html_say(x, says);
    html_put(x, "</p>\n");
}

static void field(struct exchange *x)
{
    html_put(x, "<div class=\"check\">\n<label for=\"imei\">");
    html_say(x, TEXT_CHECK_LABEL);
    html_put(x, "</label>\n<p class=\"hint\" id=\"hint\">");
    html_say(x, TEXT_CHECK_HINT);
    html_put(x, "</p>\n<div class=\"error\" id=\"error\">");
    html_sign(x, "hint");
    html_put(x, "<div><p><strong>");
    html_say(x, TEXT_CHECK_ERRORS);
    html_put(x, "</strong></p><p>");
    html_say(x, TEXT_ERR_IMEI_MISTYPED_HELP);
    html_put(x, "</p></div></div>\n<textarea id=\"imei\" rows=\"2\" aria-invalid=\"true\" "
                "aria-describedby=\"hint error\">357350079900263</textarea>\n");
    typing(x, "right", TEXT_PORTAL_RIGHT);
    typing(x, "mistyped", TEXT_PORTAL_MISTYPED);
    html_put(x, "</div>\n");
}

static void options(struct exchange *x)
{
    html_put(x, "<ul class=\"options\">\n");
    for (int i = 0; i < 2; i++) {
        html_put(x, "<li><a href=\"#main\">");
        html_say(x, i ? TEXT_GUIDE_WHO_BUSINESS : TEXT_GUIDE_WHO_PERSON);
        html_put(x, "</a></li>\n");
    }
    html_put(x, "</ul>\n");
}

/* A table of rows, and how far something is. */
static void rows(struct exchange *x)
{
    html_put(x, "<table class=\"rows\">\n<caption>");
    html_say(x, TEXT_FILES_ERRORS);
    html_put(x, "</caption>\n<thead><tr><th scope=\"col\">");
    html_say(x, TEXT_FILES_LINE);
    html_put(x, "</th><th scope=\"col\">");
    html_say(x, TEXT_FILES_VALUE);
    html_put(x, "</th><th scope=\"col\">");
    html_say(x, TEXT_FILES_WHY);
    html_put(x, "</th></tr></thead>\n<tbody><tr><th scope=\"row\">7</th>"
                "<td class=\"typed\">357350079900263</td><td>");
    html_say(x, TEXT_BULK_FOUND_IMEI_MISTYPED);
    html_put(x, "</td></tr></tbody>\n</table>\n<progress max=\"100\" value=\"60\" aria-label=\"");
    html_say(x, TEXT_FILES_PROGRESS);
    html_put(x, "\"></progress>\n");
}

/* One answer of each appearance, judged by nobody: of the page's own day. */
static void answers(struct exchange *x)
{
    static const struct {
        uint8_t reason, next;
        int deadline; /* days from today; 0: none */
        uint8_t flags;
    } rows[] = {
        {REASON_VERIFIED, REASON_VERIFIED, 0, 0},
        {REASON_UNVERIFIED, REASON_EXPIRED, 29, VERDICT_USED},
        {REASON_EXPIRED, REASON_EXPIRED, -1, VERDICT_USED},
        {REASON_STOLEN, REASON_STOLEN, 0, VERDICT_USED | VERDICT_DUPLICATE},
        {REASON_MACHINE, REASON_MACHINE, 0, VERDICT_USED},
        {REASON_NEVER_ACTIVATED, REASON_NEVER_ACTIVATED, 0, 0},
    };
    daynum today = service_health(x->site->service).today;
    struct checked checked = {.today = today,
                              .now_s = (int64_t)today * 86400 + 43200,
                              .tac_known = true,
                              .brand = STR("Tamga"),
                              .model = STR("A1"),
                              .number = "00000-00000-00000-00000"};
    if (imei_parse_network(STR("357350079900013"), &checked.imei))
        return;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verdict v = {.reason = rows[i].reason,
                            .next_reason = rows[i].next,
                            .flags = rows[i].flags,
                            .deadline = DAYNUM_NONE,
                            .valid_through = DAYNUM_OPEN};
        if (rows[i].deadline)
            v.deadline = (daynum)(today + rows[i].deadline);
        if (rows[i].deadline > 0)
            v.valid_through = v.deadline;
        checked.answer = answer_make(&v, NULL, service_rules(x->site->service));
        page_answer(x, &checked, i + 1);
    }
}

void page_style(struct exchange *x)
{
    html_begin(x, &(struct html_page){.title = TEXT_STYLE_HEADING, .path = "/style"});
    html_put(x, "<h1>");
    html_say(x, TEXT_STYLE_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_STYLE_LEAD);
    html_put(x, "</p>\n");
    section(x, TEXT_STYLE_COLOURS);
    tokens(x, colour);
    section_end(x);
    section(x, TEXT_STYLE_SIZES);
    tokens(x, size);
    section_end(x);
    section(x, TEXT_STYLE_SPACES);
    tokens(x, space);
    section_end(x);
    section(x, TEXT_STYLE_SIGNS);
    signs(x);
    section_end(x);
    section(x, TEXT_STYLE_BUTTONS);
    buttons(x);
    section_end(x);
    section(x, TEXT_STYLE_FORM);
    field(x);
    section_end(x);
    section(x, TEXT_STYLE_OPTIONS);
    options(x);
    section_end(x);
    section(x, TEXT_STYLE_ROWS);
    rows(x);
    section_end(x);
    section(x, TEXT_STYLE_ANSWERS);
    answers(x);
    section_end(x);
    html_end(x);
}
