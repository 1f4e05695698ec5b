/* SPDX-License-Identifier: Apache-2.0
 *
 * str - text that carries its length. A struct str borrows; it never owns. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_ARG(s)   (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_z(const char *z)
{
    return (struct str){z ? z : "", z ? strlen(z) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* As memcmp orders bytes, shorter before longer: < 0, 0, > 0. */
int str_compare(struct str a, struct str b);
/* ASCII letters without regard to case. */
bool str_eq_nocase(struct str a, struct str b);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* Splits at the first sep: the head is returned, *rest is what follows it (p == NULL: no more). */
struct str str_split(struct str s, char sep, struct str *rest);
/* All decimal digits, at least one? */
bool str_digits(struct str s);
/* Decimal digits only, at least one, not above max. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out);
/* Valid UTF-8 by RFC 3629: no surrogates, no overlong forms. */
bool str_utf8(struct str s);
/* Bytes at its beginning that are; s.n when all are. */
size_t str_utf8_bytes(struct str s);
/* Valid UTF-8 that shows all it holds and nothing else: no controls, no marks that hide or turn text
 * round (U+200B-200F, 2028-202E, 2060-206F, FEFF), no white space at either end. */
bool str_printable(struct str s);
/* Copies into a NUL-terminated buffer for people to look at, cut between characters: what str_printable
 * calls hidden becomes "?", a byte that is no UTF-8 "\xcf". */
void str_show(char *to, size_t size, struct str s);
/* Copies into a NUL-terminated buffer, cut to size - 1 bytes. */
void str_copy(char *to, size_t size, struct str s);

#endif
