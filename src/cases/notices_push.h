/* SPDX-License-Identifier: Apache-2.0
 *
 * notices_push - notices to operators that take them over HTTP: a part of them (NOTICES_PART at most) is one POST of a
 * JSON object; 2xx takes it. The same part once more has the same ids, and the same Idempotency-Key while its text is
 * the same. A notice ends by an operator's word on it alone, "refused" with its id and a reason (notices_answer.h); the
 * others of its part go on. 413 halves a part. An answer that refuses and names none is a fault of the endpoint: nothing
 * is lost, and after PUSH_REFUSALS of them in a row one notice is tried each PUSH_LONGEST_MS, until it is taken. Whatever
 * else comes, or nothing, is tried again: with a back-off that doubles, with jitter, and behind a breaker (breaker.h).
 *
 * Operators take turns, a part each, and have PUSH_BUDGET_MS in a run, so that one who is slow keeps nobody else waiting.
 * The hours are asked before each POST. Numbers of subscribers leave the house, so addresses are https, or of this machine
 * (notices_url), and the audit log has how many went to whom in a run.
 *
 * What waits stands in the register, so a queue costs no memory and has no end of its own: words that are no longer true
 * are left out. One process pushes at a time. */
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
    PUSH_BUDGET_MS =
        20000, /* of one operator in a run: what his POSTs take, from the first to the last */
    PUSH_REFUSALS = 5, /* in a row, then he is stopped */
    PUSH_SUSPECT =
        100, /* notices of a part refused by name, and more than half: then it is no word on them */
    PUSH_ANSWER_MAX = 131072, /* bytes; a part that is refused whole, by name */
};

struct notices_push; /* what is remembered of each operator between tries */
MUST_USE enum err notices_push_new(const struct notices_port *port, struct notices_push **out);
void notices_push_free(struct notices_push *push); /* NULL is allowed */

struct notices_pushed {
    uint64_t sent, refused; /* notices */
    uint64_t tries, failed; /* POSTs; those that took nothing */
    size_t stopped;         /* operators that refuse what they are sent */
    char why[160];          /* the last of which nobody answered, and how it ended; empty: none */
    bool quiet;
    bool waiting; /* something is left, for a time or for good reason */
};
/* One try of each operator whose time has come, as long as it takes what it is sent and its budget lasts. stop: asked
 * between POSTs; NULL. ERR_STORE_BUSY: another process pushes; of the store. What an operator does is no error. */
MUST_USE enum err notices_push_run(struct notices_push *push, struct registry *registry,
                                   const atomic_int *stop, struct notices_pushed *out,
                                   struct fault *fault);

/* How often in a row an operator refused what he was sent. For the thread that runs it. */
unsigned notices_push_refusals(const struct notices_push *push, uint64_t party);

/* How long to wait after so many tries without an answer, ms. random: 0..2^32 - 1, any. */
int64_t notices_push_pause(unsigned tries, uint32_t random);

#endif
