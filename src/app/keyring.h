/* SPDX-License-Identifier: Apache-2.0
 *
 * keyring - the register's API keys in memory, for a server that answers: loaded by the thread that
 * follows the register, asked by all the others. Memory is bounded by LIMIT_API_KEYS. */
#ifndef APP_KEYRING_H
#define APP_KEYRING_H

#include "app/api_key.h"

/* Who asks, once his key was proven. */
struct caller {
    uint32_t id;
    uint32_t scopes;   /* enum api_scope */
    enum err standing; /* ERR_OK, ERR_KEY_EXPIRED, ERR_KEY_REVOKED: told to nobody who has no key */
    char name[LIMIT_NAME +
              1]; /* of the key: the operator's, and behind a slash which program of his */
};

struct keyring;
/* keys: copied. NULL when there is no memory. */
struct keyring *keyring_new(const struct register_keys *keys);
void keyring_free(struct keyring *keyring);

/* Reads all keys anew; by one thread at a time. */
MUST_USE enum err keyring_load(struct keyring *keyring, struct registry *registry,
                               struct fault *fault);

/* "tamga_ID_SECRET". ERR_KEY: none of ours. today: for expiry. */
MUST_USE enum err keyring_bearer(struct keyring *keyring, struct str text, daynum today,
                                 struct caller *out);
/* By what a proxy says of a client's certificate. ERR_KEY. */
MUST_USE enum err keyring_certificate(struct keyring *keyring, struct str certificate, daynum today,
                                      struct caller *out);
/* The signing key of an id; nothing is proven yet. ERR_KEY. */
MUST_USE enum err keyring_signer(struct keyring *keyring, struct str id, daynum today,
                                 struct caller *out, uint8_t out_secret[API_KEY_BYTES]);

#endif
