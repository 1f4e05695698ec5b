/* SPDX-License-Identifier: Apache-2.0
 *
 * cheap_sign - in a fuzz target, a signature that costs nothing in place of Ed25519: it depends on every byte of
 * the message and on the key, so what is unsigned is still refused, and what the target signs is let through. Two
 * multiplications of a curve an input would be most of the target's time. A target includes it once. */
#ifndef FUZZ_CHEAP_SIGN_H
#define FUZZ_CHEAP_SIGN_H

#include <string.h>

#include <sodium.h>

#include "base/mix.h"

enum { CHEAP_SIGNATURE = 64 };

static inline void cheap_sign(uint8_t out[CHEAP_SIGNATURE], const uint8_t *message, size_t n,
                              const uint8_t *public_key)
{
    uint64_t word, sum = mix64(n + 1);
    for (size_t at = 0; at < n; at += sizeof word) {
        word = 0;
        memcpy(&word, message + at, n - at < sizeof word ? n - at : sizeof word);
        sum = mix64(sum ^ word);
    }
    memcpy(&word, public_key, sizeof word);
    for (size_t at = 0; at < CHEAP_SIGNATURE; at += sizeof sum) {
        sum = mix64(sum ^ word);
        memcpy(out + at, &sum, sizeof sum);
    }
}

/* libsodium's, for this program. */
int crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                unsigned long long n, const unsigned char *public_key)
{
    uint8_t want[CHEAP_SIGNATURE];
    cheap_sign(want, message, (size_t)n, public_key);
    return memcmp(want, signature, sizeof want) == 0 ? 0 : -1;
}

#endif
