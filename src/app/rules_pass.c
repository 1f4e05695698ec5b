/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a new rule set. The set is in force from its intent entry on, so whatever is written
 * after that is judged by it already; this pass looks at all other facts once more and writes a row
 * for each verdict that the set moved. Nothing is listed beforehand: an IMEI that was written
 * between a look and the intent would be missed. Interrupted, the pass begins anew and passes over
 * what it did: those rows are younger than the intent. */
#include <stdlib.h>

#include "app/batch_part.h"
#include "app/batch_run.h"
#include "app/commit.h"

struct pass {
    struct batch_work *run;
    struct commit_before before;
    struct change *changes;
    size_t n;
    struct imei next; /* where the next look begins */
};

static bool look(void *ctx, const struct facts_row *row)
{
    struct pass *p = ctx;
    const struct batch *batch = &p->run->batch;
    const struct registry *reg = p->run->reg;
    p->next.body = row->imei.body + 1;
    if (row->facts.last_seq > batch->intent_seq)
        return true;
    struct verdict before = policy_judge_gated(row->imei, &row->facts, p->before.rules,
                                               p->before.day, p->before.expire_through);
    struct verdict after = policy_judge_gated(row->imei, &row->facts, &reg->rules, p->before.day,
                                              p->before.expire_through);
    if (!verdict_equal(&before, &after))
        p->changes[p->n++] = (struct change){.imei = row->imei, .kind = CHANGE_NONE};
    return p->n < BATCH_PART_CHANGES;
}

/* Inside the transaction: written by somebody since the look, it has its verdict. */
static enum err still_old(const struct commit_case *c, const struct facts *facts,
                          const struct change *change)
{
    (void)change;
    return facts->last_seq > c->continues ? ERR_HELD : ERR_OK;
}

static enum err write_part(struct pass *p, struct fault *fault)
{
    struct batch_work *run = p->run;
    struct commit_case c = {.entry = run->batch.entry,
                            .continues = run->batch.intent_seq,
                            .changes = p->changes,
                            .count = p->n,
                            .lenient = true,
                            .allow = still_old,
                            .before = &p->before};
    return batch_commit_part(run, &c, fault);
}

/* The rules before the set, with their list of models: another process may be finishing this. */
static enum err load_before(struct batch_work *run, struct rules *out, struct tac_table **out_tac,
                            struct fault *fault)
{
    struct registry *reg = run->reg;
    struct buf text = {0};
    struct rules rules;
    enum err err = store_rules_get(reg->store, run->batch.rules_number - 1, &text, fault);
    if (!err)
        err = rules_parse((struct str){(char *)text.p, text.n}, &rules, fault);
    buf_release(&text);
    if (!err && rules.tac_list)
        err = registry_tac_list(reg, rules.tac_list, out_tac, fault);
    if (err)
        return err;
    rules.number = run->batch.rules_number - 1;
    rules.tac = *out_tac;
    *out = rules;
    return ERR_OK;
}

enum err rules_pass(struct batch_work *run, struct fault *fault)
{
    struct registry *reg = run->reg;
    struct tac_table *tac = NULL;
    struct rules old;
    struct pass p = {.run = run,
                     .before = {&old, run->batch.entry.effective, reg->head.gate.expire_through},
                     .changes = malloc(BATCH_PART_CHANGES * sizeof *p.changes)};
    enum err err = p.changes ? load_before(run, &old, &tac, fault) : ERR_MEMORY;
    do {
        p.n = 0;
        if (!err)
            err = store_facts_scan(reg->store, p.next, (struct imei){IMEI_BODIES - 1}, look, &p,
                                   fault);
        if (!err && p.n)
            err = write_part(&p, fault);
    } while (!err && p.n);
    free(p.changes);
    tac_table_free(tac);
    return err;
}
