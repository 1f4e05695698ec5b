/* SPDX-License-Identifier: Apache-2.0
 *
 * daynum - calendar arithmetic without the C library's zone state, so that every thread may ask.
 *
 * A zone is a list of steps in ascending time; offsets are less than 26 hours either way, which
 * bounds how far local and UTC time lie apart. */
#include "core/daynum.h"

enum { DAY_SECONDS = 86400, OFFSET_MAX = 26 * 3600 };

/* Days in 400 years; from 0000-03-01 to 1970-01-01. */
enum { ERA_DAYS = 146097, ERA_TO_1970 = 719468 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Years are counted from March, so that the leap day is the last day of its year; the day of such
 * a year on which month m (0 = March) begins is (153 m + 2) / 5. */
daynum daynum_from_ymd(int year, int month, int day)
{
    int y = year - (month <= 2);
    int m = month > 2 ? month - 3 : month + 9;
    int era = (int)floor_div(y, 400);
    int of_era = y - era * 400;
    int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1;
    return era * ERA_DAYS + day_of_era - ERA_TO_1970;
}

void daynum_to_ymd(daynum d, int *out_year, int *out_month, int *out_day)
{
    int64_t shifted = (int64_t)d + ERA_TO_1970;
    int64_t era = floor_div(shifted, ERA_DAYS);
    int day_of_era = (int)(shifted - era * ERA_DAYS);
    /* Days that are not leap days, so that every year has 365. */
    int leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / (ERA_DAYS - 1);
    int of_era = (day_of_era - leap_days) / 365;
    int day_of_year = day_of_era - (of_era * 365 + of_era / 4 - of_era / 100);
    int m = (5 * day_of_year + 2) / 153;
    *out_month = m < 10 ? m + 3 : m - 9;
    *out_day = day_of_year - (153 * m + 2) / 5 + 1;
    *out_year = (int)(era * 400) + of_era + (*out_month <= 2);
}

/* n decimal digits, -1 when one of them is none. */
static int number(const char *p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

enum err daynum_parse(struct str text, daynum *out)
{
    static const int month_days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool dashes = text.n == 10 && text.p[4] == '-' && text.p[7] == '-';
    if (!dashes && text.n != 8)
        return ERR_DATE;
    int year = number(text.p, 4);
    int month = number(text.p + (dashes ? 5 : 4), 2);
    int day = number(text.p + (dashes ? 8 : 6), 2);
    if (year < 0 || month < 1 || month > 12 || day < 1)
        return ERR_DATE;
    if (day > month_days[month] + (month == 2 && leap(year)))
        return ERR_DATE;
    daynum d = daynum_from_ymd(year, month, day);
    if (!daynum_is_day(d))
        return ERR_DATE;
    *out = d;
    return ERR_OK;
}

static char *put_number(char *to, int v, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return to + digits;
}

static char *put_day(char *to, int year, int month, int day)
{
    to = put_number(to, year, 4);
    *to++ = '-';
    to = put_number(to, month, 2);
    *to++ = '-';
    return put_number(to, day, 2);
}

void daynum_format(daynum d, char out[DAYNUM_TEXT])
{
    if (d == DAYNUM_OPEN) {
        memcpy(out, "open", 5);
        return;
    }
    int year, month, day;
    daynum_to_ymd(d, &year, &month, &day);
    if (d == DAYNUM_NONE || year < 0 || year > 9999)
        memcpy(out, "-", 2);
    else
        *put_day(out, year, month, day) = '\0';
}

/* The step that holds at an instant. */
static uint32_t step_at(const struct zone *zone, int64_t utc_seconds)
{
    uint32_t low = 0, high = zone->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->steps[middle].from <= utc_seconds)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset(const struct zone *zone, int64_t utc_seconds)
{
    return zone->count ? zone->steps[step_at(zone, utc_seconds)].offset : 0;
}

daynum zone_day(const struct zone *zone, int64_t utc_seconds)
{
    return (daynum)floor_div(utc_seconds + zone_offset(zone, utc_seconds), DAY_SECONDS);
}

/* The first instant whose local time is not before `local`: of two equal clock times the earlier
 * one, for a clock time that was skipped the moment of the skip. */
static int64_t from_local(const struct zone *zone, int64_t local)
{
    if (!zone->count)
        return local;
    uint32_t i = step_at(zone, local - OFFSET_MAX);
    for (;; i++) {
        const struct zone_step *step = &zone->steps[i];
        int64_t t = local - step->offset;
        if (t < step->from)
            t = step->from;
        if (i + 1 == zone->count || t < step[1].from)
            return t;
    }
}

int64_t zone_day_start(const struct zone *zone, daynum day)
{
    return from_local(zone, (int64_t)day * DAY_SECONDS);
}

int64_t zone_clock(const struct zone *zone, daynum day, int32_t second)
{
    return from_local(zone, (int64_t)day * DAY_SECONDS + second);
}

/* "10:00", "10:00:00", "10:00:00.123": seconds of the day; *rest is what follows. -1: none. */
static int parse_clock(struct str text, struct str *rest)
{
    if (text.n < 5 || text.p[2] != ':')
        return -1;
    int hour = number(text.p, 2), minute = number(text.p + 3, 2), second = 0;
    size_t used = 5;
    if (text.n > 5 && text.p[5] == ':') {
        second = text.n >= 8 ? number(text.p + 6, 2) : -1;
        used = 8;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return -1;
    if (used == 8 && text.n > 9 && text.p[8] == '.') {
        used = 9; /* fractions are read over: nothing in the house is finer than a second */
        while (used < text.n && text.p[used] >= '0' && text.p[used] <= '9')
            used++;
        if (used == 9)
            return -1;
    }
    *rest = (struct str){text.p + used, text.n - used};
    return hour * 3600 + minute * 60 + second;
}

/* "Z", "+05:00", "-0330", "+05". */
static bool parse_offset(struct str text, int32_t *out)
{
    if (text.n == 1 && (text.p[0] == 'Z' || text.p[0] == 'z')) {
        *out = 0;
        return true;
    }
    if ((text.n != 3 && text.n != 5 && text.n != 6) || (text.p[0] != '+' && text.p[0] != '-'))
        return false;
    if (text.n == 6 && text.p[3] != ':')
        return false;
    int hours = number(text.p + 1, 2);
    int minutes = text.n == 3 ? 0 : number(text.p + text.n - 2, 2);
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    *out = (hours * 3600 + minutes * 60) * (text.p[0] == '-' ? -1 : 1);
    return true;
}

enum err instant_parse(struct str text, const struct zone *zone, int64_t *out_seconds)
{
    daynum day;
    if (text.n == 8 || text.n == 10) {
        if (!zone || daynum_parse(text, &day))
            return ERR_DATE;
        *out_seconds = zone_day_start(zone, day);
        return ERR_OK;
    }
    if (text.n < 16 || (text.p[10] != 'T' && text.p[10] != 't' && text.p[10] != ' '))
        return ERR_DATE;
    if (daynum_parse((struct str){text.p, 10}, &day))
        return ERR_DATE;
    struct str rest;
    int clock = parse_clock((struct str){text.p + 11, text.n - 11}, &rest);
    if (clock < 0)
        return ERR_DATE;
    int64_t local = (int64_t)day * DAY_SECONDS + clock;
    int32_t offset;
    if (rest.n == 0 && zone)
        *out_seconds = from_local(zone, local);
    else if (parse_offset(rest, &offset))
        *out_seconds = local - offset;
    else
        return ERR_DATE;
    return ERR_OK;
}

void instant_format(int64_t utc_seconds, char out[24])
{
    int64_t days = floor_div(utc_seconds, DAY_SECONDS);
    int year = -1, month = 0, day = 0;
    if (days > -1000000 && days < 3000000)
        daynum_to_ymd((daynum)days, &year, &month, &day);
    if (year < 0 || year > 9999) {
        memcpy(out, "-", 2);
        return;
    }
    int clock = (int)(utc_seconds - days * DAY_SECONDS);
    char *to = put_day(out, year, month, day);
    *to++ = 'T';
    to = put_number(to, clock / 3600, 2);
    *to++ = ':';
    to = put_number(to, clock / 60 % 60, 2);
    *to++ = ':';
    to = put_number(to, clock % 60, 2);
    memcpy(to, "Z", 2);
}
