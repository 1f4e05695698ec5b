/* SPDX-License-Identifier: Apache-2.0 */
#include "face/signature.h"

#include <sodium.h>

#include "face/nonces.h"

const struct str signature_scheme = {"Tamga-HMAC-SHA256", 17};

enum { NONCE_LEAST = 16, NONCE_MOST = 64, TIME_DIGITS = 12 };

struct signature {
    struct str key, time, nonce, mac;
    int64_t time_s;
};

static bool nonce_ok(struct str nonce)
{
    for (size_t i = 0; i < nonce.n; i++) {
        char c = nonce.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
        if (!ok)
            return false;
    }
    return nonce.n >= NONCE_LEAST && nonce.n <= NONCE_MOST;
}

/* Each parameter once, no other. */
static bool parse(struct str text, struct signature *out)
{
    struct signature s = {0};
    while (text.p) {
        struct str value, name = str_split(str_trim(str_split(text, ',', &text)), '=', &value);
        struct str *to = str_eq(name, STR("key"))         ? &s.key
                         : str_eq(name, STR("time"))      ? &s.time
                         : str_eq(name, STR("nonce"))     ? &s.nonce
                         : str_eq(name, STR("signature")) ? &s.mac
                                                          : NULL;
        if (!to || to->p || !value.p)
            return false;
        *to = value;
    }
    uint64_t seconds;
    if (!s.key.p || !nonce_ok(s.nonce) || s.mac.n != 2 * SHA256_BYTES || s.time.n > TIME_DIGITS ||
        !str_to_u64(s.time, INT64_MAX, &seconds))
        return false;
    s.time_s = (int64_t)seconds;
    *out = s;
    return true;
}

/* What is signed. */
static void compose(const struct request *request, const struct signature *s, struct buf *out)
{
    uint8_t digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    sha256_once(request->body.p, request->body.n, digest);
    sha256_hex(digest, hex);
    const struct str lines[] = {STR("TAMGA1"), request->method, request->target,
                                s->time,       s->nonce,        str_z(hex)};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        buf_str(out, lines[i]);
        buf_str(out, STR("\n"));
    }
}

enum err signature_check(struct exchange *x, struct str parameters, struct caller *out)
{
    struct signature s;
    struct caller caller;
    uint8_t secret[API_KEY_BYTES], mac[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    struct buf text = {0};
    if (!parse(parameters, &s))
        return ERR_SIGNATURE;
    enum err err = service_signer(x->site->service, s.key, &caller, secret);
    if (err)
        return err;
    compose(x->request, &s, &text);
    err = text.failed ? ERR_MEMORY : ERR_OK;
    sha256_hmac(secret, text.p, err ? 0 : text.n, mac);
    sha256_hex(mac, hex);
    sodium_memzero(secret, sizeof secret);
    buf_release(&text);
    if (!err && sodium_memcmp(hex, s.mac.p, s.mac.n) != 0)
        err = ERR_SIGNATURE;
    if (err)
        return err;
    int64_t now_s = clock_now_us(x->site->wall) / 1000000;
    if (s.time_s < now_s - LIMIT_SIGNATURE_SECONDS || s.time_s > now_s + LIMIT_SIGNATURE_SECONDS ||
        s.time_s < x->site->started_s)
        return ERR_SIGNATURE_TIME;
    err = nonces_take(x->site->nonces, caller.id, s.nonce, now_s,
                      s.time_s + LIMIT_SIGNATURE_SECONDS + 1);
    if (!err)
        *out = caller;
    return err;
}
