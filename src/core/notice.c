/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notice.h"

static const struct {
    const char *name;
    int days; /* before the last day with service; -1: not of the ladder */
} steps[NOTICE_COUNT] = {
    [NOTICE_NONE] = {"", -1},
#define X(code, name, days) [code] = {#name, days},
#include "core/notice.def"
#undef X
};

const char *notice_name(enum notice_step step)
{
    return (unsigned)step < NOTICE_COUNT ? steps[step].name : "";
}

/* The last step of the ladder that this day has reached; NOTICE_GREY before the first. */
static enum notice_step reached(daynum last_day, daynum day)
{
    enum notice_step step = NOTICE_GREY;
    for (int i = NOTICE_DAYS_14; i <= NOTICE_LAST_DAY; i++)
        if (day + steps[i].days >= last_day)
            step = (enum notice_step)i;
    return step;
}

/* Has he heard of this term? */
static bool in_ladder(const struct notice_told *told)
{
    return told->step >= NOTICE_GREY && told->step <= NOTICE_LAST_DAY;
}

static enum notice_step due_of_grey(const struct verdict *v, const struct notice_told *told,
                                    const struct notice_time *now)
{
    daynum last_day = verdict_deadline(v);
    if (!daynum_is_day(last_day))
        return NOTICE_NONE;  /* a hold without an end */
    if (now->day > last_day) /* the gate waits: this evening it may come to him */
        return in_ladder(told) || now->minute < NOTICE_LAST_DAY_MINUTE ? NOTICE_NONE
                                                                       : NOTICE_LAST_DAY;
    if (!in_ladder(told) || told->last_day != last_day)
        return NOTICE_GREY;
    enum notice_step step = reached(last_day, now->day);
    if (step == NOTICE_LAST_DAY && now->minute < NOTICE_LAST_DAY_MINUTE)
        return NOTICE_NONE; /* what the day before was owed is no news today */
    return step > told->step ? step : NOTICE_NONE;
}

enum notice_step notice_due(const struct verdict *v, const struct notice_told *told,
                            const struct notice_time *now)
{
    enum list list = reason_list(v->reason);
    if (now->minute < now->from || now->minute >= now->to)
        return NOTICE_NONE;
    if (list == LIST_GREY)
        return due_of_grey(v, told, now);
    if (v->reason == REASON_EXPIRED)
        return in_ladder(told) ? NOTICE_RESTRICTED : NOTICE_NONE;
    bool good = list == LIST_WHITE || list == LIST_EXEMPT;
    return good && (in_ladder(told) || told->step == NOTICE_RESTRICTED) ? NOTICE_VERIFIED
                                                                        : NOTICE_NONE;
}

struct notice_told notice_after(enum notice_step step, const struct verdict *v, daynum day)
{
    struct notice_told told = {(uint8_t)step, verdict_deadline(v)};
    if (in_ladder(&told) && daynum_is_day(told.last_day))
        told.step = (uint8_t)reached(told.last_day, day);
    return told;
}

daynum notice_until(enum notice_step step, daynum last_day, daynum day)
{
    if (step >= NOTICE_RESTRICTED || !daynum_is_day(last_day))
        return day + NOTICE_GOOD_DAYS;
    for (int i = NOTICE_DAYS_14; i <= NOTICE_LAST_DAY; i++)
        if (last_day - steps[i].days > day)
            return last_day - steps[i].days - 1;
    return day > last_day ? day : last_day;
}
