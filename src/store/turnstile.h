/* SPDX-License-Identifier: Apache-2.0
 *
 * turnstile - the line in which writers of one register stand, over threads and processes. SQLite
 * alone decides who writes (BEGIN IMMEDIATE); the turnstile decides who may try, so that nobody
 * starves behind a bulk import. First come, first served, exactly. */
#ifndef STORE_TURNSTILE_H
#define STORE_TURNSTILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* One waiting: when it gives up, and who hears of it meanwhile. */
struct patience {
    int64_t give_up_us; /* monotonic */
    int64_t notice_us;
    void (*on_wait)(void *ctx, pid_t holder);
    void *ctx;
};
struct patience patience_begin(void (*on_wait)(void *ctx, pid_t holder), void *ctx);
/* Calls on_wait when it is time to. False: give up. */
bool patience_tick(struct patience *patience, pid_t holder);

struct turnstile;

/* path: a file of its own beside the register; made when missing, with mode. ERR_STORE_OPEN. */
MUST_USE enum err turnstile_open(const char *path, mode_t mode, struct turnstile **out,
                                 struct fault *fault);
void turnstile_close(struct turnstile *t); /* NULL-safe; leaves first */
/* Waits in line. ERR_STORE_BUSY. */
MUST_USE enum err turnstile_take(struct turnstile *t, struct patience *patience,
                                 struct fault *fault);
void turnstile_leave(struct turnstile *t); /* nothing when not taken */

#endif
