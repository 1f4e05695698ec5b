/* SPDX-License-Identifier: Apache-2.0
 *
 * quiet - where in the journal no batch is open. An image of the index is taken at such a place only, so that no
 * node that begins with it shows half of a batch; what came since, theft orders in the middle of a batch too, the
 * node hears from the feed.
 *
 * Between two batches that follow each other closely there is such a place as well: who follows looks at each
 * block, not only at the last. Where batches overlap, or the owner of one has died, none may come for hours: then
 * the index is made as it was at the last one, out of the journal. */
#ifndef APP_QUIET_H
#define APP_QUIET_H

#include <stdatomic.h>

#include "app/registry.h"

enum { QUIET_BATCHES = 256 }; /* told apart; more are counted */

struct quiet {
    uint64_t open[QUIET_BATCHES]; /* sequence numbers of their intents */
    unsigned count;
    uint64_t more; /* open, and there was no room */
    bool
        blind; /* nobody tells which are open where the index began: no place is known to be quiet */
    uint64_t
        from;    /* the index was scanned while others wrote: before this place it says too much */
    uint64_t at; /* next_seq of the last place where none was open; 0 = none was met */
};

/* The next block of the journal. */
void quiet_block(struct quiet *quiet, const struct block *block);
/* Is none open before next_seq, where the follower stands? Notes the place. */
bool quiet_here(struct quiet *quiet, uint64_t next_seq);

/* registry_index, and which batches are open where it stands. tacs: these alone; NULL: all. */
MUST_USE enum err registry_index_quiet(struct registry *registry, const struct tac_ranges *tacs,
                                       struct quiet *out_quiet, struct index **out,
                                       struct fault *fault);

struct quiet_watch {
    struct quiet *quiet; /* of the index that follows */
    /* Between two blocks, where the last open batch has ended. */
    void (*on_quiet)(void *ctx, const struct index *index);
    void *ctx;
};
/* registry_follow; quiet moves with the index. */
MUST_USE enum err registry_follow_quiet(struct registry *registry, struct index *index,
                                        const struct quiet_watch *watch, struct follow_result *out,
                                        struct fault *fault);

/* An image at a quiet place: the next one, or, when none has come within patience_ms, the last one out of the
 * journal. ERR_MEMORY; as registry_follow. */
MUST_USE enum err registry_quiet_image(struct registry *registry, const struct tac_ranges *tacs,
                                       int64_t patience_ms, struct index_image **out,
                                       struct fault *fault);
/* The image as of the last quiet place, out of the journal alone: two passes over it. base: an index that stands
 * at a quiet place and is gone on from, taken over whatever comes; NULL: from the first block on. One that does not
 * belong to this journal is passed over, but for the ranges of TACs that it is of. stop: ERR_STOPPED when it turns true; NULL: never. */
MUST_USE enum err registry_image_before(struct registry *registry, struct index *base,
                                        const atomic_bool *stop, struct index_image **out,
                                        struct fault *fault);

#endif
