/* SPDX-License-Identifier: Apache-2.0
 *
 * seal - personal data at rest: XChaCha20-Poly1305 (libsodium) under a ring of numbered keys.
 *
 * A sealed value: version 1 (1 byte), number of the key (4), nonce (24, random), ciphertext, tag
 * (16). Version, key number and the caller's additional data are authenticated with it: a value that
 * was changed, or copied to another record, does not open. Its length tells that of the plain text.
 *
 * Rotation (seal_keys.h): add a key to the ring, use it, seal anew what seal_stale names, drop the old one. Random
 * nonces of 192 bits need no count of the values sealed under one key. sodium_init comes first. */
#ifndef PEOPLE_SEAL_H
#define PEOPLE_SEAL_H

#include "app/registry.h"
#include "base/buf.h"
#include "base/err.h"

enum { SEAL_EXTRA = 1 + 4 + 24 + 16 }; /* bytes that a sealed value is longer than its plain text */

/* Appends plain, sealed, to *out. ad: what the value belongs to (the key of its record and column),
 * the same when it is opened; not stored. ERR_MEMORY. */
MUST_USE enum err seal_put(const struct people_keys *keys, struct str ad, struct str plain,
                           struct buf *out);
/* Appends the plain text to *out, which holds no more than before on failure. ERR_CODEC: damaged,
 * moved or no sealed value; ERR_STORE_KEY: under a key that the ring lacks, whose number fault
 * names; ERR_MEMORY. */
MUST_USE enum err seal_open(const struct people_keys *keys, struct str ad, struct str sealed,
                            struct buf *out, struct fault *fault);
/* Is it under another key than new values are? True for bytes that are no sealed value, too, so
 * that a rotation opens them and hears what is wrong. */
bool seal_stale(const struct people_keys *keys, struct str sealed);
/* Number of the key that it is under; 0: no sealed value. */
uint32_t seal_number(struct str sealed);

#endif
