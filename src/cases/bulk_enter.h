/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_enter - between its files: what the worker does for one application by file (bulk_case.h). */
#ifndef CASES_BULK_ENTER_H
#define CASES_BULK_ENTER_H

#include "app/changes.h"
#include "cases/bulk_case.h"
#include "cases/checks.h"
#include "cases/step.h"

struct entering {
    const struct office *office;
    struct bulk_progress *progress;
    struct application before, after;
    struct upload upload;
    uint64_t *imeis; /* of its good devices, ascending; owned */
    size_t imei_count;
    enum reach reach; /* whether GSMA has answered for all of it */
};

enum { ENTER_LOOK_AT = 4096 };

/* Goes through the facts of its IMEIs, ascending; fn gives ERR_OK to go on. ERR_STOPPED. */
typedef enum err enter_facts_fn(void *ctx, const struct facts_row *row);
MUST_USE enum err enter_each(struct entering *e, enter_facts_fn *fn, void *ctx,
                             struct fault *fault);
/* Opens the hold of its grey IMEIs. *out_held: there are some. */
MUST_USE enum err enter_holds(struct entering *e, bool *out_held, struct fault *fault);
/* Gives its open holds a last day, or ends them (DAYNUM_NONE): those that no other open application needs. */
MUST_USE enum err enter_end_holds(struct entering *e, daynum until, struct fault *fault);
/* Leaves out the devices against which the register knows something, and enters the others. *out_left: how many. */
MUST_USE enum err enter_approvals(struct entering *e, uint64_t *out_left, struct fault *fault);

/* A part in which a device is left out is written anew: its status tells why. ERR_STALE: e->before is not the application
 * any more. */
MUST_USE enum err enter_write_part(const struct entering *e, uint32_t number,
                                   const struct bulk_device *list, size_t n);
/* Asks GSMA's service about what it has not answered for yet: when the file is checked, and again when it is approved. A
 * device that it lists is left out; so is none that it lists no more. *out_reach: REACH_ALL also where there is nobody
 * to ask. ERR_STALE: somebody acted meanwhile; ERR_STOPPED. */
MUST_USE enum err bulk_gsma(const struct office *office, uint64_t id,
                            struct bulk_progress *progress, enum reach *out_reach,
                            struct fault *fault);

#endif
