/* SPDX-License-Identifier: Apache-2.0
 *
 * once - an act that creates something, sent again under the same key, gives what it gave (Idempotency-Key): the key's
 * record holds its id and a digest of what was wanted. */
#ifndef CASES_ONCE_H
#define CASES_ONCE_H

#include "cases/step.h"

struct once {
    bool named; /* by a key; else every act is another */
    struct record_key key;
    uint8_t digest[SHA256_BYTES];
};

/* At most IDEMPOTENCY_KEY_MAX printable bytes; none is no key. ERR_TOO_LONG, ERR_UTF8, with the field. */
MUST_USE enum err once_key_check(struct str idempotency, struct fault *fault);
/* Of who acts and for whom he acts: whoever acts for two has each one's keys apart. */
struct record_key once_key(const struct registry *registry, const struct session *who,
                           struct str idempotency);
/* wish: what is wanted, written out. ERR_MEMORY, also when it has failed. */
MUST_USE enum err once_of(const struct registry *registry, const struct session *who,
                          struct str idempotency, const struct buf *wish, struct once *out);
/* The id of what the act made when it came before. *out_again: it did. ERR_IDEMPOTENCY: for something else. */
MUST_USE enum err once_found(struct registry *registry, const struct once *once, uint64_t *out_id,
                             bool *out_again, struct fault *fault);
/* Inside a write: that it made this; nothing of an act without a key. */
MUST_USE enum err once_put(struct registry *registry, const struct once *once, uint64_t id,
                           struct fault *fault);
/* What the act made when it came before. *out_again: it did. ERR_IDEMPOTENCY: for something else. */
MUST_USE enum err once_made(struct registry *registry, const struct once *once,
                            struct application *out, bool *out_again, struct fault *fault);
/* Does it: stores a new application, opens the hold of its IMEIs. stands: as in struct step. ERR_STALE. */
MUST_USE enum err once_take(const struct office *office, const struct once *once,
                            struct application *a, step_stands_fn *stands, struct fault *fault);

#endif
