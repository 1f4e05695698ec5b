/* SPDX-License-Identifier: Apache-2.0
 *
 * Deciding a correction: which facts move, what is asked inside the transaction, what is written beside. */
#include <stdlib.h>

#include "app/audit.h"
#include "cases/bulk_lines.h"
#include "cases/correction.h"
#include "cases/customs.h"

enum err correction_how(const struct office *office, const struct application *a,
                        struct approving *out, struct fault *fault)
{
    struct application first;
    enum err err = application_get(office->registry, a->corrects, &first, fault);
    if (err)
        return err;
    *out = (struct approving){.kind = a->kind,
                              .at = clock_now_us(office->registry->clock) / 1000000,
                              .party = a->applicant,
                              .application = a->corrects,
                              .used_from = zone_day(&office->registry->zone, first.filed_s)};
    application_release(&first);
    return ERR_OK;
}

static bool verified_by(const struct facts *f, uint64_t application)
{
    return f->verified_at != INSTANT_NONE && f->verified.application == application;
}

static bool proved_by(const struct facts *f, uint64_t application)
{
    return f->before_duty_at != INSTANT_NONE && f->before_duty.application == application;
}

bool correction_approved(const struct facts *f, uint64_t application)
{
    return verified_by(f, application) || proved_by(f, application);
}

/* ---- what stood before an approval ---- */

struct seeking {
    uint64_t application; /* whose approvals are passed over */
    enum change_kind comes, goes;
    struct change found; /* kind CHANGE_NONE: nothing stood */
};

static bool seek(void *ctx, const struct audit_line *line)
{
    struct seeking *s = ctx;
    const struct change *c = &line->item.row.change;
    bool own = c->kind == s->comes && c->approval.by.application == s->application;
    if ((c->kind != s->comes && c->kind != s->goes) || own)
        return true;
    s->found = *c;
    return false;
}

/* The change that takes an approval of the application away: what stood before it speaks again. */
static enum err without(struct registry *reg, struct imei imei, uint64_t application,
                        enum change_kind goes, struct change *out, struct fault *fault)
{
    struct seeking s = {.application = application,
                        .comes = goes == CHANGE_UNPROVED ? CHANGE_BEFORE_DUTY : CHANGE_VERIFIED,
                        .goes = goes};
    enum err err = audit_history(reg, imei, seek, &s, fault);
    *out = (struct change){.imei = imei, .kind = (uint8_t)goes, .approval = {.at = INSTANT_NONE}};
    if (!err && s.found.kind != CHANGE_NONE)
        out->approval = s.found.approval;
    return err;
}

/* ---- the changes of one device ---- */

/* Whoever has it in use did not know: he gets the term of a phone that was first used today. */
static void grace(struct registry *reg, struct imei imei, const struct facts *f,
                  struct changes *out)
{
    daynum until = registry_today(reg) + reg->rules.grace_days;
    bool short_of = f->activation != DAYNUM_NONE && policy_deadline(f, &reg->rules) < until;
    if (short_of && f->hold_until < until)
        changes_add(out, &(struct change){.imei = imei, .kind = CHANGE_HOLD, .until = until});
}

static enum err leaves(struct registry *reg, struct imei imei, const struct approving *how,
                       struct changes *out, struct fault *fault)
{
    struct verdict v;
    struct facts f;
    struct change change;
    enum err err = registry_check(reg, imei, &v, &f, fault);
    if (!err && !correction_approved(&f, how->application))
        err = ERR_MOVED;
    if (!err && verified_by(&f, how->application)) {
        err = without(reg, imei, how->application, CHANGE_UNVERIFIED, &change, fault);
        changes_add(out, &change);
    }
    if (!err && proved_by(&f, how->application)) {
        err = without(reg, imei, how->application, CHANGE_UNPROVED, &change, fault);
        changes_add(out, &change);
    }
    if (err)
        return err;
    grace(reg, imei, &f, out);
    if (f.group)
        changes_add(out, &(struct change){.imei = imei, .kind = CHANGE_GROUP, .group = 0});
    return ERR_OK;
}

/* The group that links its IMEIs: as it was, else that of the smallest. */
static enum err group_of(struct registry *reg, const struct case_device *d, uint64_t *out,
                         struct fault *fault)
{
    struct imei imeis[CASE_DEVICE_IMEIS];
    unsigned n = case_device_imeis(d, imeis);
    uint64_t least = UINT64_MAX;
    enum err err = ERR_OK;
    *out = 0;
    for (unsigned k = 0; !err && !*out && k < n; k++) {
        struct verdict v;
        struct facts f;
        err = registry_check(reg, imeis[k], &v, &f, fault);
        *out = err ? 0 : f.group;
        if (k < d->is.count && imeis[k].body < least)
            least = imeis[k].body;
    }
    *out = *out ? *out : least + 1;
    return err;
}

static enum err comes(struct registry *reg, struct imei imei, const struct approving *how,
                      struct changes *out, struct fault *fault)
{
    struct verdict v;
    struct facts f;
    enum err err = registry_check(reg, imei, &v, &f, fault);
    if (err || correction_approved(&f, how->application))
        return err;
    struct approval by = {.party = how->party, .application = how->application, .kind = how->kind};
    changes_add(out, &(struct change){.imei = imei,
                                      .kind = how->kind == APPROVAL_BEFORE_DUTY ? CHANGE_BEFORE_DUTY
                                                                                : CHANGE_VERIFIED,
                                      .approval = {.at = how->at, .by = by}});
    return ERR_OK;
}

enum err correction_changes(const struct office *office, const struct case_device *d,
                            const struct approving *how, struct changes *out, struct fault *fault)
{
    struct registry *reg = office->registry;
    uint64_t group = 0;
    enum err err = ERR_OK;
    for (unsigned k = 0; !err && k < d->is.old_count; k++)
        err = leaves(reg, d->is.old[k], how, out, fault);
    if (!err && d->is.count > 1)
        err = group_of(reg, d, &group, fault);
    for (unsigned k = 0; !err && k < d->is.count; k++) {
        err = comes(reg, d->is.imeis[k], how, out, fault);
        if (!err && group)
            changes_add(out, &(struct change){
                                 .imei = d->is.imeis[k], .kind = CHANGE_GROUP, .group = group});
    }
    return err;
}

/* ---- inside the transaction ---- */

enum err correction_allowed(const struct approving *how, uint64_t actor, const struct facts *f,
                            const struct change *change)
{
    bool verified = change->kind == CHANGE_UNVERIFIED, proved = change->kind == CHANGE_UNPROVED;
    if (!verified && !proved)
        return ERR_OK;
    if (verified ? !verified_by(f, how->application) : !proved_by(f, how->application))
        return ERR_MOVED;
    bool quiet = f->activation == DAYNUM_NONE && !f->mark_count;
    return actor || quiet ? ERR_OK : ERR_HELD;
}

static enum err name_last(struct registry *reg, const struct application *a,
                          const struct case_device *d, struct fault *fault)
{
    struct imei imeis[CASE_DEVICE_IMEIS];
    unsigned n = case_device_imeis(d, imeis);
    uint8_t id[8];
    enum err err = ERR_OK;
    put_be(id, a->id, 8);
    for (unsigned k = 0; !err && k < n; k++) {
        struct record_key key = record_key_of(RECORD_CORRECTED, a->corrects);
        record_key_number(&key, imeis[k].body, 6);
        err = record_put(reg, &key, (struct str){(const char *)id, 8}, fault);
    }
    return err;
}

/* A file's devices give back what each drew from its line. */
static enum err give_back(struct registry *reg, const struct application *first,
                          const struct application *before, const struct application *after,
                          struct fault *fault)
{
    struct bulk_lines lines;
    enum err err = bulk_lines_get(reg, first->upload, &lines, fault);
    uint32_t *counts = err ? NULL : calloc(lines.n + 1, sizeof *counts);
    if (!err && !counts)
        err = ERR_MEMORY;
    for (size_t i = 0; !err && i < after->device_count; i++) {
        uint32_t line = after->devices[i].customs_line;
        bool now = after->devices[i].approved && !before->devices[i].approved;
        counts[now && line <= lines.n ? line : 0]++; /* 0: unknown, it counts on */
    }
    for (uint32_t i = 0; !err && i < lines.n; i++)
        if (counts[i + 1])
            err = customs_return(reg, str_z(lines.list[i].number), lines.list[i].item, first->id,
                                 counts[i + 1], fault);
    free(counts);
    bulk_lines_release(&lines);
    return err;
}

/* The first application knows how many of its devices never came. */
static enum err count_not_arrived(struct registry *reg, const struct application *before,
                                  const struct application *after, uint64_t n, struct fault *fault)
{
    struct application first;
    enum err err = application_get(reg, after->corrects, &first, fault);
    if (err)
        return err;
    first.not_arrived += n;
    first.version++;
    err = application_put(reg, &first, &first, fault);
    if (!err && first.upload)
        err = give_back(reg, &first, before, after, fault);
    application_release(&first);
    return err;
}

enum err correction_put(struct registry *reg, const struct application *before,
                        const struct application *after, struct fault *fault)
{
    uint64_t approved = 0;
    enum err err = ERR_OK;
    if (!before) {
        struct record_key key = record_key_of(RECORD_CORRECTION, after->corrects);
        record_key_number(&key, after->id, 8);
        return record_put(reg, &key, STR(""), fault);
    }
    for (size_t i = 0; !err && i < after->device_count; i++) {
        if (!after->devices[i].approved || before->devices[i].approved)
            continue;
        approved++;
        err = name_last(reg, after, &after->devices[i], fault);
    }
    if (err || !approved || after->ground != GROUND_NOT_ARRIVED)
        return err;
    return count_not_arrived(reg, before, after, approved, fault);
}
