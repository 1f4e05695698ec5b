/* SPDX-License-Identifier: Apache-2.0
 *
 * answer - what an asker hears, domain.md 3. The judge knows no subscriber; this adds what
 * depends on who asks, in the order of the rule:
 *
 *  1. A suspension mark or a GSMA block is black for everybody, a foreigner's phone and a machine's
 *     too: a stolen phone does not become usable by putting a foreign SIM into it.
 *  2. A SIM of another country's network is roaming. The duty to verify is not the visitor's, so
 *     the phone is exempt for this check, whatever else stands against it (term over, revoked,
 *     clone); the list itself does not change. The same for a subscription of machines.
 *  3. A confirmed clone is served for the subscribers it is paired with and nobody else. A network
 *     that cannot say who asks gets what the country set for that (clone_without_imsi).
 *  4. Everything else is the verdict's own list. A person who asks (asking == NULL) always hears
 *     that: nobody knows which SIM will be put in.
 *
 * Served is what a home subscriber gets now: white, grey and exempt are served, black is not, and
 * of the unknown the network's default decides (unknown_served). */
#include "answer/answer.h"

static bool is_served(enum list list, const struct rules *rules)
{
    switch (list) {
    case LIST_WHITE:
    case LIST_GREY:
    case LIST_EXEMPT:
        return true;
    case LIST_UNKNOWN:
        return rules->unknown_served;
    case LIST_BLACK:
    case LIST_COUNT:
        break;
    }
    return false;
}

/* Rule 1: marks and GSMA. */
static bool stands_before_all(uint8_t reason)
{
    return reason_table[reason % REASON_COUNT].rule == 1;
}

static enum list clone_list(const struct asking *asking, const struct rules *rules)
{
    if (asking->imsi != 0)
        return asking->paired ? LIST_WHITE : LIST_BLACK;
    switch ((enum rules_clone)rules->clone_without_imsi) {
    case CLONE_GREY:
        return LIST_GREY;
    case CLONE_WHITE:
        return LIST_WHITE;
    case CLONE_BLACK:
        break;
    }
    return LIST_BLACK;
}

struct answer answer_make(const struct verdict *verdict, const struct asking *asking,
                          const struct rules *rules)
{
    enum list list = reason_list(verdict->reason);
    uint8_t reason = verdict->reason;

    if (asking && !stands_before_all(reason)) {
        if (asking->imsi != 0 && !rules_is_home(rules, asking->imsi)) {
            list = LIST_EXEMPT;
            reason = REASON_ROAMER;
        } else if (asking->imsi != 0 && rules_is_machine_imsi(rules, asking->imsi)) {
            list = LIST_EXEMPT;
            reason = REASON_MACHINE;
        } else if (reason == REASON_CLONE) {
            list = clone_list(asking, rules);
        }
    }
    return (struct answer){
        .verdict = *verdict,
        .list = (uint8_t)list,
        .reason = reason,
        .served = is_served(list, rules),
    };
}

uint64_t answer_subscriber(const uint8_t key[SHA256_BYTES], uint64_t imsi)
{
    /* The label keeps this use of the key apart from every other. */
    uint8_t bytes[18] = "subscriber", hash[SHA256_BYTES];
    put_be(bytes + 10, imsi, 8);
    sha256_hmac(key, bytes, sizeof bytes, hash);
    return get_be(hash, 8);
}
