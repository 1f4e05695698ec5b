/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms of one application, in the order in which an officer comes to them. The selects of the devices
 * belong to the form "decide" by its id (HTML 4.10.18.3), so that each stands beside what it decides. */
#include "portal/screen_desk.h"

#include "cases/second.h"

static bool open_to(const struct visit *v, const struct application *a)
{
    return v->who.role == ROLE_OFFICER && desk_for_him(v, a);
}

bool desk_decides(const struct visit *v, const struct application *a)
{
    return open_to(v, a) && a->officer == v->who.party && !application_proposed_by(a);
}

/* ---- the decision on one device ---- */

static void option(struct exchange *x, const char *value, bool chosen)
{
    html_put(x, "<option value=\"");
    html_put(x, value);
    html_put(x, chosen ? "\" selected>" : "\">");
}

/* The n-th select, after its label. */
static void choice(struct exchange *x, size_t n, const struct desk_typed *typed)
{
    const struct decision *d =
        typed && n < typed->count && typed->chosen[n] ? &typed->decisions[n] : NULL;
    buf_printf(x->out, "</label>\n<select id=\"d%zu\" name=\"d%zu\" form=\"decide\" required>\n", n,
               n);
    option(x, "", !d);
    html_say(x, TEXT_DESK_CHOOSE);
    html_put(x, "</option>\n");
    option(x, "approve", d && d->approve);
    html_say(x, TEXT_DESK_APPROVE);
    html_put(x, "</option>\n<optgroup label=\"");
    html_say(x, TEXT_DESK_REFUSE);
    html_put(x, "\">\n");
    for (uint8_t r = 1; r < REFUSAL_COUNT; r++) {
        if (!*refusal_name(r))
            continue;
        option(x, refusal_name(r), d && !d->approve && d->refusal == r);
        html_say_key(x, "refusal", refusal_name(r), NULL);
        html_put(x, "</option>\n");
    }
    html_put(x, "</optgroup>\n</select>\n</div>\n");
}

void desk_choice(struct exchange *x, size_t i, size_t n, const struct desk_typed *typed)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", i + 1);
    buf_printf(x->out, "<div class=\"field\">\n<label for=\"d%zu\">", n);
    html_say_with(x, TEXT_DESK_CHOOSE_LABEL, "n", str_z(number));
    choice(x, n, typed);
}

void desk_choice_all(struct exchange *x, enum text label, const struct desk_typed *typed)
{
    html_put(x, "<div class=\"field\">\n<label for=\"d0\">");
    html_say(x, label);
    choice(x, 0, typed);
}

/* ---- forms ---- */

struct form {
    const char *does; /* last piece of its address; also its id */
    const char *key;  /* accesskey of its button */
    enum text button;
    bool main;              /* the button that is meant to be pressed */
    const enum text *label; /* of the note; NULL: none is typed */
    const enum text *hint;
    bool obligatory;
};

static void note(struct exchange *x, const struct form *f, const struct desk_typed *typed)
{
    bool again = typed && typed->form && strcmp(typed->form, f->does) == 0;
    buf_printf(x->out, "<div class=\"field\">\n<label for=\"note-%s\">", f->does);
    html_say(x, *f->label);
    buf_printf(x->out, "</label>\n<p class=\"hint\" id=\"note-%s-hint\">", f->does);
    html_say(x, *f->hint);
    buf_printf(x->out,
               "</p>\n<textarea class=\"prose\" id=\"note-%s\" name=\"note\" rows=\"2\" "
               "maxlength=\"%d\" aria-describedby=\"note-%s-hint%s\"%s%s>",
               f->does, LIMIT_REASON, f->does, again ? " wrong" : "",
               again ? " aria-invalid=\"true\"" : "", f->obligatory ? " required" : "");
    if (again)
        html_text(x, typed->note);
    html_put(x, "</textarea>\n</div>\n");
}

static void form(struct exchange *x, const struct visit *v, const struct application *a,
                 const struct form *f, const struct desk_typed *typed)
{
    char rest[24], path[DESK_PATH], csrf[SESSION_CSRF_TEXT];
    snprintf(rest, sizeof rest, "/%s", f->does);
    desk_path(a, rest, path);
    session_csrf(v->office.registry, &v->who, csrf);
    buf_printf(x->out, "<form class=\"sheet act\" method=\"post\" id=\"%s\" action=\"", f->does);
    html_url(x, path);
    buf_printf(x->out, "\">\n<input type=\"hidden\" name=\"csrf\" value=\"%s\">\n", csrf);
    if (f->label)
        note(x, f, typed);
    buf_printf(x->out, "<button class=\"%s\" accesskey=\"%s\">", f->main ? "main" : "second",
               f->key);
    html_say(x, f->button);
    html_put(x, "</button>\n</form>\n");
}

static const enum text note_label = TEXT_DESK_NOTE, note_hint = TEXT_DESK_NOTE_HINT,
                       ask_label = TEXT_DESK_ASK_LABEL, ask_hint = TEXT_DESK_ASK_HINT,
                       return_label = TEXT_DESK_RETURN_LABEL, return_hint = TEXT_DESK_RETURN_HINT;

static const struct form claims = {"claim", "1", TEXT_DESK_CLAIM, true, NULL, NULL, false};
static const struct form decides = {"decide",   "2",  TEXT_DESK_DECIDE, true, &note_label,
                                    &note_hint, false};
static const struct form asks = {"ask", "3", TEXT_DESK_ASK, false, &ask_label, &ask_hint, true};
static const struct form confirms = {"confirm", "4", TEXT_DESK_CONFIRM, true, NULL, NULL, false};
static const struct form returns = {"return",     "5", TEXT_DESK_RETURN, false, &return_label,
                                    &return_hint, true};

static void heading(struct exchange *x, enum text id)
{
    html_put(x, "<h2>");
    html_say(x, id);
    html_put(x, "</h2>\n");
}

/* Who proposed it, when, with which note: among officers the last word of that sort. */
static struct case_event made_proposal(const struct application *a)
{
    for (size_t i = a->remark_count; i > 0; i--)
        if (a->remarks[i - 1].state == REMARK_PROPOSED)
            return a->remarks[i - 1];
    return (struct case_event){.actor = application_proposed_by(a)};
}

/* What a colleague proposes, in words; or that it is one's own. */
static void proposal(struct exchange *x, const struct visit *v, const struct application *a)
{
    char name[LIMIT_NAME + 1];
    struct case_event made = made_proposal(a);
    heading(x, TEXT_DESK_PART_PROPOSAL);
    html_put(x, "<p>");
    desk_officer(v, made.actor, name);
    if (made.actor == v->who.party)
        html_say(x, TEXT_DESK_PROPOSED_OWN);
    else
        html_say_with(x, TEXT_DESK_PROPOSED, "name", str_z(name));
    html_put(x, ", ");
    screen_time(x, v, made.time_s);
    html_put(x, "</p>\n");
    if (!*made.note)
        return;
    html_put(x, "<blockquote class=\"said\"><p>");
    html_text(x, str_z(made.note));
    html_put(x, "</p></blockquote>\n");
}

void desk_forms(struct exchange *x, const struct visit *v, const struct application *a,
                const struct desk_typed *typed)
{
    bool proposed = application_proposed_by(a) != 0;
    if (proposed && application_open(a))
        proposal(x, v, a);
    if (!open_to(v, a))
        return;
    if (proposed) {
        form(x, v, a, &confirms, typed);
        form(x, v, a, &returns, typed);
    } else if (a->officer != v->who.party) {
        heading(x, TEXT_DESK_PART_DECISION);
        if (a->officer) {
            char name[LIMIT_NAME + 1];
            desk_officer(v, a->officer, name);
            html_put(x, "<p>");
            html_say_with(x, TEXT_DESK_CLAIM_LATE, "name", str_z(name));
            html_put(x, "</p>\n");
        }
        form(x, v, a, &claims, typed);
    } else {
        heading(x, TEXT_DESK_PART_DECISION);
        form(x, v, a, &decides, typed);
        heading(x, TEXT_DESK_PART_PAPERS);
        form(x, v, a, &asks, typed);
    }
}
