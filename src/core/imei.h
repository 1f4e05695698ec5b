/* SPDX-License-Identifier: Apache-2.0
 *
 * imei - the identity of a device (TS 23.003 6.2): TAC (8 digits), serial number (6), then a check
 * digit (IMEI, 15 digits) or a software version (IMEISV, 16 digits). The key everywhere in the
 * house is the 14-digit body; check digit and software version are never part of it. */
#ifndef CORE_IMEI_H
#define CORE_IMEI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define IMEI_BODIES 100000000000000ULL /* bodies are 0 .. IMEI_BODIES - 1 */

struct imei {
    uint64_t body; /* 14 decimal digits as a number */
};

enum { IMEI_TEXT14 = 15, IMEI_TEXT15 = 16 }; /* buffer sizes, NUL included */

/* What a person typed or a file declares: 14, 15 or 16 digits, with spaces, dashes, slashes and
 * dots between them, also the wide ones of copied text. The check digit of 15 digits is judged.
 * ERR_IMEI_CHARS, ERR_IMEI_FORM (count of digits), ERR_IMEI_MISTYPED, ERR_TOO_LONG. */
MUST_USE enum err imei_parse_typed(struct str text, struct imei *out);
/* What stands in a list that networks and other registers made: the same forms, no check digit judged. */
MUST_USE enum err imei_parse_listed(struct str text, struct imei *out);
/* What a network saw: exactly 14, 15 or 16 decimal digits; the 15th and 16th are not judged. */
MUST_USE enum err imei_parse_network(struct str text, struct imei *out);
/* A PEI (TS 29.571 5.3.2): "imei-" with 15 or 14 digits, "imeisv-" with 16. No check digit judged.
 * ERR_NOT_FOUND for mac- and eui- (no IMEI in it), else ERR_IMEI_FORM. */
MUST_USE enum err imei_parse_pei(struct str text, struct imei *out);

/* Luhn digit of the body, 0-9 (TS 23.003 annex B). */
int imei_check_digit(struct imei imei);
/* 14 digits, every one the same: 00000000000000, 11111111111111, ... */
bool imei_all_same(struct imei imei);

static inline uint32_t imei_tac(struct imei imei)
{
    return (uint32_t)(imei.body / 1000000);
}

void imei_format14(struct imei imei, char out[IMEI_TEXT14]);
/* With the computed check digit. */
void imei_format15(struct imei imei, char out[IMEI_TEXT15]);
/* "35824005-9*****-*": for logs; the TAC stays, the device does not. */
void imei_format_masked(struct imei imei, char out[24]);

/* IMSI (TS 23.003 2.2): 6 to 15 digits. Packs as digits with a leading 1, so that leading zeros
 * stay: "00101" -> 100101. */
MUST_USE enum err imsi_parse(struct str text, uint64_t *out);
/* "40101**********": for logs; the network stays, the subscriber does not. */
void imsi_format_masked(uint64_t imsi, char out[24]);
/* Does the IMSI (packed) begin with the prefix (packed the same way)? */
bool imsi_has_prefix(uint64_t imsi, uint64_t prefix);

#endif
