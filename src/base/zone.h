/* SPDX-License-Identifier: Apache-2.0
 *
 * zone - the offset of local time from UTC as steps in time, read once from the machine's tz database.
 * Pure data afterwards: core/daynum.h makes days of instants with it, from any thread. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

#include "base/err.h"

enum { ZONE_STEPS = 512 };
struct zone {
    char name[64]; /* "Asia/Almaty" */
    uint32_t count;
    struct zone_step {
        int64_t from;   /* UTC seconds from which the offset holds; the first is INT64_MIN */
        int32_t offset; /* seconds east of UTC */
    } steps[ZONE_STEPS];
};

/* Fills the zone from the machine's tz database. ERR_ZONE: no such zone. ERR_ZONE_STALE: the
 * database is from before 2024 and wrong for Asia/Almaty. */
MUST_USE enum err zone_load(const char *name, struct zone *out, struct fault *fault);

#endif
