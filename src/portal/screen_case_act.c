/* SPDX-License-Identifier: Apache-2.0
 *
 * What an applicant may still do with one application: take it back, answer what was asked, appeal. Each has
 * a page that says what it leads to, and a form; an answer and an appeal may bring papers. What was attached
 * before something else was wrong is carried by the form itself, so that nobody attaches it twice. */
#include "portal/cabinet.h"
#include "portal/papers_form.h"
#include "portal/screens.h"

struct act {
    const char *rest; /* of the address */
    enum text heading, lead, button;
    enum text label; /* of the note of one that brings papers */
    enum err (*go)(const struct office *office, const struct session *who, uint64_t id,
                   const struct bringing *what, struct application *out, struct fault *fault);
};

static const struct act answering = {.rest = "/answer",
                                     .heading = TEXT_CABINET_ANSWER_HEADING,
                                     .lead = TEXT_CABINET_ANSWER_LEAD,
                                     .button = TEXT_CABINET_ANSWER_BUTTON,
                                     .label = TEXT_CABINET_ANSWER_LABEL,
                                     .go = filing_bring};
static const struct act appealing = {.rest = "/appeal",
                                     .heading = TEXT_CABINET_APPEAL_HEADING,
                                     .lead = TEXT_CABINET_APPEAL_LEAD,
                                     .button = TEXT_CABINET_APPEAL_BUTTON,
                                     .label = TEXT_CABINET_APPEAL_LABEL,
                                     .go = filing_appeal_bring};
static const struct act withdrawing = {.rest = "/withdraw",
                                       .heading = TEXT_CABINET_WITHDRAW_HEADING,
                                       .lead = TEXT_CABINET_WITHDRAW_LEAD,
                                       .button = TEXT_CABINET_WITHDRAW_BUTTON};

static bool may(const struct act *act, const struct application *a)
{
    if (act == &appealing)
        return filing_may_appeal(a);
    return act == &answering ? a->state == APPLICATION_PAPERS_ASKED : application_open(a);
}

/* ---- the page ---- */

static void refused_why(struct exchange *x, const struct application *a)
{
    if (a->bulk_refusal) {
        html_put(x, "<p>");
        html_say_key(x, "refusal", refusal_name(a->bulk_refusal), NULL);
        html_put(x, ". ");
        html_say_key(x, "refusal", refusal_name(a->bulk_refusal), "bring");
        html_put(x, "</p>\n");
    }
    for (size_t i = 0; i < a->device_count; i++) {
        const char *why = refusal_name(a->devices[i].refusal);
        if (!*why || a->devices[i].approved)
            continue;
        html_put(x, "<p><strong>");
        apply_say_device(x, &a->devices[i]);
        html_put(x, ":</strong> ");
        html_say_key(x, "refusal", why, NULL);
        html_put(x, ". ");
        html_say_key(x, "refusal", why, "bring");
        html_put(x, "</p>\n");
    }
}

static void heading(struct exchange *x, const struct application *a, const struct act *act)
{
    char back[APPLY_PATH];
    const char *said = case_last_note(a);
    cabinet_path(a, "", back);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", back, TEXT_CABINET_APPLICATION);
    html_put(x, "</p>\n<h1>");
    html_say(x, act->heading);
    html_put(x, "</h1>\n");
    if (act == &appealing)
        refused_why(x, a);
    if (*said && act != &withdrawing) {
        html_put(x, "<blockquote>");
        html_text(x, str_z(said));
        html_put(x, "</blockquote>\n");
    }
    html_put(x, "<p>");
    html_say(x, act->lead);
    html_put(x, "</p>\n");
}

/* form: what was sent; NULL, nothing was. wrong: with the note; NULL, nothing is. */
static void act_page(struct exchange *x, const struct visit *v, const struct application *a,
                     const struct act *act, const struct papers_form *form, const enum text *wrong)
{
    char path[APPLY_PATH], back[APPLY_PATH];
    cabinet_path(a, act->rest, path);
    cabinet_path(a, "", back);
    screen_begin(x, v, act->heading, path);
    heading(x, a, act);
    if (act == &withdrawing) {
        screen_form(x, v, path, "ask");
    } else {
        screen_form_files(x, v, path, "ask");
        screen_field(x, &(struct screen_field){.name = "note",
                                               .attributes = "rows=\"5\" maxlength=\"500\"",
                                               .label = act->label,
                                               .wrong = wrong,
                                               .value = form ? form->note : STR(""),
                                               .lines = true});
        papers_form_field(x, form, true);
    }
    html_put(x, "<p class=\"ways\">");
    screen_button(x, act->button);
    cabinet_link(x, "", back, TEXT_CABINET_BACK);
    html_put(x, "</p>\n</form>\n");
    screen_end(x);
}

static void ask_act(struct exchange *x, const struct act *act)
{
    struct visit v;
    struct application a;
    char path[APPLY_PATH];
    if (!case_stand(x, false, &v, &a))
        return;
    cabinet_path(&a, "", path);
    if (may(act, &a))
        act_page(x, &v, &a, act, NULL, NULL);
    else
        screen_go(x, path);
    case_leave(&v, &a);
}

void screen_withdraw_ask(struct exchange *x)
{
    ask_act(x, &withdrawing);
}

void screen_answer_ask(struct exchange *x)
{
    ask_act(x, &answering);
}

void screen_appeal_ask(struct exchange *x)
{
    ask_act(x, &appealing);
}

/* ---- the act ---- */

/* What came of it: the application's page, also when it was sent twice. */
static void acted(struct exchange *x, struct visit *v, const struct application *a, enum err err)
{
    char path[APPLY_PATH];
    cabinet_path(a, "", path);
    if (err && err != ERR_NOT_NOW) {
        apply_fail(x, v, err);
        return;
    }
    portal_wake(v->portal);
    screen_go(x, path);
}

void screen_withdraw(struct exchange *x)
{
    struct visit v;
    struct application a, after;
    if (!case_stand(x, true, &v, &a))
        return;
    enum err err = filing_withdraw(&v.office, &v.who, a.id, &after, NULL);
    portal_note(&v, AUDIT_FILE, v.who.acts_for, a.id, err);
    if (!err)
        application_release(&after);
    acted(x, &v, &a, err);
    case_leave(&v, &a);
}

/* A note goes into one line of a record: what parts its lines is a space there. */
static struct str one_line(struct str note, struct buf *scratch)
{
    buf_put(scratch, note.p, note.n);
    for (size_t i = 0; i < scratch->n; i++)
        if (scratch->p[i] < ' ')
            scratch->p[i] = ' ';
    return str_trim((struct str){scratch->n ? (const char *)scratch->p : "", scratch->n});
}

static enum err go(struct visit *v, const struct application *a, const struct act *act,
                   const struct papers_form *form, struct str note)
{
    struct paper_id ids[LIMIT_PAPERS];
    struct application after;
    const struct bringing what = {.note = note, .papers = ids, .paper_count = form->paper_count};
    for (size_t i = 0; i < form->paper_count; i++)
        ids[i] = form->papers[i].id;
    enum err err = act->go(&v->office, &v->who, a->id, &what, &after, NULL);
    portal_note(v, AUDIT_FILE, v->who.acts_for, a->id, err);
    if (!err)
        application_release(&after);
    return err;
}

static void bring(struct exchange *x, struct visit *v, const struct application *a,
                  const struct act *act, struct papers_form *form)
{
    static const enum text none = TEXT_CABINET_NOTE_NONE, long_ = TEXT_CABINET_NOTE_LONG,
                           signs = TEXT_APPLY_SIGNS;
    struct buf scratch = {0};
    struct str note = one_line(form->note, &scratch);
    const enum text *wrong = form->stays ? NULL : !note.n ? &none : NULL;
    if (note.n > LIMIT_REASON)
        wrong = &long_;
    form->most = LIMIT_PAPERS - a->paper_count;
    enum err err = papers_form_hold(form, v);
    if (!err)
        err = papers_form_take(form, v);
    bool stays = form->stays || form->wrong_count || wrong;
    if (!err && !stays)
        err = go(v, a, act, form, note);
    if (err == ERR_ONE_LINE || err == ERR_PAPER) {
        wrong = err == ERR_ONE_LINE ? &signs : NULL;
        form->wrong[0].err = ERR_PAPER;
        form->wrong_count = err == ERR_PAPER;
        stays = true;
        err = ERR_OK;
    }
    if (!err && stays) {
        x->response->status = form->wrong_count ? papers_form_status(form) : wrong ? 400 : 200;
        act_page(x, v, a, act, form, wrong);
    } else {
        acted(x, v, a, err);
    }
    buf_release(&scratch);
}

static void do_act(struct exchange *x, const struct act *act)
{
    struct visit v;
    struct application a;
    struct papers_form form;
    uint64_t id = 0;
    if (!application_number_parse(x->param, &id)) {
        screen_fail(x, ERR_NOT_FOUND);
        return;
    }
    if (!papers_form_visit(x, &form, &v))
        return;
    enum err err = filing_get(&v.office, &v.who, id, &a, NULL);
    if (err) {
        apply_fail(x, &v, err);
        portal_leave(&v);
        return;
    }
    if (may(act, &a))
        bring(x, &v, &a, act, &form);
    else
        acted(x, &v, &a, ERR_NOT_NOW);
    case_leave(&v, &a);
}

void screen_answer(struct exchange *x)
{
    do_act(x, &answering);
}

void screen_appeal(struct exchange *x)
{
    do_act(x, &appealing);
}
