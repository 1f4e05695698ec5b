/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_push - notices to operators that take them over HTTP: a part of them (NOTICES_PART at most) is one POST of a
 * JSON object; 2xx takes it. The same part once more has the same ids, and the same Idempotency-Key while its text is
 * the same. 400, 413, 415 and 422 refuse what was sent: it is halved until the one is found that is refused, which
 * counts as failed, so none stands before the others. Whatever else comes, or nothing, is tried again: with a back-off
 * that doubles, with jitter, and behind a breaker (breaker.h).
 *
 * What waits stands in the register, so a queue costs no memory and has no end of its own: words that are no longer true
 * are left out. One process pushes at a time; nobody is written to outside the hours. */
#ifndef CASES_NOTICES_PUSH_H
#define CASES_NOTICES_PUSH_H

#include <stdatomic.h>

#include "app/notices_list.h"
#include "cases/breaker.h"

enum {
    PUSH_CONNECT_MS = 2000,
    PUSH_WHOLE_MS = 5000,
    PUSH_FIRST_MS = 2000, /* of the back-off */
    PUSH_LONGEST_MS = 15 * 60000,
    PUSH_ANSWER_MAX = 65536, /* bytes; what stands there is not read */
};

struct notices_push; /* what is remembered of each operator between tries */
MUST_USE enum err notices_push_new(const struct notices_port *port, struct notices_push **out);
void notices_push_free(struct notices_push *push); /* NULL is allowed */

struct notices_pushed {
    uint64_t sent, refused; /* notices */
    uint64_t tries, failed; /* POSTs; those without an answer that decides */
    bool quiet;
    bool waiting; /* something is left, for a time or for good reason */
};
/* One try of each operator whose time has come, as long as it takes what it is sent. stop: asked between POSTs; NULL.
 * ERR_STORE_BUSY: another process pushes; of the store. What an operator does is no error. */
MUST_USE enum err notices_push_run(struct notices_push *push, struct registry *registry,
                                   const atomic_int *stop, struct notices_pushed *out,
                                   struct fault *fault);

/* How long to wait after so many tries without an answer, ms. random: 0..2^32 - 1, any. */
int64_t notices_push_pause(unsigned tries, uint32_t random);

#endif
