/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets as text, by one table: settings.def says which there are, `types` below how each kind
 * of value is read and written. */
#include "core/rules.h"

#include <assert.h>
#include <stdio.h>

#include "core/imei.h"

enum type {
    TYPE_day,
    TYPE_days,
    TYPE_count,
    TYPE_yes_no,
    TYPE_word,
    TYPE_plmn,
    TYPE_imsi,
    TYPE_zone
};

/* Digits of a prefix: a country code alone at the least; a network's codes, or a range of its subscriptions (ITU-T E.212). */
enum { PREFIX_LEAST = 3, PLMN_MOST = 6, IMSI_MOST = 14 };

struct setting {
    const char *key;
    enum type type;
    size_t at; /* offset of the field in struct rules */
    const char *preset;
    const char *meaning;
};

static const struct setting settings[] = {
#define X(field, type, preset, meaning)                                                            \
    {#field, TYPE_##type, offsetof(struct rules, field), preset, meaning},
#include "core/settings.def"
#undef X
};

enum { SETTINGS = sizeof settings / sizeof *settings, WORDS_MAX = 3 };

/* The words of each TYPE_word setting, in the order of its enum in rules.h. */
static const struct {
    const char *key;
    const char *words[WORDS_MAX];
} word_lists[] = {
    {"malformed", {"black", "inform"}},
    {"clone_without_imsi", {"grey", "white", "black"}},
    {"network_override", {"none", "grey", "white"}},
    {"expiry_release", {"auto", "manual"}},
    {"two_person", {"auto", "on", "off"}},
};

static const char *const *words_of(const char *key)
{
    for (size_t i = 0; i < sizeof word_lists / sizeof *word_lists; i++)
        if (str_eq(str_z(key), str_z(word_lists[i].key)))
            return word_lists[i].words;
    return NULL;
}

static const struct setting *find(struct str key)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (str_eq(str_z(settings[i].key), key))
            return &settings[i];
    return NULL;
}

static bool parse_prefixes(struct str text, size_t most, struct plmn_list *out)
{
    struct plmn_list list = {0};
    struct str rest = text;
    while (rest.p && text.n) {
        struct str item = str_trim(str_split(rest, ',', &rest));
        uint64_t v;
        if (item.n < PREFIX_LEAST || item.n > most || list.count == LIMIT_PLMN ||
            !str_to_u64(item, UINT64_MAX, &v))
            return false;
        uint64_t lead = 1;
        for (size_t i = 0; i < item.n; i++)
            lead *= 10;
        list.prefix[list.count++] = lead + v;
    }
    *out = list;
    return true;
}

static bool parse_word(const char *key, struct str text, uint8_t *out)
{
    const char *const *words = words_of(key);
    for (uint8_t i = 0; words && i < WORDS_MAX && words[i]; i++) {
        if (str_eq(str_z(words[i]), text)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool zone_name_ok(struct str s)
{
    if (!s.n || s.n >= sizeof((struct rules *)0)->zone || s.p[0] == '/')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '/' || c == '_' || c == '-' || c == '+';
        if (!ok)
            return false;
    }
    return true;
}

/* Reads a value into the field; false when it is not one. */
static bool parse_value(const struct setting *s, struct str text, void *field)
{
    uint64_t v = 0;
    switch (s->type) {
    case TYPE_day:
        return daynum_parse(text, field) == ERR_OK;
    case TYPE_days:
        if (!str_to_u64(text, 3660, &v))
            return false;
        *(int32_t *)field = (int32_t)v;
        return true;
    case TYPE_count:
        if (!str_to_u64(text, 1000000000, &v))
            return false;
        *(uint32_t *)field = (uint32_t)v;
        return true;
    case TYPE_yes_no:
        if (!str_eq(text, STR("yes")) && !str_eq(text, STR("no")))
            return false;
        *(bool *)field = str_eq(text, STR("yes"));
        return true;
    case TYPE_word:
        return parse_word(s->key, text, field);
    case TYPE_plmn: /* a country has networks of its own */
        return (text.n || !str_eq(str_z(s->key), STR("home_plmn"))) &&
               parse_prefixes(text, PLMN_MOST, field);
    case TYPE_imsi:
        return parse_prefixes(text, IMSI_MOST, field);
    case TYPE_zone:
        if (!zone_name_ok(text))
            return false;
        str_copy(field, sizeof((struct rules *)0)->zone, text);
        return true;
    }
    return false;
}

static void wanted(const struct setting *s, char *out, size_t size)
{
    static const char *const texts[] = {
        [TYPE_day] = "a day, YYYY-MM-DD",
        [TYPE_days] = "a number of days, 0 to 3660",
        [TYPE_count] = "a number, 0 to 1000000000",
        [TYPE_yes_no] = "yes or no",
        [TYPE_plmn] = "IMSI prefixes of 3 to 6 digits, separated by commas",
        [TYPE_imsi] = "IMSI prefixes of 3 to 14 digits, separated by commas",
        [TYPE_zone] = "a name of the tz database such as Asia/Almaty",
    };
    if (s->type != TYPE_word) {
        snprintf(out, size, "%s", texts[s->type]);
        return;
    }
    const char *const *w = words_of(s->key);
    assert(w); /* every word setting has its list */
    snprintf(out, size, "one of: %s %s %s", w[0], w[1], w[2] ? w[2] : "");
}

void rules_init(struct rules *rules)
{
    memset(rules, 0, sizeof *rules);
    for (size_t i = 0; i < SETTINGS; i++)
        (void)parse_value(&settings[i], str_z(settings[i].preset), (char *)rules + settings[i].at);
}

enum err rules_set(struct rules *rules, struct str key, struct str value, struct fault *fault)
{
    const struct setting *s = find(key);
    if (!s) {
        fault_value(fault, key.p, key.n);
        return fault_set(fault, ERR_SETTING_UNKNOWN, "no such setting; `rules show` lists them");
    }
    if (!parse_value(s, str_trim(value), (char *)rules + s->at)) {
        char want[96];
        wanted(s, want, sizeof want);
        fault_value(fault, value.p, value.n);
        return fault_set(fault, ERR_SETTING_VALUE, "%s wants %s", s->key, want);
    }
    return ERR_OK;
}

bool rules_settable(struct str key)
{
    return find(key) && !str_starts(key, STR("tac_list"));
}

static void format_plmn(const struct plmn_list *list, struct buf *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)list->prefix[i]);
        buf_printf(out, "%s%s", i ? "," : "", text + 1); /* without the leading 1 */
    }
}

static void format_value(const struct setting *s, const void *field, struct buf *out)
{
    char text[DAYNUM_TEXT];
    switch (s->type) {
    case TYPE_day:
        daynum_format(*(const daynum *)field, text);
        buf_str(out, str_z(text));
        break;
    case TYPE_days:
        buf_printf(out, "%d", *(const int32_t *)field);
        break;
    case TYPE_count:
        buf_printf(out, "%u", *(const uint32_t *)field);
        break;
    case TYPE_yes_no:
        buf_str(out, *(const bool *)field ? STR("yes") : STR("no"));
        break;
    case TYPE_word:
        buf_str(out, str_z(words_of(s->key)[*(const uint8_t *)field]));
        break;
    case TYPE_plmn:
    case TYPE_imsi:
        format_plmn(field, out);
        break;
    case TYPE_zone:
        buf_str(out, str_z(field));
        break;
    }
}

void rules_format(const struct rules *rules, struct buf *out)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        buf_printf(out, "%s=", settings[i].key);
        format_value(&settings[i], (const char *)rules + settings[i].at, out);
        buf_str(out, STR("\n"));
    }
}

bool rules_format_value(const struct rules *rules, struct str key, struct buf *out)
{
    const struct setting *s = find(key);
    if (s)
        format_value(s, (const char *)rules + s->at, out);
    return s != NULL;
}

enum err rules_parse(struct str text, struct rules *out, struct fault *fault)
{
    struct rules rules;
    rules_init(&rules);
    uint64_t line = 0;
    struct str rest = text;
    while (rest.p && rest.n) {
        struct str value, pair = str_split(rest, '\n', &rest);
        struct str key = str_split(pair, '=', &value);
        line++;
        enum err err = value.p ? rules_set(&rules, str_trim(key), value, fault)
                               : fault_set(fault, ERR_SETTING_VALUE, "want KEY=VALUE");
        if (err) {
            if (fault)
                fault->line = line;
            return err;
        }
    }
    *out = rules;
    return ERR_OK;
}

bool rules_setting(uint32_t i, const char **out_key, const char **out_default,
                   const char **out_meaning)
{
    if (i >= SETTINGS)
        return false;
    *out_key = settings[i].key;
    *out_default = settings[i].preset;
    *out_meaning = settings[i].meaning;
    return true;
}

static bool in_list(const struct plmn_list *list, uint64_t imsi)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (imsi_has_prefix(imsi, list->prefix[i]))
            return true;
    return false;
}

bool rules_is_home(const struct rules *rules, uint64_t imsi)
{
    return in_list(&rules->home_plmn, imsi);
}

bool rules_is_machine_imsi(const struct rules *rules, uint64_t imsi)
{
    return in_list(&rules->machine_imsi, imsi);
}
