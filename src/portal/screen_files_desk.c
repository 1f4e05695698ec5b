/* SPDX-License-Identifier: Apache-2.0
 *
 * A file on the officer's page: its list in numbers, what the check of its rows found, the tables of all devices,
 * what was decided or is proposed, and the one choice that decides all of it. */
#include "portal/screen_files.h"

#include "cases/second.h"

static void outcome(struct exchange *x, const struct application *a)
{
    bool proposed = application_proposed_by(a) != 0;
    bool approved = a->state == APPLICATION_APPROVED || a->state == APPLICATION_DECIDING;
    enum text reason;
    if (!proposed && !approved && a->state != APPLICATION_REFUSED)
        return;
    html_put(x, proposed || approved ? "<p class=\"outcome-line expect white\">"
                                     : "<p class=\"outcome-line expect black\">");
    html_sign(x, proposed || approved ? "white" : "black");
    if (proposed || approved)
        html_say(x, proposed ? TEXT_DESK_PROPOSED_APPROVAL : TEXT_DESK_APPROVED);
    else if (text_find_parts("refusal", refusal_name(a->bulk_refusal), NULL, &reason))
        html_say_with(x, TEXT_DESK_REFUSED, "reason", text_get(x->lang, reason));
    html_put(x, "</p>\n");
    if (!proposed)
        return;
    html_put(x, "<div class=\"lifts\"><p><strong>");
    html_say(x, TEXT_DESK_LIFTS);
    html_put(x, "</strong></p>\n<ul><li>");
    html_say(x, TEXT_DESK_LIFT_MANY);
    html_put(x, "</li></ul></div>\n");
}

static void counts(struct exchange *x, const struct application *a, const struct upload *u)
{
    html_put(x, "<dl>\n");
    files_number(x, TEXT_FILES_LIST_DEVICES, a->bulk_devices);
    files_number(x, TEXT_FILES_LIST_IMEIS, a->bulk_imeis);
    files_number(x, TEXT_FILES_ROW_ROWS, u->rows);
    files_number(x, TEXT_FILES_LIST_BEHIND, u->bad);
    if (a->bulk_left_out)
        files_number(x, TEXT_FILES_LIST_LEFT_OUT, a->bulk_left_out);
    html_put(x, "<div><dt>");
    html_say(x, TEXT_FILES_DIGEST);
    html_put(x, "</dt><dd class=\"typed\">");
    html_text(x, str_z(a->bulk_digest));
    html_put(x, "</dd></div>\n</dl>\n");
}

void files_desk(struct exchange *x, const struct visit *v, const struct application *a,
                const struct desk_typed *typed)
{
    struct upload u = {0};
    char number[APPLICATION_NUMBER_TEXT], base[80];
    enum err err = upload_read(v->office.registry, a->upload, &u, NULL);
    application_number(a, number);
    snprintf(base, sizeof base, "/api/v1/desk/%s/devices.csv", number);
    html_put(x, "<article class=\"sheet device\" aria-labelledby=\"list\">\n<h2 id=\"list\">");
    html_say(x, TEXT_FILES_LIST);
    html_put(x, "</h2>\n");
    counts(x, a, &u);
    if (!err)
        files_found(x, &u);
    files_tables(x, v, a, base);
    outcome(x, a);
    if (desk_decides(v, a))
        desk_choice_all(x, TEXT_FILES_DESK_CHOOSE, typed);
    html_put(x, "</article>\n");
}
