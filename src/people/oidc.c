/* SPDX-License-Identifier: Apache-2.0 */
#include "people/oidc.h"

#include <jansson.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "people/fetch.h"
#include "people/jws.h"
#include "people/oidc_claims.h"

enum {
    KEPT_S = 3600, /* what the provider publishes */
    AT_ONCE = 4,   /* who wait for it, so that a slow one does not hold all who sign in */
    SECRET_MAX = 512,
};

struct oidc {
    char *issuer, *client, *ca, *iin_claim, *name;
    char *sign_in; /* "client:secret", each escaped (RFC 6749 2.3.1); NULL: public */
    atomic_int at_work;
    pthread_mutex_t lock; /* guards the rest */
    json_t *published, *keys;
    int64_t published_s, keys_s;
};

/* ---- writing a query ---- */

static void put_escaped(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("-._~", c)))
            buf_put(out, &c, 1);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static void put_pair(struct buf *out, const char *name, struct str value)
{
    if (out->n && out->p[out->n - 1] != '?')
        buf_put(out, "&", 1);
    buf_str(out, str_z(name));
    buf_put(out, "=", 1);
    put_escaped(out, value);
}

/* ---- opening ---- */

static bool is_here(struct str url)
{
    return str_starts(url, STR("http://127.0.0.1:")) || str_starts(url, STR("http://localhost:")) ||
           str_starts(url, STR("http://[::1]:"));
}

/* Nobody between us and it may read or write. */
static bool is_safe(struct str url)
{
    return (str_starts(url, STR("https://")) && url.n > 8) || is_here(url);
}

static enum err read_secret(struct oidc *o, const char *file, struct fault *fault)
{
    struct buf bytes = {0}, both = {0};
    enum err err = file_read(file, SECRET_MAX, &bytes, fault);
    struct str secret = str_trim((struct str){bytes.n ? (const char *)bytes.p : "", bytes.n});
    if (!err && !secret.n)
        err = fault_set(fault, ERR_SETTING_VALUE, "oidc_secret_file holds nothing");
    if (!err) {
        put_escaped(&both, str_z(o->client));
        buf_put(&both, ":", 1);
        put_escaped(&both, secret);
        buf_put(&both, "", 1);
        err = both.failed ? ERR_MEMORY : ERR_OK;
    }
    if (!err)
        o->sign_in = strdup((const char *)both.p);
    if (bytes.n)
        sodium_memzero(bytes.p, bytes.n);
    if (both.n)
        sodium_memzero(both.p, both.n);
    buf_release(&bytes);
    buf_release(&both);
    return err || o->sign_in ? err : ERR_MEMORY;
}

/* The host, as people read it. */
static char *host_of(const char *url)
{
    const char *from = strstr(url, "://");
    from = from ? from + 3 : url;
    return strndup(from, strcspn(from, "/"));
}

static enum err fill(struct oidc *o, const struct oidc_options *options, struct fault *fault)
{
    struct str issuer = str_z(options->issuer);
    if (!is_safe(issuer) || issuer.n > LIMIT_PUBLIC_URL) {
        fault_value(fault, options->issuer, issuer.n);
        return fault_set(fault, ERR_SETTING_VALUE,
                         "oidc_issuer wants https://…, or http on this machine");
    }
    if (!options->client || !*options->client)
        return fault_set(fault, ERR_SETTING_VALUE, "oidc_issuer wants oidc_client");
    o->issuer = strdup(options->issuer);
    o->client = strdup(options->client);
    o->iin_claim = strdup(options->iin_claim ? options->iin_claim : "iin");
    o->name = options->name ? strdup(options->name) : host_of(options->issuer);
    o->ca = options->ca ? strdup(options->ca) : NULL;
    if (!o->issuer || !o->client || !o->iin_claim || !o->name || (options->ca && !o->ca))
        return ERR_MEMORY;
    enum err err = options->secret_file ? read_secret(o, options->secret_file, fault) : ERR_OK;
    return err ? err : fetch_init();
}

enum err oidc_open(const struct oidc_options *options, struct oidc **out, struct fault *fault)
{
    struct oidc *o = calloc(1, sizeof *o);
    if (!o)
        return fault_set(fault, ERR_MEMORY, "a provider of sign-ins");
    pthread_mutex_init(&o->lock, NULL);
    enum err err = fill(o, options, fault);
    if (err)
        oidc_close(o);
    else
        *out = o;
    return err;
}

void oidc_close(struct oidc *o)
{
    if (!o)
        return;
    json_decref(o->published);
    json_decref(o->keys);
    if (o->sign_in)
        sodium_memzero(o->sign_in, strlen(o->sign_in));
    free(o->sign_in);
    free(o->issuer);
    free(o->client);
    free(o->iin_claim);
    free(o->name);
    free(o->ca);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

const char *oidc_name(const struct oidc *o)
{
    return o->name;
}

bool oidc_is_issuer(const struct oidc *o, struct str issuer)
{
    return !issuer.n || str_eq(issuer, str_z(o->issuer));
}

/* ---- what it publishes ---- */

/* Any answer but a JSON object with status 200 is none; *out_status tells which, where it came. */
static enum err ask(const struct oidc *o, const char *url, const struct buf *body, json_t **out,
                    long *out_status, struct fault *fault)
{
    const struct fetch question = {.who = "the provider",
                                   .url = url,
                                   .away = ERR_DOOR_AWAY,
                                   .body = body,
                                   .headers = {"Accept: application/json"},
                                   .ca = o->ca,
                                   .sign_in = body ? o->sign_in : NULL,
                                   .connect_ms = LIMIT_DOOR_CONNECT_MS,
                                   .whole_ms = LIMIT_DOOR_WHOLE_MS,
                                   .most_bytes = LIMIT_DOOR_ANSWER};
    struct buf answer = {0};
    *out_status = 0;
    enum err err = fetch(&question, &answer, out_status, fault);
    json_t *json = NULL;
    if (!err && answer.n)
        json = json_loadb((const char *)answer.p, answer.n, JSON_REJECT_DUPLICATES, NULL);
    if (!err && *out_status != 200)
        err = fault_set(fault, ERR_DOOR_AWAY, "the provider answered with HTTP status %ld",
                        *out_status);
    if (!err && !json_is_object(json))
        err = fault_set(fault, ERR_DOOR_AWAY, "the provider's answer is no JSON object");
    buf_release(&answer);
    if (err)
        json_decref(json);
    else
        *out = json;
    return err;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Its addresses, when they are what they must be (OpenID Connect Discovery 1.0 4.3). */
static enum err judge_published(const struct oidc *o, const json_t *said, struct fault *fault)
{
    static const char *const addresses[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    if (!str_eq(str_z(text_of(said, "issuer")), str_z(o->issuer)))
        return fault_set(fault, ERR_DOOR_AWAY, "the provider publishes another issuer's name");
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        if (!is_safe(str_z(text_of(said, addresses[i]))))
            return fault_set(fault, ERR_DOOR_AWAY, "the provider publishes no safe %s",
                             addresses[i]);
    return ERR_OK;
}

/* A copy of what is kept, if it is young enough. */
static json_t *kept(struct oidc *o, json_t *const *place, const int64_t *since, int64_t now_s)
{
    pthread_mutex_lock(&o->lock);
    bool young = *place && now_s >= *since && now_s - *since < KEPT_S;
    json_t *copy = young ? json_deep_copy(*place) : NULL;
    pthread_mutex_unlock(&o->lock);
    return copy;
}

/* Counts of references are no business of two threads. */
static void keep(struct oidc *o, json_t **place, int64_t *since, const json_t *value, int64_t now_s)
{
    json_t *copy = json_deep_copy(value);
    pthread_mutex_lock(&o->lock);
    json_t *old = *place;
    *place = copy;
    *since = now_s;
    pthread_mutex_unlock(&o->lock);
    json_decref(old);
}

static enum err published(struct oidc *o, int64_t now_s, json_t **out, struct fault *fault)
{
    char *url = NULL;
    long status;
    size_t n = strlen(o->issuer);
    *out = kept(o, &o->published, &o->published_s, now_s);
    if (*out)
        return ERR_OK;
    while (n && o->issuer[n - 1] == '/')
        n--;
    if (asprintf(&url, "%.*s/.well-known/openid-configuration", (int)n, o->issuer) < 0)
        return ERR_MEMORY;
    json_t *said = NULL;
    enum err err = ask(o, url, NULL, &said, &status, fault);
    free(url);
    if (!err)
        err = judge_published(o, said, fault);
    if (err) {
        json_decref(said);
        return err;
    }
    keep(o, &o->published, &o->published_s, said, now_s);
    *out = said;
    return ERR_OK;
}

/* anew: whatever is kept. */
static enum err keys(struct oidc *o, const json_t *addresses, int64_t now_s, bool anew,
                     json_t **out, struct fault *fault)
{
    long status;
    *out = anew ? NULL : kept(o, &o->keys, &o->keys_s, now_s);
    if (*out)
        return ERR_OK;
    enum err err = ask(o, text_of(addresses, "jwks_uri"), NULL, out, &status, fault);
    if (!err)
        keep(o, &o->keys, &o->keys_s, *out, now_s);
    return err;
}

/* ---- the way out ---- */

enum err oidc_address(struct oidc *o, const struct oidc_way *way, int64_t now_s, struct buf *out,
                      struct fault *fault)
{
    json_t *said = NULL;
    uint8_t hash[SHA256_BYTES];
    char challenge[OIDC_TEXT];
    enum err err = published(o, now_s, &said, fault);
    if (err)
        return err;
    sha256_once(way->verifier, strlen(way->verifier), hash);
    sodium_bin2base64(challenge, sizeof challenge, hash, sizeof hash,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    const char *to = text_of(said, "authorization_endpoint");
    buf_str(out, str_z(to));
    buf_put(out, strchr(to, '?') ? "&" : "?", 1);
    put_pair(out, "response_type", STR("code"));
    put_pair(out, "scope", STR("openid profile"));
    put_pair(out, "client_id", str_z(o->client));
    put_pair(out, "redirect_uri", str_z(way->back));
    put_pair(out, "state", str_z(way->state));
    put_pair(out, "nonce", str_z(way->nonce));
    put_pair(out, "code_challenge", str_z(challenge));
    put_pair(out, "code_challenge_method", STR("S256"));
    buf_put(out, "", 1);
    json_decref(said);
    if (out->failed)
        return ERR_MEMORY;
    out->n--;
    for (size_t i = 0; i < out->n; i++) /* it becomes a header */
        if (out->p[i] <= ' ' || out->p[i] >= 127)
            return fault_set(fault, ERR_DOOR_AWAY, "the provider publishes no plain address");
    return ERR_OK;
}

/* ---- and back ---- */

static enum err exchange(const struct oidc *o, const char *url, const struct oidc_way *way,
                         struct str code, json_t **out, struct fault *fault)
{
    struct buf body = {0};
    long status;
    put_pair(&body, "grant_type", STR("authorization_code"));
    put_pair(&body, "code", code);
    put_pair(&body, "redirect_uri", str_z(way->back));
    put_pair(&body, "code_verifier", str_z(way->verifier));
    if (!o->sign_in)
        put_pair(&body, "client_id", str_z(o->client));
    enum err err = body.failed ? ERR_MEMORY : ask(o, url, &body, out, &status, fault);
    if (err == ERR_DOOR_AWAY && (status == 400 || status == 401)) /* RFC 6749 5.2 */
        err = fault_set(fault, ERR_DOOR_TOKEN, "the provider does not take the code (status %ld)",
                        status);
    buf_release(&body);
    return err;
}

/* One whose key is not known yet may be of a new one: the keys are fetched once more. */
static enum err verify(struct oidc *o, const json_t *addresses, struct str token, int64_t now_s,
                       json_t **out, struct fault *fault)
{
    bool unknown = true;
    enum err err = ERR_DOOR_TOKEN;
    for (int tries = 0; err == ERR_DOOR_TOKEN && unknown && tries < 2; tries++) {
        json_t *set = NULL;
        err = keys(o, addresses, now_s, tries > 0, &set, fault);
        unknown = false;
        if (!err)
            err = jws_verify(token, set, out, &unknown, fault);
        json_decref(set);
    }
    return err;
}

static enum err who(struct oidc *o, const struct oidc_way *way, struct str code, int64_t now_s,
                    struct eds_person *out, struct fault *fault)
{
    json_t *addresses = NULL, *answer = NULL, *claims = NULL;
    enum err err = published(o, now_s, &addresses, fault);
    if (!err)
        err = exchange(o, text_of(addresses, "token_endpoint"), way, code, &answer, fault);
    if (!err)
        err = verify(o, addresses, str_z(text_of(answer, "id_token")), now_s, &claims, fault);
    const struct oidc_wanted wanted = {o->issuer, o->client, way->nonce, o->iin_claim, now_s};
    if (!err)
        err = oidc_claims_judge(claims, &wanted, fault);
    if (!err)
        err = oidc_claims_person(claims, &wanted, out, fault);
    json_decref(addresses);
    json_decref(answer);
    json_decref(claims);
    return err;
}

enum err oidc_who(struct oidc *o, const struct oidc_way *way, struct str code, int64_t now_s,
                  struct eds_person *out, struct fault *fault)
{
    enum err err = ERR_CROWDED;
    if (!code.n || code.n > LIMIT_DOOR_CODE)
        return fault_set(fault, ERR_DOOR_TOKEN, "no code, or a longer one than any");
    if (atomic_fetch_add(&o->at_work, 1) < AT_ONCE)
        err = who(o, way, code, now_s, out, fault);
    atomic_fetch_sub(&o->at_work, 1);
    return err;
}
