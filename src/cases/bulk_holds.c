/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds of an application by file. Of a shipment nearly all phones were never used: those have the days of grace
 * of a first use before them, longer than an application stays open, so only those that are grey are held. One hold
 * an IMEI, kind and applicant, as in step.h. */
#include <stdlib.h>

#include "cases/bulk_enter.h"

enum { AT_ONCE = 1024 }; /* changes of one commit */

struct holding {
    struct entering *e;
    daynum until; /* DAYNUM_OPEN: opens */
    struct change changes[AT_ONCE];
    size_t n;
    struct registry *reg; /* the committer's, inside the transaction */
    struct fault *fault;
    bool some;
};

static struct record_key ground_key(const struct application *a, struct imei imei)
{
    struct record_key key = record_key(RECORD_HOLD);
    record_key_number(&key, imei.body, 6);
    record_key_number(&key, a->kind, 1);
    record_key_number(&key, a->applicant, 8);
    return key;
}

static enum err held_by(struct registry *reg, const struct application *a, struct imei imei,
                        uint64_t *out)
{
    struct buf value = {0};
    bool found = false;
    struct record_key key = ground_key(a, imei);
    enum err err = record_find(reg, &key, &value, &found, NULL);
    *out = !err && found && value.n == 8 ? get_be(value.p, 8) : 0;
    buf_release(&value);
    return err;
}

static enum err look(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct holding *h = c->ctx;
    struct application now;
    h->reg = reg;
    enum err err = application_get(reg, h->e->before.id, &now, fault);
    if (err)
        return err;
    bool same = now.version == h->e->before.version;
    application_release(&now);
    return same ? ERR_OK : ERR_STALE;
}

/* Opening: when the ground was used. Ending: when another open application needs it; in doubt it stays. */
static bool pass_over(const struct commit_case *c, const struct facts *f,
                      const struct change *change)
{
    const struct holding *h = c->allow_ctx;
    const struct application *a = &h->e->before;
    uint64_t ids[2], by = 0;
    size_t n = 0;
    bool other = false;
    (void)f;
    if (h->until == DAYNUM_OPEN)
        return held_by(h->reg, a, change->imei, &by) == ERR_OK && by && by != a->id;
    if (application_by_imei(h->reg, change->imei, ids, 2, &n, NULL))
        return true;
    for (size_t i = 0; i < n; i++)
        other |= ids[i] != a->id;
    return other;
}

static enum err use_grounds(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct holding *h = c->ctx;
    uint8_t id[8];
    enum err err = ERR_OK;
    put_be(id, h->e->before.id, 8);
    for (size_t i = 0; !err && h->until == DAYNUM_OPEN && i < h->n; i++) {
        struct record_key key = ground_key(&h->e->before, h->changes[i].imei);
        uint64_t by = 0;
        err = held_by(reg, &h->e->before, h->changes[i].imei, &by);
        if (!err && !by)
            err = record_put(reg, &key, (struct str){(const char *)id, 8}, fault);
    }
    return err;
}

static enum err flush(struct holding *h)
{
    struct commit_case c = {.entry = {.event = EVENT_HELD,
                                      .ground = h->e->before.kind,
                                      .party = h->e->before.applicant,
                                      .effective = DAYNUM_NONE},
                            .changes = h->changes,
                            .count = h->n,
                            .skip = pass_over,
                            .allow_ctx = h,
                            .ask = look,
                            .also = use_grounds,
                            .ctx = h};
    enum err err = h->n ? committer_submit(h->e->office->committer, &c) : ERR_OK;
    h->some |= h->n > 0;
    h->n = 0;
    return err ? fault_set(h->fault, err, "holds") : ERR_OK;
}

static enum err take(void *ctx, const struct facts_row *row)
{
    struct holding *h = ctx;
    struct registry *reg = h->e->office->registry;
    bool open = row->facts.hold_until == DAYNUM_OPEN;
    if (h->until == DAYNUM_OPEN) {
        struct verdict v = policy_judge_gated(row->imei, &row->facts, &reg->rules,
                                              registry_today(reg), reg->head.gate.expire_through);
        open = reason_list(v.reason) == LIST_GREY;
    }
    if (!open)
        return ERR_OK;
    h->changes[h->n++] = (struct change){.imei = row->imei, .kind = CHANGE_HOLD, .until = h->until};
    return h->n == AT_ONCE ? flush(h) : ERR_OK;
}

static enum err run(struct entering *e, daynum until, bool *out_some, struct fault *fault)
{
    struct holding *h = calloc(1, sizeof *h);
    if (!h)
        return fault_set(fault, ERR_MEMORY, "holds");
    h->e = e;
    h->until = until;
    h->fault = fault;
    enum err err = enter_each(e, take, h, fault);
    if (!err)
        err = flush(h);
    *out_some = h->some;
    free(h);
    return err;
}

enum err enter_holds(struct entering *e, bool *out_held, struct fault *fault)
{
    return run(e, DAYNUM_OPEN, out_held, fault);
}

enum err enter_end_holds(struct entering *e, daynum until, struct fault *fault)
{
    bool some;
    return run(e, until, &some, fault);
}
