/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_ca - a certification authority of our own, shaped as the NCA: a root, an issuing authority
 * below it, persons and organisations with their keys, signatures by them. Whatever cannot be made
 * stops the test. Keys are new each time; EC over P-256 unless said otherwise, because they are
 * quick. */
#ifndef TEST_UNIT_EDS_CA_H
#define TEST_UNIT_EDS_CA_H

#include <openssl/cms.h>

#include "base/buf.h"

enum { EDS_CA_YEAR = 366 * 86400 };

struct eds_ca;

/* now_s: UTC seconds; the authorities are valid ten years about it, what they give out a year. */
struct eds_ca *eds_ca_new(const char *name, int64_t now_s);
/* NULL-safe; removes its files, too. Signers are freed before. */
void eds_ca_free(struct eds_ca *ca);
/* A file with the root and the issuing authority in PEM. The authority's. */
const char *eds_ca_bundle(const struct eds_ca *ca);

struct eds_signer {
    EVP_PKEY *key;
    X509 *certificate;
    X509 *issuer;
};

/* What is wanted of a certificate; zero is as eds_ca_person. */
struct eds_wish {
    const char *iin, *name; /* NULL: without */
    const char *bin, *organisation;
    int rsa_bits;          /* 0: EC */
    const char *curve;     /* NULL: P-256 */
    const char *digest;    /* NULL: SHA256 */
    const char *key_usage; /* NULL: digitalSignature,nonRepudiation; as in openssl.cnf */
    const char *purposes;  /* NULL: clientAuth,emailProtection and the owner; "": none */
    int64_t from_s, to_s;  /* 0: a day before now, a year after it */
};

struct eds_signer *eds_ca_give(struct eds_ca *ca, const struct eds_wish *wish);
/* Both may sign in and sign. */
struct eds_signer *eds_ca_person(struct eds_ca *ca, const char *iin, const char *name);
struct eds_signer *eds_ca_organisation(struct eds_ca *ca, const char *iin, const char *name,
                                       const char *bin, const char *organisation);
/* After a change to its certificate. */
void eds_ca_resign(struct eds_ca *ca, struct eds_signer *signer);
/* NULL-safe. */
void eds_signer_free(struct eds_signer *signer);

/* Writes the list of revoked anew: revoked (NULL: nobody), in force from from_s to to_s. The file,
 * the authority's; of one name for ever. */
const char *eds_ca_revoke(struct eds_ca *ca, const struct eds_signer *revoked, int64_t from_s,
                          int64_t to_s);

/* content inside the CMS, under the signer's signature: base64 in one line. The caller's to free. */
char *eds_ca_sign(const struct eds_signer *signer, struct str content);

/* The same in all ways that are possible. */
struct eds_cms_wish {
    const struct eds_signer *signers[2]; /* the second may be NULL */
    struct str content;
    const char *digest; /* NULL: SHA256 */
    unsigned flags;     /* CMS_DETACHED, CMS_NOATTR, CMS_USE_KEYID, CMS_NOCERTS */
    unsigned more;      /* certificates of strangers beside those of the chain */
    bool without_issuer;
    bool ber; /* of lengths that are not told beforehand, as Java's libraries write it */
};

/* DER, added to out. */
void eds_ca_cms(const struct eds_cms_wish *wish, struct buf *out);
/* The bytes in base64, in lines of so many letters (0: one line). The caller's to free. */
char *eds_ca_base64(const void *p, size_t n, size_t line);

#endif
