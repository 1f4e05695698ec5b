/* SPDX-License-Identifier: Apache-2.0
 *
 * radio - radio technologies: which ones a list of models says that a phone has. What networks saw is counted by
 * seen/radio.h. */
#ifndef CORE_RADIO_H
#define CORE_RADIO_H

#include "base/str.h"

/* Bits; their order is stored: it never changes. */
enum radio {
    RADIO_2G = 1 << 0,
    RADIO_3G = 1 << 1,
    RADIO_4G = 1 << 2,
    RADIO_5G = 1 << 3,
    RADIO_3GPP2 = 1 << 4,
    RADIO_KINDS = 5,
    RADIO_ALL = (1 << RADIO_KINDS) - 1,
};
const char *radio_name(unsigned kind); /* of bit 1 << kind: "2G", ..., "3GPP2" */

/* What the columns of bands and radio interfaces of GSMA's list name: "GSM 900, WCDMA FDD Band I, LTE FDD BAND 3,
 * 5G NR n78". Words that are none of these are passed over. 0: it names none. */
unsigned radio_of_bands(struct str text);

#endif
