/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/step.h"

#include <stdlib.h>

int64_t step_due(const struct office *office, int64_t now_s, int64_t working_s)
{
    return hours_add(office->hours, &office->registry->zone, now_s, working_s);
}

enum err step_hold(const struct office *office, const struct application *a, daynum until,
                   struct changes *out, struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < a->device_count; i++) {
        const struct device *d = &a->devices[i].is;
        for (unsigned k = 0; !err && k < d->count; k++) {
            struct verdict v;
            struct facts f;
            err = registry_check(office->registry, d->imeis[k], &v, &f, fault);
            if (err)
                break;
            bool moves = until == DAYNUM_OPEN ? reason_list(v.reason) == LIST_GREY
                                              : f.hold_until == DAYNUM_OPEN;
            if (moves)
                changes_add(out, &(struct change){
                                     .imei = d->imeis[k], .kind = CHANGE_HOLD, .until = until});
        }
    }
    return err;
}

struct taking {
    struct step *step;
    struct registry *reg; /* the committer's, inside the transaction */
};

/* Is it still as it was when this step was prepared? */
static enum err unchanged(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct taking *t = c->ctx;
    struct application now;
    t->reg = reg;
    if (!t->step->before) {
        bool used = false;
        enum err err =
            t->step->also_key.n ? record_find(reg, &t->step->also_key, NULL, &used, fault) : ERR_OK;
        if (!err && used)
            err = ERR_STALE; /* the same act, by another thread, just now */
        return err || !t->step->stands ? err : t->step->stands(reg, t->step->after, fault);
    }
    enum err err = application_get(reg, t->step->before->id, &now, fault);
    if (err)
        return err;
    bool same = now.version == t->step->before->version;
    application_release(&now);
    return same ? ERR_OK : ERR_STALE;
}

/* Does an old IMEI of a repair pass on the deadline of a grey device? */
static bool inherits(const struct application *a, struct imei old)
{
    for (size_t i = 0; i < a->device_count; i++)
        for (unsigned k = 0; k < a->devices[i].is.old_count; k++)
            if (a->devices[i].is.old[k].body == old.body)
                return a->devices[i].is.inherits;
    return false;
}

/* Approvals are allowed as verify.h says: what was looked at before may have moved. */
static enum err allow(const struct commit_case *c, const struct facts *f,
                      const struct change *change)
{
    const struct taking *t = c->allow_ctx;
    struct registry *reg = t->reg;
    bool approves = change->kind == CHANGE_VERIFIED || change->kind == CHANGE_ACTIVATED;
    if (approves && (f->revoked_at != INSTANT_NONE || f->replaced_at != INSTANT_NONE))
        return ERR_HELD; /* lifts a block: two persons, by proposal */
    if (approves && f->verified_at != INSTANT_NONE && f->verified.party != t->step->how->party)
        return ERR_VERIFIED_OTHER; /* whenever that was: an approval takes nobody's phone */
    if (approves)
        return verify_allowed(t->step->how, f);
    if (change->kind != CHANGE_REPLACED)
        return ERR_OK;
    struct verdict v = policy_judge_gated(change->imei, f, &reg->rules, registry_today(reg),
                                          reg->head.gate.expire_through);
    enum list list = reason_list(v.reason);
    bool grey = list == LIST_GREY && inherits(t->step->after, change->imei);
    bool good = list == LIST_WHITE || list == LIST_EXEMPT || grey;
    return good && !f->mark_count ? ERR_OK : ERR_NOT_REPAIRABLE;
}

/* A hold that another open application needs as well is not ended by this one. In doubt it stays. */
static bool needed_elsewhere(const struct commit_case *c, const struct facts *f,
                             const struct change *change)
{
    const struct taking *t = c->allow_ctx;
    uint64_t ids[2];
    size_t n = 0;
    bool other = false;
    (void)f;
    if (change->kind != CHANGE_HOLD || change->until == DAYNUM_OPEN)
        return false;
    struct record_key key = record_key(RECORD_BY_IMEI);
    record_key_number(&key, change->imei.body, 6);
    if (record_numbers(t->reg, &key, NULL, ids, 2, &n, NULL))
        return true;
    for (size_t i = 0; i < n; i++)
        other |= ids[i] != t->step->after->id;
    return other;
}

/* The records, once the facts stand. */
static enum err write_records(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct taking *t = c->ctx;
    struct step *step = t->step;
    enum err err = ERR_OK;
    if (!step->before)
        err = record_count(reg, "application", &step->after->id, fault);
    step->after->version++;
    if (!err)
        err = application_put(reg, step->after, step->before, fault);
    if (err || !step->also_key.n)
        return err;
    uint8_t id[8];
    put_be(id, step->after->id, 8);
    struct buf value = {0};
    buf_put(&value, id, sizeof id);
    buf_str(&value, step->also_value);
    err = value.failed ? ERR_MEMORY
                       : record_put(reg, &step->also_key,
                                    (struct str){(const char *)value.p, value.n}, fault);
    buf_release(&value);
    return err;
}

enum err step_take(const struct office *office, struct step *step, struct fault *fault)
{
    struct taking t = {.step = step};
    struct commit_case c = {.entry = step->entry,
                            .changes = step->changes ? step->changes->p : NULL,
                            .count = step->changes ? step->changes->n : 0,
                            .allow = step->how ? allow : NULL,
                            .skip = needed_elsewhere,
                            .allow_ctx = &t,
                            .ask = unchanged,
                            .also = write_records,
                            .ctx = &t};
    c.entry.party = step->after->applicant;
    c.entry.actor = step->actor;
    c.entry.effective = DAYNUM_NONE;
    enum err err = committer_submit(office->committer, &c);
    step->refused = c.refused;
    return err ? fault_set(fault, err, "%s", commit_refusal(err)) : ERR_OK;
}
