/* SPDX-License-Identifier: Apache-2.0 */
#include "people/eds_form.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/limits.h"

/* ---- bytes ---- */

static bool white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What stands between the lines of a PEM; the whole text when it is none. */
static struct str unarmoured(struct str text)
{
    static const struct str begins[] = {STR("-----BEGIN CMS-----"), STR("-----BEGIN PKCS7-----")};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        struct str begin = begins[i];
        if (!str_starts(text, begin))
            continue;
        text = (struct str){text.p + begin.n, text.n - begin.n};
        const char *end = memchr(text.p, '-', text.n);
        text.n = end ? (size_t)(end - text.p) : 0;
    }
    return text;
}

/* Base64 (RFC 4648 4) with white space anywhere; false when it is something else. */
static bool base64_decode(struct str text, struct buf *out)
{
    struct buf plain = {0};
    for (size_t i = 0; i < text.n; i++)
        if (!white(text.p[i]))
            buf_put(&plain, &text.p[i], 1);
    size_t pads = 0;
    while (pads < 2 && pads < plain.n && plain.p[plain.n - 1 - pads] == '=')
        pads++;
    int n = -1;
    if (!plain.failed && plain.n && plain.n % 4 == 0 && buf_reserve(out, plain.n / 4 * 3))
        n = EVP_DecodeBlock(out->p, plain.p, (int)plain.n);
    out->n = n > 0 ? (size_t)n - pads : 0;
    out->failed |= plain.failed;
    buf_release(&plain);
    return n > 0;
}

/* All of the bytes are one CMS, or NULL. */
static CMS_ContentInfo *decode(const uint8_t *p, size_t n)
{
    const unsigned char *at = p;
    CMS_ContentInfo *cms = n ? d2i_CMS_ContentInfo(NULL, &at, (long)n) : NULL;
    if (cms && at != p + n) {
        CMS_ContentInfo_free(cms);
        cms = NULL;
    }
    return cms;
}

static enum err read_bytes(struct str text, CMS_ContentInfo **out, struct fault *fault)
{
    if (text.n > LIMIT_EDS_CMS)
        return fault_set(fault, ERR_EDS_FORM, "longer than %d bytes", LIMIT_EDS_CMS);
    enum { SEQUENCE = 0x30 }; /* X.690 8.9; base64 of it begins with M */
    if (text.n && text.p[0] == SEQUENCE) {
        *out = decode((const uint8_t *)text.p, text.n);
    } else {
        struct buf der = {0};
        if (base64_decode(unarmoured(str_trim(text)), &der))
            *out = decode(der.p, der.n);
        bool failed = der.failed;
        buf_release(&der);
        if (failed)
            return ERR_MEMORY;
    }
    return *out ? ERR_OK : fault_set(fault, ERR_EDS_FORM, "it is no CMS in DER, base64 or PEM");
}

/* ---- one signer ---- */

static enum err find_certificate(struct eds_form *form, struct fault *fault)
{
    form->certificates = CMS_get1_certs(form->cms);
    int n = form->certificates ? sk_X509_num(form->certificates) : 0;
    if (n > LIMIT_EDS_CERTIFICATES)
        return fault_set(fault, ERR_EDS_FORM, "it carries %d certificates, at most %d are read", n,
                         LIMIT_EDS_CERTIFICATES);
    for (int i = 0; i < n; i++) {
        X509 *one = sk_X509_value(form->certificates, i);
        if (CMS_SignerInfo_cert_cmp(form->signer, one) != 0)
            continue;
        /* Whom another program takes of two is not known: it might judge one, and we read the
         * other. */
        if (form->certificate && X509_cmp(form->certificate, one) != 0)
            return fault_set(fault, ERR_EDS_FORM, "two certificates claim to be the signer's");
        form->certificate = one;
    }
    if (!form->certificate)
        return fault_set(fault, ERR_EDS_FORM, "the signer's certificate is not in it");
    return ERR_OK;
}

static enum err take_apart(struct eds_form *form, struct fault *fault)
{
    if (OBJ_obj2nid(CMS_get0_type(form->cms)) != NID_pkcs7_signed)
        return fault_set(fault, ERR_EDS_FORM, "the CMS is not SignedData");
    if (OBJ_obj2nid(CMS_get0_eContentType(form->cms)) != NID_pkcs7_data)
        return fault_set(fault, ERR_EDS_FORM, "what is signed is not plain data");
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(form->cms);
    int n = signers ? sk_CMS_SignerInfo_num(signers) : 0;
    if (n != 1)
        return fault_set(fault, ERR_EDS_FORM, "it has %d signers, one is wanted", n);
    form->signer = sk_CMS_SignerInfo_value(signers, 0);
    ASN1_OCTET_STRING **content = CMS_get0_content(form->cms);
    form->detached = !content || !*content;
    return find_certificate(form, fault);
}

enum err eds_form_parse(struct str cms, struct eds_form *out, struct fault *fault)
{
    struct eds_form form = {0};
    enum err err = read_bytes(cms, &form.cms, fault);
    if (!err)
        err = take_apart(&form, fault);
    if (err)
        eds_form_release(&form);
    else
        *out = form;
    ERR_clear_error();
    return err;
}

void eds_form_release(struct eds_form *form)
{
    sk_X509_pop_free(form->certificates, X509_free);
    CMS_ContentInfo_free(form->cms);
    *form = (struct eds_form){0};
}

/* ---- content ---- */

static const EVP_MD *digest_of(const struct eds_form *form)
{
    X509_ALGOR *digest;
    const ASN1_OBJECT *oid;
    CMS_SignerInfo_get0_algs(form->signer, NULL, NULL, &digest, NULL);
    X509_ALGOR_get0(&oid, NULL, NULL, digest);
    return EVP_get_digestbyobj(oid);
}

enum err eds_form_content(const struct eds_form *form, struct str content, struct fault *fault)
{
    struct str got;
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (content.n > LIMIT_EDS_CONTENT)
        return fault_set(fault, ERR_TOO_LONG, "at most %d bytes are signed", LIMIT_EDS_CONTENT);
    if (form->detached) {
        const ASN1_OCTET_STRING *named = CMS_signed_get0_data_by_OBJ(
            form->signer, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING);
        const EVP_MD *md = digest_of(form);
        unsigned n = 0;
        if (!named || !md || !EVP_Digest(content.p, content.n, digest, &n, md, NULL))
            return ERR_OK;
        content = (struct str){(const char *)digest, n};
        got = (struct str){(const char *)ASN1_STRING_get0_data(named),
                           (size_t)ASN1_STRING_length(named)};
    } else {
        const ASN1_OCTET_STRING *inside = *CMS_get0_content(form->cms);
        got = (struct str){(const char *)ASN1_STRING_get0_data(inside),
                           (size_t)ASN1_STRING_length(inside)};
    }
    if (!str_eq(got, content))
        return fault_set(fault, ERR_EDS_CONTENT, "the text that was signed is another");
    return ERR_OK;
}

/* ---- algorithms ---- */

static enum err refuse_unknown(const ASN1_OBJECT *oid, const char *what, struct fault *fault)
{
    char name[80];
    OBJ_obj2txt(name, sizeof name, oid, 1);
    return fault_set(fault, ERR_EDS_ALGORITHM,
                     "the %s %s is not known to this machine: GOST needs the HTTP verifier "
                     "(doc/signing.md)",
                     what, name);
}

/* nid: a digest, of the object oid. */
static enum err check_digest(int nid, const ASN1_OBJECT *oid, struct fault *fault)
{
    switch (nid) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return ERR_OK;
    case NID_md2:
    case NID_md4:
    case NID_md5:
    case NID_sha1:
    case NID_sha224:
        return fault_set(fault, ERR_EDS_ALGORITHM, "the digest %s is too weak", OBJ_nid2sn(nid));
    default:
        return refuse_unknown(oid, "digest", fault);
    }
}

static enum err check_key(X509 *certificate, struct fault *fault)
{
    ASN1_OBJECT *oid;
    X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, X509_get_X509_PUBKEY(certificate));
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int bits = key ? EVP_PKEY_get_bits(key) : 0;
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        if (bits >= LIMIT_EDS_RSA_BITS_LEAST && bits <= LIMIT_EDS_RSA_BITS)
            return ERR_OK;
        return fault_set(fault, ERR_EDS_ALGORITHM, "the RSA key has %d bits, %d to %d are taken",
                         bits, LIMIT_EDS_RSA_BITS_LEAST, LIMIT_EDS_RSA_BITS);
    }
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        char group[64] = "";
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
        int nid = OBJ_txt2nid(group);
        if (nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1)
            return ERR_OK;
        return fault_set(fault, ERR_EDS_ALGORITHM,
                         "the curve %s is not taken: P-256, P-384, P-521 are",
                         group[0] ? group : "without a name");
    }
    return refuse_unknown(oid, "key", fault);
}

/* The signature names a digest of its own (sha256WithRSAEncryption) or none (rsaEncryption). */
static enum err check_signature(const X509_ALGOR *algorithm, struct fault *fault)
{
    const ASN1_OBJECT *oid;
    int digest, key;
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    int nid = OBJ_obj2nid(oid);
    if (nid == NID_rsaEncryption || nid == NID_rsassaPss)
        return ERR_OK;
    if (!OBJ_find_sigid_algs(nid, &digest, &key) ||
        (key != NID_rsaEncryption && key != NID_X9_62_id_ecPublicKey))
        return refuse_unknown(oid, "signature", fault);
    return check_digest(digest, oid, fault);
}

enum err eds_form_algorithms(const struct eds_form *form, struct fault *fault)
{
    X509_ALGOR *digest, *signature;
    const ASN1_OBJECT *oid;
    CMS_SignerInfo_get0_algs(form->signer, NULL, NULL, &digest, &signature);
    X509_ALGOR_get0(&oid, NULL, NULL, digest);
    enum err err = check_digest(OBJ_obj2nid(oid), oid, fault);
    if (!err)
        err = check_key(form->certificate, fault);
    if (!err)
        err = check_signature(signature, fault);
    if (!err)
        err = check_signature(X509_get0_tbs_sigalg(form->certificate), fault);
    ERR_clear_error();
    return err;
}
