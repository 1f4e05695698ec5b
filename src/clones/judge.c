/* SPDX-License-Identifier: Apache-2.0 */
#include "clones/judge.h"

const char *clone_why_name(unsigned why)
{
    static const char *const names[CLONE_WHYS] = {"imsis", "average", "operators"};
    for (unsigned i = 0; i < CLONE_WHYS; i++)
        if (why & 1u << i)
            return names[i];
    return "";
}

struct clone_rules clone_rules_of(const struct rules *r)
{
    uint32_t days = (uint32_t)r->clone_days;
    return (struct clone_rules){.days = days < 1              ? 1
                                        : days > CLONE_WINDOW ? CLONE_WINDOW
                                                              : days,
                                .imsis = r->clone_imsis,
                                .average_tenths = r->clone_average_tenths,
                                .min_days = (uint32_t)r->clone_min_days,
                                .two_operator_days = (uint32_t)r->clone_two_operator_days,
                                .fleet = r->clone_fleet_imsis};
}

uint32_t clone_least_alone(const struct clone_rules *r)
{
    /* An average is no more than the number of them. */
    uint32_t average = r->average_tenths ? (r->average_tenths + 9) / 10 : 0;
    uint32_t least = r->imsis;
    if (average && (!least || average < least))
        least = average;
    return least == 1 ? 2 : least; /* one subscriber is no clone, whatever the rules */
}

uint32_t clone_least(const struct clone_rules *r)
{
    uint32_t least = clone_least_alone(r);
    return r->two_operator_days ? 2 : least;
}

uint32_t clone_judge(const struct clone_seen *s, const struct clone_rules *r)
{
    uint32_t days = (uint32_t)__builtin_popcountll(s->days), why = 0;
    if (s->imsis < 2)
        return 0;
    if (r->imsis && s->imsis >= r->imsis)
        why |= CLONE_BY_IMSIS;
    if (r->average_tenths && days && days >= r->min_days &&
        (uint64_t)s->sum * 10 >= (uint64_t)r->average_tenths * days)
        why |= CLONE_BY_AVERAGE;
    if (r->two_operator_days && clone_two_days(s) >= r->two_operator_days)
        why |= CLONE_BY_OPERATORS;
    return why;
}
