/* SPDX-License-Identifier: Apache-2.0
 *
 * token_guard - who may ask N5g-eir, by the token that a request brings: verified once, then remembered by its SHA-256
 * until it ends, so a request costs a hash and a comparison and no signature. What was refused is remembered, too,
 * for some seconds, in places of its own: strangers push out no good token. An address from which too many bad ones came
 * is not read for (token_budget.h): of tokens that are remembered it is answered all the same.
 *
 * Expected workload: some hundreds of tokens at once, each on every request of an AMF. A worker has its own memory,
 * and shares the keys, which a reload replaces for all; with other keys nothing is remembered. */
#ifndef N5GEIR_TOKEN_GUARD_H
#define N5GEIR_TOKEN_GUARD_H

#include "base/clock.h"
#include "n5geir/token.h"

struct token_guard;

struct token_guard_options {
    const char *keys; /* PEM file */
    struct token_rules rules;
    const struct clock *clock;
    unsigned workers;
};

/* Borrows the texts and the clock. As token_keys_read. */
MUST_USE enum err token_guard_new(const struct token_guard_options *options,
                                  struct token_guard **out, struct fault *fault);
/* Other keys, from now on; they are the guard's then. From any one thread. ERR_MEMORY. */
MUST_USE enum err token_guard_take(struct token_guard *guard, struct token_keys *keys);
void token_guard_free(struct token_guard *guard); /* NULL: nothing */

struct token_brought {
    struct str token;
    struct str
        from; /* address of who brought it, as of struct line; p NULL: nobody's, and never too many */
    int64_t now_us; /* monotonic */
};
/* By the thread of that worker. *out_read: the token was not remembered, so it was read, and perhaps its signature
 * looked at, which costs half a millisecond. Never TOKEN_MISSING, TOKEN_TWICE. */
enum token_verdict token_guard_check(struct token_guard *guard, unsigned worker,
                                     const struct token_brought *brought, bool *out_read);

#endif
