/* SPDX-License-Identifier: Apache-2.0
 *
 * What befalls a request by itself. Phones are verified by many roads: an application typed or by file, an officer's
 * correction, a command at the shell. None of them knows of requests; what moved is asked of the facts, once the journal
 * has grown. */
#include "cases/demand_record.h"

enum { SOME = 256, ROUND_MOST = 2048 };

static enum err end_overdue(const struct office *office, struct demand *r, void *ctx,
                            struct fault *fault)
{
    const int64_t *now_s = ctx;
    (void)office;
    if (r->state != DEMAND_SENT || r->due_s >= *now_s)
        return fault_set(fault, ERR_NOT_NOW, "it is %s", demand_state_name(r->state));
    r->state = DEMAND_OVERDUE;
    demand_event(r, *now_s, BY_REGISTER, STR(""));
    return ERR_OK;
}

static enum err end_settled(const struct office *office, struct demand *r, void *ctx,
                            struct fault *fault)
{
    const int64_t *now_s = ctx;
    struct standing s;
    if (!demand_open(r))
        return fault_set(fault, ERR_NOT_NOW, "it is %s", demand_state_name(r->state));
    enum err err = purchase_standing(office->registry, &r->what, &s, fault);
    if (err || !s.verified)
        return err ? err : ERR_NOT_NOW;
    r->state = DEMAND_SETTLED;
    r->ended_s = *now_s;
    demand_event(r, *now_s, BY_REGISTER, STR(""));
    return ERR_OK;
}

/* Those it does not fit pass; one that is damaged does not stand before the others. */
static enum err each(const struct office *office, const uint64_t *ids, size_t n, demand_step_fn *fn,
                     struct fault *fault)
{
    int64_t now_s = clock_now_us(office->registry->clock) / 1000000;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++) {
        struct demand r;
        err = demand_step(office, ids[i], fn, &now_s, &r, fault);
        bool of_one = err == ERR_NOT_NOW || err == ERR_STALE || err == ERR_NOT_FOUND ||
                      err == ERR_CODEC || err == ERR_STORE_KEY;
        err = of_one ? ERR_OK : err;
    }
    return err;
}

struct waiting {
    uint64_t ids[SOME];
    size_t n;
};

static bool take_waiting(void *ctx, const struct record *record)
{
    struct waiting *w = ctx;
    w->ids[w->n++] = record_key_last(record->key);
    return w->n < SOME;
}

static enum err look_at_clock(const struct office *office, struct fault *fault)
{
    int64_t now_s = clock_now_us(office->registry->clock) / 1000000;
    struct record_key from = claim_list(CLAIM_WAITS),
                      to = claim_list_of(CLAIM_WAITS, (uint64_t)now_s);
    struct waiting w = {.n = 0};
    enum err err = store_records(office->registry->store, record_key_str(&from),
                                 record_key_str(&to), take_waiting, &w, fault);
    return err ? err : each(office, w.ids, w.n, end_overdue, fault);
}

static enum err look_at_facts(const struct office *office, struct demand_watch *w,
                              struct fault *fault)
{
    uint64_t ids[SOME];
    size_t n = SOME, seen = 0;
    enum err err = ERR_OK;
    struct record_key prefix = claim_list(CLAIM_OPEN);
    if (!w->after)
        w->round_seq = office->registry->head.next_seq;
    for (; !err && n == SOME && seen < ROUND_MOST; seen += n) {
        struct record_key from = claim_list_of(CLAIM_OPEN, w->after);
        err = record_numbers(office->registry, &prefix, w->after ? &from : NULL, ids, SOME, &n,
                             fault);
        if (!err)
            err = each(office, ids, n, end_settled, fault);
        w->after = !err && n ? ids[n - 1] : w->after;
    }
    if (err || n == SOME)
        return err;
    w->seen_seq = w->round_seq;
    w->after = 0;
    return ERR_OK;
}

enum err demand_sweep(const struct office *office, struct demand_watch *w, struct fault *fault)
{
    enum err err = registry_refresh(office->registry, fault);
    if (!err)
        err = look_at_clock(office, fault);
    bool grew = w->after || w->seen_seq != office->registry->head.next_seq;
    return err || !grew ? err : look_at_facts(office, w, fault);
}
