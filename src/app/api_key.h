/* SPDX-License-Identifier: Apache-2.0
 *
 * api_key - keys by which programs ask: made, listed, revoked. A key is 256 random bits, shown once;
 * what is stored of it opens nothing without the register's key file. No slow hash as for passwords: there
 * is nothing to guess in 256 random bits, and a hash that takes 50 ms would let anybody stop the door
 * by sending wrong keys.
 *
 * Each act leaves a note of who did it (store_note_put): the audit log takes these over when it
 * comes. */
#ifndef APP_API_KEY_H
#define APP_API_KEY_H

#include "app/registry.h"

enum {
    API_KEY_ID_TEXT = 9, /* 8 hexadecimal digits and a NUL */
    API_KEY_BYTES = 32,
    API_KEY_TEXT = 96,  /* "tamga_3f2a91c0_" and 64 hexadecimal digits, NUL */
    API_KEY_DAYS = 366, /* a key's life when nobody says another */
    API_KEY_SCOPES_TEXT = 64,
};

/* What is wanted. */
struct api_key_wish {
    struct str name;        /* whose program */
    struct str scopes;      /* "check,check.batch" */
    struct str certificate; /* API_KEY_CERTIFICATE: as the proxy passes it */
    uint8_t kind;           /* enum api_key_kind */
    daynum expires;         /* last day; DAYNUM_NONE: API_KEY_DAYS from today */
};

/* out_text: the key, to be shown once; empty for a certificate. ERR_NAME, ERR_API_SCOPE, ERR_DATE
 * (a day that is past), ERR_TOO_MANY. */
MUST_USE enum err api_key_create(struct registry *registry, const struct api_key_wish *wish,
                                 struct api_key *out, char out_text[API_KEY_TEXT],
                                 struct fault *fault);
/* ERR_KEY: there is none. One that is revoked stays so. */
MUST_USE enum err api_key_revoke(struct registry *registry, struct str id, struct api_key *out,
                                 struct fault *fault);

void api_key_id_format(uint32_t id, char out[API_KEY_ID_TEXT]);
bool api_key_id_parse(struct str text, uint32_t *out);
/* Both parts of "tamga_ID_SECRET". */
bool api_key_parse(struct str text, uint32_t *out_id, uint8_t out_secret[API_KEY_BYTES]);
/* "check,check.batch". */
void api_key_scopes_format(uint32_t scopes, char out[API_KEY_SCOPES_TEXT]);
const char *api_key_kind_name(uint8_t kind);

/* What is stored of a key's bytes, by kind. */
void api_key_hash(const struct register_keys *keys, const uint8_t secret[API_KEY_BYTES],
                  uint8_t out[SHA256_BYTES]);
void api_key_certificate_hash(struct str certificate, uint8_t out[SHA256_BYTES]);
/* Opens the signing key of an API_KEY_SIGNED; false: damaged, or of another register. */
bool api_key_unseal(const struct register_keys *keys, const struct api_key *key,
                    uint8_t out[API_KEY_BYTES]);

#endif
