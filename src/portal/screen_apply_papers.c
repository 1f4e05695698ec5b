/* SPDX-License-Identifier: Apache-2.0
 *
 * The wizard's question about papers: what this kind of application is decided by, what is attached so far, a
 * field for more. Nothing has to be attached; what is missing an officer asks for. The draft remembers what was
 * attached; files themselves are loose papers, which stand for a day (cases/paper.h). */
#include "face/form.h"
#include "portal/apply.h"
#include "portal/papers_form.h"
#include "portal/screens.h"

enum { SAVE_TRIES = 4 };

/* ---- the page ---- */

/* What this kind wants. */
static enum text wanted(const struct draft *d)
{
    switch ((unsigned)d->kind) {
    case APPROVAL_PERSONAL:
        return d->way == WAY_PARCEL    ? TEXT_PAPERS_WANT_PARCEL
               : d->way == WAY_CARRIED ? TEXT_PAPERS_WANT_CARRIED
                                       : TEXT_PAPERS_WANT_GIFT;
    case APPROVAL_IMPORT:
        return TEXT_PAPERS_WANT_IMPORT;
    case APPROVAL_MANUFACTURE:
        return TEXT_PAPERS_WANT_MANUFACTURE;
    case APPROVAL_REPAIR:
        return TEXT_PAPERS_WANT_REPAIR;
    case APPROVAL_BEFORE_DUTY:
        return TEXT_PAPERS_WANT_BEFORE;
    case APPROVAL_SECOND_IMEI:
        return TEXT_PAPERS_WANT_SECOND;
    default:
        return TEXT_PAPERS_WANT_RECHECK;
    }
}

static void page(struct apply *a, const struct papers_form *form)
{
    struct exchange *x = a->x;
    char path[APPLY_PATH], to[APPLY_PATH];
    a->step = APPLY_PAPERS;
    apply_path(&a->draft, APPLY_PAPERS, 0, path);
    snprintf(to, sizeof to, "/apply/%llu/papers", (unsigned long long)a->draft.id);
    screen_begin(x, a->v, TEXT_PAPERS_HEADING, path);
    apply_heading(a, TEXT_PAPERS_HEADING);
    html_put(x, "<p>");
    html_say(x, wanted(&a->draft));
    html_put(x, "</p>\n<p>");
    html_say(x, TEXT_PAPERS_OPTIONAL);
    html_put(x, "</p>\n");
    screen_form_files(x, a->v, to, "ask");
    papers_form_field(x, form, false);
    html_put(x, "<p class=\"ways\"><button class=\"main\">");
    html_say(x, TEXT_APPLY_NEXT);
    html_put(x, "</button> <a href=\"");
    html_url(x, "/cabinet");
    html_put(x, "\">");
    html_say(x, TEXT_APPLY_LATER);
    html_put(x, "</a></p>\n</form>\n");
    screen_end(x);
}

static void from_draft(struct papers_form *form, const struct draft *d)
{
    form->most = LIMIT_PAPERS;
    form->paper_count = 0;
    for (size_t i = 0; i < d->paper_count; i++)
        (void)papers_form_add(form, &d->papers[i]);
}

/* Those that are gone are taken out of the draft, which asks for them again. *out_gone: some were. */
static enum err look(struct apply *a, bool *out_gone)
{
    size_t gone = 0;
    enum err err = draft_papers_stand(&a->v->office, &a->draft, &gone, NULL);
    *out_gone = gone > 0;
    if (err || !gone)
        return err;
    a->draft.answered &= ~(1U << APPLY_PAPERS);
    err = draft_save(&a->v->office, &a->v->who, &a->draft, NULL);
    return err == ERR_STALE ? ERR_OK : err; /* whoever was faster looks himself */
}

void apply_papers(struct apply *a)
{
    struct papers_form form = {.csrf = STR("")};
    struct buf asked = {0};
    bool gone = false, told = false;
    enum err err = look(a, &gone);
    if (!err)
        err = form_value(a->x->query, "gone", &asked, &told);
    buf_release(&asked);
    if (err) {
        apply_fail(a->x, a->v, err);
        return;
    }
    from_draft(&form, &a->draft);
    if (gone || told)
        form.wrong[form.wrong_count++].err = ERR_PAPER;
    page(a, &form);
}

bool apply_papers_stand(struct apply *a)
{
    bool gone = false;
    char path[APPLY_PATH], to[APPLY_PATH + 8];
    enum err err = look(a, &gone);
    if (err)
        apply_fail(a->x, a->v, err);
    if (err || !gone)
        return !err;
    apply_path(&a->draft, APPLY_PAPERS, 0, path);
    snprintf(to, sizeof to, "%s?gone=1", path);
    screen_go(a->x, to);
    return false;
}

/* ---- POST /apply/DRAFT/papers ---- */

/* The draft as the form leaves it. */
static enum err save(struct apply *a, struct papers_form *form)
{
    struct draft *d = &a->draft;
    enum err err = ERR_STALE;
    for (int i = 0; err == ERR_STALE && i < SAVE_TRIES; i++) {
        if (i) {
            err = draft_get(&a->v->office, &a->v->who, d->id, d, NULL);
            for (size_t k = 0; !err && k < d->paper_count; k++) /* of another window */
                (void)papers_form_add(form, &d->papers[k]);
            papers_form_take_out(form);
        }
        if (i && err)
            return err;
        memcpy(d->papers, form->papers, form->paper_count * sizeof *form->papers);
        d->paper_count = form->paper_count;
        d->answered |= form->stays || form->wrong_count ? 0 : 1U << APPLY_PAPERS;
        err = draft_save(&a->v->office, &a->v->who, d, NULL);
    }
    return err;
}

static void attach(struct apply *a, struct papers_form *form)
{
    char path[APPLY_PATH];
    bool gone = false;
    enum err err = look(a, &gone);
    from_draft(form, &a->draft);
    if (!err)
        err = papers_form_take(form, a->v);
    if (!err)
        err = save(a, form);
    if (err) {
        apply_fail(a->x, a->v, err);
    } else if (form->wrong_count) {
        a->x->response->status = papers_form_status(form);
        page(a, form);
    } else if (form->stays) {
        apply_path(&a->draft, APPLY_PAPERS, 0, path);
        screen_go(a->x, path);
    } else {
        apply_go_on(a);
    }
}

void screen_apply_papers(struct exchange *x)
{
    struct visit v;
    struct apply a = {.x = x, .v = &v, .step = APPLY_PAPERS};
    struct papers_form form;
    uint64_t id = 0;
    if (!str_to_u64(x->param, INT64_MAX, &id)) {
        screen_fail(x, ERR_NOT_FOUND);
        return;
    }
    if (!papers_form_visit(x, &form, &v))
        return;
    enum err err = draft_get(&v.office, &v.who, id, &a.draft, NULL);
    if (err == ERR_NOT_FOUND)
        screen_go(x, "/cabinet"); /* what became of it stands there */
    else if (err)
        apply_fail(x, &v, err);
    else if (!apply_is_open(&a))
        apply_go_on(&a);
    else
        attach(&a, &form);
    portal_leave(&v);
}
