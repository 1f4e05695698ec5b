/* SPDX-License-Identifier: Apache-2.0
 *
 * What the pages of a body have in common: who may look, the words for a mark, the form that seeks one IMEI. */
#include "face/page_answer.h"
#include "portal/cabinet.h"
#include "portal/screen_marks.h"
#include "portal/screens.h"

bool marks_stand(struct exchange *x, bool changes, struct visit *v, struct mark_body *body)
{
    if (!screen_visit(x, ROLE_BIT(ROLE_POLICE), changes, v))
        return false;
    enum err err = mark_body(v->office.registry, &v->who, body, &v->fault);
    if (!err)
        return true;
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

/* ---- words ---- */

void marks_say_kind(struct exchange *x, uint8_t kind)
{
    html_say_key(x, "marks.kind", mark_kind_name(kind), NULL);
}

void marks_say_state(struct exchange *x, const struct verdict *v)
{
    const char *list = list_name(reason_list(v->reason));
    html_put(x, "<span class=\"expect ");
    html_put(x, list);
    html_put(x, "\">");
    html_sign(x, list);
    html_say_key(x, "list", list, "title");
    html_put(x, "</span>");
}

void marks_say_days(struct exchange *x, daynum from, daynum last)
{
    struct buf date = {0};
    html_say_day(x, TEXT_MARKS_SINCE, from);
    html_put(x, ", ");
    if (last == DAYNUM_OPEN)
        html_say(x, TEXT_MARKS_OPEN);
    else
        text_date_through(&date, x->lang, last);
    html_text(x, (struct str){date.n ? (const char *)date.p : "", date.n});
    buf_release(&date);
}

void marks_say_model(struct exchange *x, const struct visit *v, struct imei imei)
{
    struct tac_info info;
    if (!tac_find(v->office.registry->tac, imei_tac(imei), &info))
        return;
    html_text(x, info.brand);
    html_put(x, " ");
    html_text(x, info.model);
}

void marks_row(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

void marks_row_end(struct exchange *x)
{
    html_put(x, "</dd></div>\n");
}

void marks_tell(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

void marks_heading(struct exchange *x, enum text says)
{
    html_put(x, "<h2>");
    html_say(x, says);
    html_put(x, "</h2>\n");
}

/* Order, who, when. */
void marks_entry_rows(struct exchange *x, const struct visit *v, const struct entry *e)
{
    char name[LIMIT_NAME + 1];
    marks_name(v->office.registry, e->actor, name);
    marks_row(x, TEXT_MARKS_ORDER);
    html_text(x, (struct str){e->document, e->document_n});
    marks_row_end(x);
    marks_row(x, TEXT_MARKS_BY);
    html_text(x, str_z(name));
    html_put(x, *name ? ", " : "");
    screen_time(x, v, e->time_ms / 1000);
    marks_row_end(x);
}

void marks_find_form(struct exchange *x, const struct visit *v, struct str typed,
                     const enum text *wrong)
{
    screen_form(x, v, "/marks/find", "ask");
    screen_field(x, &(struct screen_field){.name = "imei",
                                           .attributes = "inputmode=\"numeric\" "
                                                         "autocomplete=\"off\" maxlength=\"64\" "
                                                         "class=\"digits\"",
                                           .label = TEXT_MARKS_FIND,
                                           .wrong = wrong,
                                           .value = typed});
    html_put(x, "<p class=\"ways\"><button class=\"second\">");
    html_say(x, TEXT_MARKS_FIND_BUTTON);
    html_put(x, "</button></p>\n</form>\n");
}
