/* SPDX-License-Identifier: Apache-2.0
 *
 * What the ministry and its auditors ask by API: figures with the time they were counted, as JSON and as a table; how
 * far the journal and the audit log are proved; the entries of one IMEI or application, each look noted. */
#include <stdlib.h>

#include "portal/api.h"
#include "portal/handlers.h"
#include "portal/ministry.h"
#include "portal/table.h"
#include "face/form.h"

static const uint32_t ministry = ROLE_BIT(ROLE_MINISTRY);

static json_t *name_json(struct registry *reg, uint64_t party)
{
    struct party p;
    if (!party || store_party_get(reg->store, party, &p, NULL) || !*p.name)
        return json_null();
    return json_string(p.name);
}

/* ---- GET /api/v1/figures ---- */

static json_t *imeis_json(const struct figures_imeis *f)
{
    json_t *list = json_array();
    uint64_t total = 0;
    for (uint8_t r = 0; r < REASON_COUNT; r++) {
        total += f->count[r];
        if (f->count[r])
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:I}", "list", list_name(reason_list(r)), "reason",
                                reason_name(r), "count", (json_int_t)f->count[r]));
    }
    return json_pack("{s:o, s:I, s:o}", "counted_at", json_instant(f->at_s), "total",
                     (json_int_t)total, "reasons", list);
}

static json_t *states_json(const uint64_t counts[APPLICATION_STATE_COUNT])
{
    json_t *states = json_object();
    for (uint8_t s = 1; s < APPLICATION_STATE_COUNT; s++)
        json_object_set_new(states, application_state_name(s), json_integer((json_int_t)counts[s]));
    return states;
}

static json_t *kinds_json(const struct figures *f)
{
    json_t *list = json_array();
    for (uint8_t kind = 1; kind_info(kind); kind++)
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:I, s:I, s:o}", "kind", kind_info(kind)->name, "states",
                            states_json(f->cases[kind]), "overdue", (json_int_t)f->overdue[kind],
                            "decided", (json_int_t)f->decided[kind], "median_minutes",
                            f->decided[kind] ? json_integer(f->median_s[kind] / 60) : json_null()));
    return list;
}

static json_t *officers_json(struct registry *reg, const struct figures *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->officer_count; i++) {
        json_t *days = json_array();
        for (int d = 0; d < FIGURES_DAYS; d++)
            if (f->officers[i].approved[d])
                json_array_append_new(days, json_pack("{s:o, s:I}", "day",
                                                      json_day(f->today - (FIGURES_DAYS - 1 - d)),
                                                      "approved",
                                                      (json_int_t)f->officers[i].approved[d]));
        json_array_append_new(list, json_pack("{s:o, s:o}", "officer",
                                              name_json(reg, f->officers[i].party), "days", days));
    }
    return list;
}

static json_t *corrections_json(const struct figures *f)
{
    json_t *list = json_array();
    for (uint8_t g = 1; g < GROUND_COUNT; g++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "ground", ground_name(g), "states",
                                              states_json(f->corrections[g])));
    return list;
}

static json_t *bodies_json(struct registry *reg, const struct figures *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->body_count; i++) {
        json_t *marks = json_object();
        for (uint8_t kind = MARK_STOLEN; kind <= MARK_PENITENTIARY; kind++)
            json_object_set_new(marks, mark_kind_name(kind),
                                json_integer((json_int_t)f->bodies[i].marks[kind]));
        json_array_append_new(list, json_pack("{s:o, s:o}", "body",
                                              name_json(reg, f->bodies[i].party), "marks", marks));
    }
    return list;
}

static enum err figures(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct ministry_count *c;
    enum err err = ministry_count(a->x, a->visit, &c);
    if (err)
        return err;
    const struct figures *f = &c->figures;
    a->answer =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "counted_at", json_instant(f->made_s),
                  "imeis", imeis_json(&c->imeis), "applications", kinds_json(f), "officers",
                  officers_json(reg, f), "corrections", corrections_json(f), "appeals",
                  states_json(f->appeals), "bodies", bodies_json(reg, f));
    free(c);
    return ERR_OK;
}

void portal_figures_json(struct exchange *x)
{
    api_run(x, &(struct api_row){ministry, API_LOOKS, figures});
}

/* ---- GET /api/v1/figures.csv?for=public ---- */

struct sheet {
    struct exchange *x;
    bool public; /* what is smaller than FIGURES_SMALL is not told */
};

static void line(const struct sheet *s, const char *figure, const char *of, const char *by,
                 uint64_t n)
{
    char text[24];
    bool small = s->public && n && n < FIGURES_SMALL;
    snprintf(text, sizeof text, "%llu", (unsigned long long)(small ? FIGURES_SMALL : n));
    table_cell(s->x->out, str_z(figure), false);
    table_cell(s->x->out, str_z(of), false);
    table_cell(s->x->out, str_z(by), false);
    table_cell(s->x->out, small ? STR("<10") : str_z(text), true);
}

static void states_lines(const struct sheet *s, const char *figure, const char *of,
                         const uint64_t counts[APPLICATION_STATE_COUNT])
{
    for (uint8_t state = 1; state < APPLICATION_STATE_COUNT; state++)
        line(s, figure, of, application_state_name(state), counts[state]);
}

/* Officers stand in no table that leaves the house. */
static void officers_lines(const struct sheet *s, struct registry *reg, const struct figures *f)
{
    for (size_t i = 0; !s->public && i < f->officer_count; i++)
        for (int d = 0; d < FIGURES_DAYS; d++) {
            char day[DAYNUM_TEXT];
            struct party p = {.name = ""};
            if (!f->officers[i].approved[d])
                continue;
            daynum_format(f->today - (FIGURES_DAYS - 1 - d), day);
            if (store_party_get(reg->store, f->officers[i].party, &p, NULL))
                *p.name = '\0';
            line(s, "approved", p.name, day, f->officers[i].approved[d]);
        }
}

static void sheet_lines(const struct sheet *s, struct registry *reg, const struct ministry_count *c)
{
    const struct figures *f = &c->figures;
    for (uint8_t r = 0; r < REASON_COUNT; r++)
        if (c->imeis.count[r])
            line(s, "imeis", list_name(reason_list(r)),
                 s->public ? reason_public(r) : reason_name(r), c->imeis.count[r]);
    for (uint8_t kind = 1; kind_info(kind); kind++) {
        const char *name = kind_info(kind)->name;
        states_lines(s, "applications", name, f->cases[kind]);
        line(s, "applications", name, "overdue", f->overdue[kind]);
        if (f->decided[kind] >= (s->public ? FIGURES_SMALL : 1))
            line(s, "median_minutes", name, "decided", (uint64_t)f->median_s[kind] / 60);
    }
    for (uint8_t g = 1; g < GROUND_COUNT; g++)
        states_lines(s, "corrections", ground_name(g), f->corrections[g]);
    states_lines(s, "appeals", "", f->appeals);
    for (size_t i = 0; !s->public && i < f->body_count; i++) {
        struct party p = {.name = ""};
        if (store_party_get(reg->store, f->bodies[i].party, &p, NULL))
            *p.name = '\0';
        for (uint8_t kind = MARK_STOLEN; kind <= MARK_PENITENTIARY; kind++)
            line(s, "marks", p.name, mark_kind_name(kind), f->bodies[i].marks[kind]);
    }
    officers_lines(s, reg, f);
}

void portal_figures_csv(struct exchange *x)
{
    struct visit v;
    struct ministry_count *c = NULL;
    struct buf whom = {0};
    bool found = false;
    enum err err = portal_visit(x, ministry, false, STR(""), &v);
    if (err) {
        route_fail_at(x, err, &v.fault);
        return;
    }
    err = form_value(x->query, "for", &whom, &found);
    if (!err)
        err = ministry_count(x, &v, &c);
    if (err) {
        route_fail_at(x, err, &v.fault);
    } else {
        const struct sheet s = {
            x, str_eq((struct str){whom.n ? (const char *)whom.p : "", whom.n}, STR("public"))};
        table_begin(x, "figures.csv", "figure,of,by,count");
        sheet_lines(&s, v.office.registry, c);
    }
    free(c);
    buf_release(&whom);
    portal_leave(&v);
}

/* ---- GET /api/v1/journal ---- */

static json_t *hex_json(const uint8_t hash[SHA256_BYTES])
{
    char hex[2 * SHA256_BYTES + 1];
    sha256_hex(hash, hex);
    return json_string(hex);
}

static json_t *proof_json(const struct figures_proof *p)
{
    const struct journal_watch *j = &p->journal;
    json_t *journal =
        json_pack("{s:b, s:I, s:I, s:o, s:o, s:s}", "whole", !j->found, "through",
                  (json_int_t)(j->next_seq ? j->next_seq - 1 : 0), "blocks", (json_int_t)j->blocks,
                  "hash", hex_json(j->prev), "at", json_instant(j->at_s), "detail", j->detail);
    json_t *audit = json_pack("{s:b, s:I, s:o}", "whole", !p->audit.found, "pages",
                              (json_int_t)p->audit.pages, "at", json_instant(p->audit.at_s));
    return json_pack("{s:o, s:o}", "journal", journal, "audit_log", audit);
}

static enum err journal(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct ministry_block blocks[MINISTRY_BLOCKS];
    struct figures_proof proof;
    size_t n = 0;
    enum err err = ministry_blocks(reg, blocks, &n, a->fault);
    if (err)
        return err;
    figures_worker_proof(portal_figures(a->visit->portal), &proof);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct block_header *h = &blocks[i].header;
        json_array_append_new(
            list, json_pack("{s:I, s:i, s:o, s:o, s:o}", "first", (json_int_t)h->first_seq, "items",
                            (int)h->item_count, "at", json_instant(h->written_us / 1000000), "hash",
                            hex_json(blocks[i].hash), "root", hex_json(blocks[i].root)));
    }
    a->answer = json_pack("{s:o, s:o}", "proved", proof_json(&proof), "blocks", list);
    return ERR_OK;
}

void portal_journal(struct exchange *x)
{
    api_run(x, &(struct api_row){ministry, API_LOOKS, journal});
}

/* ---- POST /api/v1/journal/find {imei, application} ---- */

static json_t *line_json(struct registry *reg, const struct audit_line *l)
{
    const struct row *r = &l->item.row;
    return json_pack(
        "{s:I, s:o, s:s, s:s, s:s, s:s, s:s%, s:o, s:o}", "seq", (json_int_t)l->seq, "at",
        json_instant(l->entry.time_ms / 1000), "event", event_name(l->entry.event), "change",
        change_kind_name(r->change.kind), "before", reason_name(r->before), "after",
        reason_name(r->after.reason), "document", l->entry.document, (size_t)l->entry.document_n,
        "by", name_json(reg, l->entry.actor), "entry", json_integer((json_int_t)l->entry_seq));
}

static enum err find(struct api *a)
{
    struct registry *reg = a->visit->office.registry;
    struct audit_line *lines = calloc(MINISTRY_LINES, sizeof *lines);
    struct str typed, number;
    struct imei imei;
    uint64_t only = 0;
    size_t n = 0;
    enum err err = lines ? api_text(a, "imei", &typed) : ERR_MEMORY;
    if (!err)
        err = api_text(a, "application", &number);
    if (!err && number.n && !application_number_parse(number, &only)) {
        fault_field(a->fault, "application");
        err = fault_set(a->fault, ERR_USAGE, "as 2026-0000001234");
    }
    if (!err && (err = imei_parse_typed(typed, &imei))) {
        fault_field(a->fault, "imei");
        err = fault_set(a->fault, err, "14 to 16 digits, the check digit right");
    }
    if (!err)
        err = ministry_lines(a->visit, imei, only, lines, &n, a->fault);
    if (!err) {
        char digits[IMEI_TEXT15];
        json_t *list = json_array();
        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, line_json(reg, &lines[i]));
        imei_format15(imei, digits);
        a->answer = json_pack("{s:s, s:o}", "imei", digits, "entries", list);
    }
    free(lines);
    return err;
}

void portal_journal_find(struct exchange *x)
{
    api_run(x, &(struct api_row){ministry, API_ACTS, find});
}
