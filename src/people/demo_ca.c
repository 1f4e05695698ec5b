/* SPDX-License-Identifier: Apache-2.0 */
#include "people/demo_ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { YEAR_S = 366 * 86400 };

struct demo_ca {
    EVP_PKEY *key;
    X509 *certificate;
    int64_t now_s;
};

/* ---- certificates ---- */

static bool add_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool added = extension && X509_add_ext(to, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

/* One field of the subject; value NULL: without. */
static bool add_name(X509 *to, const char *field, const char *prefix, const char *value)
{
    char text[256];
    if (!value)
        return true;
    snprintf(text, sizeof text, "%s%s", prefix, value);
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(to), field, MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool number(X509 *x)
{
    uint32_t serial;
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(x), (long)(serial >> 1)) == 1;
}

/* Without its signature. */
static X509 *begin(const struct demo_ca *ca, EVP_PKEY *key)
{
    X509 *x = X509_new();
    if (x && X509_set_version(x, X509_VERSION_3) && number(x) && X509_set_pubkey(x, key) &&
        ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(ca->now_s - YEAR_S)) &&
        ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(ca->now_s + YEAR_S)) &&
        add_name(x, "C", "", "KZ"))
        return x;
    X509_free(x);
    return NULL;
}

static bool end(X509 *x, X509 *issuer, EVP_PKEY *key)
{
    return X509_set_issuer_name(x, X509_get_subject_name(issuer)) &&
           add_extension(x, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(x, issuer, NID_authority_key_identifier, "keyid") &&
           X509_sign(x, key, EVP_sha256()) > 0;
}

static X509 *certify(const struct demo_ca *ca, const struct demo_signer *s, EVP_PKEY *key)
{
    /* A person; an organisation by its head (people/eds_certificate.c). */
    const char *purposes = s->bin ? "clientAuth,emailProtection,1.2.398.3.3.4.1.2,"
                                    "1.2.398.3.3.4.1.2.1"
                                  : "clientAuth,emailProtection,1.2.398.3.3.4.1.1";
    X509 *x = begin(ca, key);
    if (x && add_name(x, "CN", "", s->name) && add_name(x, "serialNumber", "IIN", s->iin) &&
        add_name(x, "OU", "BIN", s->bin) && add_name(x, "O", "", s->organisation) &&
        add_extension(x, ca->certificate, NID_key_usage,
                      "critical,digitalSignature,nonRepudiation") &&
        add_extension(x, ca->certificate, NID_ext_key_usage, purposes) &&
        end(x, ca->certificate, ca->key))
        return x;
    X509_free(x);
    return NULL;
}

/* ---- the authority ---- */

static bool certify_itself(struct demo_ca *ca)
{
    X509 *x = ca->certificate = begin(ca, ca->key);
    return x && add_name(x, "CN", "", "Tamga SAMPLE authority") &&
           add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") && end(x, x, ca->key);
}

/* The port reads a file: one in memory, that no other process and no disk sees. */
static enum err believe(X509 *certificate, struct eds_port *out, struct fault *fault)
{
    char path[32];
    int fd = memfd_create("tamga-sample-authority", MFD_CLOEXEC);
    BIO *pem = fd < 0 ? NULL : BIO_new_fd(fd, BIO_NOCLOSE);
    enum err err = pem && PEM_write_bio_X509(pem, certificate) == 1
                       ? ERR_OK
                       : fault_set(fault, ERR_MEMORY, "a sample authority");
    BIO_free(pem);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!err)
        err = eds_openssl_open(path, NULL, out, fault);
    if (fd >= 0)
        close(fd);
    return err;
}

enum err demo_ca_new(int64_t now_s, struct demo_ca **out, struct eds_port *out_port,
                     struct fault *fault)
{
    struct demo_ca *ca = calloc(1, sizeof *ca);
    if (!ca)
        return fault_set(fault, ERR_MEMORY, "a sample authority");
    ca->now_s = now_s;
    ca->key = EVP_EC_gen("P-256");
    enum err err = ca->key && certify_itself(ca)
                       ? believe(ca->certificate, out_port, fault)
                       : fault_set(fault, ERR_MEMORY, "a sample authority");
    if (err)
        demo_ca_free(ca);
    else
        *out = ca;
    return err;
}

void demo_ca_free(struct demo_ca *ca)
{
    if (!ca)
        return;
    EVP_PKEY_free(ca->key);
    X509_free(ca->certificate);
    free(ca);
}

/* ---- signatures ---- */

static bool put_base64(struct buf *out, const char *bytes, long n)
{
    char *text = n > 0 ? malloc((size_t)(n + 2) / 3 * 4 + 1) : NULL;
    if (!text)
        return false;
    int length = EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes, (int)n);
    buf_put(out, text, (size_t)length);
    free(text);
    return !out->failed;
}

static bool put_cms(X509 *certificate, EVP_PKEY *key, struct str content, struct buf *out)
{
    BIO *in = BIO_new_mem_buf(content.p, (int)content.n), *der = BIO_new(BIO_s_mem());
    CMS_ContentInfo *cms = in && der ? CMS_sign(certificate, key, NULL, in, CMS_BINARY) : NULL;
    char *bytes = NULL;
    bool done = cms && i2d_CMS_bio(der, cms) == 1;
    long n = done ? BIO_get_mem_data(der, &bytes) : 0;
    done = done && put_base64(out, bytes, n);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    BIO_free(der);
    return done;
}

enum err demo_ca_sign(const struct demo_ca *ca, const struct demo_signer *signer,
                      struct str content, struct buf *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? certify(ca, signer, key) : NULL;
    bool done = certificate && put_cms(certificate, key, content, out);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return done ? ERR_OK : ERR_MEMORY;
}
