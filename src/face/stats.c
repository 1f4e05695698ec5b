/* SPDX-License-Identifier: Apache-2.0 */
#include "face/stats.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16 };
typedef _Atomic uint64_t counter;

struct shard {
    _Alignas(64) counter stat[STATS];
    counter status[STATS_ROUTES][STATS_STATUSES];
    counter step[STATS_ROUTES][STATS_STEPS];
    counter us[STATS_ROUTES];
};

struct stats {
    struct shard shards[SHARDS];
};

static const int statuses[STATS_STATUSES] = {200, 204, 302, 304, 400, 401, 403, 404, 405,
                                             409, 413, 414, 415, 429, 500, 503, 507, 0};
static const int64_t steps_us[STATS_STEPS] = {50,    100,   250,   500,    1000,   2500,    5000,
                                              10000, 25000, 50000, 100000, 250000, 1000000, -1};

struct stats *stats_new(void)
{
    struct stats *s = aligned_alloc(_Alignof(struct stats), sizeof *s);
    if (s)
        memset(s, 0, sizeof *s);
    return s;
}

void stats_free(struct stats *s)
{
    free(s);
}

static struct shard *mine(struct stats *s)
{
    int cpu = sched_getcpu();
    return &s->shards[cpu < 0 ? 0 : cpu % SHARDS];
}

static void add(counter *c, uint64_t n)
{
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

void stats_add(struct stats *s, unsigned stat, uint64_t n)
{
    if (s && stat < STATS)
        add(&mine(s)->stat[stat], n);
}

void stats_request(struct stats *s, unsigned route, int status, int64_t us)
{
    if (!s || route >= STATS_ROUTES)
        return;
    struct shard *shard = mine(s);
    unsigned i = 0, step = 0;
    while (statuses[i] && statuses[i] != status)
        i++;
    while (steps_us[step] >= 0 && us > steps_us[step])
        step++;
    add(&shard->status[route][i], 1);
    add(&shard->step[route][step], 1);
    add(&shard->us[route], us > 0 ? (uint64_t)us : 0);
}

int64_t stats_step_us(unsigned step)
{
    return steps_us[step < STATS_STEPS ? step : STATS_STEPS - 1];
}

int stats_status(unsigned i)
{
    return i < STATS_STATUSES ? statuses[i] : 0;
}

static uint64_t get(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

uint64_t stats_total(const struct stats *s, unsigned stat)
{
    uint64_t sum = 0;
    for (unsigned i = 0; s && stat < STATS && i < SHARDS; i++)
        sum += get(&s->shards[i].stat[stat]);
    return sum;
}

void stats_route(const struct stats *s, unsigned route, struct stats_route *out)
{
    *out = (struct stats_route){0};
    for (unsigned i = 0; s && route < STATS_ROUTES && i < SHARDS; i++) {
        const struct shard *shard = &s->shards[i];
        for (unsigned k = 0; k < STATS_STATUSES; k++)
            out->status[k] += get(&shard->status[route][k]);
        for (unsigned k = 0; k < STATS_STEPS; k++)
            out->step[k] += get(&shard->step[route][k]);
        out->us += get(&shard->us[route]);
    }
}
