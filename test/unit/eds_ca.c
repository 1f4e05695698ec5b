/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/eds_ca.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "unit/given_file.h"

struct eds_ca {
    EVP_PKEY *root_key, *key;
    X509 *root, *certificate;
    char *bundle_file, *crl_file;
    int64_t now_s;
    long serial;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* ---- certificates ---- */

static EVP_PKEY *new_key(int rsa_bits, const char *curve)
{
    EVP_PKEY *key = rsa_bits ? EVP_RSA_gen((size_t)rsa_bits) : EVP_EC_gen(curve ? curve : "P-256");
    must(key);
    return key;
}

static void add_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(to, extension, -1));
    X509_EXTENSION_free(extension);
}

static void add_name(X509 *to, const char *field, const char *prefix, const char *value)
{
    char text[600];
    if (!value)
        return;
    snprintf(text, sizeof text, "%s%s", prefix, value);
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(to), field, MBSTRING_UTF8,
                                    (const unsigned char *)text, -1, -1, 0));
}

static X509 *begin(struct eds_ca *ca, EVP_PKEY *key, int64_t from_s, int64_t to_s)
{
    X509 *x = X509_new();
    must(x && X509_set_version(x, X509_VERSION_3) && X509_set_pubkey(x, key));
    must(ASN1_INTEGER_set(X509_get_serialNumber(x), ++ca->serial));
    must(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from_s) &&
         ASN1_TIME_set(X509_getm_notAfter(x), (time_t)to_s));
    add_name(x, "C", "", "KZ");
    return x;
}

static void end(X509 *x, X509 *issuer, EVP_PKEY *key, const char *digest)
{
    must(X509_set_issuer_name(x, X509_get_subject_name(issuer)));
    add_extension(x, issuer, NID_subject_key_identifier, "hash");
    if (issuer != x)
        add_extension(x, issuer, NID_authority_key_identifier, "keyid");
    must(X509_sign(x, key, EVP_get_digestbyname(digest ? digest : "SHA256")) > 0);
}

static X509 *new_authority(struct eds_ca *ca, const char *name, const char *suffix, EVP_PKEY *key)
{
    X509 *x = begin(ca, key, ca->now_s - 5LL * EDS_CA_YEAR, ca->now_s + 5LL * EDS_CA_YEAR);
    add_name(x, "CN", name, suffix);
    add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509 *issuer = ca->root ? ca->root : x;
    end(x, issuer, ca->root_key, NULL);
    return x;
}

struct eds_signer *eds_ca_give(struct eds_ca *ca, const struct eds_wish *wish)
{
    struct eds_signer *signer = calloc(1, sizeof *signer);
    must(signer);
    signer->key = new_key(wish->rsa_bits, wish->curve);
    signer->issuer = ca->certificate;
    X509_up_ref(signer->issuer);
    X509 *x = signer->certificate =
        begin(ca, signer->key, wish->from_s ? wish->from_s : ca->now_s - 86400,
              wish->to_s ? wish->to_s : ca->now_s + EDS_CA_YEAR);
    add_name(x, "CN", "", wish->name);
    add_name(x, "serialNumber", "IIN", wish->iin);
    add_name(x, "OU", "BIN", wish->bin);
    add_name(x, "O", "", wish->organisation);
    add_extension(x, ca->certificate, NID_key_usage,
                  wish->key_usage ? wish->key_usage : "critical,digitalSignature,nonRepudiation");
    const char *purposes = wish->purposes ? wish->purposes
                           : wish->bin    ? "clientAuth,emailProtection,1.2.398.3.3.4.1.2"
                                          : "clientAuth,emailProtection,1.2.398.3.3.4.1.1";
    if (purposes[0])
        add_extension(x, ca->certificate, NID_ext_key_usage, purposes);
    end(x, ca->certificate, ca->key, wish->digest);
    return signer;
}

struct eds_signer *eds_ca_person(struct eds_ca *ca, const char *iin, const char *name)
{
    return eds_ca_give(ca, &(struct eds_wish){.iin = iin, .name = name});
}

struct eds_signer *eds_ca_organisation(struct eds_ca *ca, const char *iin, const char *name,
                                       const char *bin, const char *organisation)
{
    return eds_ca_give(
        ca, &(struct eds_wish){.iin = iin, .name = name, .bin = bin, .organisation = organisation});
}

void eds_ca_resign(struct eds_ca *ca, struct eds_signer *signer)
{
    must(X509_sign(signer->certificate, ca->key, EVP_sha256()) > 0);
}

void eds_signer_free(struct eds_signer *signer)
{
    if (!signer)
        return;
    EVP_PKEY_free(signer->key);
    X509_free(signer->certificate);
    X509_free(signer->issuer);
    free(signer);
}

/* ---- the authority ---- */

struct eds_ca *eds_ca_new(const char *name, int64_t now_s)
{
    struct eds_ca *ca = calloc(1, sizeof *ca);
    must(ca);
    ca->now_s = now_s;
    ca->root_key = new_key(0, NULL);
    ca->key = new_key(0, NULL);
    ca->root = new_authority(ca, name, " root", ca->root_key);
    ca->certificate = new_authority(ca, name, "", ca->key);
    BIO *pem = BIO_new(BIO_s_mem());
    must(pem && PEM_write_bio_X509(pem, ca->root) && PEM_write_bio_X509(pem, ca->certificate));
    char *text;
    long n = BIO_get_mem_data(pem, &text);
    ca->bundle_file = given_file(text, (size_t)n);
    ca->crl_file = given_file("", 0);
    BIO_free(pem);
    return ca;
}

void eds_ca_free(struct eds_ca *ca)
{
    if (!ca)
        return;
    given_file_remove(ca->bundle_file);
    given_file_remove(ca->crl_file);
    EVP_PKEY_free(ca->root_key);
    EVP_PKEY_free(ca->key);
    X509_free(ca->root);
    X509_free(ca->certificate);
    free(ca);
}

const char *eds_ca_bundle(const struct eds_ca *ca)
{
    return ca->bundle_file;
}

const char *eds_ca_revoke(struct eds_ca *ca, const struct eds_signer *revoked, int64_t from_s,
                          int64_t to_s)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)from_s), *to = ASN1_TIME_set(NULL, (time_t)to_s);
    must(crl && from && to && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
    must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)));
    must(X509_CRL_set1_lastUpdate(crl, from) && X509_CRL_set1_nextUpdate(crl, to));
    if (revoked) {
        X509_REVOKED *entry = X509_REVOKED_new();
        must(entry && X509_REVOKED_set_revocationDate(entry, from));
        must(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->certificate)));
        must(X509_CRL_add0_revoked(crl, entry));
    }
    must(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0);
    FILE *file = fopen(ca->crl_file, "w");
    must(file && PEM_write_X509_CRL(file, crl) && fclose(file) == 0);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    return ca->crl_file;
}

/* ---- signatures ---- */

/* n certificates that have nothing to do with it. */
static void add_strangers(CMS_ContentInfo *cms, unsigned n, int64_t now_s)
{
    if (!n)
        return;
    struct eds_ca *other = eds_ca_new("Strangers", now_s);
    for (unsigned i = 0; i < n; i++) {
        struct eds_signer *one = eds_ca_person(other, "000000000000", "A stranger");
        must(CMS_add1_cert(cms, one->certificate));
        eds_signer_free(one);
    }
    eds_ca_free(other);
}

void eds_ca_cms(const struct eds_cms_wish *wish, struct buf *out)
{
    const EVP_MD *md = EVP_get_digestbyname(wish->digest ? wish->digest : "SHA256");
    unsigned flags = wish->flags | CMS_BINARY | CMS_PARTIAL | (wish->ber ? CMS_STREAM : 0);
    BIO *content = BIO_new_mem_buf(wish->content.n ? wish->content.p : "", (int)wish->content.n);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, content, flags);
    must(content && cms);
    for (int i = 0; i < 2 && wish->signers[i]; i++) {
        const struct eds_signer *s = wish->signers[i];
        must(CMS_add1_signer(cms, s->certificate, s->key, md, flags));
    }
    if (!wish->without_issuer)
        must(CMS_add1_cert(cms, wish->signers[0]->issuer));
    add_strangers(cms, wish->more, 0);
    BIO *written = BIO_new(BIO_s_mem());
    must(written);
    if (wish->ber)
        must(i2d_CMS_bio_stream(written, cms, content, (int)flags));
    else
        must(CMS_final(cms, content, NULL, flags) && i2d_CMS_bio(written, cms));
    char *bytes;
    long n = BIO_get_mem_data(written, &bytes);
    buf_put(out, bytes, (size_t)n);
    must(!out->failed);
    BIO_free(written);
    CMS_ContentInfo_free(cms);
    BIO_free(content);
}

char *eds_ca_base64(const void *p, size_t n, size_t line)
{
    char *plain = malloc((n + 2) / 3 * 4 + 1);
    must(plain);
    size_t length = (size_t)EVP_EncodeBlock((unsigned char *)plain, p, (int)n);
    if (!line)
        return plain;
    char *text = malloc(2 * length + 2), *to = text;
    must(text);
    for (size_t i = 0; i < length; i++) {
        *to++ = plain[i];
        if ((i + 1) % line == 0)
            *to++ = '\n';
    }
    *to = '\0';
    free(plain);
    return text;
}

char *eds_ca_sign(const struct eds_signer *signer, struct str content)
{
    struct buf der = {0};
    eds_ca_cms(&(struct eds_cms_wish){.signers = {signer}, .content = content}, &der);
    char *text = eds_ca_base64(der.p, der.n, 0);
    buf_release(&der);
    return text;
}
