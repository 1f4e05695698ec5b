/* SPDX-License-Identifier: Apache-2.0
 *
 * eds - the electronic digital signature of Kazakhstan (ЭЦҚ, ЭЦП; Law No. 370 of 7 January 2003),
 * verified: who signed, for whom, and that it was this text. A signature is CMS SignedData (RFC
 * 5652) of one signer over content that we know; its certificate is of the National Certification
 * Authority (NCA).
 *
 * Two adapters stand behind one port. eds_openssl_open verifies RSA and EC by itself. What the NCA
 * gives out today is mostly GOST 34.10-2015, which OpenSSL does not know: eds_http_open asks a
 * verifier beside us that has the NCA's own library. In both, the form, the content, the
 * certificate's use and the person's numbers are judged here (eds_form.h, eds_certificate.h); the
 * adapters differ in who does the arithmetic, the chain and the revocation.
 *
 * A port may be used by many threads at once. The time comes from the caller, in UTC seconds. */
#ifndef PEOPLE_EDS_H
#define PEOPLE_EDS_H

#include <stdbool.h>

#include "base/sha256.h"
#include "core/iin.h"

enum eds_use {
    EDS_SIGN_IN, /* proves who is there */
    EDS_SIGN,    /* stands under a document */
};

enum {
    EDS_NAME = 257,         /* 64 characters (X.520 ub-common-name) of at most 4 bytes, and a NUL */
    EDS_ORGANISATION = 513, /* real ones are longer than ub-organization-name: 128, and a NUL */
};

/* Who signed. All texts are UTF-8, made printable, cut between characters, NUL-terminated. */
struct eds_person {
    char iin[IIN_TEXT];
    char bin[IIN_TEXT];                  /* "": acts for himself */
    char name[EDS_NAME];                 /* the certificate's CN: surname and first name */
    char organisation[EDS_ORGANISATION]; /* its O; "": none */
    bool signs;                        /* for the organisation: its head, or who may sign for it */
    uint8_t certificate[SHA256_BYTES]; /* SHA-256 of the certificate's DER */
    int64_t not_after;                 /* its end, UTC seconds */
};

struct eds_port {
    /* cms: DER or BER, base64 (white space allowed) or PEM, at most LIMIT_EDS_CMS bytes. content:
     * what must have been signed, byte for byte, whether the CMS carries it or not; at most
     * LIMIT_EDS_CONTENT bytes.
     *
     * ERR_EDS_FORM       no CMS of one signer with his certificate
     * ERR_EDS_CONTENT    another text was signed
     * ERR_EDS_SIGNATURE  damaged or forged
     * ERR_EDS_ALGORITHM  unknown here or too weak; fault->detail names it
     * ERR_EDS_CHAIN      not of a certification authority that we trust
     * ERR_EDS_EXPIRED    the certificate, or its issuer's, is over or not yet valid at now_s
     * ERR_EDS_REVOKED
     * ERR_EDS_USAGE      the certificate is for something else
     * ERR_EDS_IDENTITY   no IIN, an organisation without BIN, a wrong check digit
     * ERR_EDS_AWAY       the verifier or the list of revoked could not be asked: no refusal
     * ERR_TOO_LONG       the content; ERR_MEMORY */
    enum err (*verify)(void *ctx, enum eds_use use, struct str cms, struct str content,
                       int64_t now_s, struct eds_person *out, struct fault *fault);
    void (*close)(void *ctx);
    void *ctx;
};

MUST_USE static inline enum err eds_verify(const struct eds_port *port, enum eds_use use,
                                           struct str cms, struct str content, int64_t now_s,
                                           struct eds_person *out, struct fault *fault)
{
    return port->verify(port->ctx, use, cms, content, now_s, out, fault);
}

/* What is open, or all zero. */
static inline void eds_close(struct eds_port *port)
{
    if (port->close)
        port->close(port->ctx);
    *port = (struct eds_port){0};
}

/* ca_bundle_file: PEM, the roots and the issuing authorities; every chain ends in one of its
 * self-signed certificates. crl_file: PEM or one DER, or NULL: nobody is revoked. It is read again
 * when it has changed; a list that is over gives ERR_EDS_AWAY. ERR_FILE_OPEN, ERR_FILE_READ,
 * ERR_MEMORY. */
MUST_USE enum err eds_openssl_open(const char *ca_bundle_file, const char *crl_file,
                                   struct eds_port *out, struct fault *fault);

struct eds_http_options {
    const char *url;     /* of the verifier, without "/cms/verify": "http://127.0.0.1:14579" */
    unsigned connect_ms; /* 0: LIMIT_EDS_CONNECT_MS */
    unsigned whole_ms;   /* 0: LIMIT_EDS_WHOLE_MS */
};

/* A verifier that speaks as NCANode 3 does: POST /cms/verify. It is asked when a signature comes,
 * not here. ERR_SETTING_VALUE: no http or https URL. ERR_MEMORY. */
MUST_USE enum err eds_http_open(const struct eds_http_options *options, struct eds_port *out,
                                struct fault *fault);

#endif
