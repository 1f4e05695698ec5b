/* SPDX-License-Identifier: Apache-2.0
 *
 * password - passwords of staff: what a new one must be, and Argon2id (libsodium, RFC 9106) of it.
 *
 * Length counts, not composition (NIST SP 800-63B 5.1.1.2): no digits or signs are asked for, nothing
 * expires. One hash takes 64 MiB and some 50 ms (crypto_pwhash's INTERACTIVE settings): whoever serves
 * logins bounds how many run at once. sodium_init comes first (keys_load calls it). */
#ifndef PEOPLE_PASSWORD_H
#define PEOPLE_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum { PASSWORD_HASH_TEXT = 128 }; /* "$argon2id$v=19$m=65536,t=2,p=1$...", NUL included */

/* May this be the account's new password? ERR_UTF8; ERR_PASSWORD_SHORT: under LIMIT_PASSWORD_LEAST
 * characters; ERR_PASSWORD_LONG: over LIMIT_PASSWORD bytes; ERR_PASSWORD_WEAK: one character, or the
 * account's name, over and over; the case of ASCII letters does not count. */
MUST_USE enum err password_check(struct str account, struct str password);

/* What is stored of a password that password_check has passed: settings, a salt of its own, hash.
 * ERR_MEMORY. */
MUST_USE enum err password_hash(struct str password, char out[PASSWORD_HASH_TEXT]);

/* Is it the password of this hash? Compared in constant time. False, too, for what is no hash, and
 * without memory. */
MUST_USE bool password_right(const char hash[PASSWORD_HASH_TEXT], struct str password);

/* The same for an account that does not exist: false, at the price of password_right, so that the
 * time of an answer does not tell who works here. */
MUST_USE bool password_waste(struct str password);

#endif
