/* SPDX-License-Identifier: Apache-2.0
 *
 * How each change moves the facts. The kinds that files load (activation, amnesty, approvals)
 * are idempotent and commute, so that the order of loading does not matter: of several values
 * one is chosen by comparing the values alone. */
#include "core/change.h"

#include <string.h>

static bool set_flag(struct facts *f, uint32_t flag, bool on)
{
    uint32_t flags = on ? f->flags | flag : f->flags & ~flag;
    bool changed = flags != f->flags;
    f->flags = flags;
    return changed;
}

static bool apply_activated(struct facts *f, daynum day, daynum known)
{
    bool changed = false;
    if (f->activation == DAYNUM_NONE || day < f->activation) {
        f->activation = day;
        changed = true;
    }
    if (f->known == DAYNUM_NONE || known < f->known) {
        f->known = known;
        changed = true;
    }
    return changed;
}

/* Which of two approvals comes later; of equal instants one is chosen by its contents. */
static int approval_compare(int64_t at, const struct approval *a, int64_t at_b,
                            const struct approval *b)
{
    if (at != at_b)
        return at < at_b ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->party != b->party)
        return a->party < b->party ? -1 : 1;
    if (a->application != b->application)
        return a->application < b->application ? -1 : 1;
    return 0;
}

static bool apply_verified(struct facts *f, int64_t at, const struct approval *by)
{
    if (f->verified_at != INSTANT_NONE &&
        approval_compare(at, by, f->verified_at, &f->verified) <= 0)
        return false;
    f->verified_at = at;
    f->verified = *by;
    return true;
}

static bool apply_before_duty(struct facts *f, int64_t at, const struct approval *by)
{
    if (f->before_duty_at != INSTANT_NONE &&
        approval_compare(at, by, f->before_duty_at, &f->before_duty) >= 0)
        return false;
    f->before_duty_at = at;
    f->before_duty = *by;
    return true;
}

/* An approval or a proof is withdrawn: what is named instead stands, whatever stood. */
static bool apply_instead(int64_t *stands_at, struct approval *stands, int64_t at,
                          const struct approval *by)
{
    struct approval none = {0};
    const struct approval *to = at == INSTANT_NONE ? &none : by;
    bool same = *stands_at == at && stands->kind == to->kind && stands->party == to->party &&
                stands->application == to->application;
    *stands_at = at;
    *stands = *to;
    return !same;
}

static bool apply_later(int64_t *moment, int64_t at)
{
    if (*moment != INSTANT_NONE && at <= *moment)
        return false;
    *moment = at;
    return true;
}

static enum err apply_mark_set(struct facts *f, const struct mark *m, bool *out_changed)
{
    unsigned i = 0;
    while (i < f->mark_count && (f->marks[i].kind < m->kind ||
                                 (f->marks[i].kind == m->kind && f->marks[i].setter < m->setter)))
        i++;
    if (i < f->mark_count && f->marks[i].kind == m->kind && f->marks[i].setter == m->setter) {
        *out_changed = f->marks[i].from != m->from || f->marks[i].last != m->last;
        f->marks[i] = *m;
        return ERR_OK;
    }
    if (f->mark_count == LIMIT_MARKS)
        return ERR_MARKS_FULL;
    memmove(&f->marks[i + 1], &f->marks[i], (f->mark_count - i) * sizeof *f->marks);
    f->marks[i] = *m;
    f->mark_count++;
    *out_changed = true;
    return ERR_OK;
}

static enum err apply_mark_cleared(struct facts *f, const struct mark *m, bool *out_changed)
{
    bool of_another = false;
    for (unsigned i = 0; i < f->mark_count; i++) {
        if (f->marks[i].kind != m->kind)
            continue;
        if (f->marks[i].setter != m->setter) {
            of_another = true;
            continue;
        }
        memmove(&f->marks[i], &f->marks[i + 1], (f->mark_count - i - 1U) * sizeof *f->marks);
        f->mark_count--;
        *out_changed = true;
        return ERR_OK;
    }
    return of_another ? ERR_NOT_SETTER : ERR_NO_MARK;
}

static bool apply_clone(struct facts *f, uint32_t state)
{
    uint32_t flags = (f->flags & ~(uint32_t)(FACTS_CLONE_SUSPECTED | FACTS_CLONE)) | state;
    bool changed = flags != f->flags;
    f->flags = flags;
    return changed;
}

static bool apply_day(daynum *to, daynum day)
{
    bool changed = *to != day;
    *to = day;
    return changed;
}

static bool apply_group(struct facts *f, uint64_t group)
{
    uint64_t to = !group ? 0 : !f->group || group < f->group ? group : f->group;
    bool changed = f->group != to;
    f->group = to;
    return changed;
}

enum err change_apply(struct facts *f, const struct change *c, bool *out_changed)
{
    switch ((enum change_kind)c->kind) {
    case CHANGE_NONE:
    case CHANGE_KINDS:
        *out_changed = false;
        return ERR_OK;
    case CHANGE_ACTIVATED:
        *out_changed = apply_activated(f, c->activated.day, c->activated.known);
        return ERR_OK;
    case CHANGE_AMNESTY:
        *out_changed = set_flag(f, FACTS_AMNESTY, c->on);
        return ERR_OK;
    case CHANGE_VERIFIED:
        *out_changed = apply_verified(f, c->approval.at, &c->approval.by);
        return ERR_OK;
    case CHANGE_UNVERIFIED:
        *out_changed =
            apply_instead(&f->verified_at, &f->verified, c->approval.at, &c->approval.by);
        return ERR_OK;
    case CHANGE_UNPROVED:
        *out_changed =
            apply_instead(&f->before_duty_at, &f->before_duty, c->approval.at, &c->approval.by);
        return ERR_OK;
    case CHANGE_BEFORE_DUTY:
        *out_changed = apply_before_duty(f, c->approval.at, &c->approval.by);
        return ERR_OK;
    case CHANGE_REPLACED:
        *out_changed = apply_later(&f->replaced_at, c->approval.at);
        return ERR_OK;
    case CHANGE_REVOKED:
        *out_changed = apply_later(&f->revoked_at, c->approval.at);
        return ERR_OK;
    case CHANGE_GSMA:
        *out_changed = set_flag(f, FACTS_GSMA, c->on);
        return ERR_OK;
    case CHANGE_MARK_SET:
        return apply_mark_set(f, &c->mark, out_changed);
    case CHANGE_MARK_CLEARED:
        return apply_mark_cleared(f, &c->mark, out_changed);
    case CHANGE_CLONE:
        *out_changed = apply_clone(f, c->clone);
        return ERR_OK;
    case CHANGE_MACHINE:
        *out_changed = set_flag(f, FACTS_MACHINE, c->on);
        return ERR_OK;
    case CHANGE_TEMPORARY:
        *out_changed = apply_day(&f->temporary_until, c->until);
        return ERR_OK;
    case CHANGE_HOLD:
        *out_changed = apply_day(&f->hold_until, c->until);
        return ERR_OK;
    case CHANGE_GROUP:
        *out_changed = apply_group(f, c->group);
        return ERR_OK;
    }
    return ERR_CODEC;
}

const char *change_kind_name(uint8_t kind)
{
    static const char *const names[CHANGE_KINDS] = {
        [CHANGE_NONE] = "none",
        [CHANGE_ACTIVATED] = "activated",
        [CHANGE_AMNESTY] = "amnesty",
        [CHANGE_VERIFIED] = "verified",
        [CHANGE_UNVERIFIED] = "approval_withdrawn",
        [CHANGE_BEFORE_DUTY] = "before_duty",
        [CHANGE_REPLACED] = "replaced",
        [CHANGE_REVOKED] = "revoked",
        [CHANGE_GSMA] = "gsma",
        [CHANGE_MARK_SET] = "mark_set",
        [CHANGE_MARK_CLEARED] = "mark_cleared",
        [CHANGE_CLONE] = "clone",
        [CHANGE_MACHINE] = "machine",
        [CHANGE_TEMPORARY] = "temporary",
        [CHANGE_HOLD] = "hold",
        [CHANGE_GROUP] = "group",
        [CHANGE_UNPROVED] = "proof_withdrawn",
    };
    return kind < CHANGE_KINDS ? names[kind] : "?";
}
