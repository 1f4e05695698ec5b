/* SPDX-License-Identifier: Apache-2.0
 *
 * waiters - requests that wait for news of the register while their connections sleep: no thread is held by
 * them. Whoever hears news looks through the list and wakes whom it is for. Safe from any thread. */
#ifndef FACE_WAITERS_H
#define FACE_WAITERS_H

#include "app/service.h"

struct waiter {
    struct waiter *next;
    struct service_news behind; /* news is what differs from it */
    int64_t until_us;           /* monotonic */
};

struct waiters;

/* wake is called without a lock held; false: not now, it is to wait on. ERR_MEMORY. */
MUST_USE enum err waiters_new(unsigned most, bool (*wake)(void *ctx, struct waiter *waiter),
                              void *ctx, struct waiters **out);
void waiters_free(struct waiters *waiters); /* NULL is allowed */
/* False: it is full, or closing. May be woken before this returns. */
bool waiters_put(struct waiters *waiters, struct waiter *waiter);
bool waiters_full(struct waiters *waiters);
unsigned waiters_count(struct waiters *waiters);
/* Wakes those for whom there is news and those who have waited long enough. How many wait on. */
unsigned waiters_look(struct waiters *waiters, const struct service_news *news);
/* Takes no more, wakes all; those that wake refused are returned as a list. */
struct waiter *waiters_close(struct waiters *waiters);

#endif
