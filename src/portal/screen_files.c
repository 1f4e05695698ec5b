/* SPDX-License-Identifier: Apache-2.0
 *
 * Before a file is sent: how to make one, template and samples, which kind it is for; the form that the script
 * sends it with; those that were sent and wait for an application. */
#include "portal/screen_files.h"

#include "face/asset.h"
#include "portal/bulk_worker.h"
#include "portal/cabinet.h"
#include "portal/screen_accreditation.h"
#include "portal/screens.h"

enum { PIECE_BYTES = LIMIT_UPLOAD_PIECE / 4 }; /* of a browser: a slow line sends it in time */

static const uint8_t kinds[] = {APPROVAL_IMPORT, APPROVAL_MANUFACTURE, APPROVAL_BEFORE_DUTY};

/* ---- places ---- */

bool files_kind(uint8_t kind)
{
    return kind && memchr(kinds, kind, sizeof kinds);
}

void files_path(const struct files_place *place, const char *rest, char out[FILES_PATH])
{
    char id[UPLOAD_ID_TEXT] = "";
    if (place->id)
        upload_id_format(place->id, id);
    snprintf(out, FILES_PATH, "/files/%s%s%s%s", id, place->id && place->kind ? "." : "",
             place->kind ? kind_info(place->kind)->name : "", rest);
}

bool files_place(struct str piece, struct files_place *out)
{
    struct str name, id = str_split(piece, '.', &name);
    *out = (struct files_place){0};
    bool parsed = upload_id_parse(id, &out->id);
    if (parsed && !out->id)
        return false; /* no upload has it */
    if (parsed && piece.n == id.n)
        return true;
    if (!parsed && piece.n != id.n)
        return false;
    if (!parsed)
        name = id;
    return kind_find(name, &out->kind) && files_kind(out->kind);
}

static bool may_file(const struct visit *v, uint8_t kind)
{
    return kind_info(kind)->roles & ROLE_BIT(v->who.role);
}

/* ---- what other pages show ---- */

static void say_n(struct exchange *x, enum text id, uint64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    html_say_with(x, id, "n", str_z(digits));
}

void files_way_lead(struct exchange *x)
{
    html_put(x, "<p>");
    say_n(x, TEXT_FILES_WAY_LEAD, FILING_DEVICES_MAX);
    html_put(x, "</p>\n");
}

void files_way(struct exchange *x, uint8_t kind)
{
    char path[FILES_PATH];
    files_path(&(struct files_place){.kind = kind}, "", path);
    cabinet_link(x, "second", path, TEXT_FILES_WHICH);
}

static void entry(struct exchange *x, const struct visit *v, const struct upload *u)
{
    char path[FILES_PATH];
    files_path(&(struct files_place){.id = u->id}, "", path);
    html_put(x, "<li><div><a href=\"");
    html_url(x, path);
    html_put(x, "\">");
    html_text(x, str_z(u->name));
    html_put(x, "</a><br><span class=\"hint\">");
    html_say_key(x, "files.state", upload_state_name(u->state), NULL);
    html_put(x, " · ");
    html_say(x, TEXT_CABINET_DRAFT_UNTIL);
    html_put(x, " ");
    screen_time(x, v, u->created_s + UPLOAD_LIFE_S);
    html_put(x, "</span></div>\n");
    files_path(&(struct files_place){.id = u->id}, "/drop", path);
    screen_form(x, v, path, "inline");
    html_put(x, "<button class=\"link\">");
    html_say(x, TEXT_FILES_DROP);
    html_put(x, "<span class=\"heard\"> (");
    html_text(x, str_z(u->name));
    html_put(x, ")</span></button></form></li>\n");
}

enum err files_waiting(struct exchange *x, const struct visit *v)
{
    uint64_t ids[LIMIT_UPLOADS];
    size_t n = 0, shown = 0;
    enum err err =
        portal_bulk(v->portal) ? upload_list(&v->office, &v->who, ids, &n, NULL) : ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        struct upload u;
        err = upload_get(&v->office, &v->who, ids[i], &u, NULL);
        if (err == ERR_NOT_FOUND) { /* dropped just now */
            err = ERR_OK;
            continue;
        }
        if (err)
            break;
        if (!shown++) {
            html_put(x, "<section>\n<h2>");
            html_say(x, TEXT_FILES_WAITING);
            html_put(x, "</h2>\n<ul class=\"cases\">\n");
        }
        entry(x, v, &u);
    }
    html_put(x, shown ? "</ul>\n</section>\n" : "");
    return err;
}

/* ---- how to make one ---- */

static void sample(struct exchange *x, const char *path, enum text says, uint64_t rows,
                   uint64_t faults)
{
    struct buf row_digits = {0}, fault_digits = {0};
    text_number(&row_digits, x->lang, rows);
    text_number(&fault_digits, x->lang, faults);
    const struct text_var vars[] = {
        {"rows", {(const char *)row_digits.p, row_digits.n}},
        {"faults", {(const char *)fault_digits.p, fault_digits.n}},
    };
    html_put(x, "<li><a download href=\"");
    html_put(x, path);
    html_put(x, "\">");
    html_say_vars(x, says, vars, 2);
    html_put(x, "</a></li>\n");
    buf_release(&row_digits);
    buf_release(&fault_digits);
}

static void prepare(struct exchange *x)
{
    static const enum text steps[] = {TEXT_FILES_HOW_TEMPLATE, TEXT_FILES_HOW_ROWS,
                                      TEXT_FILES_HOW_TEXT, TEXT_FILES_HOW_REST,
                                      TEXT_FILES_HOW_SAVE};
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_FILES_PREPARE);
    html_put(x, "</h2>\n<ol class=\"how\">\n");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        html_put(x, "<li>");
        html_say(x, steps[i]);
        html_put(x, "</li>\n");
    }
    html_put(x, "</ol>\n<ul>\n<li><a download href=\"/api/v1/uploads/template.csv\">");
    html_say(x, TEXT_FILES_TEMPLATE);
    html_put(x, "</a></li>\n");
    sample(x, "/files/sample.csv", TEXT_FILES_SAMPLE, SAMPLE_ROWS, 0);
    sample(x, "/files/sample-faults.csv", TEXT_FILES_SAMPLE_FAULTS, SAMPLE_FAULTS_ROWS,
           SAMPLE_FAULTS);
    html_put(x, "</ul>\n</section>\n");
}

/* ---- sending one ---- */

void files_script(struct exchange *x)
{
    x->response->script = asset_table[ASSET_FILES_KK_JS].bytes.n ? SCRIPT_FILES : SCRIPT_NONE;
}

/* What the script has to know. */
static void sender_data(struct exchange *x, const struct visit *v, const struct files_place *place,
                        const struct upload *u)
{
    char csrf[SESSION_CSRF_TEXT], id[UPLOAD_ID_TEXT] = "";
    session_csrf(v->office.registry, &v->who, csrf);
    if (u)
        upload_id_format(u->id, id);
    buf_printf(
        x->out,
        " data-csrf=\"%s\" data-most=\"%d\" data-piece=\"%d\" data-kind=\"%s\" data-upload=\"%s\" "
        "data-bytes=\"%llu\">\n",
        csrf, LIMIT_UPLOAD_BYTES, PIECE_BYTES, place->kind ? kind_info(place->kind)->name : "", id,
        (unsigned long long)(u ? u->bytes : 0));
}

void files_sender(struct exchange *x, const struct visit *v, const struct files_place *place,
                  const struct upload *u, unsigned percent)
{
    html_put(x, "<form class=\"ask\" id=\"send\" hidden");
    sender_data(x, v, place, u);
    html_put(x, "<div class=\"field\">\n<label for=\"file\">");
    html_say(x, TEXT_FILES_CHOOSE);
    html_put(x, "</label>\n<p class=\"hint\" id=\"file-hint\">");
    say_n(x, TEXT_FILES_CHOOSE_HINT, LIMIT_UPLOAD_BYTES >> 20);
    html_put(x, "</p>\n<input id=\"file\" type=\"file\" accept=\".csv,.txt,text/csv,text/plain\" "
                "aria-describedby=\"file-hint said\">\n</div>\n");
    html_put(x, "<div id=\"said\" role=\"status\"></div>\n<progress id=\"progress\" max=\"100\"");
    buf_printf(x->out, " value=\"%u\"%s aria-label=\"", percent, u ? "" : " hidden");
    html_say(x, TEXT_FILES_PROGRESS);
    html_put(x, "\"></progress>\n<p class=\"ways\">");
    screen_button(x, TEXT_FILES_SEND);
    html_put(x, "</p>\n</form>\n<template id=\"hint-sign\">");
    html_sign(x, "hint");
    html_put(x, "</template>\n");
}

/* ---- GET /files, /files/KIND ---- */

static void choose(struct exchange *x, const struct visit *v)
{
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_FILES_WHICH);
    html_put(x, "</h2>\n<ul class=\"options\">\n");
    for (size_t i = 0; i < sizeof kinds; i++) {
        char path[FILES_PATH];
        if (!may_file(v, kinds[i]))
            continue;
        files_path(&(struct files_place){.kind = kinds[i]}, "", path);
        html_put(x, "<li><a href=\"");
        html_url(x, path);
        html_put(x, "\">");
        apply_say_kind(x, kinds[i]);
        html_put(x, "</a></li>\n");
    }
    html_put(x, "</ul>\n</section>\n");
}

static void heading(struct exchange *x, uint8_t kind)
{
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", kind ? "/files" : "/cabinet",
                 kind ? TEXT_FILES_HEADING : TEXT_CABINET_HEADING);
    html_put(x, "</p>\n<h1>");
    if (kind)
        apply_say_kind(x, kind);
    else
        html_say(x, TEXT_FILES_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_FILES_LEAD);
    html_put(x, "</p>\n");
}

/* Sent by a page that has a kind, or of all kinds to choose from. */
void files_start(struct exchange *x, struct visit *v, uint8_t kind, const struct files_sent *sent)
{
    const struct files_place place = {.kind = kind};
    char path[FILES_PATH] = "/files";
    if (kind)
        files_path(&place, "", path);
    if (kind)
        files_script(x);
    screen_begin(x, v, TEXT_FILES_HEADING, path);
    heading(x, kind);
    accreditation_notice(x, v, kind);
    enum err err = files_waiting(x, v);
    if (kind) {
        html_put(x, "<section>\n<h2>");
        html_say(x, TEXT_FILES_WHICH);
        html_put(x, "</h2>\n");
        if (sent->top)
            screen_trouble(x, sent->top);
        files_plain(x, v, &place, sent->wrong);
        files_sender(x, v, &place, NULL, 0);
        html_put(x, "<p class=\"ways\">");
        cabinet_link(x, "",
                     kind == APPROVAL_BEFORE_DUTY ? "/apply/before"
                     : kind == APPROVAL_IMPORT    ? "/apply/import"
                                                  : "/apply/manufacture",
                     TEXT_FILES_TYPE);
        html_put(x, "</p>\n</section>\n");
    } else {
        choose(x, v);
    }
    prepare(x);
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

static bool open_files(struct exchange *x, bool changes, struct visit *v)
{
    if (!screen_visit(x, ROLES_APPLICANT, changes, v))
        return false;
    if (portal_bulk(v->portal))
        return true;
    screen_fail(x, ERR_UNAVAILABLE);
    portal_leave(v);
    return false;
}

void screen_files(struct exchange *x)
{
    struct visit v;
    if (!open_files(x, false, &v))
        return;
    files_start(x, &v, 0, &(struct files_sent){.top = ERR_OK});
    portal_leave(&v);
}

void screen_file(struct exchange *x)
{
    struct visit v;
    struct files_place place;
    if (!open_files(x, false, &v))
        return;
    if (!files_place(x->param, &place))
        screen_fail(x, ERR_NOT_FOUND);
    else if (place.id)
        files_page(x, &v, &place, &(struct files_typed){0});
    else if (may_file(&v, place.kind))
        files_start(x, &v, place.kind, &(struct files_sent){.top = ERR_OK});
    else
        screen_go(x, "/apply"); /* it asks what his role files */
    portal_leave(&v);
}

/* ---- POST /files/ID/drop ---- */

void screen_file_drop(struct exchange *x)
{
    struct visit v;
    struct files_place place;
    if (!open_files(x, true, &v))
        return;
    const struct upload_room *room = bulk_worker_room(portal_bulk(v.portal));
    enum err err = files_place(x->param, &place) && place.id
                       ? upload_drop(&v.office, room, &v.who, place.id, NULL)
                       : ERR_NOT_FOUND;
    if (err && err != ERR_NOT_FOUND && err != ERR_NOT_NOW)
        apply_fail(x, &v, err);
    else
        screen_go(x, "/files"); /* sent twice, or filed: that page shows what is left */
    portal_leave(&v);
}
