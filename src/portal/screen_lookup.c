/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's desk (lookup.h) as a page: what is typed, then one sheet a phone: what it may and why, what its user can do,
 * and what he was told, in the reader's language. */
#include <stdlib.h>

#include "face/form.h"
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/lookup.h"
#include "portal/screen_marks.h"
#include "portal/screens.h"

struct page {
    struct exchange *x;
    struct visit v;
    struct str name; /* the operator's */
    struct buf by_typed, value_typed;
    enum lookup_by by; /* LOOKUP_WAYS: nothing is chosen */
    enum err wrong;    /* of what was typed */
};

static struct str of(const struct buf *b)
{
    return str_trim((struct str){b->n ? (const char *)b->p : "", b->n});
}

static bool stand(struct page *p, bool changes)
{
    if (!screen_visit(p->x, ROLE_BIT(ROLE_OPERATOR), changes, &p->v))
        return false;
    enum err err = operator_name(&p->v, &p->name, &p->v.fault);
    if (!err)
        return true;
    apply_fail(p->x, &p->v, err);
    portal_leave(&p->v);
    return false;
}

static void leave(struct page *p)
{
    buf_release(&p->by_typed);
    buf_release(&p->value_typed);
    portal_leave(&p->v);
}

/* ---- the form ---- */

static void ways(struct page *p)
{
    struct exchange *x = p->x;
    const bool wrong = p->wrong && p->by == LOOKUP_WAYS;
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_LOOKUP_BY);
    html_put(x, "</legend>\n");
    if (wrong)
        screen_wrong(x, "by", TEXT_APPLY_CHOOSE);
    for (enum lookup_by by = 0; by < LOOKUP_WAYS; by++) {
        const char *name = lookup_by_name(by);
        buf_printf(x->out, "<label><input type=\"radio\" name=\"by\" value=\"%s\"%s%s> <span>",
                   name, by == p->by ? " checked" : "",
                   wrong ? " aria-describedby=\"by-wrong\"" : "");
        html_say_key(x, "lookup", "by", name);
        html_put(x, "</span></label>\n");
    }
    html_put(x, "</fieldset>\n");
}

static void form(struct page *p)
{
    static const enum text hint = TEXT_LOOKUP_VALUE_HINT;
    struct exchange *x = p->x;
    enum text why = TEXT_ERROR_HEADING;
    const bool wrong = p->wrong && p->by != LOOKUP_WAYS;
    if (wrong && !text_find_parts(err_info(p->wrong)->text_id, NULL, NULL, &why))
        why = TEXT_ERROR_HEADING;
    if (x->site->demo) {
        html_put(x, "<p class=\"hint\">");
        html_say_with(x, TEXT_LOOKUP_SAMPLE, "number", STR("+7\u00a0700\u00a0990\u00a000\u00a001"));
        html_put(x, "</p>\n");
    }
    screen_form(x, &p->v, "/operator/lookup", "ask");
    ways(p);
    screen_field(x, &(struct screen_field){.name = "value",
                                           .attributes = "inputmode=\"tel\" autocomplete=\"off\" "
                                                         "spellcheck=\"false\" maxlength=\"40\" "
                                                         "class=\"digits\"",
                                           .label = TEXT_LOOKUP_VALUE,
                                           .hint = &hint,
                                           .wrong = wrong ? &why : NULL,
                                           .value = of(&p->value_typed)});
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_LOOKUP_BUTTON);
    html_put(x, "</p>\n</form>\n");
}

static void begin(struct page *p)
{
    struct exchange *x = p->x;
    screen_begin(x, &p->v, TEXT_LOOKUP_HEADING, "/operator/lookup");
    html_put(x, "<h1>");
    html_say(x, TEXT_LOOKUP_HEADING);
    html_put(x, "</h1>\n<p class=\"lead\">");
    html_say(x, TEXT_LOOKUP_LEAD);
    html_put(x, "</p>\n");
}

static void end(struct page *p)
{
    html_put(p->x, "<p><a href=\"");
    html_url(p->x, "/operator");
    html_put(p->x, "\">");
    html_say(p->x, TEXT_OPERATOR_HEADING);
    html_put(p->x, "</a></p>\n");
    screen_end(p->x);
}

/* ---- one phone ---- */

static void day_row(struct exchange *x, enum text label, daynum day)
{
    struct buf date = {0};
    if (!daynum_is_day(day))
        return;
    marks_row(x, label);
    text_date(&date, x->lang, day);
    html_text(x, (struct str){date.n ? (const char *)date.p : "", date.n});
    buf_release(&date);
    marks_row_end(x);
}

static void number_row(struct exchange *x, enum text label, uint64_t n)
{
    struct buf digits = {0};
    marks_row(x, label);
    text_number(&digits, x->lang, n);
    html_text(x, (struct str){digits.n ? (const char *)digits.p : "", digits.n});
    buf_release(&digits);
    marks_row_end(x);
}

static void state_rows(struct page *p, const struct lookup_phone *phone, bool by_imei)
{
    struct exchange *x = p->x;
    const struct verdict *now = &phone->check.now;
    marks_row(x, TEXT_MARKS_NOW);
    marks_say_state(x, now);
    html_put(x, "<br>");
    html_say_key(x, "reason", reason_public(now->reason), "public");
    marks_row_end(x);
    marks_row(x, TEXT_OPERATOR_CODE);
    html_put(x, "<code>");
    html_put(x, reason_public(now->reason));
    html_put(x, "</code>");
    marks_row_end(x);
    number_row(x, TEXT_LOOKUP_RULE, reason_table[now->reason].rule);
    day_row(x, TEXT_OPERATOR_SINCE, phone->check.since);
    day_row(x, TEXT_LOOKUP_LAST_DAY, verdict_deadline(now));
    if (now->flags & VERDICT_DUPLICATE) {
        marks_row(x, TEXT_FIELD_DUPLICATE);
        html_say(x, TEXT_FIELD_DUPLICATE_YES);
        marks_row_end(x);
    }
    day_row(x, TEXT_LOOKUP_SEEN, phone->seen);
    if (by_imei)
        number_row(x, TEXT_LOOKUP_USERS, phone->users);
}

static void what_to_do(struct page *p, uint8_t reason)
{
    struct exchange *x = p->x;
    const char *const *door = lookup_doors(reason);
    html_put(x, "<h4>");
    html_say(x, TEXT_LOOKUP_DO);
    html_put(x, "</h4>\n<p>");
    html_say_key(x, "own", reason_public(reason), NULL);
    html_put(x, "</p>\n");
    if (!*door)
        return;
    html_put(x, "<ul>\n");
    for (; *door; door++) {
        char path[32];
        snprintf(path, sizeof path, "/apply/%s", *door);
        html_put(x, "<li><a href=\"");
        html_url(x, path);
        html_put(x, "\">");
        if (strcmp(*door, "before") == 0)
            html_say_day(x, TEXT_OWN_BEFORE, p->v.office.registry->rules.duty_from - 1);
        else
            html_say_key(x, "apply", "from", *door);
        html_put(x, "</a></li>\n");
    }
    html_put(x, "</ul>\n");
}

static enum err notice(struct page *p, const struct lookup *look, const struct notices_row *row)
{
    struct exchange *x = p->x;
    struct buf words[LANG_COUNT] = {0};
    char id[NOTICES_ID_TEXT];
    enum err err = lookup_words(&p->v, look, row, words, id, &p->v.fault);
    if (!err) {
        html_put(x, "<li>\n<p><strong>");
        html_say_key(x, "lookup", "step", notice_name((enum notice_step)row->step));
        html_put(x, "</strong><br>");
        screen_time(x, &p->v, row->made_s);
        html_put(x, " · ");
        html_say_key(x, "lookup", "status", lookup_status(look, row));
        if (row->at_s) {
            html_put(x, ", ");
            screen_time(x, &p->v, row->at_s);
        }
        html_put(x, "</p>\n<blockquote>");
        html_text(x, of(&words[x->lang]));
        html_put(x, "</blockquote>\n</li>\n");
    }
    for (int i = 0; i < LANG_COUNT; i++)
        buf_release(&words[i]);
    return err;
}

static enum err notices(struct page *p, const struct lookup *look, const struct lookup_phone *phone)
{
    struct exchange *x = p->x;
    enum err err = ERR_OK;
    html_put(x, "<h4>");
    html_say(x, TEXT_LOOKUP_NOTICES);
    html_put(x, "</h4>\n<p>");
    html_say(x, phone->notice_n ? TEXT_LOOKUP_LANGUAGE : TEXT_LOOKUP_NOTICES_NONE);
    html_put(x, "</p>\n");
    if (phone->more_notices) {
        html_put(x, "<p>");
        html_say(x, TEXT_LOOKUP_MORE_NOTICES);
        html_put(x, "</p>\n");
    }
    html_put(x, phone->notice_n ? "<ol>\n" : "");
    for (size_t i = 0; !err && i < phone->notice_n; i++)
        err = notice(p, look, &phone->notices[i]);
    html_put(x, phone->notice_n ? "</ol>\n" : "");
    return err;
}

static enum err phone(struct page *p, const struct lookup *look, const struct lookup_phone *one)
{
    struct exchange *x = p->x;
    html_put(x, "<li>\n<h3>");
    page_imei(x, one->check.imei);
    html_put(x, "</h3>\n<p>");
    marks_say_model(x, &p->v, one->check.imei);
    html_put(x, "</p>\n<dl>\n");
    state_rows(p, one, p->by == LOOKUP_IMEI);
    html_put(x, "</dl>\n");
    what_to_do(p, one->check.now.reason);
    enum err err = notices(p, look, one);
    html_put(x, "</li>\n");
    return err;
}

/* ---- the page ---- */

static enum err show(struct page *p, const struct lookup *look)
{
    struct exchange *x = p->x;
    struct buf days = {0};
    enum err err = ERR_OK;
    html_put(x, "<section role=\"status\">\n<h2>");
    html_say(x, TEXT_LOOKUP_FOUND);
    html_put(x, "</h2>\n");
    if (!look->found) {
        text_number(&days, x->lang, LOOKUP_DAYS);
        html_put(x, "<p>");
        html_say_with(x, TEXT_LOOKUP_NONE, "days",
                      (struct str){days.n ? (const char *)days.p : "", days.n});
        html_put(x, "</p>\n");
        buf_release(&days);
    }
    if (look->more) {
        html_put(x, "<p>");
        html_say(x, TEXT_LOOKUP_MORE);
        html_put(x, "</p>\n");
    }
    html_put(x, look->n ? "<ul class=\"sessions\">\n" : "");
    for (size_t i = 0; !err && i < look->n; i++)
        err = phone(p, look, &look->phones[i]);
    html_put(x, look->n ? "</ul>\n" : "");
    html_put(x, "</section>\n");
    return err;
}

void screen_lookup(struct exchange *x)
{
    struct page p = {.x = x, .by = LOOKUP_MSISDN};
    if (!stand(&p, false))
        return;
    begin(&p);
    form(&p);
    end(&p);
    leave(&p);
}

static enum err read_form(struct page *p, struct lookup_ask *ask)
{
    enum err err = screen_value(p->x, "by", &p->by_typed);
    if (!err)
        err = screen_value(p->x, "value", &p->value_typed);
    if (err)
        return err;
    p->by = 0;
    while (p->by < LOOKUP_WAYS && !str_eq(of(&p->by_typed), str_z(lookup_by_name(p->by))))
        p->by++;
    p->wrong = p->by == LOOKUP_WAYS ? ERR_USAGE
                                    : lookup_read(p->by, of(&p->value_typed), ask, &p->v.fault);
    return ERR_OK;
}

static enum err look_up(struct page *p)
{
    struct lookup *look = calloc(1, sizeof *look);
    struct lookup_ask ask = {.by = LOOKUP_IMEI};
    enum err err = look ? read_form(p, &ask) : ERR_MEMORY;
    if (!err && !p->wrong)
        err = lookup_find(p->x, &p->v, p->name, &ask, look);
    if (!err) {
        begin(p);
        if (!p->wrong)
            err = show(p, look);
        else
            p->x->response->status = 400;
    }
    if (!err) {
        form(p);
        end(p);
    }
    free(look);
    return err;
}

void screen_lookup_find(struct exchange *x)
{
    struct page p = {.x = x, .by = LOOKUP_WAYS};
    if (!stand(&p, true))
        return;
    enum err err = look_up(&p);
    portal_heard(&p.v, err);
    if (err)
        apply_fail(x, &p.v, err);
    leave(&p);
}
