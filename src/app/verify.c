/* SPDX-License-Identifier: Apache-2.0 */
#include "app/verify.h"

static uint64_t group_of(const struct device *d)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < d->count; i++)
        least = d->imeis[i].body < least ? d->imeis[i].body : least;
    return least + 1; /* 0 means no group */
}

/* What a new IMEI gets: the approval, or in a repair of a grey device the old activation. */
static struct change for_new(const struct approving *how, const struct device *d, struct imei imei)
{
    struct approval by = {.party = how->party, .application = how->application, .kind = how->kind};
    if (d->inherits)
        return (struct change){.imei = imei,
                               .kind = CHANGE_ACTIVATED,
                               .activated = {.day = d->activation, .known = d->known}};
    return (struct change){.imei = imei,
                           .kind = how->kind == APPROVAL_BEFORE_DUTY ? CHANGE_BEFORE_DUTY
                                                                     : CHANGE_VERIFIED,
                           .approval = {.at = how->at, .by = by}};
}

void verify_changes(const struct approving *how, const struct device *d, struct changes *out)
{
    for (unsigned i = 0; i < d->count; i++) {
        struct change change = for_new(how, d, d->imeis[i]);
        changes_add(out, &change);
        if (d->count > 1)
            changes_add(out, &(struct change){
                                 .imei = d->imeis[i], .kind = CHANGE_GROUP, .group = group_of(d)});
    }
    for (unsigned i = 0; i < d->old_count; i++)
        changes_add(out, &(struct change){.imei = d->old[i],
                                          .kind = CHANGE_REPLACED,
                                          .approval = {.at = how->at}});
}

enum err verify_prepare(struct registry *reg, const struct approving *how, struct device *d,
                        struct imei *out_which, struct fault *fault)
{
    if (how->kind != APPROVAL_REPAIR)
        return ERR_OK;
    for (unsigned i = 0; i < d->old_count; i++) {
        struct verdict v;
        struct facts f;
        enum err err = registry_check(reg, d->old[i], &v, &f, fault);
        if (err)
            return err;
        enum list list = reason_list(v.reason);
        if (list == LIST_BLACK || list == LIST_UNKNOWN || f.mark_count) {
            *out_which = d->old[i];
            return ERR_NOT_REPAIRABLE;
        }
        if (list != LIST_GREY)
            continue;
        d->activation = d->inherits && d->activation < f.activation ? d->activation : f.activation;
        d->known = d->inherits && d->known < f.known ? d->known : f.known;
        d->inherits = true;
    }
    return ERR_OK;
}

enum err verify_allowed(const struct approving *how, const struct facts *f)
{
    bool listed = f->mark_count || f->flags || f->replaced_at != INSTANT_NONE ||
                  f->revoked_at != INSTANT_NONE || f->before_duty_at != INSTANT_NONE ||
                  f->temporary_until != DAYNUM_NONE;
    bool verified_other = f->verified_at != INSTANT_NONE && f->verified.party != how->party;
    if (how->kind == APPROVAL_BEFORE_DUTY)
        return ERR_OK;
    /* A repair's new IMEI is unused and on no list (domain.md 2.5); told once more, it is its own. */
    bool other_approval = f->verified_at != INSTANT_NONE && f->verified.kind != APPROVAL_REPAIR;
    bool used =
        f->activation != DAYNUM_NONE && !(how->used_from && f->activation >= how->used_from);
    if (how->kind == APPROVAL_REPAIR && (listed || verified_other || other_approval || used))
        return ERR_NOT_NEW;
    return verified_other && f->verified_at >= how->at ? ERR_VERIFIED_OTHER : ERR_OK;
}

/* Inside the transaction once more: what was looked at before may have moved. */
struct deciding {
    const struct approving *how;
    const struct device *device;
    struct registry *reg;
};

static enum err allow(const struct commit_case *c, const struct facts *f,
                      const struct change *change)
{
    const struct deciding *d = c->allow_ctx;
    struct registry *reg = d->reg;
    if (change->kind == CHANGE_VERIFIED || change->kind == CHANGE_ACTIVATED)
        return verify_allowed(d->how, f);
    if (change->kind != CHANGE_REPLACED)
        return ERR_OK;
    struct verdict v = policy_judge_gated(change->imei, f, &reg->rules, registry_today(reg),
                                          reg->head.gate.expire_through);
    enum list list = reason_list(v.reason);
    bool good =
        list == LIST_WHITE || list == LIST_EXEMPT || (list == LIST_GREY && d->device->inherits);
    return good && !f->mark_count ? ERR_OK : ERR_NOT_REPAIRABLE;
}

static enum err refused(enum err err, struct imei imei, struct fault *fault)
{
    char text[IMEI_TEXT15];
    imei_format15(imei, text);
    fault_value(fault, text, sizeof text - 1);
    return fault_set(fault, err, "an old IMEI that is black or unknown needs an officer");
}

enum err verify_device(struct registry *reg, struct committer *committer,
                       const struct approving *how, const struct device *device,
                       struct fault *fault)
{
    struct approving now = *how;
    struct device d = *device;
    struct imei which;
    if (now.at == INSTANT_NONE)
        now.at = clock_now_us(reg->clock) / 1000000;
    enum err err = verify_prepare(reg, &now, &d, &which, fault);
    if (err == ERR_NOT_REPAIRABLE)
        return refused(err, which, fault);
    struct changes list = {0};
    struct deciding deciding = {&now, &d, reg};
    verify_changes(&now, &d, &list);
    if (!err)
        err = changes_sort(&list);
    struct commit_case c = {
        .entry = {.event = now.kind == APPROVAL_REPAIR ? EVENT_REPAIRED : EVENT_VERIFIED,
                  .ground = now.kind,
                  .party = now.party,
                  .effective = DAYNUM_NONE},
        .changes = list.p,
        .count = list.n,
        .allow = allow,
        .allow_ctx = &deciding,
        .reason = now.reason};
    if (!err)
        err = committer ? committer_submit(committer, &c) : commit_one(reg, &c, fault);
    changes_release(&list);
    return err;
}

/* One entry with one change. */
static enum err one(struct registry *reg, uint8_t event, const struct change *change,
                    const char *reason, struct fault *fault)
{
    struct commit_case c = {.entry = {.event = event, .effective = DAYNUM_NONE},
                            .changes = change,
                            .count = 1,
                            .reason = reason};
    return commit_one(reg, &c, fault);
}

enum err verify_hold(struct registry *reg, struct imei imei, daynum until, struct fault *fault)
{
    struct change change = {.imei = imei, .kind = CHANGE_HOLD, .until = until};
    return one(reg, EVENT_HELD, &change, NULL, fault);
}

enum err verify_temporary(struct registry *reg, struct imei imei, daynum until, struct fault *fault)
{
    struct change change = {.imei = imei, .kind = CHANGE_TEMPORARY, .until = until};
    return one(reg, EVENT_TEMPORARY, &change, NULL, fault);
}

enum err verify_revoke(struct registry *reg, struct imei imei, const char *reason,
                       struct fault *fault)
{
    struct change change = {.imei = imei,
                            .kind = CHANGE_REVOKED,
                            .approval = {.at = clock_now_us(reg->clock) / 1000000}};
    return one(reg, EVENT_REVOKED, &change, reason, fault);
}

enum err verify_machines(struct registry *reg, const struct imei *imeis, size_t n, bool on,
                         struct fault *fault)
{
    struct changes list = {0};
    for (size_t i = 0; i < n; i++)
        changes_add(&list, &(struct change){.imei = imeis[i], .kind = CHANGE_MACHINE, .on = on});
    enum err err = changes_sort(&list);
    struct batch_plan plan = {.entry = {.event = EVENT_MACHINE},
                              .label = "machine fleet",
                              .source = changes_source(&list),
                              .needs_second = on};
    struct batch_result result;
    if (!err)
        err = batch_run(reg, &plan, &result, fault);
    changes_release(&list);
    return err;
}

enum err verify_clone(struct registry *reg, struct imei imei, uint32_t state, const uint64_t *imsis,
                      size_t n, struct fault *fault)
{
    struct pair pairs[LIMIT_PAIRS];
    if (n > LIMIT_PAIRS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d subscribers an IMEI", LIMIT_PAIRS);
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct pair){.imei = imei,
                                 .subscriber = answer_subscriber(reg->keys.subscriber, imsis[i])};
    struct change change = {.imei = imei, .kind = CHANGE_CLONE, .clone = state};
    struct commit_case c = {.entry = {.event = EVENT_CLONE, .effective = DAYNUM_NONE},
                            .changes = &change,
                            .count = 1,
                            .pairs = pairs,
                            .pair_count = n};
    return commit_one(reg, &c, fault);
}
