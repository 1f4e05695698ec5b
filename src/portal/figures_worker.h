/* SPDX-License-Identifier: Apache-2.0
 *
 * figures_worker - the thread that counts what the ministry asks for and proves the journal little by little, with a
 * register of its own and rests between its steps, so that nobody waits for it. Who asks gets what it had last, with
 * its time. */
#ifndef PORTAL_FIGURES_WORKER_H
#define PORTAL_FIGURES_WORKER_H

#include "app/journal_watch.h"
#include "cases/figures.h"
#include "people/audit_log.h"

struct figures_worker;

struct figures_options {
    const char *url, *key; /* of the register */
    const struct clock *clock;
    const struct hours *hours; /* borrowed */
};

/* How far the journal and the audit log are proved. */
struct figures_proof {
    struct journal_watch journal;
    struct audit_watch audit;
};

MUST_USE enum err figures_worker_open(const struct figures_options *options,
                                      struct figures_worker **out, struct fault *fault);
/* NULL is allowed. */
void figures_worker_close(struct figures_worker *worker);

/* The last whole count; made_s 0: there is none yet. */
void figures_worker_figures(struct figures_worker *worker, struct figures *out);
void figures_worker_proof(struct figures_worker *worker, struct figures_proof *out);

/* IMEIs by reason as an index in memory answers them, counted again when the last count is older than a minute. */
struct service;
struct figures_imeis {
    int64_t at_s;
    uint64_t count[REASON_COUNT];
};
void figures_worker_imeis(struct figures_worker *worker, struct service *service, int64_t now_s,
                          struct figures_imeis *out);

#endif
