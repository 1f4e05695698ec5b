/* SPDX-License-Identifier: Apache-2.0
 *
 * inquiry - puts the questions of the checks, each source by threads of its own, so that one that is slow or dead
 * keeps nobody waiting who does not need it. Who asks through inquiry_sources hears ASKED_LATER at once and asks again
 * when inquiry_heard names the application; then the answer is there, for a minute. Who could not be asked says
 * ASKED_AWAY for INQUIRY_AWAY_S and until the next try is over.
 *
 * Questions and answers live in memory alone: after a restart the checks, which are still due, ask anew. Expected: some
 * thousand a day, answered within milliseconds; while a source is slow, hundreds that wait. */
#ifndef CASES_INQUIRY_H
#define CASES_INQUIRY_H

#include "cases/checks.h"

enum {
    INQUIRY_THREADS = 4, /* of each source */
    INQUIRY_MOST =
        1024, /* questions of a source that wait or are remembered; past it: ASKED_AWAY */
    INQUIRY_KEPT_S = 60,
    INQUIRY_AWAY_S = 5, /* less than whoever asks again rests */
};

struct inquiry;
/* sources: asked by several threads at once; copied. heard: called by those threads after each answer. ERR_MEMORY. */
MUST_USE enum err inquiry_open(const struct check_sources *sources, void (*heard)(void *ctx),
                               void *ctx, struct inquiry **out, struct fault *fault);
/* Waits for what is being asked just now. NULL is allowed. */
void inquiry_close(struct inquiry *inquiry);
const struct check_sources *inquiry_sources(const struct inquiry *inquiry);
/* Applications with an answer that was not told yet; at most max, *out_n how many. */
void inquiry_heard(struct inquiry *inquiry, uint64_t *out_ids, size_t max, size_t *out_n);
/* Is a question of this application on its way? */
bool inquiry_waits(struct inquiry *inquiry, uint64_t application);

#endif
