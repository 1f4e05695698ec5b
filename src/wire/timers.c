/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/timers.h"

#include <assert.h>

enum { CHILDREN = 4, WAIT_MS = 60000 };

void timers_release(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

bool timers_reserve(struct timers *timers, size_t n)
{
    if (n <= timers->size)
        return true;
    size_t size = timers->size ? timers->size : 64;
    while (size < n)
        size *= 2;
    struct timer **heap = realloc(timers->heap, size * sizeof *heap);
    if (!heap)
        return false;
    timers->heap = heap;
    timers->size = size;
    return true;
}

static void put(struct timers *timers, size_t i, struct timer *timer)
{
    timers->heap[i] = timer;
    timer->place = i + 1;
}

static void rise(struct timers *timers, size_t i, struct timer *timer)
{
    while (i > 0) {
        size_t parent = (i - 1) / CHILDREN;
        if (timers->heap[parent]->due_us <= timer->due_us)
            break;
        put(timers, i, timers->heap[parent]);
        i = parent;
    }
    put(timers, i, timer);
}

static void sink(struct timers *timers, size_t i, struct timer *timer)
{
    for (;;) {
        size_t first = i * CHILDREN + 1, least = first;
        if (first >= timers->n)
            break;
        for (size_t k = first + 1; k < first + CHILDREN && k < timers->n; k++)
            if (timers->heap[k]->due_us < timers->heap[least]->due_us)
                least = k;
        if (timers->heap[least]->due_us >= timer->due_us)
            break;
        put(timers, i, timers->heap[least]);
        i = least;
    }
    put(timers, i, timer);
}

static void take_out(struct timers *timers, struct timer *timer)
{
    size_t i = timer->place - 1;
    timer->place = 0;
    struct timer *last = timers->heap[--timers->n];
    if (last == timer)
        return;
    if (last->due_us < timer->due_us)
        rise(timers, i, last);
    else
        sink(timers, i, last);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t due_us)
{
    if (timer->place)
        take_out(timers, timer);
    if (due_us == TIMER_NEVER)
        return;
    assert(timers->n < timers->size);
    timer->due_us = due_us;
    timers->n++;
    rise(timers, timers->n - 1, timer);
}

struct timer *timers_pop(struct timers *timers, int64_t now_us)
{
    if (!timers->n || timers->heap[0]->due_us > now_us)
        return NULL;
    struct timer *first = timers->heap[0];
    take_out(timers, first);
    return first;
}

int timers_wait_ms(const struct timers *timers, int64_t now_us)
{
    if (!timers->n)
        return -1;
    int64_t left = timers->heap[0]->due_us - now_us;
    if (left <= 0)
        return 0;
    return left >= WAIT_MS * 1000LL ? WAIT_MS : (int)((left + 999) / 1000);
}
