/* SPDX-License-Identifier: Apache-2.0
 *
 * text - what people read, in Kazakh, Russian and English, from one catalogue (text/kk.json, ru.json,
 * en.json; tools/textc.py makes the table and refuses a text that one language lacks).
 *
 * A text that the program names is an enum text, so that a misspelt one does not compile; one
 * whose id comes from another table (errors.def, reasons.def, samples) is found by its key. Dates
 * and numbers come from our own tables: a plain Debian has no Kazakh locale, and a locale belongs
 * to a whole process anyway. */
#ifndef FACE_TEXT_H
#define FACE_TEXT_H

#include "base/buf.h"
#include "core/daynum.h"
#include "text_table.h"

enum lang { LANG_KK, LANG_RU, LANG_EN, LANG_COUNT };
_Static_assert((int)LANG_COUNT == (int)TEXT_LANGS, "a language without texts");

/* --- which language --- */

const char *lang_code(enum lang lang); /* "kk", RFC 5646 */
const char *lang_name(enum lang lang); /* by its own speakers: "Қазақша" */
/* "kk", "ru-KZ", any case; false for any other language. */
bool lang_find(struct str tag, enum lang *out);
/* asked: the value of ?lang=, empty = none; accept: Accept-Language (RFC 9110 12.5.4) with its
 * q-values, empty = none. The page's own choice wins; none or no match gives Kazakh. */
enum lang lang_choose(struct str asked, struct str accept);

/* --- texts --- */

/* A text as it stands, variables and all; of a plural text its form "other". */
struct str text_get(enum lang lang, enum text id);
/* The text that belongs to a key; false when the catalogue has none. */
bool text_find(struct str key, enum text *out);
/* The same by the parts of a key, at most 3, joined by dots; NULL ends. "reason", "CLONE",
 * "public". */
bool text_find_parts(const char *a, const char *b, const char *c, enum text *out);
/* The form of a plural text that n takes (CLDR cardinals of whole numbers). */
struct str text_plural(enum lang lang, enum text id, uint64_t n);

struct text_var {
    const char *name;
    struct str value;
};
enum { TEXT_VARS_MAX = 6 };
/* Appends a text with each {name} replaced by its value; a name that is not given stays. */
void text_format(struct buf *out, struct str text, const struct text_var *vars, size_t count);
/* The same with text and values escaped for HTML. */
void text_format_html(struct buf *out, struct str text, const struct text_var *vars, size_t count);
/* Escapes & < > " ' so that s may stand in an element or a quoted attribute. */
void text_html(struct buf *out, struct str s);

/* --- days and numbers --- */

/* kk "2025 жылғы 1 шілде", ru "01.07.2025", en "1 July 2025". Only for real days. */
void text_date(struct buf *out, enum lang lang, daynum day);
/* A last day, the day itself included: kk "2025 жылғы 1 шілдені қоса алғанда", ru "по 01.07.2025
 * включительно", en "through 1 July 2025". */
void text_date_through(struct buf *out, enum lang lang, daynum day);
/* The same without its year, where each character counts: a day of the next weeks. */
void text_day_through(struct buf *out, enum lang lang, daynum day);
/* Thousands apart: kk, ru "1 234 567" (no-break spaces), en "1,234,567". */
void text_number(struct buf *out, enum lang lang, uint64_t n);

#endif
