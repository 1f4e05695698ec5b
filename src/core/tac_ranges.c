/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tac_ranges.h"

#include <stdio.h>

enum { DIGITS = 8, GIVEN_MAX = 2 * LIMIT_TAC_RANGES }; /* before those that meet are joined */

/* As they were given, in any order. */
struct given {
    uint32_t count;
    struct tac_range of[GIVEN_MAX];
};

static bool parse_tac(struct str text, uint32_t *out)
{
    uint64_t tac;
    if (text.n != DIGITS || !str_to_u64(text, TAC_COUNT - 1, &tac))
        return false;
    *out = (uint32_t)tac;
    return true;
}

static bool parse_one(struct str text, struct tac_range *out)
{
    struct str to, from = str_trim(str_split(text, '-', &to));
    to = to.p ? str_trim(to) : from;
    return parse_tac(from, &out->from) && parse_tac(to, &out->to) && out->from <= out->to;
}

static void insert(struct given *given, struct tac_range range)
{
    uint32_t i = given->count++;
    for (; i > 0 && given->of[i - 1].from > range.from; i--)
        given->of[i] = given->of[i - 1];
    given->of[i] = range;
}

static enum err too_many(struct fault *fault)
{
    return fault_set(fault, ERR_TOO_MANY, "at most %d ranges of TACs", LIMIT_TAC_RANGES);
}

/* Those that overlap or meet become one. */
static enum err join(const struct given *given, struct tac_ranges *out, struct fault *fault)
{
    struct tac_ranges set = {0};
    for (uint32_t i = 0; i < given->count; i++) {
        struct tac_range next = given->of[i];
        struct tac_range *last = set.count ? &set.of[set.count - 1] : NULL;
        if (last && next.from <= last->to + 1) {
            last->to = next.to > last->to ? next.to : last->to;
            continue;
        }
        if (set.count == LIMIT_TAC_RANGES)
            return too_many(fault);
        set.of[set.count++] = next;
    }
    *out = set;
    return ERR_OK;
}

enum err tac_ranges_add(struct tac_ranges *set, struct str text, struct fault *fault)
{
    struct given given = {0};
    for (uint32_t i = 0; i < set->count; i++)
        insert(&given, set->of[i]);
    for (struct str rest = text; rest.p;) {
        struct tac_range range = {0};
        struct str one = str_trim(str_split(rest, ',', &rest));
        if (!parse_one(one, &range))
            return fault_set(fault, ERR_NUMBER,
                             "want TACs of 8 digits, FROM-TO with commas between: "
                             "35824005-35824099,86000000-86999999");
        if (given.count == GIVEN_MAX)
            return too_many(fault);
        insert(&given, range);
    }
    return join(&given, set, fault);
}

enum err tac_ranges_parse(struct str text, struct tac_ranges *out, struct fault *fault)
{
    struct tac_ranges set = {0};
    enum err err = tac_ranges_add(&set, text.p ? text : STR(""), fault);
    if (!err)
        *out = set;
    return err;
}

void tac_ranges_format(const struct tac_ranges *set, char out[TAC_RANGES_TEXT])
{
    size_t at = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < set->count && !tac_ranges_are_all(set); i++)
        at += (size_t)snprintf(out + at, TAC_RANGES_TEXT - at, "%s%08u-%08u", i ? "," : "",
                               set->of[i].from % TAC_COUNT, set->of[i].to % TAC_COUNT);
}

bool tac_ranges_are_all(const struct tac_ranges *set)
{
    return !set || set->count == 0 ||
           (set->count == 1 && set->of[0].from == 0 && set->of[0].to == TAC_COUNT - 1);
}

bool tac_ranges_are_right(const struct tac_ranges *set)
{
    if (set->count > LIMIT_TAC_RANGES)
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        const struct tac_range *r = &set->of[i];
        if (r->from > r->to || r->to >= TAC_COUNT || (i && r->from <= set->of[i - 1].to + 1))
            return false;
    }
    return true;
}

bool tac_ranges_cover(const struct tac_ranges *held, const struct tac_ranges *wanted)
{
    if (tac_ranges_are_all(held) || tac_ranges_are_all(wanted))
        return tac_ranges_are_all(held);
    uint32_t k = 0;
    for (uint32_t i = 0; i < wanted->count; i++) {
        while (k < held->count && held->of[k].to < wanted->of[i].to)
            k++;
        if (k == held->count || held->of[k].from > wanted->of[i].from)
            return false;
    }
    return true;
}

bool tac_ranges_same(const struct tac_ranges *a, const struct tac_ranges *b)
{
    return tac_ranges_cover(a, b) && tac_ranges_cover(b, a);
}
