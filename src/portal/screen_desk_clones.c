/* SPDX-License-Identifier: Apache-2.0
 *
 * Clone cases at the officer's desk: those of a state, the oldest first; and that a rule was kept from confirming too many. */
#include "face/form.h"
#include "portal/screen_clones.h"
#include "portal/screens.h"

enum { LIST_MOST = 50, COUNT_MOST = 1000 };
static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

enum err clones_waiting(struct exchange *x, struct visit *v)
{
    struct imei open[COUNT_MOST];
    char count[24];
    size_t n = 0;
    if (v->who.role != ROLE_OFFICER)
        return ERR_OK;
    enum err err = clone_cases(v->office.registry, CLONE_OPEN, NULL, open, COUNT_MOST, &n, NULL);
    if (err)
        return err;
    snprintf(count, sizeof count, n == COUNT_MOST ? "%zu+" : "%zu", n);
    html_put(x, "<p class=\"ways\"><a href=\"");
    html_url(x, "/desk/clones");
    html_put(x, "\">");
    html_say_with(x, TEXT_CLONES_OPEN_N, "n", str_z(count));
    html_put(x, "</a></p>\n");
    return ERR_OK;
}

/* ---- the list ---- */

static void entry(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    char path[APPLY_PATH], imei[IMEI_TEXT15];
    imei_format15(c->imei, imei);
    clone_path(c, "", path);
    html_put(x, "<li><h2><a href=\"");
    html_url(x, path);
    html_put(x, "\">IMEI ");
    html_text(x, str_z(imei));
    html_put(x, "</a></h2>\n");
    clone_state(x, v, c);
    char n[16];
    snprintf(n, sizeof n, "%u", c->imsis);
    html_put(x, "<p>");
    html_say_with(x, TEXT_CLONES_SUBSCRIBERS_N, "n", str_z(n));
    html_put(x, "</p></li>\n");
}

static void states(struct exchange *x, uint8_t at)
{
    html_put(x, "<nav class=\"ways\" aria-label=\"");
    html_say(x, TEXT_CLONES_STATES);
    html_put(x, "\">");
    for (uint8_t i = 1; i < CLONE_ATS; i++) {
        html_put(x, i == at ? "<a aria-current=\"page\" href=\"" : "<a href=\"");
        html_url(x, "/desk/clones");
        buf_printf(x->out, "%sstate=%s\">", x->lang_asked ? "&amp;" : "?", clone_at_name(i));
        html_say_key(x, "clones", "state", clone_at_name(i));
        html_put(x, "</a>\n");
    }
    html_put(x, "</nav>\n");
}

/* Of today: a rule would have confirmed more than it may. */
static enum err held(struct exchange *x, const struct visit *v)
{
    struct registry *reg = v->office.registry;
    struct clone_by_rule day;
    char n[16];
    enum err err = clone_by_rule_get(reg, registry_today(reg), &day, NULL);
    if (err || !day.held)
        return err;
    snprintf(n, sizeof n, "%u", day.held);
    html_put(x, "<p class=\"note\">");
    html_say_with(x, TEXT_CLONES_HELD_N, "n", str_z(n));
    html_put(x, "</p>\n");
    return ERR_OK;
}

static enum err rows(struct exchange *x, struct visit *v, uint8_t at, uint64_t after,
                     uint64_t *out_next)
{
    struct registry *reg = v->office.registry;
    struct imei imeis[LIST_MOST + 1], imei;
    struct clone_case c, last;
    size_t n = 0;
    enum err err = after ? clone_case_find(reg, after, &imei, NULL) : ERR_OK;
    if (!err && after)
        err = clone_case_get(reg, imei, &last, NULL);
    if (!err)
        err = clone_cases(reg, at, after ? &last : NULL, imeis, LIST_MOST + 1, &n, NULL);
    html_put(x, n ? "<ul class=\"cases\">\n" : "<p>");
    for (size_t i = 0; !err && i < n && i < LIST_MOST; i++) {
        err = clone_case_get(reg, imeis[i], &c, NULL);
        if (!err)
            entry(x, v, &c);
    }
    if (!n)
        html_say(x, TEXT_CLONES_NONE);
    html_put(x, n ? "</ul>\n" : "</p>\n");
    *out_next = !err && n > LIST_MOST ? c.number : 0;
    return err;
}

static void list(struct exchange *x, struct visit *v, uint8_t at, uint64_t after)
{
    char path[40];
    uint64_t next = 0;
    snprintf(path, sizeof path, "/desk/clones?state=%s", clone_at_name(at));
    screen_begin(x, v, TEXT_CLONES_HEADING, "/desk/clones");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk", TEXT_DESK_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_CLONES_HEADING);
    html_put(x, "</h1>\n");
    states(x, at);
    enum err err = held(x, v);
    if (!err)
        err = rows(x, v, at, after, &next);
    if (next) {
        html_put(x, "<p class=\"ways\"><a rel=\"next\" href=\"");
        html_url(x, "/desk/clones");
        buf_printf(x->out, "%sstate=%s&amp;after=%llu\">", x->lang_asked ? "&amp;" : "?",
                   clone_at_name(at), (unsigned long long)next);
        html_say(x, TEXT_DESK_MORE);
        html_put(x, "</a></p>\n");
    }
    html_put(x, "<p class=\"ways\"><a href=\"/api/v1/desk/clones/report.csv\">");
    html_say(x, TEXT_CLONES_REPORT);
    html_put(x, "</a></p>\n");
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_desk_clones(struct exchange *x)
{
    struct visit v;
    struct buf word = {0};
    bool found = false;
    uint64_t after = 0;
    uint8_t at = CLONE_OPEN;
    if (!screen_visit(x, officer, false, &v))
        return;
    enum err err = form_value(x->query, "state", &word, &found);
    if (!err && found && !clone_at_find((struct str){(const char *)word.p, word.n}, &at))
        err = ERR_USAGE;
    if (!err)
        err = screen_after(x, "after", &after);
    buf_release(&word);
    if (err)
        screen_fail(x, err);
    else
        list(x, &v, at, after);
    portal_leave(&v);
}
