/* SPDX-License-Identifier: Apache-2.0
 *
 * aside - requests that may wait for a database are answered by threads of their own, so that those of the
 * door, which answer checks from memory, never wait; and so that many who write at once meet in one
 * commit. A queue of fixed room and its threads. */
#ifndef FACE_ASIDE_H
#define FACE_ASIDE_H

#include <stdbool.h>

#include "base/err.h"

enum {
    ASIDE_THREADS = 16,
    ASIDE_MOST = 1024, /* jobs that wait */
};

struct aside;

/* work is called with each job that is put, on one of the threads. ERR_MEMORY. */
MUST_USE enum err aside_new(unsigned threads, void (*work)(void *job), struct aside **out);
/* False: ASIDE_MOST wait already, or it is closing; the job is not taken. */
bool aside_put(struct aside *aside, void *job);
/* Takes no more; returns when all that was put is done. Once. NULL is allowed. */
void aside_close(struct aside *aside);
/* After aside_close. NULL is allowed. */
void aside_free(struct aside *aside);

#endif
