/* SPDX-License-Identifier: Apache-2.0
 *
 * What the journal and what stands beside it hold: facts, verdict, history, marks, proposals, findings, notes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit.h"
#include "app/batch.h"
#include "app/batch_part.h"
#include "core/explain.h"
#include "held/inside.h"

/* ---- facts ---- */

static json_t *approval_json(const struct held_run *run, int64_t at, const struct approval *by)
{
    if (at == INSTANT_NONE)
        return json_null();
    return json_pack("{s:o, s:s?, s:o, s:I}", "at", held_instant(at), "kind",
                     approval_kind_name(by->kind), "by", held_name(run, by->party), "application",
                     (json_int_t)by->application);
}

static json_t *facts_json(const struct held_run *run, struct imei imei, const struct facts *f)
{
    return json_pack(
        "{s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "imei",
        held_imei(imei.body), "activation", held_day(f->activation), "activation_known",
        held_day(f->known), "amnesty", (f->flags & FACTS_AMNESTY) != 0, "gsma",
        (f->flags & FACTS_GSMA) != 0, "machine", (f->flags & FACTS_MACHINE) != 0, "clone_suspected",
        (f->flags & FACTS_CLONE_SUSPECTED) != 0, "clone", (f->flags & FACTS_CLONE) != 0,
        "temporary_until", held_day(f->temporary_until), "hold_until", held_day(f->hold_until),
        "verified", approval_json(run, f->verified_at, &f->verified), "before_duty",
        approval_json(run, f->before_duty_at, &f->before_duty), "replaced",
        held_instant(f->replaced_at), "revoked", held_instant(f->revoked_at), "marks",
        (int)f->mark_count, "device_of", f->group ? held_imei(f->group) : json_null());
}

static bool take_facts(void *ctx, const struct facts_row *row)
{
    struct held_run *run = ctx;
    const struct facts *f = &row->facts;
    if (f->verified.party != run->party && f->before_duty.party != run->party)
        return !held_over(run);
    return held_item(run, facts_json(run, row->imei, f));
}

enum err held_put_facts(struct held_run *run)
{
    const struct imei first = {0}, last = {UINT64_C(99999999999999)};
    if (run->ask->by != HELD_BY_IMEI)
        return store_facts_scan(run->reg->store, first, last, take_facts, run, run->fault);
    struct facts_row row = {.imei = run->ask->imei};
    enum err err = store_facts_get(run->reg->store, &row, 1, run->fault);
    run->facts = row.facts;
    if (!err && row.facts.exists)
        held_item(run, facts_json(run, row.imei, &row.facts));
    return err;
}

/* ---- the verdict, and why ---- */

static json_t *explained(const struct explain_line *line)
{
    json_t *values = json_object();
    for (uint32_t i = 0; i < line->count; i++) {
        int64_t v = line->vars[i].value;
        uint8_t kind = line->vars[i].kind;
        json_t *value = kind == EXPLAIN_NUMBER   ? json_integer(v)
                        : kind == EXPLAIN_LIST   ? json_string(list_name((enum list)v))
                        : kind == EXPLAIN_REASON ? json_string(reason_name((uint8_t)v))
                                                 : held_day((daynum)v);
        json_object_set_new(values, line->vars[i].name, value);
    }
    return json_pack("{s:s?, s:o}", "text", line->text_id, "values", values);
}

enum err held_put_verdict(struct held_run *run)
{
    struct explain_line lines[EXPLAIN_LINES];
    daynum today = registry_today(run->reg);
    struct verdict v = policy_judge_gated(run->ask->imei, &run->facts, &run->reg->rules, today,
                                          run->head.gate.expire_through);
    uint32_t n = explain(&v, v.reason, &run->reg->rules, today, lines);
    json_t *why = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(why, explained(&lines[i]));
    held_item(run, json_pack("{s:s, s:s, s:o, s:o, s:b, s:b, s:o}", "list",
                             list_name(reason_list(v.reason)), "reason", reason_name(v.reason),
                             "last_day", held_day(verdict_deadline(&v)), "through",
                             held_day(v.valid_through), "used", (v.flags & VERDICT_USED) != 0,
                             "duplicate", (v.flags & VERDICT_DUPLICATE) != 0, "why", why));
    return ERR_OK;
}

/* ---- the journal ---- */

static bool has_approval(uint8_t kind)
{
    return kind == CHANGE_VERIFIED || kind == CHANGE_UNVERIFIED || kind == CHANGE_BEFORE_DUTY ||
           kind == CHANGE_UNPROVED;
}

static json_t *change_json(const struct held_run *run, const struct change *c)
{
    if (has_approval(c->kind))
        return approval_json(run, c->approval.at, &c->approval.by);
    if (c->kind == CHANGE_ACTIVATED)
        return json_pack("{s:o, s:o}", "day", held_day(c->activated.day), "known",
                         held_day(c->activated.known));
    if (c->kind == CHANGE_REPLACED || c->kind == CHANGE_REVOKED)
        return json_pack("{s:o}", "at", held_instant(c->approval.at));
    if (c->kind == CHANGE_MARK_SET || c->kind == CHANGE_MARK_CLEARED)
        return json_pack("{s:s?, s:o, s:o, s:o}", "mark", mark_kind_name(c->mark.kind), "by",
                         held_name(run, c->mark.setter), "from",
                         c->kind == CHANGE_MARK_SET ? held_day(c->mark.from) : json_null(), "last",
                         c->kind == CHANGE_MARK_SET ? held_day(c->mark.last) : json_null());
    if (c->kind == CHANGE_TEMPORARY || c->kind == CHANGE_HOLD)
        return json_pack("{s:o}", "until", held_day(c->until));
    if (c->kind == CHANGE_GROUP)
        return json_pack("{s:o}", "device_of", c->group ? held_imei(c->group) : json_null());
    if (c->kind == CHANGE_CLONE)
        return json_pack("{s:s}", "clone",
                         c->clone & FACTS_CLONE             ? "confirmed"
                         : c->clone & FACTS_CLONE_SUSPECTED ? "suspected"
                                                            : "no");
    if (c->kind == CHANGE_AMNESTY || c->kind == CHANGE_GSMA || c->kind == CHANGE_MACHINE)
        return json_pack("{s:b}", "on", c->on);
    return json_null();
}

static json_t *row_json(const struct held_run *run, const struct audit_line *l)
{
    const struct row *r = &l->item.row;
    const struct entry *e = &l->entry;
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:s%}", "seq",
                     (json_int_t)l->seq, "entry", (json_int_t)l->entry_seq, "imei",
                     held_imei(r->change.imei.body), "at", held_instant(e->time_ms / 1000),
                     "effective", held_day(e->effective), "event", event_name(e->event), "change",
                     change_kind_name(r->change.kind), "detail", change_json(run, &r->change),
                     "before", reason_name(r->before), "after", reason_name(r->after.reason), "by",
                     held_name(run, e->actor), "for", held_name(run, e->party), "document",
                     e->document, (size_t)e->document_n);
}

/* The newest row that set a mark which stands names its order. Rows come newest first. */
static void note_mark(struct held_run *run, const struct audit_line *l)
{
    const struct change *c = &l->item.row.change;
    if (c->kind != CHANGE_MARK_SET)
        return;
    for (unsigned i = 0; i < run->facts.mark_count && i < LIMIT_MARKS; i++) {
        struct held_mark *m = &run->marks[i];
        const struct mark *is = &run->facts.marks[i];
        if (m->seq || is->kind != c->mark.kind || is->setter != c->mark.setter)
            continue;
        m->seq = l->seq;
        m->at_s = l->entry.time_ms / 1000;
        str_copy(m->order, sizeof m->order, (struct str){l->entry.document, l->entry.document_n});
    }
}

static bool take_row(void *ctx, const struct audit_line *l)
{
    struct held_run *run = ctx;
    note_mark(run, l);
    return held_remember(run, &run->entries, l->entry_seq) && held_item(run, row_json(run, l));
}

static bool is_his(const struct held_run *run, const struct audit_line *l)
{
    const struct change *c = &l->item.row.change;
    return l->entry.party == run->party || l->entry.actor == run->party ||
           (has_approval(c->kind) && c->approval.by.party == run->party);
}

static bool take_any(void *ctx, const struct audit_line *l)
{
    struct held_run *run = ctx;
    if (l->item.type != ITEM_ROW || !is_his(run, l))
        return !held_over(run);
    if (!run->entries.n || run->entries.p[run->entries.n - 1] != l->entry_seq)
        held_remember(run, &run->entries, l->entry_seq);
    return !run->err && held_item(run, row_json(run, l));
}

enum err held_put_journal(struct held_run *run)
{
    uint64_t next;
    return run->ask->by == HELD_BY_IMEI
               ? audit_history(run->reg, run->ask->imei, take_row, run, run->fault)
               : audit_since(run->reg, 0, take_any, run, &next, run->fault);
}

enum err held_put_marks(struct held_run *run)
{
    for (unsigned i = 0; i < run->facts.mark_count && i < LIMIT_MARKS; i++) {
        const struct mark *m = &run->facts.marks[i];
        held_item(run,
                  json_pack("{s:s?, s:o, s:o, s:o, s:I, s:o, s:s}", "kind", mark_kind_name(m->kind),
                            "by", held_name(run, m->setter), "from", held_day(m->from), "last",
                            held_day(m->last), "seq", (json_int_t)run->marks[i].seq, "set",
                            held_instant(run->marks[i].at_s), "order", run->marks[i].order));
    }
    return ERR_OK;
}

/* ---- what waits for a second person ---- */

struct proposal_look {
    struct held_run *run;
    struct change *changes; /* BATCH_PART_CHANGES */
    bool found;
};

static enum err look_at_part(void *ctx, uint32_t part, struct str bytes, struct fault *fault)
{
    struct proposal_look *l = ctx;
    const struct held_run *run = l->run;
    size_t n = 0;
    (void)fault;
    if (part >= BATCH_PART_TAC || l->found)
        return ERR_OK;
    enum err err = part_decode(bytes, l->changes, &n);
    for (size_t i = 0; !err && i < n && !l->found; i++) {
        const struct change *c = &l->changes[i];
        l->found = run->ask->by == HELD_BY_IMEI
                       ? c->imei.body == run->ask->imei.body
                       : has_approval(c->kind) && c->approval.by.party == run->party;
    }
    return err;
}

struct batch_list {
    struct batch *p;
    size_t n;
    bool failed;
};

static bool take_batch(void *ctx, const struct batch *batch)
{
    struct batch_list *l = ctx;
    struct batch *p = realloc(l->p, (l->n + 1) * sizeof *p);
    l->failed = !p;
    if (!p)
        return false;
    l->p = p;
    l->p[l->n++] = *batch;
    return true;
}

enum err held_put_proposals(struct held_run *run)
{
    struct batch_list list = {0};
    struct proposal_look look = {.run = run};
    look.changes = malloc(BATCH_PART_CHANGES * sizeof *look.changes);
    enum err err = look.changes ? ERR_OK : ERR_MEMORY;
    if (!err)
        err = store_batches(run->reg->store, take_batch, &list, run->fault);
    if (!err && list.failed)
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < list.n; i++) {
        const struct batch *b = &list.p[i];
        look.found = false;
        err = batch_parts(run->reg->store, b, look_at_part, &look, run->fault);
        if (!err && look.found)
            held_item(run,
                      json_pack("{s:I, s:s, s:o, s:s, s:o, s:o}", "number", (json_int_t)b->id,
                                "state",
                                b->state == BATCH_PROPOSED ? "proposed"
                                : b->state == BATCH_OPEN   ? "going on"
                                                           : "being saved",
                                "by", held_name(run, b->actor), "event", event_name(b->entry.event),
                                "label", held_text(str_z(b->label)), "at",
                                held_instant(b->time_ms / 1000)));
    }
    free(list.p);
    free(look.changes);
    return err;
}

/* ---- texts ---- */

static bool take_finding(void *ctx, const struct finding *f)
{
    struct held_run *run = ctx;
    if (!held_in_text(run, str_z(f->raw)))
        return !held_over(run);
    return held_item(run, json_pack("{s:s, s:o, s:s, s:s, s:I}", "operator", f->operator_name,
                                    "day", held_day(f->day), "kind", f->kind, "raw", f->raw,
                                    "count", (json_int_t)f->count));
}

enum err held_put_findings(struct held_run *run)
{
    return store_findings(run->reg->store, take_finding, run, run->fault);
}

static bool take_note(void *ctx, const struct note *n)
{
    struct held_run *run = ctx;
    bool of_entry = n->seq && held_ids_has(&run->entries, n->seq);
    if (!of_entry && !held_in_text(run, n->text))
        return !held_over(run);
    return held_item(run, json_pack("{s:I, s:o, s:o, s:o}", "entry", (json_int_t)n->seq, "at",
                                    held_instant(n->time_ms / 1000), "by", held_name(run, n->actor),
                                    "text", held_text(n->text)));
}

enum err held_put_notes(struct held_run *run)
{
    held_ids_sort(&run->entries);
    return store_notes(run->reg->store, take_note, run, run->fault);
}
