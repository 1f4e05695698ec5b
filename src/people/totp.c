/* SPDX-License-Identifier: Apache-2.0 */
#include "people/totp.h"

#include <assert.h>
#include <oath.h>
#include <sodium.h>

enum { DIGITS = TOTP_CODE_TEXT - 1, WINDOW = 1 };

enum err totp_init(void)
{
    return oath_init() == OATH_OK ? ERR_OK : ERR_MEMORY;
}

void totp_secret_make(uint8_t out[TOTP_SECRET_BYTES])
{
    randombytes_buf(out, TOTP_SECRET_BYTES);
}

static void code_of(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step, char out[TOTP_CODE_TEXT])
{
    int rc = oath_hotp_generate((const char *)secret, TOTP_SECRET_BYTES, (uint64_t)step, DIGITS,
                                false, OATH_HOTP_DYNAMIC_TRUNCATION, out);
    assert(rc == OATH_OK); /* only the number of digits could be wrong */
}

void totp_now(const uint8_t secret[TOTP_SECRET_BYTES], int64_t now_s, char out[TOTP_CODE_TEXT])
{
    code_of(secret, now_s / TOTP_STEP_SECONDS, out);
}

/* Every step is made and compared, so that the time tells nothing. Of two steps that happen to have
 * the same code the later is used up, so that the code is not good for a second time. */
bool totp_right(const uint8_t secret[TOTP_SECRET_BYTES], struct str code, int64_t now_s,
                int64_t last_used_step, int64_t *out_step)
{
    if (code.n != DIGITS || !str_digits(code) || now_s < 0)
        return false;
    int64_t now = now_s / TOTP_STEP_SECONDS, found = TOTP_NO_STEP;
    for (int64_t step = now ? now - WINDOW : now; step <= now + WINDOW; step++) {
        char want[TOTP_CODE_TEXT];
        code_of(secret, step, want);
        bool same = sodium_memcmp(want, code.p, DIGITS) == 0;
        found = same && step > last_used_step ? step : found;
        sodium_memzero(want, sizeof want);
    }
    if (found == TOTP_NO_STEP)
        return false;
    *out_step = found;
    return true;
}

static void put_encoded(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            buf_put(out, &c, 1);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

/* RFC 4648 6; 20 bytes are 32 letters without padding. */
static void put_base32(struct buf *out, const uint8_t secret[TOTP_SECRET_BYTES])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static_assert(TOTP_SECRET_BYTES % 5 == 0, "five bytes are eight letters");
    for (size_t i = 0; i < TOTP_SECRET_BYTES; i += 5) {
        uint64_t group = get_be(secret + i, 5);
        for (int shift = 35; shift >= 0; shift -= 5)
            buf_put(out, &letters[group >> shift & 31], 1);
    }
}

void totp_uri(const uint8_t secret[TOTP_SECRET_BYTES], struct str issuer, struct str account,
              struct buf *out)
{
    buf_str(out, STR("otpauth://totp/"));
    put_encoded(out, issuer);
    buf_str(out, STR(":"));
    put_encoded(out, account);
    buf_str(out, STR("?secret="));
    put_base32(out, secret);
    buf_str(out, STR("&issuer="));
    put_encoded(out, issuer);
    buf_printf(out, "&algorithm=SHA1&digits=%d&period=%d", DIGITS, TOTP_STEP_SECONDS);
}
