/* SPDX-License-Identifier: Apache-2.0
 *
 * token_keys - the public keys of NRFs, from a PEM file, and what they signed: RS256 and ES256 by libjwt. What is
 * signed by a shared secret (HS…) or not at all (none) is no word of anybody's, so a key of each kind verifies its own
 * algorithm only. Immutable, so all threads read one. */
#ifndef N5GEIR_TOKEN_KEYS_H
#define N5GEIR_TOKEN_KEYS_H

#include "base/err.h"
#include "base/str.h"

enum token_algorithm { TOKEN_RS256, TOKEN_ES256 }; /* RFC 7518 3.1 */

struct token_keys;

/* PUBLIC KEY and CERTIFICATE of PEM, one behind another: RSA of LIMIT_N5G_RSA_BITS_LEAST to LIMIT_N5G_RSA_BITS,
 * or P-256; at most LIMIT_N5G_KEYS. Dates of a certificate are not looked at: who puts it there believes it.
 * ERR_FILE_OPEN, ERR_SETTING_VALUE, ERR_TOO_MANY, ERR_MEMORY; fault has the file. */
MUST_USE enum err token_keys_read(const char *path, struct token_keys **out, struct fault *fault);
void token_keys_free(struct token_keys *keys); /* NULL: nothing */

/* Did one of them sign this token (compact form, NUL-terminated) by this algorithm? */
bool token_keys_signed(const struct token_keys *keys, enum token_algorithm algorithm,
                       const char *token);

#endif
