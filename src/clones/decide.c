/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a case. Confirming cuts people off and lifting a confirmed one gives service back: where two persons
 * decide, the first leaves what he chose in the case and the second carries it out. Users who were chosen by mistake are
 * corrected, by another officer than who chose them: pairs go and come in one entry of the journal, and the IMEI stays black
 * for all others throughout. */
#include <string.h>

#include "answer/answer.h"
#include "app/batch.h"
#include "clones/case.h"
#include "people/audit_log.h"

struct deciding {
    const struct clone_decision *decision;
    struct clone_case c; /* as it will stand */
    uint8_t was;
    bool waits;
    bool lifts;                         /* a confirmed one is dismissed */
    bool agrees;                        /* with what the first person chose */
    struct pair pairs[2 * LIMIT_PAIRS]; /* that go, then that come */
    size_t pair_count;
    const char *reason; /* for the journal; NULL: none was said */
};

static bool says(const char *reason)
{
    return reason && *reason;
}

static enum err check(const struct clone_case *c, const struct clone_decision *d,
                      struct fault *fault)
{
    bool confirm = d->to == CLONE_CONFIRMED;
    if (!confirm && d->to != CLONE_DISMISSED)
        return fault_set(fault, ERR_USAGE, "confirmed or dismissed");
    if (d->version && d->version != c->version)
        return fault_set(fault, ERR_STALE, "the case has changed since it was looked at");
    if (d->corrects ? c->at != CLONE_CONFIRMED
                    : c->at == d->to || (confirm && c->at == CLONE_DISMISSED))
        return fault_set(fault, ERR_NOT_NOW, "it is %s", clone_at_name(c->at));
    if (!confirm && !says(d->reason) && c->proposed != CLONE_DISMISSED)
        return fault_set(fault, ERR_USAGE, "say why it is no clone");
    if (!confirm || d->served == CLONE_AS_PROPOSED)
        return ERR_OK;
    if (d->corrects && (uint64_t)d->served == c->served)
        return fault_set(fault, ERR_USAGE, "these users are served already");
    if (d->served >> c->user_count)
        return fault_set(fault, ERR_USAGE, "there are %u users to choose from", c->user_count);
    if (__builtin_popcountll((uint64_t)d->served) > LIMIT_PAIRS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d users are served", LIMIT_PAIRS);
    return ERR_OK;
}

/* Who chose the users does not say himself that others are right. By rule, or by nobody in particular: anybody does. */
static enum err another_corrects(struct registry *reg, const struct deciding *d, uint64_t actor,
                                 struct fault *fault)
{
    uint64_t first = d->c.chosen_by ? d->c.chosen_by : d->c.decided_by;
    if (!d->decision->corrects || d->agrees)
        return ERR_OK;
    if (!says(d->decision->reason))
        return fault_set(fault, ERR_USAGE, "say why other users are served");
    if (!first)
        return ERR_OK;
    if (actor == first)
        return fault_set(fault, ERR_SAME_PERSON,
                         "who chose the users does not correct it: another officer does");
    return d->decision->actor ? ERR_OK : batch_by_staff(reg, fault);
}

/* The first of two leaves his choice; the second one's agrees with it, or takes its place. */
static enum err first_or_second(struct registry *reg, struct deciding *d, uint64_t actor,
                                struct fault *fault)
{
    const struct clone_decision *decision = d->decision;
    struct clone_case *c = &d->c;
    bool two = false, weighs = decision->to == CLONE_CONFIRMED || d->lifts;
    bool proposed = c->proposed == decision->to;
    bool same = proposed && (decision->served == CLONE_AS_PROPOSED ||
                             (uint32_t)decision->served == c->proposed_served);
    enum err err = weighs ? batch_two_person(reg, &two, fault) : ERR_OK;
    if (err)
        return err;
    if (decision->to == CLONE_CONFIRMED && decision->served == CLONE_AS_PROPOSED && !proposed)
        return fault_set(fault, ERR_USAGE, "say which users are served");
    if (two && !decision->actor)
        err = batch_by_staff(reg, fault);
    if (!err && two && same && c->proposed_by == actor)
        err = fault_set(fault, ERR_SAME_PERSON, "who proposed it does not confirm it");
    d->waits = two && !same;
    d->agrees = two && same;
    return err ? err : another_corrects(reg, d, actor, fault);
}

static enum err pairs_of(struct registry *reg, struct deciding *d, uint32_t served,
                         struct fault *fault)
{
    for (uint32_t i = 0; i < d->c.user_count; i++) {
        struct seen_subscriber who;
        if (!(served & UINT32_C(1) << i))
            continue;
        enum err err = seen_subscriber_get(reg, d->c.users[i].subscriber, &who, fault);
        if (err)
            return err == ERR_NOT_FOUND
                       ? fault_set(fault, err, "user %u was dropped after his term", i + 1)
                       : err;
        d->pairs[d->pair_count++] = (struct pair){
            .imei = d->c.imei, .subscriber = answer_subscriber(reg->keys.subscriber, who.imsi)};
    }
    return ERR_OK;
}

static bool take_pair(void *ctx, const struct pair *pair)
{
    struct deciding *d = ctx;
    if (pair->imei.body > d->c.imei.body)
        return false;
    if (pair->imei.body == d->c.imei.body && !pair->removed && d->pair_count < LIMIT_PAIRS) {
        d->pairs[d->pair_count] = *pair;
        d->pairs[d->pair_count++].removed = true;
    }
    return true;
}

static bool take_back(struct deciding *d, size_t stood, uint64_t subscriber)
{
    for (size_t i = 0; i < stood; i++)
        if (d->pairs[i].removed && d->pairs[i].subscriber == subscriber) {
            d->pairs[i] = d->pairs[stood - 1];
            return true;
        }
    return false;
}

/* Those that stand go, but for whom they are right; then come those that are missing. */
static enum err other_pairs(struct registry *reg, struct deciding *d, uint32_t served,
                            struct fault *fault)
{
    struct deciding come = {.c = d->c};
    enum err err = store_pairs_scan(reg->store, take_pair, d, fault);
    if (!err)
        err = pairs_of(reg, &come, served, fault);
    size_t stood = d->pair_count, n = 0;
    for (size_t i = 0; !err && i < come.pair_count; i++) {
        if (take_back(d, stood, come.pairs[i].subscriber))
            stood--;
        else
            come.pairs[n++] = come.pairs[i];
    }
    if (!err && n)
        memcpy(d->pairs + stood, come.pairs, n * sizeof *come.pairs);
    d->pair_count = stood + n;
    return err;
}

static void propose(struct deciding *d, uint64_t actor)
{
    struct clone_case *c = &d->c;
    c->proposed = d->decision->to;
    c->proposed_by = actor;
    c->proposed_served = d->decision->to == CLONE_CONFIRMED ? (uint32_t)d->decision->served : 0;
}

static enum err carry_out(struct registry *reg, struct deciding *d, uint64_t actor,
                          struct fault *fault)
{
    struct clone_case *c = &d->c;
    uint32_t served = 0;
    if (d->decision->to == CLONE_CONFIRMED)
        served = d->decision->served == CLONE_AS_PROPOSED ? c->proposed_served
                                                          : (uint32_t)d->decision->served;
    enum err err = d->lifts                ? store_pairs_scan(reg->store, take_pair, d, fault)
                   : d->decision->corrects ? other_pairs(reg, d, served, fault)
                                           : pairs_of(reg, d, served, fault);
    c->at = d->decision->to;
    c->served = served;
    c->chosen_by = d->agrees ? c->proposed_by : 0;
    c->proposed = 0;
    c->proposed_by = 0;
    c->proposed_served = 0;
    c->decided_by = actor;
    c->decided_ms = clock_now_us(reg->clock) / 1000;
    return err;
}

static enum err unchanged(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct deciding *d = commit->ctx;
    struct clone_case now;
    enum err err = clone_case_get(reg, d->c.imei, &now, fault);
    return !err && now.version + 1 != d->c.version ? ERR_STALE : err;
}

static enum err write_it(struct registry *reg, struct commit_case *commit, struct fault *fault)
{
    const struct deciding *d = commit->ctx;
    struct audit_event event = {.what = d->decision->corrects ? AUDIT_CLONE_CORRECT : AUDIT_CLONE,
                                .role = d->decision->role,
                                .actor = commit->entry.actor,
                                .object = d->c.imei.body,
                                .time_ms = clock_now_us(reg->clock) / 1000};
    enum err err = clone_case_put(reg, &d->c, d->was, fault);
    if (!err)
        err = audit_log_put(reg, &event, 1, fault);
    return err || !d->decision->also ? err : d->decision->also(reg, d->decision->also_ctx, fault);
}

static enum err write_down(struct registry *reg, struct deciding *d, uint64_t actor,
                           struct fault *fault)
{
    uint32_t flags = d->c.at == CLONE_CONFIRMED ? FACTS_CLONE : 0;
    struct change change = {.imei = d->c.imei, .kind = CHANGE_CLONE, .clone = flags};
    struct commit_case commit = {.entry = {.event = EVENT_CLONE, .effective = DAYNUM_NONE},
                                 .changes = &change,
                                 .count = d->waits ? 0 : 1,
                                 .pairs = d->pairs,
                                 .pair_count = d->pair_count,
                                 .restate = d->decision->corrects,
                                 .reason = d->reason,
                                 .ask = unchanged,
                                 .also = write_it,
                                 .ctx = d};
    commit.entry.actor = actor;
    enum err err = d->decision->committer ? committer_submit(d->decision->committer, &commit)
                                          : commit_one(reg, &commit, fault);
    return err && d->decision->committer ? fault_set(fault, err, "%s", commit_refusal(err)) : err;
}

enum err clone_decide(struct registry *reg, struct imei imei, const struct clone_decision *decision,
                      struct clone_case *out, bool *out_waits, struct fault *fault)
{
    struct deciding d = {.decision = decision};
    uint64_t actor = decision->actor ? decision->actor : reg->actor;
    enum err err = clone_case_get(reg, imei, &d.c, fault);
    if (!err)
        err = check(&d.c, decision, fault);
    if (err)
        return err;
    d.was = d.c.at;
    d.lifts = d.was == CLONE_CONFIRMED && decision->to == CLONE_DISMISSED;
    err = first_or_second(reg, &d, actor, fault);
    if (!err && d.waits)
        propose(&d, actor);
    else if (!err)
        err = carry_out(reg, &d, actor, fault);
    if (err)
        return err;
    if (says(decision->reason))
        str_copy(d.c.reason, sizeof d.c.reason, str_z(decision->reason));
    d.reason = (says(decision->reason) || d.agrees) && *d.c.reason ? d.c.reason : NULL;
    d.c.version++;
    err = write_down(reg, &d, actor, fault);
    if (err)
        return err;
    *out = d.c;
    *out_waits = d.waits;
    return ERR_OK;
}
