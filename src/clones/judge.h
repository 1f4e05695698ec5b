/* SPDX-License-Identifier: Apache-2.0
 *
 * judge - is an IMEI used by several phones? A pure function of who was seen with it on which days of a window, and of
 * the settable rules (core/settings.def, clone_...). It decides about cases for people to look at, never about a list:
 * that is core/policy.h alone.
 *
 * Each rule only grows with what is seen on a day, but the average: it may grow as well when a day leaves the window.
 * find.c relies on that when it looks at what changed alone. */
#ifndef CLONES_JUDGE_H
#define CLONES_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rules.h"

enum { CLONE_WINDOW = 64 }; /* days of a window, at most: one bit each */

enum clone_why {
    CLONE_BY_IMSIS = 1 << 0,     /* many subscribers in the window */
    CLONE_BY_AVERAGE = 1 << 1,   /* many subscribers on the same days */
    CLONE_BY_OPERATORS = 1 << 2, /* two operators on the same day, on many days */
};
enum { CLONE_WHYS = 3 };
const char *clone_why_name(unsigned why); /* one bit: "imsis" */

/* What of a rule set concerns clones. 0 turns a rule off. */
struct clone_rules {
    uint32_t days;              /* of the window, 1 to CLONE_WINDOW */
    uint32_t imsis;             /* subscribers in it */
    uint32_t average_tenths;    /* subscribers a day on which it was seen, times ten */
    uint32_t min_days;          /* of such days, for the average */
    uint32_t two_operator_days; /* days with two operators and two subscribers */
    uint32_t fleet;             /* subscribers from which on it is no clone but a number of many */
};
struct clone_rules clone_rules_of(const struct rules *rules);
/* Fewer subscribers than this satisfy no rule; 0: all rules are off. */
uint32_t clone_least(const struct clone_rules *rules);
/* The same without the rule of two operators. */
uint32_t clone_least_alone(const struct clone_rules *rules);

/* Bit i: the window's day i, the oldest first. */
struct clone_seen {
    uint32_t imsis;          /* subscribers seen in the window */
    uint32_t sum;            /* over its days, subscribers of the day */
    uint64_t days, two_imsi; /* days with one, with two subscribers */
    uint64_t two_op;         /* days with two operators */
};
/* One subscriber more, with the days on which he was seen, by whomever. */
static inline void clone_seen_add(struct clone_seen *seen, uint64_t days)
{
    seen->imsis += days != 0;
    seen->sum += (uint32_t)__builtin_popcountll(days);
    seen->two_imsi |= seen->days & days;
    seen->days |= days;
}
/* The rules that hold: enum clone_why. */
uint32_t clone_judge(const struct clone_seen *seen, const struct clone_rules *rules);
/* Days on which two subscribers used it in two operators' networks. */
static inline uint32_t clone_two_days(const struct clone_seen *seen)
{
    return (uint32_t)__builtin_popcountll(seen->two_op & seen->two_imsi);
}

#endif
