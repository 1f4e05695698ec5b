/* SPDX-License-Identifier: Apache-2.0
 *
 * index - IMEI -> verdict, in memory, read by many threads without a lock while one writer
 * applies blocks. A cache of the journal: in doubt it is thrown away and built again.
 *
 * An index may hold a part alone: the IMEIs of some ranges of TACs. It passes over what is of others, so blocks are
 * applied to it as to a whole one; of them it says "nothing is recorded", so who asks looks at index_tacs first.
 *
 * Readers call index_find / index_find_batch / index_is_paired at any time from any thread.
 * All other functions belong to the one writer. */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include <stdatomic.h>

#include "core/policy.h"
#include "core/tac_ranges.h"
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

/* Of an index that is still empty: it is to hold these TACs alone. */
void index_set_tacs(struct index *ix, const struct tac_ranges *tacs);

/* --- readers --- */

/* Which TACs it holds; count 0: all. Never changes once it is read. */
const struct tac_ranges *index_tacs(const struct index *ix);

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

/* Of a TAC that is not its: passed over, ERR_OK; so are pairs. */
MUST_USE enum err index_put(struct index *ix, struct imei imei, const struct verdict *verdict);
MUST_USE enum err index_put_pair(struct index *ix, const struct pair *pair);
void index_set_state(struct index *ix, const struct index_state *state);
/* Applies the rows, the gate and the section of the block that follows index_state. Rows whose
 * entry takes effect after `today` are kept as the next step of what stands. ERR_CHAIN when the
 * block is not the next one (sequence or previous hash); ERR_CODEC, ERR_MEMORY. */
MUST_USE enum err index_apply(struct index *ix, const struct block *block, daynum today);
/* Who applies blocks again that stood before others says what is too old to be shown: false leaves a
 * row or a pair out. now: the row takes effect at once. A pair is asked after more than once. */
struct index_watch {
    bool (*row)(void *ctx, struct imei imei, uint64_t seq, bool now);
    bool (*pair)(void *ctx, const struct pair *pair, uint64_t first_seq); /* of its block */
    void *ctx;
};
/* As index_apply; watch NULL: the same. */
MUST_USE enum err index_apply_watched(struct index *ix, const struct block *block, daynum today,
                                      const struct index_watch *watch);
/* Every (IMEI, verdict), in no order. fn returns false to stop. */
void index_iterate(const struct index *ix,
                   bool (*fn)(void *ctx, struct imei imei, const struct verdict *verdict),
                   void *ctx);

/* The part of a whole index, or of a larger part, as it stands: another index, in memory of its own. The caller's
 * thread is the writer of `from`, or nobody writes it. stop: set by another thread it ends soon; NULL: nobody does.
 * ERR_SNAPSHOT_LESS: it has not all of these; ERR_STOPPED; ERR_MEMORY. */
MUST_USE enum err index_part(const struct index *from, const struct tac_ranges *tacs,
                             const atomic_bool *stop, struct index **out);

/* --- the file: ARCHITECTURE.md, "Index file" --- */

struct index_keys {
    uint8_t public_key[32]; /* Ed25519, RFC 8032 */
    uint8_t secret_key[64]; /* libsodium's form; only to write */
};

/* Header and signature: the first bytes of a file, of which no two files have the same. */
enum { INDEX_FILE_START = 576 };

/* What the file says beside the index, so that a node needs nothing else. Borrowed. */
struct index_file {
    const uint8_t *register_id; /* 16 bytes that name the register */
    struct str rules;           /* text of the rule set: rules_format; LIMIT_RULES_TEXT */
    struct str tac;             /* its packed TAC list (core/tac.h), or empty; LIMIT_TAC_LIST */
};

/* A copy of the index at one moment, in as much memory: the writer makes it between two blocks and
 * goes on; any one thread writes it at leisure. ERR_MEMORY. */
struct index_image;
MUST_USE enum err index_image_new(const struct index *ix, struct index_image **out);
void index_image_free(struct index_image *image);
struct index_state index_image_state(const struct index_image *image);
uint64_t index_image_count(const struct index_image *image); /* IMEIs */
/* Written beside, fsynced, renamed, the directory fsynced. ERR_FILE_WRITE, ERR_TOO_LONG, ERR_MEMORY. */
MUST_USE enum err index_image_write(struct index_image *image, const char *path,
                                    const struct index_file *file, const struct index_keys *keys,
                                    struct fault *fault);
uint64_t index_image_bytes(const struct index_image *image); /* of the file it was written to */

/* What a reader insists on. */
struct index_want {
    const uint8_t *register_id;    /* 16 bytes */
    const uint8_t *public_key;     /* 32 bytes, Ed25519 */
    uint64_t at_least;             /* next_seq */
    const struct tac_ranges *tacs; /* that it must hold; NULL: all */
    bool any_part;                 /* whatever it holds: index_tacs tells */
};

struct index_loaded {
    struct index *index; /* goes on being written, as any other */
    struct buf rules;    /* struct index_file's */
    struct buf tac;
};

/* Refuses with ERR_SNAPSHOT and the reason in fault what is truncated, changed, unsigned, signed by
 * another key, of another register, older than at_least, of another version or byte order, or
 * signed and no index all the same. ERR_SNAPSHOT_LESS: it holds not all TACs that are wanted. ERR_FILE_OPEN, ERR_FILE_KIND, ERR_FILE_READ, ERR_MEMORY. */
MUST_USE enum err index_file_read(const char *path, const struct index_want *want,
                                  struct index_loaded *out, struct fault *fault);
void index_loaded_release(struct index_loaded *loaded); /* of what is left in it; NULLs are fine */

#endif
