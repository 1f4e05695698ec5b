/* SPDX-License-Identifier: Apache-2.0
 *
 * signer - an NRF's signing for tests, straight from OpenSSL, so that what libjwt verifies was not made by it. */
#ifndef N5GEIR_SIGNER_H
#define N5GEIR_SIGNER_H

#include <openssl/evp.h>

#include "base/buf.h"

enum { SIGNER_TOKEN = 4200 };

/* A new pair of keys. EVP_PKEY_free. */
EVP_PKEY *signer_rsa(unsigned bits);
EVP_PKEY *signer_ec(const char *group);
/* The public halves, one behind another, in a file of a fresh name, which the caller unlinks. */
void signer_write(EVP_PKEY *const *keys, size_t n, char path[64]);
/* Head and claims as they stand, signed as alg says: "RS256", "ES256", "HS256" (the secret is the public half's PEM),
 * anything else: an empty signature. NUL-terminated. */
void signer_token(EVP_PKEY *key, const char *alg, const char *head, const char *claims,
                  char out[SIGNER_TOKEN]);
/* The same, with a plain head. */
void signer_sign(EVP_PKEY *key, const char *alg, const char *claims, char out[SIGNER_TOKEN]);

#endif
