/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_record - keys and values that the halves of notices share (notices.h has the form). */
#ifndef APP_NOTICES_RECORD_H
#define APP_NOTICES_RECORD_H

#include "app/notices.h"

enum { NOTICES_KEY = 18 };
struct notices_key {
    size_t n;
    uint8_t bytes[NOTICES_KEY];
};

struct notices_key notices_key(char of);
void notices_key_number(struct notices_key *key, uint64_t v, unsigned bytes);
static inline struct str notices_key_str(const struct notices_key *key)
{
    return (struct str){(const char *)key->bytes, key->n};
}

/* Appends the value. */
MUST_USE enum err notices_get(struct registry *registry, const struct notices_key *key,
                              struct buf *out, bool *out_found, struct fault *fault);
/* Inside a write. */
MUST_USE enum err notices_put(struct registry *registry, const struct notices_key *key,
                              const struct buf *value, struct fault *fault);
MUST_USE enum err notices_drop(struct registry *registry, const struct notices_key *key,
                               struct fault *fault);
/* ERR_CODEC, with what it was that is damaged. */
enum err notices_damaged(struct fault *fault, const char *what);

struct notices_part_head {
    uint64_t first;
    size_t n;
    int64_t made_s;
};
/* False: it is damaged. */
bool notices_part_head(const struct record *record, struct notices_part_head *out);

#endif
