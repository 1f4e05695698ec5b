/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_form - bytes that somebody sent, as a CMS of one signer (RFC 5652 5). Nothing here believes
 * the signature; it says what is claimed, and whether the content is ours. */
#ifndef PEOPLE_EDS_FORM_H
#define PEOPLE_EDS_FORM_H

#include <openssl/cms.h>

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct eds_form {
    CMS_ContentInfo *cms;
    CMS_SignerInfo *signer;        /* of cms */
    STACK_OF(X509) * certificates; /* all that came with it: at most LIMIT_EDS_CERTIFICATES */
    X509 *certificate;             /* the signer's, of certificates */
    bool detached;                 /* the content is not inside */
};

/* cms as eds_port.verify takes it. out is the caller's to release. ERR_EDS_FORM, ERR_MEMORY. */
MUST_USE enum err eds_form_parse(struct str cms, struct eds_form *out, struct fault *fault);
void eds_form_release(struct eds_form *form);

/* An attached content is compared byte for byte, a detached one by the digest in the signed
 * attributes (RFC 5652 11.2) where that digest is known here. ERR_EDS_CONTENT, ERR_TOO_LONG; ERR_OK
 * says nothing of a detached content whose digest could not be made: the signature decides. */
MUST_USE enum err eds_form_content(const struct eds_form *form, struct str content,
                                   struct fault *fault);
/* Digest, key and signature are among those that this machine verifies and that are strong:
 * SHA-2 from 256 bits, RSA from 2048 bits, EC over P-256, P-384, P-521. ERR_EDS_ALGORITHM. */
MUST_USE enum err eds_form_algorithms(const struct eds_form *form, struct fault *fault);

#endif
