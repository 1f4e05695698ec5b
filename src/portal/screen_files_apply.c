/* SPDX-License-Identifier: Apache-2.0
 *
 * Filing a file: which kind, its document, whether the rows with faults stay behind. Sent twice it is filed
 * once: the file leads to the application that was made of it. */
#include "portal/bulk_worker.h"
#include "portal/cabinet.h"
#include "portal/screen_files.h"
#include "portal/screens.h"

/* ---- the form ---- */

static void kinds(struct exchange *x, const struct visit *v, const struct files_typed *typed)
{
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_CABINET_ROW_KIND);
    html_put(x, "</legend>\n");
    if (typed->no_kind)
        screen_wrong(x, "kind", TEXT_APPLY_CHOOSE);
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        if (!files_kind(kind) || !(kind_info(kind)->roles & ROLE_BIT(v->who.role)))
            continue;
        buf_printf(x->out, "<label><input type=\"radio\" name=\"kind\" value=\"%s\"%s>",
                   kind_info(kind)->name, typed->no_kind ? " aria-describedby=\"kind-wrong\"" : "");
        apply_say_kind(x, kind);
        html_put(x, "</label>\n");
    }
    html_put(x, "</fieldset>\n");
}

static void document(struct exchange *x, uint8_t kind, const struct files_typed *typed)
{
    static const enum text import = TEXT_APPLY_DOCUMENT_HINT_IMPORT,
                           before = TEXT_APPLY_DOCUMENT_HINT_BEFORE;
    static const enum text long_ = TEXT_APPLY_LONG, signs = TEXT_APPLY_SIGNS;
    screen_field(x, &(struct screen_field){.name = "document",
                                           .attributes = "autocomplete=\"off\" maxlength=\"64\"",
                                           .label = TEXT_APPLY_DOCUMENT,
                                           .hint = kind == APPROVAL_BEFORE_DUTY ? &before : &import,
                                           .wrong = typed->wrong == ERR_TOO_LONG   ? &long_
                                                    : typed->wrong == ERR_ONE_LINE ? &signs
                                                                                   : NULL,
                                           .value = str_z(typed->document)});
}

static void country(struct exchange *x, const struct files_typed *typed)
{
    html_put(x, "<div class=\"field\">\n<label for=\"country\">");
    html_say(x, TEXT_APPLY_ROW_COUNTRY);
    html_put(x, "</label>\n<select id=\"country\" name=\"country\">\n<option value=\"\">");
    html_say(x, TEXT_APPLY_COUNTRY_OTHER);
    html_put(x, "</option>\n");
    apply_countries(x, typed->country);
    html_put(x, "</select>\n</div>\n");
}

/* Nobody's choice is made for him: without the mark nothing is filed. */
static void accept(struct exchange *x, const struct upload *u, const struct files_typed *typed)
{
    struct buf n = {0};
    text_number(&n, x->lang, u->devices);
    html_put(x, "<div class=\"radios\">\n");
    if (typed->no_choice)
        screen_wrong(x, "accept", TEXT_FILES_ACCEPT_NONE);
    html_put(x, "<label><input type=\"checkbox\" name=\"accept\" value=\"yes\" "
                "aria-describedby=\"accept-hint");
    html_put(x, typed->no_choice ? " accept-wrong\" aria-invalid=\"true\">" : "\">");
    html_say_count(x, TEXT_FILES_ACCEPT, u->bad);
    html_put(x, "</label>\n<p class=\"hint\" id=\"accept-hint\">");
    html_say_with(x, TEXT_FILES_ACCEPT_HINT, "n", (struct str){(const char *)n.p, n.n});
    html_put(x, "</p>\n</div>\n");
    buf_release(&n);
}

static void refused(struct exchange *x, enum err wrong)
{
    if (!wrong || wrong == ERR_TOO_LONG || wrong == ERR_ONE_LINE)
        return; /* said beside the field */
    screen_trouble(x, wrong);
}

void files_form(struct exchange *x, const struct visit *v, const struct files_place *place,
                const struct upload *u, const struct files_typed *typed)
{
    char path[FILES_PATH];
    files_path(place, "", path);
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_APPLY_CHECK_BUTTON);
    html_put(x, "</h2>\n");
    refused(x, typed->wrong);
    screen_form(x, v, path, "ask");
    if (!place->kind)
        kinds(x, v, typed);
    if (place->kind != APPROVAL_MANUFACTURE)
        document(x, place->kind, typed);
    if (!place->kind || place->kind == APPROVAL_IMPORT)
        country(x, typed);
    if (u->bad)
        accept(x, u, typed);
    html_put(x, "<p>");
    html_say(x, TEXT_APPLY_CHECK_TRUE);
    html_put(x, "</p>\n<p class=\"ways\">");
    screen_button(x, TEXT_APPLY_CHECK_BUTTON);
    html_put(x, "</p>\n</form>\n</section>\n");
}

/* ---- POST /files/ID.KIND ---- */

struct sent {
    struct files_typed typed;
    struct buf document, country, accept, kind;
    uint8_t which;
};

static struct str text_of(const struct buf *b)
{
    return str_trim((struct str){b->n ? (const char *)b->p : "", b->n});
}

static enum err read_form(const struct exchange *x, const struct files_place *place,
                          struct sent *out)
{
    enum err err = screen_value(x, "document", &out->document);
    if (!err)
        err = screen_value(x, "country", &out->country);
    if (!err)
        err = screen_value(x, "accept", &out->accept);
    if (!err)
        err = screen_value(x, "kind", &out->kind);
    str_copy(out->typed.document, sizeof out->typed.document, text_of(&out->document));
    str_copy(out->typed.country, sizeof out->typed.country, text_of(&out->country));
    out->which = place->kind;
    if (!err && !out->which && !kind_find(text_of(&out->kind), &out->which))
        out->typed.no_kind = true;
    return err;
}

static void release(struct sent *sent)
{
    buf_release(&sent->document);
    buf_release(&sent->country);
    buf_release(&sent->accept);
    buf_release(&sent->kind);
}

static void again(struct exchange *x, struct visit *v, const struct files_place *place,
                  const struct files_typed *typed)
{
    x->response->status = typed->wrong ? err_info(typed->wrong)->http_status : 400;
    files_page(x, v, place, typed);
}

static void apply(struct exchange *x, struct visit *v, const struct files_place *place,
                  struct sent *sent)
{
    struct application made;
    char path[APPLY_PATH];
    bool was = false;
    const struct bulk_wish wish = {.kind = sent->which,
                                   .upload = place->id,
                                   .accept_good = str_eq(text_of(&sent->accept), STR("yes")),
                                   .document = text_of(&sent->document),
                                   .country = text_of(&sent->country),
                                   .language = str_z(lang_code(x->lang))};
    enum err err = bulk_file(&v->office, &v->who, &wish, &made, &was, NULL);
    portal_note(v, AUDIT_FILE, v->who.acts_for, err ? 0 : made.id, err);
    portal_heard(v, err);
    if (err == ERR_ROW) {
        sent->typed.no_choice = true;
        again(x, v, place, &sent->typed);
    } else if (err == ERR_NOT_FOUND) {
        screen_fail(x, err);
    } else if (err) {
        sent->typed.wrong = err;
        again(x, v, place, &sent->typed);
    } else {
        bulk_worker_wake(portal_bulk(v->portal));
        cabinet_path(&made, "/filed", path);
        application_release(&made);
        screen_go(x, path);
    }
}

void screen_file_apply(struct exchange *x)
{
    struct visit v;
    struct files_place place;
    struct sent sent = {0};
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    enum err err = portal_bulk(v.portal) ? ERR_OK : ERR_UNAVAILABLE;
    if (!err && !(files_place(x->param, &place) && place.id))
        err = ERR_NOT_FOUND;
    if (!err)
        err = read_form(x, &place, &sent);
    if (err)
        screen_fail(x, err);
    else if (sent.typed.no_kind)
        again(x, &v, &place, &sent.typed);
    else
        apply(x, &v, &place, &sent);
    release(&sent);
    portal_leave(&v);
}
