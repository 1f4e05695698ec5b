/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/pace.h"

#include <pthread.h>
#include <stdlib.h>

enum { ACCOUNTS = 512 };
#define MINUTE_US INT64_C(60000000)

struct pace {
    pthread_mutex_t lock;
    struct {
        uint64_t who;
        int64_t whole_us; /* when all of it is there again */
    } of[ACCOUNTS];
};

struct pace *pace_new(void)
{
    struct pace *p = calloc(1, sizeof *p);
    if (p)
        pthread_mutex_init(&p->lock, NULL);
    return p;
}

void pace_free(struct pace *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static size_t place_of(const struct pace *p, uint64_t who)
{
    size_t rested = 0;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        if (p->of[i].who == who)
            return i;
        if (p->of[i].whole_us < p->of[rested].whole_us)
            rested = i;
    }
    return rested;
}

int64_t pace_take(struct pace *p, uint64_t who, struct pace_limit limit, int64_t now_us)
{
    const int64_t token_us = MINUTE_US / limit.per_minute;
    pthread_mutex_lock(&p->lock);
    const size_t i = place_of(p, who);
    const int64_t from =
        p->of[i].who == who && p->of[i].whole_us > now_us ? p->of[i].whole_us : now_us;
    int64_t wait_us = from + token_us - now_us - token_us * limit.burst;
    if (wait_us <= 0) {
        p->of[i].who = who;
        p->of[i].whole_us = from + token_us;
        wait_us = 0;
    }
    pthread_mutex_unlock(&p->lock);
    return wait_us;
}
