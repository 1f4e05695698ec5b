/* SPDX-License-Identifier: Apache-2.0
 *
 * pei - the forms of TS 29.571 5.3.2. Its patterns end in ".+" for what is to come; we refuse what we do
 * not know, so that a client with a mistake hears of it: a SUPI without "imsi-" would pass for none. */
#include "n5geir/pei.h"

#include "base/limits.h"

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* "-xx" so many times; *rest is what follows. */
static bool octets(struct str text, unsigned times, struct str *rest)
{
    if (text.n < times * 3)
        return false;
    for (unsigned i = 0; i < times; i++, text.p += 3, text.n -= 3)
        if (text.p[0] != '-' || !is_hex(text.p[1]) || !is_hex(text.p[2]))
            return false;
    *rest = text;
    return true;
}

static struct str after(struct str text, size_t n)
{
    return (struct str){text.p + n, text.n - n};
}

/* mac-xx-xx-xx-xx-xx-xx[-untrusted], eui-xx-xx-xx-xx-xx-xx-xx-xx */
static bool is_other(struct str text)
{
    struct str rest;
    if (str_starts(text, STR("mac-")))
        return octets(after(text, 3), 6, &rest) && (!rest.n || str_eq(rest, STR("-untrusted")));
    if (str_starts(text, STR("eui-")))
        return octets(after(text, 3), 8, &rest) && !rest.n;
    return false;
}

struct pei pei_read(struct str text)
{
    struct pei pei = {.kind = PEI_IMEI, .software_version = PEI_NO_VERSION};
    if (imei_parse_pei(text, &pei.imei) == ERR_OK) {
        const struct str imeisv = STR("imeisv-");
        if (text.n == imeisv.n + 16)
            pei.software_version =
                (uint8_t)((text.p[text.n - 2] - '0') * 10 + text.p[text.n - 1] - '0');
        return pei;
    }
    pei.kind = is_other(text) ? PEI_OTHER : PEI_MALFORMED;
    return pei;
}

/* Something that can be read, and nothing that cannot. */
static bool is_text(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return false;
    return text.n > 0 && str_utf8(text);
}

static bool is_digits(struct str text, size_t least, size_t most)
{
    return text.n >= least && text.n <= most && str_digits(text);
}

enum err supi_read(struct str text, uint64_t *out)
{
    if (str_starts(text, STR("imsi-"))) {
        struct str digits = after(text, 5);
        if (imsi_parse(digits, out) == ERR_OK)
            return ERR_OK;
        if (!is_digits(digits, 5, LIMIT_IMSI_DIGITS))
            return ERR_IMSI;
        *out = 0;
        return ERR_OK;
    }
    if (!str_starts(text, STR("nai-")) && !str_starts(text, STR("gci-")) &&
        !str_starts(text, STR("gli-")))
        return ERR_IMSI;
    if (!is_text(after(text, 4)))
        return ERR_IMSI;
    *out = 0;
    return ERR_OK;
}

bool gpsi_is_valid(struct str text)
{
    if (str_starts(text, STR("msisdn-")))
        return is_digits(after(text, 7), 5, LIMIT_MSISDN_DIGITS);
    if (!str_starts(text, STR("extid-")) || !is_text(text))
        return false;
    struct str domain, local = str_split(after(text, 6), '@', &domain);
    return local.n && domain.p && domain.n && !memchr(domain.p, '@', domain.n);
}
