/* SPDX-License-Identifier: Apache-2.0
 *
 * index - IMEI -> verdict, in memory, read by many threads without a lock while one writer
 * applies blocks. A cache of the journal: in doubt it is thrown away and built again.
 *
 * Readers call index_find / index_find_batch / index_is_paired at any time from any thread.
 * All other functions belong to the one writer. */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "core/policy.h"
#include "journal/block.h"

struct index;

/* Where the index stands. */
struct index_state {
    uint64_t next_seq;          /* everything before this sequence number is in */
    uint8_t hash[SHA256_BYTES]; /* hash of the last block applied */
    uint32_t rules;             /* number of the rule set */
    struct gate gate;
};

/* ERR_MEMORY. */
MUST_USE enum err index_new(struct index **out);
void index_free(struct index *ix);

/* --- readers --- */

/* False: nothing is recorded of this IMEI, judge it by empty facts; *out is anything. The verdict
 * is as written; verdict_step brings it to the day asked. */
bool index_find(const struct index *ix, struct imei imei, struct verdict *out);
/* n lookups at once; found[i] tells. Faster than n calls: their cache misses overlap. */
void index_find_batch(const struct index *ix, const struct imei *imeis, size_t n,
                      struct verdict *out, bool *found);
bool index_is_paired(const struct index *ix, struct imei imei, uint64_t subscriber);
/* A consistent copy (seqlock). */
struct index_state index_state(const struct index *ix);
uint64_t index_count(const struct index *ix);
uint64_t index_bytes(const struct index *ix); /* memory held */

/* --- the writer --- */

MUST_USE enum err index_put(struct index *ix, struct imei imei, const struct verdict *verdict);
MUST_USE enum err index_put_pair(struct index *ix, const struct pair *pair);
void index_set_state(struct index *ix, const struct index_state *state);
/* Applies the rows, the gate and the section of the block that follows index_state. Rows whose
 * entry takes effect after `today` are kept as the next step of what stands. ERR_CHAIN when the
 * block is not the next one (sequence or previous hash); ERR_CODEC, ERR_MEMORY. */
MUST_USE enum err index_apply(struct index *ix, const struct block *block, daynum today);
/* Every (IMEI, verdict), in no order. fn returns false to stop. */
void index_iterate(const struct index *ix,
                   bool (*fn)(void *ctx, struct imei imei, const struct verdict *verdict),
                   void *ctx);

/* --- the file: ARCHITECTURE.md, "Index file" --- */

struct index_keys {
    uint8_t public_key[32]; /* Ed25519, RFC 8032 */
    uint8_t secret_key[64]; /* libsodium's form; only to write */
};
/* Written beside, fsynced, renamed. register_id: 16 bytes that name the register. */
MUST_USE enum err index_file_write(const struct index *ix, const char *path,
                                   const uint8_t register_id[16], struct str rules_text,
                                   const struct index_keys *keys, struct fault *fault);
/* Refuses with ERR_SNAPSHOT and the reason in fault what is truncated, changed, unsigned, signed by
 * another key, of another register, or older than at_least (next_seq). On success *out_rules
 * holds the rule set's text (buf owned by the caller). */
MUST_USE enum err index_file_read(const char *path, const uint8_t register_id[16],
                                  const uint8_t public_key[32], uint64_t at_least,
                                  struct index **out, struct buf *out_rules, struct fault *fault);

#endif
