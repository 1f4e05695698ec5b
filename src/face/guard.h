/* SPDX-License-Identifier: Apache-2.0
 *
 * guard - how much one may ask. Who has an API key has a bucket of his own; everybody else pays three
 * times: from the bucket of his kind of browser behind his address, from that of the address, and from
 * the one that all of the public share. Why so: ARCHITECTURE.md, "Who is one client". */
#ifndef FACE_GUARD_H
#define FACE_GUARD_H

#include "face/request.h"

/* Who asks: fills x->caller when the request carries a key, a signature, or came with a certificate.
 * ERR_KEY…, ERR_SIGNATURE…, ERR_SCOPE: what that does not open this is refused, never taken for the public. */
/* scopes: enum api_scope, of which the key must have one (ERR_SCOPE) and without which nobody is let in (ERR_KEY);
 * 0: the public may ask, keys want a scope for checks. Who has waited for news is looked at again: his key
 * may have ended. */
MUST_USE enum err guard_identify(struct exchange *x, uint32_t scopes);
/* The same when a head has come, before its large body is read; a signature is judged when the body is there. */
MUST_USE enum err guard_knock(struct exchange *x, uint32_t scopes);
/* IMEIs that he may ask at once. */
size_t guard_most(const struct exchange *x);

/* Pays for so many IMEIs, or for none: ERR_RATE, or ERR_CROWDED when the public together asks too
 * much or too many requests wait; response->retry_after_s tells when to come again. */
MUST_USE enum err guard_admit(struct exchange *x, uint64_t imeis);
/* The rest of a batch, whose first IMEI the route paid for. Who is refused pays for that one again when he
 * comes back: he is told a second more, which is enough at any rate. */
MUST_USE enum err guard_admit_rest(struct exchange *x, uint64_t imeis);
/* One check, counted: what every handler calls. */
MUST_USE enum err guard_check(struct exchange *x, struct str typed, uint64_t imsi,
                              struct checked *out);

#endif
