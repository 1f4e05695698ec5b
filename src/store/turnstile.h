/* SPDX-License-Identifier: Apache-2.0
 *
 * turnstile - the line in which writers of one register stand, over threads and processes. SQLite
 * alone decides who writes (BEGIN IMMEDIATE); the turnstile decides who may try, so that nobody
 * starves behind a bulk import. First come, first served, exactly. */
#ifndef STORE_TURNSTILE_H
#define STORE_TURNSTILE_H

#include <sys/types.h>

#include "base/err.h"
#include "store/patience.h"

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
