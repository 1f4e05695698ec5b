/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to sellers by page: one's own and those that came, one of them for either side, what each does with it. */
#include "cases/demand.h"
#include "face/form.h"
#include "portal/claim_form.h"
#include "portal/papers_form.h"
#include "portal/screen_requests.h"
#include "portal/screens.h"

enum { LIST_MOST = 50, LOOK_MOST = 100, TASKS_MOST = 20 };

void request_path(const struct demand *r, const char *rest, char out[APPLY_PATH])
{
    char number[APPLICATION_NUMBER_TEXT];
    demand_number(r, number);
    snprintf(out, APPLY_PATH, "/requests/%s%s", number, rest);
}

/* ---- its state ---- */

static const char *look(const struct demand *r)
{
    if (r->state == DEMAND_SETTLED)
        return "white";
    if (demand_failed(r))
        return "black";
    return demand_open(r) ? "grey" : "unknown";
}

void request_state(struct exchange *x, const struct demand *r)
{
    bool answered = r->state == DEMAND_ANSWERED;
    html_put(x, "<span class=\"expect ");
    html_put(x, look(r));
    html_put(x, "\">");
    if (r->state != DEMAND_CLOSED)
        html_sign(x, look(r));
    html_say_key(x, "requests", answered ? "answer" : "state",
                 answered ? demand_answer_name(r->answer) : demand_state_name(r->state));
    html_put(x, "</span>");
}

void request_clock(struct exchange *x, const struct visit *v, const struct demand *r)
{
    if (r->state == DEMAND_SENT) {
        html_say_day(x, TEXT_REQUESTS_DUE, zone_day(&v->office.registry->zone, r->due_s));
    } else {
        html_say(x, r->ended_s ? TEXT_REQUESTS_ENDED : TEXT_REQUESTS_SENT_AT);
        html_put(x, " ");
        screen_time(x, v, r->ended_s ? r->ended_s : r->filed_s);
    }
}

/* ---- GET /requests ---- */

static void entry(struct exchange *x, const struct visit *v, const struct demand *r, bool to_me)
{
    char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
    request_path(r, "", path);
    demand_number(r, number);
    html_put(x, "<li><div><a href=\"");
    html_url(x, path);
    html_put(x, "\">");
    claim_device(x, v, &r->what);
    html_put(x, "</a><br><span class=\"hint\">");
    if (!to_me) {
        claim_seller(x, &r->what);
        html_put(x, " · ");
    }
    html_put(x, "<span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></span></div>\n<div>");
    request_state(x, r);
    html_put(x, "<br><span class=\"hint\">");
    request_clock(x, v, r);
    html_put(x, "</span></div></li>\n");
}

/* One of the two lists, and how far down it the page stands. */
struct box {
    enum demand_side side;
    struct screen_pages pages;
    bool shown; /* it has rows, or goes on from another page */
};

static enum err box(struct exchange *x, struct visit *v, struct box *b)
{
    uint64_t ids[LIST_MOST + 1];
    size_t n = 0;
    enum err err = demand_list(v->office.registry, &v->who, b->side, b->pages.after, ids,
                               LIST_MOST + 1, &n, NULL);
    b->shown = n || b->pages.after;
    if (err || !b->shown)
        return err;
    html_put(x, "<section>\n<h2>");
    html_say(x, b->pages.heading);
    html_put(x, n ? "</h2>\n<ul class=\"cases\">\n" : "</h2>\n");
    for (size_t i = 0; !err && i < n && i < LIST_MOST; i++) {
        struct demand r;
        err = demand_get(v->office.registry, ids[i], &r, NULL);
        if (err)
            break;
        if (b->side == SIDE_SELLER)
            portal_note(v, AUDIT_CLAIM_LOOK, r.buyer, r.id, ERR_OK);
        entry(x, v, &r, b->side == SIDE_SELLER);
    }
    html_put(x, n ? "</ul>\n" : "");
    screen_older(x, &b->pages, n > LIST_MOST ? ids[LIST_MOST - 1] : 0);
    html_put(x, "</section>\n");
    return err;
}

static void lists(struct exchange *x, struct visit *v, struct box boxes[2])
{
    bool on = boxes[0].pages.after || boxes[1].pages.after; /* then it is that list's page alone */
    enum err err = ERR_OK;
    screen_begin(x, v, TEXT_REQUESTS_HEADING, "/requests");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/cabinet", TEXT_CABINET_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_REQUESTS_HEADING);
    html_put(x, "</h1>\n");
    for (size_t i = 0; !err && i < 2; i++)
        if (!on || boxes[i].pages.after)
            err = box(x, v, &boxes[i]);
    if (!err && !boxes[0].shown && !boxes[1].shown) {
        html_put(x, "<p>");
        html_say(x, TEXT_REQUESTS_NONE);
        html_put(x, "</p>\n");
    }
    html_put(x, "<p class=\"ways\">");
    cabinet_link(x, "", "/requests/new", TEXT_REQUESTS_NEW);
    html_put(x, "</p>\n");
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_requests(struct exchange *x)
{
    struct visit v;
    struct box boxes[2] = {
        {.side = SIDE_SELLER, .pages = {"/requests", "received", TEXT_REQUESTS_RECEIVED, 0}},
        {.side = SIDE_BUYER, .pages = {"/requests", "sent", TEXT_REQUESTS_SENT, 0}}};
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    enum err err = screen_after(x, boxes[0].pages.name, &boxes[0].pages.after);
    if (!err)
        err = screen_after(x, boxes[1].pages.name, &boxes[1].pages.after);
    if (err)
        screen_fail(x, err);
    else
        lists(x, &v, boxes);
    portal_leave(&v);
}

/* ---- what waits for a seller, on his first page ---- */

enum err requests_waiting(struct exchange *x, struct visit *v)
{
    uint64_t ids[LOOK_MOST];
    size_t n = 0, shown = 0;
    enum err err =
        demand_list(v->office.registry, &v->who, SIDE_SELLER, 0, ids, LOOK_MOST, &n, NULL);
    for (size_t i = 0; !err && i < n && shown < TASKS_MOST; i++) {
        struct demand r;
        err = demand_get(v->office.registry, ids[i], &r, NULL);
        if (err || (r.state != DEMAND_SENT && r.state != DEMAND_OVERDUE))
            continue;
        if (!shown++) {
            html_put(x, "<section class=\"tasks\">\n<h2>");
            html_say(x, TEXT_REQUESTS_RECEIVED);
            html_put(x, "</h2>\n<ul class=\"cases\">\n");
        }
        entry(x, v, &r, true);
    }
    html_put(x, shown ? "</ul>\n</section>\n" : "");
    return err;
}

/* ---- one ---- */

static void events(struct exchange *x, const struct visit *v, const struct demand *r)
{
    static const char *const by[] = {[BY_REGISTER] = "register",
                                     [BY_BUYER] = "buyer",
                                     [BY_SELLER] = "seller",
                                     [BY_OFFICER] = "officer"};
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_CABINET_HISTORY);
    html_put(x, "</h2>\n<ol class=\"life\">\n");
    for (size_t i = r->event_count; i > 0; i--) {
        const struct demand_event *e = &r->events[i - 1];
        html_put(x, "<li><span class=\"hint\">");
        screen_time(x, v, e->time_s);
        html_put(x, " · ");
        html_say_key(x, "requests", "by", by[e->by % 4]);
        html_put(x, "</span><br>");
        struct demand then = {.state = e->state, .answer = e->answer};
        request_state(x, &then);
        claim_quote(x, e->note);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ol>\n</section>\n");
}

static void papers(struct exchange *x, const struct demand *r)
{
    if (!r->paper_count)
        return;
    html_put(x, "<section class=\"filed\">\n<h2>");
    html_say(x, TEXT_PAPERS_HEADING);
    html_put(x, "</h2>\n<ul class=\"devices papers\">\n");
    for (size_t i = 0; i < r->paper_count; i++) {
        html_put(x, "<li><div>");
        papers_say(x, &r->papers[i]);
        html_put(x, "</div></li>\n");
    }
    html_put(x, "</ul>\n</section>\n");
}

enum err request_body(struct exchange *x, const struct visit *v, const struct demand *r,
                      enum demand_side side)
{
    struct person buyer;
    bool shown = side == SIDE_OFFICER || (side == SIDE_SELLER && r->named);
    html_put(x, "<section class=\"filed\">\n<dl>\n");
    enum err err = claim_rows(x, v, &r->what);
    if (!err && shown && person_get(v->office.registry, r->buyer, &buyer, NULL) == ERR_OK)
        claim_text_row(x, TEXT_REQUESTS_BUYER, buyer.name);
    if (side == SIDE_BUYER) {
        claim_row(x, TEXT_CABINET_ROW_RECEIPT);
        html_put(x, "<span class=\"number\">");
        html_text(x, str_z(r->receipt));
        html_put(x, "</span>");
        claim_row_end(x);
    }
    html_put(x, "</dl>\n");
    html_put(x, "</section>\n");
    papers(x, r);
    events(x, v, r);
    return err;
}

static void buyer_ways(struct exchange *x, const struct visit *v, const struct demand *r)
{
    char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
    if (demand_failed(r)) {
        demand_number(r, number);
        html_put(x, "<p class=\"ways\"><a class=\"main\" href=\"");
        html_url(x, "/complaints/new");
        html_put(x, x->lang_asked ? "&amp;request=" : "?request=");
        html_put(x, number);
        html_put(x, "\">");
        html_say(x, TEXT_COMPLAINTS_NEW);
        html_put(x, "</a></p>\n");
    }
    if (!demand_open(r))
        return;
    request_path(r, "/close", path);
    screen_form(x, v, path, "inline");
    html_put(x, "<button class=\"second\">");
    html_say(x, TEXT_REQUESTS_CLOSE);
    html_put(x, "</button></form>\n");
}

static void one_page(struct exchange *x, struct visit *v, const struct demand *r,
                     enum demand_side side, const struct request_typed *typed)
{
    char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
    request_path(r, "", path);
    demand_number(r, number);
    screen_begin(x, v, TEXT_REQUESTS_ONE, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/requests", TEXT_REQUESTS_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_REQUESTS_ONE);
    html_put(x, " <span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></h1>\n<p>");
    request_state(x, r);
    html_put(x, "<br><span class=\"hint\">");
    request_clock(x, v, r);
    html_put(x, "</span></p>\n<p class=\"note\">");
    html_say(x, side == SIDE_BUYER ? TEXT_REQUESTS_NO_HOLD : TEXT_REQUESTS_NO_HOLD_SELLER);
    html_put(x, "</p>\n");
    if (side == SIDE_SELLER && demand_open(r))
        request_reply_form(x, v, r, typed);
    enum err err = request_body(x, v, r, side);
    if (!err && side == SIDE_BUYER)
        buyer_ways(x, v, r);
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

/* Finds the request that the address names, on that side or, where it is not `only`, on either. False: it is answered. */
static bool stand(struct exchange *x, bool changes, struct visit *v, struct demand *r,
                  enum demand_side *side)
{
    uint64_t id = 0;
    if (!screen_visit(x, ROLES_APPLICANT, changes, v))
        return false;
    enum err err = claim_number_parse(CLAIM_REQUEST, x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = demand_for(v->office.registry, &v->who, id, r, side, NULL);
    if (!err && *side == SIDE_SELLER)
        portal_note(v, AUDIT_CLAIM_LOOK, r->buyer, r->id, ERR_OK);
    if (!err)
        return true;
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

void screen_request(struct exchange *x)
{
    struct visit v;
    struct demand r;
    enum demand_side side;
    if (!stand(x, false, &v, &r, &side))
        return;
    one_page(x, &v, &r, side, NULL);
    portal_leave(&v);
}

/* What came of an act: the page of the request, also when it was sent twice. */
static void acted(struct exchange *x, struct visit *v, const struct demand *r, enum err err)
{
    char path[APPLY_PATH];
    if (err && err != ERR_NOT_NOW) {
        apply_fail(x, v, err);
        return;
    }
    request_path(r, "", path);
    portal_wake(v->portal);
    screen_go(x, path);
}

void screen_request_close(struct exchange *x)
{
    struct visit v;
    struct demand r, after;
    enum demand_side side;
    if (!stand(x, true, &v, &r, &side))
        return;
    acted(x, &v, &r, demand_close(&v.office, &v.who, r.id, &after, NULL));
    portal_leave(&v);
}

void screen_request_reply(struct exchange *x)
{
    struct visit v;
    struct demand r, after;
    enum demand_side side;
    struct request_typed typed = {.wrong = ERR_OK};
    if (!stand(x, true, &v, &r, &side))
        return;
    enum err err = request_typed_read(x, &typed);
    struct demand_reply reply = typed.reply;
    if (!err)
        err = demand_reply(&v.office, &v.who, r.id, &reply, &after, &v.fault);
    if (side == SIDE_SELLER)
        portal_note(&v, AUDIT_CLAIM_DECIDE, r.buyer, r.id, err);
    if (err == ERR_USAGE || err == ERR_NOT_APPROVED || err == ERR_TOO_LONG) {
        typed.wrong = err;
        str_copy(typed.field, sizeof typed.field, str_z(v.fault.field));
        x->response->status = err_info(err)->http_status;
        one_page(x, &v, &r, side, &typed);
    } else {
        acted(x, &v, &r, err);
    }
    request_typed_release(&typed);
    portal_leave(&v);
}

/* POST /requests/NUMBER/apply: a draft for this phone. */
void screen_request_apply(struct exchange *x)
{
    struct visit v;
    struct demand r;
    enum demand_side side;
    struct draft d;
    char path[APPLY_PATH];
    size_t device = 0;
    if (!stand(x, true, &v, &r, &side))
        return;
    enum err err = side == SIDE_SELLER ? request_draft(x, &v, &r, &d) : ERR_NOT_FOUND;
    if (err == ERR_TOO_MANY) {
        screen_go(x, "/cabinet?full=1");
    } else if (err) {
        apply_fail(x, &v, err);
    } else {
        enum apply_step next = apply_next(&v, &d, &device);
        apply_path(&d, next, device, path);
        screen_go(x, path);
    }
    portal_leave(&v);
}
