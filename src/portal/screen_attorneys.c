/* SPDX-License-Identifier: Apache-2.0
 *
 * Powers of attorney by page: the head of an organisation gives and revokes them, whoever holds one acts for the
 * organisation or for himself again. An IIN stands in no address: forms carry it. */
#include "face/form.h"
#include "people/attorney.h"
#include "people/person.h"
#include "portal/cabinet.h"
#include "portal/screens.h"

enum { TYPED = 32, PARTS = 3 };

/* What was typed into the form that gives one, and what is wrong with it. */
struct giving {
    char iin[TYPED], day[PARTS][TYPED];
    uint32_t kinds;
    const enum text *iin_wrong, *day_wrong, *kinds_wrong, *whole_wrong; /* NULL: nothing */
};

static const char *const day_names[PARTS] = {"day", "month", "year"};

static bool is_head(const struct session *who)
{
    return who->role == ROLE_ORGANISATION && !who->by_attorney;
}

/* May an organisation file it? */
static bool is_offered(uint8_t kind)
{
    return kind_info(kind)->roles & ROLE_BIT(ROLE_ORGANISATION);
}

/* ---- showing ---- */

static void row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

static void until_and_kinds(struct exchange *x, const struct attorney *a)
{
    struct buf day = {0};
    row(x, TEXT_ATTORNEYS_LAST_DAY);
    text_date_through(&day, x->lang, a->until);
    html_text(x, (struct str){day.n ? (const char *)day.p : "", day.n});
    buf_release(&day);
    row_end(x);
    row(x, TEXT_ATTORNEYS_KINDS);
    bool more = false;
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        if (!(a->kinds >> kind & 1))
            continue;
        html_put(x, more ? "<br>" : "");
        apply_say_kind(x, kind);
        more = true;
    }
    row_end(x);
}

/* A form of one button, with one hidden value. */
static void button(struct exchange *x, const struct visit *v, const char *path, const char *name,
                   struct str value, enum text says)
{
    screen_form(x, v, path, "");
    html_put(x, "<input type=\"hidden\" name=\"");
    html_put(x, name);
    html_put(x, "\" value=\"");
    html_text(x, value);
    html_put(x, "\"><button class=\"second\">");
    html_say(x, says);
}

static void given_one(struct exchange *x, const struct visit *v, const struct attorney *a)
{
    struct person person = {0};
    bool known = person_get(v->office.registry, a->person, &person, NULL) == ERR_OK;
    html_put(x, "<li>\n<h3>");
    html_text(x, str_z(known ? person.name : a->iin));
    html_put(x, "</h3>\n<dl>\n");
    row(x, TEXT_ATTORNEYS_IIN);
    html_text(x, str_z(a->iin));
    row_end(x);
    until_and_kinds(x, a);
    html_put(x, "</dl>\n");
    button(x, v, "/attorneys/revoke", "iin", str_z(a->iin), TEXT_ATTORNEYS_REVOKE);
    html_put(x, "<span class=\"heard\"> ");
    html_text(x, str_z(a->iin));
    html_put(x, "</span></button>\n</form>\n</li>\n");
}

static void held_one(struct exchange *x, const struct visit *v, const struct attorney *a)
{
    struct person firm = {0};
    if (person_get(v->office.registry, a->organisation, &firm, NULL))
        return;
    html_put(x, "<li>\n<h3>");
    html_text(x, str_z(firm.name));
    html_put(x, "</h3>\n<dl>\n");
    row(x, TEXT_ATTORNEYS_BIN);
    html_text(x, str_z(firm.bin));
    row_end(x);
    until_and_kinds(x, a);
    html_put(x, "</dl>\n");
    if (v->who.acts_for == a->organisation) {
        html_put(x, "<p><strong class=\"mark strong\">");
        html_say(x, TEXT_ATTORNEYS_NOW);
        html_put(x, "</strong></p>\n");
    } else {
        button(x, v, "/act-for", "bin", str_z(firm.bin), TEXT_ATTORNEYS_ACT);
        html_put(x, "<span class=\"heard\"> ");
        html_text(x, str_z(firm.name));
        html_put(x, "</span></button>\n</form>\n");
    }
    html_put(x, "</li>\n");
}

static void heading(struct exchange *x, enum text says)
{
    html_put(x, "<h2>");
    html_say(x, says);
    html_put(x, "</h2>\n");
}

static void sentence(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

static enum err given(struct exchange *x, const struct visit *v)
{
    struct attorney all[ATTORNEYS_MAX];
    size_t n = 0;
    enum err err = attorney_given(v->office.registry, v->who.acts_for, all, &n, NULL);
    heading(x, TEXT_ATTORNEYS_GIVEN);
    if (!n)
        sentence(x, TEXT_ATTORNEYS_GIVEN_NONE);
    html_put(x, n ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; !err && i < n; i++)
        given_one(x, v, &all[i]);
    html_put(x, n ? "</ul>\n" : "");
    return err;
}

static enum err held(struct exchange *x, const struct visit *v)
{
    struct attorney all[ATTORNEYS_MAX];
    size_t n = 0;
    enum err err = attorney_held(v->office.registry, v->who.party, all, &n, NULL);
    heading(x, TEXT_ATTORNEYS_HELD);
    if (!n)
        sentence(x, TEXT_ATTORNEYS_HELD_NONE);
    html_put(x, n ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; !err && i < n; i++)
        held_one(x, v, &all[i]);
    html_put(x, n ? "</ul>\n" : "");
    if (!err && v->who.by_attorney) {
        button(x, v, "/act-for", "bin", STR(""), TEXT_ATTORNEYS_SELF);
        html_put(x, "</button>\n</form>\n");
    }
    return err;
}

/* ---- the form that gives one ---- */

static void wrong(struct exchange *x, const char *id, const enum text *why)
{
    if (!why)
        return;
    html_put(x, "<div class=\"error\" id=\"");
    html_put(x, id);
    html_put(x, "\">");
    html_sign(x, "hint");
    html_put(x, "<p>");
    html_say(x, *why);
    html_put(x, "</p></div>\n");
}

static void day_fields(struct exchange *x, const struct giving *g)
{
    static const enum text labels[PARTS] = {TEXT_APPLY_DAY, TEXT_APPLY_MONTH, TEXT_APPLY_YEAR};
    html_put(x, "<fieldset class=\"date\"><legend>");
    html_say(x, TEXT_ATTORNEYS_LAST_DAY);
    html_put(x, "</legend>\n<p class=\"hint\" id=\"date-hint\">");
    html_say(x, TEXT_ATTORNEYS_DAY_HINT);
    html_put(x, "</p>\n");
    wrong(x, "date-wrong", g->day_wrong);
    html_put(x, "<div class=\"parts\">\n");
    for (size_t i = 0; i < PARTS; i++) {
        buf_printf(x->out, "<div class=\"field\"><label for=\"%s\">", day_names[i]);
        html_say(x, labels[i]);
        buf_printf(x->out,
                   "</label><input id=\"%s\" name=\"%s\" inputmode=\"numeric\" "
                   "autocomplete=\"off\" maxlength=\"4\" aria-describedby=\"%sdate-hint\"%s "
                   "value=\"",
                   day_names[i], day_names[i], g->day_wrong ? "date-wrong " : "",
                   g->day_wrong ? " aria-invalid=\"true\"" : "");
        html_text(x, str_z(g->day[i]));
        html_put(x, "\"></div>\n");
    }
    html_put(x, "</div></fieldset>\n");
}

static void kind_fields(struct exchange *x, const struct giving *g)
{
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_ATTORNEYS_KINDS);
    html_put(x, "</legend>\n");
    wrong(x, "kinds-wrong", g->kinds_wrong);
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        if (!is_offered(kind))
            continue;
        buf_printf(x->out, "<label><input type=\"checkbox\" name=\"%s\" value=\"yes\"%s%s> <span>",
                   kind_info(kind)->name, g->kinds >> kind & 1 ? " checked" : "",
                   g->kinds_wrong ? " aria-describedby=\"kinds-wrong\"" : "");
        apply_say_kind(x, kind);
        html_put(x, "</span></label>\n");
    }
    html_put(x, "</fieldset>\n");
}

static void give_form(struct exchange *x, const struct visit *v, const struct giving *g)
{
    static const enum text hint = TEXT_ATTORNEYS_IIN_HINT;
    heading(x, TEXT_ATTORNEYS_GIVE);
    wrong(x, "give-wrong", g->whole_wrong);
    screen_form(x, v, "/attorneys", "ask");
    screen_field(x, &(struct screen_field){.name = "iin",
                                           .attributes = "inputmode=\"numeric\" "
                                                         "autocomplete=\"off\" maxlength=\"12\" "
                                                         "class=\"digits\"",
                                           .label = TEXT_ATTORNEYS_IIN,
                                           .hint = &hint,
                                           .wrong = g->iin_wrong,
                                           .value = str_z(g->iin)});
    day_fields(x, g);
    kind_fields(x, g);
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_ATTORNEYS_GIVE_BUTTON);
    html_put(x, "</p>\n</form>\n");
}

static void done(struct exchange *x)
{
    static const char *const words[] = {"given", "revoked"};
    struct buf said = {0};
    bool found;
    if (form_value(x->query, "done", &said, &found) || !found)
        buf_clear(&said);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_eq((struct str){(const char *)said.p, said.n}, str_z(words[i])))
            continue;
        html_put(x, "<div class=\"done\" role=\"status\">\n<p><strong>");
        html_say_key(x, "attorneys.done", words[i], NULL);
        html_put(x, "</strong></p>\n</div>\n");
    }
    buf_release(&said);
}

static void page(struct exchange *x, struct visit *v, const struct giving *g)
{
    enum err err = ERR_OK;
    screen_begin(x, v, TEXT_ATTORNEYS_HEADING, "/attorneys");
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/cabinet", TEXT_CABINET_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_ATTORNEYS_HEADING);
    html_put(x, "</h1>\n");
    done(x);
    if (is_head(&v->who)) {
        err = given(x, v);
        give_form(x, v, g);
    }
    if (!err)
        err = held(x, v);
    if (err)
        apply_fail(x, v, err);
    else
        screen_end(x);
}

void screen_attorneys(struct exchange *x)
{
    struct visit v;
    const struct giving nothing = {.kinds = 0};
    if (!screen_visit(x, ROLES_APPLICANT, false, &v))
        return;
    page(x, &v, &nothing);
    portal_leave(&v);
}

/* ---- POST /attorneys ---- */

static enum err read_field(const struct exchange *x, const char *name, char out[TYPED])
{
    struct buf text = {0};
    enum err err = screen_value(x, name, &text);
    if (!err)
        str_copy(out, TYPED, str_trim((struct str){text.n ? (const char *)text.p : "", text.n}));
    buf_release(&text);
    return err;
}

static enum err read_giving(const struct exchange *x, struct giving *g)
{
    char yes[TYPED];
    enum err err = read_field(x, "iin", g->iin);
    for (size_t i = 0; !err && i < PARTS; i++)
        err = read_field(x, day_names[i], g->day[i]);
    for (uint8_t kind = 1; !err && kind_info(kind); kind++) {
        err = is_offered(kind) ? read_field(x, kind_info(kind)->name, yes) : ERR_OK;
        if (!err && is_offered(kind) && *yes)
            g->kinds |= 1U << kind;
    }
    return err;
}

static daynum day_of(const struct giving *g)
{
    char text[3 * TYPED];
    uint64_t part[PARTS];
    daynum day = DAYNUM_NONE;
    for (size_t i = 0; i < PARTS; i++)
        if (!str_to_u64(str_z(g->day[i]), 9999, &part[i]))
            return DAYNUM_NONE;
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)part[2], (unsigned)part[1],
             (unsigned)part[0]);
    return daynum_parse(str_z(text), &day) ? DAYNUM_NONE : day;
}

/* Beside which field is it said? False: none, it is a page of its own. */
static bool told(struct giving *g, enum err err)
{
    static const enum text iin = TEXT_ATTORNEYS_IIN_WRONG, self = TEXT_ATTORNEYS_IIN_SELF,
                           day = TEXT_ATTORNEYS_DAY_WRONG, kinds = TEXT_ATTORNEYS_KINDS_NONE,
                           many = TEXT_ATTORNEYS_MANY;
    switch ((unsigned)err) {
    case ERR_IIN_BIN:
        g->iin_wrong = &iin;
        return true;
    case ERR_SAME_PERSON:
        g->iin_wrong = &self;
        return true;
    case ERR_DATE:
        g->day_wrong = &day;
        return true;
    case ERR_USAGE:
        g->kinds_wrong = &kinds;
        return true;
    case ERR_TOO_MANY:
        g->whole_wrong = &many;
        return true;
    default:
        return false;
    }
}

static void give(struct exchange *x, struct visit *v)
{
    struct giving g = {.kinds = 0};
    enum err err = read_giving(x, &g);
    if (err) {
        screen_fail(x, err);
        return;
    }
    struct attorney what = {.until = day_of(&g), .kinds = g.kinds};
    err = !is_head(&v->who)                      ? ERR_ROLE
          : strlen(g.iin) == sizeof what.iin - 1 ? ERR_OK
                                                 : ERR_IIN_BIN;
    str_copy(what.iin, sizeof what.iin, str_z(g.iin));
    if (!err)
        err = attorney_give(v->office.registry, v->office.committer, &v->who, &what, NULL);
    portal_note(v, AUDIT_ATTORNEY, err ? 0 : what.person, 0, err);
    if (!err) {
        screen_go(x, "/attorneys?done=given");
    } else if (told(&g, err)) {
        x->response->status = err_info(err)->http_status == 413 ? 413 : 400;
        page(x, v, &g);
    } else {
        apply_fail(x, v, err);
    }
}

void screen_attorney_give(struct exchange *x)
{
    struct visit v;
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    give(x, &v);
    portal_leave(&v);
}

/* ---- POST /attorneys/revoke, POST /act-for ---- */

void screen_attorney_revoke(struct exchange *x)
{
    struct visit v;
    char iin[TYPED] = "";
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    struct registry *reg = v.office.registry;
    enum err err = read_field(x, "iin", iin);
    if (!err)
        err = iin_check(str_z(iin), NULL);
    if (!err)
        err = attorney_revoke(reg, v.office.committer, &v.who, str_z(iin), NULL);
    portal_note(&v, AUDIT_ATTORNEY, err ? 0 : registry_party_id(reg, PARTY_PERSON, str_z(iin)), 0,
                err);
    if (err && err != ERR_NOT_FOUND) /* sent twice: it is revoked */
        apply_fail(x, &v, err);
    else
        screen_go(x, "/attorneys?done=revoked");
    portal_leave(&v);
}

void screen_act_for(struct exchange *x)
{
    struct visit v;
    char bin[TYPED] = "", token[SESSION_TOKEN_TEXT], before[SESSION_TOKEN_TEXT];
    if (!screen_visit(x, ROLES_APPLICANT, true, &v))
        return;
    str_copy(before, sizeof before, portal_token(x));
    enum err err = read_field(x, "bin", bin);
    if (!err)
        err = attorney_act_for(v.office.registry, v.office.committer, &v.who, str_z(bin), before,
                               token, NULL);
    portal_note(&v, AUDIT_ACT_FOR, err ? 0 : v.who.acts_for, 0, err);
    if (!err)
        portal_cookie(x, token);
    if (!err)
        screen_go(x, "/cabinet");
    else if (err == ERR_NOT_FOUND) /* revoked, or over: the page shows what is left */
        screen_go(x, "/attorneys");
    else
        apply_fail(x, &v, err);
    portal_leave(&v);
}
