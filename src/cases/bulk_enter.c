/* SPDX-License-Identifier: Apache-2.0 */
#include "cases/bulk_enter.h"

#include "cases/accreditation.h"
#include "cases/bulk_lines.h"

#include <stdlib.h>

enum err enter_each(struct entering *e, enter_facts_fn *fn, void *ctx, struct fault *fault)
{
    struct facts_row *rows = malloc(ENTER_LOOK_AT * sizeof *rows);
    enum err err = rows ? ERR_OK : ERR_MEMORY;
    for (size_t at = 0; !err && at < e->imei_count; at += ENTER_LOOK_AT) {
        size_t n = e->imei_count - at < ENTER_LOOK_AT ? e->imei_count - at : ENTER_LOOK_AT;
        for (size_t i = 0; i < n; i++)
            rows[i].imei.body = e->imeis[at + i];
        err = atomic_load(&e->progress->stop)
                  ? ERR_STOPPED
                  : store_facts_get(e->office->registry->store, rows, n, fault);
        for (size_t i = 0; !err && i < n; i++)
            err = fn(ctx, &rows[i]);
        atomic_store(&e->progress->done, 300 * at / e->imei_count);
    }
    free(rows);
    return err;
}

/* ---- the three things to do ---- */

/* Its phones are held first, then others are asked; who could not be asked is asked again. ERR_SOURCE_AWAY: GSMA's or
 * the customs' service has to be asked, which this thread does not (ASKED_LATER); nothing was decided. */
static enum err hold(struct entering *e, struct fault *fault)
{
    struct application *a = &e->after;
    enum reach reach = REACH_ALL;
    const uint32_t listed = e->before.findings & FOUND_GSMA; /* as bulk_gsma has found */
    enum err err = enter_holds(e, &a->bulk_held, fault);
    a->bulk_proposed_by = 0; /* of what stood before papers came */
    a->findings = FOUND_NEEDS_PROOF | listed;
    a->findings |= e->reach == REACH_AWAY ? FOUND_GSMA_NOT_ASKED : 0;
    if (!err)
        err = accreditation_check(e->office->registry, a, fault);
    if (!err && a->kind == APPROVAL_IMPORT)
        err = bulk_customs(e->office, a, e->progress, &reach, fault);
    reach = e->reach > reach ? e->reach : reach;
    if (!err && reach == REACH_LATER)
        err = fault_set(fault, ERR_SOURCE_AWAY, "another thread asks");
    a->checked = !reach;
    a->findings |= e->upload.found[BULK_MODEL_DIFFERS] ? FOUND_MODEL_DIFFERS : 0;
    a->findings |= e->upload.found[BULK_TAC_UNKNOWN] ? FOUND_TAC_UNKNOWN : 0;
    return err;
}

/* Nothing is entered before GSMA has answered: it waits, and says for whom. */
static enum err approve(struct entering *e, struct fault *fault)
{
    struct application *a = &e->after;
    if (e->reach == REACH_LATER)
        return fault_set(fault, ERR_SOURCE_AWAY, "another thread asks");
    if (e->reach == REACH_AWAY) {
        a->findings |= FOUND_GSMA_NOT_ASKED;
        return ERR_OK;
    }
    a->findings &= ~(uint32_t)FOUND_GSMA_NOT_ASKED;
    enum err err = enter_approvals(e, &a->bulk_left_out, fault);
    bool some = a->bulk_left_out < a->bulk_devices, listed = a->findings & FOUND_GSMA;
    a->state = some ? APPLICATION_APPROVED : APPLICATION_REFUSED;
    a->bulk_refusal = some     ? REFUSAL_NONE
                      : listed ? REFUSAL_GSMA_LISTED
                               : REFUSAL_ALREADY_VERIFIED_OTHER;
    return err ? err
               : application_tell(a, &(struct case_event){.time_s = a->decided_s,
                                                          .state = a->state,
                                                          .actor = a->decided_by});
}

/* An approved phone needs no hold, and has none any more; a refused one, or one that was left out, keeps it for a
 * day, and after a first refusal for as long as an appeal keeps it. */
static enum err release(struct entering *e, struct fault *fault)
{
    struct application *a = &e->after;
    daynum today = registry_today(e->office->registry), until = DAYNUM_NONE;
    if (a->state == APPLICATION_REFUSED || a->state == APPLICATION_APPROVED) {
        daynum appeal = hours_add_days(e->office->hours, today, APPEAL_WORKING_DAYS);
        until = !a->appeal && appeal > today + 1 ? appeal : today + 1;
    }
    a->bulk_held = false;
    return enter_end_holds(e, until, fault);
}

static enum err enter(struct entering *e, struct fault *fault)
{
    struct registry *reg = e->office->registry;
    const struct application *a = &e->before;
    enum err err = upload_read(reg, e->after.upload, &e->upload, fault);
    if (!err)
        err = bulk_imeis(reg, &e->upload, a->state != APPLICATION_DECIDING, &e->imeis,
                         &e->imei_count, fault);
    if (err)
        return err;
    if (application_open(a))
        err = hold(e, fault);
    else if (a->state == APPLICATION_DECIDING)
        err = approve(e, fault);
    else
        err = release(e, fault);
    struct step step = {.before = &e->before, .after = &e->after};
    bool waits = (application_open(a) && !e->after.checked) ||
                 (!err && e->after.state == APPLICATION_DECIDING);
    bool same = waits && e->after.findings == a->findings && e->after.bulk_held == a->bulk_held;
    if (!err && !same) /* asked in vain once more: nothing to write */
        err = step_take(e->office, &step, fault);
    return !err && waits ? fault_set(fault, ERR_SOURCE_AWAY, "somebody could not be asked") : err;
}

enum err bulk_enter(const struct office *office, uint64_t id, struct bulk_progress *progress,
                    struct fault *fault)
{
    struct entering e = {.office = office, .progress = progress};
    enum err err = registry_refresh(office->registry, fault);
    if (!err)
        err = bulk_gsma(office, id, progress, &e.reach, fault);
    if (!err)
        err = application_get(office->registry, id, &e.before, fault);
    if (err)
        return err;
    bool open = application_open(&e.before);
    bool due =
        e.before.upload &&
        (open ? !e.before.checked : e.before.state == APPLICATION_DECIDING || e.before.bulk_held);
    err = due ? application_get(office->registry, id, &e.after, fault) : ERR_OK;
    if (due && !err) {
        atomic_store(&progress->done, 0);
        atomic_store(&progress->id, id);
        err = e.after.version == e.before.version ? enter(&e, fault) : ERR_STALE;
        atomic_store(&progress->id, 0);
        application_release(&e.after);
    }
    application_release(&e.before);
    free(e.imeis);
    return err;
}
