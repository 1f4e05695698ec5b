/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdio.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int str_compare(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_split(struct str s, char sep, struct str *rest)
{
    const char *at = s.n ? memchr(s.p, sep, s.n) : NULL;
    if (!at) {
        *rest = (struct str){NULL, 0};
        return s;
    }
    size_t n = (size_t)(at - s.p);
    *rest = (struct str){at + 1, s.n - n - 1};
    return (struct str){s.p, n};
}

bool str_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
    if (!str_digits(s))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (v > max)
        return false;
    *out = v;
    return true;
}

/* Length of the UTF-8 sequence that starts at p, 0 if there is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    size_t len = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 4;
    if (len == 4 && (c < 0xf0 || c > 0xf4))
        return 0;
    if (len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
        (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

size_t str_utf8_bytes(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    for (size_t len; i < s.n; i += len) {
        len = sequence(p + i, s.n - i);
        if (!len)
            break;
    }
    return i;
}

bool str_utf8(struct str s)
{
    return str_utf8_bytes(s) == s.n;
}

/* The code point of a valid sequence. */
static uint32_t code_point(const unsigned char *p, size_t len)
{
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* White space beside what is_hidden refuses anyway. */
static bool is_wide_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

bool str_printable(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    bool space = false;
    for (size_t i = 0, len; i < s.n; i += len) {
        len = sequence(p + i, s.n - i);
        uint32_t c = len ? code_point(p + i, len) : 0;
        space = is_wide_space(c);
        if (is_hidden(c) || (space && i == 0))
            return false;
    }
    return !space;
}

void str_show(char *to, size_t size, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = 0;
    for (size_t i = 0, len; i < s.n; i += len) {
        char odd[5] = "?";
        const char *from = odd;
        size_t wide = 1;
        len = sequence(p + i, s.n - i);
        if (!len) {
            wide = (size_t)snprintf(odd, sizeof odd, "\\x%02x", p[i]);
            len = 1;
        } else if (!is_hidden(code_point(p + i, len))) {
            from = s.p + i;
            wide = len;
        }
        if (n + wide >= size)
            break;
        memcpy(to + n, from, wide);
        n += wide;
    }
    to[n] = '\0';
}

void str_copy(char *to, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : size - 1;
    if (n)
        memcpy(to, s.p, n);
    to[n] = '\0';
}
