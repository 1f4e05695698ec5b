/* SPDX-License-Identifier: Apache-2.0 */
#include "people/password.h"

#include <assert.h>
#include <sodium.h>

static_assert(PASSWORD_HASH_TEXT == crypto_pwhash_STRBYTES, "what libsodium writes");

enum { WASTE_BYTES = 32 /* as many as stand in a hash */ };

/* Bytes of the character that begins here, in valid UTF-8. */
static size_t character_bytes(const char *p)
{
    unsigned char lead = (unsigned char)*p;
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t at = 0; at < s.n; at += character_bytes(s.p + at))
        n++;
    return n;
}

/* Nothing but copies of the piece? */
static bool repeats(struct str s, struct str piece)
{
    if (!piece.n || s.n % piece.n)
        return false;
    for (size_t at = 0; at < s.n; at += piece.n)
        if (!str_eq_nocase((struct str){s.p + at, piece.n}, piece))
            return false;
    return true;
}

enum err password_check(struct str account, struct str password)
{
    if (password.n > LIMIT_PASSWORD)
        return ERR_PASSWORD_LONG;
    if (!str_utf8(password))
        return ERR_UTF8;
    if (characters(password) < LIMIT_PASSWORD_LEAST)
        return ERR_PASSWORD_SHORT;
    struct str first = {password.p, character_bytes(password.p)};
    if (repeats(password, first) || repeats(password, account))
        return ERR_PASSWORD_WEAK;
    return ERR_OK;
}

enum err password_hash(struct str password, char out[PASSWORD_HASH_TEXT])
{
    char hash[PASSWORD_HASH_TEXT];
    if (crypto_pwhash_str(hash, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return ERR_MEMORY;
    memcpy(out, hash, sizeof hash);
    return ERR_OK;
}

bool password_right(const char hash[PASSWORD_HASH_TEXT], struct str password)
{
    if (!memchr(hash, '\0', PASSWORD_HASH_TEXT))
        return false;
    return crypto_pwhash_str_verify(hash, password.p, password.n) == 0;
}

bool password_waste(struct str password)
{
    static const uint8_t salt[crypto_pwhash_SALTBYTES] = {0};
    uint8_t hash[WASTE_BYTES];
    int failed = crypto_pwhash(hash, sizeof hash, password.p, password.n, salt,
                               crypto_pwhash_OPSLIMIT_INTERACTIVE,
                               crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_DEFAULT);
    (void)failed; /* without memory it costs as little as password_right does then */
    sodium_memzero(hash, sizeof hash);
    return false;
}
