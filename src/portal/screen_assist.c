/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is present and what it is about: the first page of an assistant; the code goes out from here. */
#include "portal/assist.h"
#include "portal/cabinet.h"
#include "portal/screens.h"

static const struct assist_origin origins[] = {
    {"carried", APPROVAL_PERSONAL, WAY_CARRIED, TEXT_ASSIST_FROM_CARRIED},
    {"parcel", APPROVAL_PERSONAL, WAY_PARCEL, TEXT_APPLY_FROM_PARCEL},
    {"before", APPROVAL_BEFORE_DUTY, WAY_NONE, TEXT_OWN_BEFORE},
    {"second", APPROVAL_SECOND_IMEI, WAY_NONE, TEXT_APPLY_FROM_SECOND},
    {"recheck", APPROVAL_RECHECK, WAY_NONE, TEXT_ASSIST_FROM_RECHECK},
};
enum { ORIGINS = sizeof origins / sizeof *origins };

enum { IIN, NAME, MSISDN, LANGUAGE, WHAT, KEY, FIELDS };
static const char *const names[FIELDS] = {"iin", "name", "msisdn", "language", "what", "key"};

const struct assist_origin *assist_origin(size_t i)
{
    return i < ORIGINS ? &origins[i] : NULL;
}

const struct assist_origin *assist_origin_find(struct str name)
{
    for (size_t i = 0; i < ORIGINS; i++)
        if (str_eq(name, str_z(origins[i].name)))
            return &origins[i];
    return NULL;
}

void assist_say_origin(struct exchange *x, const struct visit *v, const struct assist_origin *o)
{
    if (o->label == TEXT_OWN_BEFORE)
        html_say_day(x, o->label, v->office.registry->rules.duty_from - 1);
    else
        html_say(x, o->label);
}

void assist_path(const struct code *code, const struct assist_origin *o, char out[ASSIST_PATH])
{
    char id[CODE_ID_TEXT];
    code_id_format(code->id, id);
    snprintf(out, ASSIST_PATH, o ? "/assist/%s.%s" : "/assist/%s/receipt%s", id, o ? o->name : "");
}

/* ---- what is typed ---- */

void assist_wrong(struct assist *a, size_t field, enum err err)
{
    if (a->wrong[field])
        return;
    a->wrong[field] = true;
    if (!text_find_parts(err_info(err)->text_id, NULL, NULL, &a->why[field]))
        a->why[field] = TEXT_ERROR_HEADING;
}

bool assist_right(const struct assist *a)
{
    bool right = !a->top;
    for (size_t i = 0; i < ASSIST_FIELDS; i++)
        right = right && !a->wrong[i];
    return right;
}

void assist_read(struct assist *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf value = {0};
        enum err err = screen_value(a->x, a->names[i], &value);
        struct str typed = str_trim((struct str){value.n ? (const char *)value.p : "", value.n});
        if (err)
            assist_wrong(a, i, ERR_UTF8);
        else if (typed.n >= ASSIST_TYPED)
            assist_wrong(a, i, ERR_TOO_LONG);
        else
            str_copy(a->typed[i], ASSIST_TYPED, typed);
        buf_release(&value);
    }
}

void assist_say_top(struct assist *a)
{
    if (a->top)
        screen_trouble(a->x, a->top);
}

/* ---- the page ---- */

void assist_field(struct assist *a, size_t i, enum text label, const enum text *hint,
                  const char *attributes)
{
    screen_field(a->x, &(struct screen_field){.name = a->names[i],
                                              .attributes = attributes,
                                              .label = label,
                                              .hint = hint,
                                              .wrong = a->wrong[i] ? &a->why[i] : NULL,
                                              .value = str_z(a->typed[i])});
}

static void radios(struct assist *a)
{
    struct exchange *x = a->x;
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_ASSIST_WHAT);
    html_put(x, "</legend>\n");
    if (a->wrong[WHAT]) {
        screen_wrong(x, "what", TEXT_APPLY_CHOOSE);
    }
    for (size_t i = 0; i < ORIGINS; i++) {
        bool chosen = strcmp(a->typed[WHAT], origins[i].name) == 0;
        buf_printf(x->out, "<label><input type=\"radio\" name=\"what\" value=\"%s\"%s%s> <span>",
                   origins[i].name, chosen ? " checked" : "",
                   a->wrong[WHAT] ? " aria-describedby=\"what-wrong\"" : "");
        assist_say_origin(x, a->v, &origins[i]);
        html_put(x, "</span></label>\n");
    }
    html_put(x, "</fieldset>\n");
}

static void languages(struct assist *a)
{
    static const struct {
        const char *code;
        enum text name;
    } list[] = {{"kk", TEXT_ASSIST_KK}, {"ru", TEXT_ASSIST_RU}, {"en", TEXT_ASSIST_EN}};
    struct exchange *x = a->x;
    const char *chosen = *a->typed[LANGUAGE] ? a->typed[LANGUAGE] : lang_code(x->lang);
    html_put(x, "<div class=\"field\">\n<label for=\"language\">");
    html_say(x, TEXT_ASSIST_LANGUAGE);
    html_put(x, "</label>\n<select id=\"language\" name=\"language\">\n");
    for (size_t i = 0; i < 3; i++) {
        buf_printf(x->out, "<option value=\"%s\"%s>", list[i].code,
                   strcmp(chosen, list[i].code) == 0 ? " selected" : "");
        html_say(x, list[i].name);
        html_put(x, "</option>\n");
    }
    html_put(x, "</select>\n</div>\n");
}

static void show(struct assist *a)
{
    static const enum text number_hint = TEXT_ASSIST_MSISDN_HINT, name_hint = TEXT_ASSIST_NAME_HINT;
    struct exchange *x = a->x;
    screen_begin(x, a->v, TEXT_ASSIST_HEADING, "/assist");
    html_put(x, "<h1>");
    html_say(x, TEXT_ASSIST_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_ASSIST_LEAD);
    html_put(x, "</p>\n");
    assist_say_top(a);
    screen_form(x, a->v, "/assist", "ask");
    screen_code_key(x);
    radios(a);
    assist_field(a, IIN, TEXT_ASSIST_IIN, NULL,
                 "inputmode=\"numeric\" autocomplete=\"off\" maxlength=\"12\" class=\"digits\"");
    assist_field(a, NAME, TEXT_ASSIST_NAME, &name_hint,
                 "autocomplete=\"off\" spellcheck=\"false\" maxlength=\"100\"");
    assist_field(a, MSISDN, TEXT_ASSIST_MSISDN, &number_hint,
                 "type=\"tel\" autocomplete=\"off\" maxlength=\"24\" class=\"digits\"");
    languages(a);
    screen_button(x, TEXT_ASSIST_SEND);
    html_put(x, "</form>\n<p>");
    cabinet_link(x, "", "/receipt", TEXT_CABINET_RECEIPT_HEADING);
    html_put(x, "</p>\n");
    screen_end(x);
}

void screen_assist(struct exchange *x)
{
    struct visit v;
    struct assist a = {.x = x, .v = &v, .names = names};
    if (!screen_visit(x, ROLE_BIT(ROLE_ASSISTANT), false, &v))
        return;
    show(&a);
    portal_leave(&v);
}

/* ---- sending ---- */

static void place(struct assist *a, enum err err)
{
    if (err == ERR_IIN_BIN)
        assist_wrong(a, IIN, err);
    else if (err == ERR_MSISDN)
        assist_wrong(a, MSISDN, err);
    else if (err == ERR_NAME)
        assist_wrong(a, NAME, err);
    else
        a->top = err;
}

static void take(struct assist *a, struct code *c)
{
    enum lang lang;
    enum err err = msisdn_parse(str_z(a->typed[MSISDN]), c->msisdn, NULL);
    if (err)
        place(a, err);
    if (strlen(a->typed[IIN]) >= sizeof c->iin || iin_check(str_z(a->typed[IIN]), NULL))
        place(a, ERR_IIN_BIN);
    if (!*a->typed[NAME] || strlen(a->typed[NAME]) > LIMIT_CODE_NAME)
        place(a, ERR_NAME);
    a->origin = assist_origin_find(str_z(a->typed[WHAT]));
    if (!a->origin)
        assist_wrong(a, WHAT, ERR_USAGE);
    lang = a->x->lang;
    if (!lang_find(str_z(a->typed[LANGUAGE]), &lang))
        lang = a->x->lang;
    str_copy(c->iin, sizeof c->iin, str_z(a->typed[IIN]));
    str_copy(c->name, sizeof c->name, str_z(a->typed[NAME]));
    str_copy(c->language, sizeof c->language, str_z(lang_code(lang)));
}

static void begin(struct assist *a)
{
    struct code c = {0};
    char path[ASSIST_PATH];
    assist_read(a, FIELDS);
    take(a, &c);
    if (assist_right(a) && !portal_sends(a->v->portal))
        a->top = ERR_UNAVAILABLE;
    if (assist_right(a)) {
        enum err err = present_begin(&a->v->office, &a->v->who, &c, str_z(a->typed[KEY]), NULL);
        screen_code_went(a->v, &c, err);
        if (err)
            place(a, err);
    }
    if (!assist_right(a)) {
        a->x->response->status = a->top ? err_info(a->top)->http_status : 400;
        show(a);
        return;
    }
    assist_path(&c, a->origin, path);
    screen_go(a->x, path);
}

void screen_assist_begin(struct exchange *x)
{
    struct visit v;
    struct assist a = {.x = x, .v = &v, .names = names};
    if (!screen_visit(x, ROLE_BIT(ROLE_ASSISTANT), true, &v))
        return;
    begin(&a);
    portal_leave(&v);
}
