/* SPDX-License-Identifier: Apache-2.0
 *
 * One file that was sent: how much of it has come, how far the check is, what was found row by row, and then
 * the form that files it. Whoever has no script refreshes the page by its link. */
#include "portal/bulk_worker.h"
#include "portal/cabinet.h"
#include "portal/screen_files.h"

enum { ERRORS_SHOWN = 20 };

/* ---- rows ---- */

void files_number(struct exchange *x, enum text label, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
    html_text(x, (struct str){(const char *)digits.p, digits.n});
    html_put(x, "</dd></div>\n");
    buf_release(&digits);
}

static void counts(struct exchange *x, const struct upload *u)
{
    html_put(x, "<dl>\n");
    files_number(x, TEXT_FILES_ROW_ROWS, u->rows);
    files_number(x, TEXT_FILES_ROW_BAD, u->bad);
    files_number(x, TEXT_FILES_ROW_DEVICES, u->devices);
    files_number(x, TEXT_FILES_ROW_IMEIS, u->imeis);
    html_put(x, "</dl>\n");
}

void files_found(struct exchange *x, const struct upload *u)
{
    bool some = false;
    for (unsigned i = 0; i < BULK_FOUND_MAX; i++) {
        if (!u->found[i] || !bulk_found_name(i))
            continue;
        html_put(x, some ? "" : "<ul class=\"findings\">\n");
        some = true;
        html_put(x, bulk_found_bad(i) ? "<li class=\"stops\"><strong>" : "<li><strong>");
        html_say_key(x, "bulk.found", bulk_found_name(i), NULL);
        html_put(x, "</strong> <span class=\"mark soft\">");
        html_say(x, bulk_found_bad(i) ? TEXT_FILES_FOUND_BAD : TEXT_FILES_FOUND_NOTE);
        html_put(x, "</span><br>");
        html_say_count(x, TEXT_FILES_ROWS, u->found[i]);
        html_put(x, "</li>\n");
    }
    html_put(x, some ? "</ul>\n" : "");
}

/* ---- the first rows with faults ---- */

struct showing {
    struct exchange *x;
    unsigned n;
};

static bool show_error(void *ctx, const struct bulk_error *e)
{
    struct showing *s = ctx;
    struct exchange *x = s->x;
    buf_printf(x->out, "<tr><th scope=\"row\">%u</th><td>", e->line);
    if (e->column)
        buf_printf(x->out, "%u", e->column);
    html_put(x, "</td><td class=\"typed\">");
    html_text(x, (struct str){e->value, e->n});
    html_put(x, "</td><td>");
    html_say_key(x, "bulk.found", bulk_found_name(e->found), NULL);
    html_put(x, "</td></tr>\n");
    return ++s->n < ERRORS_SHOWN;
}

static enum err errors(struct exchange *x, const struct visit *v, const struct upload *u)
{
    static const enum text columns[] = {TEXT_FILES_LINE, TEXT_FILES_COLUMN, TEXT_FILES_VALUE,
                                        TEXT_FILES_WHY};
    struct showing showing = {.x = x};
    char id[UPLOAD_ID_TEXT], path[FILES_PATH];
    if (!u->bad)
        return ERR_OK;
    html_put(x, "<table class=\"rows\">\n<caption>");
    html_say(x, TEXT_FILES_ERRORS);
    html_put(x, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        html_put(x, "<th scope=\"col\">");
        html_say(x, columns[i]);
        html_put(x, "</th>");
    }
    html_put(x, "</tr></thead>\n<tbody>\n");
    enum err err = bulk_errors(v->office.registry, u, show_error, &showing, NULL);
    html_put(x, "</tbody>\n</table>\n<p><a download href=\"");
    upload_id_format(u->id, id);
    snprintf(path, sizeof path, "/api/v1/uploads/%s/errors.csv", id);
    html_url(x, path);
    html_put(x, "\">");
    html_say(x, TEXT_FILES_ERRORS_ALL);
    html_put(x, "</a></p>\n");
    return err;
}

static enum err found(struct exchange *x, const struct visit *v, const struct upload *u)
{
    html_put(x, "<section>\n<h2>");
    html_say(x, TEXT_FILES_FOUND);
    html_put(x, "</h2>\n");
    counts(x, u);
    files_found(x, u);
    enum err err = errors(x, v, u);
    html_put(x, "</section>\n");
    return err;
}

/* ---- how it stands ---- */

static const char *look_of(const struct upload *u)
{
    switch (u->state) {
    case UPLOAD_READY:
        return u->bad ? "grey" : "white";
    case UPLOAD_FAILED:
        return "black";
    case UPLOAD_FILED:
        return "white";
    default:
        return "exempt";
    }
}

static void say_failed(struct exchange *x, const struct upload *u)
{
    const char *name = str_starts(str_z(u->reason), STR("ERR_")) ? u->reason + 4 : "";
    for (int i = 0; i < ERR_COUNT; i++)
        if (strcmp(err_info((enum err)i)->name, u->reason) == 0)
            html_say_key(x, err_info((enum err)i)->text_id, NULL, NULL);
    html_put(x, ". ");
    const char *looks = file_looks_name((enum file_looks)u->looks);
    html_say_key(x, *looks ? "files.kind" : "files.help", *looks ? looks : name, NULL);
}

static void say_percent(struct exchange *x, enum text says, unsigned percent)
{
    char n[16];
    snprintf(n, sizeof n, "%u", percent);
    html_say_with(x, says, "n", str_z(n));
}

static void say_now(struct exchange *x, const struct upload *u, unsigned percent)
{
    switch (u->state) {
    case UPLOAD_RECEIVING:
        say_percent(x, TEXT_FILES_NOW_RECEIVING, percent);
        break;
    case UPLOAD_CHECKING:
        html_say(x, TEXT_FILES_NOW_CHECKING);
        break;
    case UPLOAD_FAILED:
        say_failed(x, u);
        break;
    case UPLOAD_FILED:
        html_say(x, TEXT_FILES_NOW_FILED);
        break;
    default:
        html_say(x, !u->bad      ? TEXT_FILES_NOW_READY
                    : u->devices ? TEXT_FILES_NOW_SOME
                                 : TEXT_FILES_NOW_NONE);
    }
}

/* A link to its application. */
static void application_link(struct exchange *x, const struct visit *v, const struct upload *u)
{
    struct application a;
    char path[APPLY_PATH];
    if (!u->application || application_get(v->office.registry, u->application, &a, NULL))
        return;
    cabinet_path(&a, "", path);
    application_release(&a);
    cabinet_link(x, "main", path, TEXT_CABINET_OPEN);
}

static void checking(struct exchange *x, const struct visit *v, const struct files_place *place)
{
    char id[UPLOAD_ID_TEXT], path[FILES_PATH];
    int progress = bulk_worker_progress(portal_bulk(v->portal), place->id);
    upload_id_format(place->id, id);
    buf_printf(x->out, "<progress id=\"checking\" data-upload=\"%s\" max=\"1000\" ", id);
    if (progress >= 0)
        buf_printf(x->out, "value=\"%d\" ", progress);
    html_put(x, "aria-label=\"");
    html_say(x, TEXT_FILES_STATE_CHECKING);
    html_put(x, "\"></progress>\n<p class=\"ways\">");
    files_path(place, "", path);
    cabinet_link(x, "main", path, TEXT_FILES_REFRESH);
    html_put(x, "</p>\n");
}

static void stands(struct exchange *x, const struct visit *v, const struct files_place *place,
                   const struct upload *u, unsigned percent)
{
    bool waits = u->state == UPLOAD_RECEIVING || u->state == UPLOAD_CHECKING;
    html_put(x, "<article class=\"answer ");
    html_put(x, look_of(u));
    html_put(x, "\">\n<header>");
    html_sign(x, waits ? "grey" : u->state == UPLOAD_READY && u->bad ? "hint" : look_of(u));
    html_put(x, "<div><h2>");
    html_say_key(x, "files.state", upload_state_name(u->state), NULL);
    html_put(x, "</h2></div></header>\n<div class=\"body\"><p>");
    say_now(x, u, percent);
    html_put(x, "</p>\n");
    if (u->state == UPLOAD_CHECKING)
        checking(x, v, place);
    html_put(x, "<p class=\"ways\">");
    if (u->state == UPLOAD_FILED)
        application_link(x, v, u);
    if (u->state == UPLOAD_FAILED || u->bad) {
        char path[FILES_PATH] = "/files";
        if (place->kind)
            files_path(&(struct files_place){.kind = place->kind}, "", path);
        cabinet_link(x, u->devices ? "" : "main", path, TEXT_FILES_ANOTHER);
    }
    html_put(x, "</p>\n</div>\n</article>\n");
}

static void dropping(struct exchange *x, const struct visit *v, const struct files_place *place)
{
    char path[FILES_PATH];
    files_path(place, "/drop", path);
    screen_form(x, v, path, "inline");
    html_put(x, "<button class=\"link\">");
    html_say(x, TEXT_FILES_DROP);
    html_put(x, "</button></form>\n");
}

/* ---- the page ---- */

static void title(struct exchange *x, const struct files_place *place, const struct upload *u)
{
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/files", TEXT_FILES_HEADING);
    if (place->kind) {
        html_put(x, " · ");
        apply_say_kind(x, place->kind);
    }
    html_put(x, "</p>\n<h1>");
    html_text(x, str_z(u->name));
    html_put(x, "</h1>\n");
}

static enum err show(struct exchange *x, struct visit *v, const struct files_place *place,
                     const struct files_typed *typed)
{
    struct upload u;
    char path[FILES_PATH];
    uint64_t offset = 0;
    enum err err = upload_get(&v->office, &v->who, place->id, &u, NULL);
    if (err)
        return err;
    if (upload_offset(bulk_worker_room(portal_bulk(v->portal)), &u, &offset, NULL))
        offset = 0; /* its bytes stand elsewhere, or nowhere */
    unsigned percent = u.bytes ? (unsigned)(offset * 100 / u.bytes) : 0;
    if (u.state == UPLOAD_RECEIVING || u.state == UPLOAD_CHECKING)
        files_script(x);
    files_path(place, "", path);
    screen_begin(x, v, TEXT_FILES_HEADING, path);
    title(x, place, &u);
    stands(x, v, place, &u, percent);
    if (u.state == UPLOAD_RECEIVING) {
        html_put(x, "<div class=\"error\" id=\"still\">");
        html_sign(x, "hint");
        html_put(x, "<p>");
        html_say(x, TEXT_FILES_SCRIPT);
        html_put(x, "</p></div>\n");
        files_sender(x, v, place, &u, percent);
    }
    if (u.state == UPLOAD_READY || u.state == UPLOAD_FILED)
        err = found(x, v, &u);
    if (!err && u.state == UPLOAD_READY && u.devices)
        files_form(x, v, place, &u, typed);
    if (u.state != UPLOAD_FILED)
        dropping(x, v, place);
    screen_end(x);
    return err;
}

void files_page(struct exchange *x, struct visit *v, const struct files_place *place,
                const struct files_typed *typed)
{
    enum err err = show(x, v, place, typed);
    if (err)
        apply_fail(x, v, err);
}
