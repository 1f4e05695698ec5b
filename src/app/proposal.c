/* SPDX-License-Identifier: Apache-2.0
 *
 * The second person. A saved batch waits as a proposal; an entry in the journal says who proposed
 * what (the hash of its changes), so that neither can be altered while it waits. Another staff
 * account confirms it. The rule holds from the second staff account on, or as two_person says. */
#include <stdio.h>
#include <stdlib.h>

#include "app/audit.h"
#include "app/batch_part.h"
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

enum err batch_by_staff(struct registry *reg, struct fault *fault)
{
    struct staff staff;
    enum err err = staff_of(reg, &staff, fault);
    if (!err && !staff.is_staff)
        err =
            fault_set(fault, ERR_ACTOR,
                      "two persons decide this: say who you are with --actor NAME, a staff account "
                      "(`user add` makes one)");
    return err;
}

enum err proposal_must_wait(struct registry *reg, bool *out, struct fault *fault)
{
    enum err err = batch_two_person(reg, out, fault);
    return !err && *out ? batch_by_staff(reg, fault) : err;
}

/* ---- making ---- */

static enum err with_proposal(struct registry *reg, void *ctx, struct fault *fault)
{
    struct batch_work *run = ctx;
    if (run->proposing->err) /* refused by the plan's `ask`: nothing waits */
        return run->proposing->err;
    run->batch.state = BATCH_PROPOSED;
    run->batch.intent_seq = reg->head.next_seq; /* of the entry that says so */
    return store_batch_update(reg->store, &run->batch, fault);
}

enum err proposal_make(struct batch_work *run, struct fault *fault)
{
    char hex[2 * SHA256_BYTES + 1];
    struct commit_case c = {.entry = {.event = EVENT_PROPOSED,
                                      .ground = run->batch.entry.event,
                                      .party = run->batch.entry.party,
                                      .effective = DAYNUM_NONE,
                                      .document_n = LIMIT_DOCUMENT},
                            .always = true,
                            .reason = run->plan->reason,
                            .ask = run->plan->ask,
                            .also = run->plan->also,
                            .ctx = run->plan->ctx};
    struct commit_options options = {.also = with_proposal, .also_ctx = run};
    struct commit_case *cases[] = {&c};
    sha256_hex(run->batch.entry.digest, hex);
    memcpy(c.entry.document, hex, LIMIT_DOCUMENT);
    run->proposing = &c;
    enum err err = commit_cases(run->reg, cases, 1, &options, fault);
    if (c.err) {
        enum err dropped = store_batch_drop(run->reg->store, run->batch.id, NULL);
        (void)dropped; /* else by whoever opens the register next */
    }
    store_batch_release(run->reg->store, run->batch.id);
    if (err)
        return err;
    run->result->proposed = true;
    return fault_set(fault, ERR_HELD,
                     "proposal %llu waits for a second person: `tamga --actor NAME confirm %llu`",
                     (unsigned long long)run->batch.id, (unsigned long long)run->batch.id);
}

/* ---- finding ---- */

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

enum err batch_look(struct registry *reg, uint64_t id, struct batch *out, struct change *changes,
                    size_t *out_count, struct buf *out_rules, struct fault *fault)
{
    struct buf bytes = {0};
    enum err err = find_proposal(reg, id, out, fault);
    *out_count = 0;
    if (!err && out->parts)
        err = store_batch_part_get(reg->store, id, 0, &bytes, fault);
    if (!err && out->parts)
        err = part_decode((struct str){(char *)bytes.p, bytes.n}, changes, out_count);
    if (!err && out->rules_number)
        err = store_batch_part_get(reg->store, id, BATCH_PART_RULES, out_rules, fault);
    buf_release(&bytes);
    return err;
}

/* ---- deciding ---- */

/* Has an IMEI of the part moved since it was proposed? What lifts a block or passes on what a
 * device was must be looked at again then. */
static enum err unmoved(struct registry *reg, const struct batch *batch, struct str part,
                        struct fault *fault)
{
    size_t n = 0;
    struct change *changes = malloc(BATCH_PART_CHANGES * sizeof *changes);
    enum err err = changes ? part_decode(part, changes, &n) : ERR_MEMORY;
    for (size_t i = 0; !err && i < n; i++) {
        struct facts_row row = {.imei = changes[i].imei};
        err = store_facts_get(reg->store, &row, 1, fault);
        if (err || row.facts.last_seq <= batch->intent_seq)
            continue;
        char text[IMEI_TEXT15];
        imei_format15(row.imei, text);
        fault_value(fault, text, sizeof text - 1);
        err = fault_set(fault, ERR_HELD,
                        "its facts moved since this was proposed: reject it, look, "
                        "propose again");
    }
    free(changes);
    return err;
}

/* The proposal as saved must be the one that was journaled. */
static enum err as_proposed(struct registry *reg, const struct batch *batch, struct fault *fault)
{
    bool fresh = batch->entry.event == EVENT_RESUMED || batch->entry.event == EVENT_SUSPENDED ||
                 batch->entry.event == EVENT_REPAIRED;
    struct sha256 *sha = sha256_new();
    struct buf bytes = {0};
    uint8_t digest[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    struct entry entry;
    enum err err = sha ? audit_entry(reg, batch->intent_seq, &entry, fault) : ERR_MEMORY;
    if (sha)
        sha256_begin(sha);
    /* In the order of saving: the changes, the text of a rule set, a list of models. */
    for (uint32_t i = 0; !err && i < batch->parts + 2; i++) {
        bool changes = i < batch->parts, rules = i == batch->parts;
        uint32_t part = changes ? i : rules ? BATCH_PART_RULES : BATCH_PART_TAC;
        if (!changes && !(rules ? batch->rules_number : batch->tac_list))
            continue;
        buf_clear(&bytes);
        err = store_batch_part_get(reg->store, batch->id, part, &bytes, fault);
        if (!err)
            sha256_add(sha, bytes.p, bytes.n);
        if (!err && fresh && changes)
            err = unmoved(reg, batch, (struct str){(char *)bytes.p, bytes.n}, fault);
    }
    buf_release(&bytes);
    if (sha)
        sha256_end(sha, digest);
    sha256_free(sha);
    if (err)
        return err;
    sha256_hex(digest, hex);
    bool same = entry.event == EVENT_PROPOSED && entry.ground == batch->entry.event &&
                entry.party == batch->entry.party && entry.actor == batch->actor &&
                entry.document_n == LIMIT_DOCUMENT &&
                memcmp(entry.document, hex, LIMIT_DOCUMENT) == 0 &&
                memcmp(digest, batch->entry.digest, SHA256_BYTES) == 0;
    return same ? ERR_OK
                : fault_set(fault, ERR_CHAIN,
                            "proposal %llu is not what was proposed: somebody altered it",
                            (unsigned long long)batch->id);
}

enum err batch_confirm(struct registry *reg, uint64_t id, struct batch_result *out,
                       struct fault *fault)
{
    *out = (struct batch_result){.id = id};
    enum err err = batch_by_staff(reg, fault);
    if (!err)
        err = store_batch_claim(reg->store, id, fault);
    if (err)
        return err;
    struct batch_work *run = batch_work_new(reg, NULL, out);
    err = run ? find_proposal(reg, id, &run->batch, fault) : ERR_MEMORY;
    if (!err && run->batch.actor == reg->actor)
        err = fault_set(fault, ERR_SAME_PERSON, "who proposed it does not confirm it");
    if (!err)
        err = as_proposed(reg, &run->batch, fault);
    if (!err) {
        out->changes = run->batch.count;
        err = batch_apply(run, fault);
    }
    store_batch_release(reg->store, id);
    batch_work_free(run);
    return err;
}

static enum err with_rejection(struct registry *reg, void *ctx, struct fault *fault)
{
    const struct batch *batch = ctx;
    return store_batch_drop(reg->store, batch->id, fault);
}

enum err batch_reject(struct registry *reg, uint64_t id, struct fault *fault)
{
    struct batch batch;
    enum err err = batch_by_staff(reg, fault);
    if (!err)
        err = store_batch_claim(reg->store, id, fault);
    if (err)
        return err;
    err = find_proposal(reg, id, &batch, fault);
    struct commit_case c = {.entry = {.event = EVENT_REJECTED, .effective = DAYNUM_NONE},
                            .always = true};
    c.entry.document_n = (uint8_t)snprintf(c.entry.document, sizeof c.entry.document,
                                           "proposal %llu", (unsigned long long)id);
    struct commit_options options = {.also = with_rejection, .also_ctx = &batch};
    struct commit_case *cases[] = {&c};
    if (!err)
        err = commit_cases(reg, cases, 1, &options, fault);
    store_batch_release(reg->store, id);
    return err;
}
