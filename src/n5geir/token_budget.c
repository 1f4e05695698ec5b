/* SPDX-License-Identifier: Apache-2.0 */
#include "n5geir/token_budget.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/limits.h"
#include "base/mix.h"

uint64_t token_budget_who(struct str address)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr six;
    struct in_addr four = {0};
    uint64_t number = 0;
    struct str rest;
    const bool bracketed = address.n && address.p[0] == '[';
    const struct str host = bracketed
                                ? str_split((struct str){address.p + 1, address.n - 1}, ']', &rest)
                                : str_split(address, ':', &rest);
    str_copy(text, sizeof text, host);
    if (bracketed && inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_V4MAPPED(&six))
        memcpy(&four, six.s6_addr + 12, sizeof four);
    else if (bracketed && inet_pton(AF_INET6, text, &six) == 1)
        memcpy(&number, six.s6_addr, sizeof number); /* the /64 */
    else
        (void)inet_pton(AF_INET, text, &four);
    if (!number)
        number = 1ULL << 32 | four.s_addr;
    return number;
}

/* Its place, or the one that it takes: of those that were silent longest. */
static struct token_asker *place_of(struct token_budget *budget, uint64_t who, int64_t now_us)
{
    struct token_asker *set = budget->of[mix64(who) % TOKEN_BUDGET_SETS], *least = &set[0];
    for (unsigned i = 0; i < TOKEN_BUDGET_WAYS; i++) {
        if (set[i].who == who)
            return &set[i];
        if (!set[i].who || (least->who && set[i].at_us < least->at_us))
            least = &set[i];
    }
    *least = (struct token_asker){who, now_us, LIMIT_N5G_TOKENS};
    return least;
}

static void refill(struct token_asker *asker, int64_t now_us)
{
    const int64_t more = (now_us - asker->at_us) * LIMIT_N5G_TOKENS_SECOND / 1000000;
    if (more <= 0)
        return;
    asker->left = more > LIMIT_N5G_TOKENS - (int64_t)asker->left ? LIMIT_N5G_TOKENS
                                                                 : asker->left + (uint32_t)more;
    asker->at_us = now_us;
}

bool token_budget_has(struct token_budget *budget, uint64_t who, int64_t now_us)
{
    struct token_asker *asker = place_of(budget, who, now_us);
    refill(asker, now_us);
    return asker->left > 0;
}

void token_budget_take(struct token_budget *budget, uint64_t who, int64_t now_us)
{
    struct token_asker *asker = place_of(budget, who, now_us);
    asker->left -= asker->left > 0;
}
