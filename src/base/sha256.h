/* SPDX-License-Identifier: Apache-2.0
 *
 * sha256 - OpenSSL's SHA-256 behind a context that is made once and used often (the one-shot
 * calls fetch the algorithm every time and are four times slower). One context, one thread. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

struct sha256;

/* NULL when there is no memory. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);

void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
void sha256_end(struct sha256 *h, uint8_t out[SHA256_BYTES]);

/* The whole in one call: for what comes once. */
void sha256_once(const void *p, size_t n, uint8_t out[SHA256_BYTES]);
/* HMAC-SHA-256 (RFC 2104). A key that is used often is made ready once: half of a short HMAC is the
 * key's own two blocks. */
enum { SHA256_STATE = 112 };
struct sha256_key {
    _Alignas(8) uint8_t inner[SHA256_STATE], outer[SHA256_STATE];
};
void sha256_key_init(struct sha256_key *key, const uint8_t bytes[SHA256_BYTES]);
void sha256_key_hmac(const struct sha256_key *key, const void *p, size_t n,
                     uint8_t out[SHA256_BYTES]);
/* Both in one, of n bytes under a 32-byte key. */
void sha256_hmac(const uint8_t bytes[SHA256_BYTES], const void *p, size_t n,
                 uint8_t out[SHA256_BYTES]);
/* 64 lower-case hexadecimal digits and a NUL. */
void sha256_hex(const uint8_t hash[SHA256_BYTES], char out[2 * SHA256_BYTES + 1]);

#endif
