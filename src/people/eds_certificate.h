/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_certificate - what a certificate of the NCA says: what it is for, whom it names, until when.
 * Only to be believed when its chain was verified. */
#ifndef PEOPLE_EDS_CERTIFICATE_H
#define PEOPLE_EDS_CERTIFICATE_H

#include <openssl/x509.h>

#include "people/eds.h"

/* RFC 5280 4.1.2.5. ERR_EDS_EXPIRED. */
MUST_USE enum err eds_certificate_valid(const X509 *certificate, int64_t now_s,
                                        struct fault *fault);
/* By the table in eds_certificate.c. ERR_EDS_USAGE. */
MUST_USE enum err eds_certificate_usage(X509 *certificate, enum eds_use use, struct fault *fault);
/* serialNumber=IIN…, OU=BIN…, CN, O. ERR_EDS_IDENTITY, ERR_MEMORY. */
MUST_USE enum err eds_certificate_person(X509 *certificate, struct eds_person *out,
                                         struct fault *fault);

#endif
