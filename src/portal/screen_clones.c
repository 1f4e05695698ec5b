/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/screen_clones.h"

void clone_path(const struct clone_case *c, const char *rest, char out[APPLY_PATH])
{
    snprintf(out, APPLY_PATH, "/desk/clones/%llu%s", (unsigned long long)c->number, rest);
}

static const char *look_of(uint8_t at)
{
    return at == CLONE_OPEN        ? "grey"
           : at == CLONE_CONFIRMED ? "black"
           : at == CLONE_DISMISSED ? "white"
                                   : "unknown";
}

void clone_state(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    buf_printf(x->out, "<p class=\"state %s\">", look_of(c->at));
    html_sign(x, look_of(c->at));
    html_put(x, " ");
    html_say_key(x, "clones", "state", clone_at_name(c->at));
    html_put(x, "</p>\n");
    if (!c->proposed)
        return;
    bool his = c->proposed_by == v->who.party;
    html_put(x, "<p class=\"note\">");
    html_say(x, c->proposed == CLONE_DISMISSED ? TEXT_CLONES_PROPOSED_DISMISS
                : c->at == CLONE_CONFIRMED     ? TEXT_CLONES_PROPOSED_CORRECT
                                               : TEXT_CLONES_PROPOSED_CONFIRM);
    html_put(x, " ");
    html_say(x, his ? TEXT_CLONES_ANOTHER : TEXT_CLONES_YOURS);
    html_put(x, "</p>\n");
}

/* ---- what was seen ---- */

static void number(struct exchange *x, uint64_t n)
{
    struct buf digits = {0};
    text_number(&digits, x->lang, n);
    html_text(x, (struct str){digits.n ? (const char *)digits.p : "", digits.n});
    buf_release(&digits);
}

static void day(struct exchange *x, daynum d)
{
    struct buf text = {0};
    text_date(&text, x->lang, d);
    html_text(x, (struct str){text.n ? (const char *)text.p : "", text.n});
    buf_release(&text);
}

static void term(struct exchange *x, enum text of)
{
    html_put(x, "<div><dt>");
    html_say(x, of);
    html_put(x, "</dt><dd>");
}

static void counted(struct exchange *x, enum text of, uint64_t n)
{
    term(x, of);
    number(x, n);
    html_put(x, "</dd></div>\n");
}

static void operators(struct exchange *x, const struct visit *v, const struct clone_case *c,
                      uint32_t mask)
{
    unsigned said = 0;
    for (uint32_t i = 0; i < c->operator_count; i++) {
        struct party party;
        if (!(mask >> i & 1) ||
            store_party_get(v->office.registry->store, c->operators[i], &party, NULL))
            continue;
        html_put(x, said++ ? ", " : "");
        html_text(x, screen_body(x, str_z(party.name)));
    }
}

static void model(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    struct tac_info info;
    if (!tac_find(v->office.registry->tac, imei_tac(c->imei), &info))
        return;
    term(x, TEXT_CLONES_MODEL);
    html_text(x, info.brand);
    html_put(x, " ");
    html_text(x, info.model);
    html_put(x, "</dd></div>\n");
}

static void facts(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    html_put(x, "<dl>\n");
    model(x, v, c);
    counted(x, TEXT_CLONES_SUBSCRIBERS, c->imsis);
    counted(x, TEXT_CLONES_DAYS, c->days);
    counted(x, TEXT_CLONES_TWO_DAYS, c->two_days);
    term(x, TEXT_CLONES_BETWEEN);
    day(x, c->first);
    html_put(x, " – ");
    day(x, c->last);
    html_put(x, "</dd></div>\n");
    term(x, TEXT_CLONES_OPERATORS);
    operators(x, v, c, UINT32_MAX);
    html_put(x, "</dd></div>\n");
    term(x, TEXT_CLONES_RULES);
    for (unsigned i = 0, n = 0; i < CLONE_WHYS; i++)
        if (c->why >> i & 1) {
            html_put(x, n++ ? "; " : "");
            html_say_key(x, "clones", "rule", clone_why_name(1u << i));
        }
    html_put(x, "</dd></div>\n</dl>\n");
}

static void user(struct exchange *x, const struct visit *v, const struct clone_case *c, uint32_t i)
{
    const struct clone_case_user *u = &c->users[i];
    char n[16];
    snprintf(n, sizeof n, "%u", i + 1);
    html_put(x, "<tr><th scope=\"row\">");
    html_say_with(x, TEXT_CLONES_USER, "n", str_z(n));
    if (c->served >> i & 1) {
        html_put(x, " (");
        html_say(x, TEXT_CLONES_SERVED);
        html_put(x, ")");
    }
    html_put(x, "<br>"); /* no column of its own: four are too wide for a small phone */
    operators(x, v, c, u->operators);
    html_put(x, "</th><td>");
    number(x, u->days);
    html_put(x, "</td><td>");
    day(x, u->first);
    html_put(x, " – ");
    day(x, u->last);
    html_put(x, "</td></tr>\n");
}

static void users(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    static const enum text heads[] = {TEXT_CLONES_WHO, TEXT_CLONES_USER_DAYS, TEXT_CLONES_BETWEEN};
    html_put(x, "<table class=\"rows\">\n<caption>");
    html_say(x, TEXT_CLONES_USERS);
    html_put(x, "</caption>\n<thead><tr>");
    for (unsigned i = 0; i < sizeof heads / sizeof *heads; i++) {
        html_put(x, "<th scope=\"col\">");
        html_say(x, heads[i]);
        html_put(x, "</th>");
    }
    html_put(x, "</tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < c->user_count; i++)
        user(x, v, c, i);
    html_put(x, "</tbody>\n</table>\n");
}

void clone_body(struct exchange *x, const struct visit *v, const struct clone_case *c)
{
    facts(x, v, c);
    users(x, v, c);
    if (!*c->reason)
        return;
    html_put(x, "<p>");
    html_say(x, TEXT_CLONES_SAID);
    html_put(x, ": ");
    html_text(x, str_z(c->reason));
    html_put(x, "</p>\n");
}
