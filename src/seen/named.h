/* SPDX-License-Identifier: Apache-2.0
 *
 * named - many subscribers opened at once: their parts are read in order, and of them only those are unsealed that are
 * wanted, one in memory at a time. All of a country's 26 M are 416 MB of ciphertext, a second or so of a core. */
#ifndef SEEN_NAMED_H
#define SEEN_NAMED_H

#include "seen/parts.h"

/* fn false: stop. */
typedef bool named_fn(void *ctx, uint32_t number, const struct seen_subscriber *subscriber);
/* numbers: ascending; NULL: all. Who was dropped is passed over. ERR_CODEC, ERR_MEMORY, of the store. */
MUST_USE enum err named_each(struct registry *registry, const uint32_t *numbers, size_t n,
                             named_fn *fn, void *ctx, struct fault *fault);

#endif
