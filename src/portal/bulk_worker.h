/* SPDX-License-Identifier: Apache-2.0
 *
 * bulk_worker - the thread of applications by file: it checks what was uploaded and enters what was decided, one
 * thing after the other, apart from the worker of typed applications, so that a large file never delays a
 * small one. It asks nobody: what the service of customs has to be asked about goes to bulk_askers. What waits stands in the register (RECORD_BULK_WORK): after a restart it begins again. */
#ifndef PORTAL_BULK_WORKER_H
#define PORTAL_BULK_WORKER_H

#include "cases/bulk_case.h"

struct bulk_worker;

struct bulk_options {
    const char *url, *key; /* of the register */
    const struct clock *clock;
    struct committer *committer; /* borrowed, as hours */
    const struct hours *hours;
    const struct check_sources *sources; /* borrowed: whom checks ask */
    const char *spool;
    uint64_t spool_bytes;
};

/* Of opening the register and making the spool. */
MUST_USE enum err bulk_worker_open(const struct bulk_options *options, struct bulk_worker **out,
                                   struct fault *fault);
/* Number of the key under which all uploads of its spool are; 0: not known yet. */
uint32_t bulk_worker_spool_under(const struct bulk_worker *worker);
/* Stops it between two steps. NULL is allowed. */
void bulk_worker_close(struct bulk_worker *worker);
/* It looks now. NULL is allowed. */
void bulk_worker_wake(struct bulk_worker *worker);
const struct upload_room *bulk_worker_room(const struct bulk_worker *worker);
/* How far it is with an upload or an application, in thousandths; -1: it is not at it in this process. */
int bulk_worker_progress(const struct bulk_worker *worker, uint64_t id);

/* Into the log, what is no everyday end of a job. */
void bulk_worker_tell(uint64_t id, enum err err, const struct fault *fault);

#endif
