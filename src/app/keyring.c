/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keyring.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/* secret: a bearer's keyed hash, a signer's key, the hash of a certificate's name. */
struct ring_key {
    uint32_t id;
    uint32_t scopes;
    uint8_t kind; /* 0: damaged, opens nothing */
    bool revoked;
    daynum expires;
    uint8_t secret[SHA256_BYTES];
    char name[LIMIT_NAME + 1];
};

struct keyring {
    struct register_keys keys;
    pthread_rwlock_t lock; /* guards all below but the loader's own */
    size_t n;
    struct ring_key key[LIMIT_API_KEYS]; /* by id */
    size_t loading_n;
    struct ring_key loading[LIMIT_API_KEYS]; /* the loader's alone */
};

struct keyring *keyring_new(const struct register_keys *keys)
{
    struct keyring *k = calloc(1, sizeof *k);
    if (k && pthread_rwlock_init(&k->lock, NULL)) {
        free(k);
        return NULL;
    }
    if (k)
        k->keys = *keys;
    return k;
}

void keyring_free(struct keyring *k)
{
    if (!k)
        return;
    pthread_rwlock_destroy(&k->lock);
    sodium_memzero(k, sizeof *k);
    free(k);
}

static bool take(void *ctx, const struct api_key *key)
{
    struct keyring *k = ctx;
    if (k->loading_n == LIMIT_API_KEYS)
        return false;
    struct ring_key *to = &k->loading[k->loading_n++];
    *to = (struct ring_key){.id = key->id,
                            .scopes = key->scopes,
                            .kind = key->kind,
                            .revoked = key->revoked_ms != 0,
                            .expires = key->expires};
    str_copy(to->name, sizeof to->name, str_z(key->name));
    if (key->kind == API_KEY_SIGNED) {
        if (!api_key_unseal(&k->keys, key, to->secret))
            to->kind = 0;
    } else if (key->secret_n == sizeof to->secret) {
        memcpy(to->secret, key->secret, sizeof to->secret);
    } else {
        to->kind = 0;
    }
    return true;
}

enum err keyring_load(struct keyring *k, struct registry *reg, struct fault *fault)
{
    k->loading_n = 0;
    enum err err = store_api_keys(reg->store, take, k, fault);
    if (err)
        return err;
    pthread_rwlock_wrlock(&k->lock);
    k->n = k->loading_n;
    memcpy(k->key, k->loading, k->n * sizeof *k->key);
    pthread_rwlock_unlock(&k->lock);
    return ERR_OK;
}

/* The caller that a key makes. */
static struct caller caller_of(const struct ring_key *key, daynum today)
{
    struct caller caller = {.id = key->id, .scopes = key->scopes};
    str_copy(caller.name, sizeof caller.name, str_z(key->name));
    if (key->revoked)
        caller.standing = ERR_KEY_REVOKED;
    else if (key->expires < today)
        caller.standing = ERR_KEY_EXPIRED;
    return caller;
}

/* A copy of the key with this number and kind. */
static bool find(struct keyring *k, uint32_t id, uint8_t kind, struct ring_key *out)
{
    bool found = false;
    pthread_rwlock_rdlock(&k->lock);
    for (size_t low = 0, high = k->n; low < high && !found;) {
        size_t at = low + (high - low) / 2;
        if (k->key[at].id < id) {
            low = at + 1;
        } else if (k->key[at].id > id) {
            high = at;
        } else {
            found = k->key[at].kind == kind;
            *out = k->key[at];
            break;
        }
    }
    pthread_rwlock_unlock(&k->lock);
    return found;
}

enum err keyring_bearer(struct keyring *k, struct str text, daynum today, struct caller *out)
{
    uint32_t id;
    uint8_t secret[API_KEY_BYTES], hash[SHA256_BYTES];
    struct ring_key key;
    if (!api_key_parse(text, &id, secret) || !find(k, id, API_KEY_BEARER, &key))
        return ERR_KEY;
    api_key_hash(&k->keys, secret, hash);
    if (sodium_memcmp(hash, key.secret, sizeof hash) != 0)
        return ERR_KEY;
    *out = caller_of(&key, today);
    return ERR_OK;
}

enum err keyring_certificate(struct keyring *k, struct str certificate, daynum today,
                             struct caller *out)
{
    uint8_t hash[SHA256_BYTES];
    enum err err = ERR_KEY;
    api_key_certificate_hash(certificate, hash);
    pthread_rwlock_rdlock(&k->lock);
    for (size_t i = 0; i < k->n && err; i++)
        if (k->key[i].kind == API_KEY_CERTIFICATE &&
            sodium_memcmp(k->key[i].secret, hash, sizeof hash) == 0) {
            *out = caller_of(&k->key[i], today);
            err = ERR_OK;
        }
    pthread_rwlock_unlock(&k->lock);
    return err;
}

enum err keyring_signer(struct keyring *k, struct str id_text, daynum today, struct caller *out,
                        uint8_t out_secret[API_KEY_BYTES])
{
    uint32_t id;
    struct ring_key key;
    if (!api_key_id_parse(id_text, &id) || !find(k, id, API_KEY_SIGNED, &key))
        return ERR_KEY;
    memcpy(out_secret, key.secret, API_KEY_BYTES);
    *out = caller_of(&key, today);
    return ERR_OK;
}
