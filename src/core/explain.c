/* SPDX-License-Identifier: Apache-2.0 */
#include "core/explain.h"

struct writer {
    struct explain_line *out;
    uint32_t n;
};

static struct explain_line *line(struct writer *w, const char *text_id)
{
    struct explain_line *l = &w->out[w->n++];
    *l = (struct explain_line){.text_id = text_id};
    return l;
}

static void add(struct explain_line *l, const char *name, enum explain_value kind, int64_t value)
{
    l->vars[l->count].name = name;
    l->vars[l->count].kind = (uint8_t)kind;
    l->vars[l->count].value = value;
    l->count++;
}

/* How the last day with service came about. */
static void explain_term(struct writer *w, const struct verdict *v, const struct rules *rules,
                         daynum today)
{
    struct explain_line *l = line(w, "explain.term");
    add(l, "days", EXPLAIN_NUMBER, rules->grace_days);
    add(l, "day", EXPLAIN_DAY, rules->enforce_after);
    if (v->reason == REASON_HELD || v->deadline == DAYNUM_NONE)
        line(w, "explain.hold");
    if (reason_list(v->reason) == LIST_GREY && v->deadline != DAYNUM_NONE && v->deadline < today)
        line(w, "explain.gate");
}

uint32_t explain(const struct verdict *v, uint8_t reason, const struct rules *rules, daynum today,
                 struct explain_line out[EXPLAIN_LINES])
{
    struct writer w = {.out = out};
    add(line(&w, "explain.rule"), "rule", EXPLAIN_NUMBER,
        reason_table[reason & (REASON_COUNT - 1)].rule);
    add(line(&w, NULL), "reason", EXPLAIN_REASON, reason);
    if (reason_list(v->reason) == LIST_GREY || v->reason == REASON_EXPIRED)
        explain_term(&w, v, rules, today);
    if (verdict_has_next(v)) {
        add(line(&w, "explain.valid"), "through", EXPLAIN_THROUGH, v->valid_through);
        struct explain_line *l = line(&w, "explain.next");
        add(l, "list", EXPLAIN_LIST, reason_list(v->next_reason));
        add(l, "reason", EXPLAIN_REASON, v->next_reason);
    } else {
        line(&w, "explain.open");
    }
    add(line(&w, "explain.rules"), "number", EXPLAIN_NUMBER, rules->number);
    return w.n;
}
