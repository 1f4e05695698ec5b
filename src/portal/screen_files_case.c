/* SPDX-License-Identifier: Apache-2.0
 *
 * An application by file on the pages of applications: its counts, what became of its devices, and the tables that
 * tell it of each. */
#include "portal/bulk_worker.h"
#include "portal/cabinet.h"
#include "portal/screen_files.h"

/* ---- tables ---- */

static void link_begin(struct exchange *x, const char *base, uint32_t after)
{
    html_put(x, "<li><a download href=\"");
    html_url(x, base);
    if (after)
        buf_printf(x->out, "%safter=%u", x->lang_asked ? "&amp;" : "?", after);
    html_put(x, "\">");
}

static void part_link(struct exchange *x, const char *base, const struct upload *u, size_t i)
{
    struct buf from = {0}, to = {0};
    uint64_t first = (uint64_t)i * LIMIT_DEVICES_PAGE + 1, last = first + LIMIT_DEVICES_PAGE - 1;
    last = last < u->devices ? last : u->devices;
    text_number(&from, x->lang, first);
    text_number(&to, x->lang, last);
    const struct text_var vars[] = {{"from", {(const char *)from.p, from.n}},
                                    {"to", {(const char *)to.p, to.n}}};
    link_begin(x, base, u->page_after[i]);
    html_say_vars(x, TEXT_FILES_LIST_PART, vars, 2);
    html_put(x, "</a></li>\n");
    buf_release(&from);
    buf_release(&to);
}

/* Its upload tells where each table begins: the list itself is not read for the page. */
void files_tables(struct exchange *x, const struct visit *v, const struct application *a,
                  const char *base)
{
    struct upload u;
    size_t n = 0;
    if (upload_read(v->office.registry, a->upload, &u, NULL) == ERR_OK && u.page_after[1])
        n = (size_t)((u.devices + LIMIT_DEVICES_PAGE - 1) / LIMIT_DEVICES_PAGE);
    html_put(x, "<ul>\n");
    if (n < 2) { /* where they begin is not known: by pages it is told all the same */
        link_begin(x, base, 0);
        html_say(x, TEXT_FILES_LIST_CSV);
        html_put(x, "</a></li>\n");
    }
    for (size_t i = 0; n > 1 && i < n && i < LIMIT_DEVICES_PAGES; i++)
        part_link(x, base, &u, i);
    html_put(x, "</ul>\n");
}

/* ---- the part of an applicant's page ---- */

static void outcome(struct exchange *x, const struct application *a)
{
    if (a->state == APPLICATION_APPROVED)
        files_number(x, TEXT_FILES_LIST_APPROVED, a->bulk_devices - a->bulk_left_out);
    if (a->bulk_left_out)
        files_number(x, TEXT_FILES_LIST_LEFT_OUT, a->bulk_left_out);
    if (!a->bulk_refusal)
        return;
    html_put(x, "<div><dt>");
    html_say(x, TEXT_FIELD_REASON);
    html_put(x, "</dt><dd><strong>");
    html_say_key(x, "refusal", refusal_name(a->bulk_refusal), NULL);
    html_put(x, "</strong><br>");
    html_say_key(x, "refusal", refusal_name(a->bulk_refusal), "bring");
    html_put(x, "</dd></div>\n");
}

/* Approved, and being entered: how far. */
static void entering(struct exchange *x, const struct visit *v, const struct application *a)
{
    int progress = bulk_worker_progress(portal_bulk(v->portal), a->id);
    char n[16], path[APPLY_PATH];
    if (a->state != APPLICATION_DECIDING)
        return;
    if (progress >= 0) {
        snprintf(n, sizeof n, "%d", progress / 10);
        html_put(x, "<p>");
        html_say_with(x, TEXT_FILES_LIST_ENTERED, "n", str_z(n));
        html_put(x, "</p>\n");
    }
    bool itself = *x->response->refresh;
    if (itself) {
        html_put(x, "<p role=\"status\">");
        html_say(x, TEXT_FILES_LOOKS_ITSELF);
        html_put(x, "</p>\n");
    }
    cabinet_path(a, screen_still(x) ? "?still=1" : "", path);
    html_put(x, "<p class=\"ways\">");
    cabinet_link(x, "", path, TEXT_FILES_REFRESH);
    cabinet_path(a, "?still=1", path);
    if (itself)
        cabinet_link(x, "", path, TEXT_SIGN_IN_APP_STILL);
    html_put(x, "</p>\n");
}

void files_case(struct exchange *x, const struct visit *v, const struct application *a)
{
    struct upload u;
    char number[APPLICATION_NUMBER_TEXT], base[80];
    if (!a->upload)
        return;
    application_number(a, number);
    snprintf(base, sizeof base, "/api/v1/applications/%s/devices.csv", number);
    html_put(x, "<section class=\"filed\">\n<h2>");
    html_say(x, TEXT_FILES_LIST);
    html_put(x, "</h2>\n<dl>\n");
    files_number(x, TEXT_FILES_LIST_DEVICES, a->bulk_devices);
    files_number(x, TEXT_FILES_LIST_IMEIS, a->bulk_imeis);
    if (upload_read(v->office.registry, a->upload, &u, NULL) == ERR_OK && u.bad)
        files_number(x, TEXT_FILES_LIST_BEHIND, u.bad);
    outcome(x, a);
    html_put(x, "</dl>\n<div class=\"body\">\n");
    if (a->bulk_left_out && a->state == APPLICATION_APPROVED) {
        html_put(x, "<p>");
        html_say(x, TEXT_FILES_LIST_LEFT_OUT_WHY);
        html_put(x, "</p>\n");
    }
    entering(x, v, a);
    files_tables(x, v, a, base);
    html_put(x, "</div>\n</section>\n");
}
