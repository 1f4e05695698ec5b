/* SPDX-License-Identifier: Apache-2.0 */
#include "app/suspend.h"

#include <stdlib.h>

#include "app/audit.h"
#include "app/changes.h"

static enum err prepare(struct registry *reg, const struct suspension *s, size_t n,
                        struct entry *out, struct fault *fault)
{
    if (n == 0 || n > LIMIT_COMMIT_ROWS)
        return fault_set(fault, ERR_TOO_MANY, "1 to %d IMEIs at once", LIMIT_COMMIT_ROWS);
    if (!s->order.n || s->order.n > LIMIT_DOCUMENT || !str_printable(s->order))
        return fault_set(fault, ERR_NAME,
                         "the order's number has 1 to %d bytes of plain UTF-8: no line ends, no "
                         "controls, no blanks at its ends",
                         LIMIT_DOCUMENT);
    *out = (struct entry){
        .ground = s->kind, .effective = DAYNUM_NONE, .document_n = (uint8_t)s->order.n};
    memcpy(out->document, s->order.p, s->order.n);
    return registry_party(reg, PARTY_BODY, s->body, &out->party, fault);
}

static enum err run(struct registry *reg, const struct suspension *s, struct changes *list,
                    struct entry *entry, struct batch_result *out, struct fault *fault)
{
    struct commit_case c = {.entry = *entry,
                            .restate = true,
                            .changes = list->p,
                            .count = list->n,
                            .reason = s->reason,
                            .ask = s->ask,
                            .also = s->also,
                            .ctx = s->ctx};
    enum err err = commit_one(reg, &c, fault);
    *out = (struct batch_result){.changes = list->n, .rows = c.rows, .seq = c.seq};
    memcpy(out->moved, c.moved, sizeof out->moved);
    return err;
}

bool suspend_lifts(const struct facts *f, const struct mark *m, daynum today)
{
    for (unsigned i = 0; i < f->mark_count; i++) {
        const struct mark *old = &f->marks[i];
        if (old->kind == m->kind && old->setter == m->setter && old->last >= today)
            return m->last < old->last || (m->from > old->from && m->from > today);
    }
    return false;
}

static enum err any_lifts(struct registry *reg, const struct changes *list, bool *out,
                          struct fault *fault)
{
    enum err err = ERR_OK;
    *out = false;
    for (size_t i = 0; !err && i < list->n; i++) {
        struct facts_row row = {.imei = list->p[i].imei};
        err = store_facts_get(reg->store, &row, 1, fault);
        *out |= !err && suspend_lifts(&row.facts, &list->p[i].mark, registry_today(reg));
    }
    return err;
}

struct sought {
    const struct mark *mark;
    const struct entry *entry;
    bool same; /* the row that set it last names this order */
};

static bool set_last(void *ctx, const struct audit_line *line)
{
    struct sought *s = ctx;
    const struct change *c = &line->item.row.change;
    if (line->item.type != ITEM_ROW || c->kind != CHANGE_MARK_SET ||
        c->mark.kind != s->mark->kind || c->mark.setter != s->mark->setter)
        return true;
    s->same = str_eq((struct str){line->entry.document, line->entry.document_n},
                     (struct str){s->entry->document, s->entry->document_n});
    return false;
}

/* A mark that stands as it would be set, under the same order, is left out. Under another order it stays: its row
 * says so, and a lifting that was proposed before no longer speaks of what stands. */
static enum err leave_out_standing(struct registry *reg, struct changes *list,
                                   const struct entry *entry, struct fault *fault)
{
    enum err err = ERR_OK;
    size_t kept = 0;
    for (size_t i = 0; !err && i < list->n; i++) {
        struct facts_row row = {.imei = list->p[i].imei};
        struct sought sought = {.mark = &list->p[i].mark, .entry = entry, .same = false};
        bool moves = true;
        err = store_facts_get(reg->store, &row, 1, fault);
        if (!err && change_apply(&row.facts, &list->p[i], &moves))
            moves = true; /* refused when it is committed, with its reason */
        if (!err && !moves)
            err = audit_history(reg, list->p[i].imei, set_last, &sought, fault);
        if (!err && !sought.same)
            list->p[kept++] = list->p[i];
    }
    if (!err)
        list->n = kept;
    return err;
}

/* Lifting waits for a second person where two decide; setting a mark never does. */
static enum err run_or_propose(struct registry *reg, const struct suspension *s,
                               struct changes *list, struct entry *entry, bool lifting,
                               struct batch_result *out, struct fault *fault)
{
    bool two = false;
    enum err err = lifting ? batch_two_person(reg, &two, fault) : ERR_OK;
    if (err || !two)
        return err ? err : run(reg, s, list, entry, out, fault);
    struct batch_plan plan = {.entry = *entry,
                              .label =
                                  entry->event == EVENT_RESUMED ? "resume" : "suspend: shortened",
                              .reason = s->reason,
                              .source = changes_source(list),
                              .needs_second = true,
                              .ask = s->ask,
                              .also = s->also,
                              .ctx = s->ctx};
    return batch_run(reg, &plan, out, fault);
}

enum err suspend(struct registry *reg, const struct suspension *s, const struct imei *imeis,
                 size_t n, struct batch_result *out, struct fault *fault)
{
    struct entry entry;
    enum err err = prepare(reg, s, n, &entry, fault);
    if (err)
        return err;
    entry.event = EVENT_SUSPENDED;
    struct changes list = {0};
    daynum today = registry_today(reg), from = s->from == DAYNUM_NONE ? today : s->from;
    if (s->last < from || s->last < today)
        return fault_set(fault, ERR_DATE, "the last day lies before the first, or before today");
    for (size_t i = 0; i < n; i++)
        changes_add(
            &list,
            &(struct change){
                .imei = imeis[i],
                .kind = CHANGE_MARK_SET,
                .mark = {.kind = s->kind, .setter = entry.party, .from = from, .last = s->last}});
    bool lifting = false;
    err = changes_sort(&list);
    if (!err)
        err = any_lifts(reg, &list, &lifting, fault);
    if (!err && !lifting)
        err = leave_out_standing(reg, &list, &entry, fault);
    if (!err)
        err = run_or_propose(reg, s, &list, &entry, lifting, out, fault);
    changes_release(&list);
    return err;
}

/* Whose mark it is: bodies stand in the register by their names. */
static enum err not_setter(struct registry *reg, const struct facts *facts, uint8_t kind,
                           struct fault *fault)
{
    struct party setter = {.name = "?"};
    for (unsigned i = 0; i < facts->mark_count; i++)
        if (facts->marks[i].kind == kind &&
            store_party_get(reg->store, facts->marks[i].setter, &setter, NULL))
            str_copy(setter.name, sizeof setter.name, STR("?"));
    return fault_set(
        fault, ERR_NOT_SETTER,
        "only the body that set the mark lifts it (%s): say --by that body; nothing was "
        "changed",
        setter.name);
}

/* A lifting that must wait for a second person is tried on copies first, so that a proposal which
 * could never be carried out is refused at once. */
static enum err try_all(struct registry *reg, const struct changes *list, struct fault *fault)
{
    for (size_t i = 0; i < list->n; i++) {
        struct facts_row row = {.imei = list->p[i].imei};
        bool changed;
        enum err err = store_facts_get(reg->store, &row, 1, fault);
        if (!err)
            err = change_apply(&row.facts, &list->p[i], &changed);
        if (err) {
            char text[IMEI_TEXT15];
            imei_format15(row.imei, text);
            fault_value(fault, text, sizeof text - 1);
            return err == ERR_NOT_SETTER ? not_setter(reg, &row.facts, list->p[i].mark.kind, fault)
                                         : fault_set(fault, err, "%s", commit_refusal(err));
        }
    }
    return ERR_OK;
}

enum err resume(struct registry *reg, const struct suspension *s, const struct imei *imeis,
                size_t n, struct batch_result *out, struct fault *fault)
{
    struct entry entry;
    enum err err = prepare(reg, s, n, &entry, fault);
    if (err)
        return err;
    entry.event = EVENT_RESUMED;
    struct changes list = {0};
    for (size_t i = 0; i < n; i++)
        changes_add(&list, &(struct change){.imei = imeis[i],
                                            .kind = CHANGE_MARK_CLEARED,
                                            .mark = {.kind = s->kind, .setter = entry.party}});
    err = changes_sort(&list);
    if (!err)
        err = try_all(reg, &list, fault);
    if (!err)
        err = run_or_propose(reg, s, &list, &entry, true, out, fault);
    changes_release(&list);
    return err;
}
