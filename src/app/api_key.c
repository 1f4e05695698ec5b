/* SPDX-License-Identifier: Apache-2.0 */
#include "app/api_key.h"

#include <sodium.h>
#include <stdio.h>

enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
_Static_assert(API_KEY_SECRET == NONCE + API_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "the sealed key fits exactly");

static const struct {
    struct str name;
    uint32_t scope;
} scopes[] = {{STR("check"), API_SCOPE_CHECK}, {STR("check.batch"), API_SCOPE_CHECK_BATCH},
              {STR("feed"), API_SCOPE_FEED},   {STR("sightings"), API_SCOPE_SIGHTINGS},
              {STR("lists"), API_SCOPE_LISTS}, {STR("notices"), API_SCOPE_NOTICES},
              {STR("rows"), API_SCOPE_ROWS},   {STR("lookup"), API_SCOPE_LOOKUP}};
enum { SCOPES = sizeof scopes / sizeof scopes[0] };

static const char prefix[] = "tamga_";

const char *api_key_kind_name(uint8_t kind)
{
    static const char *const names[] = {[API_KEY_BEARER] = "bearer",
                                        [API_KEY_SIGNED] = "signed",
                                        [API_KEY_CERTIFICATE] = "certificate"};
    return kind && kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

/* ---- texts ---- */

void api_key_id_format(uint32_t id, char out[API_KEY_ID_TEXT])
{
    snprintf(out, API_KEY_ID_TEXT, "%08x", (unsigned)id);
}

/* Lower-case hexadecimal, exactly n bytes. */
static bool hex_bytes(struct str text, uint8_t *out, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    if (text.n != 2 * n)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = memchr(digits, text.p[i], 16);
        if (!at)
            return false;
        uint8_t value = (uint8_t)(at - digits);
        out[i / 2] = i % 2 ? (uint8_t)(out[i / 2] | value) : (uint8_t)(value << 4);
    }
    return true;
}

bool api_key_id_parse(struct str text, uint32_t *out)
{
    uint8_t bytes[4];
    if (!hex_bytes(text, bytes, sizeof bytes))
        return false;
    *out = (uint32_t)get_be(bytes, 4);
    return true;
}

bool api_key_parse(struct str text, uint32_t *out_id, uint8_t out_secret[API_KEY_BYTES])
{
    struct str head = str_z(prefix), secret;
    if (!str_starts(text, head))
        return false;
    struct str id = str_split((struct str){text.p + head.n, text.n - head.n}, '_', &secret);
    return secret.p && api_key_id_parse(id, out_id) && hex_bytes(secret, out_secret, API_KEY_BYTES);
}

void api_key_scopes_format(uint32_t set, char out[API_KEY_SCOPES_TEXT])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < SCOPES; i++)
        if (set & scopes[i].scope)
            n += (size_t)snprintf(out + n, API_KEY_SCOPES_TEXT - n, "%s%.*s", n ? "," : "",
                                  STR_ARG(scopes[i].name));
}

static enum err parse_scopes(struct str text, uint32_t *out, struct fault *fault)
{
    uint32_t set = 0;
    struct str rest = text;
    while (rest.p) {
        struct str one = str_trim(str_split(rest, ',', &rest));
        uint32_t found = 0;
        for (size_t i = 0; i < SCOPES; i++)
            if (str_eq(one, scopes[i].name))
                found = scopes[i].scope;
        if (!found) {
            fault_value(fault, one.p, one.n);
            return fault_set(
                fault, ERR_API_SCOPE,
                "a scope is check, check.batch, feed, sightings, lists, notices, rows or lookup");
        }
        set |= found;
    }
    *out = set;
    return ERR_OK;
}

/* ---- what is stored ---- */

void api_key_hash(const struct register_keys *keys, const uint8_t secret[API_KEY_BYTES],
                  uint8_t out[SHA256_BYTES])
{
    sha256_hmac(keys->api, secret, API_KEY_BYTES, out);
}

/* Letters' case and colons differ between proxies. */
void api_key_certificate_hash(struct str certificate, uint8_t out[SHA256_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < certificate.n; i++) {
        uint8_t c = (uint8_t)certificate.p[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (c != ':')
            crypto_hash_sha256_update(&state, &c, 1);
    }
    crypto_hash_sha256_final(&state, out);
}

/* The number of the key is authenticated with it: a row moved to another number opens nothing. */
static void seal(const struct register_keys *keys, struct api_key *key,
                 const uint8_t secret[API_KEY_BYTES])
{
    uint8_t id[4];
    put_be(id, key->id, sizeof id);
    randombytes_buf(key->secret, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(key->secret + NONCE, NULL, secret, API_KEY_BYTES, id,
                                               sizeof id, NULL, key->secret, keys->seal);
    key->secret_n = API_KEY_SECRET;
}

bool api_key_unseal(const struct register_keys *keys, const struct api_key *key,
                    uint8_t out[API_KEY_BYTES])
{
    uint8_t id[4];
    put_be(id, key->id, sizeof id);
    return key->secret_n == API_KEY_SECRET &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, key->secret + NONCE,
                                                      API_KEY_SECRET - NONCE, id, sizeof id,
                                                      key->secret, keys->seal) == 0;
}

/* ---- acts ---- */

struct search {
    uint32_t id;
    bool found;
    size_t count;
    struct api_key *key;
};

static bool look(void *ctx, const struct api_key *key)
{
    struct search *search = ctx;
    search->count++;
    if (key->id == search->id) {
        search->found = true;
        if (search->key)
            *search->key = *key;
    }
    return true;
}

static enum err note(struct registry *reg, const struct api_key *key, const char *what,
                     int64_t now_ms, struct fault *fault)
{
    char text[200], list[API_KEY_SCOPES_TEXT], day[DAYNUM_TEXT];
    api_key_scopes_format(key->scopes, list);
    daynum_format(key->expires, day);
    int n = snprintf(text, sizeof text, "api key %08x %s: %s, %s, %s, through %s",
                     (unsigned)key->id, what, key->name, api_key_kind_name(key->kind), list, day);
    return store_note_put(reg->store, 0, now_ms, reg->actor,
                          (struct str){text, n < (int)sizeof text ? (size_t)n : sizeof text - 1},
                          fault);
}

/* In a write: a number that no key has, the secret, the row and its note. */
static enum err make(struct registry *reg, const struct api_key_wish *wish, struct api_key *key,
                     char out_text[API_KEY_TEXT], struct fault *fault)
{
    struct search search = {0};
    do {
        randombytes_buf(&key->id, sizeof key->id);
        search = (struct search){.id = key->id};
        enum err err = store_api_keys(reg->store, look, &search, fault);
        if (err)
            return err;
        if (search.count >= LIMIT_API_KEYS)
            return fault_set(fault, ERR_TOO_MANY, "a register has at most %d API keys",
                             LIMIT_API_KEYS);
    } while (search.found || !key->id);
    uint8_t secret[API_KEY_BYTES];
    char hex[2 * API_KEY_BYTES + 1];
    randombytes_buf(secret, sizeof secret);
    sha256_hex(secret, hex);
    out_text[0] = '\0';
    if (key->kind == API_KEY_CERTIFICATE)
        api_key_certificate_hash(wish->certificate, key->secret);
    else
        snprintf(out_text, API_KEY_TEXT, "%s%08x_%s", prefix, (unsigned)key->id, hex);
    key->secret_n = SHA256_BYTES;
    if (key->kind == API_KEY_BEARER)
        api_key_hash(&reg->keys, secret, key->secret);
    else if (key->kind == API_KEY_SIGNED)
        seal(&reg->keys, key, secret);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(hex, sizeof hex);
    enum err err = store_api_key_put(reg->store, key, fault);
    return err ? err : note(reg, key, "made", key->created_ms, fault);
}

enum err api_key_create(struct registry *reg, const struct api_key_wish *wish, struct api_key *out,
                        char out_text[API_KEY_TEXT], struct fault *fault)
{
    struct api_key key = {.kind = wish->kind,
                          .expires = wish->expires,
                          .created_ms = clock_now_us(reg->clock) / 1000,
                          .created_by = reg->actor};
    if (!wish->name.n || wish->name.n > LIMIT_NAME || !str_printable(wish->name)) {
        fault_value(fault, wish->name.p, wish->name.n);
        return fault_set(fault, ERR_NAME, "a name is 1 to %d bytes of plain UTF-8", LIMIT_NAME);
    }
    str_copy(key.name, sizeof key.name, wish->name);
    enum err err = parse_scopes(wish->scopes, &key.scopes, fault);
    if (err)
        return err;
    daynum today = registry_today(reg);
    if (key.expires == DAYNUM_NONE)
        key.expires = today + API_KEY_DAYS;
    if (key.expires < today)
        return fault_set(fault, ERR_DATE, "the key would have expired already");
    err = store_write_begin(reg->store, fault);
    if (!err)
        err = make(reg, wish, &key, out_text, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    else
        *out = key;
    return err;
}

static enum err revoke(struct registry *reg, struct str id, struct api_key *key,
                       struct fault *fault)
{
    struct search search = {.key = key};
    bool readable = api_key_id_parse(id, &search.id);
    enum err err = readable ? store_api_keys(reg->store, look, &search, fault) : ERR_OK;
    if (err)
        return err;
    if (!search.found) {
        fault_value(fault, id.p, id.n);
        return fault_set(fault, ERR_KEY, "no key has this id: see user key list");
    }
    if (key->revoked_ms)
        return ERR_OK;
    key->revoked_ms = clock_now_us(reg->clock) / 1000;
    key->revoked_by = reg->actor;
    err = store_api_key_put(reg->store, key, fault);
    return err ? err : note(reg, key, "revoked", key->revoked_ms, fault);
}

enum err api_key_revoke(struct registry *reg, struct str id, struct api_key *out,
                        struct fault *fault)
{
    struct api_key key;
    enum err err = store_write_begin(reg->store, fault);
    if (!err)
        err = revoke(reg, id, &key, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    else
        *out = key;
    return err;
}
