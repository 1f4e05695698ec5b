/* SPDX-License-Identifier: Apache-2.0
 *
 * lists_receipt - what operators say that they have applied: of each and each list the newest word, and all of them in
 * order; and how old that is. A receipt is what an operator states: it may go back, when he had to load an older list.
 *
 * Records, not sealed (no person is in them): '4' operator 16, list 1 -> the newest; '5' operator 16, list 1,
 * time 8 (UTC ms) -> each. operator: the first bytes of SHA-256 of its name. Value: next_seq 8, hash 8, time 8,
 * by 8, list 1, name. */
#ifndef APP_LISTS_RECEIPT_H
#define APP_LISTS_RECEIPT_H

#include "app/lists.h"

enum { LISTS_RECEIPT_RECORD = '4', LISTS_RECEIPTS_RECORD = '5' };

struct lists_receipt {
    char operator_name[LIMIT_NAME + 1];
    uint8_t list;             /* enum list */
    struct feed_cursor place; /* up to which it is applied */
    int64_t at_ms;            /* UTC */
    uint64_t by;              /* number of the API key; an account's id; 0 */
};

/* The cursor must be a place of this register that lists_follow has reached. registry: for writing. The same again
 * changes nothing. ERR_LIST_CURSOR, of the store. */
MUST_USE enum err lists_receipt_put(struct lists *lists, struct registry *registry,
                                    const struct lists_receipt *receipt, struct fault *fault);
/* The newest of each operator and list. */
typedef bool lists_receipt_fn(void *ctx, const struct lists_receipt *receipt);
MUST_USE enum err lists_receipts(struct registry *registry, lists_receipt_fn *fn, void *ctx,
                                 struct fault *fault);

/* Each word of one operator on one list, in order of time. */
MUST_USE enum err lists_receipts_of(struct registry *registry, const char *operator_name,
                                    uint8_t list, lists_receipt_fn *fn, void *ctx,
                                    struct fault *fault);

/* How an operator stands. */
struct lists_standing {
    struct lists_receipt receipt;
    uint64_t waiting; /* changes of the list that he has not acknowledged */
    int64_t age_s;    /* since the first of them was written; 0: none waits */
};
MUST_USE enum err lists_stand(struct lists *lists, struct registry *registry,
                              const struct lists_receipt *receipt, struct lists_standing *out,
                              struct fault *fault);

#endif
