/* SPDX-License-Identifier: Apache-2.0
 *
 * Suspending and resuming by page: a form, then what each IMEI is and would be, then it is done. Both steps are one
 * address; what was typed travels in the body. The form carries a key, so that it is done once however often it is
 * sent. */
#include <stdlib.h>

#include <sodium.h>

#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/screen_marks.h"
#include "portal/screens.h"

enum { KEY_TEXT = 33, PARTS = 3, TYPED = 32 };

enum field { IMEIS, MARK, ORDER, NOTE, FIELDS };
static const char *const names[FIELDS] = {"imeis", "mark", "order", "note"};
/* Days, each in three parts. */
enum day { FROM, UNTIL, DAYS };
static const char *const part_names[DAYS][PARTS] = {{"from_day", "from_month", "from_year"},
                                                    {"until_day", "until_month", "until_year"}};

struct marks_page {
    struct exchange *x;
    struct visit v;
    struct mark_body body;
    bool resume;
    struct buf typed[FIELDS], key, step;
    char day[DAYS][PARTS][TYPED];
    enum err wrong[FIELDS], wrong_day[DAYS], whole; /* beside the field; of the whole */
    struct imei imeis[MARKS_AT_ONCE];
    struct marking wish;
    struct mark_look looks[MARKS_AT_ONCE];
};

static struct str of(const struct buf *b)
{
    return str_trim((struct str){b->n ? (const char *)b->p : "", b->n});
}

static const char *path_of(const struct marks_page *p)
{
    return p->resume ? "/marks/resume" : "/marks/suspend";
}

static void page_free(struct marks_page *p)
{
    for (size_t i = 0; i < FIELDS; i++)
        buf_release(&p->typed[i]);
    buf_release(&p->key);
    buf_release(&p->step);
    free(p);
}

/* ---- what was sent ---- */

static enum err read_all(struct marks_page *p)
{
    enum err err = screen_value(p->x, "key", &p->key);
    if (!err)
        err = screen_value(p->x, "step", &p->step);
    for (size_t i = 0; !err && i < FIELDS; i++)
        err = screen_value(p->x, names[i], &p->typed[i]);
    for (size_t d = 0; !err && d < DAYS; d++)
        for (size_t i = 0; !err && i < PARTS; i++) {
            struct buf part = {0};
            err = screen_value(p->x, part_names[d][i], &part);
            str_copy(p->day[d][i], TYPED, of(&part));
            buf_release(&part);
        }
    return err;
}

/* Nothing typed: `otherwise`. */
static daynum day_of(struct marks_page *p, enum day d, daynum otherwise)
{
    char text[3 * TYPED];
    uint64_t part[PARTS] = {0};
    daynum day = DAYNUM_NONE;
    bool empty = true, good = true;
    for (size_t i = 0; i < PARTS; i++) {
        empty = empty && !*p->day[d][i];
        good = good && str_to_u64(str_z(p->day[d][i]), 9999, &part[i]);
    }
    if (empty)
        return otherwise;
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)part[2], (unsigned)part[1],
             (unsigned)part[0]);
    if (!good || daynum_parse(str_z(text), &day))
        p->wrong_day[d] = ERR_DATE;
    return day;
}

static bool is_right(const struct marks_page *p)
{
    bool right = !p->whole && !p->wrong_day[FROM] && !p->wrong_day[UNTIL];
    for (size_t i = 0; i < FIELDS; i++)
        right = right && !p->wrong[i];
    return right;
}

static bool make_wish(struct marks_page *p)
{
    struct str order = of(&p->typed[ORDER]);
    p->wish = (struct marking){.resume = p->resume,
                               .imeis = p->imeis,
                               .order = order,
                               .note = of(&p->typed[NOTE]),
                               .idempotency = of(&p->key)};
    p->wrong[IMEIS] = marks_read_imeis(of(&p->typed[IMEIS]), p->imeis, &p->wish.count, &p->v.fault);
    if (!p->wrong[IMEIS] && !p->wish.count)
        p->wrong[IMEIS] = ERR_IMEI_FORM;
    if (!mark_kind_find(of(&p->typed[MARK]), &p->wish.kind))
        p->wrong[MARK] = ERR_MARK_KIND;
    if (!order.n || order.n > LIMIT_DOCUMENT || !str_printable(order))
        p->wrong[ORDER] = ERR_NAME;
    if (p->wish.note.n > LIMIT_REASON)
        p->wrong[NOTE] = ERR_TOO_LONG;
    p->wish.from = day_of(p, FROM, DAYNUM_NONE);
    p->wish.last = day_of(p, UNTIL, DAYNUM_OPEN);
    return is_right(p);
}

/* ---- the form ---- */

static void begin(struct marks_page *p, enum text heading)
{
    struct exchange *x = p->x;
    screen_begin(x, &p->v, heading, path_of(p));
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/marks", TEXT_MARKS_HEADING);
    html_put(x, "</p>\n<h1>");
    html_say(x, heading);
    html_put(x, "</h1>\n");
}

static void hidden(struct exchange *x, const char *name, struct str value)
{
    html_put(x, "<input type=\"hidden\" name=\"");
    html_put(x, name);
    html_put(x, "\" value=\"");
    html_text(x, value);
    html_put(x, "\">\n");
}

static void key_field(struct marks_page *p)
{
    uint8_t random[(KEY_TEXT - 1) / 2];
    char key[KEY_TEXT];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, sizeof key, random, sizeof random);
    hidden(p->x, "key", str_z(key));
}

static enum text why_of(enum err err)
{
    enum text why;
    return text_find_parts(err_info(err)->text_id, NULL, NULL, &why) ? why : TEXT_ERROR_HEADING;
}

/* One of the fields: what was typed, and why that cannot be taken. */
static void ask_field(struct marks_page *p, enum field i, struct screen_field said, enum text why)
{
    said.name = names[i];
    said.value = of(&p->typed[i]);
    said.wrong = p->wrong[i] ? &why : NULL;
    screen_field(p->x, &said);
}

static void mark_radios(struct marks_page *p)
{
    struct exchange *x = p->x;
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_MARKS_MARK);
    html_put(x, "</legend>\n");
    if (p->wrong[MARK])
        screen_wrong(x, "mark", TEXT_APPLY_CHOOSE);
    for (uint8_t kind = MARK_STOLEN; kind <= MARK_PENITENTIARY; kind++) {
        if (!(p->body.marks >> kind & 1))
            continue;
        bool chosen = str_eq(of(&p->typed[MARK]), str_z(mark_kind_name(kind)));
        buf_printf(x->out, "<label><input type=\"radio\" name=\"mark\" value=\"%s\"%s%s> <span>",
                   mark_kind_name(kind), chosen ? " checked" : "",
                   p->wrong[MARK] ? " aria-describedby=\"mark-wrong\"" : "");
        marks_say_kind(x, kind);
        html_put(x, "</span></label>\n");
    }
    html_put(x, "</fieldset>\n");
}

static void day_fields(struct marks_page *p, enum day d, enum text legend, enum text hint)
{
    static const enum text labels[PARTS] = {TEXT_APPLY_DAY, TEXT_APPLY_MONTH, TEXT_APPLY_YEAR};
    static const char *const ids[DAYS] = {"from", "until"};
    struct exchange *x = p->x;
    bool wrong = p->wrong_day[d] != ERR_OK;
    html_put(x, "<fieldset class=\"date\"><legend>");
    html_say(x, legend);
    buf_printf(x->out, "</legend>\n<p class=\"hint\" id=\"%s-hint\">", ids[d]);
    html_say(x, hint);
    html_put(x, "</p>\n");
    if (wrong)
        screen_wrong(x, ids[d], TEXT_MARKS_DAY_WRONG);
    html_put(x, "<div class=\"parts\">\n");
    for (size_t i = 0; i < PARTS; i++) {
        const char *name = part_names[d][i];
        buf_printf(x->out, "<div class=\"field\"><label for=\"%s\">", name);
        html_say(x, labels[i]);
        buf_printf(x->out,
                   "</label><input id=\"%s\" name=\"%s\" inputmode=\"numeric\" "
                   "autocomplete=\"off\" maxlength=\"4\" aria-describedby=\"%s-hint%s%s\"%s "
                   "value=\"",
                   name, name, ids[d], wrong ? " " : "",
                   wrong ? (d == FROM ? "from-wrong" : "until-wrong") : "",
                   wrong ? " aria-invalid=\"true\"" : "");
        html_text(x, str_z(p->day[d][i]));
        html_put(x, "\"></div>\n");
    }
    html_put(x, "</div></fieldset>\n");
}

/* Of a list, the code that is wrong. */
static void which_one(struct marks_page *p)
{
    const char *code = p->v.fault.value;
    if (!*code || (!p->wrong[IMEIS] && !p->whole))
        return;
    html_put(p->x, "<p class=\"error\" role=\"alert\">");
    html_say_with(p->x, TEXT_MARKS_WRONG_ONE, "code", str_z(code));
    html_put(p->x, "</p>\n");
}

static void show_form(struct marks_page *p)
{
    static const enum text imeis_hint = TEXT_MARKS_IMEIS_HINT, order_hint = TEXT_MARKS_ORDER_HINT,
                           note_hint = TEXT_MARKS_NOTE_HINT;
    struct exchange *x = p->x;
    begin(p, p->resume ? TEXT_MARKS_RESUME : TEXT_MARKS_SUSPEND);
    html_put(x, "<p class=\"lead\">");
    html_say(x, p->resume ? TEXT_MARKS_RESUME_LEAD : TEXT_MARKS_SUSPEND_LEAD);
    html_put(x, "</p>\n");
    if (p->whole)
        screen_trouble(x, p->whole);
    which_one(p);
    screen_form(x, &p->v, path_of(p), "ask");
    key_field(p);
    ask_field(
        p, IMEIS,
        (struct screen_field){
            .attributes = "rows=\"5\" autocomplete=\"off\" spellcheck=\"false\" class=\"digits\"",
            .label = TEXT_MARKS_IMEIS,
            .hint = &imeis_hint,
            .lines = true},
        why_of(p->wrong[IMEIS]));
    mark_radios(p);
    ask_field(p, ORDER,
              (struct screen_field){
                  .attributes = "autocomplete=\"off\" spellcheck=\"false\" maxlength=\"64\"",
                  .label = TEXT_MARKS_ORDER,
                  .hint = &order_hint},
              TEXT_MARKS_ORDER_WRONG);
    if (!p->resume) {
        day_fields(p, FROM, TEXT_MARKS_FROM, TEXT_MARKS_FROM_HINT);
        day_fields(p, UNTIL, TEXT_MARKS_UNTIL, TEXT_MARKS_UNTIL_HINT);
    }
    ask_field(p, NOTE,
              (struct screen_field){.attributes = "rows=\"3\" maxlength=\"500\"",
                                    .label = TEXT_MARKS_NOTE,
                                    .hint = &note_hint,
                                    .lines = true},
              why_of(p->wrong[NOTE]));
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_MARKS_LOOK);
    html_put(x, "</p>\n</form>\n");
    screen_end(x);
}

/* ---- what would become of each ---- */

static void look_one(struct marks_page *p, const struct mark_look *look)
{
    struct exchange *x = p->x;
    html_put(x, "<li>\n<h3>");
    page_imei(x, look->imei);
    html_put(x, "</h3>\n<p>");
    marks_say_model(x, &p->v, look->imei);
    html_put(x, "</p>\n<dl>\n");
    marks_row(x, TEXT_MARKS_NOW);
    marks_say_state(x, &look->now);
    html_put(x, "<br>");
    html_say_key(x, "reason", reason_public(look->now.reason), "public");
    marks_row_end(x);
    marks_row(x, TEXT_MARKS_THEN);
    if (look->refused) {
        html_put(x, "<strong class=\"mark warn\">");
        html_say(x, why_of(look->refused));
        html_put(x, "</strong>");
    } else {
        marks_say_state(x, &look->then);
    }
    marks_row_end(x);
    html_put(x, "</dl>\n</li>\n");
}

static void wish_rows(struct marks_page *p)
{
    struct exchange *x = p->x;
    html_put(x, "<dl>\n");
    marks_row(x, TEXT_MARKS_MARK);
    marks_say_kind(x, p->wish.kind);
    marks_row_end(x);
    marks_row(x, TEXT_MARKS_ORDER);
    html_text(x, p->wish.order);
    marks_row_end(x);
    if (!p->resume) {
        marks_row(x, TEXT_MARKS_DAYS);
        marks_say_days(
            x, p->wish.from == DAYNUM_NONE ? registry_today(p->v.office.registry) : p->wish.from,
            p->wish.last);
        marks_row_end(x);
    }
    html_put(x, "</dl>\n");
}

static void show_look(struct marks_page *p, bool waits)
{
    struct exchange *x = p->x;
    bool may = true;
    for (size_t i = 0; i < p->wish.count; i++)
        may = may && !p->looks[i].refused;
    begin(p, p->resume ? TEXT_MARKS_LOOK_RESUME : TEXT_MARKS_LOOK_SUSPEND);
    wish_rows(p);
    html_put(x, "<h2>");
    html_say_count(x, TEXT_MARKS_N_IMEIS, p->wish.count);
    html_put(x, "</h2>\n<ul class=\"sessions\">\n");
    for (size_t i = 0; i < p->wish.count; i++)
        look_one(p, &p->looks[i]);
    html_put(x, "</ul>\n");
    if (!may || waits) {
        html_put(x, "<p><strong>");
        html_say(x, !may ? TEXT_MARKS_MAY_NOT : TEXT_MARKS_WAITS);
        html_put(x, "</strong></p>\n");
    }
    screen_form(x, &p->v, path_of(p), "ask");
    hidden(x, "key", of(&p->key));
    for (size_t i = 0; i < FIELDS; i++)
        hidden(x, names[i], of(&p->typed[i]));
    for (size_t d = 0; d < DAYS; d++)
        for (size_t i = 0; i < PARTS; i++)
            hidden(x, part_names[d][i], str_z(p->day[d][i]));
    html_put(x, "<p class=\"ways\">");
    if (may) {
        html_put(x, "<button class=\"main\" name=\"step\" value=\"do\">");
        html_say(x, waits       ? TEXT_MARKS_PROPOSE
                    : p->resume ? TEXT_MARKS_RESUME_BUTTON
                                : TEXT_MARKS_SUSPEND_BUTTON);
        html_put(x, "</button>\n");
    }
    html_put(x, "<button class=\"second\" name=\"step\" value=\"change\">");
    html_say(x, TEXT_MARKS_CHANGE);
    html_put(x, "</button></p>\n</form>\n");
    screen_end(x);
}

/* ---- the steps ---- */

/* An error of the wish stands beside its field, any other above the form. */
static void place(struct marks_page *p, enum err err)
{
    if (err == ERR_DATE)
        p->wrong_day[UNTIL] = err;
    else if (err == ERR_MARK_KIND)
        p->wrong[MARK] = err;
    else if (err == ERR_TOO_MANY)
        p->wrong[IMEIS] = err;
    else
        p->whole = err;
}

static bool is_of_wish(enum err err)
{
    unsigned status = (unsigned)err_info(err)->http_status;
    return status == 400 || status == 409 || status == 413 || err == ERR_MARK_KIND ||
           err == ERR_NOT_SETTER;
}

static void fail(struct marks_page *p, enum err err)
{
    if (!is_of_wish(err)) {
        apply_fail(p->x, &p->v, err);
        return;
    }
    place(p, err);
    p->x->response->status = err_info(err)->http_status == 413 ? 413 : 400;
    show_form(p);
}

static void look(struct marks_page *p)
{
    bool waits = false;
    enum err err = marks_look(&p->v, &p->body, &p->wish, p->looks, &waits, &p->v.fault);
    if (err)
        fail(p, err);
    else
        show_look(p, waits);
}

static void act(struct marks_page *p)
{
    struct marked made;
    enum err err = marks_act(&p->v, &p->body, &p->wish, &made, &p->v.fault);
    if (err)
        fail(p, err);
    else
        screen_go(p->x, made.proposal ? "/marks?done=proposed"
                        : p->resume   ? "/marks?done=resumed"
                                      : "/marks?done=suspended");
}

static struct marks_page *open_page(struct exchange *x, bool changes)
{
    struct marks_page *p = calloc(1, sizeof *p);
    if (!p) {
        screen_fail(x, ERR_MEMORY);
        return NULL;
    }
    p->x = x;
    p->resume = str_eq(x->param, STR("resume"));
    bool stands = marks_stand(x, changes, &p->v, &p->body);
    if (stands && (p->resume || str_eq(x->param, STR("suspend"))))
        return p;
    if (stands) {
        screen_fail(x, ERR_NOT_FOUND);
        portal_leave(&p->v);
    }
    page_free(p);
    return NULL;
}

void screen_marks_ask(struct exchange *x)
{
    struct marks_page *p = open_page(x, false);
    if (!p)
        return;
    show_form(p);
    portal_leave(&p->v);
    page_free(p);
}

void screen_marks_act(struct exchange *x)
{
    struct marks_page *p = open_page(x, true);
    if (!p)
        return;
    enum err err = read_all(p);
    if (err) {
        screen_fail(x, err);
    } else if (str_eq(of(&p->step), STR("change"))) {
        show_form(p);
    } else if (!make_wish(p)) {
        x->response->status = 400;
        show_form(p);
    } else if (str_eq(of(&p->step), STR("do"))) {
        act(p);
    } else {
        look(p);
    }
    portal_leave(&p->v);
    page_free(p);
}
