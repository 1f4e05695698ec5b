/* SPDX-License-Identifier: Apache-2.0
 *
 * eds_bed - what tests of signatures begin with: an authority, a person, a port by OpenSSL that
 * trusts the authority alone. The clock stands at NOW. */
#ifndef TEST_UNIT_EDS_BED_H
#define TEST_UNIT_EDS_BED_H

#include "people/eds.h"
#include "unit/eds_ca.h"

#define NOW     INT64_C(1780000000) /* 2026-05-28 */
#define IIN     "941231300341"
#define BIN     "980540000397"
#define NAME    "ӘБДІРАХМАНОВ ҚАЙРАТ"
#define CONTENT "{\"application\":1247}"

struct eds_bed {
    struct eds_ca *ca;
    struct eds_signer *person;
    struct eds_port port;
    struct eds_person out;
    struct fault fault; /* of the last signature */
};

int eds_bed_setup(void **state);
int eds_bed_teardown(void **state);

/* Of the port, at NOW; a refusal has its reason and leaves out untouched. */
enum err eds_bed_verify(struct eds_bed *f, enum eds_use use, struct str cms, struct str content);
/* Of a CMS as wished. */
enum err eds_bed_told(struct eds_bed *f, enum eds_use use, const struct eds_cms_wish *wish);
/* Of a certificate as wished that signs CONTENT. */
enum err eds_bed_told_of(struct eds_bed *f, enum eds_use use, const struct eds_wish *wish);

#endif
