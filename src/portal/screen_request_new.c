/* SPDX-License-Identifier: Apache-2.0
 *
 * A request to a seller by page: one form. IMEIs stand in the body of the form alone. */
#include "cases/demand.h"
#include "portal/claim_form.h"
#include "portal/screens.h"

static void page(struct exchange *x, const struct visit *v, const struct claim_form *f)
{
    static const enum text hint = TEXT_REQUESTS_NOTE_HINT;
    static const struct claim_asks asks = {.imeis = TEXT_CLAIM_IMEIS,
                                           .note = TEXT_CLAIM_NOTE,
                                           .hint = &hint,
                                           .note_fields = "rows=\"3\" maxlength=\"500\"",
                                           .document = true,
                                           .names = true};
    screen_begin(x, v, TEXT_REQUESTS_NEW, "/requests/new");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/requests", TEXT_REQUESTS_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_REQUESTS_NEW);
    html_put(x, "</h1>\n");
    if (f->err)
        screen_trouble(x, f->err);
    html_put(x, "<p class=\"lead\">");
    html_say(x, TEXT_REQUESTS_LEAD);
    html_put(x, "</p>\n<p class=\"note\">");
    html_say(x, TEXT_REQUESTS_NO_HOLD);
    html_put(x, "</p>\n");
    screen_form(x, v, "/requests/new", "ask");
    claim_form_fields(x, f, &asks);
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_REQUESTS_SEND);
    cabinet_link(x, "", "/apply/bought", TEXT_CABINET_BACK);
    html_put(x, "</p>\n</form>\n");
    screen_end(x);
}

void screen_request_ask(struct exchange *x)
{
    struct visit v;
    struct claim_form f = {.err = ERR_OK};
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    page(x, &v, &f);
    portal_leave(&v);
}

/* Sends it. False: it was refused, and the form says why. */
static bool send_it(struct exchange *x, struct visit *v, struct claim_form *f, struct demand *out)
{
    bool again;
    struct demand_wish wish = {.named = f->named,
                               .note = claim_form_typed(f, CLAIM_NOTE),
                               .language = str_z(lang_code(x->lang)),
                               .idempotency = {(const char *)f->key.p, f->key.n}};
    if (!claim_form_take(f, &wish.what))
        return false;
    enum err err = demand_new(&v->office, &v->who, &wish, out, &again, &v->fault);
    portal_heard(v, err);
    if (err)
        claim_form_refuse(f, err, &v->fault);
    return !err;
}

void screen_request_send(struct exchange *x)
{
    struct visit v;
    struct demand sent;
    struct claim_form f = {.err = ERR_OK};
    char number[APPLICATION_NUMBER_TEXT], path[APPLY_PATH];
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    enum err err = claim_form_read(x, &f);
    if (err) {
        screen_fail(x, err);
    } else if (send_it(x, &v, &f, &sent)) {
        demand_number(&sent, number);
        snprintf(path, sizeof path, "/requests/%s", number);
        portal_wake(v.portal);
        screen_go(x, path);
    } else {
        x->response->status = f.err ? err_info(f.err)->http_status : 400;
        page(x, &v, &f);
    }
    claim_form_release(&f);
    portal_leave(&v);
}
