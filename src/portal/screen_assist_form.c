/* SPDX-License-Identifier: Apache-2.0
 *
 * The code that the person reads out, and his devices; then the receipt, to be printed and given to him. */
#include "portal/assist.h"
#include "portal/cabinet.h"
#include "portal/screens.h"

enum { CODE, IMEI1, IMEI4 = IMEI1 + 3, BRAND, MODEL, ENTERED, DOCUMENT, FIELDS };
static const char *const names[FIELDS] = {"code",  "imei1", "imei2",   "imei3",   "imei4",
                                          "brand", "model", "entered", "document"};

static bool came(const struct assist *a)
{
    return a->origin->way == WAY_CARRIED || a->origin->way == WAY_PARCEL;
}

static bool has_document(const struct assist *a)
{
    return a->origin->way == WAY_PARCEL || a->origin->kind == APPROVAL_BEFORE_DUTY;
}

static void fields(struct assist *a)
{
    static const enum text imeis[] = {TEXT_APPLY_IMEI_1, TEXT_APPLY_IMEI_2, TEXT_APPLY_IMEI_3,
                                      TEXT_APPLY_IMEI_4};
    static const enum text hint = TEXT_ASSIST_CODE_HINT, imei_hint = TEXT_APPLY_IMEI_HINT;
    static const enum text second = TEXT_APPLY_IMEI_SECOND, day_hint = TEXT_ASSIST_DAY_HINT;
    bool parcel = a->origin->way == WAY_PARCEL;
    assist_field(a, CODE, TEXT_SIGN_IN_CODE, &hint,
                 "inputmode=\"numeric\" autocomplete=\"off\" maxlength=\"7\" class=\"code\"");
    for (size_t i = 0; i < LIMIT_DEVICE_IMEIS; i++)
        assist_field(
            a, IMEI1 + i, imeis[i],
            i == 0   ? &imei_hint
            : i == 1 ? &second
                     : NULL,
            "inputmode=\"numeric\" autocomplete=\"off\" maxlength=\"40\" class=\"digits\"");
    assist_field(a, BRAND, TEXT_APPLY_BRAND, NULL, "autocomplete=\"off\" maxlength=\"96\"");
    assist_field(a, MODEL, TEXT_APPLY_MODEL, NULL, "autocomplete=\"off\" maxlength=\"96\"");
    if (came(a))
        assist_field(a, ENTERED, TEXT_APPLY_ROW_ENTERED, &day_hint, "type=\"date\"");
    if (has_document(a))
        assist_field(a, DOCUMENT, parcel ? TEXT_APPLY_DOCUMENT_PARCEL : TEXT_APPLY_DOCUMENT, NULL,
                     "autocomplete=\"off\" maxlength=\"64\"");
}

static void show(struct assist *a)
{
    struct exchange *x = a->x;
    char path[ASSIST_PATH];
    assist_path(&a->code, a->origin, path);
    screen_begin(x, a->v, TEXT_ASSIST_FORM, path);
    html_put(x, "<p class=\"back\"><a href=\"");
    html_url(x, "/assist");
    html_put(x, "\">");
    html_say(x, TEXT_CABINET_BACK);
    html_put(x, "</a></p>\n<p class=\"caption\">");
    assist_say_origin(x, a->v, a->origin);
    html_put(x, "</p>\n<h1>");
    html_say(x, TEXT_ASSIST_FORM);
    html_put(x, "</h1>\n");
    screen_code_sent(x, a->v, &a->code);
    screen_demo_code(x, a->v, &a->code);
    assist_say_top(a);
    screen_form(x, a->v, path, "ask");
    fields(a);
    html_put(x, "<p>");
    html_say(x, TEXT_ASSIST_TRUE);
    html_put(x, "</p>\n");
    screen_button(x, TEXT_ASSIST_FILE);
    html_put(x, "</form>\n");
    screen_end(x);
}

/* The code in the address, and what is filed: "ID.carried". False: it is answered. */
static bool stand(struct assist *a, bool changes, bool with_origin)
{
    struct str rest = {0}, id = str_split(a->x->param, '.', &rest);
    uint8_t bytes[CODE_ID];
    if (!screen_visit(a->x, ROLE_BIT(ROLE_ASSISTANT), changes, a->v))
        return false;
    a->origin = with_origin && rest.p ? assist_origin_find(rest) : NULL;
    bool good = code_id_parse(id, bytes) && with_origin == (a->origin != NULL);
    enum err err = good ? code_get(a->v->office.registry, bytes, a->v->who.party, &a->code, NULL)
                        : ERR_NOT_FOUND;
    if (!err && a->code.purpose != CODE_PRESENT)
        err = ERR_NOT_FOUND;
    if (!err)
        return true;
    apply_fail(a->x, a->v, err);
    portal_leave(a->v);
    return false;
}

void screen_assist_ask(struct exchange *x)
{
    struct visit v;
    struct assist a = {.x = x, .v = &v, .names = names};
    if (!stand(&a, false, true))
        return;
    show(&a);
    portal_leave(&v);
}

/* ---- filing ---- */

static void take(struct assist *a, struct case_device *d, struct filing *out)
{
    *d = (struct case_device){0};
    *out = (struct filing){.kind = a->origin->kind,
                           .way = a->origin->way,
                           .entered = DAYNUM_NONE,
                           .devices = d,
                           .device_count = 1};
    for (size_t i = IMEI1; i <= IMEI4; i++) {
        struct imei imei;
        if (!*a->typed[i] && i > IMEI1)
            continue;
        enum err err = imei_parse_typed(str_z(a->typed[i]), &imei);
        if (err)
            assist_wrong(a, i, err);
        else
            d->is.imeis[d->is.count++] = imei;
    }
    for (size_t i = BRAND; i <= MODEL; i++)
        if (strlen(a->typed[i]) > LIMIT_TAC_NAME)
            assist_wrong(a, i, ERR_TOO_LONG);
    str_copy(d->brand, sizeof d->brand, str_z(a->typed[BRAND]));
    str_copy(d->model, sizeof d->model, str_z(a->typed[MODEL]));
    if (came(a) && daynum_parse(str_z(a->typed[ENTERED]), &out->entered))
        assist_wrong(a, ENTERED, ERR_DATE);
    if (has_document(a))
        out->document = str_z(a->typed[DOCUMENT]);
}

/* Beside which field an error belongs; -1: beside none. */
static int place_of(enum err err, const struct fault *fault)
{
    struct str field = str_z(fault->field);
    if (err == ERR_CODE_WRONG || err == ERR_CODE_OVER)
        return CODE;
    if (str_starts(field, STR("entered")))
        return ENTERED;
    if (str_starts(field, STR("document")))
        return DOCUMENT;
    if (err == ERR_DEVICE_IMEIS)
        return IMEI1 + 1; /* the second one is missing */
    return err == ERR_OPEN_ALREADY ? IMEI1 : -1;
}

static void file(struct assist *a)
{
    struct visit *v = a->v;
    struct case_device device;
    struct filing wish;
    struct application made = {0};
    struct fault fault = {0};
    bool again = false;
    char path[ASSIST_PATH];
    assist_read(a, FIELDS);
    code_close_up(a->typed[CODE]);
    take(a, &device, &wish);
    enum err err = ERR_OK;
    if (assist_right(a)) {
        err = present_file(&v->office, &v->who, &a->code, str_z(a->typed[CODE]), &wish, &made,
                           &again, &fault);
        if (!err || err == ERR_CODE_WRONG || err == ERR_CODE_OVER)
            screen_code_tried(v, &a->code, err);
        portal_note(v, AUDIT_FILE, a->code.person, err ? 0 : made.id, err);
        portal_heard(v, err);
    }
    int place = err ? place_of(err, &fault) : -1;
    if (place >= 0)
        assist_wrong(a, (size_t)place, err);
    else
        a->top = err;
    if (!assist_right(a)) {
        *a->typed[CODE] = '\0';
        a->x->response->status = err ? err_info(err)->http_status : 400;
        show(a);
        return;
    }
    application_release(&made);
    portal_wake(v->portal);
    assist_path(&a->code, NULL, path);
    screen_go(a->x, path);
}

void screen_assist_file(struct exchange *x)
{
    struct visit v;
    struct assist a = {.x = x, .v = &v, .names = names};
    if (!stand(&a, true, true))
        return;
    file(&a);
    portal_leave(&v);
}

/* ---- the receipt ---- */

static void row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

/* For the person: nothing of who he is stands on it. */
static void receipt(struct assist *a, const struct application *made)
{
    struct exchange *x = a->x;
    char number[APPLICATION_NUMBER_TEXT], path[ASSIST_PATH];
    application_number(made, number);
    assist_path(&a->code, NULL, path);
    screen_begin(x, a->v, TEXT_CABINET_FILED, path);
    html_put(x, "<h1>");
    html_say(x, TEXT_CABINET_FILED);
    html_put(x, "</h1>\n");
    screen_receipt_head(x, str_z(made->receipt));
    html_put(x, "<dl>\n");
    row(x, TEXT_CABINET_ROW_NUMBER);
    html_put(x, "<span class=\"number\">");
    html_text(x, str_z(number));
    html_put(x, "</span></dd></div>\n");
    row(x, TEXT_CABINET_ROW_KIND);
    apply_say_kind(x, made->kind);
    html_put(x, "</dd></div>\n");
    row(x, TEXT_CABINET_ROW_FILED);
    screen_time(x, a->v, made->filed_s);
    html_put(x, "</dd></div>\n");
    row(x, TEXT_CABINET_ROW_STATE);
    cabinet_state(x, made->state);
    html_put(x, "<br>");
    cabinet_clock(x, a->v, made);
    html_put(x, "</dd></div>\n</dl>\n</article>\n<p>");
    html_say_with(x, TEXT_ASSIST_TOLD, "end", str_z(msisdn_end(a->code.msisdn)));
    html_put(x, "</p>\n<p>");
    html_say(x, TEXT_ASSIST_PRINT);
    html_put(x, "</p>\n<p class=\"ways\">");
    cabinet_link(x, "main", "/assist", TEXT_ASSIST_NEXT);
    html_put(x, "</p>\n");
    screen_end(x);
}

void screen_assist_receipt(struct exchange *x)
{
    struct visit v;
    struct assist a = {.x = x, .v = &v, .names = names};
    struct application made;
    if (!stand(&a, false, false))
        return;
    enum err err = present_made(&v.office, &v.who, &a.code, &made, NULL);
    if (err) {
        apply_fail(x, &v, err);
    } else {
        receipt(&a, &made);
        application_release(&made);
    }
    portal_leave(&v);
}
