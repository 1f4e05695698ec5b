/* SPDX-License-Identifier: Apache-2.0
 *
 * totp - the second factor of staff: codes by time (RFC 6238) as authenticator apps make them: SHA-1,
 * 6 digits, steps of 30 seconds from 1970 on. A code of the step before or after is taken, too (RFC 6238
 * 5.2, 6), a code counts once. The secret is whoever stores it to seal (people/seal.h) and whoever holds it
 * to wipe. */
#ifndef PEOPLE_TOTP_H
#define PEOPLE_TOTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    TOTP_SECRET_BYTES = 20, /* as long as SHA-1's hash, RFC 4226 4 R6 */
    TOTP_CODE_TEXT = 7,     /* 6 digits and NUL */
    TOTP_STEP_SECONDS = 30,
    TOTP_NO_STEP = -1, /* no code was used yet */
};

/* Makes liboath ready; once, before threads begin. ERR_MEMORY. */
MUST_USE enum err totp_init(void);

void totp_secret_make(uint8_t out[TOTP_SECRET_BYTES]);

/* Is it a code of now, of a later step than the last that was used? *out_step is its step, to be stored
 * before anybody is let in; untouched when false. now_s: UTC seconds. Compared in constant time. Who
 * guesses has three of a million: the caller counts wrong codes. */
MUST_USE bool totp_right(const uint8_t secret[TOTP_SECRET_BYTES], struct str code, int64_t now_s,
                         int64_t last_used_step, int64_t *out_step);

/* The code of now: for demonstrations and tests, which have no app. now_s: UTC seconds, not negative. */
void totp_now(const uint8_t secret[TOTP_SECRET_BYTES], int64_t now_s, char out[TOTP_CODE_TEXT]);

/* Appends what a QR code tells an app: "otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER&...".
 * It holds the secret. issuer, account: UTF-8; what is no letter, digit or one of -._~ is
 * percent-encoded (RFC 3986 2.1). out->failed without memory. */
void totp_uri(const uint8_t secret[TOTP_SECRET_BYTES], struct str issuer, struct str account,
              struct buf *out);

#endif
