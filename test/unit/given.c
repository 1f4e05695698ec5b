/* SPDX-License-Identifier: Apache-2.0 */
#include "given.h"

#include <stdio.h>

static bool read_day(struct str text, daynum *out)
{
    if (str_eq(text, STR("open")))
        *out = DAYNUM_OPEN;
    else if (str_eq(text, STR("-")))
        *out = DAYNUM_NONE;
    else
        return daynum_parse(text, out) == ERR_OK;
    return true;
}

daynum given_day(const char *text)
{
    daynum day;
    if (read_day(str_z(text), &day))
        return day;
    printf("# no day: %s\n", text);
    abort();
}

static bool read_instant(struct str text, int64_t *out)
{
    uint64_t v;
    if (!str_to_u64(text, INT64_MAX, &v))
        return false;
    *out = (int64_t)v;
    return true;
}

/* DATE..DATE or DATE.. */
static bool add_mark(uint8_t kind, struct str text, struct facts *f)
{
    struct mark m = {.kind = kind, .setter = 1, .last = DAYNUM_OPEN};
    if (text.n < 12 || !read_day((struct str){text.p, 10}, &m.from))
        return false;
    struct str last = {text.p + 12, text.n - 12};
    if (last.n && !read_day(last, &m.last))
        return false;
    struct change c = {.kind = CHANGE_MARK_SET, .mark = m};
    while (f->mark_count < LIMIT_MARKS) { /* a second mark of the kind is another body's */
        bool taken = false;
        for (int i = 0; i < f->mark_count; i++)
            taken |= f->marks[i].kind == kind && f->marks[i].setter == c.mark.setter;
        if (!taken)
            break;
        c.mark.setter++;
    }
    bool changed;
    return change_apply(f, &c, &changed) == ERR_OK && changed;
}

static bool read_tac(struct str text, const struct tac_table *tac, struct given *g)
{
    g->rules.tac = tac;
    if (str_eq(text, STR("device")))
        g->imei.body = 35000000000017;
    else if (str_eq(text, STR("machine")))
        g->imei.body = 35000004000017;
    else if (str_eq(text, STR("missing")))
        g->imei.body = 35999999000017;
    else
        return false;
    return true;
}

static bool read_flag(struct str word, struct facts *f)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } flags[] = {
        {"amnesty", FACTS_AMNESTY},           {"gsma", FACTS_GSMA},
        {"machine", FACTS_MACHINE},           {"clone", FACTS_CLONE},
        {"suspected", FACTS_CLONE_SUSPECTED},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (str_eq(word, str_z(flags[i].word))) {
            f->flags |= flags[i].flag;
            return true;
        }
    }
    return false;
}

static bool read_pair(struct str key, struct str value, const struct tac_table *tac,
                      struct given *g)
{
    struct facts *f = &g->facts;
    if (str_eq(key, STR("act")))
        return read_day(value, &f->activation) && read_day(value, &f->known);
    if (str_eq(key, STR("known")))
        return read_day(value, &f->known);
    if (str_eq(key, STR("temporary")))
        return read_day(value, &f->temporary_until);
    if (str_eq(key, STR("hold")))
        return read_day(value, &f->hold_until);
    if (str_eq(key, STR("verified")))
        return read_instant(value, &f->verified_at);
    if (str_eq(key, STR("before_duty")))
        return read_instant(value, &f->before_duty_at);
    if (str_eq(key, STR("replaced")))
        return read_instant(value, &f->replaced_at);
    if (str_eq(key, STR("revoked")))
        return read_instant(value, &f->revoked_at);
    if (str_eq(key, STR("stolen")))
        return add_mark(MARK_STOLEN, value, f);
    if (str_eq(key, STR("lost")))
        return add_mark(MARK_LOST, value, f);
    if (str_eq(key, STR("order")))
        return add_mark(MARK_ORDER, value, f);
    if (str_eq(key, STR("prison")))
        return add_mark(MARK_PENITENTIARY, value, f);
    if (str_eq(key, STR("tac")))
        return read_tac(value, tac, g);
    if (str_eq(key, STR("imei")))
        return imei_parse_network(value, &g->imei) == ERR_OK;
    return rules_set(&g->rules, key, value, NULL) == ERR_OK;
}

bool given_read(const char *text, const struct tac_table *tac, struct given *out)
{
    struct given g = {.imei = {35000000000017}};
    facts_init(&g.facts);
    rules_init(&g.rules);
    struct str rest = str_z(text);
    while (rest.p) {
        struct str value, word = str_split(rest, ' ', &rest);
        struct str key = str_split(word, '=', &value);
        if (!word.n)
            continue;
        if (value.p ? read_pair(key, value, tac, &g) : read_flag(key, &g.facts))
            continue;
        printf("# not understood: %.*s\n", STR_ARG(word));
        return false;
    }
    *out = g;
    return true;
}
