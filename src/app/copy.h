/* SPDX-License-Identifier: Apache-2.0
 *
 * copy - a whole register from one store to another, of whatever backends: for a move (db move) and for
 * a backup (db backup). */
#ifndef APP_COPY_H
#define APP_COPY_H

#include <stdatomic.h>

#include "app/digest.h"

struct copy_options {
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* journal items, then IMEIs */
    void *progress_ctx;
    const atomic_int *stop; /* ends it between two writes */
};

/* from stands still: inside store_read_begin, or in its writer's place. to is empty, or holds what an
 * earlier copy of the same register, cut short, has left: then that is gone on with. At the end both are
 * summed up and compared, and only then it is a register that can be opened; *out is what both hold.
 * A whole copy of the same state is only compared. ERR_STORE_OPEN: to holds another register. ERR_STOPPED. ERR_FACTS: the two differ. */
MUST_USE enum err copy_register(struct store *from, struct store *to,
                                const struct copy_options *options, struct digest *out,
                                struct fault *fault);

#endif
