/* SPDX-License-Identifier: Apache-2.0
 *
 * Complaints about sellers by page: filing one, out of a request or alone; one's own; one of them. */
#include "cases/complaint.h"
#include "cases/demand.h"
#include "face/form.h"
#include "portal/claim_form.h"
#include "portal/screen_complaints.h"
#include "portal/screens.h"

enum { LIST_MOST = 50 };

void complaint_path(const char *room, const struct complaint *c, const char *rest,
                    char out[APPLY_PATH])
{
    char number[APPLICATION_NUMBER_TEXT];
    complaint_number(c, number);
    snprintf(out, APPLY_PATH, "%s/%s%s", room, number, rest);
}

void complaint_state(struct exchange *x, const struct complaint *c)
{
    const char *look = !c->outcome ? "grey" : c->outcome <= OUTCOME_ANSWERED ? "white" : "unknown";
    html_put(x, "<span class=\"expect ");
    html_put(x, look);
    html_put(x, "\">");
    if (!c->outcome || c->outcome <= OUTCOME_ANSWERED)
        html_sign(x, look);
    html_say_key(x, "complaints", "outcome", c->outcome ? outcome_name(c->outcome) : "open");
    html_put(x, "</span>");
}

/* ---- GET, POST /complaints/new ---- */

static void page(struct exchange *x, const struct visit *v, const struct claim_form *f,
                 const char *request)
{
    static const enum text hint = TEXT_COMPLAINTS_TEXT_HINT;
    static const struct claim_asks asks = {.imeis = TEXT_CLAIM_IMEIS,
                                           .note = TEXT_COMPLAINTS_TEXT,
                                           .hint = &hint,
                                           .note_fields = "rows=\"6\" maxlength=\"2000\""};
    screen_begin(x, v, TEXT_COMPLAINTS_NEW, "/complaints/new");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/complaints", TEXT_COMPLAINTS_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_COMPLAINTS_NEW);
    html_put(x, "</h1>\n");
    if (f->err)
        screen_trouble(x, f->err);
    html_put(x, "<p class=\"lead\">");
    html_say(x, TEXT_COMPLAINTS_LEAD);
    html_put(x, "</p>\n");
    screen_form(x, v, "/complaints/new", "ask");
    if (*request)
        buf_printf(x->out, "<input type=\"hidden\" name=\"request\" value=\"%s\">\n", request);
    claim_form_fields(x, f, &asks);
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_COMPLAINTS_SEND);
    cabinet_link(x, "", "/apply/bought", TEXT_CABINET_BACK);
    html_put(x, "</p>\n</form>\n");
    screen_end(x);
}

/* The request that the query or the form names, if it is his own. false: none is. */
static bool request_of(const struct visit *v, const struct buf *word, struct demand *out)
{
    enum demand_side side;
    uint64_t id = 0;
    struct str number = {word->n ? (const char *)word->p : "", word->n};
    return claim_number_parse(CLAIM_REQUEST, number, &id) &&
           demand_for(v->office.registry, &v->who, id, out, &side, NULL) == ERR_OK &&
           side == SIDE_BUYER;
}

void screen_complaint_ask(struct exchange *x)
{
    struct visit v;
    struct claim_form f = {.err = ERR_OK};
    struct buf word = {0};
    struct demand r;
    char number[APPLICATION_NUMBER_TEXT] = "";
    bool found;
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    enum err err = form_value(x->query, "request", &word, &found);
    if (!err && request_of(&v, &word, &r)) {
        claim_form_fill(&f, &r.what);
        demand_number(&r, number);
    }
    if (err)
        screen_fail(x, err);
    else
        page(x, &v, &f, number);
    buf_release(&word);
    claim_form_release(&f);
    portal_leave(&v);
}

static bool file_it(struct exchange *x, struct visit *v, struct claim_form *f, uint64_t request,
                    struct complaint *out)
{
    bool again;
    struct complaint_wish wish = {.text = claim_form_typed(f, CLAIM_NOTE),
                                  .request = request,
                                  .language = str_z(lang_code(x->lang)),
                                  .idempotency = {(const char *)f->key.p, f->key.n}};
    bool taken = claim_form_take(f, &wish.what);
    if (!wish.text.n)
        claim_form_missing(f, CLAIM_NOTE, TEXT_COMPLAINTS_TEXT_MISSING);
    if (!taken || !wish.text.n)
        return false;
    enum err err = complaint_new(&v->office, &v->who, &wish, out, &again, &v->fault);
    portal_heard(v, err);
    if (err)
        claim_form_refuse(f, err, &v->fault);
    return !err;
}

void screen_complaint_send(struct exchange *x)
{
    struct visit v;
    struct complaint made;
    struct demand r = {0};
    struct claim_form f = {.err = ERR_OK};
    struct buf word = {0};
    char number[APPLICATION_NUMBER_TEXT] = "", path[APPLY_PATH];
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    enum err err = claim_form_read(x, &f);
    if (!err)
        err = screen_value(x, "request", &word);
    if (!err && request_of(&v, &word, &r))
        demand_number(&r, number);
    if (err) {
        screen_fail(x, err);
    } else if (file_it(x, &v, &f, *number ? r.id : 0, &made)) {
        complaint_path("/complaints", &made, "", path);
        portal_wake(v.portal);
        screen_go(x, path);
    } else {
        x->response->status = f.err ? err_info(f.err)->http_status : 400;
        page(x, &v, &f, number);
    }
    buf_release(&word);
    claim_form_release(&f);
    portal_leave(&v);
}

/* ---- GET /complaints ---- */

void complaint_entry(struct exchange *x, const struct visit *v, const char *room,
                     const struct complaint *c)
{
    char path[APPLY_PATH], number[APPLICATION_NUMBER_TEXT];
    complaint_path(room, c, "", path);
    complaint_number(c, number);
    html_put(x, "<li><div><a href=\"");
    html_url(x, path);
    html_put(x, "\">");
    claim_seller(x, &c->what);
    html_put(x, "</a><br><span class=\"hint\">");
    claim_device(x, v, &c->what);
    html_put(x, " · <span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></span></div>\n<div>");
    complaint_state(x, c);
    html_put(x, "<br><span class=\"hint\">");
    screen_time(x, v, c->outcome ? c->decided_s : c->filed_s);
    html_put(x, "</span></div></li>\n");
}

static void list(struct exchange *x, struct visit *v, const struct screen_pages *pages)
{
    uint64_t ids[LIST_MOST + 1];
    size_t n = 0;
    enum err err =
        complaint_list(v->office.registry, &v->who, pages->after, ids, LIST_MOST + 1, &n, NULL);
    screen_begin(x, v, TEXT_COMPLAINTS_HEADING, pages->path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/cabinet", TEXT_CABINET_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_COMPLAINTS_HEADING);
    html_put(x, n ? "</h1>\n<ul class=\"cases\">\n" : "</h1>\n<p>");
    for (size_t i = 0; !err && i < n && i < LIST_MOST; i++) {
        struct complaint c;
        err = complaint_get(v->office.registry, ids[i], &c, NULL);
        if (!err)
            complaint_entry(x, v, "/complaints", &c);
    }
    if (!n)
        html_say(x, TEXT_COMPLAINTS_NONE);
    html_put(x, n ? "</ul>\n" : "</p>\n");
    screen_older(x, pages, n > LIST_MOST ? ids[LIST_MOST - 1] : 0);
    html_put(x, "<p class=\"ways\">");
    cabinet_link(x, "", "/complaints/new", TEXT_COMPLAINTS_NEW);
    html_put(x, "</p>\n");
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_complaints(struct exchange *x)
{
    struct visit v;
    struct screen_pages pages = {"/complaints", "after", TEXT_COMPLAINTS_HEADING, 0};
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    enum err err = screen_after(x, pages.name, &pages.after);
    if (err)
        screen_fail(x, err);
    else
        list(x, &v, &pages);
    portal_leave(&v);
}

/* ---- GET /complaints/NUMBER, POST …/withdraw ---- */

enum err complaint_body(struct exchange *x, const struct visit *v, const struct complaint *c)
{
    char number[APPLICATION_NUMBER_TEXT];
    html_put(x, "<section class=\"filed\">\n<dl>\n");
    enum err err = claim_rows(x, v, &c->what);
    if (c->request) {
        claim_number(CLAIM_REQUEST, c->request_s, c->request, number);
        claim_text_row(x, TEXT_REQUESTS_ONE, number);
    }
    claim_row(x, TEXT_COMPLAINTS_FILED);
    screen_time(x, v, c->filed_s);
    claim_row_end(x);
    if (c->party == v->who.party) /* who complained: it is no officer's */
        claim_text_row(x, TEXT_CABINET_ROW_RECEIPT, c->receipt);
    html_put(x, "</dl>\n<h2>");
    html_say(x, TEXT_COMPLAINTS_TEXT);
    html_put(x, "</h2>\n");
    claim_quote(x, c->text);
    if (*c->note) {
        html_put(x, "<h2>");
        html_say(x, TEXT_COMPLAINTS_NOTE);
        html_put(x, "</h2>\n");
    }
    claim_quote(x, c->note);
    html_put(x, "</section>\n");
    return err;
}

void complaint_heading(struct exchange *x, const struct complaint *c)
{
    char number[APPLICATION_NUMBER_TEXT];
    complaint_number(c, number);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_COMPLAINTS_ONE);
    html_put(x, " <span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></h1>\n<p>");
    complaint_state(x, c);
    html_put(x, "</p>\n");
}

static bool stand(struct exchange *x, bool changes, struct visit *v, struct complaint *c)
{
    uint64_t id = 0;
    if (!screen_visit(x, ROLES_APPLICANT, changes, v))
        return false;
    enum err err = claim_number_parse(CLAIM_COMPLAINT, x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = complaint_for(v->office.registry, &v->who, id, c, NULL);
    if (!err)
        return true;
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

void screen_complaint(struct exchange *x)
{
    struct visit v;
    struct complaint c;
    char path[APPLY_PATH];
    if (!stand(x, false, &v, &c))
        return;
    complaint_path("/complaints", &c, "", path);
    screen_begin(x, &v, TEXT_COMPLAINTS_ONE, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/complaints", TEXT_COMPLAINTS_HEADING);
    complaint_heading(x, &c);
    enum err err = complaint_body(x, &v, &c);
    if (!err && !c.outcome) {
        complaint_path("/complaints", &c, "/withdraw", path);
        screen_form(x, &v, path, "inline");
        html_put(x, "<button class=\"second\">");
        html_say(x, TEXT_COMPLAINTS_WITHDRAW);
        html_put(x, "</button></form>\n");
    }
    if (err)
        apply_fail(x, &v, err);
    else
        screen_end(x);
    portal_leave(&v);
}

void screen_complaint_withdraw(struct exchange *x)
{
    struct visit v;
    struct complaint c, after;
    char path[APPLY_PATH];
    if (!stand(x, true, &v, &c))
        return;
    enum err err = complaint_withdraw(&v.office, &v.who, c.id, &after, NULL);
    if (err && err != ERR_NOT_NOW) {
        apply_fail(x, &v, err);
    } else {
        complaint_path("/complaints", &c, "", path);
        screen_go(x, path);
    }
    portal_leave(&v);
}
