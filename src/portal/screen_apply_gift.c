/* SPDX-License-Identifier: Apache-2.0
 *
 * The wizard's questions of a gift: does whoever brought the device in consent, and the code that went to his phone. With his
 * consent the border is asked for him, so that nobody has to look; without a phone at hand an officer does. The draft keeps
 * which code it is; who he is stands in the code's own record, sealed, for a day. */
#include "face/form.h"
#include "portal/apply.h"
#include "portal/screen_code.h"

enum { CONSENTS, IIN, MSISDN, TRAVELLER_KEY };
enum { CODE, ACT, CONSENT_KEY };

static int64_t now_of(const struct apply *a)
{
    return clock_now_us(a->v->office.registry->clock) / 1000000;
}

/* The code that the draft knows, if whoever looks asked for it. */
static enum err code_of(const struct apply *a, struct code *out)
{
    uint8_t id[CODE_ID];
    *out = (struct code){0};
    return code_id_parse(str_z(a->draft.consent), id)
               ? code_get(a->v->office.registry, id, a->v->who.party, out, NULL)
               : ERR_NOT_FOUND;
}

/* As if nobody had been asked; `answered`: and nobody is to be. */
static void without(struct draft *d, bool answered)
{
    *d->consent = '\0';
    d->consented_s = 0;
    d->answered &= ~(1U << APPLY_TRAVELLER);
    d->answered |= answered ? 1U << APPLY_TRAVELLER : 0;
}

/* ---- pages ---- */

static void begin(struct apply *a, enum text heading, enum err top, char path[APPLY_PATH])
{
    apply_path(&a->draft, a->step, 0, path);
    screen_begin(a->x, a->v, heading, path);
    apply_heading(a, heading);
    if (top)
        screen_trouble(a->x, top);
}

static void paragraph(struct exchange *x, enum text says)
{
    html_put(x, "<p>");
    html_say(x, says);
    html_put(x, "</p>\n");
}

static void traveller(struct apply *a, enum err top)
{
    static const struct apply_choice consents = {TEXT_APPLY_TRAVELLER_QUESTION,
                                                 TEXT_APPLY_TRAVELLER_YES, TEXT_APPLY_TRAVELLER_NO};
    static const enum text iin_hint = TEXT_APPLY_TRAVELLER_IIN_HINT;
    static const enum text number_hint = TEXT_APPLY_TRAVELLER_MSISDN_HINT;
    struct exchange *x = a->x;
    char path[APPLY_PATH];
    begin(a, TEXT_APPLY_TRAVELLER_HEADING, top, path);
    paragraph(x, TEXT_APPLY_TRAVELLER_LEAD);
    screen_form(x, a->v, path, "ask");
    screen_code_key(x);
    apply_choose(a, &consents);
    apply_field(a, IIN, TEXT_APPLY_TRAVELLER_IIN, &iin_hint,
                "inputmode=\"numeric\" autocomplete=\"off\" maxlength=\"12\" class=\"digits\"");
    apply_field(a, MSISDN, TEXT_APPLY_TRAVELLER_MSISDN, &number_hint,
                "type=\"tel\" autocomplete=\"off\" maxlength=\"24\" class=\"digits\"");
    screen_button(x, TEXT_APPLY_NEXT);
    html_put(x, "</form>\n");
    screen_end(x);
}

static void consent(struct apply *a, const struct code *c, enum err top)
{
    static const enum text hint = TEXT_APPLY_CONSENT_HINT;
    struct exchange *x = a->x;
    char path[APPLY_PATH];
    begin(a, TEXT_APPLY_CONSENT_HEADING, top, path);
    screen_code_sent(x, a->v, c);
    screen_demo_code(x, a->v, c);
    screen_form(x, a->v, path, "ask");
    apply_field(a, CODE, TEXT_SIGN_IN_CODE, &hint,
                "inputmode=\"numeric\" autocomplete=\"off\" maxlength=\"7\" class=\"code\"");
    screen_button(x, TEXT_APPLY_NEXT);
    html_put(x, "</form>\n<h2>");
    html_say(x, TEXT_APPLY_CONSENT_NONE_CAME);
    html_put(x, "</h2>\n");
    paragraph(x, TEXT_APPLY_CONSENT_HELP);
    screen_form(x, a->v, path, "inline");
    screen_code_key(x);
    html_put(x, "<p class=\"ways\"><button name=\"act\" value=\"again\" class=\"second\">");
    html_say(x, TEXT_APPLY_CONSENT_AGAIN);
    html_put(x, "</button> <button name=\"act\" value=\"without\" class=\"link\">");
    html_say(x, TEXT_APPLY_CONSENT_WITHOUT);
    html_put(x, "</button></p>\n</form>\n");
    screen_end(x);
}

/* What he said before. */
static void fill(struct apply *a)
{
    struct code c;
    bool answered = a->draft.answered >> APPLY_TRAVELLER & 1, asked = !code_of(a, &c);
    const char *choice = !answered ? "" : *a->draft.consent ? "yes" : "no";
    str_copy(a->fields[CONSENTS].typed, APPLY_TYPED, str_z(choice));
    str_copy(a->fields[IIN].typed, APPLY_TYPED, str_z(asked ? c.iin : ""));
    str_copy(a->fields[MSISDN].typed, APPLY_TYPED, str_z(asked ? c.msisdn : ""));
}

/* The code is gone, or another's who acts for the same applicant: the question is asked anew. */
static void ask_anew(struct apply *a)
{
    without(&a->draft, false);
    enum err err = apply_save(a);
    if (err)
        apply_fail(a->x, a->v, err);
    else
        apply_go_on(a);
}

void apply_gift(struct apply *a)
{
    struct code c;
    struct buf gone = {0};
    bool told = false;
    enum err err = a->step == APPLY_CONSENT ? code_of(a, &c) : ERR_OK;
    if (!err)
        err = form_value(a->x->query, "gone", &gone, &told);
    buf_release(&gone);
    if (err == ERR_NOT_FOUND) {
        ask_anew(a);
    } else if (err) {
        apply_fail(a->x, a->v, err);
    } else if (a->step == APPLY_TRAVELLER) {
        fill(a);
        traveller(a, told ? ERR_CONSENT : ERR_OK);
    } else {
        if (!c.proven_s && !code_waits(&c, now_of(a)))
            apply_wrong_err(a, CODE, ERR_CODE_OVER);
        consent(a, &c, ERR_OK);
    }
}

/* ---- asking for a code ---- */

static enum err send_code(struct apply *a, struct code *c, const char *key)
{
    if (!portal_sends(a->v->portal))
        return ERR_UNAVAILABLE;
    c->purpose = CODE_GIFT;
    c->asker = a->v->who.party;
    str_copy(c->language, sizeof c->language, str_z(lang_code(a->x->lang)));
    enum err err = code_send(&a->v->office, c, str_z(key), NULL);
    screen_code_went(a->v, c, err);
    if (err)
        return err;
    code_id_format(c->id, a->draft.consent);
    a->draft.consented_s = 0;
    a->draft.answered |= 1U << APPLY_TRAVELLER;
    return ERR_OK;
}

/* Was the same person asked, and does it still count? Then he gets no second code for it. */
static bool asked_already(const struct apply *a, const struct code *wanted)
{
    uint8_t id[CODE_ID];
    struct code c;
    if (code_of(a, &c) || strcmp(c.iin, wanted->iin) != 0 || strcmp(c.msisdn, wanted->msisdn) != 0)
        return false;
    memcpy(id, c.id, sizeof id);
    return c.proven_s ? !code_usable(a->v->office.registry, id, a->v->who.party, &c, NULL)
                      : code_waits(&c, now_of(a));
}

/* Takes what is typed; what is wrong with it stands beside the fields, or is returned. */
static enum err take_traveller(struct apply *a)
{
    struct code c = {0};
    if (strcmp(a->fields[CONSENTS].typed, "no") == 0) {
        without(&a->draft, true);
        return ERR_OK;
    }
    if (strcmp(a->fields[CONSENTS].typed, "yes") != 0)
        apply_wrong(a, CONSENTS, TEXT_APPLY_CHOOSE);
    str_copy(c.iin, sizeof c.iin, str_z(a->fields[IIN].typed));
    if (strlen(a->fields[IIN].typed) >= sizeof c.iin || iin_check(str_z(c.iin), NULL))
        apply_wrong_err(a, IIN, ERR_IIN_BIN);
    if (msisdn_parse(str_z(a->fields[MSISDN].typed), c.msisdn, NULL))
        apply_wrong_err(a, MSISDN, ERR_MSISDN);
    if (!apply_right(a) || asked_already(a, &c))
        return ERR_OK;
    return send_code(a, &c, a->fields[TRAVELLER_KEY].typed);
}

/* ---- the code ---- */

static enum err take_code(struct apply *a, struct code *c)
{
    code_close_up(a->fields[CODE].typed);
    const struct code_try try = {c->id, CODE_GIFT, a->v->who.party, str_z(a->fields[CODE].typed)};
    struct code proven = *c;
    enum err err = code_prove(&a->v->office, &try, &proven, NULL);
    screen_code_tried(a->v, c, err);
    *a->fields[CODE].typed = '\0';
    if (err == ERR_CODE_WRONG || err == ERR_CODE_OVER)
        apply_wrong_err(a, CODE, err);
    else if (!err)
        a->draft.consented_s = proven.proven_s;
    return apply_right(a) ? err : ERR_OK;
}

static enum err take_consent(struct apply *a, struct code *c)
{
    const char *act = a->fields[ACT].typed;
    if (strcmp(act, "without") == 0) {
        without(&a->draft, true);
        return ERR_OK;
    }
    if (strcmp(act, "again") != 0)
        return take_code(a, c);
    struct code next = {0};
    memcpy(next.iin, c->iin, sizeof next.iin);
    memcpy(next.msisdn, c->msisdn, sizeof next.msisdn);
    enum err err = send_code(a, &next, a->fields[CONSENT_KEY].typed);
    *c = err ? *c : next;
    return err;
}

void apply_gift_answer(struct apply *a)
{
    struct code c = {0};
    enum err err = a->step == APPLY_CONSENT ? code_of(a, &c) : ERR_OK;
    if (err == ERR_NOT_FOUND) {
        ask_anew(a);
        return;
    }
    apply_read(a);
    if (!err && apply_right(a))
        err = a->step == APPLY_CONSENT ? take_consent(a, &c) : take_traveller(a);
    if (!err && apply_right(a)) {
        err = apply_save(a);
        if (err)
            apply_fail(a->x, a->v, err);
        else
            apply_go_on(a);
        return;
    }
    a->x->response->status = err ? err_info(err)->http_status : 400;
    if (a->step == APPLY_CONSENT)
        consent(a, &c, err);
    else
        traveller(a, err);
}

bool apply_consent_stands(struct apply *a)
{
    uint8_t id[CODE_ID];
    struct code c;
    char path[APPLY_PATH], to[APPLY_PATH + 8];
    if (!a->draft.consented_s)
        return true;
    enum err err = code_id_parse(str_z(a->draft.consent), id)
                       ? code_usable(a->v->office.registry, id, a->v->who.party, &c, NULL)
                       : ERR_CONSENT;
    if (!err)
        return true;
    without(&a->draft, false);
    err = err == ERR_CONSENT ? apply_save(a) : err;
    apply_path(&a->draft, APPLY_TRAVELLER, 0, path);
    snprintf(to, sizeof to, "%s?gone=1", path);
    if (err)
        apply_fail(a->x, a->v, err);
    else
        screen_go(a->x, to);
    return false;
}
