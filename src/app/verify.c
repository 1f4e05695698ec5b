/* SPDX-License-Identifier: Apache-2.0 */
#include "app/verify.h"

static uint64_t group_of(const struct device *d)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < d->count; i++)
        least = d->imeis[i].body < least ? d->imeis[i].body : least;
    return least + 1; /* 0 means no group */
}

void verify_changes(const struct approving *how, const struct device *d, struct changes *out)
{
    uint8_t kind = how->kind == APPROVAL_BEFORE_DUTY ? CHANGE_BEFORE_DUTY : CHANGE_VERIFIED;
    struct approval by = {.party = how->party, .application = how->application, .kind = how->kind};
    for (unsigned i = 0; i < d->count; i++) {
        changes_add(out, &(struct change){.imei = d->imeis[i],
                                          .kind = kind,
                                          .approval = {.at = how->at, .by = by}});
        if (d->count > 1)
            changes_add(out, &(struct change){.imei = d->imeis[i],
                                              .kind = CHANGE_GROUP,
                                              .group = group_of(d)});
    }
    for (unsigned i = 0; i < d->old_count; i++)
        changes_add(out, &(struct change){.imei = d->old[i],
                                          .kind = CHANGE_REPLACED,
                                          .approval = {.at = how->at}});
}

enum err verify_allowed(const struct approving *how, const struct facts *f, bool old)
{
    bool marked = f->mark_count || f->flags & (FACTS_GSMA | FACTS_CLONE);
    if (old)
        return marked || f->revoked_at != INSTANT_NONE ? ERR_NOT_REPAIRABLE : ERR_OK;
    if (how->kind == APPROVAL_BEFORE_DUTY)
        return ERR_OK;
    bool verified_other =
        f->verified_at != INSTANT_NONE && f->verified.party != how->party;
    if (how->kind == APPROVAL_REPAIR &&
        (marked || f->activation != DAYNUM_NONE || verified_other || f->flags & FACTS_AMNESTY ||
         f->replaced_at != INSTANT_NONE || f->revoked_at != INSTANT_NONE))
        return ERR_NOT_NEW;
    return verified_other && f->verified_at >= how->at ? ERR_VERIFIED_OTHER : ERR_OK;
}

static enum err allow(const struct commit_case *c, const struct facts *f,
                      const struct change *change)
{
    if (change->kind != CHANGE_REPLACED && change->kind != CHANGE_VERIFIED)
        return ERR_OK;
    return verify_allowed(c->allow_ctx, f, change->kind == CHANGE_REPLACED);
}

enum err verify_device(struct registry *reg, struct committer *committer,
                       const struct approving *how, const struct device *d, struct fault *fault)
{
    struct approving now = *how;
    if (now.at == INSTANT_NONE)
        now.at = clock_now_us(reg->clock) / 1000000;
    struct changes list = {0};
    verify_changes(&now, d, &list);
    enum err err = changes_sort(&list);
    struct commit_case c = {
        .entry = {.event = now.kind == APPROVAL_REPAIR ? EVENT_REPAIRED : EVENT_VERIFIED,
                  .ground = now.kind,
                  .party = now.party,
                  .effective = DAYNUM_NONE},
        .changes = list.p,
        .count = list.n,
        .allow = allow,
        .allow_ctx = &now,
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

enum err verify_temporary(struct registry *reg, struct imei imei, daynum until,
                          struct fault *fault)
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

enum err verify_clone(struct registry *reg, struct imei imei, uint32_t state,
                      const uint64_t *imsis, size_t n, struct fault *fault)
{
    struct pair pairs[LIMIT_PAIRS];
    if (n > LIMIT_PAIRS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d subscribers an IMEI", LIMIT_PAIRS);
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct pair){
            .imei = imei, .subscriber = answer_subscriber(reg->keys.subscriber, imsis[i])};
    struct change change = {.imei = imei, .kind = CHANGE_CLONE, .clone = state};
    struct commit_case c = {.entry = {.event = EVENT_CLONE, .effective = DAYNUM_NONE},
                            .changes = &change,
                            .count = 1,
                            .pairs = pairs,
                            .pair_count = n};
    return commit_one(reg, &c, fault);
}
