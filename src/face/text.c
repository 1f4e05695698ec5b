/* SPDX-License-Identifier: Apache-2.0 */
#include "face/text.h"

#include <stdlib.h>

/* In the order of the forms in the table. */
enum form { FORM_ONE, FORM_FEW, FORM_MANY, FORM_OTHER };

static const struct text_row *row_of(enum text id)
{
    return &text_table[(unsigned)id < TEXT_COUNT ? id : TEXT_ERR_STORE];
}

struct str text_get(enum lang lang, enum text id)
{
    return row_of(id)->form[lang][FORM_OTHER];
}

static int compare(const void *key, const void *row)
{
    const struct str *a = key;
    struct str b = str_z(((const struct text_row *)row)->key);
    int order = memcmp(a->p, b.p, a->n < b.n ? a->n : b.n);
    return order ? order : (a->n > b.n) - (a->n < b.n);
}

bool text_find(struct str key, enum text *out)
{
    if (!key.n)
        return false;
    const struct text_row *row =
        bsearch(&key, text_table, TEXT_COUNT, sizeof text_table[0], compare);
    if (!row)
        return false;
    *out = (enum text)(row - text_table);
    return true;
}

bool text_find_parts(const char *a, const char *b, const char *c, enum text *out)
{
    char key[96];
    int n = snprintf(key, sizeof key, "%s%s%s%s%s", a, b ? "." : "", b ? b : "", c ? "." : "",
                     c ? c : "");
    return n > 0 && (size_t)n < sizeof key && text_find((struct str){key, (size_t)n}, out);
}

/* CLDR 42: kk and en one: n = 1. ru one: ends in 1 and not in 11; few: ends in 2-4 and not in
 * 12-14; many: every other whole number (form "other" is for fractions). */
static enum form form_of(enum lang lang, uint64_t n)
{
    if (lang != LANG_RU)
        return n == 1 ? FORM_ONE : FORM_OTHER;
    uint64_t last = n % 10;
    bool teen = n % 100 / 10 == 1;
    if (last == 1 && !teen)
        return FORM_ONE;
    return last >= 2 && last <= 4 && !teen ? FORM_FEW : FORM_MANY;
}

struct str text_plural(enum lang lang, enum text id, uint64_t n)
{
    const struct text_row *row = row_of(id);
    return row->form[lang][row->plural ? form_of(lang, n) : FORM_OTHER];
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void text_html(struct buf *out, struct str s)
{
    size_t from = 0;
    if (!s.n)
        return;
    for (size_t i = 0; i < s.n; i++) {
        const char *escape = escape_of(s.p[i]);
        if (!escape)
            continue;
        buf_put(out, s.p + from, i - from);
        buf_put(out, escape, strlen(escape));
        from = i + 1;
    }
    buf_put(out, s.p + from, s.n - from);
}

typedef void (*put_fn)(struct buf *out, struct str s);

/* The variable of this name; NULL when it is not given. */
static const struct text_var *var_of(const struct text_var *vars, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(str_z(vars[i].name), name))
            return &vars[i];
    return NULL;
}

static void format(struct buf *out, struct str text, const struct text_var *vars, size_t count,
                   put_fn put)
{
    while (text.n) {
        const char *open = memchr(text.p, '{', text.n);
        size_t head = open ? (size_t)(open - text.p) : text.n;
        put(out, (struct str){text.p, head});
        text = (struct str){text.p + head, text.n - head};
        if (!open)
            return;
        const char *close = memchr(text.p, '}', text.n);
        size_t n = close ? (size_t)(close - text.p) + 1 : text.n;
        const struct text_var *var = NULL;
        if (close)
            var = var_of(vars, count, (struct str){text.p + 1, n - 2});
        put(out, var ? var->value : (struct str){text.p, n});
        text = (struct str){text.p + n, text.n - n};
    }
}

void text_format(struct buf *out, struct str text, const struct text_var *vars, size_t count)
{
    format(out, text, vars, count, buf_str);
}

void text_format_html(struct buf *out, struct str text, const struct text_var *vars, size_t count)
{
    format(out, text, vars, count, text_html);
}
