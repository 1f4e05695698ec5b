/* SPDX-License-Identifier: Apache-2.0
 *
 * Clones by API: the public figures by month; the duplicate report. No figure under 10 is told: nobody is to be found by it. */
#include "clones/case.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/table.h"

enum { MONTHS = 24, LEAST_TOLD = 10 };

static json_t *figure(uint32_t n)
{
    return n && n < LEAST_TOLD ? json_null() : json_integer(n);
}

static enum err figures(struct api *a)
{
    struct clone_month months[MONTHS];
    size_t n = 0;
    enum err err = clone_months(a->visit->office.registry, months, MONTHS, &n, a->fault);
    json_t *rows = json_array();
    for (size_t i = 0; !err && i < n; i++) {
        const struct clone_month *m = &months[i];
        char month[16];
        snprintf(month, sizeof month, "%04d-%02d", m->year, m->month);
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o, s:o}", "month", month, "opened",
                                              figure(m->moved[CLONE_OPEN]), "confirmed",
                                              figure(m->moved[CLONE_CONFIRMED]), "dismissed",
                                              figure(m->moved[CLONE_DISMISSED]), "fleets",
                                              figure(m->moved[CLONE_FLEET])));
    }
    a->answer = json_pack("{s:o}", "months", rows);
    return err;
}

void portal_clone_figures(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_LOOKS, figures});
}

/* The columns stand at the head of the table already. */
struct writing {
    struct buf *out;
    bool begun;
};

static bool write_text(void *ctx, struct str text)
{
    struct writing *w = ctx;
    struct str rest = text;
    if (!w->begun)
        (void)str_split(text, '\n', &rest);
    w->begun = true;
    buf_str(w->out, rest);
    return !w->out->failed;
}

void portal_clone_report(struct exchange *x)
{
    struct visit v;
    uint64_t rows = 0;
    uint32_t roles = ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_MINISTRY) | ROLE_BIT(ROLE_ADMIN);
    enum err err = portal_visit(x, roles, false, STR(""), &v);
    if (!err) {
        struct writing w = {.out = x->out};
        size_t before = x->out->n;
        table_begin(x, "duplicates.csv",
                    "imei,subscribers,operators,first_day,last_day,state,rules");
        err = clone_report(v.office.registry, write_text, &w, &rows, &v.fault);
        portal_note(&v, AUDIT_CLONE_REPORT, 0, rows, err);
        portal_heard(&v, err);
        if (err)
            x->out->n = before;
    }
    if (err)
        route_fail_at(x, err, &v.fault);
    portal_leave(&v);
}
