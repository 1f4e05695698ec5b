/* SPDX-License-Identifier: Apache-2.0
 *
 * retention_named - what names a subscriber beside the pairs, once he is not kept any more: the IMSI of one who was excepted on
 * a clone ('9', seen/paired.h), what was told last ('7t') of a phone that was in his hands, and notices made before the term
 * ('7n', app/notices.h). A clone case ('6c') names numbers of subscribers alone: with the subscriber blank they name nobody.
 *
 * Who comes back gets another number, and an excepted one is named anew when a list asks for him. Expected workload: some
 * thousand records of '9', each unsealed once; of '7' keys and heads of parts. */
#ifndef SEEN_RETENTION_NAMED_H
#define SEEN_RETENTION_NAMED_H

#include "people/record.h"
#include "seen/seen_load.h"

struct record_keys {
    struct record_key *p;
    size_t n, size;
};
/* ERR_MEMORY. */
MUST_USE enum err record_keys_add(struct record_keys *keys, struct str key);
void record_keys_release(struct record_keys *keys);

/* Appends the keys of all that is to go. live: bits by number of subscriber; first: the first day that is kept. ERR_CODEC. */
MUST_USE enum err retention_named(const struct seen *seen, const uint64_t *live, daynum first,
                                  struct record_keys *out, struct fault *fault);

#endif
