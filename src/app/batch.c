/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a batch: SAVING -> (PROPOSED ->) OPEN -> gone. What the journal holds decides: the
 * intent entry and the state OPEN are written in one transaction, the end entry and the removal
 * of the record in another; between them every part is one transaction that also moves next_part. */
#include "app/batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/batch_aside.h"
#include "app/batch_part.h"
#include "app/batch_run.h"
#include "app/commit.h"

struct batch_work *batch_work_new(struct registry *reg, const struct batch_plan *plan,
                                  struct batch_result *result)
{
    struct batch_work *run = calloc(1, sizeof *run);
    if (run)
        *run = (struct batch_work){.reg = reg, .plan = plan, .result = result};
    return run;
}

void batch_work_free(struct batch_work *run)
{
    free(run);
}

static bool stopped(const struct batch_plan *plan)
{
    return plan && plan->stop && *plan->stop;
}

static void progress(const struct batch_work *run, uint64_t done)
{
    if (run->plan && run->plan->progress)
        run->plan->progress(run->plan->progress_ctx, done, run->batch.count);
}

/* ---- saving ---- */

static enum err save_part(struct batch_work *run, struct part_writer *w, struct sha256 *sha,
                          struct fault *fault)
{
    if (!part_end(w))
        return ERR_MEMORY;
    sha256_add(sha, w->bytes.p, w->bytes.n);
    return store_batch_part_put(run->reg->store, run->batch.id, run->batch.parts++,
                                (struct str){(char *)w->bytes.p, w->bytes.n}, fault);
}

static enum err save_parts(struct batch_work *run, struct sha256 *sha, struct fault *fault)
{
    const struct batch_source *source = &run->plan->source;
    struct part_writer w = {0};
    struct change change = {0};
    enum err err = ERR_OK;
    if (source->common)
        change = *source->common;
    part_begin(&w, source->common);
    while (!err && source->next && source->next(source->ctx, &change)) {
        if (w.count == BATCH_PART_CHANGES) {
            err = stopped(run->plan) ? ERR_STOPPED : save_part(run, &w, sha, fault);
            part_begin(&w, source->common);
        }
        part_add(&w, &change);
        run->batch.count++;
        if (run->batch.count > LIMIT_BATCH_IMEIS)
            err = fault_set(fault, ERR_TOO_MANY, "a batch holds at most %llu IMEIs",
                            (unsigned long long)LIMIT_BATCH_IMEIS);
    }
    if (!err && w.count)
        err = save_part(run, &w, sha, fault);
    part_release(&w);
    return err;
}

static enum err save_extras(struct batch_work *run, struct sha256 *sha, struct fault *fault)
{
    const struct batch_plan *plan = run->plan;
    struct registry *reg = run->reg;
    enum err err = store_write_begin(reg->store, fault);
    if (!err)
        err = store_head(reg->store, &reg->head, fault);
    if (!err && plan->rules) {
        struct buf text = {0};
        rules_format(plan->rules, &text);
        sha256_add(sha, text.p, text.n);
        run->batch.rules_number = plan->rules->number;
        err = text.failed ? ERR_MEMORY
                          : store_batch_part_put(reg->store, run->batch.id, BATCH_PART_RULES,
                                                 (struct str){(char *)text.p, text.n}, fault);
        buf_release(&text);
    }
    if (!err && plan->tac_list.n) {
        /* Its place among the lists it gets with the intent: until then others may take it. */
        run->batch.tac_list = plan->rules->tac_list;
        sha256_add(sha, plan->tac_list.p, plan->tac_list.n);
        err =
            store_batch_part_put(reg->store, run->batch.id, BATCH_PART_TAC, plan->tac_list, fault);
    }
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        store_write_rollback(reg->store);
    return err;
}

static enum err save_aside(struct batch_work *run, struct fault *fault)
{
    const struct batch_plan *plan = run->plan;
    struct buf bytes = {0};
    aside_encode(plan->load, plan->findings, plan->finding_count, &bytes);
    enum err err = bytes.failed
                       ? ERR_MEMORY
                       : store_batch_part_put(run->reg->store, run->batch.id, BATCH_PART_ASIDE,
                                              (struct str){(char *)bytes.p, bytes.n}, fault);
    buf_release(&bytes);
    return err;
}

/* Makes the batch's record and owns it before anybody can see it: a process that starts in this
 * moment drops a SAVING batch without an owner. */
static enum err make_owned(struct batch_work *run, struct fault *fault)
{
    struct store *store = run->reg->store;
    enum err err = store_write_begin(store, fault);
    if (!err)
        err = store_batch_new(store, &run->batch, fault);
    if (!err)
        err = store_batch_claim(store, run->batch.id, fault);
    if (!err)
        err = store_write_commit(store, fault);
    if (!err)
        return ERR_OK;
    store_write_rollback(store);
    if (run->batch.id)
        store_batch_release(store, run->batch.id);
    run->batch.id = 0;
    return err;
}

enum err batch_save(struct batch_work *run, struct fault *fault)
{
    struct registry *reg = run->reg;
    const struct batch_plan *plan = run->plan;
    run->batch = (struct batch){.state = BATCH_SAVING,
                                .time_ms = clock_now_us(reg->clock) / 1000,
                                .actor = reg->actor,
                                .entry = plan->entry};
    str_show(run->batch.label, sizeof run->batch.label, str_z(plan->label));
    if (plan->load)
        memcpy(run->batch.load_hash, plan->load->hash, SHA256_BYTES);
    struct sha256 *sha = sha256_new();
    if (!sha)
        return ERR_MEMORY;
    sha256_begin(sha);
    enum err err = make_owned(run, fault);
    if (!err)
        err = save_parts(run, sha, fault);
    if (!err && (plan->rules || plan->tac_list.n))
        err = save_extras(run, sha, fault);
    if (!err && plan->load)
        err = save_aside(run, fault);
    sha256_end(sha, run->batch.entry.digest);
    sha256_free(sha);
    run->batch.entry.count = run->batch.count;
    run->result->changes = run->batch.count;
    run->result->id = run->batch.id;
    if (err && run->batch.id) {
        /* What cannot be dropped now is dropped by whoever opens the register next. */
        enum err dropped = store_batch_drop(reg->store, run->batch.id, NULL);
        (void)dropped;
        store_batch_release(reg->store, run->batch.id);
    }
    return err;
}

/* ---- applying ---- */

/* The account that the batch is about may act from now on. */
static enum err staff_admit(struct registry *reg, uint64_t id, struct fault *fault)
{
    struct party party;
    enum err err = store_party_get(reg->store, id, &party, fault);
    party.flags |= PARTY_STAFF;
    return err ? err : store_party_put(reg->store, &party, fault);
}

static bool came_from_file(const struct batch *batch)
{
    static const uint8_t no_hash[SHA256_BYTES];
    return memcmp(batch->load_hash, no_hash, sizeof no_hash) != 0;
}

/* The file that it came from is known from now on, and what in it could be no key. */
static enum err remember_file(struct batch_work *run, struct fault *fault)
{
    struct store *store = run->reg->store;
    struct buf bytes = {0};
    struct aside aside = {0};
    enum err err = store_batch_part_get(store, run->batch.id, BATCH_PART_ASIDE, &bytes, fault);
    if (!err)
        err = aside_decode((struct str){(char *)bytes.p, bytes.n}, &aside);
    buf_release(&bytes);
    if (err)
        return fault_set(fault, err, "batch %llu: what came with its file cannot be read",
                         (unsigned long long)run->batch.id);
    memcpy(aside.load.hash, run->batch.load_hash, SHA256_BYTES);
    aside.load.seq = run->batch.intent_seq;
    aside.load.changes = run->batch.count;
    aside.load.time_ms = run->batch.time_ms;
    err = store_load_put(store, &aside.load, fault);
    if (!err && aside.finding_count)
        err = store_findings_add(store, aside.findings, aside.finding_count, fault);
    aside_release(&aside);
    return err;
}

static enum err bring_list(struct batch_work *run, struct fault *fault)
{
    struct store *store = run->reg->store;
    struct buf packed = {0};
    enum err err = store_batch_part_get(store, run->batch.id, BATCH_PART_TAC, &packed, fault);
    if (!err)
        err = store_tac_list_put(store, run->batch.tac_list,
                                 (struct str){(char *)packed.p, packed.n}, fault);
    buf_release(&packed);
    return err;
}

static enum err with_intent(struct registry *reg, void *ctx, struct fault *fault)
{
    struct batch_work *run = ctx;
    run->batch.state = BATCH_OPEN;
    run->batch.intent_seq = reg->head.next_seq;
    enum err err = store_batch_update(reg->store, &run->batch, fault);
    if (!err && came_from_file(&run->batch))
        err = remember_file(run, fault);
    if (!err && run->batch.tac_list)
        err = bring_list(run, fault);
    if (!err && run->batch.entry.event == EVENT_STAFF)
        err = staff_admit(reg, run->batch.entry.party, fault);
    return err;
}

static enum err intent(struct batch_work *run, struct fault *fault)
{
    struct registry *reg = run->reg;
    const struct batch_plan *plan = run->plan;
    struct buf rules = {0};
    enum err err = ERR_OK;
    if (run->batch.rules_number)
        err = store_batch_part_get(reg->store, run->batch.id, BATCH_PART_RULES, &rules, fault);
    struct commit_case c = {.entry = run->batch.entry,
                            .always = true,
                            .rules_number = run->batch.rules_number,
                            .rules_text = {(char *)rules.p, rules.n},
                            .reason = plan ? plan->reason : NULL};
    c.entry.flags |= ENTRY_BATCH_BEGIN;
    c.entry.effective = registry_today(reg);
    c.entry.time_ms = clock_now_us(reg->clock) / 1000;
    run->batch.entry = c.entry;
    struct commit_options options = {.also = with_intent, .also_ctx = run};
    struct commit_case *cases[] = {&c};
    if (!err)
        err = commit_cases(reg, cases, 1, &options, fault);
    buf_release(&rules);
    run->result->seq = c.seq;
    return err ? err : c.err;
}

static enum err with_part(struct registry *reg, void *ctx, struct fault *fault)
{
    struct batch_work *run = ctx;
    return store_batch_update(reg->store, &run->batch, fault);
}

enum err batch_commit_part(struct batch_work *run, struct commit_case *c, struct fault *fault)
{
    struct commit_options options = {
        .batch = run->batch.intent_seq, .also = with_part, .also_ctx = run};
    enum err err = commit_cases(run->reg, &c, 1, &options, fault);
    run->batch.rows += c->rows;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        run->result->moved[i] += c->moved[i];
    return err;
}

static enum err apply_part(struct batch_work *run, struct change *changes, struct fault *fault)
{
    struct registry *reg = run->reg;
    struct buf bytes = {0};
    size_t count = 0;
    enum err err =
        store_batch_part_get(reg->store, run->batch.id, run->batch.next_part, &bytes, fault);
    if (!err)
        err = part_decode((struct str){(char *)bytes.p, bytes.n}, changes, &count);
    buf_release(&bytes);
    if (err)
        return fault_set(fault, err, "batch %llu (%s), part %u cannot be read: it is damaged",
                         (unsigned long long)run->batch.id, run->batch.label, run->batch.next_part);
    struct commit_case c = {.entry = run->batch.entry,
                            .continues = run->batch.intent_seq,
                            .changes = changes,
                            .count = count,
                            .lenient = true};
    run->batch.next_part++;
    return batch_commit_part(run, &c, fault);
}

static enum err with_end(struct registry *reg, void *ctx, struct fault *fault)
{
    struct batch_work *run = ctx;
    /* Gone: while this process was cut off from the register, another has finished it. */
    enum err err = store_batch_update(reg->store, &run->batch, fault);
    if (err == ERR_NOT_FOUND)
        return fault_set(fault, ERR_STORE_BUSY, "another process has finished batch %llu",
                         (unsigned long long)run->batch.id);
    return err ? err : store_batch_drop(reg->store, run->batch.id, fault);
}

static enum err end(struct batch_work *run, struct fault *fault)
{
    struct commit_case c = {.entry = run->batch.entry, .always = true};
    c.entry.flags = ENTRY_BATCH_END;
    c.entry.batch = run->batch.intent_seq;
    c.entry.count = run->batch.rows;
    struct commit_options options = {
        .batch = run->batch.intent_seq, .also = with_end, .also_ctx = run};
    struct commit_case *cases[] = {&c};
    enum err err = commit_cases(run->reg, cases, 1, &options, fault);
    return err ? err : c.err;
}

enum err batch_apply(struct batch_work *run, struct fault *fault)
{
    struct change *changes = malloc(BATCH_PART_CHANGES * sizeof *changes);
    if (!changes)
        return ERR_MEMORY;
    enum err err = run->batch.state == BATCH_OPEN ? ERR_OK : intent(run, fault);
    uint64_t done = 0;
    while (!err && run->batch.next_part < run->batch.parts) {
        if (stopped(run->plan))
            err = fault_set(fault, ERR_STOPPED,
                            "the batch is finished when the register is opened next");
        else
            err = apply_part(run, changes, fault);
        progress(run, done += BATCH_PART_CHANGES);
    }
    free(changes);
    if (!err && run->batch.rules_number)
        err = rules_pass(run, fault);
    if (!err)
        err = end(run, fault);
    run->result->rows = run->batch.rows;
    run->result->seq = run->batch.intent_seq;
    return err;
}

enum err batch_run(struct registry *reg, const struct batch_plan *plan, struct batch_result *out,
                   struct fault *fault)
{
    *out = (struct batch_result){0};
    struct batch_work *run = batch_work_new(reg, plan, out);
    if (!run)
        return ERR_MEMORY;
    bool wait = false;
    enum err err = ERR_OK;
    if (plan->needs_second && plan->of_machine)
        wait = true;
    else if (plan->needs_second)
        err = proposal_must_wait(reg, &wait, fault);
    if (!err)
        err = batch_save(run, fault);
    if (!err && wait) {
        err = proposal_make(run, fault);
    } else if (!err) {
        err = batch_apply(run, fault);
        store_batch_release(reg->store, run->batch.id);
    }
    batch_work_free(run);
    return err;
}
