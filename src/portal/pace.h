/* SPDX-License-Identifier: Apache-2.0
 *
 * pace - how fast one account may look at subscribers' numbers: so many at once, then one after another. The door's limits
 * (face/guard.h) are for everybody behind an address and let a patient person read a country's numbers; this one is for one
 * person, or one program. In memory alone, some hundred accounts; of more the one that has rested longest is forgotten. */
#ifndef PORTAL_PACE_H
#define PORTAL_PACE_H

#include <stdint.h>

struct pace;
struct pace_limit {
    uint32_t burst;      /* at once */
    uint32_t per_minute; /* after that */
};

struct pace *pace_new(void);       /* NULL: no memory */
void pace_free(struct pace *pace); /* NULL is allowed */
/* 0: go on; else microseconds to wait. From any thread. */
int64_t pace_take(struct pace *pace, uint64_t who, struct pace_limit limit, int64_t now_us);

#endif
