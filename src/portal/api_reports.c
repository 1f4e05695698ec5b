/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports on operators by API: how old the lists are by which they refuse, which phones they saw after they had said that they
 * refuse them, and phones with an odd TAC. All of it for the register's staff and the ministry; an operator's key and people
 * hear of it alone. IMEIs, the public reason and days: nothing of a subscriber. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/lists_desk.h"
#include "face/guard.h"
#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/reports_worker.h"
#include "portal/table.h"
#include "seen/odd_json.h"

enum { ROWS_TOLD = 1000 /* violations in one answer of JSON; the table has all that are kept */ };

static const uint32_t staff =
    ROLE_BIT(ROLE_OFFICER) | ROLE_BIT(ROLE_MINISTRY) | ROLE_BIT(ROLE_ADMIN);

static enum err take(const struct visit *v, const struct reports **out, struct fault *fault)
{
    *out = reports_take(portal_reports(v->portal));
    return *out ? ERR_OK : fault_set(fault, ERR_UNAVAILABLE, "it is being counted");
}

static void give(const struct visit *v, const struct reports *r)
{
    reports_give(portal_reports(v->portal), r);
}

/* ---- lists ---- */

static json_t *lists_json(const struct exchange *x, const char *operator_name)
{
    struct lists_desk *desk = service_lists(x->site->service);
    struct lists_standing *all = calloc(LISTS_DESK_OPERATORS, sizeof *all);
    const size_t n = desk && all ? lists_desk_standings(desk, all, LISTS_DESK_OPERATORS) : 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct lists_standing *s = &all[i];
        if (strcmp(s->receipt.operator_name, operator_name) != 0)
            continue;
        json_array_append_new(
            list,
            json_pack("{s:s, s:I, s:o, s:I, s:I, s:b}", "list", lists_kind_name(s->receipt.list),
                      "applied_sequence", (json_int_t)(s->receipt.place.next_seq - 1), "applied_at",
                      json_instant(s->receipt.at_ms / 1000), "waiting", (json_int_t)s->waiting,
                      "age_seconds", (json_int_t)s->age_s, "late", s->age_s >= LISTS_LATE_S));
    }
    free(all);
    return list;
}

/* ---- violations ---- */

/* null: no receipt is old enough, or this server keeps no lists. */
static json_t *violations_json(const struct reports_operator *o)
{
    if (!o || o->found.from == DAYNUM_NONE)
        return json_null();
    json_t *days = json_array();
    for (size_t i = 0; i < o->found.day_count; i++)
        json_array_append_new(days, json_pack("{s:o, s:I}", "day", json_day(o->found.days[i].day),
                                              "imeis", (json_int_t)o->found.days[i].imeis));
    return json_pack("{s:o, s:o, s:I, s:b, s:o, s:o}", "from", json_day(o->found.from), "to",
                     json_day(o->found.through), "imeis", (json_int_t)o->imeis, "more",
                     o->found.more, "oldest", json_day(o->oldest), "days", days);
}

static json_t *row_json(const struct lists_violation *v)
{
    char imei[IMEI_TEXT15];
    imei_format15(v->imei, imei);
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:o}", "imei", imei, "reason",
                     reason_public(v->is.reason), "since", json_day(v->is.since), "applied_at",
                     json_instant(v->applied_ms / 1000), "days", (json_int_t)v->days, "first_day",
                     json_day(v->first), "last_day", json_day(v->last));
}

static enum err violations(struct api *a)
{
    const struct reports *r;
    enum err err = take(a->visit, &r, a->fault);
    if (err)
        return err;
    json_t *list = json_array();
    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "operator", r->operators[i].name,
                                              "lists", lists_json(a->x, r->operators[i].name),
                                              "violations", violations_json(&r->operators[i])));
    a->answer = json_pack("{s:o, s:b, s:o}", "counted_at", json_instant(r->at_s), "lists_kept",
                          r->lists, "operators", list);
    give(a->visit, r);
    return ERR_OK;
}

void portal_violations(struct exchange *x)
{
    api_run(x, &(struct api_row){staff, API_LOOKS, violations});
}

/* People's look at IMEIs of an operator is noted; a program's key stands in the log of requests. */
static void note(struct api *a, struct str name, enum err err)
{
    if (!api_by_key(a->x))
        portal_note(a->visit, AUDIT_CHECK,
                    registry_party_id(a->visit->office.registry, PARTY_OPERATOR, name), 0, err);
}

static enum err violations_of(struct api *a)
{
    const struct reports *r;
    char name[LIMIT_NAME + 1];
    enum err err = api_may_see_operator(a);
    if (!err)
        err = take(a->visit, &r, a->fault);
    if (err)
        return err;
    const struct reports_operator *o = reports_find(r, a->x->param);
    json_t *rows = json_array();
    str_copy(name, sizeof name, a->x->param);
    for (size_t i = 0; o && i < o->found.count && i < ROWS_TOLD; i++)
        json_array_append_new(rows, row_json(&o->found.rows[i]));
    a->answer = json_pack("{s:o, s:b, s:s, s:o, s:o, s:o}", "counted_at", json_instant(r->at_s),
                          "lists_kept", r->lists, "operator", name, "lists", lists_json(a->x, name),
                          "violations", violations_json(o), "rows", rows);
    give(a->visit, r);
    note(a, a->x->param, ERR_OK);
    return ERR_OK;
}

void portal_violations_of(struct exchange *x)
{
    api_run(x, &(struct api_row){0, API_LOOKS, violations_of});
}

/* ---- the same as tables ---- */

static void cell_day(struct buf *out, daynum day, bool last)
{
    char text[DAYNUM_TEXT] = "";
    if (day != DAYNUM_NONE)
        daynum_format(day, text);
    table_cell(out, str_z(text), last);
}

static void rows_of(struct exchange *x, const struct reports_operator *o)
{
    for (size_t i = 0; i < o->found.count; i++) {
        const struct lists_violation *v = &o->found.rows[i];
        char imei[IMEI_TEXT15], at[24], days[16];
        imei_format15(v->imei, imei);
        instant_format(v->applied_ms / 1000, at);
        snprintf(days, sizeof days, "%" PRIu32, v->days);
        table_cell(x->out, str_z(o->name), false);
        table_cell(x->out, str_z(imei), false);
        table_cell(x->out, str_z(reason_public(v->is.reason)), false);
        cell_day(x->out, v->is.since, false);
        table_cell(x->out, str_z(at), false);
        table_cell(x->out, str_z(days), false);
        cell_day(x->out, v->first, false);
        cell_day(x->out, v->last, true);
    }
}

/* One operator's table, or everybody's; findings. Answers the exchange. */
static void table_run(struct exchange *x, uint32_t roles, enum err (*act)(struct api *a))
{
    struct visit v;
    struct api a = {.x = x, .visit = &v, .fault = &v.fault, .status = 200};
    enum err err = portal_visit(x, roles, false, STR(""), &v);
    if (!err) {
        err = act(&a);
        portal_heard(&v, err);
    }
    if (err)
        route_fail_at(x, err, &v.fault);
    portal_leave(&v);
}

static const char violations_head[] =
    "operator,imei,reason,since,applied_at,days,first_day,last_day";

static enum err violations_csv(struct api *a)
{
    const struct reports *r;
    enum err err = take(a->visit, &r, a->fault);
    if (err)
        return err;
    table_begin(a->x, "violations.csv", violations_head);
    for (size_t i = 0; i < r->count; i++)
        rows_of(a->x, &r->operators[i]);
    give(a->visit, r);
    note(a, STR(""), ERR_OK);
    return ERR_OK;
}

void portal_violations_csv(struct exchange *x)
{
    table_run(x, staff, violations_csv);
}

static enum err violations_of_csv(struct api *a)
{
    const struct reports *r;
    enum err err = api_may_see_operator(a);
    if (!err)
        err = take(a->visit, &r, a->fault);
    if (err)
        return err;
    const struct reports_operator *o = reports_find(r, a->x->param);
    table_begin(a->x, "violations.csv", violations_head);
    if (o)
        rows_of(a->x, o);
    give(a->visit, r);
    note(a, a->x->param, ERR_OK);
    return ERR_OK;
}

void portal_violations_of_csv(struct exchange *x)
{
    table_run(x, 0, violations_of_csv);
}

/* ---- findings ---- */

static void month_text(const struct clone_month *m, char out[16])
{
    snprintf(out, 16, "%04d-%02d", m->year % 10000, m->month % 100);
}

static enum err findings(struct api *a)
{
    const struct reports *r;
    enum err err = take(a->visit, &r, a->fault);
    if (err)
        return err;
    json_t *months = json_array();
    for (size_t i = 0; i < r->months; i++) {
        char month[16];
        month_text(&r->month[i], month);
        json_array_append_new(months, json_pack("{s:s, s:I}", "month", month, "cases",
                                                (json_int_t)r->month[i].moved[CLONE_FLEET]));
    }
    a->answer = odd_tacs_json(a->visit->office.registry, &r->odd);
    json_object_set_new(a->answer, "counted_at", json_instant(r->at_s));
    json_object_set_new(a->answer, "fleets",
                        json_pack("{s:I, s:o}", "cases", (json_int_t)r->fleets, "months", months));
    give(a->visit, r);
    return a->answer ? ERR_OK : ERR_MEMORY;
}

void portal_findings(struct exchange *x)
{
    api_run(x, &(struct api_row){staff, API_LOOKS, findings});
}

static void line(struct buf *out, const char *finding, const char *of, const char *by, uint64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, n);
    table_cell(out, str_z(finding), false);
    table_cell(out, str_z(of), false);
    table_cell(out, str_z(by), false);
    table_cell(out, str_z(text), true);
}

static void kind_lines(struct buf *out, const struct odd_tacs *odd, unsigned k)
{
    const struct odd_kind *kind = &odd->kinds[k];
    const char *name = odd_words.kind[k];
    char by[16];
    line(out, name, "all", "", kind->imeis);
    for (unsigned back = 0; back < ODD_MONTHS; back++) {
        odd_month_format(odd, back, by);
        if (kind->months[back])
            line(out, name, "month", by, kind->months[back]);
    }
    for (uint32_t i = 0; i < kind->models.n; i++) {
        snprintf(by, sizeof by, "%08" PRIu32, kind->models.list[i].tac);
        line(out, name, "tac", by, kind->models.list[i].imeis);
    }
    const struct group_list *operators = &odd->groups.operators;
    for (unsigned i = 0; operators->told && i < operators->n; i++)
        if (operators->list[i].imeis[k] >= GROUPS_LEAST)
            line(out, name, "operator", operators->list[i].name, operators->list[i].imeis[k]);
}

static void radio_lines(struct buf *out, const struct odd_tacs *odd)
{
    for (unsigned i = 0; i < odd->operators; i++)
        for (unsigned k = 0; k < RADIO_KINDS; k++) {
            if (odd->radio[i].rows[k])
                line(out, "radio_seen", odd->radio[i].name, radio_name(k), odd->radio[i].rows[k]);
            if (odd->radio[i].wrong[k])
                line(out, "radio_wrong", odd->radio[i].name, radio_name(k), odd->radio[i].wrong[k]);
        }
    for (unsigned i = 0; i < odd->wrong_n; i++) {
        char tac[16];
        snprintf(tac, sizeof tac, "%08" PRIu32, odd->wrong[i].tac);
        line(out, "radio_wrong", "tac", tac, odd->wrong[i].rows);
    }
}

static enum err findings_csv(struct api *a)
{
    const struct reports *r;
    enum err err = take(a->visit, &r, a->fault);
    if (err)
        return err;
    table_begin(a->x, "findings.csv", "finding,of,by,count");
    for (unsigned k = 0; k < ODD_KINDS; k++)
        if (k == ODD_TEST || (k == ODD_MISSING ? r->odd.has_list : r->odd.has_details))
            kind_lines(a->x->out, &r->odd, k);
    radio_lines(a->x->out, &r->odd);
    line(a->x->out, "fleets", "all", "", r->fleets);
    for (size_t i = 0; i < r->months; i++) {
        char month[16];
        month_text(&r->month[i], month);
        if (r->month[i].moved[CLONE_FLEET])
            line(a->x->out, "fleets", "month", month, r->month[i].moved[CLONE_FLEET]);
    }
    give(a->visit, r);
    return ERR_OK;
}

void portal_findings_csv(struct exchange *x)
{
    table_run(x, staff, findings_csv);
}
