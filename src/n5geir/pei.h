/* SPDX-License-Identifier: Apache-2.0
 *
 * pei - the identities that a query of N5g-eir names (TS 29.571 5.3.2): of the equipment (PEI), of the
 * subscriber (SUPI, GPSI). Text in, value out; percent-encoding is gone already (query.h). */
#ifndef N5GEIR_PEI_H
#define N5GEIR_PEI_H

#include "core/imei.h"

enum pei_kind {
    PEI_IMEI,      /* imei-, imeisv-: on our lists or not */
    PEI_OTHER,     /* mac-, eui-: equipment that has no IMEI, so no list of ours knows it */
    PEI_MALFORMED, /* no identity of the four */
};

enum { PEI_NO_VERSION = 255 }; /* struct network_check: none was given */

struct pei {
    enum pei_kind kind;
    struct imei imei;         /* of PEI_IMEI */
    uint8_t software_version; /* imeisv-: its last two digits, 0..99; else PEI_NO_VERSION */
};

/* The check digit of imei- is not judged: what a network saw counts (TS 23.003 6.2.1). */
struct pei pei_read(struct str text);

/* imsi- with 5 to 15 digits, nai-, gci-, gli-; ERR_IMSI for all else. *out: the IMSI as imsi_parse packs
 * it; 0 where there is none: another kind of SUPI, or 5 digits, which name a network and nobody in it. */
MUST_USE enum err supi_read(struct str text, uint64_t *out);

/* msisdn- with 5 to 15 digits, extid- with one @ between two parts. */
bool gpsi_is_valid(struct str text);

#endif
