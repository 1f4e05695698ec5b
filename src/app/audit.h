/* SPDX-License-Identifier: Apache-2.0
 *
 * audit - reading the journal: is the chain whole, do the facts agree with it, what happened to
 * an IMEI. */
#ifndef APP_AUDIT_H
#define APP_AUDIT_H

#include "app/registry.h"

struct audit_result {
    uint64_t blocks;
    uint64_t items;
    uint64_t facts; /* IMEIs compared (db check) */
    uint64_t last_seq;
    uint8_t head[SHA256_BYTES];
};

/* Sees every block after it was verified, in order; an error ends the walk. */
typedef enum err audit_block_fn(void *ctx, const struct block *block, struct fault *fault);
struct audit_reader {
    audit_block_fn *fn;
    void *ctx;
};
/* audit_verify with a reader. */
MUST_USE enum err audit_blocks(struct registry *registry, const uint8_t *against,
                               const struct audit_reader *reader, struct audit_result *out,
                               struct fault *fault);

/* Recomputes every block, on all cores. against: a head hash printed earlier, NULL = none; the
 * chain must contain it (ERR_CHAIN: its tail was cut, or it was written anew). fault says where. */
MUST_USE enum err audit_verify(struct registry *registry, const uint8_t *against,
                               struct audit_result *out, struct fault *fault);
/* audit_verify, then replays the journal and compares what stands beside it: every facts row and
 * its due day, the rule sets, the TAC lists and the pairs. ERR_FACTS says what differs. */
MUST_USE enum err audit_check(struct registry *registry, struct audit_result *out,
                              struct fault *fault);

/* One line of history. */
struct audit_line {
    uint64_t seq;
    struct item item;   /* a row, or a rule set, or a gate */
    struct entry entry; /* the entry it belongs to */
    uint64_t entry_seq;
};
typedef bool audit_fn(void *ctx, const struct audit_line *line);

/* The entry with this sequence number. ERR_CHAIN: there is none. */
MUST_USE enum err audit_entry(struct registry *registry, uint64_t seq, struct entry *out,
                              struct fault *fault);
/* The rows of one IMEI, newest first, by its linked list. */
MUST_USE enum err audit_history(struct registry *registry, struct imei imei, audit_fn *fn,
                                void *ctx, struct fault *fault);
/* Everything after the sequence number, in order; stops before a batch that is not whole.
 * *out_next: what to pass next time. */
MUST_USE enum err audit_since(struct registry *registry, uint64_t after, audit_fn *fn, void *ctx,
                              uint64_t *out_next, struct fault *fault);

#endif
