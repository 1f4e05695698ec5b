/* SPDX-License-Identifier: Apache-2.0
 *
 * answer - everything that N5g-eir can hear from us, prepared: status, media type, body. No answer is made
 * when it is asked for, so the compressor of headers (HPACK) sees the same few fields again and again and
 * sends each as one byte. */
#ifndef N5GEIR_ANSWER_H
#define N5GEIR_ANSWER_H

#include "base/str.h"

/* The first four in the order of enum equipment. Names of the problems: TS 29.500 5.2.7.2. */
enum n5g_answer {
    N5G_WHITE,
    N5G_BLACK,
    N5G_GREY,
    N5G_UNKNOWN, /* TS 29.511 6.1.7.3 ERROR_EQUIPMENT_UNKNOWN */
    N5G_PEI_MISSING,
    N5G_PEI_REPEATED,
    N5G_PEI_INCORRECT,
    N5G_SUPI_INCORRECT,
    N5G_GPSI_INCORRECT,
    N5G_FEATURES_INCORRECT,
    N5G_FORMAT,       /* percent-encoding that is none */
    N5G_API,          /* another name or version than n5g-eir-eic/v1 */
    N5G_RESOURCE,     /* not equipment-status */
    N5G_METHOD,       /* not GET */
    N5G_METHOD_HEAD,  /* the same for HEAD, which gets no body (RFC 9110 9.3.2) */
    N5G_ACCEPT,       /* takes none of our media types */
    N5G_BODY_LONG,    /* LIMIT_N5G_BODY */
    N5G_TARGET_LONG,  /* LIMIT_HTTP_URI */
    N5G_HEADERS_LONG, /* LIMIT_N5G_HEADERS */
    N5G_TOKEN_MISSING,
    N5G_TOKEN_TWICE,
    N5G_TOKEN_INVALID,
    N5G_TOKEN_SCOPE, /* it is not for this service */
    N5G_ANSWERS,
    N5G_ASK = N5G_ANSWERS, /* no answer yet: the desk has it */
};

struct n5g_prepared {
    struct str status;
    struct str type;      /* empty: there is no body */
    struct str body;      /* NUL-terminated */
    bool allow;           /* with "allow: GET" (RFC 9110 15.5.6) */
    struct str challenge; /* "www-authenticate" (RFC 6750 3); empty: none */
};

const struct n5g_prepared *n5g_prepared(enum n5g_answer answer);

#endif
