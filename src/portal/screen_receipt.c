/* SPDX-License-Identifier: Apache-2.0
 *
 * How an application, a request to a seller or a complaint stands, for whoever holds its receipt: kind, state and clock, nothing
 * of devices or people. Without sign-in; the receipt travels in the body of a POST, so that no address keeps it. */
#include <stdlib.h>

#include "cases/claim.h"
#include "portal/cabinet.h"
#include "portal/screen_complaints.h"
#include "portal/screen_requests.h"
#include "portal/screens.h"

static void form(struct exchange *x, struct str typed, const enum text *wrong)
{
    static const enum text hint = TEXT_CABINET_RECEIPT_HINT;
    screen_form(x, NULL, "/receipt", "ask");
    screen_field(x,
                 &(struct screen_field){.name = "receipt",
                                        .attributes = "autocomplete=\"off\" spellcheck=\"false\" "
                                                      "autocapitalize=\"characters\" "
                                                      "maxlength=\"40\" class=\"digits\"",
                                        .label = TEXT_CABINET_ROW_RECEIPT,
                                        .hint = &hint,
                                        .wrong = wrong,
                                        .value = typed});
    screen_button(x, TEXT_CABINET_RECEIPT_BUTTON);
    html_put(x, "</form>\n");
}

static void begin(struct exchange *x, struct str typed)
{
    html_begin(x, &(struct html_page){.title = TEXT_CABINET_RECEIPT_HEADING,
                                      .path = "/receipt",
                                      .repost_name = typed.n ? "receipt" : NULL,
                                      .repost_value = typed});
    html_put(x, "<h1>");
    html_say(x, TEXT_CABINET_RECEIPT_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_CABINET_RECEIPT_LEAD);
    html_put(x, "</p>\n");
}

void screen_receipt_form(struct exchange *x)
{
    begin(x, STR(""));
    form(x, STR(""), NULL);
    html_end(x);
}

static void answer(struct exchange *x, const struct visit *v, const struct application *a)
{
    html_put(x, "<article class=\"answer ");
    html_put(x, cabinet_look(a->state));
    html_put(x, "\">\n<header>");
    html_sign(x, a->state == APPLICATION_CHECKING ? "grey" : cabinet_look(a->state));
    html_put(x, "<div><h2>");
    html_say_key(x, "cabinet", "state", application_state_name(a->state));
    html_put(x, "</h2><p>");
    cabinet_clock(x, v, a);
    html_put(x, "</p></div></header>\n<div class=\"body\"><p><strong>");
    apply_say_kind(x, a->kind);
    html_put(x, "</strong></p>\n<p>");
    html_say_key(x, "cabinet", "now", application_state_name(a->state));
    html_put(x, "</p>\n</div>\n</article>\n");
}

static void answer_request(struct exchange *x, const struct visit *v, const struct demand *r)
{
    html_put(x, "<section class=\"sheet\">\n<h2>");
    html_say(x, TEXT_REQUESTS_ONE);
    html_put(x, "</h2>\n<p>");
    request_state(x, r);
    html_put(x, "<br><span class=\"hint\">");
    request_clock(x, v, r);
    html_put(x, "</span></p>\n</section>\n");
}

static void answer_complaint(struct exchange *x, const struct visit *v, const struct complaint *c)
{
    html_put(x, "<section class=\"sheet\">\n<h2>");
    html_say(x, TEXT_COMPLAINTS_ONE);
    html_put(x, "</h2>\n<p>");
    complaint_state(x, c);
    html_put(x, "<br><span class=\"hint\">");
    html_say(x, c->decided_s ? TEXT_REQUESTS_ENDED : TEXT_COMPLAINTS_FILED);
    html_put(x, " ");
    screen_time(x, v, c->decided_s ? c->decided_s : c->filed_s);
    html_put(x, "</span></p>\n</section>\n");
}

/* What a receipt leads to. */
struct found {
    enum { FOUND_APPLICATION, FOUND_REQUEST, FOUND_COMPLAINT } what;
    struct application a; /* application_release */
    struct demand r;
    struct complaint c;
};

static enum err find(struct registry *reg, struct str typed, struct found *out)
{
    uint64_t id = 0;
    out->what = FOUND_APPLICATION;
    enum err err = application_by_receipt(reg, typed, &id, NULL);
    if (err != ERR_NOT_FOUND)
        return err ? err : application_get(reg, id, &out->a, NULL);
    out->what = FOUND_REQUEST;
    err = claim_by_receipt(reg, typed, &id, NULL);
    if (err)
        return err;
    err = demand_get(reg, id, &out->r, NULL);
    if (err != ERR_NOT_FOUND)
        return err;
    out->what = FOUND_COMPLAINT;
    return complaint_get(reg, id, &out->c, NULL);
}

static void tell(struct exchange *x, const struct visit *v, struct found *found)
{
    if (found->what == FOUND_REQUEST) {
        answer_request(x, v, &found->r);
    } else if (found->what == FOUND_COMPLAINT) {
        answer_complaint(x, v, &found->c);
    } else {
        answer(x, v, &found->a);
        application_release(&found->a);
    }
}

static void show(struct exchange *x, struct visit *v, struct str typed)
{
    static const enum text none = TEXT_CABINET_RECEIPT_NONE;
    struct found *found = calloc(1, sizeof *found);
    enum err err = found ? find(v->office.registry, typed, found) : ERR_MEMORY;
    if (err && err != ERR_NOT_FOUND) {
        apply_fail(x, v, err);
        free(found);
        return;
    }
    begin(x, typed);
    if (err)
        x->response->status = 404;
    else
        tell(x, v, found);
    form(x, err ? typed : STR(""), err ? &none : NULL);
    html_end(x);
    free(found);
}

void screen_receipt(struct exchange *x)
{
    struct visit v;
    struct buf typed = {0};
    enum err err = screen_value(x, "receipt", &typed);
    if (!err)
        err = portal_visit(x, 0, false, STR(""), &v);
    if (err) {
        screen_fail(x, err);
    } else {
        show(x, &v, str_trim((struct str){typed.n ? (const char *)typed.p : "", typed.n}));
        portal_leave(&v);
    }
    buf_release(&typed);
}
