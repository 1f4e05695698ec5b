/* SPDX-License-Identifier: Apache-2.0
 *
 * One clone case at the officer's desk: confirmed with the users who are served, corrected when others are right, or
 * dismissed. Nobody is left out by an empty form: that none is genuine has a box of its own. Each form says which version of the case
 * it was made of; one that is older changes nothing and shows the case as it is now. Where two persons decide, the second
 * sees what the first chose and agrees, or chooses anew. */
#include "face/form.h"
#include "portal/screen_clones.h"
#include "portal/screens.h"

static const uint32_t officer = ROLE_BIT(ROLE_OFFICER);

/* What came in by a form, and what is wrong with it. */
struct sent {
    bool again; /* the page is shown once more: with what was sent */
    bool none;
    uint32_t users; /* bit i: users[i] */
    struct str reason;
    const enum text *choice_wrong, *dismiss_wrong, *correct_wrong;
    bool stale;
};

/* ---- forms ---- */

static bool is_correction(const struct clone_case *c)
{
    return c->at == CLONE_CONFIRMED;
}

static uint32_t checked_users(const struct clone_case *c, const struct sent *sent)
{
    if (sent->again && (sent->users || sent->none))
        return sent->users;
    return c->proposed == CLONE_CONFIRMED ? c->proposed_served : c->served;
}

/* "Nobody's" was proposed, or stands, or was sent. */
static bool checked_none(const struct clone_case *c, const struct sent *sent)
{
    if (sent->again && (sent->users || sent->none))
        return sent->none;
    return (c->proposed == CLONE_CONFIRMED || is_correction(c)) && !checked_users(c, sent);
}

static void box(struct exchange *x, const char *name, bool checked)
{
    html_put(x, "<label><input type=\"checkbox\" name=\"");
    html_put(x, name);
    buf_printf(x->out, "\" value=\"yes\"%s> <span>", checked ? " checked" : "");
}

static void choice(struct exchange *x, const struct clone_case *c, const struct sent *sent)
{
    char name[16], n[16];
    html_put(x, "<fieldset class=\"radios\"><legend>");
    html_say(x, TEXT_CLONES_GENUINE);
    html_put(x, "</legend>\n<p class=\"hint\">");
    html_say(x, TEXT_CLONES_GENUINE_HINT);
    html_put(x, "</p>\n");
    if (sent->choice_wrong)
        screen_wrong(x, "users", *sent->choice_wrong);
    for (uint32_t i = 0; i < c->user_count; i++) {
        snprintf(n, sizeof n, "%u", i + 1);
        snprintf(name, sizeof name, "u%u", i + 1);
        box(x, name, checked_users(c, sent) >> i & 1);
        html_say_with(x, TEXT_CLONES_USER, "n", str_z(n));
        html_put(x, "</span></label>\n");
    }
    box(x, "none", checked_none(c, sent));
    html_say(x, TEXT_CLONES_NOBODYS);
    html_put(x, "</span></label>\n</fieldset>\n");
}

static void form_begin(struct exchange *x, const struct visit *v, const struct clone_case *c,
                       const char *act)
{
    char path[APPLY_PATH];
    clone_path(c, act, path);
    screen_form(x, v, path, "ask");
    buf_printf(x->out, "<input type=\"hidden\" name=\"version\" value=\"%u\">\n", c->version);
}

static void form_end(struct exchange *x, enum text button)
{
    html_put(x, "<p class=\"ways\">");
    screen_button(x, button);
    html_put(x, "</p>\n</form>\n");
}

static void confirm_form(struct exchange *x, const struct visit *v, const struct clone_case *c,
                         const struct sent *sent)
{
    form_begin(x, v, c, "/confirm");
    choice(x, c, sent);
    form_end(x, TEXT_CLONES_CONFIRM);
}

static void reason_field(struct exchange *x, const char *name, enum text label,
                         const enum text *wrong, struct str value)
{
    screen_field(x, &(struct screen_field){.name = name,
                                           .attributes = "rows=\"3\" maxlength=\"500\"",
                                           .label = label,
                                           .wrong = wrong,
                                           .value = value,
                                           .lines = true});
}

static void correct_form(struct exchange *x, const struct visit *v, const struct clone_case *c,
                         const struct sent *sent)
{
    bool kept = sent->again && !sent->dismiss_wrong;
    form_begin(x, v, c, "/correct");
    choice(x, c, sent);
    reason_field(x, "why", TEXT_CLONES_CORRECT_WHY, sent->correct_wrong,
                 kept                             ? sent->reason
                 : c->proposed == CLONE_CONFIRMED ? str_z(c->reason)
                                                  : STR(""));
    form_end(x, TEXT_CLONES_CORRECT);
}

static void dismiss_form(struct exchange *x, const struct visit *v, const struct clone_case *c,
                         const struct sent *sent)
{
    form_begin(x, v, c, "/dismiss");
    reason_field(x, "reason", TEXT_CLONES_REASON, sent->dismiss_wrong, STR(""));
    form_end(x, TEXT_CLONES_DISMISS);
}

static void page(struct exchange *x, struct visit *v, const struct clone_case *c,
                 const struct sent *sent)
{
    char path[APPLY_PATH], imei[IMEI_TEXT15];
    imei_format15(c->imei, imei);
    clone_path(c, "", path);
    screen_begin(x, v, TEXT_CLONES_ONE, path);
    html_put(x, "<p class=\"caption\">");
    cabinet_link(x, "", "/desk/clones", TEXT_CLONES_HEADING);
    html_put(x, "</p>\n<h1>IMEI ");
    html_text(x, str_z(imei));
    html_put(x, "</h1>\n");
    if (sent->stale) {
        html_put(x, "<p class=\"error\" role=\"alert\">");
        html_say(x, TEXT_CLONES_CHANGED);
        html_put(x, "</p>\n");
    }
    clone_state(x, v, c);
    clone_body(x, v, c);
    if (c->at == CLONE_OPEN || c->at == CLONE_FLEET)
        confirm_form(x, v, c, sent);
    if (is_correction(c))
        correct_form(x, v, c, sent);
    if (c->at != CLONE_DISMISSED)
        dismiss_form(x, v, c, sent);
    screen_end(x);
}

static bool stand(struct exchange *x, bool changes, struct visit *v, struct clone_case *c)
{
    uint64_t id = 0;
    struct imei imei = {0};
    if (!screen_visit(x, officer, changes, v))
        return false;
    enum err err = str_to_u64(x->param, INT64_MAX, &id) && id ? ERR_OK : ERR_NOT_FOUND;
    if (!err)
        err = clone_case_find(v->office.registry, id, &imei, NULL);
    if (!err)
        err = clone_case_get(v->office.registry, imei, c, NULL);
    if (!err) {
        portal_note(v, AUDIT_CLONE_LOOK, 0, imei.body, ERR_OK);
        return true;
    }
    apply_fail(x, v, err);
    portal_leave(v);
    return false;
}

void screen_desk_clone(struct exchange *x)
{
    struct visit v;
    struct clone_case c;
    if (!stand(x, false, &v, &c))
        return;
    page(x, &v, &c, &(struct sent){.again = false});
    portal_leave(&v);
}

/* ---- acts ---- */

static void again(struct exchange *x, struct visit *v, const struct clone_case *c,
                  struct sent *sent, int status)
{
    sent->again = true;
    page(x, v, c, sent);
    x->response->status = status;
}

/* Somebody was faster: the case as it is now, nothing of what was sent. */
static void faster(struct exchange *x, struct visit *v, struct clone_case *c)
{
    enum err err = clone_case_get(v->office.registry, c->imei, c, NULL);
    if (err)
        apply_fail(x, v, err);
    else
        page(x, v, c, &(struct sent){.stale = true});
    if (!err)
        x->response->status = err_info(ERR_STALE)->http_status;
}

static void act(struct exchange *x, struct visit *v, struct clone_case *c,
                struct clone_decision *decision)
{
    char path[APPLY_PATH];
    bool waits = false;
    decision->actor = v->who.party;
    decision->role = v->who.role;
    decision->committer = portal_committer(v->portal);
    enum err err = clone_decide(v->office.registry, c->imei, decision, c, &waits, &v->fault);
    portal_heard(v, err);
    if (err == ERR_NOT_NOW || err == ERR_STALE) {
        faster(x, v, c);
    } else if (err) {
        portal_note(v, decision->corrects ? AUDIT_CLONE_CORRECT : AUDIT_CLONE, 0, c->imei.body,
                    err);
        apply_fail(x, v, err);
    } else {
        clone_path(c, "", path);
        screen_go(x, path);
    }
}

static enum err read_box(struct exchange *x, const char *name, bool *out)
{
    struct buf value = {0};
    enum err err = screen_value(x, name, &value);
    *out = value.n > 0;
    buf_release(&value);
    return err;
}

/* A form without a version is none of ours. */
static enum err read_version(struct exchange *x, uint32_t *out)
{
    struct buf value = {0};
    uint64_t version = 0;
    enum err err = screen_value(x, "version", &value);
    struct str text = {value.n ? (const char *)value.p : "", value.n};
    if (!err && (!str_to_u64(text, UINT32_MAX, &version) || !version))
        err = ERR_USAGE;
    *out = (uint32_t)version;
    buf_release(&value);
    return err;
}

static enum err read_choice(struct exchange *x, const struct clone_case *c, struct sent *out)
{
    enum err err = read_box(x, "none", &out->none);
    for (uint32_t i = 0; !err && i < c->user_count; i++) {
        char name[16];
        bool user = false;
        snprintf(name, sizeof name, "u%u", i + 1);
        err = read_box(x, name, &user);
        out->users |= user ? UINT32_C(1) << i : 0;
    }
    return err;
}

/* room: of LIMIT_REASON + 1. */
static enum err read_reason(struct exchange *x, const char *name, char *room, struct str *out)
{
    struct buf value = {0};
    enum err err = screen_value(x, name, &value);
    struct str said = str_trim((struct str){value.n ? (const char *)value.p : "", value.n});
    if (!err && said.n > LIMIT_REASON)
        err = ERR_TOO_LONG;
    if (!err) {
        str_copy(room, LIMIT_REASON + 1, said);
        *out = str_z(room);
    }
    buf_release(&value);
    return err;
}

/* Neither box nor users, or both: nothing is chosen. */
static bool chosen(struct sent *sent)
{
    static const enum text choose = TEXT_CLONES_CHOOSE;
    if (sent->none != (sent->users != 0))
        return true;
    sent->choice_wrong = &choose;
    return false;
}

void screen_clone_confirm(struct exchange *x)
{
    struct visit v;
    struct clone_case c;
    struct sent sent = {.again = false};
    struct clone_decision d = {.to = CLONE_CONFIRMED};
    if (!stand(x, true, &v, &c))
        return;
    enum err err = read_version(x, &d.version);
    if (!err)
        err = read_choice(x, &c, &sent);
    d.served = sent.users;
    if (err)
        apply_fail(x, &v, err);
    else if (d.version != c.version || c.at == CLONE_CONFIRMED || c.at == CLONE_DISMISSED)
        faster(x, &v, &c);
    else if (!chosen(&sent))
        again(x, &v, &c, &sent, 400);
    else
        act(x, &v, &c, &d);
    portal_leave(&v);
}

/* What is wrong with a correction that another may propose. */
static bool correct(const struct clone_case *c, struct sent *sent)
{
    static const enum text missing = TEXT_CLONES_CORRECT_MISSING, same = TEXT_CLONES_CORRECT_SAME;
    bool well = chosen(sent);
    if (well && sent->users == c->served)
        sent->choice_wrong = &same;
    if (!sent->reason.n)
        sent->correct_wrong = &missing;
    return !sent->choice_wrong && !sent->correct_wrong;
}

void screen_clone_correct(struct exchange *x)
{
    struct visit v;
    struct clone_case c;
    char text[LIMIT_REASON + 1] = "";
    struct sent sent = {.reason = STR("")};
    struct clone_decision d = {.to = CLONE_CONFIRMED, .corrects = true, .reason = text};
    if (!stand(x, true, &v, &c))
        return;
    enum err err = read_version(x, &d.version);
    if (!err)
        err = read_choice(x, &c, &sent);
    if (!err)
        err = read_reason(x, "why", text, &sent.reason);
    d.served = sent.users;
    if (err)
        apply_fail(x, &v, err);
    else if (d.version != c.version || c.at != CLONE_CONFIRMED)
        faster(x, &v, &c);
    else if (!correct(&c, &sent))
        again(x, &v, &c, &sent, 400);
    else
        act(x, &v, &c, &d);
    portal_leave(&v);
}

void screen_clone_dismiss(struct exchange *x)
{
    static const enum text missing = TEXT_CLONES_REASON_MISSING;
    struct visit v;
    struct clone_case c;
    char text[LIMIT_REASON + 1] = "";
    struct sent sent = {.reason = STR("")};
    struct clone_decision d = {.to = CLONE_DISMISSED, .reason = text};
    if (!stand(x, true, &v, &c))
        return;
    enum err err = read_version(x, &d.version);
    if (!err)
        err = read_reason(x, "reason", text, &sent.reason);
    if (err) {
        apply_fail(x, &v, err);
    } else if (d.version != c.version || c.at == CLONE_DISMISSED) {
        faster(x, &v, &c);
    } else if (!sent.reason.n && c.proposed != CLONE_DISMISSED) {
        sent.dismiss_wrong = &missing;
        again(x, &v, &c, &sent, 400);
    } else {
        act(x, &v, &c, &d);
    }
    portal_leave(&v);
}
