/* SPDX-License-Identifier: Apache-2.0 */
#include "face/form.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool form_is_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return false;
    }
    return str_utf8(s);
}

enum err form_decode(struct str s, bool plus, struct buf *out)
{
    size_t start = out->n;
    if (!s.n)
        return ERR_OK;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (c == '%') {
            int high = s.n - i > 2 ? hex(s.p[i + 1]) : -1;
            int low = high >= 0 ? hex(s.p[i + 2]) : -1;
            if (low < 0)
                return ERR_USAGE;
            c = (uint8_t)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        buf_uint(out, c, 1);
    }
    if (out->failed)
        return ERR_MEMORY;
    struct str decoded = {(const char *)out->p + start, out->n - start};
    return form_is_text(decoded) ? ERR_OK : ERR_UTF8;
}

enum err form_piece(struct str s, struct buf *scratch, struct str *out)
{
    if (!s.n || !memchr(s.p, '%', s.n)) {
        *out = s;
        return form_is_text(s) ? ERR_OK : ERR_UTF8;
    }
    enum err err = form_decode(s, false, scratch);
    *out = (struct str){(const char *)scratch->p, scratch->n};
    return err;
}

enum err form_value(struct str form, const char *name, struct buf *out, bool *out_found)
{
    *out_found = false;
    while (form.n) {
        struct str value;
        struct str key = str_split(str_split(form, '&', &form), '=', &value);
        if (!str_eq(key, str_z(name)))
            continue;
        *out_found = true;
        return form_decode(value, true, out);
    }
    return ERR_OK;
}
