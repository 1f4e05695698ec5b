/* SPDX-License-Identifier: Apache-2.0
 *
 * What a seller does with a request: answers it, or files an application for the phone. */
#include "portal/screen_requests.h"

static struct str typed_of(const struct buf *b)
{
    return str_trim((struct str){b->n ? (const char *)b->p : "", b->n});
}

enum err request_typed_read(const struct exchange *x, struct request_typed *t)
{
    enum err err = screen_value(x, "answer", &t->answer);
    if (!err)
        err = screen_value(x, "application", &t->application);
    if (!err)
        err = screen_value(x, "note", &t->note);
    for (size_t i = 0; i < t->note.n; i++)
        t->note.p[i] = t->note.p[i] < ' ' ? ' ' : t->note.p[i]; /* one line of a record */
    struct str number = typed_of(&t->application);
    t->reply.note = typed_of(&t->note);
    if (!err && !demand_answer_find(typed_of(&t->answer), &t->reply.answer))
        err = ERR_USAGE;
    if (!err && number.n && !application_number_parse(number, &t->reply.application))
        t->reply.application = UINT32_MAX; /* none of his: said beside the field */
    return err;
}

void request_typed_release(struct request_typed *t)
{
    buf_release(&t->answer);
    buf_release(&t->application);
    buf_release(&t->note);
}

static void choice(struct exchange *x, uint8_t answer, const struct request_typed *t)
{
    bool none = t && !t->reply.answer;
    buf_printf(x->out, "<label><input type=\"radio\" name=\"answer\" value=\"%s\"%s%s> <span>",
               demand_answer_name(answer), t && answer == t->reply.answer ? " checked" : "",
               none ? " aria-describedby=\"answer-wrong\"" : "");
    html_say_key(x, "requests", "reply", demand_answer_name(answer));
    html_put(x, "</span></label>\n");
}

/* Forms that begin an application for this phone. */
static void ways(struct exchange *x, const struct visit *v, const struct demand *r)
{
    static const uint8_t kinds[] = {APPROVAL_IMPORT, APPROVAL_BEFORE_DUTY};
    char path[APPLY_PATH];
    request_path(r, "/apply", path);
    html_put(x, "<section class=\"sheet\">\n<h2>");
    html_say(x, TEXT_REQUESTS_APPLY);
    html_put(x, "</h2>\n<p>");
    html_say(x, TEXT_REQUESTS_APPLY_HELP);
    html_put(x, "</p>\n");
    for (size_t i = 0; i < sizeof kinds; i++) {
        if (!(kind_info(kinds[i])->roles & ROLE_BIT(v->who.role)))
            continue;
        screen_form(x, v, path, "inline");
        buf_printf(x->out,
                   "<input type=\"hidden\" name=\"kind\" value=\"%s\"><button class=\"second\">",
                   kind_info(kinds[i])->name);
        apply_say_kind(x, kinds[i]);
        html_put(x, "</button></form>\n");
    }
    html_put(x, "</section>\n");
}

void request_reply_form(struct exchange *x, const struct visit *v, const struct demand *r,
                        const struct request_typed *t)
{
    static const enum text none = TEXT_REQUESTS_APPLICATION_NONE, other = TEXT_ERR_NOT_APPROVED,
                           why = TEXT_REQUESTS_NOTE_WHY, hint = TEXT_REQUESTS_APPLICATION_HINT;
    char path[APPLY_PATH];
    bool of_number = t && str_eq(str_z(t->field), STR("application"));
    request_path(r, "/answer", path);
    ways(x, v, r);
    screen_form(x, v, path, "ask");
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_REQUESTS_REPLY);
    html_put(x, "</legend>\n");
    if (t && !t->reply.answer)
        screen_wrong(x, "answer", TEXT_APPLY_CHOOSE);
    for (uint8_t answer = 1; answer < DEMAND_ANSWER_COUNT; answer++)
        choice(x, answer, t);
    html_put(x, "</fieldset>\n");
    screen_field(x, &(struct screen_field){.name = "application",
                                           .attributes = "maxlength=\"24\" autocomplete=\"off\"",
                                           .label = TEXT_REQUESTS_APPLICATION,
                                           .hint = &hint,
                                           .wrong = !of_number                     ? NULL
                                                    : t->wrong == ERR_NOT_APPROVED ? &other
                                                                                   : &none,
                                           .value = t ? typed_of(&t->application) : STR("")});
    screen_field(
        x, &(struct screen_field){.name = "note",
                                  .attributes = "rows=\"3\" maxlength=\"500\"",
                                  .label = TEXT_REQUESTS_REPLY_NOTE,
                                  .wrong = t && str_eq(str_z(t->field), STR("note")) ? &why : NULL,
                                  .value = t ? typed_of(&t->note) : STR(""),
                                  .lines = true});
    html_put(x, "<p class=\"ways\">");
    screen_button(x, TEXT_REQUESTS_REPLY_BUTTON);
    html_put(x, "</p>\n</form>\n");
}

enum err request_draft(const struct exchange *x, struct visit *v, const struct demand *r,
                       struct draft *out)
{
    struct buf word = {0};
    uint8_t kind = 0;
    enum err err = screen_value(x, "kind", &word);
    bool found = !err && kind_find(typed_of(&word), &kind);
    buf_release(&word);
    if (!err && (!found || (kind != APPROVAL_IMPORT && kind != APPROVAL_BEFORE_DUTY)))
        err = ERR_USAGE;
    if (!err)
        err = draft_new(&v->office, &v->who, kind, WAY_NONE, out, NULL);
    if (err)
        return err;
    out->device_count = 1;
    out->devices[0].is.count = r->what.imei_count;
    memcpy(out->devices[0].is.imeis, r->what.imeis, sizeof r->what.imeis);
    return draft_save(&v->office, &v->who, out, NULL);
}
