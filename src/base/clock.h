/* SPDX-License-Identifier: Apache-2.0
 *
 * clock - time comes in from outside. Nothing below cmd/ asks the machine what time it is; it
 * asks a struct clock, so that tests turn midnight by hand. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

struct clock {
    int64_t (*now_us)(const struct clock *clock); /* UTC microseconds since 1970-01-01 */
    _Atomic int64_t fixed_us;                     /* of a fixed clock */
};

extern const struct clock clock_system;
/* Time that never jumps, from an unknown beginning: for waiting and for rates. */
extern const struct clock clock_steady;

/* A clock that stands until clock_set moves it. */
void clock_init_fixed(struct clock *clock, int64_t us);
void clock_set(struct clock *clock, int64_t us);

static inline int64_t clock_now_us(const struct clock *clock)
{
    return clock->now_us(clock);
}

/* Monotonic microseconds, for measuring and waiting only. */
int64_t clock_monotonic_us(void);
/* So many milliseconds from now, as pthread_cond_timedwait and its like want it. */
struct timespec clock_in_ms(int64_t ms);

#endif
