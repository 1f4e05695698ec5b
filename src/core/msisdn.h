/* SPDX-License-Identifier: Apache-2.0
 *
 * msisdn - a phone number as people type it, ITU-T E.164: "+7 701 123 45 67", or at home without the plus:
 * "8 (701) 123-45-67". */
#ifndef CORE_MSISDN_H
#define CORE_MSISDN_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum {
    MSISDN_TEXT = LIMIT_MSISDN_DIGITS + 2, /* "+77011234567", NUL */
    MSISDN_DIGITS_LEAST = 8,               /* country and subscriber; ours: none is shorter */
};

/* Spaces, dashes, dots and brackets are passed over. ERR_MSISDN. */
MUST_USE enum err msisdn_parse(struct str typed, char out[MSISDN_TEXT], struct fault *fault);
/* What may be shown of one: "…4567". */
const char *msisdn_end(const char *msisdn);

#endif
