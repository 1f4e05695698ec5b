/* SPDX-License-Identifier: Apache-2.0 */
#include "index/image.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS_MAX = 4 };

void index_share(void *(*work)(void *ctx), void *ctx, uint64_t pieces)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t want = processors < THREADS_MAX ? (uint64_t)processors : THREADS_MAX, started = 0;
    pthread_t threads[THREADS_MAX];
    if (want > pieces)
        want = pieces;
    while (started + 1 < want && pthread_create(&threads[started], NULL, work, ctx) == 0)
        started++;
    work(ctx);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}
