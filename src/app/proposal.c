/* SPDX-License-Identifier: Apache-2.0
 *
 * The second person: a saved batch waits as a proposal until another staff account confirms it.
 * The rule holds from the second staff account on, or as the rule two_person says. */
#include <stdlib.h>

#include "app/batch_run.h"

struct staff {
    uint64_t actor;
    unsigned count;
    bool is_staff;
};

static bool count_staff(void *ctx, const struct party *party)
{
    struct staff *s = ctx;
    if (party->kind == PARTY_ACCOUNT && party->flags & PARTY_STAFF) {
        s->count++;
        s->is_staff |= party->id == s->actor;
    }
    return true;
}

static enum err staff_of(struct registry *reg, struct staff *out, struct fault *fault)
{
    *out = (struct staff){.actor = reg->actor};
    return store_parties(reg->store, count_staff, out, fault);
}

enum err batch_two_person(struct registry *reg, bool *out, struct fault *fault)
{
    struct staff staff;
    enum err err = staff_of(reg, &staff, fault);
    if (!err)
        *out = reg->rules.two_person == TWO_PERSON_ON ||
               (reg->rules.two_person == TWO_PERSON_AUTO && staff.count >= 2);
    return err;
}

enum err proposal_must_wait(struct registry *reg, bool *out, struct fault *fault)
{
    struct staff staff;
    enum err err = batch_two_person(reg, out, fault);
    if (!err && *out)
        err = staff_of(reg, &staff, fault);
    if (!err && *out && !staff.is_staff)
        err = fault_set(fault, ERR_ACTOR,
                        "two persons decide this: say who you are with --actor NAME, a staff account "
                        "(`user add` makes one)");
    return err;
}

enum err proposal_make(struct batch_work *run, struct fault *fault)
{
    run->batch.state = BATCH_PROPOSED;
    enum err err = store_batch_update(run->reg->store, &run->batch, fault);
    store_batch_release(run->reg->store, run->batch.id);
    if (err)
        return err;
    run->result->proposed = true;
    return fault_set(fault, ERR_HELD,
                     "proposal %llu waits for a second person: `tamga --actor NAME confirm %llu`",
                     (unsigned long long)run->batch.id, (unsigned long long)run->batch.id);
}

struct wanted {
    uint64_t id;
    struct batch batch;
    bool found;
};

static bool pick(void *ctx, const struct batch *batch)
{
    struct wanted *w = ctx;
    if (batch->id != w->id || batch->state != BATCH_PROPOSED)
        return true;
    w->batch = *batch;
    w->found = true;
    return false;
}

static enum err find_proposal(struct registry *reg, uint64_t id, struct batch *out,
                              struct fault *fault)
{
    struct wanted w = {.id = id};
    enum err err = store_batches(reg->store, pick, &w, fault);
    if (!err && !w.found)
        err = fault_set(fault, ERR_NO_PROPOSAL, "no proposal %llu waits", (unsigned long long)id);
    if (!err)
        *out = w.batch;
    return err;
}

enum err batch_confirm(struct registry *reg, uint64_t id, struct batch_result *out,
                       struct fault *fault)
{
    struct batch_work *run = batch_work_new(reg, NULL, out);
    if (!run)
        return ERR_MEMORY;
    *out = (struct batch_result){.id = id};
    struct staff staff = {0};
    enum err err = staff_of(reg, &staff, fault);
    if (!err && !staff.is_staff)
        err = fault_set(fault, ERR_ACTOR, "a staff account confirms: --actor NAME");
    if (!err)
        err = store_batch_claim(reg->store, id, fault);
    if (!err) {
        err = find_proposal(reg, id, &run->batch, fault);
        if (!err && run->batch.actor == reg->actor)
            err = fault_set(fault, ERR_SAME_PERSON, "who proposed it does not confirm it");
        if (!err) {
            out->changes = run->batch.count;
            err = batch_apply(run, fault);
        }
        store_batch_release(reg->store, id);
    }
    batch_work_free(run);
    return err;
}

enum err batch_reject(struct registry *reg, uint64_t id, struct fault *fault)
{
    struct batch batch;
    enum err err = find_proposal(reg, id, &batch, fault);
    return err ? err : store_batch_drop(reg->store, id, fault);
}
