/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

struct sha256 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx) {
        sha256_free(h);
        return NULL;
    }
    return h;
}

void sha256_free(struct sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
    free(h);
}

void sha256_begin(struct sha256 *h)
{
    int ok = EVP_DigestInit_ex2(h->ctx, h->md, NULL);
    assert(ok == 1);
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
    int ok = EVP_DigestUpdate(h->ctx, p, n);
    assert(ok == 1);
}

void sha256_end(struct sha256 *h, uint8_t out[SHA256_BYTES])
{
    int ok = EVP_DigestFinal_ex(h->ctx, out, NULL);
    assert(ok == 1);
}

void sha256_hmac(const uint8_t key[SHA256_BYTES], const void *p, size_t n,
                 uint8_t out[SHA256_BYTES])
{
    unsigned len = SHA256_BYTES;
    unsigned char *ok = HMAC(EVP_sha256(), key, SHA256_BYTES, p, n, out, &len);
    assert(ok && len == SHA256_BYTES);
}

void sha256_hex(const uint8_t hash[SHA256_BYTES], char out[2 * SHA256_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * SHA256_BYTES] = '\0';
}
