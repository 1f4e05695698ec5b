/* SPDX-License-Identifier: Apache-2.0
 *
 * batch_part - the bytes in which a batch's sorted changes are saved: ARCHITECTURE.md, "Batch
 * part"; and which parts a batch has. It stands apart from batch.c to be tested. */
#ifndef APP_BATCH_PART_H
#define APP_BATCH_PART_H

#include "store/store.h"

/* One transaction, one block: about 50 ms of the writer's place. */
enum { BATCH_PART_CHANGES = 32768 };

/* Parts beside those of the changes, which count from 0. */
#define BATCH_PART_RULES UINT32_MAX       /* the text of a rule set */
#define BATCH_PART_ASIDE (UINT32_MAX - 1) /* batch_aside.h */
#define BATCH_PART_TAC   (UINT32_MAX - 2) /* a packed TAC list, core/tac.h */

struct part_writer {
    struct buf bytes; /* owned; released by the user */
    const struct change *common;
    uint64_t last;
    uint32_t count;
    struct buf body;
};

/* Starts a part (keeps the buffers of the one before). common: all share its kind and payload. */
void part_begin(struct part_writer *w, const struct change *common);
void part_add(struct part_writer *w, const struct change *change);
/* The finished bytes stand in w->bytes until the next part_begin; false: no memory. */
bool part_end(struct part_writer *w);
void part_release(struct part_writer *w);

/* out: room for BATCH_PART_CHANGES. ERR_CODEC. */
MUST_USE enum err part_decode(struct str bytes, struct change *out, size_t *out_count);

/* The parts of a batch that are there, by number, among them those that stand beside the changes. */
typedef enum err batch_part_fn(void *ctx, uint32_t part, struct str bytes, struct fault *fault);
MUST_USE enum err batch_parts(struct store *store, const struct batch *batch, batch_part_fn *fn,
                              void *ctx, struct fault *fault);

#endif
