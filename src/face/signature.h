/* SPDX-License-Identifier: Apache-2.0
 *
 * signature - requests that a back end signs, so that its key never travels:
 *
 *   Authorization: Tamga-HMAC-SHA256 key=3f2a91c0, time=1767225600, nonce=…, signature=…
 *
 * signature: HMAC-SHA-256, in lower-case hexadecimal, under the 32 bytes of the signing key, over these
 * lines, each ended by a line feed: "TAMGA1", the method (of HEAD: GET), the target as sent (path and
 * query), time (UTC seconds), nonce (16 to 64 of A-Z a-z 0-9 - _), SHA-256 of the body in lower-case
 * hexadecimal. The time may be off by LIMIT_SIGNATURE_SECONDS and must not lie before the server's
 * start (what was used before is not remembered); a nonce counts once. */
#ifndef FACE_SIGNATURE_H
#define FACE_SIGNATURE_H

#include "face/request.h"

extern const struct str signature_scheme; /* "Tamga-HMAC-SHA256" */

/* parameters: what follows the scheme. ERR_KEY, ERR_SIGNATURE (does not fit, or is unreadable),
 * ERR_SIGNATURE_TIME, ERR_SIGNATURE_USED, ERR_CROWDED. */
MUST_USE enum err signature_check(struct exchange *x, struct str parameters, struct caller *out);

#endif
