/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/papers_form.h"

#include "cases/paper_kind.h"

/* ---- reading ---- */

enum err papers_form_admits(struct exchange *x)
{
    return portal_may_send_form(x, ROLES_APPLICANT);
}

static void note_wrong(struct papers_form *f, struct str name, enum err err)
{
    if (f->wrong_count == sizeof f->wrong / sizeof *f->wrong)
        return;
    struct papers_wrong *w = &f->wrong[f->wrong_count++];
    w->err = err;
    str_show(w->name, sizeof w->name, str_trim(name));
}

static void take_file(struct papers_form *f, const struct multipart_part *part)
{
    if (!str_eq(part->name, STR("files")) || (!part->file.n && !part->bytes.n)) /* none chosen */
        return;
    if (f->file_count == LIMIT_PAPERS)
        note_wrong(f, part->file, ERR_TOO_MANY);
    else
        f->files[f->file_count++] = *part;
}

static void take_field(struct papers_form *f, const struct multipart_part *part)
{
    if (str_eq(part->name, STR("note")))
        f->note = part->bytes;
    else if (str_eq(part->name, STR("out")))
        f->out = part->bytes;
    else if (str_eq(part->name, STR("act")))
        f->stays = str_eq(part->bytes, STR("attach"));
    else if (str_eq(part->name, STR("paper")) && f->named_count < LIMIT_PAPERS)
        f->named[f->named_count++] = part->bytes;
    else if (f->field_count < PAPERS_FORM_FIELDS)
        f->fields[f->field_count++] = *part;
}

struct str papers_form_value(const struct papers_form *f, const char *name)
{
    for (size_t i = 0; i < f->field_count; i++)
        if (str_eq(f->fields[i].name, str_z(name)))
            return f->fields[i].bytes;
    return STR("");
}

static enum err read_parts(const struct exchange *x, struct papers_form *f)
{
    struct multipart m;
    struct multipart_part part;
    bool found = true;
    enum err err = multipart_open(x->request->content_type, x->request->body, &m, NULL);
    while (!err && (err = multipart_next(&m, &part, &found, NULL)) == ERR_OK && found) {
        bool mark = !part.is_file && str_eq(part.name, STR("csrf"));
        if (mark != (m.parts == 1)) /* the first part, and no other */
            err = ERR_CSRF;
        else if (mark)
            f->csrf = part.bytes;
        else if (part.is_file)
            take_file(f, &part);
        else
            take_field(f, &part);
    }
    return err;
}

/* What came of the form: of one that is too long its beginning did, fields and no file. */
static enum err read_form(const struct exchange *x, struct papers_form *f)
{
    enum err err = read_parts(x, f);
    bool cut = x->request->body_too_long && (!err || err == ERR_USAGE) && f->csrf.n;
    bool many = err == ERR_TOO_MANY;
    if (!cut && !many)
        return err;
    f->file_count = f->wrong_count = 0;
    note_wrong(f, STR(""), cut ? ERR_TOO_LONG : ERR_TOO_MANY);
    return ERR_OK;
}

bool papers_form_visit(struct exchange *x, struct papers_form *f, struct visit *v)
{
    enum err refused = x->request->refused;
    *f = (struct papers_form){
        .csrf = STR(""), .note = STR(""), .out = STR(""), .most = LIMIT_PAPERS};
    if (refused && refused != ERR_SESSION) {
        screen_fail(x, refused);
        return false;
    }
    enum err err = refused ? ERR_OK : read_form(x, f);
    if (err == ERR_CSRF)
        f->csrf = STR(""); /* no mark, or a second: refused, and noted, as any without one */
    if (!screen_visit_marked(x, ROLES_APPLICANT, f->csrf, v))
        return false;
    if (!err)
        return true;
    screen_fail(x, err);
    portal_leave(v);
    return false;
}

/* ---- taking ---- */

bool papers_form_add(struct papers_form *f, const struct case_paper *paper)
{
    for (size_t i = 0; i < f->paper_count; i++)
        if (memcmp(&f->papers[i].id, &paper->id, sizeof paper->id) == 0)
            return true;
    if (f->paper_count >= f->most || f->paper_count == LIMIT_PAPERS)
        return false;
    f->papers[f->paper_count++] = *paper;
    return true;
}

enum err papers_form_hold(struct papers_form *f, const struct visit *v)
{
    for (size_t i = 0; i < f->named_count; i++) {
        struct paper_id id;
        struct paper paper;
        enum err err = paper_id_parse(f->named[i], &id)
                           ? paper_for(v->office.registry, &v->who, &id, &paper, NULL)
                           : ERR_NOT_FOUND;
        if (err == ERR_NOT_FOUND || (!err && paper_taken(&paper)))
            note_wrong(f, STR(""), ERR_PAPER);
        else if (err)
            return err;
        else if (!papers_form_add(f, &paper.is))
            note_wrong(f, STR(""), ERR_TOO_MANY);
    }
    return ERR_OK;
}

void papers_form_take_out(struct papers_form *f)
{
    struct paper_id id;
    if (!f->out.n || !paper_id_parse(f->out, &id))
        return;
    f->stays = true;
    for (size_t i = 0; i < f->paper_count; i++) {
        if (memcmp(&f->papers[i].id, &id, sizeof id) != 0)
            continue;
        memmove(&f->papers[i], &f->papers[i + 1], (f->paper_count - i - 1) * sizeof f->papers[0]);
        f->paper_count--;
        return;
    }
}

/* Is it a fault of the file, or of how many there are: told beside the field? */
static bool is_told(enum err err)
{
    switch ((unsigned)err) {
    case ERR_FILE_EMPTY:
    case ERR_TOO_LONG:
    case ERR_PAPER_KIND:
    case ERR_PAPER_DAMAGED:
    case ERR_PAPER_PIXELS:
    case ERR_PAPERS_DAY:
    case ERR_PAPERS_FULL:
        return true;
    default:
        return false;
    }
}

enum err papers_form_take(struct papers_form *f, struct visit *v)
{
    papers_form_take_out(f);
    for (size_t i = 0; i < f->file_count; i++) {
        struct paper paper;
        bool again;
        const struct paper_sent sent = {.bytes = f->files[i].bytes, .name = f->files[i].file};
        if (f->paper_count >= f->most) {
            note_wrong(f, sent.name, ERR_TOO_MANY);
            continue;
        }
        enum err err = paper_add(&v->office, portal_papers_place(v->portal), &v->who, &sent, &paper,
                                 &again, &v->fault);
        if (err && !is_told(err))
            return err;
        if (err)
            note_wrong(f, sent.name, err);
        else if (!papers_form_add(f, &paper.is))
            note_wrong(f, sent.name, ERR_TOO_MANY);
    }
    return ERR_OK;
}

int papers_form_status(const struct papers_form *f)
{
    return f->wrong_count ? err_info(f->wrong[0].err)->http_status : 200;
}

/* ---- showing ---- */

static void say_size(struct exchange *x, uint32_t bytes)
{
    enum { KB = 1024, MB = KB * KB };
    char n[24];
    if (bytes >= MB)
        snprintf(n, sizeof n, x->lang == LANG_EN ? "%u.%u" : "%u,%u", bytes / MB,
                 bytes % MB * 10 / MB);
    else
        snprintf(n, sizeof n, "%u", (bytes + KB - 1) / KB);
    html_say_with(x, bytes >= MB ? TEXT_PAPERS_MB : TEXT_PAPERS_KB, "n", str_z(n));
}

static void say_name(struct exchange *x, const struct case_paper *p)
{
    if (*p->name)
        html_text(x, str_z(p->name));
    else
        html_say(x, TEXT_PAPERS_UNNAMED);
}

void papers_say(struct exchange *x, const struct case_paper *p)
{
    static const char *const kinds[PAPER_KIND_COUNT] = {"", "JPEG", "PNG", "PDF"};
    char id[PAPER_ID_TEXT], path[PAPER_ID_TEXT + 16];
    paper_id_format(&p->id, id);
    snprintf(path, sizeof path, "/papers/%s", id);
    html_put(x, "<a href=\"");
    html_url(x, path);
    if (p->kind != PAPER_PDF)
        html_put(x, x->lang_asked ? "&amp;inline=1" : "?inline=1");
    html_put(x, "\">");
    say_name(x, p);
    html_put(x, "</a><br><span class=\"hint\">");
    html_put(x, p->kind < PAPER_KIND_COUNT ? kinds[p->kind] : "");
    html_put(x, " · ");
    say_size(x, p->bytes);
    html_put(x, "</span>");
}

static void list(struct exchange *x, const struct papers_form *f, bool carries)
{
    html_put(x, "<ul class=\"devices papers\" aria-label=\"");
    html_say(x, TEXT_PAPERS_ATTACHED);
    html_put(x, "\">\n");
    for (size_t i = 0; i < f->paper_count; i++) {
        char id[PAPER_ID_TEXT];
        paper_id_format(&f->papers[i].id, id);
        html_put(x, "<li><div>");
        papers_say(x, &f->papers[i]);
        html_put(x, "</div>\n");
        if (carries)
            buf_printf(x->out, "<input type=\"hidden\" name=\"paper\" value=\"%s\">", id);
        buf_printf(x->out, "<button class=\"link\" name=\"out\" value=\"%s\">", id);
        html_say(x, TEXT_PAPERS_OUT);
        html_put(x, "<span class=\"heard\"> ");
        say_name(x, &f->papers[i]);
        html_put(x, "</span></button></li>\n");
    }
    html_put(x, "</ul>\n");
}

static void say_wrong(struct exchange *x, const struct papers_wrong *w)
{
    html_put(x, "<p>");
    if (*w->name) {
        html_put(x, "<strong>");
        html_text(x, str_z(w->name));
        html_put(x, ":</strong> ");
    }
    if (w->err == ERR_TOO_LONG) {
        html_say(x, *w->name ? TEXT_PAPERS_LARGE : TEXT_PAPERS_LARGE_FORM);
    } else if (w->err == ERR_TOO_MANY) {
        html_say(x, TEXT_PAPERS_MANY);
    } else if (w->err == ERR_PAPER) {
        html_say(x, TEXT_PAPERS_GONE);
    } else {
        html_say_key(x, err_info(w->err)->text_id, NULL, NULL);
        html_put(x, ". ");
        html_say_key(x, err_info(w->err)->text_id, "help", NULL);
    }
    html_put(x, "</p>\n");
}

static void all_wrong(struct exchange *x, const struct papers_form *f)
{
    html_put(x, "<div class=\"error\" id=\"files-wrong\">");
    html_sign(x, "hint");
    html_put(x, "<div>");
    for (size_t i = 0; i < f->wrong_count; i++)
        say_wrong(x, &f->wrong[i]);
    html_put(x, "</div></div>\n");
}

void papers_form_field(struct exchange *x, const struct papers_form *f, bool carries)
{
    bool wrong = f && f->wrong_count;
    if (f && f->paper_count)
        list(x, f, carries);
    html_put(x, "<div class=\"field files\">\n<label for=\"files\">");
    html_say(x, TEXT_PAPERS_LABEL);
    html_put(x, "</label>\n<p class=\"hint\" id=\"files-hint\">");
    html_say(x, TEXT_PAPERS_HINT);
    html_put(x, "</p>\n");
    if (wrong)
        all_wrong(x, f);
    html_put(x, "<input type=\"file\" id=\"files\" name=\"files\" multiple "
                "accept=\"image/jpeg,image/png,application/pdf,.jpg,.jpeg,.png,.pdf\" "
                "aria-describedby=\"");
    html_put(x, wrong ? "files-wrong files-hint\" aria-invalid=\"true\" autofocus>\n"
                      : "files-hint\">\n");
    html_put(x, "<button class=\"second\" name=\"act\" value=\"attach\">");
    html_say(x, TEXT_PAPERS_ATTACH);
    html_put(x, "</button>\n</div>\n");
}
