/* SPDX-License-Identifier: Apache-2.0
 *
 * Complaints about sellers at the officer's desk: those that wait, oldest first; one, which he claims and decides. */
#include "portal/claim_form.h"
#include "portal/screen_complaints.h"
#include "portal/screens.h"

enum { LIST_MOST = 50, COUNT_MOST = 1000 };
static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

enum err complaints_waiting(struct exchange *x, struct visit *v)
{
    uint64_t ids[COUNT_MOST];
    char count[24];
    size_t n = 0;
    enum err err = complaint_queue(v->office.registry, 0, 0, ids, COUNT_MOST, &n, NULL);
    if (err || v->who.role != ROLE_OFFICER)
        return err;
    snprintf(count, sizeof count, n == COUNT_MOST ? "%zu+" : "%zu", n);
    html_put(x, "<p class=\"ways\"><a href=\"");
    html_url(x, "/desk/complaints");
    html_put(x, "\">");
    html_say_with(x, TEXT_COMPLAINTS_OPEN_N, "n", str_z(count));
    html_put(x, "</a>\n");
    cabinet_link(x, "", "/desk/requests", TEXT_REQUESTS_UNKNOWN);
    html_put(x, "</p>\n");
    return ERR_OK;
}

static void queue(struct exchange *x, struct visit *v, const struct screen_pages *pages)
{
    uint64_t ids[LIST_MOST + 1];
    struct complaint last = {.filed_s = 0};
    size_t n = 0;
    enum err err =
        pages->after ? complaint_get(v->office.registry, pages->after, &last, NULL) : ERR_OK;
    if (!err)
        err = complaint_queue(v->office.registry, last.filed_s, pages->after, ids, LIST_MOST + 1,
                              &n, NULL);
    screen_begin(x, v, TEXT_COMPLAINTS_HEADING, pages->path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk", TEXT_DESK_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_COMPLAINTS_HEADING);
    html_put(x, n ? "</h1>\n<ul class=\"cases\">\n" : "</h1>\n<p>");
    for (size_t i = 0; !err && i < n && i < LIST_MOST; i++) {
        struct complaint c;
        err = complaint_get(v->office.registry, ids[i], &c, NULL);
        if (err)
            break;
        portal_note(v, AUDIT_CLAIM_LOOK, c.party, c.id, ERR_OK);
        complaint_entry(x, v, "/desk/complaints", &c);
    }
    if (!n)
        html_say(x, TEXT_COMPLAINTS_NONE_OPEN);
    html_put(x, n ? "</ul>\n" : "</p>\n");
    screen_following(x, pages, n > LIST_MOST ? ids[LIST_MOST - 1] : 0);
    html_put(x, "<p class=\"ways\">");
    html_put(x, "<a href=\"/api/v1/desk/complaints/sellers.csv\">");
    html_say(x, TEXT_COMPLAINTS_TABLE);
    html_put(x, "</a></p>\n");
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_desk_complaints(struct exchange *x)
{
    struct visit v;
    struct screen_pages pages = {"/desk/complaints", "after", TEXT_COMPLAINTS_HEADING, 0};
    if (!screen_visit(x, officer, false, &v))
        return;
    enum err err = screen_after(x, pages.name, &pages.after);
    if (err)
        screen_fail(x, err);
    else
        queue(x, &v, &pages);
    portal_leave(&v);
}

/* ---- one ---- */

/* again: the note of a decision that chose no outcome; NULL = nothing was sent. */
static void decide_form(struct exchange *x, const struct visit *v, const struct complaint *c,
                        const struct str *again)
{
    char path[APPLY_PATH];
    complaint_path("/desk/complaints", c, "/decide", path);
    screen_form(x, v, path, "ask");
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_COMPLAINTS_DECIDE);
    html_put(x, "</legend>\n");
    if (again)
        screen_wrong(x, "outcome", TEXT_APPLY_CHOOSE);
    for (uint8_t i = 1; i < OUTCOME_COUNT; i++) {
        buf_printf(x->out, "<label><input type=\"radio\" name=\"outcome\" value=\"%s\"%s> <span>",
                   outcome_name(i), again ? " aria-describedby=\"outcome-wrong\"" : "");
        html_say_key(x, "complaints", "outcome", outcome_name(i));
        html_put(x, "</span></label>\n");
    }
    html_put(x, "</fieldset>\n");
    screen_field(x, &(struct screen_field){.name = "note",
                                           .attributes = "rows=\"3\" maxlength=\"500\"",
                                           .label = TEXT_COMPLAINTS_NOTE,
                                           .value = again ? *again : STR(""),
                                           .lines = true});
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_COMPLAINTS_DECIDE_BUTTON);
    html_put(x, "</p>\n</form>\n");
}

static void forms(struct exchange *x, const struct visit *v, const struct complaint *c,
                  const struct str *again)
{
    char path[APPLY_PATH];
    if (c->outcome)
        return;
    if (c->officer == v->who.party) {
        decide_form(x, v, c, again);
    } else if (c->officer) {
        html_put(x, "<p class=\"note\">");
        html_say(x, TEXT_ERR_CLAIMED);
        html_put(x, "</p>\n");
    } else {
        complaint_path("/desk/complaints", c, "/claim", path);
        screen_form(x, v, path, "ask");
        screen_button(x, TEXT_DESK_CLAIM);
        html_put(x, "</form>\n");
    }
}

static bool stand(struct exchange *x, bool changes, struct visit *v, struct complaint *c)
{
    uint64_t id = 0;
    if (!screen_visit(x, officer, changes, v))
        return false;
    enum err err = claim_number_parse(CLAIM_COMPLAINT, x->param, &id) ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = complaint_get(v->office.registry, id, c, NULL);
    if (!err) {
        portal_note(v, AUDIT_CLAIM_LOOK, c->party, c->id, ERR_OK);
        return true;
    }
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

static void page(struct exchange *x, struct visit *v, const struct complaint *c,
                 const struct str *again)
{
    struct person person;
    char path[APPLY_PATH];
    complaint_path("/desk/complaints", c, "", path);
    screen_begin(x, v, TEXT_COMPLAINTS_ONE, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk/complaints", TEXT_COMPLAINTS_HEADING);
    complaint_heading(x, c);
    if (person_get(v->office.registry, c->party, &person, NULL) == ERR_OK) {
        html_put(x, "<p>");
        html_say(x, TEXT_REQUESTS_BUYER);
        html_put(x, ": ");
        html_text(x, str_z(person.name));
        html_put(x, "</p>\n");
    }
    forms(x, v, c, again);
    enum err err = complaint_body(x, v, c);
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_desk_complaint(struct exchange *x)
{
    struct visit v;
    struct complaint c;
    if (!stand(x, false, &v, &c))
        return;
    page(x, &v, &c, NULL);
    portal_leave(&v);
}

/* What came of an act: the page of the complaint. */
static void acted(struct exchange *x, struct visit *v, const struct complaint *c, enum err err)
{
    char path[APPLY_PATH];
    portal_note(v, AUDIT_CLAIM_DECIDE, c->party, c->id, err);
    if (err && err != ERR_NOT_NOW && err != ERR_CLAIMED) {
        apply_fail(x, v, err);
        return;
    }
    portal_wake(v->portal);
    complaint_path("/desk/complaints", c, "", path);
    screen_go(x, path);
}

void screen_complaint_claim(struct exchange *x)
{
    struct visit v;
    struct complaint c, after;
    if (!stand(x, true, &v, &c))
        return;
    acted(x, &v, &c, complaint_claim(&v.office, &v.who, c.id, &after, NULL));
    portal_leave(&v);
}

void screen_complaint_decide(struct exchange *x)
{
    struct visit v;
    struct complaint c, after;
    struct buf word = {0}, note = {0};
    uint8_t outcome = OUTCOME_NONE;
    if (!stand(x, true, &v, &c))
        return;
    enum err err = screen_value(x, "outcome", &word);
    if (!err)
        err = screen_value(x, "note", &note);
    for (size_t i = 0; i < note.n; i++)
        note.p[i] = note.p[i] < ' ' ? ' ' : note.p[i]; /* one line of a record */
    struct str typed = str_trim((struct str){note.n ? (const char *)note.p : "", note.n});
    bool none = !err && !outcome_find((struct str){(const char *)word.p, word.n}, &outcome);
    if (!err && !none)
        err = complaint_decide(&v.office, &v.who, c.id, outcome, typed, &after, NULL);
    if (none) {
        x->response->status = 400;
        page(x, &v, &c, &typed);
    } else {
        acted(x, &v, &c, err);
    }
    buf_release(&word);
    buf_release(&note);
    portal_leave(&v);
}
