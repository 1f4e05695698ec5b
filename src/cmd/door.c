/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/door.h"

#include <stdio.h>

_Static_assert((int)SETTINGS_LIMITS == (int)LIMIT_KINDS, "a limit without a setting");

static const char *const limit_names[LIMIT_KINDS] = {
    [LIMIT_KIND_PERSON] = "person",
    [LIMIT_KIND_ADDRESS] = "address",
    [LIMIT_KIND_KEY] = "key",
    [LIMIT_KIND_PUBLIC] = "public",
};

static enum err refuse(const char *text, const char *name, const char *want, struct fault *fault)
{
    fault_value(fault, text, strlen(text));
    return fault_set(fault, ERR_SETTING_VALUE, "%s wants %s", name, want);
}

static enum err read_number(const char *text, const char *name, uint64_t least, uint64_t *out,
                            struct fault *fault)
{
    uint64_t value;
    if (!*text)
        return ERR_OK;
    if (!str_to_u64(str_z(text), LIMIT_RATE_MAX, &value) || value < least) {
        char want[64];
        snprintf(want, sizeof want, "a whole number from %u to %d", (unsigned)least,
                 LIMIT_RATE_MAX);
        return refuse(text, name, want, fault);
    }
    *out = value;
    return ERR_OK;
}

static enum err read_limits(const struct settings *settings, struct limits *limits,
                            struct fault *fault)
{
    enum err err = ERR_OK;
    for (int i = 0; i < LIMIT_KINDS && !err; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_rate", limit_names[i]);
        err = read_number(settings->rate[i], name, 0, &limits->kind[i].rate, fault);
        snprintf(name, sizeof name, "%s_burst", limit_names[i]);
        if (!err) /* a batch pays for its first IMEI alone: below 2 it would never pass */
            err = read_number(settings->burst[i], name, 2, &limits->kind[i].burst, fault);
    }
    return err;
}

/* scheme://host[:port], as RFC 6454 4 has it. */
static bool is_origin(struct str url)
{
    struct str scheme = STR("https://");
    if (!str_starts(url, scheme))
        scheme = STR("http://");
    if (!str_starts(url, scheme) || url.n == scheme.n || url.n > LIMIT_PUBLIC_URL)
        return false;
    for (size_t i = scheme.n; i < url.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]",
                    url.p[i]))
            return false;
    return true;
}

enum err door_settings(const struct settings *settings, struct http_options *out,
                       struct fault *fault)
{
    out->limits = limits_default();
    out->faces = &settings->faces;
    out->public_url = *settings->public_url ? settings->public_url : NULL;
    if (out->public_url && !is_origin(str_z(out->public_url)))
        return refuse(out->public_url, "public_url", "http://HOST or https://HOST[:PORT], no path",
                      fault);
    if (!nets_parse(str_z(settings->trusted_proxies), &out->trusted))
        return refuse(settings->trusted_proxies, "trusted_proxies",
                      "addresses or networks, such as 127.0.0.1, 10.0.0.0/8", fault);
    const char *from = *settings->metrics_from ? settings->metrics_from : "127.0.0.0/8, ::1";
    if (!nets_parse(str_z(from), &out->metrics_from))
        return refuse(from, "metrics_from", "addresses or networks", fault);
    if (strlen(settings->certificate_header) > LIMIT_NAME)
        return refuse(settings->certificate_header, "certificate_header", "a header's name", fault);
    out->certificate_header = *settings->certificate_header ? settings->certificate_header : NULL;
    out->forwarded = FORWARDED_X_FOR;
    if (str_eq_nocase(str_z(settings->forwarded), STR("forwarded")))
        out->forwarded = FORWARDED_7239;
    else if (*settings->forwarded &&
             !str_eq_nocase(str_z(settings->forwarded), STR("x-forwarded-for")))
        return refuse(settings->forwarded, "forwarded", "x-forwarded-for or forwarded", fault);
    return read_limits(settings, &out->limits, fault);
}
