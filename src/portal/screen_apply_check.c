/* SPDX-License-Identifier: Apache-2.0
 *
 * The wizard's end: "check your answers", filing, once, however often the button is pressed. */
#include "face/page_answer.h"
#include "portal/apply.h"
#include "portal/papers_form.h"

/* ---- the answers ---- */

static void row(struct apply *a, enum text label)
{
    html_put(a->x, "<div><dt>");
    html_say(a->x, label);
    html_put(a->x, "</dt><dd><div>");
}

/* The way to change it; a screen reader hears of what. */
static void row_end(struct apply *a, enum text label, enum apply_step step, size_t device)
{
    char path[APPLY_PATH];
    apply_path(&a->draft, step, device, path);
    html_put(a->x, "</div>\n<a href=\"");
    html_url(a->x, path);
    html_put(a->x, "\">");
    html_say(a->x, TEXT_GUIDE_CHANGE);
    html_put(a->x, "<span class=\"heard\"> (");
    html_say(a->x, label);
    html_put(a->x, ")</span></a></dd></div>\n");
}

static void imei_row(struct apply *a, enum text label, const struct imei *imeis, unsigned n,
                     enum apply_step step, size_t device)
{
    row(a, label);
    for (unsigned i = 0; i < n; i++) {
        html_put(a->x, i ? "<br>" : "");
        page_imei(a->x, imeis[i]);
    }
    row_end(a, label, step, device);
}

static void device_rows(struct apply *a, size_t i)
{
    const struct case_device *d = &a->draft.devices[i];
    bool repair = a->draft.kind == APPROVAL_REPAIR;
    imei_row(a, repair ? TEXT_APPLY_ROW_NEW : TEXT_APPLY_ROW_IMEI, d->is.imeis, d->is.count,
             APPLY_IMEI, i);
    if (repair)
        imei_row(a, TEXT_APPLY_ROW_OLD, d->is.old, d->is.old_count, APPLY_OLD, i);
    row(a, TEXT_APPLY_MODEL);
    apply_say_device(a->x, d);
    row_end(a, TEXT_APPLY_MODEL, APPLY_MODEL, i);
}

static void rest_rows(struct apply *a)
{
    const struct draft *d = &a->draft;
    if (d->answered >> APPLY_TRAVELLER & 1) {
        row(a, TEXT_APPLY_ROW_CONSENT);
        html_say(a->x, d->consented_s ? TEXT_APPLY_CONSENT_GIVEN : TEXT_APPLY_CONSENT_NONE);
        row_end(a, TEXT_APPLY_ROW_CONSENT, APPLY_TRAVELLER, 0);
    }
    if (d->answered >> APPLY_ENTERED & 1 && (d->way != WAY_GIFT || d->consented_s)) {
        row(a, TEXT_APPLY_ROW_ENTERED);
        text_date(a->x->out, a->x->lang, d->entered);
        row_end(a, TEXT_APPLY_ROW_ENTERED, APPLY_ENTERED, 0);
    }
    if (d->answered >> APPLY_COUNTRY & 1) {
        row(a, TEXT_APPLY_ROW_COUNTRY);
        if (*d->country)
            html_say_key(a->x, "apply", "country", d->country);
        else
            html_say(a->x, TEXT_APPLY_COUNTRY_OTHER);
        row_end(a, TEXT_APPLY_ROW_COUNTRY, APPLY_COUNTRY, 0);
    }
    if (d->answered >> APPLY_DOCUMENT & 1) {
        enum text label = d->way == WAY_PARCEL ? TEXT_APPLY_DOCUMENT_PARCEL : TEXT_APPLY_DOCUMENT;
        row(a, label);
        if (*d->document)
            html_text(a->x, str_z(d->document));
        else
            html_say(a->x, TEXT_APPLY_NONE);
        row_end(a, label, APPLY_DOCUMENT, 0);
    }
}

static void papers_row(struct apply *a)
{
    const struct draft *d = &a->draft;
    html_put(a->x, "<section class=\"filed review\">\n<h2>");
    html_say(a->x, TEXT_PAPERS_TITLE);
    html_put(a->x, "</h2>\n<dl>\n");
    row(a, TEXT_PAPERS_ATTACHED);
    for (size_t i = 0; i < d->paper_count; i++) {
        html_put(a->x, i ? "<br>" : "");
        papers_say(a->x, &d->papers[i]);
    }
    if (!d->paper_count)
        html_say(a->x, TEXT_PAPERS_NONE);
    row_end(a, TEXT_PAPERS_ATTACHED, APPLY_PAPERS, 0);
    html_put(a->x, "</dl>\n</section>\n");
}

static void answers(struct apply *a)
{
    struct exchange *x = a->x;
    for (size_t i = 0; i < a->draft.device_count; i++) {
        html_put(x, "<section class=\"filed review\">\n<h2>");
        char n[24];
        snprintf(n, sizeof n, "%zu", i + 1);
        html_say_with(x, TEXT_APPLY_DEVICE, "n", str_z(n));
        html_put(x, "</h2>\n<dl>\n");
        device_rows(a, i);
        html_put(x, "</dl>\n</section>\n");
    }
    bool rest = a->draft.answered & (1U << APPLY_TRAVELLER | 1U << APPLY_ENTERED |
                                     1U << APPLY_COUNTRY | 1U << APPLY_DOCUMENT);
    if (rest) {
        html_put(x, "<section class=\"filed review\">\n<h2>");
        html_say(x, TEXT_APPLY_ROW_ORIGIN);
        html_put(x, "</h2>\n<dl>\n");
        rest_rows(a);
        html_put(x, "</dl>\n</section>\n");
    }
    papers_row(a);
    char path[APPLY_PATH];
    if (a->draft.device_count < FILING_DEVICES_MAX) {
        html_put(x, "<p><a href=\"");
        apply_path(&a->draft, APPLY_IMEI, a->draft.device_count, path);
        html_url(x, path);
        html_put(x, "\">");
        html_say(x, TEXT_APPLY_ADD);
        html_put(x, "</a></p>\n");
    }
}

void apply_check(struct apply *a, enum err wrong)
{
    struct exchange *x = a->x;
    char path[APPLY_PATH];
    apply_path(&a->draft, APPLY_CHECK, 0, path);
    screen_begin(x, a->v, TEXT_APPLY_CHECK_HEADING, path);
    apply_heading(a, TEXT_APPLY_CHECK_HEADING);
    if (wrong)
        screen_trouble(x, wrong);
    answers(a);
    html_put(x, "<h2>");
    html_say(x, TEXT_APPLY_CHECK_SEND);
    html_put(x, "</h2>\n<p>");
    html_say(x, TEXT_APPLY_CHECK_TRUE);
    html_put(x, "</p>\n");
    screen_form(x, a->v, path, "ask");
    html_put(x, "<input type=\"hidden\" name=\"key\" value=\"");
    html_text(x, str_z(a->draft.key));
    html_put(x, "\">\n<p class=\"ways\"><button class=\"main\">");
    html_say(x, TEXT_APPLY_CHECK_BUTTON);
    html_put(x, "</button> <a href=\"");
    html_url(x, "/cabinet");
    html_put(x, "\">");
    html_say(x, TEXT_APPLY_LATER);
    html_put(x, "</a></p>\n</form>\n");
    apply_path(&a->draft, APPLY_DROP, 0, path);
    screen_form(x, a->v, path, "inline");
    html_put(x, "<button class=\"link\">");
    html_say(x, TEXT_APPLY_DROP);
    html_put(x, "</button></form>\n");
    screen_end(x);
}

/* ---- filing ---- */

static void lead_to(struct apply *a, uint64_t id)
{
    struct application made;
    char number[APPLICATION_NUMBER_TEXT], path[APPLY_PATH];
    enum err err = filing_get(&a->v->office, &a->v->who, id, &made, NULL);
    if (err) {
        apply_fail(a->x, a->v, err);
        return;
    }
    application_number(&made, number);
    application_release(&made);
    snprintf(path, sizeof path, "/cabinet/%s/filed", number);
    screen_go(a->x, path);
}

/* Did this form make something already? Then that is shown, whatever stands in the draft by now. */
static bool made_already(struct apply *a, struct str key)
{
    uint64_t id = 0;
    enum err err = filing_made(&a->v->office, &a->v->who, key, &id, NULL);
    if (!key.n || err == ERR_NOT_FOUND)
        return false;
    enum err dropped = err ? ERR_OK : draft_drop(&a->v->office, &a->v->who, a->draft.id, NULL);
    if (err || dropped)
        apply_fail(a->x, a->v, err ? err : dropped);
    else
        lead_to(a, id);
    return true;
}

static void file_now(struct apply *a, struct str key)
{
    struct filing wish;
    struct application made;
    struct paper_id papers[LIMIT_PAPERS];
    bool again;
    const struct visit *v = a->v;
    draft_filing(&a->draft, papers, &wish);
    wish.language = str_z(lang_code(a->x->lang));
    wish.idempotency = key;
    enum err err = filing_new(&v->office, &v->who, &wish, &made, &again, NULL);
    portal_note(a->v, AUDIT_FILE, v->who.acts_for, err ? 0 : made.id, err);
    portal_heard(a->v, err);
    if ((err == ERR_PAPER && !apply_papers_stand(a)) ||
        (err == ERR_CONSENT && !apply_consent_stands(a)))
        return;
    if (err) {
        a->x->response->status = err_info(err)->http_status;
        apply_check(a, err);
        return;
    }
    uint64_t id = made.id;
    application_release(&made);
    portal_wake(v->portal);
    err = draft_drop(&v->office, &v->who, a->draft.id, NULL);
    (void)err; /* it is filed; a draft that stays leads to it, and is over in a week */
    lead_to(a, id);
}

static void file_first(struct apply *a, struct str key)
{
    if (!a->draft.version)
        screen_go(a->x, "/cabinet"); /* the draft is gone */
    else if (!str_eq(key, str_z(a->draft.key)))
        screen_fail(a->x, ERR_CSRF); /* no form of this draft */
    else
        file_now(a, key);
}

void apply_file(struct apply *a)
{
    struct buf key = {0};
    enum err err = screen_value(a->x, "key", &key);
    struct str named = {key.n ? (const char *)key.p : "", key.n};
    if (err)
        screen_fail(a->x, err);
    else if (!made_already(a, named))
        file_first(a, named);
    buf_release(&key);
}
