/* SPDX-License-Identifier: Apache-2.0
 *
 * digest - one number for all that a register holds, in whatever backend: two registers with the same
 * digest give the same answers, hold the same journal, and go on in the same way. By parts, so that a
 * difference has a name. What is the backend's own (order of storage, versions of a schema) is not in it. */
#ifndef APP_DIGEST_H
#define APP_DIGEST_H

#include "store/store.h"

enum digest_part {
    DIGEST_JOURNAL, /* the head, every byte of every block */
    DIGEST_FACTS,   /* every facts row with its due day */
    DIGEST_PAIRS,
    DIGEST_RULES, /* rule sets and lists of models */
    DIGEST_BATCHES,
    DIGEST_LOADS,
    DIGEST_PARTIES,
    DIGEST_API_KEYS,
    DIGEST_FINDINGS,
    DIGEST_NOTES,
    DIGEST_RECORDS, /* of people and applications, sealed as they are */
    DIGEST_PARTS
};

struct digest {
    uint8_t part[DIGEST_PARTS][SHA256_BYTES];
    uint64_t blocks, items, imeis;
};

MUST_USE enum err digest_store(struct store *store, struct digest *out, struct fault *fault);
/* ERR_FACTS names the first part that differs. */
MUST_USE enum err digest_compare(const struct digest *a, const struct digest *b,
                                 struct fault *fault);

#endif
