/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_due - who is owed a notice now: of each phone that has a term, or of which somebody was told, all subscribers
 * that a network saw with it in the last days (notices_settings.days), by the operator that they belong to. A subscriber
 * belongs to the operator whose prefixes his IMSI has; where no channel names such a prefix, to the one whose
 * network saw him last, if that channel names none. So nobody hears of another's subscriber whom he did not see himself.
 * Visitors and machines are told nothing.
 *
 * What moved meanwhile: a last day that moved begins a new ladder with its day, whichever way it moved; what the day
 * before was owed and not made is not made up, but for the last step due (core/notice.h).
 *
 * Expected workload: an hourly look at a million IMEIs with a term among thirty million pairs: seconds, and some
 * 100 MB. Written NOTICES_PART at a time; one process at a time makes. */
#ifndef SEEN_NOTICES_DUE_H
#define SEEN_NOTICES_DUE_H

#include <stdatomic.h>

#include "app/notices.h"
#include "seen/last.h"

struct notices_options {
    bool dry_run;           /* tells what would be made */
    bool at_any_hour;       /* with dry_run: as if people might be written to now */
    const atomic_int *stop; /* NULL: nobody stops it */
    /* Facts are read only where the days say that a step has come: a term that a hold makes longer is told with the next
     * step then. In the first half hour of a day's hours all are read whatever this says. */
    bool quick;
};

struct notices_result {
    size_t channels;
    bool quiet;    /* nothing is made at this hour */
    uint64_t made; /* or, dry, would be */
    uint64_t by_step[NOTICE_COUNT];
    uint64_t imeis;       /* different ones among them */
    uint64_t unreachable; /* owed, and of no operator with a channel */
};

/* ERR_STORE_BUSY: another process makes notices just now; ERR_STOPPED; of the store. What was made before an error
 * stands. */
MUST_USE enum err notices_make(struct registry *registry, const struct notices_options *options,
                               struct notices_result *out, struct fault *fault);

/* Of these IMEIs (ascending, without twins), whose last day is over soon: how many have a user who can be told, and of
 * those how many were told nothing yet. For the sweep's guard: registry.untold.
 *
 * The user is who was seen with it last (on one day several: each of them), so that words to whoever had the phone before
 * tell him nothing. He was told when a notice of his ladder is delivered, as its receipt says. One that was handed over
 * counts without a receipt for NOTICES_RECEIPT_HOURS; failed and unknown_number never do. */
MUST_USE enum err notices_untold(struct registry *registry, const struct imei *imeis, size_t n,
                                 struct untold *out, struct fault *fault);

#endif
