/* SPDX-License-Identifier: Apache-2.0 */
#include "people/eds_certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

/* ---- for what ---- */

enum { OID_TEXT = 80, PURPOSES = 8 };

#define CLIENT_AUTH      "1.3.6.1.5.5.7.3.2" /* RFC 5280 4.2.1.12 */
#define EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"
#define NCA_ORGANISATION "1.2.398.3.3.4.1.2"

/* What the NCA gives out, in key usage and extended key usage:
 *   to sign in  digitalSignature keyEncipherment   clientAuth       and an owner
 *   to sign     digitalSignature nonRepudiation    emailProtection  and an owner
 * NCALayer picks certificates by clientAuth and emailProtection as well. The owner is one of these
 * below 1.2.398.3.3.4.1: .1 a person; .2 an organisation, with it .2.1 its head, .2.2 who may sign,
 * .2.3 who may sign in finance, .2.4 its staff's officer, .2.5 an employee.
 *
 * A rule is met by one of its key usages and one of its purposes. */
static const struct rule {
    enum eds_use use;
    uint32_t key_usage;
    const char *purposes[PURPOSES];
} rules[] = {
    {EDS_SIGN_IN,
     KU_DIGITAL_SIGNATURE,
     {CLIENT_AUTH, "1.2.398.3.3.4.1.1", NCA_ORGANISATION, "1.2.398.3.3.4.1.2.1",
      "1.2.398.3.3.4.1.2.2", "1.2.398.3.3.4.1.2.3", "1.2.398.3.3.4.1.2.4", "1.2.398.3.3.4.1.2.5"}},
    {EDS_SIGN, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, {EMAIL_PROTECTION}},
};

static bool has_purpose(X509 *certificate, const char *const *purposes, size_t count)
{
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    bool found = false;
    for (int i = 0; !found && i < (usage ? sk_ASN1_OBJECT_num(usage) : 0); i++) {
        char oid[OID_TEXT];
        OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(usage, i), 1);
        for (size_t j = 0; j < count && purposes[j]; j++)
            found |= str_eq(str_z(oid), str_z(purposes[j]));
    }
    EXTENDED_KEY_USAGE_free(usage);
    return found;
}

/* The bits; none when the extension is not there: then the NCA did not make it. */
static uint32_t key_usage_of(X509 *certificate)
{
    return X509_get_extension_flags(certificate) & EXFLAG_KUSAGE ? X509_get_key_usage(certificate)
                                                                 : 0;
}

enum err eds_certificate_usage(X509 *certificate, enum eds_use use, struct fault *fault)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].use == use && key_usage_of(certificate) & rules[i].key_usage &&
            has_purpose(certificate, rules[i].purposes, PURPOSES))
            return ERR_OK;
    return fault_set(fault, ERR_EDS_USAGE, "the certificate is not for %s",
                     use == EDS_SIGN ? "signing documents" : "signing in");
}

/* ---- until when ---- */

/* ASN.1 time as UTC seconds; false when it is none. */
static bool seconds_of(const ASN1_TIME *time, int64_t *out)
{
    int days, seconds;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool ok = epoch && ASN1_TIME_diff(&days, &seconds, epoch, time);
    if (ok)
        *out = days * INT64_C(86400) + seconds;
    ASN1_TIME_free(epoch);
    return ok;
}

enum err eds_certificate_valid(const X509 *certificate, int64_t now_s, struct fault *fault)
{
    int64_t first, last;
    if (!seconds_of(X509_get0_notBefore(certificate), &first) ||
        !seconds_of(X509_get0_notAfter(certificate), &last))
        return fault_set(fault, ERR_EDS_EXPIRED, "the certificate's dates are none");
    if (now_s < first)
        return fault_set(fault, ERR_EDS_EXPIRED, "the certificate is not yet valid");
    if (now_s >= last) /* its last second would still count, but not for OpenSSL */
        return fault_set(fault, ERR_EDS_EXPIRED, "the certificate is over");
    return ERR_OK;
}

/* ---- who ---- */

/* One value of a name, shown; "" when there is none. */
static enum err show(const X509_NAME *subject, int nid, char *to, size_t size)
{
    to[0] = '\0';
    int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    if (at < 0)
        return ERR_OK;
    unsigned char *utf8;
    int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (n < 0)
        return ERR_EDS_IDENTITY;
    str_show(to, size, (struct str){(const char *)utf8, (size_t)n});
    OPENSSL_free(utf8);
    return ERR_OK;
}

/* The digits behind the prefix of the one value that begins with it; "" when there is none. They
 * stay out of the fault: it is logged. */
static enum err number(const X509_NAME *subject, int nid, struct str prefix, char out[IIN_TEXT],
                       struct fault *fault)
{
    out[0] = '\0';
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, nid, at)) >= 0;) {
        const ASN1_STRING *data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
        struct str value = {(const char *)ASN1_STRING_get0_data(data),
                            (size_t)ASN1_STRING_length(data)};
        if (!str_starts(value, prefix))
            continue;
        value = (struct str){value.p + prefix.n, value.n - prefix.n};
        struct fault why = {0};
        if (out[0])
            return fault_set(fault, ERR_EDS_IDENTITY, "two of %.*s", STR_ARG(prefix));
        if (iin_check(value, &why))
            return fault_set(fault, ERR_EDS_IDENTITY, "%.*s: %s", STR_ARG(prefix), why.detail);
        str_copy(out, IIN_TEXT, value);
    }
    return ERR_OK;
}

static enum err fingerprint(X509 *certificate, uint8_t out[SHA256_BYTES])
{
    unsigned char *der = NULL;
    int n = i2d_X509(certificate, &der);
    if (n < 0)
        return ERR_MEMORY;
    sha256_once(der, (size_t)n, out);
    OPENSSL_free(der);
    return ERR_OK;
}

enum err eds_certificate_person(X509 *certificate, struct eds_person *out, struct fault *fault)
{
    struct eds_person p = {0};
    const X509_NAME *subject = X509_get_subject_name(certificate);
    static const char *const organisation[] = {NCA_ORGANISATION};
    static const char *const signers[] = {"1.2.398.3.3.4.1.2.1", "1.2.398.3.3.4.1.2.2"};
    enum err err = number(subject, NID_serialNumber, STR("IIN"), p.iin, fault);
    if (!err && !p.iin[0])
        err = fault_set(fault, ERR_EDS_IDENTITY, "the certificate names no IIN");
    if (!err)
        err = number(subject, NID_organizationalUnitName, STR("BIN"), p.bin, fault);
    if (!err && !p.bin[0] && has_purpose(certificate, organisation, 1))
        err = fault_set(fault, ERR_EDS_IDENTITY, "an organisation's certificate names no BIN");
    if (!err && (show(subject, NID_commonName, p.name, sizeof p.name) ||
                 show(subject, NID_organizationName, p.organisation, sizeof p.organisation)))
        err = fault_set(fault, ERR_EDS_IDENTITY, "a name is written in no known way");
    if (!err && !seconds_of(X509_get0_notAfter(certificate), &p.not_after))
        err = fault_set(fault, ERR_EDS_IDENTITY, "the last day is none");
    if (!err)
        err = fingerprint(certificate, p.certificate);
    p.signs = has_purpose(certificate, signers, 2);
    if (!err)
        *out = p;
    ERR_clear_error();
    return err;
}
