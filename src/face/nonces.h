/* SPDX-License-Identifier: Apache-2.0
 *
 * nonces - which signed requests were seen, in memory of a fixed size. It never forgets one early: when
 * there is no room the request is refused, for a forgotten nonce would let a copy pass. Only
 * requests whose signature is right come here, so nobody without a key can fill it. */
#ifndef FACE_NONCES_H
#define FACE_NONCES_H

#include "base/err.h"
#include "base/str.h"

struct nonces;

/* NULL when there is no memory. */
struct nonces *nonces_new(void);
void nonces_free(struct nonces *nonces);

/* Remembers it until a second (of any clock, always the same). ERR_SIGNATURE_USED: it was seen;
 * ERR_CROWDED: no room. From any thread. */
MUST_USE enum err nonces_take(struct nonces *nonces, uint32_t key_id, struct str nonce,
                              int64_t now_s, int64_t until_s);

#endif
