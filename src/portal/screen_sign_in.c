/* SPDX-License-Identifier: Apache-2.0
 *
 * The pages of the sign-in: by electronic digital signature for people and organisations, by name, password
 * and code for staff, by a choice of roles in a demonstration. The signature alone needs a script,
 * which asks NCALayer on the reader's own machine and sends what it gave as a plain form. */
#include "face/asset.h"
#include "face/form.h"
#include "people/sign_in.h"
#include "portal/demo.h"
#include "portal/door.h"
#include "portal/screens.h"

/* ---- where to ---- */

/* A path of our own, without a query: letters that need no escape, no second slash that would make it
 * an address elsewhere (CWE-601), and not the sign-in itself. */
bool door_is_own(struct str path)
{
    if (!str_starts(path, STR("/")) || str_starts(path, STR("//")) || path.n >= 120 ||
        str_starts(path, STR("/sign-in")))
        return false;
    for (size_t i = 0; i < path.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/",
                    path.p[i]))
            return false;
    return true;
}

static void read_next(struct str from, char out[LIMIT_LOCATION])
{
    struct buf next = {0};
    bool found;
    enum err err = form_value(from, "next", &next, &found);
    struct str path = {next.n ? (const char *)next.p : "", next.n};
    str_copy(out, LIMIT_LOCATION, !err && door_is_own(path) ? path : STR(""));
    buf_release(&next);
}

void door_go_on(struct exchange *x, const struct door *d)
{
    screen_go(x, *d->next ? d->next : "/cabinet");
}

/* Who is not signed in yet; whoever is has nothing to do here. False: it is answered. */
bool door_open(struct exchange *x, struct door *d)
{
    bool sends = str_eq(x->request->method, STR("POST"));
    *d = (struct door){.name = STR("")};
    enum err err = portal_visit(x, 0, false, STR(""), &d->v);
    if (err) {
        screen_fail(x, err);
        return false;
    }
    read_next(sends ? x->request->body : x->query, d->next);
    if (sends || d->v.who.role == ROLE_NONE)
        return true;
    door_go_on(x, d);
    portal_leave(&d->v);
    return false;
}

/* ---- pieces ---- */

static void hidden(struct exchange *x, const char *name, const char *value)
{
    html_put(x, "<input type=\"hidden\" name=\"");
    html_put(x, name);
    html_put(x, "\" value=\"");
    html_text(x, str_z(value));
    html_put(x, "\">\n");
}

void door_begin(struct exchange *x, const struct door *d, enum text title, const char *path)
{
    char query[LIMIT_LOCATION + 8];
    int n = snprintf(query, sizeof query, "next=%s", d->next);
    html_begin(x, &(struct html_page){
                      .title = title, .path = path, .query = {query, *d->next ? (size_t)n : 0}});
}

void door_form(struct exchange *x, const struct door *d, const char *path, const char *more)
{
    html_put(x, "<form method=\"post\" action=\"");
    html_url(x, path);
    html_put(x, "\" ");
    html_put(x, more);
    html_put(x, ">\n");
    if (*d->next)
        hidden(x, "next", d->next);
}

void door_say(struct exchange *x, const char *open, enum text id, const char *close)
{
    html_put(x, open);
    html_say(x, id);
    html_put(x, close);
}

/* What went wrong, and what to do about it. */
static void error_begin(struct exchange *x)
{
    html_put(x, "<div class=\"error\" role=\"alert\" tabindex=\"-1\">");
    html_sign(x, "hint");
    html_put(x, "<div><p><strong>");
}

void door_error_of(struct exchange *x, enum err err)
{
    const char *text = err_info(err)->text_id;
    if (!err)
        return;
    error_begin(x);
    html_say_key(x, text, NULL, NULL);
    html_put(x, "</strong></p><p>");
    html_say_key(x, text, "help", NULL);
    html_put(x, "</p></div></div>\n");
}

void door_error_in_words(struct exchange *x, enum text says, enum text help)
{
    error_begin(x);
    html_say(x, says);
    door_say(x, "</strong></p><p>", help, "</p></div></div>\n");
}

void door_way_begin(struct exchange *x, const struct door *d, const char *path, const char *class_)
{
    html_put(x, "<p class=\"ways\"><a class=\"");
    html_put(x, class_);
    html_put(x, "\" href=\"");
    html_url(x, path);
    if (*d->next) {
        html_put(x, x->lang_asked ? "&amp;next=" : "?next=");
        html_text(x, str_z(d->next));
    }
    html_put(x, "\">");
}

void door_way(struct exchange *x, const struct door *d, const char *path, const char *class_,
              enum text says)
{
    door_way_begin(x, d, path, class_);
    door_say(x, "", says, "</a></p>\n");
}

/* ---- by signature ---- */

static void steps(struct exchange *x)
{
    html_put(x, "<ol class=\"how\">\n<li>");
    html_say(x, TEXT_SIGN_IN_EDS_START);
    door_say(x, " <a href=\"https://ncl.pki.gov.kz/\" rel=\"noreferrer\">", TEXT_SIGN_IN_EDS_GET,
             "</a></li>\n");
    door_say(x, "<li>", TEXT_SIGN_IN_EDS_ALLOW, "</li>\n");
    door_say(x, "<li>", TEXT_SIGN_IN_EDS_CHOOSE, "</li>\n</ol>\n");
}

/* An employee's key is right, and yet not enough. */
static void eds_error(struct exchange *x, enum err err)
{
    if (err == ERR_ROLE)
        door_error_in_words(x, TEXT_SIGN_IN_EMPLOYEE, TEXT_SIGN_IN_EMPLOYEE_HELP);
    else
        door_error_of(x, err);
}

static void by_signature(struct exchange *x, const struct door *d)
{
    char nonce[NONCE_TEXT], seconds[12];
    door_say(x, "<section class=\"check\">\n<h2>", TEXT_SIGN_IN_EDS, "</h2>\n<p>");
    door_say(x, "", TEXT_SIGN_IN_EDS_WHO, "</p>\n");
    eds_error(x, d->eds);
    if (!portal_eds(d->v.portal)) {
        door_say(x, "<p>", TEXT_SIGN_IN_EDS_CLOSED, "</p>\n</section>\n");
        return;
    }
    steps(x);
    door_form(x, d, "/sign-in/eds", "id=\"eds\"");
    const struct registry *reg = d->v.office.registry;
    sign_in_nonce(reg, clock_now_us(reg->clock) / 1000000, nonce);
    snprintf(seconds, sizeof seconds, "%d", NONCE_LIFE_S);
    hidden(x, "nonce", nonce);
    hidden(x, "cms", "");
    html_put(x, "<button class=\"main\" hidden data-seconds=\"");
    html_put(x, seconds);
    html_put(x, "\" data-layer=\"");
    html_text(x, str_z(portal_nca_layer(d->v.portal)));
    door_say(x, "\">", TEXT_SIGN_IN_EDS_BUTTON, "</button>\n");
    door_say(x, "<p class=\"hint\" id=\"still\">", TEXT_SIGN_IN_EDS_SCRIPT, "</p>\n");
    html_put(x, "<template id=\"hint-sign\">");
    html_sign(x, "hint");
    html_put(x, "</template>\n<div id=\"said\" role=\"status\"></div>\n</form>\n");
    door_say(x, "<p class=\"hint\">", TEXT_SIGN_IN_EDS_KEY, "</p>\n</section>\n");
}

/* ---- by role, in a demonstration ---- */

static void role_button(struct exchange *x, const struct demo_role *role)
{
    html_put(x, "<li><button name=\"who\" value=\"");
    html_put(x, role->id);
    door_say(x, "\"><span class=\"what\">", role->what, "</span><span class=\"hint\">");
    html_text(x, str_z(role->signer.organisation ? role->signer.organisation
                       : role->signer.name       ? role->signer.name
                                                 : role->id));
    html_put(x, "</span></button></li>\n");
}

static void by_role(struct exchange *x, const struct door *d)
{
    const struct demo *demo = portal_demo(d->v.portal);
    const struct demo_role *role;
    if (!demo)
        return;
    door_say(x, "<section class=\"samples roles\">\n<h2>", TEXT_DEMO_HEADING, "</h2>\n<p>");
    door_say(x, "", TEXT_DEMO_LEAD, "</p>\n");
    if (d->demo == ERR_STALE)
        door_error_in_words(x, TEXT_DEMO_WAIT, TEXT_DEMO_WAIT_HELP);
    else
        door_error_of(x, d->demo);
    door_form(x, d, "/sign-in/demo", "");
    html_put(x, "<ul>\n");
    for (size_t i = 0; (role = demo_role(demo, i)); i++)
        role_button(x, role);
    html_put(x, "</ul>\n</form>\n</section>\n");
}

/* ---- the page of all ways ---- */

void door_show(struct exchange *x, const struct door *d)
{
    enum err err = d->eds ? d->eds : d->demo ? d->demo : d->other;
    x->response->status = err ? err_info(err)->http_status : 200;
    if (asset_table[ASSET_SIGN_KK_JS].bytes.n) {
        x->response->script = SCRIPT_SIGN;
        x->response->connect = portal_connect(d->v.portal);
    }
    door_begin(x, d, TEXT_SIGN_IN_HEADING, "/sign-in");
    door_say(x, "<h1>", TEXT_SIGN_IN_HEADING, "</h1>\n<p class=\"lead\">");
    door_say(x, "", TEXT_SIGN_IN_LEAD, "</p>\n");
    by_role(x, d);
    by_signature(x, d);
    door_others(x, d);
    door_say(x, "<section>\n<h2>", TEXT_SIGN_IN_STAFF, "</h2>\n<p>");
    door_say(x, "", TEXT_SIGN_IN_STAFF_WHO, "</p>\n");
    door_way(x, d, "/sign-in/staff", "second", TEXT_SIGN_IN_STAFF_WAY);
    html_put(x, "</section>\n");
    screen_end(x);
}

void screen_sign_in(struct exchange *x)
{
    struct door d;
    if (!door_open(x, &d))
        return;
    door_show(x, &d);
    portal_leave(&d.v);
}

void screen_sign_in_eds(struct exchange *x)
{
    struct door d;
    struct buf nonce = {0}, cms = {0};
    if (!door_open(x, &d))
        return;
    d.eds = screen_value(x, "nonce", &nonce);
    if (!d.eds)
        d.eds = screen_value(x, "cms", &cms);
    if (!d.eds)
        d.eds =
            portal_enter_eds(x, &d.v, (struct str){nonce.n ? (const char *)nonce.p : "", nonce.n},
                             (struct str){cms.n ? (const char *)cms.p : "", cms.n});
    if (d.eds)
        door_show(x, &d);
    else
        door_go_on(x, &d);
    buf_release(&nonce);
    buf_release(&cms);
    portal_leave(&d.v);
}

void screen_sign_in_demo(struct exchange *x)
{
    struct door d;
    struct buf who = {0};
    if (!door_open(x, &d))
        return;
    const struct demo *demo = portal_demo(d.v.portal);
    const struct demo_role *role = NULL;
    if (demo && !screen_value(x, "who", &who) && who.n)
        role = demo_role_find(demo, (struct str){(const char *)who.p, who.n});
    d.demo = role ? demo_enter(demo, x, &d.v, role) : ERR_NOT_FOUND;
    if (!demo)
        screen_fail(x, ERR_NOT_FOUND);
    else if (d.demo)
        door_show(x, &d);
    else
        door_go_on(x, &d);
    buf_release(&who);
    portal_leave(&d.v);
}

/* ---- by name, password and code ---- */

/* What the sample accounts would type now. */
static void sample_secrets(struct exchange *x, const struct door *d)
{
    const struct demo *demo = portal_demo(d->v.portal);
    const struct demo_role *role;
    char password[DEMO_PASSWORD_TEXT], code[TOTP_CODE_TEXT];
    if (!demo)
        return;
    door_say(x, "<section class=\"secrets\">\n<h2>", TEXT_DEMO_STAFF, "</h2>\n<p>");
    door_say(x, "", TEXT_DEMO_STAFF_LEAD, "</p>\n<dl>\n");
    for (size_t i = 0; (role = demo_role(demo, i)); i++) {
        if (!role_has_password(role->role) ||
            demo_secrets(d->v.office.registry, role, password, code))
            continue;
        door_say(x, "<div><dt>", role->what, "</dt><dd><code>");
        html_put(x, role->id);
        html_put(x, "</code> <code>");
        html_put(x, password);
        html_put(x, "</code> <code>");
        if (*code)
            html_put(x, code);
        else
            html_say(x, TEXT_DEMO_CODE_USED);
        html_put(x, "</code></dd></div>\n");
    }
    html_put(x, "</dl>\n</section>\n");
}

static void show_staff(struct exchange *x, const struct door *d)
{
    x->response->status = d->staff ? err_info(d->staff)->http_status : 200;
    door_begin(x, d, TEXT_SIGN_IN_STAFF, "/sign-in/staff");
    door_say(x, "<h1>", TEXT_SIGN_IN_STAFF, "</h1>\n<p class=\"lead\">");
    door_say(x, "", TEXT_SIGN_IN_STAFF_WHO, "</p>\n");
    door_form(x, d, "/sign-in/staff", "class=\"check\"");
    if (d->staff == ERR_PASSWORD)
        door_error_in_words(x, TEXT_ERR_PASSWORD, TEXT_SIGN_IN_PASSWORD_HELP);
    else
        door_error_of(x, d->staff);
    screen_field(x, &(struct screen_field){.name = "name",
                                           .attributes =
                                               "autocomplete=\"username\" autocapitalize=\"off\" "
                                               "spellcheck=\"false\" required maxlength=\"64\"",
                                           .label = TEXT_SIGN_IN_NAME,
                                           .value = d->name});
    screen_field(x, &(struct screen_field){.name = "password",
                                           .attributes = "type=\"password\" required "
                                                         "autocomplete=\"current-password\" "
                                                         "maxlength=\"128\"",
                                           .label = TEXT_SIGN_IN_PASSWORD});
    static const enum text hint = TEXT_SIGN_IN_CODE_HINT;
    screen_field(x, &(struct screen_field){.name = "code",
                                           .attributes = "inputmode=\"numeric\" required "
                                                         "autocomplete=\"one-time-code\" "
                                                         "maxlength=\"7\" class=\"code\"",
                                           .label = TEXT_SIGN_IN_CODE,
                                           .hint = &hint});
    screen_button(x, TEXT_SIGN_IN_BUTTON);
    door_say(x, "<p class=\"hint forgot\">", TEXT_SIGN_IN_FORGOT, "</p>\n</form>\n");
    door_way(x, d, "/sign-in", "other", TEXT_SIGN_IN_OTHER);
    sample_secrets(x, d);
    screen_end(x);
}

void screen_sign_in_staff(struct exchange *x)
{
    struct door d;
    if (!door_open(x, &d))
        return;
    show_staff(x, &d);
    portal_leave(&d.v);
}

/* Apps show a code as "123 456". */
static struct str without_space(struct buf *code)
{
    size_t n = 0;
    for (size_t i = 0; i < code->n; i++)
        if (code->p[i] != ' ')
            code->p[n++] = code->p[i];
    return (struct str){n ? (const char *)code->p : "", n};
}

void screen_sign_in_password(struct exchange *x)
{
    struct door d;
    struct buf name = {0}, password = {0}, code = {0};
    if (!door_open(x, &d))
        return;
    d.staff = screen_value(x, "name", &name);
    if (!d.staff)
        d.staff = screen_value(x, "password", &password);
    if (!d.staff)
        d.staff = screen_value(x, "code", &code);
    d.name = str_trim((struct str){name.n ? (const char *)name.p : "", name.n});
    if (!d.staff)
        d.staff = portal_enter_password(
            x, &d.v, d.name, (struct str){password.n ? (const char *)password.p : "", password.n},
            without_space(&code));
    if (d.staff)
        show_staff(x, &d);
    else
        door_go_on(x, &d);
    if (password.n)
        explicit_bzero(password.p, password.n);
    buf_release(&name);
    buf_release(&password);
    buf_release(&code);
    portal_leave(&d.v);
}
