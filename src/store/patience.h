/* SPDX-License-Identifier: Apache-2.0
 *
 * patience - one waiting for the writer's place: when it gives up, and who hears of it meanwhile. */
#ifndef STORE_PATIENCE_H
#define STORE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct patience {
    int64_t give_up_us; /* monotonic */
    int64_t notice_us;
    void (*on_wait)(void *ctx, pid_t holder);
    void *ctx;
};
struct patience patience_begin(int ms, void (*on_wait)(void *ctx, pid_t holder), void *ctx);
/* Is it time to tell who holds the place? Then the caller finds out, for patience_tick. */
bool patience_tells(const struct patience *patience);
/* Calls on_wait when it is time to. False: give up. */
bool patience_tick(struct patience *patience, pid_t holder);

#endif
