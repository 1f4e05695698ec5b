/* SPDX-License-Identifier: Apache-2.0
 *
 * replay - the facts of every IMEI as the journal alone gives them: the rows of all blocks in
 * order, folded with change_apply. `db check` compares the store's facts rows with it; an empty
 * store can be filled from it.
 *
 * Expected workload: the whole register at once, 10^7 .. 10^8 IMEIs. What is kept is the canonical
 * bytes of each facts row (3 .. 20 usually) in a table of 16 bytes a place, not the struct of 300. */
#ifndef JOURNAL_REPLAY_H
#define JOURNAL_REPLAY_H

#include "journal/block.h"

struct replay;

MUST_USE enum err replay_new(struct replay **out); /* ERR_MEMORY */
void replay_free(struct replay *r);

/* Folds the next block in. The bytes are block_verify's to judge; here it is the meaning:
 * blocks follow one another from sequence number 1, every row belongs to an entry, names the
 * IMEI's row before it, and can be applied to what stands. ERR_CHAIN with the place in fault: the
 * replay is then worthless and must be freed. */
MUST_USE enum err replay_block(struct replay *r, const struct block *block, struct fault *fault);

/* False: no row names this IMEI (out is untouched). */
bool replay_find(const struct replay *r, struct imei imei, struct facts *out);
uint64_t replay_count(const struct replay *r);    /* IMEIs */
uint64_t replay_bytes(const struct replay *r);    /* memory held */
uint64_t replay_next_seq(const struct replay *r); /* all before it is folded in */

/* Every IMEI, ascending. fn returns false to stop. ERR_MEMORY. */
typedef bool replay_fn(void *ctx, struct imei imei, const struct facts *facts);
MUST_USE enum err replay_each(const struct replay *r, replay_fn *fn, void *ctx);

#endif
