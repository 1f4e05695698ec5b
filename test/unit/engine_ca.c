/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine_ca.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>

#include "unit/given_file.h"

enum { DAY = 86400 };

struct engine_ca {
    EVP_PKEY *key;
    X509 *certificate;
    char *file;
    long serial;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void add(X509 *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(to, extension, -1));
    X509_EXTENSION_free(extension);
}

static X509 *begin(struct engine_ca *ca, EVP_PKEY *key, const char *cn, int days)
{
    X509 *x = X509_new();
    must(x && X509_set_version(x, X509_VERSION_3) && X509_set_pubkey(x, key));
    must(ASN1_INTEGER_set(X509_get_serialNumber(x), ++ca->serial));
    must(X509_gmtime_adj(X509_getm_notBefore(x), -10L * DAY) &&
         X509_gmtime_adj(X509_getm_notAfter(x), (long)days * DAY));
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                                    (const unsigned char *)cn, -1, -1, 0));
    return x;
}

static char *write_certificate(X509 *x)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;
    must(bio && PEM_write_bio_X509(bio, x));
    long n = BIO_get_mem_data(bio, &p);
    char *file = given_file(p, (size_t)n);
    BIO_free(bio);
    return file;
}

static char *write_key(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;
    must(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
    long n = BIO_get_mem_data(bio, &p);
    char *file = given_file(p, (size_t)n);
    BIO_free(bio);
    return file;
}

struct engine_ca *engine_ca_new(const char *name)
{
    struct engine_ca *ca = calloc(1, sizeof *ca);
    must(ca);
    ca->key = EVP_EC_gen("P-256");
    must(ca->key);
    X509 *x = ca->certificate = begin(ca, ca->key, name, 10);
    add(x, x, NID_basic_constraints, "critical,CA:TRUE");
    add(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
    must(X509_set_issuer_name(x, X509_get_subject_name(x)) && X509_sign(x, ca->key, EVP_sha256()));
    ca->file = write_certificate(x);
    return ca;
}

void engine_ca_free(struct engine_ca *ca)
{
    given_file_remove(ca->file);
    EVP_PKEY_free(ca->key);
    X509_free(ca->certificate);
    free(ca);
}

const char *engine_ca_file(const struct engine_ca *ca)
{
    return ca->file;
}

struct engine_pair engine_ca_give(struct engine_ca *ca, const char *cn, const char *names, int days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key);
    X509 *x = begin(ca, key, cn, days);
    if (names)
        add(x, ca->certificate, NID_subject_alt_name, names);
    must(X509_set_issuer_name(x, X509_get_subject_name(ca->certificate)) &&
         X509_sign(x, ca->key, EVP_sha256()));
    struct engine_pair pair = {write_certificate(x), write_key(key)};
    X509_free(x);
    EVP_PKEY_free(key);
    return pair;
}

void engine_pair_remove(struct engine_pair *pair)
{
    given_file_remove(pair->certificate);
    given_file_remove(pair->key);
}
