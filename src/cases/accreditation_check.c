/* SPDX-License-Identifier: Apache-2.0
 *
 * Is who files accredited for this kind, today? Asked when the register's checks run, and once more when an officer
 * approves: whoever approves has seen what stands then. */
#include "cases/accreditation.h"
#include "cases/correction.h"

/* Of two for the same kind: the one in force, else the one that is so last. */
static bool is_better(const struct accreditation *a, const struct accreditation *b, daynum day)
{
    bool now = accreditation_state(a, day) == ACCREDITATION_IN_FORCE,
         then = accreditation_state(b, day) == ACCREDITATION_IN_FORCE;
    daynum last = a->revoked != DAYNUM_NONE && a->revoked <= a->until ? a->revoked - 1 : a->until;
    daynum other = b->revoked != DAYNUM_NONE && b->revoked <= b->until ? b->revoked - 1 : b->until;
    return now != then ? now : last > other;
}

enum err accreditation_look(struct registry *reg, uint64_t party, uint8_t kind,
                            struct accreditation_look *out, struct fault *fault)
{
    struct accreditation all[ACCREDITATIONS_MAX];
    daynum today = registry_today(reg);
    size_t n = 0;
    *out = (struct accreditation_look){0};
    if (!accreditation_needed(kind))
        return ERR_OK;
    enum err err = accreditation_kept(reg, &out->asked, fault);
    if (!err && out->asked)
        err = accreditation_of(reg, party, all, &n, fault);
    for (size_t i = 0; !err && i < n; i++) {
        if (!(all[i].kinds >> kind & 1) || (out->has_one && !is_better(&all[i], &out->is, today)))
            continue;
        out->is = all[i];
        out->has_one = true;
    }
    if (err || !out->asked)
        return err;
    if (!out->has_one)
        out->findings = FOUND_NOT_ACCREDITED;
    else if (accreditation_state(&out->is, today) != ACCREDITATION_IN_FORCE)
        out->findings = FOUND_ACCREDITATION_OVER;
    return ERR_OK;
}

/* What a correction takes away needs no accreditation. */
static enum err look(struct registry *reg, const struct application *a, uint32_t *out,
                     struct fault *fault)
{
    struct accreditation_look look = {0};
    bool adds = !a->corrects || !ground_leaves(a->ground);
    enum err err = adds ? accreditation_look(reg, a->applicant, a->kind, &look, fault) : ERR_OK;
    *out = look.findings;
    return err;
}

enum { ALL = FOUND_NOT_ACCREDITED | FOUND_ACCREDITATION_OVER };

enum err accreditation_check(struct registry *reg, struct application *a, struct fault *fault)
{
    uint32_t found = 0;
    enum err err = look(reg, a, &found, fault);
    if (!err)
        a->findings = (a->findings & ~(uint32_t)ALL) | found;
    return err;
}

enum err accreditation_again(struct registry *reg, struct application *a, struct fault *fault)
{
    uint32_t seen = a->findings;
    enum err err = accreditation_check(reg, a, fault);
    if (err || !(a->findings & ~seen))
        return err;
    return fault_set(fault, ERR_ACCREDITATION, "it moved while the application waited");
}

enum err accreditation_stands(struct registry *reg, const struct application *a,
                              struct fault *fault)
{
    uint32_t found = 0;
    bool approves = a->state == APPLICATION_APPROVED || a->state == APPLICATION_DECIDING;
    enum err err = approves ? look(reg, a, &found, fault) : ERR_OK;
    return !err && found & ~a->findings ? ERR_STALE : err;
}
