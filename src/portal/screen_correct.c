/* SPDX-License-Identifier: Apache-2.0
 *
 * A correction of an approved application, by its applicant or by an officer for him: what is wrong, then one form for that.
 * IMEIs stand in the body of the form alone; the form carries a key, so that it is filed once however often it is
 * sent. An applicant's brings papers; an officer has none to bring. */
#include <stdlib.h>

#include <sodium.h>

#include "cases/correction.h"
#include "face/form.h"
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/papers_form.h"
#include "portal/screen_desk.h"
#include "portal/screens.h"

enum { KEY_TEXT = 33 };

struct form {
    struct exchange *x;
    struct visit *v;
    struct application first;
    bool desk; /* an officer's */
    uint8_t ground;
    struct papers_form papers;                 /* of an applicant */
    struct buf imei, right, note, key;         /* as they were typed */
    const enum text *wrong_imei, *wrong_right; /* beside the field */
    enum err wrong;                            /* of the whole */
};

static struct str typed(const struct buf *b)
{
    return str_trim((struct str){b->n ? (const char *)b->p : "", b->n});
}

static void form_release(struct form *f)
{
    buf_release(&f->imei);
    buf_release(&f->right);
    buf_release(&f->note);
    buf_release(&f->key);
    application_release(&f->first);
}

/* ---- the page ---- */

/* The first application, and what follows. */
static void place(const struct form *f, const char *rest, char path[APPLY_PATH])
{
    if (f->desk)
        desk_path(&f->first, rest, path);
    else
        cabinet_path(&f->first, rest, path);
}

static void begin(struct form *f, char path[APPLY_PATH])
{
    char back[APPLY_PATH];
    place(f, "/correct", path);
    place(f, "", back);
    screen_begin(f->x, f->v, TEXT_CORRECTION_HEADING, path);
    html_put(f->x, "<p class=\"caption\">");
    cabinet_link(f->x, "", back, TEXT_CABINET_APPLICATION);
    html_put(f->x, "</p>\n<h1>");
    if (f->ground)
        html_say_key(f->x, "correction", "ground", ground_name(f->ground));
    else
        html_say(f->x, TEXT_CORRECTION_HEADING);
    html_put(f->x, "</h1>\n");
}

/* What is wrong? Each answer is a link. */
static void choose_ground(struct form *f)
{
    char path[APPLY_PATH];
    begin(f, path);
    html_put(f->x, "<ul class=\"options\">\n");
    for (uint8_t g = 1; g < GROUND_COUNT; g++) {
        html_put(f->x, "<li><a href=\"");
        html_url(f->x, path);
        html_put(f->x, f->x->lang_asked ? "&amp;ground=" : "?ground=");
        html_put(f->x, ground_name(g));
        html_put(f->x, "\">");
        html_say_key(f->x, "correction", "ground", ground_name(g));
        html_put(f->x, "</a></li>\n");
    }
    html_put(f->x, "</ul>\n");
    screen_end(f->x);
}

static void wrong_beside(struct exchange *x, const enum text *wrong)
{
    if (!wrong)
        return;
    html_put(x, "<div class=\"error\" id=\"imei-wrong\">");
    html_sign(x, "hint");
    html_put(x, "<p>");
    html_say(x, *wrong);
    html_put(x, "</p></div>\n");
}

/* Of a typed application: one of the IMEIs that it has now. */
static void imei_choice(struct form *f, struct imei imei)
{
    char digits[IMEI_TEXT15];
    imei_format15(imei, digits);
    bool chosen = str_eq(typed(&f->imei), str_z(digits));
    buf_printf(f->x->out,
               "<label><input type=\"radio\" name=\"imei\" value=\"%s\"%s required> <span>", digits,
               chosen ? " checked" : "");
    page_imei(f->x, imei);
    html_put(f->x, "</span></label>\n");
}

static void imei_radios(struct form *f, enum text label)
{
    struct exchange *x = f->x;
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, label);
    html_put(x, "</legend>\n");
    wrong_beside(x, f->wrong_imei);
    for (size_t i = 0; i < f->first.device_count; i++) {
        struct case_device now;
        if (!f->first.devices[i].approved ||
            correction_now(f->v->office.registry, f->first.id, &f->first.devices[i], &now, NULL))
            continue;
        for (unsigned k = 0; k < now.is.count; k++)
            imei_choice(f, now.is.imeis[k]);
    }
    html_put(x, "</fieldset>\n");
}

static void fields(struct form *f)
{
    static const enum text several = TEXT_CORRECTION_IMEIS_HINT;
    bool leaves = ground_leaves(f->ground), mistyped = f->ground == GROUND_MISTYPED;
    enum text label = leaves     ? TEXT_CORRECTION_IMEIS
                      : mistyped ? TEXT_CORRECTION_WRONG
                                 : TEXT_CORRECTION_APPROVED;
    if (!leaves && !f->first.upload)
        imei_radios(f, label);
    else
        screen_field(f->x,
                     &(struct screen_field){
                         .name = "imei",
                         .attributes = leaves ? "rows=\"4\" required"
                                              : "inputmode=\"numeric\" maxlength=\"64\" required",
                         .label = label,
                         .hint = leaves ? &several : NULL,
                         .wrong = f->wrong_imei,
                         .value = typed(&f->imei),
                         .lines = leaves});
    if (!leaves)
        screen_field(f->x, &(struct screen_field){
                               .name = "right",
                               .attributes = "inputmode=\"numeric\" maxlength=\"64\" required "
                                             "autocomplete=\"off\"",
                               .label = mistyped ? TEXT_CORRECTION_RIGHT : TEXT_CORRECTION_ADDED,
                               .wrong = f->wrong_right,
                               .value = typed(&f->right)});
    screen_field(f->x, &(struct screen_field){.name = "note",
                                              .attributes = "rows=\"3\" maxlength=\"500\"",
                                              .label = TEXT_CORRECTION_NOTE,
                                              .value = typed(&f->note),
                                              .lines = true});
    if (!f->desk)
        papers_form_field(f->x, &f->papers, true);
}

static void page(struct form *f)
{
    char path[APPLY_PATH], back[APPLY_PATH], key[KEY_TEXT];
    uint8_t random[(KEY_TEXT - 1) / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, sizeof key, random, sizeof random);
    begin(f, path);
    if (f->wrong)
        screen_trouble(f->x, f->wrong);
    html_put(f->x, "<p>");
    html_say(f->x,
             ground_leaves(f->ground) ? TEXT_CORRECTION_LEAD_LEAVES : TEXT_CORRECTION_LEAD_NAMES);
    html_put(f->x, "</p>\n");
    if (f->desk)
        screen_form(f->x, f->v, path, "ask");
    else
        screen_form_files(f->x, f->v, path, "ask");
    buf_printf(f->x->out,
               "<input type=\"hidden\" name=\"ground\" value=\"%s\">\n"
               "<input type=\"hidden\" name=\"key\" value=\"",
               ground_name(f->ground));
    html_text(f->x, f->key.n && !f->wrong ? typed(&f->key) : str_z(key));
    html_put(f->x, "\">\n");
    fields(f);
    place(f, "", back);
    html_put(f->x, "<p class=\"ways\">");
    screen_button(f->x, TEXT_CORRECTION_BUTTON);
    cabinet_link(f->x, "", back, TEXT_CABINET_BACK);
    html_put(f->x, "</p>\n</form>\n");
    screen_end(f->x);
}

/* ---- what is sent ---- */

/* One IMEI a line, or after a comma. *out: malloc'd. */
static enum err read_list(struct str text, struct correcting **out, size_t *out_n)
{
    struct correcting *list = calloc(CORRECTION_IMEIS_MAX, sizeof *list);
    size_t n = 0;
    enum err err = list ? ERR_OK : ERR_MEMORY;
    while (!err && text.n) {
        size_t end = 0;
        while (end < text.n && !strchr("\n,;", text.p[end]))
            end++;
        struct str one = str_trim((struct str){text.p, end});
        end += end < text.n;
        text = (struct str){text.p + end, text.n - end};
        if (!one.n)
            continue;
        err = n < CORRECTION_IMEIS_MAX ? imei_parse_typed(one, &list[n].imei) : ERR_TOO_MANY;
        n++;
    }
    if (err) {
        free(list);
        return err;
    }
    *out = list;
    *out_n = n;
    return ERR_OK;
}

/* The text of an error beside a field. */
static const enum text *beside(enum err err, enum text *room)
{
    return text_find_parts(err_info(err)->text_id, NULL, NULL, room) ? room : NULL;
}

static void lead_to(struct form *f, const struct application *made)
{
    char path[APPLY_PATH];
    if (f->desk)
        desk_path(made, "", path);
    else
        cabinet_path(made, "/filed", path);
    screen_go(f->x, path);
}

/* Did this form make one already? Then that is shown: its papers are loose no more. */
static bool made_already(struct form *f)
{
    struct application made;
    uint64_t id = 0;
    if (!typed(&f->key).n || filing_made(&f->v->office, &f->v->who, typed(&f->key), &id, NULL) ||
        application_get(f->v->office.registry, id, &made, NULL))
        return false;
    bool same = made.corrects == f->first.id;
    if (same)
        lead_to(f, &made);
    application_release(&made);
    return same;
}

static void file_it(struct form *f, struct correction *wish)
{
    struct application made;
    struct paper_id ids[LIMIT_PAPERS];
    bool again;
    for (size_t i = 0; i < f->papers.paper_count; i++)
        ids[i] = f->papers.papers[i].id;
    wish->papers = ids;
    wish->paper_count = f->papers.paper_count;
    f->wrong = correction_new(&f->v->office, &f->v->who, wish, &made, &again, NULL);
    portal_note(f->v, AUDIT_FILE, f->first.applicant, f->wrong ? f->first.id : made.id, f->wrong);
    portal_heard(f->v, f->wrong);
    if (f->wrong) {
        f->x->response->status = err_info(f->wrong)->http_status;
        page(f);
        return;
    }
    lead_to(f, &made);
    application_release(&made);
    portal_wake(f->v->portal);
}

static void take(struct form *f)
{
    struct correcting *list = NULL;
    struct imei right = {0};
    size_t n = 0;
    enum text room[2], none = TEXT_APPLY_IMEI_NONE;
    enum err err = read_list(typed(&f->imei), &list, &n);
    bool leaves = ground_leaves(f->ground);
    f->wrong_imei = err ? beside(err, &room[0]) : n ? NULL : &none;
    enum err of_right = leaves ? ERR_OK : imei_parse_typed(typed(&f->right), &right);
    f->wrong_right = of_right ? beside(of_right, &room[1]) : NULL;
    for (char *p = (char *)f->note.p; p && p < (char *)f->note.p + f->note.n; p++)
        *p = *p >= 0 && *p < ' ' ? ' ' : *p; /* a note is one line of a record */
    for (size_t i = 0; i < n && !leaves; i++) {
        list[i].right[0] = right;
        list[i].right_count = 1;
    }
    struct correction wish = {.corrects = f->first.id,
                              .ground = f->ground,
                              .devices = list,
                              .device_count = n,
                              .note = typed(&f->note),
                              .language = str_z(lang_code(f->x->lang)),
                              .idempotency = typed(&f->key)};
    if (f->papers.stays ||
        f->papers.wrong_count) { /* he is not done yet: nothing typed is told off */
        f->wrong_imei = f->wrong_right = NULL;
        f->x->response->status = papers_form_status(&f->papers);
        page(f);
    } else if (f->wrong_imei || f->wrong_right) {
        f->x->response->status = 400;
        page(f);
    } else {
        file_it(f, &wish);
    }
    free(list);
}

/* ---- GET and POST /cabinet/NUMBER/correct, /desk/NUMBER/correct ---- */

static bool number_of(struct exchange *x, uint64_t *out)
{
    if (application_number_parse(x->param, out))
        return true;
    screen_fail(x, ERR_NOT_FOUND);
    return false;
}

/* The first application, for whoever has come in. False: it is answered. */
static bool stand(struct form *f, uint64_t id)
{
    struct visit *v = f->v;
    enum err err = f->desk ? application_get(v->office.registry, id, &f->first, NULL)
                           : filing_get(&v->office, &v->who, id, &f->first, NULL);
    if (!err)
        return true;
    apply_fail(f->x, v, err);
    portal_leave(v);
    return false;
}

static void ask(struct exchange *x, bool desk)
{
    struct visit v;
    struct form f = {.x = x, .v = &v, .desk = desk};
    struct buf word = {0};
    char path[APPLY_PATH];
    bool found = false;
    uint64_t id = 0;
    if (!number_of(x, &id) ||
        !screen_visit(x, desk ? ROLE_BIT(ROLE_OFFICER) : ROLES_APPLICANT, false, &v) ||
        !stand(&f, id))
        return;
    if (desk) /* its IMEIs are shown */
        portal_note(&v, AUDIT_LOOK, f.first.applicant, id, ERR_OK);
    place(&f, "", path);
    enum err err = form_value(x->query, "ground", &word, &found);
    if (err)
        screen_fail(x, err);
    else if (!correction_open(&f.first))
        screen_go(x, path);
    else if (ground_find(typed(&word), &f.ground))
        page(&f);
    else
        choose_ground(&f);
    buf_release(&word);
    form_release(&f);
    portal_leave(&v);
}

/* A field of the form, however it was sent. */
static enum err value(struct form *f, const char *name, struct buf *out)
{
    if (f->desk)
        return screen_value(f->x, name, out);
    struct str text =
        str_eq(str_z(name), STR("note")) ? f->papers.note : papers_form_value(&f->papers, name);
    buf_str(out, text);
    return out->failed ? ERR_MEMORY : ERR_OK;
}

static void send(struct form *f)
{
    struct buf ground = {0};
    enum err err = value(f, "ground", &ground);
    if (!err)
        err = value(f, "imei", &f->imei);
    if (!err)
        err = value(f, "right", &f->right);
    if (!err)
        err = value(f, "note", &f->note);
    if (!err)
        err = value(f, "key", &f->key);
    if (!err && !ground_find(typed(&ground), &f->ground))
        err = ERR_USAGE;
    if (!err && made_already(f)) {
        buf_release(&ground);
        return;
    }
    if (!err && !f->desk)
        err = papers_form_hold(&f->papers, f->v);
    if (!err && !f->desk)
        err = papers_form_take(&f->papers, f->v);
    if (err)
        apply_fail(f->x, f->v, err);
    else
        take(f);
    buf_release(&ground);
}

void screen_correct_ask(struct exchange *x)
{
    ask(x, false);
}

void screen_desk_correct_ask(struct exchange *x)
{
    ask(x, true);
}

void screen_correct(struct exchange *x)
{
    struct visit v;
    struct form f = {.x = x, .v = &v};
    uint64_t id = 0;
    if (!number_of(x, &id) || !papers_form_visit(x, &f.papers, &v) || !stand(&f, id))
        return;
    send(&f);
    form_release(&f);
    portal_leave(&v);
}

void screen_desk_correct(struct exchange *x)
{
    struct visit v;
    struct form f = {.x = x, .v = &v, .desk = true};
    uint64_t id = 0;
    if (!number_of(x, &id) || !screen_visit(x, ROLE_BIT(ROLE_OFFICER), true, &v) || !stand(&f, id))
        return;
    send(&f);
    form_release(&f);
    portal_leave(&v);
}
