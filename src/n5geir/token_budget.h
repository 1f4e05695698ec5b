/* SPDX-License-Identifier: Apache-2.0
 *
 * token_budget - how many bad tokens are read for one address: LIMIT_N5G_TOKENS at once, LIMIT_N5G_TOKENS_SECOND for
 * long, over all its connections, for a connection costs a stranger nothing. Who has used it up is not read for at all
 * until some of it has come back. IPv6 counts by /64, of which one subscriber has many addresses.
 *
 * Expected workload: looked at only where a token is not remembered, so hardly ever. One thread's. A table of fixed
 * size: where it is full, an address that was silent longest gives its place to another. */
#ifndef N5GEIR_TOKEN_BUDGET_H
#define N5GEIR_TOKEN_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { TOKEN_BUDGET_SETS = 128, TOKEN_BUDGET_WAYS = 4 };

struct token_budget {
    struct token_asker {
        uint64_t who; /* 0: nobody */
        int64_t at_us;
        uint32_t left;
    } of[TOKEN_BUDGET_SETS][TOKEN_BUDGET_WAYS];
};

/* "192.0.2.1:3868", "[2001:db8::1]:3868": as a number, never 0. What is no such address is one like all others that
 * are none. */
uint64_t token_budget_who(struct str address);
/* Is something left for it? now_us: monotonic. */
bool token_budget_has(struct token_budget *budget, uint64_t who, int64_t now_us);
/* One that was bad, of who has something left. */
void token_budget_take(struct token_budget *budget, uint64_t who, int64_t now_us);

#endif
