/* SPDX-License-Identifier: Apache-2.0
 *
 * batch - many changes as one act: in whole or not at all, without holding the writer's place
 * longer than one part takes (about 0.1 s), so that a theft order never waits for an import.
 *
 *   save the sorted changes in parts -> intent entry -> one transaction a part -> end entry
 *
 * A crash before the intent leaves nothing; after it, whoever opens the register next finishes
 * the batch. Where the rules ask for a second person the saved batch waits as a proposal. */
#ifndef APP_BATCH_H
#define APP_BATCH_H

#include <stdatomic.h>

#include "app/registry.h"

struct commit_case;

/* Changes ascending by (imei, kind); no two of the same IMEI and kind. */
struct batch_source {
    bool (*next)(void *ctx, struct change *out); /* false: no more */
    void *ctx;
    const struct change *common; /* when set, all share its kind and payload, and next need only
                                    fill .imei */
};

struct batch_plan {
    struct entry entry; /* event, ground, party, document; the rest is filled in */
    const char *label;  /* for people: "import amnesty list.txt" */
    const char *reason; /* free text for the audit notes, NULL = none */
    struct batch_source source;
    bool needs_second; /* of the kind that waits for a second person when two_person is in force */
    bool
        of_machine; /* a program brings it: what needs a second person waits always, for any of the staff */
    /* Records that go with the entry that proposes it, as in struct commit_case; NULL = none. The result's id
     * is known by then. */
    enum err (*ask)(struct registry *registry, struct commit_case *c, struct fault *fault);
    enum err (*also)(struct registry *registry, struct commit_case *c, struct fault *fault);
    void *ctx;
    const struct load *load;        /* the file, remembered with the intent; NULL = none */
    const struct finding *findings; /* only with load */
    size_t finding_count;
    const struct rules *rules; /* the batch brings this rule set in force; NULL = none */
    struct str tac_list;       /* packed TAC list that goes with it; empty = none */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* NULL = none */
    void *progress_ctx;
    const atomic_int *stop; /* set by a signal handler: stop cleanly; NULL = never */
};

struct batch_result {
    bool proposed;    /* nothing changed; batch_confirm(id) by another person applies it */
    uint64_t id;      /* of the proposal or batch */
    uint64_t changes; /* in the plan */
    uint64_t rows;    /* rows written: changes that moved a fact */
    uint64_t seq;     /* of the intent entry, 0 = none */
    uint64_t moved[REASON_COUNT]; /* rows that changed the reason, by reason after */
};

/* ERR_HELD with out_result->proposed when it waits for a second person. ERR_STOPPED on a stop
 * before the intent (nothing changed) or after it (the next opening finishes). */
MUST_USE enum err batch_run(struct registry *registry, const struct batch_plan *plan,
                            struct batch_result *out_result, struct fault *fault);
/* Applies a proposal of another person. ERR_NO_PROPOSAL, ERR_SAME_PERSON, ERR_ACTOR; ERR_CHAIN: it is
 * not what was proposed; ERR_HELD: an IMEI that it lifts or repairs moved since. */
MUST_USE enum err batch_confirm(struct registry *registry, uint64_t id,
                                struct batch_result *out_result, struct fault *fault);
/* What waits: the record, the changes of its first part (room for BATCH_PART_CHANGES of
 * app/batch_part.h), the text of a rule set. ERR_NO_PROPOSAL. */
MUST_USE enum err batch_look(struct registry *registry, uint64_t id, struct batch *out,
                             struct change *changes, size_t *out_count, struct buf *out_rules,
                             struct fault *fault);
/* Drops a proposal; any staff account may. It is journaled. */
MUST_USE enum err batch_reject(struct registry *registry, uint64_t id, struct fault *fault);
/* Finishes open batches without a living owner, drops unowned half-saved ones. */
MUST_USE enum err batch_recover(struct registry *registry, uint64_t *out_finished,
                                struct fault *fault);
/* ERR_ACTOR: who acts is no staff account. */
MUST_USE enum err batch_by_staff(struct registry *registry, struct fault *fault);
/* Does the two-person rule hold now? */
MUST_USE enum err batch_two_person(struct registry *registry, bool *out, struct fault *fault);

#endif
