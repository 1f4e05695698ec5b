/* SPDX-License-Identifier: Apache-2.0
 *
 * signer - see signer.h. */
#include "n5geir/signer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>

EVP_PKEY *signer_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);
    assert(key);
    return key;
}

EVP_PKEY *signer_ec(const char *group)
{
    EVP_PKEY *key = EVP_EC_gen(group);
    assert(key);
    return key;
}

void signer_write(EVP_PKEY *const *keys, size_t n, char path[64])
{
    str_copy(path, 64, STR("/tmp/tamga-keys-XXXXXX"));
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert(file);
    for (size_t i = 0; i < n; i++)
        assert(PEM_write_PUBKEY(file, keys[i]) == 1);
    assert(fclose(file) == 0);
}

static void put(char *out, const void *p, size_t n)
{
    size_t at = strlen(out);
    sodium_bin2base64(out + at, SIGNER_TOKEN - at, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void put_dot(char *out)
{
    memcpy(out + strlen(out), ".", 2);
}

/* r and s side by side (RFC 7518 3.4), of DER. */
static size_t raw_of(const unsigned char *der, size_t n, unsigned char raw[64])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    assert(sig);
    assert(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32);
    assert(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    return 64;
}

static void put_signature(EVP_PKEY *key, bool ec, char *out)
{
    unsigned char der[1024], raw[64];
    size_t n = sizeof der;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert(md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1);
    assert(EVP_DigestSign(md, der, &n, (const unsigned char *)out, strlen(out)) == 1);
    EVP_MD_CTX_free(md);
    if (ec)
        n = raw_of(der, n, raw);
    put_dot(out);
    put(out, ec ? raw : der, n);
}

/* The attack on those who let the token choose: the secret is what everybody knows. */
static void put_hmac(EVP_PKEY *key, char *out)
{
    unsigned char mac[32];
    unsigned mac_n = 0;
    char *pem;
    BIO *bio = BIO_new(BIO_s_mem());
    assert(bio && PEM_write_bio_PUBKEY(bio, key) == 1);
    long n = BIO_get_mem_data(bio, &pem);
    assert(HMAC(EVP_sha256(), pem, (int)n, (const unsigned char *)out, strlen(out), mac, &mac_n));
    BIO_free(bio);
    put_dot(out);
    put(out, mac, mac_n);
}

void signer_token(EVP_PKEY *key, const char *alg, const char *head, const char *claims,
                  char out[SIGNER_TOKEN])
{
    *out = 0;
    put(out, head, strlen(head));
    put_dot(out);
    put(out, claims, strlen(claims));
    if (strcmp(alg, "RS256") == 0 || strcmp(alg, "ES256") == 0)
        put_signature(key, *alg == 'E', out);
    else if (strcmp(alg, "HS256") == 0)
        put_hmac(key, out);
    else
        put_dot(out);
}

void signer_sign(EVP_PKEY *key, const char *alg, const char *claims, char out[SIGNER_TOKEN])
{
    char head[64];
    snprintf(head, sizeof head, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", alg);
    signer_token(key, alg, head, claims, out);
}
