/* SPDX-License-Identifier: Apache-2.0 */
#include "app/operators.h"

#include "core/imei.h"

enum {
    PREFIX_LEAST = 5,
    PREFIX_MOST = 10 /* digits: MCC, MNC (TS 23.003 2.2), and what follows */
};

static bool parse_prefix(struct str text, uint64_t *out)
{
    uint64_t packed = 1;
    if (text.n < PREFIX_LEAST || text.n > PREFIX_MOST)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        packed = packed * 10 + (uint64_t)(text.p[i] - '0');
    }
    *out = packed;
    return true;
}

static bool parse_plmn(struct str text, struct plmn_list *out)
{
    struct plmn_list list = {.count = 0};
    while (text.p) {
        const struct str one = str_trim(str_split(text, ',', &text));
        if (list.count == LIMIT_PLMN || !parse_prefix(one, &list.prefix[list.count++]))
            return false;
    }
    *out = list;
    return list.count > 0;
}

static bool overlap(const struct plmn_list *a, const struct plmn_list *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (imsi_has_prefix(a->prefix[i], b->prefix[j]) ||
                imsi_has_prefix(b->prefix[j], a->prefix[i]))
                return true;
    return false;
}

enum err operators_set(struct operators *o, struct str name, struct str key, struct str value,
                       struct fault *fault)
{
    size_t i = 0;
    struct plmn_list plmn;
    if (!str_eq(key, STR("plmn")))
        return fault_set(fault, ERR_SETTING_UNKNOWN, "[operator NAME] knows plmn");
    if (!name.n || name.n > LIMIT_NAME || !str_printable(name))
        return fault_set(fault, ERR_SETTING_VALUE, "an operator's name has 1 to 64 bytes");
    if (!parse_plmn(value, &plmn))
        return fault_set(fault, ERR_SETTING_VALUE,
                         "plmn wants IMSI prefixes of 5 to 10 digits, by commas");
    while (i < o->count && !str_eq(name, str_z(o->one[i].name)))
        i++;
    if (i == OPERATORS_MOST)
        return fault_set(fault, ERR_TOO_MANY, "at most %d operators", OPERATORS_MOST);
    for (size_t other = 0; other < o->count; other++)
        if (other != i && overlap(&plmn, &o->one[other].plmn))
            return fault_set(fault, ERR_SETTING_VALUE,
                             "plmn overlaps with that of %s: a subscriber has one operator",
                             o->one[other].name);
    str_copy(o->one[i].name, sizeof o->one[i].name, name);
    o->one[i].plmn = plmn;
    o->count += i == o->count;
    return ERR_OK;
}

const struct plmn_list *operators_plmn(const struct operators *o, struct str name)
{
    for (size_t i = 0; o && i < o->count; i++)
        if (str_eq(name, str_z(o->one[i].name)))
            return &o->one[i].plmn;
    return NULL;
}

bool plmn_is_own(const struct plmn_list *plmn, uint64_t imsi)
{
    for (uint32_t i = 0; i < plmn->count; i++)
        if (imsi_has_prefix(imsi, plmn->prefix[i]))
            return true;
    return false;
}
