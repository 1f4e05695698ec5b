/* SPDX-License-Identifier: Apache-2.0
 *
 * imei - reading and writing identities. Feeds, lists and networks bring millions of plain
 * numbers, so digits are read eight at a time; the loop that steps over separators serves people.
 *
 * Invariant: every struct imei that leaves this file has body < IMEI_BODIES. */
#include "core/imei.h"

#include <stdio.h>

#include <endian.h>

#include "base/limits.h"

/* Eight ASCII digits as a number; false when one of them is none. */
static bool eight_digits(const char *p, uint64_t *out)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    v = le64toh(v);
    const uint64_t high = 0xf0f0f0f0f0f0f0f0, zeros = 0x3030303030303030;
    if ((v & high) != zeros || ((v + 0x0606060606060606) & high) != zeros)
        return false;
    /* Neighbours join: 8 digits, 4 pairs, 2 fours, 1 eight; the first digit is the low byte. */
    v -= zeros;
    v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ff;
    v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffff;
    *out = (v * 10000 + (v >> 32)) & 0xffffffff;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 14, 15 or 16 digits and nothing else. */
static bool plain_digits(struct str text, uint64_t *out_body)
{
    if (text.n < 14 || text.n > 16)
        return false;
    uint64_t head, tail;
    if (!eight_digits(text.p, &head) || !eight_digits(text.p + 6, &tail))
        return false;
    for (size_t i = 14; i < text.n; i++)
        if (!is_digit(text.p[i]))
            return false;
    *out_body = head / 100 * 100000000 + tail;
    return true;
}

/* Bytes of the separator at p: ASCII ones, and those that come with text copied from a page or a letter:
 * no-break and thin spaces, hyphens and dashes. 0: there is none. */
static size_t separator(const char *p, size_t n)
{
    static const struct str wide[] = {
        STR("\u00a0"), STR("\u2007"), STR("\u2009"), STR("\u202f"), STR("\u2010"),
        STR("\u2011"), STR("\u2012"), STR("\u2013"), STR("\u2014"), STR("\u2212"),
    };
    if (*p == ' ' || *p == '-' || *p == '/' || *p == '.' || *p == '\t')
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (str_starts((struct str){p, n}, wide[i]))
            return wide[i].n;
    return 0;
}

/* The digits alone. */
static enum err collect(struct str text, char digits[LIMIT_IMEI_TEXT], struct str *out)
{
    size_t n = 0, wide = 1;
    if (text.n > LIMIT_IMEI_TEXT)
        return ERR_TOO_LONG;
    for (size_t i = 0; i < text.n; i += wide) {
        wide = is_digit(text.p[i]) ? 1 : separator(text.p + i, text.n - i);
        if (!wide)
            return ERR_IMEI_CHARS;
        if (is_digit(text.p[i]))
            digits[n++] = text.p[i];
    }
    *out = (struct str){digits, n};
    return ERR_OK;
}

/* 14 to 16 digits and separators; the digits go to *out_text. */
static enum err read_digits(struct str text, char digits[LIMIT_IMEI_TEXT], struct str *out_text,
                            struct imei *out)
{
    *out_text = text;
    if (plain_digits(text, &out->body))
        return ERR_OK;
    enum err err = collect(text, digits, out_text);
    if (err)
        return err;
    return plain_digits(*out_text, &out->body) ? ERR_OK : ERR_IMEI_FORM;
}

enum err imei_parse_typed(struct str text, struct imei *out)
{
    char digits[LIMIT_IMEI_TEXT];
    struct imei imei;
    enum err err = read_digits(text, digits, &text, &imei);
    if (!err && text.n == 15 && text.p[14] - '0' != imei_check_digit(imei))
        err = ERR_IMEI_MISTYPED;
    if (!err)
        *out = imei;
    return err;
}

enum err imei_parse_listed(struct str text, struct imei *out)
{
    char digits[LIMIT_IMEI_TEXT];
    struct imei imei;
    enum err err = read_digits(text, digits, &text, &imei);
    if (!err)
        *out = imei;
    return err;
}

enum err imei_parse_network(struct str text, struct imei *out)
{
    struct imei imei;
    if (plain_digits(text, &imei.body)) {
        *out = imei;
        return ERR_OK;
    }
    return text.n == 0 || str_digits(text) ? ERR_IMEI_FORM : ERR_IMEI_CHARS;
}

enum err imei_parse_pei(struct str text, struct imei *out)
{
    const struct str imei = STR("imei-"), imeisv = STR("imeisv-");
    struct str rest = {NULL, 0};
    if (str_starts(text, imei)) {
        rest = (struct str){text.p + imei.n, text.n - imei.n};
        if (rest.n != 14 && rest.n != 15)
            return ERR_IMEI_FORM;
    } else if (str_starts(text, imeisv)) {
        rest = (struct str){text.p + imeisv.n, text.n - imeisv.n};
        if (rest.n != 16)
            return ERR_IMEI_FORM;
    } else {
        bool other = str_starts(text, STR("mac-")) || str_starts(text, STR("eui-"));
        return other ? ERR_NOT_FOUND : ERR_IMEI_FORM;
    }
    return imei_parse_network(rest, out) == ERR_OK ? ERR_OK : ERR_IMEI_FORM;
}

int imei_check_digit(struct imei imei)
{
    /* From the right every second digit counts double, its digits added: 7 -> 14 -> 5. */
    static const uint8_t doubled[10] = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
    uint64_t left = imei.body;
    unsigned sum = 0;
    while (left) {
        unsigned pair = (unsigned)(left % 100);
        left /= 100;
        sum += pair / 10 + doubled[pair % 10];
    }
    return (int)((10 - sum % 10) % 10);
}

bool imei_all_same(struct imei imei)
{
    return imei.body % 11111111111111 == 0 && imei.body < IMEI_BODIES;
}

void imei_format14(struct imei imei, char out[IMEI_TEXT14])
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    uint64_t left = imei.body;
    for (int i = 12; i >= 0; i -= 2) {
        memcpy(out + i, pairs + 2 * (left % 100), 2);
        left /= 100;
    }
    out[14] = '\0';
}

void imei_format15(struct imei imei, char out[IMEI_TEXT15])
{
    imei_format14(imei, out);
    out[14] = (char)('0' + imei_check_digit(imei));
    out[15] = '\0';
}

void imei_format_masked(struct imei imei, char out[24])
{
    char digits[IMEI_TEXT14];
    imei_format14(imei, digits);
    memcpy(out, digits, 8);
    out[8] = '-';
    out[9] = digits[8];
    memcpy(out + 10, "*****-*", 8); /* NUL included */
}

enum err imsi_parse(struct str text, uint64_t *out)
{
    if (text.n < 6 || text.n > LIMIT_IMSI_DIGITS)
        return ERR_IMSI;
    uint64_t packed = 1;
    size_t i = 0;
    uint64_t eight, last;
    /* As nearly all are: both eights have the digit in the middle. */
    if (text.n == 15 && eight_digits(text.p, &eight) && eight_digits(text.p + 7, &last)) {
        *out = (100000000 + eight) * 10000000 + last % 10000000;
        return ERR_OK;
    }
    if (text.n >= 8 && eight_digits(text.p, &eight)) {
        packed = 100000000 + eight;
        i = 8;
    }
    for (; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return ERR_IMSI;
        packed = packed * 10 + (uint64_t)(text.p[i] - '0');
    }
    *out = packed;
    return ERR_OK;
}

bool imsi_has_prefix(uint64_t imsi, uint64_t prefix)
{
    if (!prefix)
        return false;
    /* Both begin with the packing's 1, so more digits is a larger number: cut digits off until
     * the number is no longer larger. Nine at once where that is not too many. */
    uint64_t cut = imsi / 1000000000;
    if (cut >= prefix)
        imsi = cut;
    while (imsi > prefix)
        imsi /= 10;
    return imsi == prefix;
}

void imsi_format_masked(uint64_t imsi, char out[24])
{
    int n = snprintf(out, 24, "%llu", (unsigned long long)imsi);
    if (n < 1)
        n = 1;
    memmove(out, out + 1, (size_t)n); /* the leading 1 of the packed form */
    for (int i = 5; i < n - 1; i++)
        out[i] = '*';
}
