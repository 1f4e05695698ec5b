/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_REALTIME);
}

static int64_t fixed_now(const struct clock *clock)
{
    return clock->fixed_us;
}

static int64_t steady_now(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_MONOTONIC);
}

const struct clock clock_system = {.now_us = system_now};
const struct clock clock_steady = {.now_us = steady_now};

void clock_init_fixed(struct clock *clock, int64_t us)
{
    clock->now_us = fixed_now;
    clock->fixed_us = us;
}

void clock_set(struct clock *clock, int64_t us)
{
    clock->fixed_us = us;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

struct timespec clock_in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
    t.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}
