/* SPDX-License-Identifier: Apache-2.0
 *
 * seal_sweep - seals records anew that are under an older key than the one that is used: in small transactions,
 * beside running servers. A record is read and sealed outside the transaction and compared inside it: what somebody wrote
 * meanwhile stands. Where it is stands in the register, so that one that was killed is gone on with.
 *
 * Expected workload: some millions of records of 0.3 to 5 kB, lists of files up to 1 MB. */
#ifndef PEOPLE_SEAL_SWEEP_H
#define PEOPLE_SEAL_SWEEP_H

#include "people/seal_keys.h"

struct seal_progress {
    uint64_t looked, renewed; /* sealed records that were looked at; that were sealed anew */
    uint64_t again;           /* written by others between look and commit */
    uint64_t damaged;         /* that do not open: they stay as they are */
    bool resumed;             /* goes on with one that was cut short */
};

/* Told of after each step. False: stop there. */
typedef bool seal_step_fn(void *ctx, const struct seal_progress *progress);
/* One pass over all. rate: records sealed anew a second, at most; it also rests as long as each transaction took.
 * ERR_STOPPED: fn said so; ERR_STORE_KEY: a record is under a key that the ring lacks; of the store. */
MUST_USE enum err seal_sweep(struct registry *registry, unsigned rate, seal_step_fn *fn, void *ctx,
                             struct seal_progress *out, struct fault *fault);

/* Sealed records by key. */
struct seal_count {
    uint32_t number[PEOPLE_KEYS_MAX + 1];
    uint64_t records[PEOPLE_KEYS_MAX + 1]; /* the last: under numbers that found no room */
    unsigned n;
};
MUST_USE enum err seal_count(struct registry *registry, struct seal_count *out,
                             struct fault *fault);
uint64_t seal_count_of(const struct seal_count *count, uint32_t number);
void seal_count_add(struct seal_count *count, uint32_t number);

#endif
