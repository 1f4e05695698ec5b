/* SPDX-License-Identifier: Apache-2.0
 *
 * demo_ca - sample keys for demonstrations: a certification authority that lives as long as the process,
 * shaped as the National Certification Authority's, and signatures by people who do not exist. Whoever
 * looks at a demonstration has no key of his own; so he walks the real road with a sample one. Nothing of it
 * is written down, and no register believes it but the one whose port was made here. */
#ifndef PEOPLE_DEMO_CA_H
#define PEOPLE_DEMO_CA_H

#include "base/buf.h"
#include "people/eds.h"

struct demo_ca;

struct demo_signer {
    const char *iin, *name;
    const char *bin, *organisation; /* whose head he is; NULL: signs for himself */
};

/* now_s: UTC seconds; the authority is valid a year before and after it. *out_port believes it and nobody
 * else; eds_close. ERR_MEMORY; errors of eds_openssl_open. */
MUST_USE enum err demo_ca_new(int64_t now_s, struct demo_ca **out, struct eds_port *out_port,
                              struct fault *fault);
/* Appends to out a CMS over the content in one line of base64, by a key and a certificate made for it.
 * Many threads may ask at once. ERR_MEMORY. */
MUST_USE enum err demo_ca_sign(const struct demo_ca *ca, const struct demo_signer *signer,
                               struct str content, struct buf *out);
/* NULL is allowed. */
void demo_ca_free(struct demo_ca *ca);

#endif
