/* SPDX-License-Identifier: Apache-2.0
 *
 * query - split first, judge afterwards: all parameters are found before the first of them is read, and they
 * are read in an order of our own. So the same request is answered the same however it is written. */
#include "n5geir/query.h"

#include <assert.h>

#include "base/limits.h"
#include "n5geir/pei.h"

enum param { PARAM_PEI, PARAM_SUPI, PARAM_GPSI, PARAM_FEATURES, PARAMS };

static const struct str param_names[PARAMS] = {
    [PARAM_PEI] = STR("pei"),
    [PARAM_SUPI] = STR("supi"),
    [PARAM_GPSI] = STR("gpsi"),
    [PARAM_FEATURES] = STR("supported-features"),
};

struct given {
    struct str value[PARAMS];
    uint8_t times[PARAMS]; /* 2: twice or more often */
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct str after(struct str text, size_t n)
{
    return (struct str){text.p + n, text.n - n};
}

static bool has_encoding(struct str text)
{
    return text.n && memchr(text.p, '%', text.n);
}

/* Is each % followed by two hexadecimal digits (RFC 3986 2.1)? */
static bool is_encoded(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%')
            continue;
        if (text.n - i < 3 || hex_value(text.p[i + 1]) < 0 || hex_value(text.p[i + 2]) < 0)
            return false;
        i += 2;
    }
    return true;
}

/* Of text that is_encoded; to has room for text.n bytes. */
static struct str decode(struct str text, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            c = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
            i += 2;
        }
        to[n++] = c;
    }
    return (struct str){to, n};
}

static enum param param_of(struct str name)
{
    for (int i = 0; i < PARAMS; i++)
        if (str_eq(name, param_names[i]))
            return (enum param)i;
    return PARAMS;
}

/* Decoded names and values go to room, which has as many bytes as the query; NULL: none is encoded. */
static void split(struct str query, char *room, struct given *given)
{
    while (query.p) {
        struct str value, rest, name = str_split(query, '&', &rest);
        query = rest;
        name = str_split(name, '=', &value);
        if (room) {
            name = decode(name, room);
            room += name.n;
        }
        enum param param = param_of(name);
        if (param == PARAMS)
            continue;
        if (given->times[param]++)
            given->times[param] = 2;
        if (room) {
            value = decode(value, room);
            room += value.n;
        }
        given->value[param] = value;
    }
}

/* TS 29.571 5.2.2 SupportedFeatures; we have none, and EirResponseData has no place to say so. */
static bool is_features(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (hex_value(text.p[i]) < 0)
            return false;
    return true;
}

static enum n5g_answer judge(const struct given *given, struct network_check *out)
{
    struct network_check check = {.software_version = PEI_NO_VERSION};
    if (!given->times[PARAM_PEI])
        return N5G_PEI_MISSING;
    if (given->times[PARAM_PEI] > 1)
        return N5G_PEI_REPEATED;
    if (given->times[PARAM_SUPI] > 1 ||
        (given->times[PARAM_SUPI] &&
         supi_read(given->value[PARAM_SUPI], &check.question.imsi) != ERR_OK))
        return N5G_SUPI_INCORRECT;
    if (given->times[PARAM_GPSI] > 1 ||
        (given->times[PARAM_GPSI] && !gpsi_is_valid(given->value[PARAM_GPSI])))
        return N5G_GPSI_INCORRECT;
    if (given->times[PARAM_FEATURES] > 1 || !is_features(given->value[PARAM_FEATURES]))
        return N5G_FEATURES_INCORRECT;
    struct pei pei = pei_read(given->value[PARAM_PEI]);
    if (pei.kind == PEI_OTHER)
        return N5G_UNKNOWN;
    check.malformed = pei.kind == PEI_MALFORMED;
    check.question.imei = pei.imei;
    check.software_version = pei.software_version;
    *out = check;
    return N5G_ASK;
}

static enum n5g_answer query_read(struct str query, bool encoded, struct network_check *out)
{
    struct given given = {0};
    char room[LIMIT_HTTP_URI];
    assert(query.n <= sizeof room);
    if (encoded && !is_encoded(query))
        return N5G_FORMAT;
    split(query, encoded ? room : NULL, &given);
    return judge(&given, out);
}

enum n5g_answer n5g_query_read(struct str query, struct network_check *out)
{
    return query_read(query, has_encoding(query), out);
}

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* An encoded path is the same path only where what was encoded need not have been (RFC 3986 6.2.2.2). */
static bool decode_path(struct str path, char *room, struct str *out)
{
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '%' &&
            !is_unreserved((char)(hex_value(path.p[i + 1]) << 4 | hex_value(path.p[i + 2]))))
            return false;
    *out = decode(path, room);
    return true;
}

/* N5G_ASK: it is ours. TS 29.501 4.4.1: {apiRoot}/<apiName>/<apiVersion>/<apiSpecificResourceUriPart> */
static enum n5g_answer path_judge(struct str root, struct str path)
{
    const struct str api = STR("/n5g-eir-eic/v1/");
    if (root.n && !str_starts(path, root))
        return N5G_RESOURCE;
    path = after(path, root.n);
    if (path.n && path.p[0] != '/')
        return N5G_RESOURCE;
    if (!str_starts(path, api))
        return N5G_API;
    return str_eq(after(path, api.n), STR("equipment-status")) ? N5G_ASK : N5G_RESOURCE;
}

enum n5g_answer n5g_target_read(struct str root, struct str target, struct network_check *out)
{
    char room[LIMIT_HTTP_URI];
    if (target.n > sizeof room)
        return N5G_TARGET_LONG;
    bool encoded = has_encoding(target);
    struct str query, path = str_split(target, '?', &query);
    if (encoded && !is_encoded(path))
        return N5G_FORMAT;
    if (encoded && !decode_path(path, room, &path))
        return N5G_RESOURCE;
    enum n5g_answer answer = path_judge(root, path);
    return answer == N5G_ASK ? query_read(query, encoded, out) : answer;
}

/* "q=0", "q=0.000": not at all (RFC 9110 12.4.2). */
static bool is_refused(struct str parameters)
{
    while (parameters.p) {
        struct str rest, one = str_trim(str_split(parameters, ';', &rest));
        parameters = rest;
        if (one.n < 3 || (one.p[0] | 0x20) != 'q' || one.p[1] != '=' || one.p[2] != '0')
            continue;
        bool zero = true;
        for (size_t i = 3; i < one.n; i++)
            zero = zero && (one.p[i] == '0' || one.p[i] == '.');
        return zero;
    }
    return false;
}

bool n5g_accepts(struct str accept)
{
    static const struct str ranges[] = {
        STR("application/json"),
        STR("application/problem+json"),
        STR("application/*"),
        STR("*/*"),
    };
    while (accept.p) {
        struct str parameters, rest, range = str_split(accept, ',', &rest);
        accept = rest;
        range = str_trim(str_split(range, ';', &parameters));
        for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
            if (str_eq_nocase(range, ranges[i]) && !is_refused(parameters))
                return true;
    }
    return false;
}
