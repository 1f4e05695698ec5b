/* SPDX-License-Identifier: Apache-2.0 */
#include "face/text.h"

static const struct {
    const char *code;
    const char *name;
} langs[LANG_COUNT] = {
    [LANG_KK] = {"kk", "Қазақша"},
    [LANG_RU] = {"ru", "Русский"},
    [LANG_EN] = {"en", "English"},
};

const char *lang_code(enum lang lang)
{
    return langs[lang].code;
}

const char *lang_name(enum lang lang)
{
    return langs[lang].name;
}

bool lang_find(struct str tag, enum lang *out)
{
    struct str rest;
    struct str primary = str_split(tag, '-', &rest);
    for (enum lang lang = 0; lang < LANG_COUNT; lang++)
        if (str_eq_nocase(primary, str_z(langs[lang].code))) {
            *out = lang;
            return true;
        }
    return false;
}

/* "0.8" as 800, "1" as 1000; 0 for what is no weight (RFC 9110 12.4.2). */
static unsigned weight_of(struct str s)
{
    if (!s.n || (s.p[0] != '0' && s.p[0] != '1') || s.n > 5 || (s.n > 1 && s.p[1] != '.'))
        return 0;
    unsigned weight = s.p[0] == '1' ? 1000 : 0;
    unsigned unit = 100;
    for (size_t i = 2; i < s.n; i++, unit /= 10) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        weight += (unsigned)(s.p[i] - '0') * unit;
    }
    return weight > 1000 ? 1000 : weight;
}

/* One range of the header: its language and weight. False when it names none of ours. */
static bool range_of(struct str range, enum lang *out_lang, unsigned *out_weight)
{
    struct str rest;
    struct str tag = str_trim(str_split(range, ';', &rest));
    unsigned weight = 1000;
    while (rest.p) {
        struct str parameter = str_trim(str_split(rest, ';', &rest));
        if (parameter.n >= 2 && (parameter.p[0] | 0x20) == 'q' && parameter.p[1] == '=')
            weight = weight_of((struct str){parameter.p + 2, parameter.n - 2});
    }
    if (!weight)
        return false;
    *out_weight = weight;
    if (str_eq(tag, STR("*"))) {
        *out_lang = LANG_KK;
        return true;
    }
    return lang_find(tag, out_lang);
}

enum lang lang_choose(struct str asked, struct str accept)
{
    enum lang best = LANG_KK;
    if (asked.n && lang_find(asked, &best))
        return best;
    unsigned best_weight = 0;
    while (accept.n) {
        enum lang lang;
        unsigned weight;
        if (range_of(str_split(accept, ',', &accept), &lang, &weight) && weight > best_weight) {
            best = lang;
            best_weight = weight;
        }
    }
    return best;
}
