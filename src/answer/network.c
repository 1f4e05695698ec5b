/* SPDX-License-Identifier: Apache-2.0
 *
 * network - many questions at once: their look-ups in the index overlap, then each is judged as
 * everywhere else (verdict_step, answer_make). What is here besides is what only networks have: the
 * override, the operator's default for the unknown, whether a first use is to be reported; and what an index that
 * holds a part alone can say of the rest. */
#include "answer/network.h"

#include <assert.h>

const char *equipment_name(enum equipment equipment)
{
    static const char *const names[] = {"white", "black", "grey", "unknown"};
    return equipment < EQUIPMENT_COUNT ? names[equipment] : "error";
}

static enum equipment equipment_of(const struct network *net, uint8_t list)
{
    switch ((enum list)list) {
    case LIST_WHITE:
    case LIST_EXEMPT:
        return EQUIPMENT_WHITE;
    case LIST_GREY:
        return EQUIPMENT_GREY;
    case LIST_UNKNOWN:
        return net->settings.unknown;
    case LIST_BLACK:
    case LIST_COUNT:
        break;
    }
    return EQUIPMENT_BLACK;
}

/* After marks: of the law, no switch takes precedence over an order of the police. */
static uint8_t overridden(const struct network *net, const struct answer *answer, uint8_t equipment)
{
    if (reason_table[answer->reason].rule == 1)
        return equipment;
    switch ((enum rules_override)net->rules->network_override) {
    case OVERRIDE_GREY:
        return EQUIPMENT_GREY;
    case OVERRIDE_WHITE:
        return EQUIPMENT_WHITE;
    case OVERRIDE_NONE:
        break;
    }
    return equipment;
}

/* An attach that is refused is no use of the phone: it starts no clock (domain.md 3). */
static bool is_let_in(const struct network *net, uint8_t equipment)
{
    if (equipment == EQUIPMENT_UNKNOWN)
        return net->rules->unknown_served;
    return equipment != EQUIPMENT_BLACK;
}

static struct network_reply reply_of(const struct network *net, const struct network_question *q,
                                     const struct verdict *v)
{
    struct asking asking = {.imsi = q->imsi};
    if (__builtin_expect(v->reason == REASON_CLONE && q->imsi && net->paired, 0))
        asking.paired =
            index_is_paired(net->index, q->imei, answer_subscriber(net->subscriber_key, q->imsi));
    struct answer answer = answer_make(v, &asking, net->rules);
    uint8_t equipment = overridden(net, &answer, (uint8_t)equipment_of(net, answer.list));
    bool home = q->imsi && rules_is_home(net->rules, q->imsi);
    return (struct network_reply){
        .equipment = equipment,
        .list = answer.list,
        .reason = answer.reason,
        .home = home,
        .fresh = home && !(v->flags & VERDICT_USED) && is_let_in(net, equipment),
    };
}

/* Of an IMEI that the index cannot know. What stands before all, marks, is not known either: so a roamer is let in
 * here whom the whole register might refuse. */
static struct network_reply reply_outside(const struct network *net,
                                          const struct network_question *q, daynum through)
{
    struct facts none;
    facts_init(&none);
    const struct verdict v = policy_judge_gated(q->imei, &none, net->rules, net->today, through);
    const struct asking asking = {.imsi = q->imsi};
    const struct answer answer = answer_make(&v, &asking, net->rules);
    const bool silent = answer.reason == REASON_NEVER_ACTIVATED;
    const uint8_t equipment =
        silent ? net->settings.outside : (uint8_t)equipment_of(net, answer.list);
    return (struct network_reply){
        .equipment = overridden(net, &answer, equipment),
        .list = answer.list,
        .reason = answer.reason,
        .home = q->imsi && rules_is_home(net->rules, q->imsi),
        .outside = silent,
    };
}

void network_answer(const struct network *net, const struct network_question *q, size_t n,
                    struct network_reply *out)
{
    struct imei imeis[NETWORK_BATCH] = {{0}}; /* gcc does not see that the first n are enough */
    struct verdict verdicts[NETWORK_BATCH];
    bool found[NETWORK_BATCH];
    assert(n <= NETWORK_BATCH);
    for (size_t i = 0; i < n; i++)
        imeis[i] = q[i].imei;
    index_find_batch(net->index, imeis, n, verdicts, found);
    daynum through = index_state(net->index).gate.expire_through;
    const struct tac_ranges *tacs = index_tacs(net->index);
    for (size_t i = 0; i < n; i++) {
        struct verdict v;
        if (__builtin_expect(!tac_ranges_have(tacs, imei_tac(imeis[i])), 0)) {
            out[i] = reply_outside(net, &q[i], through);
            continue;
        }
        if (found[i]) {
            v = verdict_step(verdicts[i], net->today, through);
            if (net->spared)
                spared_verdict(net->spared, imeis[i], &v);
        } else {
            struct facts none;
            facts_init(&none);
            v = policy_judge_gated(imeis[i], &none, net->rules, net->today, through);
        }
        out[i] = reply_of(net, &q[i], &v);
    }
}
