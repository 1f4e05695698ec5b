/* SPDX-License-Identifier: Apache-2.0
 *
 * csv_split - RFC 4180, a little kinder: blanks around values are dropped, quoted or not, and a
 * quote within a value that does not begin with one is a plain character (7" screens). */
#include "bulk/csv_split.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static inline struct str trimmed(const char *p, size_t n)
{
    while (n && is_blank(*p)) {
        p++;
        n--;
    }
    while (n && is_blank(p[n - 1]))
        n--;
    return (struct str){p, n};
}

static inline void add_field(struct csv_split *out, struct str field)
{
    if (out->count < LIMIT_COLUMNS)
        out->fields[out->count++] = field;
    else
        out->count = LIMIT_COLUMNS + 1;
}

/* Bit i: p[i] is a separator or a line feed; of CSV_SPLIT_PAD bytes. */
static inline uint32_t ends(const char *p, char separator)
{
#ifdef __SSE2__
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(separator)),
                                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
#else
    uint32_t bits = 0;
    for (unsigned i = 0; i < CSV_SPLIT_PAD; i++)
        bits |= (uint32_t)(p[i] == separator || p[i] == '\n') << i;
    return bits;
#endif
}

/* The last field goes to the line end, of which a CR is part. */
static inline void add_last(struct csv_split *out, const char *p, size_t from, size_t end)
{
    add_field(out, trimmed(p + from, end - from - (end > from && p[end - 1] == '\r')));
    out->used = end;
}

void csv_split_plain(const char *p, size_t n, char separator, struct csv_split *out)
{
    size_t from = 0;
    out->count = 0;
    out->state = CSV_SPLIT_OK;
    for (size_t at = 0; at < n; at += CSV_SPLIT_PAD) {
        for (uint32_t left = ends(p + at, separator); left; left &= left - 1) {
            const size_t end = at + (size_t)__builtin_ctz(left);
            if (end >= n)
                break;
            if (p[end] == '\n') {
                add_last(out, p, from, end);
                return;
            }
            add_field(out, trimmed(p + from, end - from));
            from = end + 1;
        }
    }
    add_last(out, p, from, n);
}

struct machine {
    const char *p;
    size_t n;
    size_t i;
    char separator;
    char *scratch; /* what is free of it */
};

static bool at_field_end(const struct machine *m)
{
    return m->i == m->n || m->p[m->i] == m->separator || m->p[m->i] == '\n';
}

static void skip_blanks(struct machine *m)
{
    while (!at_field_end(m) && is_blank(m->p[m->i]))
        m->i++;
}

/* At the opening quote; ends behind the closing one. */
static bool quoted_value(struct machine *m, struct str *out)
{
    size_t from = m->i + 1;
    char *copy = m->scratch;
    for (;;) {
        const char *close = from < m->n ? memchr(m->p + from, '"', m->n - from) : NULL;
        if (!close)
            return false;
        size_t at = (size_t)(close - m->p);
        bool doubled = at + 1 < m->n && m->p[at + 1] == '"';
        if (!doubled && copy == m->scratch) {
            *out = (struct str){m->p + from, at - from};
            m->i = at + 1;
            return true;
        }
        size_t n = at - from + doubled; /* of two quotes the first is kept */
        memcpy(copy, m->p + from, n);
        copy += n;
        from = at + 1 + doubled;
        if (!doubled) {
            *out = (struct str){m->scratch, (size_t)(copy - m->scratch)};
            m->scratch = copy;
            m->i = from;
            return true;
        }
    }
}

void csv_split_quoted(const char *p, size_t n, char separator, char *scratch, struct csv_split *out)
{
    struct machine m = {p, n, 0, separator, scratch};
    out->count = 0;
    out->state = CSV_SPLIT_OK;
    for (;; m.i++) {
        struct str field;
        skip_blanks(&m);
        size_t from = m.i;
        if (m.i < n && p[m.i] == '"') {
            if (!quoted_value(&m, &field)) {
                out->state = CSV_SPLIT_OPEN;
                out->fault_at = from;
                out->used = n;
                return;
            }
            skip_blanks(&m);
            if (!at_field_end(&m) && out->state == CSV_SPLIT_OK) {
                out->state = CSV_SPLIT_BEHIND;
                out->fault_at = m.i;
            }
            while (!at_field_end(&m))
                m.i++;
        } else {
            while (!at_field_end(&m))
                m.i++;
            field = trimmed(p + from, m.i - from);
        }
        add_field(out, field);
        if (m.i == n || p[m.i] == '\n')
            break;
    }
    out->used = m.i;
}
