/* SPDX-License-Identifier: Apache-2.0
 *
 * daynum - calendar days of the country, and the zone that makes them from UTC instants.
 *
 * A daynum counts days since 1970-01-01 (proleptic Gregorian). The register stores days from
 * 2000-01-01 to 2179-06-05, so that a day fits 16 bits. */
#ifndef CORE_DAYNUM_H
#define CORE_DAYNUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/zone.h"

typedef int32_t daynum;

#define DAYNUM_NONE  INT32_MIN /* no day */
#define DAYNUM_OPEN  INT32_MAX /* no last day: for ever, or until somebody decides */
#define DAYNUM_FIRST 10957     /* 2000-01-01 */
#define DAYNUM_LAST  76491     /* 2179-06-05 = DAYNUM_FIRST + 65534 */

enum { DAYNUM_TEXT = 11 }; /* "2025-07-31" and NUL */

/* A real day? Neither none nor open, and storable. */
static inline bool daynum_is_day(daynum d)
{
    return d >= DAYNUM_FIRST && d <= DAYNUM_LAST;
}

daynum daynum_from_ymd(int year, int month, int day);
void daynum_to_ymd(daynum d, int *out_year, int *out_month, int *out_day);
/* "YYYY-MM-DD" or "YYYYMMDD", a day that exists, within DAYNUM_FIRST..DAYNUM_LAST. ERR_DATE. */
MUST_USE enum err daynum_parse(struct str text, daynum *out);
/* "2025-07-31"; "-" for none, "open" for open. */
void daynum_format(daynum d, char out[DAYNUM_TEXT]);

/* 16 bits for files and rows: days since DAYNUM_FIRST; none and open share 65535 and are told
 * apart by a presence bit of the place that stores them. */
static inline uint16_t daynum_pack(daynum d)
{
    return daynum_is_day(d) ? (uint16_t)(d - DAYNUM_FIRST) : UINT16_MAX;
}

static inline daynum daynum_unpack(uint16_t v, daynum otherwise)
{
    return v == UINT16_MAX ? otherwise : DAYNUM_FIRST + v;
}

int32_t zone_offset(const struct zone *zone, int64_t utc_seconds);
/* The local day on which an instant lies. */
daynum zone_day(const struct zone *zone, int64_t utc_seconds);
/* The UTC second at which a local day begins. */
int64_t zone_day_start(const struct zone *zone, daynum day);
/* The first UTC second at which the local clock shows `second` of the day (0..86400) or later. */
int64_t zone_clock(const struct zone *zone, daynum day, int32_t second);

/* "2025-03-25T10:00:00Z", "...+05:00", or without offset (local in zone), or a bare date (its first
 * second, local). ERR_DATE. */
MUST_USE enum err instant_parse(struct str text, const struct zone *zone, int64_t *out_seconds);
/* "2025-03-25T10:00:00Z", 21 bytes with NUL. */
void instant_format(int64_t utc_seconds, char out[24]);

#endif
