/* SPDX-License-Identifier: Apache-2.0
 *
 * follow - the thread that keeps a node's copy of the register up to date and publishes what workers
 * answer from.
 *
 * It asks by long poll and applies what comes; when it is far behind, it takes segments of the feed first
 * (node/segments.h). While the register is away it asks again after 1 s to 60 s
 * (doubled each time, a random half of it), and the node goes on answering; after stale_after_us without a
 * signed head it says so and does what `stale` says. A register that does not know where the node stands was
 * restored, or is another: the node takes a new snapshot beside the copy it has, and changes over when it is
 * whole. The same happens when the log has grown too long, or is a day old: a start reads it all.
 * A copy of other TACs than the settings want is begun with, too, and a new snapshot is taken at once.
 * Between snapshots that bring nothing newer it rests 2 s to 10 min (doubled each time, a random half of it). */
#ifndef NODE_FOLLOW_H
#define NODE_FOLLOW_H

#include "node/fetch.h"

struct follow;

struct follow_options {
    struct copy_options copy;
    struct link_options link;  /* url empty: nobody is followed */
    struct link_options cache; /* url empty: there is none */
    struct views *views;
    struct node_status *status;
    struct network_settings settings; /* of the first view */
    int64_t stale_after_us;           /* 0: never */
    uint8_t stale_override;           /* enum rules_override: then; none: goes on as before */
    uint64_t log_bytes;               /* of log, after which a new snapshot is taken */
    struct tac_ranges tacs;           /* that are wanted; count 0: all */
    const char *snapshot;             /* a file to answer from instead of all this; NULL: none */
    void (*on_restored)(
        void *ctx); /* the register may have forgotten what we told it; may be NULL */
    void *ctx;
};

/* Borrows what options point to. ERR_MEMORY. */
MUST_USE enum err follow_new(const struct follow_options *options, struct follow **out);
/* Starts the thread. It opens what the directory has, or the file; without anything there it asks the
 * register for a snapshot, again and again, until it has one. Then it follows. ERR_MEMORY. */
MUST_USE enum err follow_run(struct follow *f);
/* Has the first view been published? False: not yet. *out_err: ERR_OK; or why there will be none (the file
 * is refused, no memory). */
bool follow_opened(struct follow *f, enum err *out_err, struct fault *out_fault);
/* Other TACs are wanted from now on: a snapshot of them is taken beside the copy, which goes on being answered from
 * until then. From any thread. */
void follow_want_tacs(struct follow *f, const struct tac_ranges *tacs);
/* From any thread: it ends soon. */
void follow_stop(struct follow *f);
void follow_free(struct follow *f);

#endif
