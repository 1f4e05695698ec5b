/* SPDX-License-Identifier: Apache-2.0
 *
 * jws - a signed token in its compact form (RFC 7515) against a set of keys (RFC 7517), by OpenSSL. Two
 * algorithms are taken, RS256 and ES256: what is signed by a shared secret (HS…) or not at all (none) is
 * no word of anybody's. */
#ifndef PEOPLE_JWS_H
#define PEOPLE_JWS_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

/* Reads `token` and verifies it. *out_claims: an object, json_decref; nothing in it was judged.
 * *out_unknown: no key of the set is the one that it names; the set may be old.
 * ERR_DOOR_TOKEN; fault says what is wrong, never what was said. ERR_MEMORY. */
MUST_USE enum err jws_verify(struct str token, const json_t *keys, json_t **out_claims,
                             bool *out_unknown, struct fault *fault);

#endif
