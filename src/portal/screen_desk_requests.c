/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests whose seller is known by name alone: an officer finds out who he is, and forwards them. */
#include "portal/claim_form.h"
#include "portal/screen_requests.h"
#include "portal/screens.h"

enum { LIST_MOST = 50 };
static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

static void desk_path_of(const struct demand *r, const char *rest, char out[APPLY_PATH])
{
    char number[APPLICATION_NUMBER_TEXT];
    demand_number(r, number);
    snprintf(out, APPLY_PATH, "/desk/requests/%s%s", number, rest);
}

/* ---- GET /desk/requests ---- */

static enum err rows(struct exchange *x, struct visit *v, size_t *out_n)
{
    uint64_t ids[LIST_MOST];
    enum err err = demand_unknown(v->office.registry, 0, ids, LIST_MOST, out_n, NULL);
    html_put(x, *out_n && !err ? "<ul class=\"cases\">\n" : "");
    for (size_t i = 0; !err && i < *out_n; i++) {
        struct demand r;
        char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
        err = demand_get(v->office.registry, ids[i], &r, NULL);
        if (err)
            break;
        portal_note(v, AUDIT_CLAIM_LOOK, r.buyer, r.id, ERR_OK);
        desk_path_of(&r, "", path);
        demand_number(&r, number);
        html_put(x, "<li><div><a href=\"");
        html_url(x, path);
        html_put(x, "\">");
        claim_seller(x, &r.what);
        html_put(x, "</a><br><span class=\"hint\"><span class=\"number\">");
        html_text(x, str_z(number));
        html_put(x, "</span></span></div>\n<div>");
        request_state(x, &r);
        html_put(x, "<br><span class=\"hint\">");
        screen_time(x, v, r.filed_s);
        html_put(x, "</span></div></li>\n");
    }
    html_put(x, *out_n && !err ? "</ul>\n" : "");
    return err;
}

void screen_desk_requests(struct exchange *x)
{
    struct visit v;
    size_t n = 0;
    if (!screen_visit(x, officer, false, &v))
        return;
    screen_begin(x, &v, TEXT_REQUESTS_UNKNOWN, "/desk/requests");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk", TEXT_DESK_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_REQUESTS_UNKNOWN);
    html_put(x, "</h1>\n");
    enum err err = rows(x, &v, &n);
    if (!err && !n) {
        html_put(x, "<p>");
        html_say(x, TEXT_REQUESTS_UNKNOWN_NONE);
        html_put(x, "</p>\n");
    }
    if (err)
        apply_fail(x, &v, err);
    else
        screen_end(x);
    portal_leave(&v);
}

/* ---- GET /desk/requests/NUMBER, POST …/forward ---- */

static void page(struct exchange *x, struct visit *v, const struct demand *r, struct str typed,
                 const enum text *wrong)
{
    char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
    desk_path_of(r, "", path);
    demand_number(r, number);
    screen_begin(x, v, TEXT_REQUESTS_ONE, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk/requests", TEXT_REQUESTS_UNKNOWN);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_REQUESTS_ONE);
    html_put(x, " <span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></h1>\n<p>");
    request_state(x, r);
    html_put(x, "</p>\n");
    if (demand_open(r) && !r->what.seller.party) {
        desk_path_of(r, "/forward", path);
        screen_form(x, v, path, "ask");
        screen_field(x, &(struct screen_field){.name = "bin",
                                               .attributes = "inputmode=\"numeric\" "
                                                             "maxlength=\"20\" "
                                                             "autocomplete=\"off\"",
                                               .label = TEXT_CLAIM_BIN,
                                               .wrong = wrong,
                                               .value = typed});
        html_put(x, "<p class=\"ways\">");
        screen_button(x, TEXT_REQUESTS_FORWARD);
        html_put(x, "</p>\n</form>\n");
    }
    enum err err = request_body(x, v, r, SIDE_OFFICER);
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

static bool stand(struct exchange *x, bool changes, struct visit *v, struct demand *r)
{
    uint64_t id = 0;
    if (!screen_visit(x, officer, changes, v))
        return false;
    enum err err = claim_number_parse(CLAIM_REQUEST, x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = demand_get(v->office.registry, id, r, NULL);
    if (!err) {
        portal_note(v, AUDIT_CLAIM_LOOK, r->buyer, r->id, ERR_OK);
        return true;
    }
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

void screen_desk_request(struct exchange *x)
{
    struct visit v;
    struct demand r;
    if (!stand(x, false, &v, &r))
        return;
    page(x, &v, &r, STR(""), NULL);
    portal_leave(&v);
}

void screen_desk_forward(struct exchange *x)
{
    static const enum text no_number = TEXT_ERR_IIN_BIN;
    struct visit v;
    struct demand r, after;
    struct buf bin = {0};
    if (!stand(x, true, &v, &r))
        return;
    enum err err = screen_value(x, "bin", &bin);
    struct str typed = str_trim((struct str){bin.n ? (const char *)bin.p : "", bin.n});
    if (!err)
        err = demand_forward(&v.office, &v.who, r.id, typed, &after, NULL);
    portal_note(&v, AUDIT_CLAIM_DECIDE, r.buyer, r.id, err);
    if (err == ERR_IIN_BIN) {
        x->response->status = 400;
        page(x, &v, &r, typed, &no_number);
    } else if (err && err != ERR_NOT_NOW) {
        apply_fail(x, &v, err);
    } else {
        portal_wake(v.portal);
        screen_go(x, "/desk/requests");
    }
    buf_release(&bin);
    portal_leave(&v);
}
