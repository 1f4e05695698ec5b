/* SPDX-License-Identifier: Apache-2.0
 *
 * What the table of accreditations says, on two pages: to the officer beside the findings, and to whoever begins an
 * application that needs one, before he has typed anything. It never keeps him from filing. */
#include "portal/screen_accreditation.h"

#include "cases/accreditation.h"
#include "cases/correction.h"

static void term(struct exchange *x, enum text label)
{
    html_put(x, "<div><dt>");
    html_say(x, label);
    html_put(x, "</dt><dd>");
}

static void day_row(struct exchange *x, enum text label, daynum day)
{
    term(x, label);
    text_date(x->out, x->lang, day);
    html_put(x, "</dd></div>\n");
}

static void row(struct exchange *x, const struct accreditation *a, daynum today)
{
    html_put(x, "<dl>\n");
    term(x, TEXT_ACCREDITATION_CERTIFICATE);
    html_text(x, str_z(a->number));
    html_put(x, "</dd></div>\n");
    term(x, TEXT_ACCREDITATION_KINDS);
    bool some = false;
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        if (!(a->kinds >> kind & 1))
            continue;
        html_put(x, some ? "<br>" : "");
        html_say_key(x, "desk.kind", kind_info(kind)->name, NULL);
        some = true;
    }
    html_put(x, "</dd></div>\n");
    day_row(x, TEXT_ACCREDITATION_FROM, a->from);
    day_row(x, TEXT_ACCREDITATION_UNTIL, a->until);
    if (a->revoked != DAYNUM_NONE)
        day_row(x, TEXT_ACCREDITATION_REVOKED, a->revoked);
    term(x, TEXT_ACCREDITATION_TODAY);
    html_say_key(x, "accreditation.state", accreditation_state_name(accreditation_state(a, today)),
                 NULL);
    html_put(x, "</dd></div>\n</dl>\n");
}

void accreditation_desk(struct exchange *x, const struct visit *v, const struct application *a)
{
    struct registry *reg = v->office.registry;
    struct accreditation all[ACCREDITATIONS_MAX];
    bool kept = false;
    size_t n = 0;
    if (!accreditation_needed(a->kind))
        return;
    enum err err = accreditation_kept(reg, &kept, NULL);
    if (!err && kept)
        err = accreditation_of(reg, a->applicant, all, &n, NULL);
    if (err || !kept)
        return;
    html_put(x, "<section class=\"sheet\" aria-labelledby=\"accreditation\">\n"
                "<h2 id=\"accreditation\">");
    html_say(x, TEXT_DESK_PART_ACCREDITATION);
    html_put(x, "</h2>\n");
    for (size_t i = 0; i < n; i++)
        row(x, &all[i], registry_today(reg));
    if (!n) {
        html_put(x, "<p>");
        html_say(x, TEXT_ACCREDITATION_NOTHING);
        html_put(x, "</p>\n");
    }
    html_put(x, "</section>\n");
}

void accreditation_notice(struct exchange *x, const struct visit *v, uint8_t kind)
{
    struct accreditation_look look;
    enum err err = accreditation_look(v->office.registry, v->who.acts_for, kind, &look, NULL);
    if (err || !look.findings)
        return;
    html_put(x, "<section class=\"outcome\" id=\"accreditation\">\n<h2>");
    html_say(x, look.has_one ? TEXT_APPLY_ACCREDITATION_OVER : TEXT_APPLY_ACCREDITATION_NONE);
    html_put(x, "</h2>\n");
    if (look.has_one)
        row(x, &look.is, registry_today(v->office.registry));
    html_put(x, "<p>");
    html_say(x, TEXT_APPLY_ACCREDITATION_HELP);
    html_put(x, "</p>\n</section>\n");
}
