/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/step.h"

#include <stdlib.h>

#include "cases/code.h"
#include "cases/correction.h"
#include "cases/message.h"
#include "cases/paper.h"
#include "cases/second.h"

int64_t step_due(const struct office *office, int64_t now_s, int64_t working_s)
{
    return hours_add(office->hours, &office->registry->zone, now_s, working_s);
}

/* Would it be grey, or become so, were no mark before it? */
static bool may_expire(struct registry *reg, struct imei imei, const struct facts *f)
{
    struct facts beneath = *f;
    beneath.mark_count = 0;
    beneath.flags &= ~(uint32_t)(FACTS_GSMA | FACTS_CLONE);
    beneath.temporary_until = DAYNUM_NONE;
    struct verdict v = policy_judge_gated(imei, &beneath, &reg->rules, registry_today(reg),
                                          reg->head.gate.expire_through);
    enum list list = reason_list(v.reason);
    return list == LIST_GREY || list == LIST_UNKNOWN;
}

/* opens: those that may expire; else those whose hold is open get their last day. */
static enum err hold_device(struct registry *reg, const struct case_device *d, bool opens,
                            daynum until, struct changes *out, struct fault *fault)
{
    struct imei imeis[CASE_DEVICE_IMEIS];
    unsigned count = case_device_imeis(d, imeis);
    enum err err = ERR_OK;
    for (unsigned k = 0; !err && k < count; k++) {
        struct verdict v;
        struct facts f;
        err = registry_check(reg, imeis[k], &v, &f, fault);
        if (!err && (opens ? may_expire(reg, imeis[k], &f) : f.hold_until == DAYNUM_OPEN))
            changes_add(out,
                        &(struct change){.imei = imeis[k], .kind = CHANGE_HOLD, .until = until});
    }
    return err;
}

enum err step_hold(const struct office *office, const struct application *a, struct changes *out,
                   struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < a->device_count; i++)
        if (application_asks(a, &a->devices[i]))
            err = hold_device(office->registry, &a->devices[i], true, DAYNUM_OPEN, out, fault);
    return err;
}

enum err step_hold_until(const struct office *office, const struct case_device *device,
                         daynum until, struct changes *out, struct fault *fault)
{
    return hold_device(office->registry, device, false, until, out, fault);
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
        if (!err)
            err = papers_stand(reg, NULL, t->step->after, fault);
        return err || !t->step->stands ? err : t->step->stands(reg, t->step->after, fault);
    }
    enum err err = application_get(reg, t->step->before->id, &now, fault);
    if (err)
        return err;
    bool same = now.version == t->step->before->version;
    application_release(&now);
    if (!same)
        return ERR_STALE;
    err = papers_stand(reg, t->step->before, t->step->after, fault);
    if (err)
        return err;
    return t->step->stands ? t->step->stands(reg, t->step->after, fault) : ERR_OK;
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

/* What the register itself decides nothing about. */
static bool rules_stop(const struct facts *f, const struct approving *how)
{
    bool proved_other = f->before_duty_at != INSTANT_NONE && f->before_duty.party != how->party;
    return f->mark_count || f->flags & (FACTS_GSMA | FACTS_CLONE | FACTS_CLONE_SUSPECTED) ||
           proved_other;
}

/* Approvals are allowed as verify.h says: what was looked at before may have moved. */
static enum err allow(const struct commit_case *c, const struct facts *f,
                      const struct change *change)
{
    const struct taking *t = c->allow_ctx;
    struct registry *reg = t->reg;
    bool approves = change->kind == CHANGE_VERIFIED || change->kind == CHANGE_ACTIVATED;
    const struct case_proposal *two = t->step->confirms;
    enum err moved = two ? second_unmoved(two, t->step->after, c->seq, change->imei, f) : ERR_OK;
    if (!moved && t->step->after->corrects)
        moved = correction_allowed(t->step->how, t->step->actor, f, change);
    if (moved)
        return moved;
    if (approves && !t->step->actor && rules_stop(f, t->step->how))
        return ERR_HELD; /* since the register's own checks looked */
    if (approves && !two && (f->revoked_at != INSTANT_NONE || f->replaced_at != INSTANT_NONE))
        return ERR_HELD; /* lifts a block: two persons, by proposal */
    if (approves && !two && f->verified_at != INSTANT_NONE &&
        f->verified.party != t->step->how->party)
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

static struct record_key hold_key(const struct application *a, struct imei imei)
{
    struct record_key key = record_key(RECORD_HOLD);
    record_key_number(&key, imei.body, 6);
    record_key_number(&key, a->kind, 1);
    record_key_number(&key, a->applicant, 8);
    return key;
}

/* The application that held this IMEI for the same ground; 0: none has. */
static enum err held_by(struct registry *reg, const struct application *a, struct imei imei,
                        uint64_t *out, struct fault *fault)
{
    struct buf value = {0};
    bool found = false;
    struct record_key key = hold_key(a, imei);
    enum err err = record_find(reg, &key, &value, &found, fault);
    *out = !err && found && value.n == 8 ? get_be(value.p, 8) : 0;
    buf_release(&value);
    return err;
}

/* Opening: passed over when the ground was used. Ending: when another open application needs the hold as
 * well; in doubt it stays. */
static bool pass_over(const struct commit_case *c, const struct facts *f,
                      const struct change *change)
{
    const struct taking *t = c->allow_ctx;
    const struct application *a = t->step->after;
    uint64_t ids[2], by = 0;
    size_t n = 0;
    bool other = false;
    (void)f;
    if (change->kind != CHANGE_HOLD)
        return false;
    if (change->until == DAYNUM_OPEN)
        return held_by(t->reg, a, change->imei, &by, NULL) == ERR_OK && by && by != a->id;
    if (application_by_imei(t->reg, change->imei, ids, 2, &n, NULL))
        return true;
    for (size_t i = 0; i < n; i++)
        other |= ids[i] != a->id;
    return other;
}

/* The grounds that this step uses up. */
static enum err write_holds(struct registry *reg, const struct step *step, struct fault *fault)
{
    uint8_t id[8];
    enum err err = ERR_OK;
    put_be(id, step->after->id, 8);
    for (size_t i = 0; step->changes && !err && i < step->changes->n; i++) {
        const struct change *change = &step->changes->p[i];
        uint64_t by = 0;
        if (change->kind != CHANGE_HOLD || change->until != DAYNUM_OPEN)
            continue;
        struct record_key key = hold_key(step->after, change->imei);
        err = held_by(reg, step->after, change->imei, &by, fault);
        if (!err && !by)
            err = record_put(reg, &key, (struct str){(const char *)id, 8}, fault);
    }
    return err;
}

/* A traveller's consent goes into one application. */
static enum err use_consent(struct registry *reg, const struct step *step, struct fault *fault)
{
    uint8_t id[CODE_ID];
    bool has = !step->before && code_id_parse(str_z(step->after->consent), id);
    return has ? code_use(reg, id, step->after->id, fault) : ERR_OK;
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
    if (!err && step->after->corrects)
        err = correction_put(reg, step->before, step->after, fault);
    if (!err)
        err = write_holds(reg, step, fault);
    if (!err)
        err = papers_take(reg, step->before, step->after, fault);
    if (!err)
        err = message_tell(reg, step->before, step->after, fault);
    if (!err)
        err = use_consent(reg, step, fault);
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
                            .always = step->always,
                            .skip = pass_over,
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

/* Reads it twice: as it is, and as it is going to be. */
static enum err read_twice(struct registry *reg, uint64_t id, struct application *before,
                           struct application *after, struct fault *fault)
{
    enum err err = application_get(reg, id, before, fault);
    if (err)
        return err;
    err = application_get(reg, id, after, fault);
    if (!err && after->version != before->version) {
        application_release(after);
        err = fault_set(fault, ERR_STALE, "somebody was faster");
    }
    if (err)
        application_release(before);
    return err;
}

enum err step_once(const struct office *office, uint64_t id, step_fn *fn, void *ctx,
                   struct application *out, struct fault *fault)
{
    struct application before, after;
    enum err err = read_twice(office->registry, id, &before, &after, fault);
    if (err)
        return err;
    err = fn(office, &before, &after, ctx, fault);
    application_release(&before);
    if (err || !out)
        application_release(&after);
    else
        *out = after;
    return err;
}

enum err step_act(const struct office *office, uint64_t id, step_fn *fn, void *ctx,
                  struct application *out, struct fault *fault)
{
    enum err err = ERR_STALE;
    for (int i = 0; err == ERR_STALE && i < STEP_TRIES; i++)
        err = step_once(office, id, fn, ctx, out, fault);
    return err;
}
