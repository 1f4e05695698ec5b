/* SPDX-License-Identifier: Apache-2.0
 *
 * answer - the table. Bodies are EirResponseData (TS 29.511 6.1.6.2.2) or ProblemDetails (TS 29.571 5.2.4.1) with
 * what a machine reads; "reason" is for whoever reads a trace. */
#include "n5geir/answer.h"

#include <assert.h>

#define JSON    STR("application/json")
#define PROBLEM STR("application/problem+json") /* RFC 9457 3 */
#define TOLD(status)                                                                               \
    {                                                                                              \
        STR("200"), JSON, STR("{\"status\":\"" status "\"}"), false, STR("")                       \
    }
#define CAUSE(status, cause)                                                                       \
    {                                                                                              \
        STR(status), PROBLEM, STR("{\"status\":" status ",\"cause\":\"" cause "\"}"), false,       \
            STR("")                                                                                \
    }
#define PLAIN(status, title, allow)                                                                \
    {                                                                                              \
        STR(status), PROBLEM, STR("{\"title\":\"" title "\",\"status\":" status "}"), allow,       \
            STR("")                                                                                \
    }
/* TS 29.571 5.2.4.1 InvalidParam: a parameter of the query is named "query NAME". */
#define PARAM(cause, name, reason)                                                                 \
    {                                                                                              \
        STR("400"), PROBLEM,                                                                       \
            STR("{\"status\":400,\"cause\":\"" cause                                               \
                "\",\"invalidParams\":[{\"param\":\"query " name "\",\"reason\":\"" reason         \
                "\"}]}"),                                                                          \
            false, STR("")                                                                         \
    }
/* RFC 6750 3, TS 29.500 6.7.3 */
#define CHALLENGE(status, title, more)                                                             \
    {                                                                                              \
        STR(status), PROBLEM, STR("{\"title\":\"" title "\",\"status\":" status "}"), false,       \
            STR("Bearer realm=\"n5g-eir-eic\"" more)                                               \
    }

static const struct n5g_prepared prepared[N5G_ANSWERS] = {
    [N5G_WHITE] = TOLD("WHITELISTED"),
    [N5G_BLACK] = TOLD("BLACKLISTED"),
    [N5G_GREY] = TOLD("GREYLISTED"),
    [N5G_UNKNOWN] = CAUSE("404", "ERROR_EQUIPMENT_UNKNOWN"),
    [N5G_PEI_MISSING] = PARAM("MANDATORY_QUERY_PARAM_MISSING", "pei", "missing"),
    [N5G_PEI_REPEATED] = PARAM("MANDATORY_QUERY_PARAM_INCORRECT", "pei", "more than one"),
    [N5G_PEI_INCORRECT] = PARAM("MANDATORY_QUERY_PARAM_INCORRECT", "pei",
                                "not imei- with 15 digits, imeisv- with 16, mac- or eui-"),
    [N5G_SUPI_INCORRECT] = PARAM("OPTIONAL_QUERY_PARAM_INCORRECT", "supi",
                                 "not one of imsi- with 5 to 15 digits, nai-, gci- or gli-"),
    [N5G_GPSI_INCORRECT] = PARAM("OPTIONAL_QUERY_PARAM_INCORRECT", "gpsi",
                                 "not one of msisdn- with 5 to 15 digits or extid-"),
    [N5G_FEATURES_INCORRECT] = PARAM("OPTIONAL_QUERY_PARAM_INCORRECT", "supported-features",
                                     "not one number in hexadecimal"),
    [N5G_FORMAT] = CAUSE("400", "INVALID_MSG_FORMAT"),
    [N5G_API] = CAUSE("400", "INVALID_API"),
    [N5G_RESOURCE] = CAUSE("404", "RESOURCE_URI_STRUCTURE_NOT_FOUND"),
    [N5G_METHOD] = PLAIN("405", "Method Not Allowed", true),
    [N5G_METHOD_HEAD] = {STR("405"), STR(""), STR(""), true, STR("")},
    [N5G_ACCEPT] = PLAIN("406", "Not Acceptable", false),
    [N5G_BODY_LONG] = PLAIN("413", "Content Too Large", false),
    [N5G_TARGET_LONG] = PLAIN("414", "URI Too Long", false),
    [N5G_HEADERS_LONG] = PLAIN("431", "Request Header Fields Too Large", false),
    [N5G_TOKEN_MISSING] = CHALLENGE("401", "Unauthorized", ""),
    [N5G_TOKEN_TWICE] = CHALLENGE("400", "Bad Request", ", error=\"invalid_request\""),
    [N5G_TOKEN_INVALID] = CHALLENGE("401", "Unauthorized", ", error=\"invalid_token\""),
    [N5G_TOKEN_SCOPE] =
        CHALLENGE("403", "Forbidden", ", error=\"insufficient_scope\", scope=\"n5g-eir-eic\""),
};

const struct n5g_prepared *n5g_prepared(enum n5g_answer answer)
{
    assert(answer < N5G_ANSWERS);
    return &prepared[answer];
}
