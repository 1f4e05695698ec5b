/* SPDX-License-Identifier: Apache-2.0
 *
 * timers - when something is due next: a heap of four children a node, of one worker. A line's due
 * time moves with every message; the heap is told only when it moves nearer, and asks again when
 * the time has come. */
#ifndef WIRE_TIMERS_H
#define WIRE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER INT64_MAX

struct timer {
    int64_t due_us; /* monotonic; of a timer that is set */
    size_t place;   /* in the heap, from 1; 0: not set */
};

struct timers {
    struct timer **heap;
    size_t n, size;
};

void timers_release(struct timers *timers);
/* Room for n timers that are set at once: timers_set does not fail for want of memory. */
bool timers_reserve(struct timers *timers, size_t n);
/* TIMER_NEVER: not set. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due_us);
/* The first that is due, not set any more; NULL: none. */
struct timer *timers_pop(struct timers *timers, int64_t now_us);
/* Milliseconds to the first, rounded up, at most a minute; -1: none is set. */
int timers_wait_ms(const struct timers *timers, int64_t now_us);

#endif
