/* SPDX-License-Identifier: Apache-2.0
 *
 * Clone cases at the officer's desk: those of a state, the oldest first; one, which is confirmed with the users who are
 * served, or dismissed. Where two persons decide, the second sees what the first chose and agrees, or chooses anew. */
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
    enum err err = rows(x, v, at, after, &next);
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

/* ---- one ---- */

static bool chosen(const struct clone_case *c, uint32_t i)
{
    return c->proposed == CLONE_CONFIRMED && c->proposed_served >> i & 1;
}

static void confirm_form(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    char path[APPLY_PATH], n[16];
    clone_path(c, "/confirm", path);
    screen_form(x, v, path, "ask");
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_CLONES_GENUINE);
    html_put(x, "</legend>\n<p class=\"hint\">");
    html_say(x, TEXT_CLONES_GENUINE_HINT);
    html_put(x, "</p>\n");
    for (uint32_t i = 0; i < c->user_count; i++) {
        snprintf(n, sizeof n, "%u", i + 1);
        buf_printf(x->out, "<label><input type=\"checkbox\" name=\"u%s\" value=\"yes\"%s> <span>",
                   n, chosen(c, i) ? " checked" : "");
        html_say_with(x, TEXT_CLONES_USER, "n", str_z(n));
        html_put(x, "</span></label>\n");
    }
    html_put(x, "</fieldset>\n<p class=\"ways\">");
    screen_button(x, TEXT_CLONES_CONFIRM);
    html_put(x, "</p>\n</form>\n");
}

static void dismiss_form(struct exchange *x, const struct visit *v, const struct clone_case *c,
                         bool again)
{
    static const enum text missing = TEXT_CLONES_REASON_MISSING;
    char path[APPLY_PATH];
    clone_path(c, "/dismiss", path);
    screen_form(x, v, path, "ask");
    screen_field(x, &(struct screen_field){.name = "reason",
                                           .attributes = "rows=\"3\" maxlength=\"500\"",
                                           .label = TEXT_CLONES_REASON,
                                           .wrong = again ? &missing : NULL,
                                           .value = STR(""),
                                           .lines = true});
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_CLONES_DISMISS);
    html_put(x, "</p>\n</form>\n");
}

static void page(struct exchange *x, struct visit *v, const struct clone_case *c, bool again)
{
    char path[APPLY_PATH], imei[IMEI_TEXT15];
    imei_format15(c->imei, imei);
    clone_path(c, "", path);
    screen_begin(x, v, TEXT_CLONES_ONE, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk/clones", TEXT_CLONES_HEADING);
    html_put(x, "</p>\n<h1>IMEI ");
    html_text(x, str_z(imei));
    html_put(x, "</h1>\n");
    clone_state(x, v, c);
    clone_body(x, v, c);
    if (c->at == CLONE_OPEN || c->at == CLONE_FLEET)
        confirm_form(x, v, c);
    if (c->at != CLONE_DISMISSED)
        dismiss_form(x, v, c, again);
    screen_end(x);
}

static bool stand(struct exchange *x, bool changes, struct visit *v, struct clone_case *c)
{
    uint64_t id = 0;
    struct imei imei = {0};
    if (!screen_visit(x, officer, changes, v))
        return false;
    enum err err = str_to_u64(x->param, INT64_MAX, &id) && id ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = clone_case_find(v->office.registry, id, &imei, NULL);
    if (!err)
        err = clone_case_get(v->office.registry, imei, c, NULL);
    if (!err) {
        portal_note(v, AUDIT_CLONE_LOOK, 0, imei.body, ERR_OK);
        return true;
    }
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

void screen_desk_clone(struct exchange *x)
{
    struct visit v;
    struct clone_case c;
    if (!stand(x, false, &v, &c))
        return;
    page(x, &v, &c, false);
    portal_leave(&v);
}

/* ---- acts ---- */

static void act(struct exchange *x, struct visit *v, struct clone_case *c,
                struct clone_decision *decision)
{
    char path[APPLY_PATH];
    bool waits = false;
    decision->actor = v->who.party;
    decision->role = v->who.role;
    decision->committer = portal_committer(v->portal);
    enum err err = clone_decide(v->office.registry, c->imei, decision, c, &waits, &v->fault);
    portal_heard(v, err);
    if (err == ERR_USAGE && decision->to == CLONE_DISMISSED) {
        page(x, v, c, true);
        x->response->status = 400;
    } else if (err && err != ERR_NOT_NOW && err != ERR_STALE) {
        portal_note(v, AUDIT_CLONE, 0, c->imei.body, err);
        apply_fail(x, v, err);
    } else {
        clone_path(c, "", path);
        screen_go(x, path);
    }
}

void screen_clone_confirm(struct exchange *x)
{
    struct visit v;
    struct clone_case c;
    struct clone_decision d = {.to = CLONE_CONFIRMED};
    if (!stand(x, true, &v, &c))
        return;
    enum err err = ERR_OK;
    for (uint32_t i = 0; !err && i < c.user_count; i++) {
        struct buf value = {0};
        char name[16];
        snprintf(name, sizeof name, "u%u", i + 1);
        err = screen_value(x, name, &value);
        d.served |= value.n ? INT64_C(1) << i : 0;
        buf_release(&value);
    }
    if (err)
        apply_fail(x, &v, err);
    else
        act(x, &v, &c, &d);
    portal_leave(&v);
}

void screen_clone_dismiss(struct exchange *x)
{
    struct visit v;
    struct clone_case c;
    struct buf reason = {0};
    char text[LIMIT_REASON + 1];
    struct clone_decision d = {.to = CLONE_DISMISSED, .reason = text};
    if (!stand(x, true, &v, &c))
        return;
    enum err err = screen_value(x, "reason", &reason);
    struct str said = str_trim((struct str){reason.n ? (const char *)reason.p : "", reason.n});
    if (!err && said.n > LIMIT_REASON)
        err = ERR_TOO_LONG;
    str_copy(text, sizeof text, said);
    if (err)
        apply_fail(x, &v, err);
    else
        act(x, &v, &c, &d);
    buf_release(&reason);
    portal_leave(&v);
}
