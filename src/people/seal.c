/* SPDX-License-Identifier: Apache-2.0 */
#include "people/seal.h"

#include <assert.h>
#include <sodium.h>

enum {
    VERSION = 1,
    HEAD = 1 + 4, /* version, key number: authenticated before the caller's additional data */
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

static_assert(HEAD + NONCE + TAG == SEAL_EXTRA, "the layout that seal.h tells");
static_assert(SHA256_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one key");

static const uint8_t *bytes(struct str s)
{
    return (const uint8_t *)s.p;
}

/* What is authenticated beside the text: the head and the caller's. With the head a value does not
 * open under another number, even if a ring holds one key twice. */
static bool bind(const void *head, struct str ad, struct buf *out)
{
    buf_put(out, head, HEAD);
    buf_str(out, ad);
    return !out->failed;
}

enum err seal_put(const struct people_keys *keys, struct str ad, struct str plain, struct buf *out)
{
    assert(keys->use < keys->count && keys->count <= PEOPLE_KEYS_MAX);
    struct buf bound = {0};
    uint8_t head[HEAD] = {VERSION};
    put_be(head + 1, keys->number[keys->use], 4);
    if (!bind(head, ad, &bound) || !buf_reserve(out, plain.n + SEAL_EXTRA)) {
        buf_release(&bound);
        return ERR_MEMORY;
    }
    uint8_t nonce[NONCE];
    randombytes_buf(nonce, sizeof nonce);
    buf_put(out, head, sizeof head);
    buf_put(out, nonce, sizeof nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out->p + out->n, NULL, bytes(plain), plain.n,
                                               bound.p, bound.n, NULL, nonce, keys->key[keys->use]);
    out->n += plain.n + TAG;
    buf_release(&bound);
    return ERR_OK;
}

enum err seal_open(const struct people_keys *keys, struct str ad, struct str sealed,
                   struct buf *out, struct fault *fault)
{
    assert(keys->count <= PEOPLE_KEYS_MAX);
    if (sealed.n < SEAL_EXTRA || sealed.p[0] != VERSION)
        return fault_set(fault, ERR_CODEC, "%zu bytes that are no sealed value", sealed.n);
    uint32_t number = (uint32_t)get_be(bytes(sealed) + 1, 4);
    const uint8_t *key = people_key(keys, number);
    if (!key)
        return fault_set(
            fault, ERR_STORE_KEY,
            "sealed under key %u, which the key file lacks: bring the file of the machine "
            "on which that key was added (`tamga seal list`)",
            number);
    const uint8_t *nonce = bytes(sealed) + HEAD;
    struct buf bound = {0};
    enum err err = ERR_OK;
    if (!bind(sealed.p, ad, &bound) || !buf_reserve(out, sealed.n - SEAL_EXTRA + 1))
        err = ERR_MEMORY;
    else if (crypto_aead_xchacha20poly1305_ietf_decrypt(out->p + out->n, NULL, NULL, nonce + NONCE,
                                                        sealed.n - HEAD - NONCE, bound.p, bound.n,
                                                        nonce, key) != 0)
        err = fault_set(fault, ERR_CODEC, "sealed under key %u: damaged, or of another record",
                        number);
    else
        out->n += sealed.n - SEAL_EXTRA;
    buf_release(&bound);
    return err;
}

uint32_t seal_number(struct str sealed)
{
    return sealed.n < SEAL_EXTRA || sealed.p[0] != VERSION ? 0
                                                           : (uint32_t)get_be(bytes(sealed) + 1, 4);
}

bool seal_stale(const struct people_keys *keys, struct str sealed)
{
    assert(keys->use < keys->count && keys->count <= PEOPLE_KEYS_MAX);
    return seal_number(sealed) != keys->number[keys->use];
}
