/* SPDX-License-Identifier: Apache-2.0 */
#include "n5geir/token_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <jwt.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/limits.h"

enum { P256_BITS = 256 };

struct token_keys {
    unsigned count;
    struct token_key {
        enum token_algorithm algorithm;
        char *pem; /* as libjwt takes it */
        size_t n;
    } of[LIMIT_N5G_KEYS];
};

void token_keys_free(struct token_keys *keys)
{
    for (unsigned i = 0; keys && i < keys->count; i++)
        free(keys->of[i].pem);
    free(keys);
}

static bool algorithm_of(const EVP_PKEY *key, enum token_algorithm *out)
{
    char group[32] = "";
    int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "RSA")) {
        *out = TOKEN_RS256;
        return bits >= LIMIT_N5G_RSA_BITS_LEAST && bits <= LIMIT_N5G_RSA_BITS;
    }
    *out = TOKEN_ES256;
    return EVP_PKEY_is_a(key, "EC") && bits == P256_BITS &&
           EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0);
}

static enum err add(struct token_keys *keys, EVP_PKEY *key, struct fault *fault)
{
    struct token_key *to = &keys->of[keys->count];
    char *pem;
    if (keys->count == LIMIT_N5G_KEYS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d keys", LIMIT_N5G_KEYS);
    if (!algorithm_of(key, &to->algorithm))
        return fault_set(fault, ERR_SETTING_VALUE,
                         "key %u is neither RSA of %d to %d bits nor P-256", keys->count + 1,
                         LIMIT_N5G_RSA_BITS_LEAST, LIMIT_N5G_RSA_BITS);
    BIO *bio = BIO_new(BIO_s_mem());
    long n = bio && PEM_write_bio_PUBKEY(bio, key) == 1 ? BIO_get_mem_data(bio, &pem) : 0;
    to->pem = n > 0 ? malloc((size_t)n + 1) : NULL;
    if (to->pem) {
        memcpy(to->pem, pem, (size_t)n);
        to->pem[n] = 0;
        to->n = (size_t)n;
        keys->count++;
    }
    BIO_free(bio);
    return to->pem ? ERR_OK : ERR_MEMORY;
}

/* Of one object of the file. NULL: it is none of the two. */
static EVP_PKEY *key_of(const char *name, const unsigned char *der, long n)
{
    EVP_PKEY *key = NULL;
    if (strcmp(name, PEM_STRING_PUBLIC) == 0)
        return d2i_PUBKEY(NULL, &der, n);
    if (strcmp(name, PEM_STRING_X509) == 0) {
        X509 *certificate = d2i_X509(NULL, &der, n);
        key = certificate ? X509_get_pubkey(certificate) : NULL;
        X509_free(certificate);
    }
    return key;
}

static enum err read_all(FILE *file, struct token_keys *keys, struct fault *fault)
{
    char *name, *header;
    unsigned char *der;
    long n;
    enum err err = ERR_OK;
    while (!err && PEM_read(file, &name, &header, &der, &n) == 1) {
        EVP_PKEY *key = key_of(name, der, n);
        err = key ? add(keys, key, fault)
                  : fault_set(fault, ERR_SETTING_VALUE,
                              "want PUBLIC KEY or CERTIFICATE, no other part of PEM");
        EVP_PKEY_free(key);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!err && (!ended || !keys->count))
        return fault_set(fault, ERR_SETTING_VALUE, "want public keys, PEM");
    return err;
}

enum err token_keys_read(const char *path, struct token_keys **out, struct fault *fault)
{
    struct token_keys *keys = calloc(1, sizeof *keys);
    if (!keys)
        return ERR_MEMORY;
    FILE *file = fopen(path, "re");
    enum err err =
        file ? read_all(file, keys, fault)
             : fault_set(fault, ERR_FILE_OPEN, "cannot read the keys: %s", strerror(errno));
    if (file)
        fclose(file);
    if (err && fault)
        str_copy(fault->file, sizeof fault->file, str_z(path));
    if (err)
        token_keys_free(keys);
    else
        *out = keys;
    return err;
}

bool token_keys_signed(const struct token_keys *keys, enum token_algorithm algorithm,
                       const char *token)
{
    jwt_alg_t want = algorithm == TOKEN_RS256 ? JWT_ALG_RS256 : JWT_ALG_ES256;
    bool ok = false;
    for (unsigned i = 0; !ok && i < keys->count; i++) {
        const struct token_key *key = &keys->of[i];
        jwt_t *jwt = NULL;
        if (key->algorithm != algorithm)
            continue;
        ok = jwt_decode(&jwt, token, (const unsigned char *)key->pem, (int)key->n) == 0 &&
             jwt_get_alg(jwt) == want;
        jwt_free(jwt);
    }
    ERR_clear_error();
    return ok;
}
