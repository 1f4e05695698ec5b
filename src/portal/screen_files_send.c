/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending a file of devices without a script: one form, whole, as large as a form may be. What is larger goes by pieces, by
 * the script or the API. It is the same upload from then on: its check begins at once. */
#include "face/form.h"
#include "portal/bulk_worker.h"
#include "portal/papers_form.h"
#include "portal/screen_code.h"
#include "portal/screen_files.h"
#include "portal/screens.h"

/* ---- the form: what a page shows until its script has taken over ---- */

void files_plain(struct exchange *x, const struct visit *v, const struct files_place *place,
                 const enum text *wrong)
{
    char path[FILES_PATH], n[16];
    snprintf(n, sizeof n, "%d", LIMIT_PAPERS_FORM >> 20);
    files_path(&(struct files_place){.kind = place->kind}, "/send", path);
    html_put(x, "<div id=\"still\">\n");
    screen_form_files(x, v, path, "ask");
    screen_code_key(x);
    html_put(x, "<div class=\"field files\">\n<label for=\"files\">");
    html_say(x, TEXT_FILES_CHOOSE);
    html_put(x, "</label>\n<p class=\"hint\" id=\"files-hint\">");
    html_say_with(x, TEXT_FILES_PLAIN_HINT, "n", str_z(n));
    html_put(x, "</p>\n");
    if (wrong) {
        html_put(x, "<div class=\"error\" id=\"files-wrong\">");
        html_sign(x, "hint");
        html_put(x, "<p>");
        html_say_with(x, *wrong, "n", str_z(n));
        html_put(x, "</p></div>\n");
    }
    html_put(x, "<input type=\"file\" id=\"files\" name=\"files\" required "
                "accept=\".csv,.txt,text/csv,text/plain\" aria-describedby=\"");
    html_put(x, wrong ? "files-wrong files-hint\" aria-invalid=\"true\" autofocus>\n</div>\n"
                      : "files-hint\">\n</div>\n");
    screen_button(x, TEXT_FILES_SEND);
    html_put(x, "</form>\n</div>\n");
}

/* ---- POST /files/KIND/send ---- */

/* One that does not come whole is none: nothing of it stays. */
static enum err take_in(struct visit *v, const struct multipart_part *part, struct str key,
                        struct upload *out)
{
    const struct upload_room *room = bulk_worker_room(portal_bulk(v->portal));
    uint8_t hash[SHA256_BYTES];
    char sum[2 * SHA256_BYTES + 1], name[LIMIT_UPLOAD_NAME + 1];
    bool again = false;
    uint64_t size = 0;
    sha256_once(part->bytes.p, part->bytes.n, hash);
    sha256_hex(hash, sum);
    str_show(name, sizeof name, part->file.n ? part->file : STR("devices.csv"));
    const struct upload_wish wish = {
        .name = str_z(name), .bytes = part->bytes.n, .sha256 = str_z(sum), .idempotency = key};
    enum err err = upload_new(&v->office, room, &v->who, &wish, out, &again, &v->fault);
    portal_note(v, AUDIT_FILE, v->who.acts_for, err ? 0 : out->id, err);
    if (err || again) /* it came before: its page says how it stands */
        return err;
    err = upload_append(&v->office, room, &v->who, out->id, 0, part->bytes, &size, &v->fault);
    if (err == ERR_FILE_KIND) /* its page says what it seems to be */
        return ERR_OK;
    if (!err)
        err = upload_check(&v->office, room, &v->who, out->id, str_z(sum), out, &v->fault);
    if (err && upload_drop(&v->office, room, &v->who, out->id, NULL))
        return err; /* then it is swept away with the old ones */
    if (!err)
        bulk_worker_wake(portal_bulk(v->portal));
    return err;
}

/* Why nothing can be taken of this form; NULL: something can. */
static const enum text *unfit(const struct papers_form *form)
{
    static const enum text none = TEXT_FILES_PLAIN_NONE, large = TEXT_FILES_PLAIN_LARGE,
                           empty = TEXT_FILES_PLAIN_EMPTY, many = TEXT_FILES_PLAIN_MANY;
    if (form->wrong_count)
        return form->wrong[0].err == ERR_TOO_LONG ? &large : &many;
    if (form->file_count > 1)
        return &many;
    return !form->file_count ? &none : !form->files[0].bytes.n ? &empty : NULL;
}

static void take(struct exchange *x, struct visit *v, struct files_place *place,
                 const struct papers_form *form)
{
    char path[FILES_PATH];
    struct upload u = {0};
    const enum text *wrong = unfit(form);
    enum err err = wrong ? ERR_OK : take_in(v, &form->files[0], papers_form_value(form, "key"), &u);
    portal_heard(v, err);
    if (wrong || err == ERR_UPLOADS || err == ERR_STORE_FULL) {
        x->response->status = err                 ? err_info(err)->http_status
                              : form->wrong_count ? papers_form_status(form)
                                                  : 400;
        files_start(x, v, place->kind, &(struct files_sent){.wrong = wrong, .top = err});
    } else if (err) {
        screen_fail(x, err);
    } else {
        place->id = u.id;
        files_path(place, "", path);
        screen_go(x, path);
    }
}

void screen_file_send(struct exchange *x)
{
    struct visit v;
    struct files_place place;
    struct papers_form form;
    if (!papers_form_visit(x, &form, &v))
        return;
    bool stands = files_place(x->param, &place) && !place.id;
    if (!portal_bulk(v.portal))
        screen_fail(x, ERR_UNAVAILABLE);
    else if (!stands)
        screen_fail(x, ERR_NOT_FOUND);
    else if (!(kind_info(place.kind)->roles & ROLE_BIT(v.who.role)))
        screen_fail(x, ERR_ROLE);
    else
        take(x, &v, &place, &form);
    portal_leave(&v);
}
