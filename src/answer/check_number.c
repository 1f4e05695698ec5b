/* SPDX-License-Identifier: Apache-2.0
 *
 * check_number - 100 bits that prove what was said, with nothing stored:
 *
 *   24 minute | 20 IMEI digest | 6 reason | 1 served | 49 authentication
 *
 * The authentication is an HMAC over the first 51 bits: a number that was made up is right once in
 * 2^49. The IMEI digest is keyed and takes the minute in, so that two numbers do not tell
 * whether they speak of one phone; a number held against another IMEI passes once in 2^20. Minutes
 * run to 2051-11. */
#include "answer/answer.h"

#include <assert.h>

enum {
    MINUTE_BITS = 24,
    DIGEST_BITS = 20,
    REASON_BITS = 6,
    SERVED_BITS = 1,
    SAID_BITS = MINUTE_BITS + DIGEST_BITS + REASON_BITS + SERVED_BITS,
    PROOF_BITS = 49,
    SYMBOL_BITS = 5,
    SYMBOLS = 20,
    GROUP = 5,
};

static_assert(SAID_BITS + PROOF_BITS == SYMBOLS * SYMBOL_BITS, "all bits are used");

typedef unsigned __int128 bits;

/* Crockford's base32: no I, L, O, U. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static uint64_t low(uint64_t v, unsigned count)
{
    return v & ((1ULL << count) - 1);
}

/* Bits of an HMAC; the labels keep the two uses of the key apart. */
static uint64_t digest_of(const struct sha256_key *key, int64_t minute, struct imei imei)
{
    uint8_t bytes[20] = "imei", hash[SHA256_BYTES];
    put_be(bytes + 4, low((uint64_t)minute, MINUTE_BITS), 8);
    put_be(bytes + 12, imei.body, 8);
    sha256_key_hmac(key, bytes, sizeof bytes, hash);
    return low(get_be(hash, 8), DIGEST_BITS);
}

static uint64_t proof_of(const struct sha256_key *key, uint64_t said)
{
    uint8_t bytes[13] = "check", hash[SHA256_BYTES];
    put_be(bytes + 5, said, 8);
    sha256_key_hmac(key, bytes, sizeof bytes, hash);
    return low(get_be(hash, 8), PROOF_BITS);
}

static void write_symbols(bits all, char out[CHECK_NUMBER_TEXT])
{
    for (unsigned i = 0; i < SYMBOLS; i++) {
        unsigned shift = SYMBOL_BITS * (SYMBOLS - 1 - i);
        if (i && i % GROUP == 0)
            *out++ = '-';
        *out++ = alphabet[(unsigned)(all >> shift) & 31];
    }
    *out = '\0';
}

void check_number_make(const struct sha256_key *key, struct imei imei, const struct check_number *n,
                       char out[CHECK_NUMBER_TEXT])
{
    uint64_t said = low((uint64_t)n->minute, MINUTE_BITS);
    said = said << DIGEST_BITS | digest_of(key, n->minute, imei);
    said = said << REASON_BITS | low(n->reason, REASON_BITS);
    said = said << SERVED_BITS | n->served;
    write_symbols((bits)said << PROOF_BITS | proof_of(key, said), out);
}

/* -1: no symbol. */
static int symbol_value(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        c = '1';
    if (c == 'O')
        c = '0';
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

static bool parse(struct str text, bits *out)
{
    bits all = 0;
    unsigned symbols = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ' ' || text.p[i] == '-')
            continue;
        int value = symbol_value(text.p[i]);
        if (value < 0 || symbols == SYMBOLS)
            return false;
        all = all << SYMBOL_BITS | (unsigned)value;
        symbols++;
    }
    *out = all;
    return symbols == SYMBOLS;
}

bool check_number_tidy(struct str text, char out[CHECK_NUMBER_TEXT])
{
    bits all;
    if (!parse(text, &all))
        return false;
    write_symbols(all, out);
    return true;
}

bool check_number_read(const struct sha256_key *key, struct str text, const struct imei *imei,
                       struct check_number *out)
{
    bits all;
    if (!parse(text, &all))
        return false;
    uint64_t said = (uint64_t)(all >> PROOF_BITS);
    if (proof_of(key, said) != low((uint64_t)all, PROOF_BITS))
        return false;
    uint64_t reason = said >> SERVED_BITS;
    uint64_t digest = reason >> REASON_BITS;
    int64_t minute = (int64_t)(digest >> DIGEST_BITS);
    if (imei && digest_of(key, minute, *imei) != low(digest, DIGEST_BITS))
        return false;
    *out = (struct check_number){
        .minute = minute,
        .reason = (uint8_t)low(reason, REASON_BITS),
        .served = low(said, SERVED_BITS),
    };
    return true;
}
