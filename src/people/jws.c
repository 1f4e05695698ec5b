/* SPDX-License-Identifier: Apache-2.0 */
#include "people/jws.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/limits.h"

enum { ES256_BYTES = 64, P256_BYTES = 32, PIECE_MAX = LIMIT_EDS_RSA_BITS / 8 + 8 };

enum algorithm { OTHER, RS256, ES256 };

static struct str text_of(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

/* Appends a piece, decoded: base64url without padding and nothing else. */
static bool decode(struct str piece, struct buf *out)
{
    size_t n = 0;
    if (!piece.n || !buf_reserve(out, piece.n) ||
        sodium_base642bin(out->p + out->n, piece.n, piece.p, piece.n, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return false;
    out->n += n;
    return n > 0;
}

static json_t *decode_object(struct str piece)
{
    struct buf bytes = {0};
    json_t *object = NULL;
    if (decode(piece, &bytes))
        object = json_loadb((const char *)bytes.p, bytes.n, JSON_REJECT_DUPLICATES, NULL);
    buf_release(&bytes);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* ---- a key of the set ---- */

/* A number of a key, as OpenSSL takes it. */
static BIGNUM *number_of(const json_t *jwk, const char *name)
{
    struct buf bytes = {0};
    struct str piece = text_of(jwk, name);
    BIGNUM *n = NULL;
    if (piece.n <= 2 * PIECE_MAX && decode(piece, &bytes))
        n = BN_bin2bn(bytes.p, (int)bytes.n, NULL);
    buf_release(&bytes);
    return n;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *parts)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    BIGNUM *n = number_of(jwk, "n"), *e = number_of(jwk, "e");
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (n && e && parts && BN_num_bits(n) >= LIMIT_EDS_RSA_BITS_LEAST &&
        BN_num_bits(n) <= LIMIT_EDS_RSA_BITS && BN_num_bits(e) <= 64 &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e))
        key = make_key("RSA", parts);
    OSSL_PARAM_BLD_free(parts);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *ec_key(const json_t *jwk)
{
    struct buf point = {0};
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    buf_put(&point, "\x04", 1); /* uncompressed: SEC 1 2.3.3 */
    if (parts && str_eq(text_of(jwk, "crv"), STR("P-256")) && decode(text_of(jwk, "x"), &point) &&
        point.n == 1 + P256_BYTES && decode(text_of(jwk, "y"), &point) &&
        point.n == 1 + 2 * P256_BYTES &&
        OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n))
        key = make_key("EC", parts);
    OSSL_PARAM_BLD_free(parts);
    buf_release(&point);
    return key;
}

/* Is this key meant for such signatures? */
static bool suits(const json_t *jwk, enum algorithm algorithm)
{
    struct str use = text_of(jwk, "use"), alg = text_of(jwk, "alg");
    bool rsa = algorithm == RS256;
    return str_eq(text_of(jwk, "kty"), rsa ? STR("RSA") : STR("EC")) &&
           (!use.n || str_eq(use, STR("sig"))) &&
           (!alg.n || str_eq(alg, rsa ? STR("RS256") : STR("ES256")));
}

/* The one that the head names; without a name the only one that suits. */
static const json_t *choose(const json_t *set, struct str kid, enum algorithm algorithm)
{
    const json_t *jwk, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(set, "keys"), i, jwk)
    {
        if (!suits(jwk, algorithm) || (kid.n && !str_eq(text_of(jwk, "kid"), kid)))
            continue;
        if (found)
            return NULL; /* which? */
        found = jwk;
    }
    return found;
}

/* ---- the signature ---- */

/* r and s side by side (RFC 7518 3.4), as DER. */
static bool der_of(const struct buf *raw, unsigned char **out, int *out_n)
{
    if (raw->n != ES256_BYTES)
        return false;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw->p, P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(raw->p + P256_BYTES, P256_BYTES, NULL);
    if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
    } else {
        *out_n = i2d_ECDSA_SIG(sig, out);
    }
    ECDSA_SIG_free(sig);
    return *out_n > 0;
}

static bool stands(EVP_PKEY *key, struct str said, const unsigned char *sig, size_t n)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) > 0 &&
              EVP_DigestVerify(md, sig, n, (const unsigned char *)said.p, said.n) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

static bool verify(const json_t *jwk, enum algorithm algorithm, struct str said, struct str piece)
{
    struct buf raw = {0};
    unsigned char *der = NULL;
    int der_n = 0;
    EVP_PKEY *key = algorithm == RS256 ? rsa_key(jwk) : ec_key(jwk);
    bool ok = key && decode(piece, &raw);
    if (ok && algorithm == ES256)
        ok = der_of(&raw, &der, &der_n) && stands(key, said, der, (size_t)der_n);
    else if (ok)
        ok = stands(key, said, raw.p, raw.n);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    buf_release(&raw);
    ERR_clear_error();
    return ok;
}

/* ---- the token ---- */

static enum algorithm algorithm_of(const json_t *head)
{
    struct str alg = text_of(head, "alg");
    return str_eq(alg, STR("RS256")) ? RS256 : str_eq(alg, STR("ES256")) ? ES256 : OTHER;
}

static enum err judge(const json_t *head, const json_t *keys, struct str said, struct str sig,
                      bool *out_unknown, struct fault *fault)
{
    enum algorithm algorithm = algorithm_of(head);
    char shown[24];
    str_show(shown, sizeof shown, text_of(head, "alg"));
    if (algorithm == OTHER)
        return fault_set(fault, ERR_DOOR_TOKEN, "the token is signed by \"%s\": want RS256, ES256",
                         shown);
    if (json_object_get(head, "crit")) /* RFC 7515 4.1.11: what must be understood */
        return fault_set(fault, ERR_DOOR_TOKEN, "the token asks for what is not known here");
    const json_t *jwk = choose(keys, text_of(head, "kid"), algorithm);
    if (!jwk) {
        *out_unknown = true;
        return fault_set(fault, ERR_DOOR_TOKEN, "no key of the provider is the token's");
    }
    return verify(jwk, algorithm, said, sig)
               ? ERR_OK
               : fault_set(fault, ERR_DOOR_TOKEN, "the token's signature does not stand");
}

enum err jws_verify(struct str token, const json_t *keys, json_t **out_claims, bool *out_unknown,
                    struct fault *fault)
{
    struct str rest, sig, more;
    *out_unknown = false;
    struct str head_piece = str_split(token, '.', &rest);
    struct str said_piece = str_split(rest, '.', &sig);
    (void)str_split(sig, '.', &more);
    if (!rest.p || !sig.p || more.p)
        return fault_set(fault, ERR_DOOR_TOKEN, "no token of three pieces");
    json_t *head = decode_object(head_piece), *claims = decode_object(said_piece);
    struct str said = {token.p, (size_t)(sig.p - token.p) - 1};
    enum err err = head && claims
                       ? judge(head, keys, said, sig, out_unknown, fault)
                       : fault_set(fault, ERR_DOOR_TOKEN, "the token's pieces are no objects");
    json_decref(head);
    if (err)
        json_decref(claims);
    else
        *out_claims = claims;
    return err;
}
