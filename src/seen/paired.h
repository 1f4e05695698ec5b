/* SPDX-License-Identifier: Apache-2.0
 *
 * paired - the IMSIs behind the keyed hashes of pairs, for the list of exceptions (app/lists_exceptions.h). The journal knows
 * hashes alone; who the subscribers are stands sealed among those whom networks saw. One that was found is kept under its hash
 * (record '9', sealed), so that a pair that is taken away later can still be named to those who apply it.
 *
 * Cost: what was found before is read in one pass over '9'. For the rest one pass over all pairs that networks saw, then only
 * those parts of subscribers are opened that have one of them. */
#ifndef SEEN_PAIRED_H
#define SEEN_PAIRED_H

#include "app/lists_exceptions.h"

/* A lists_names_fn: fills in rows[].imsi where it is known, keeps what it found, and writes one event of the audit log.
 * ERR_CODEC, ERR_MEMORY, of the store. */
MUST_USE enum err paired_names(struct registry *registry, const struct lists_asker *who,
                               struct lists_exception *rows, size_t n, struct fault *fault);

#endif
