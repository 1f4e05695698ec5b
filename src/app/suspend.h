/* SPDX-License-Identifier: Apache-2.0
 *
 * suspend - bodies that may (police, security, penitentiary) suspend devices and resume them.
 * Only the body that set a mark clears it. Lifting waits for a second person when the two-person
 * rule holds, and so does setting a mark anew that ends sooner or begins later than the one that
 * stands; suspending never waits otherwise. */
#ifndef APP_SUSPEND_H
#define APP_SUSPEND_H

#include "app/batch.h"
#include "app/commit.h"

struct suspension {
    uint8_t kind;       /* enum mark_kind */
    struct str body;    /* who sets or lifts */
    struct str order;   /* document number, 1 .. LIMIT_DOCUMENT bytes */
    daynum from;        /* first day; DAYNUM_NONE = today. Not used by resume */
    daynum last;        /* DAYNUM_OPEN = until lifted. Not used by resume */
    const char *reason; /* for the audit notes, may be NULL */
    /* Records that go with the entry, or with the proposal's: as in struct commit_case. NULL = none. */
    enum err (*ask)(struct registry *registry, struct commit_case *c, struct fault *fault);
    enum err (*also)(struct registry *registry, struct commit_case *c, struct fault *fault);
    void *ctx;
};

/* Would these facts, with the mark set so, lose days of a mark that stands? Then setting it lifts. */
bool suspend_lifts(const struct facts *facts, const struct mark *mark, daynum today);

/* At most LIMIT_COMMIT_ROWS IMEIs, all or none. *out_rows: marks that moved. */
MUST_USE enum err suspend(struct registry *registry, const struct suspension *s,
                          const struct imei *imeis, size_t n, struct batch_result *out,
                          struct fault *fault);
MUST_USE enum err resume(struct registry *registry, const struct suspension *s,
                         const struct imei *imeis, size_t n, struct batch_result *out,
                         struct fault *fault);

#endif
