/* SPDX-License-Identifier: Apache-2.0
 *
 * A transaction: read and lock the facts rows in IMEI order, take the head, then in memory, case
 * by case, apply, judge before and after, and encode rows with their sequence numbers; then write
 * facts and block in one pass. The Merkle root of a large block is computed by a second thread
 * while the facts are being written. */
#include "app/commit.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "app/mark_list.h"
#include "core/imei.h"

enum { SEAL_ASIDE_ITEMS = 2048 };

struct tx {
    struct registry *reg;
    struct facts_row *rows; /* every IMEI that the cases name, ascending */
    size_t row_count;
    bool *touched; /* rows[i] must be written */
    struct buf body;
    struct buf section;
    struct buf entry;
    uint64_t next_seq;
    uint32_t items;
    uint64_t open_entry;
    struct gate gate;
    uint32_t rules;
    int64_t now_us;
    daynum today;
    bool records; /* a case wrote some, so there is something to commit */
    bool marks;   /* a case sets or clears some: their lists follow */
    size_t hint;  /* position of the last row found */
};

static int by_imei(const void *a, const void *b)
{
    uint64_t x = ((const struct facts_row *)a)->imei.body;
    uint64_t y = ((const struct facts_row *)b)->imei.body;
    return x < y ? -1 : x > y;
}

/* Collects the IMEIs of all cases, sorted, without twins. */
static enum err gather(struct tx *tx, struct commit_case *const *cases, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += cases[i]->count;
    tx->rows = malloc((total + 1) * sizeof *tx->rows);
    tx->touched = calloc(total + 1, sizeof *tx->touched);
    if (!tx->rows || !tx->touched)
        return ERR_MEMORY;
    bool sorted = true;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < cases[i]->count; k++) {
            struct imei imei = cases[i]->changes[k].imei;
            if (count && tx->rows[count - 1].imei.body == imei.body)
                continue;
            if (count && tx->rows[count - 1].imei.body > imei.body)
                sorted = false;
            tx->rows[count++].imei = imei;
        }
    }
    if (!sorted) {
        qsort(tx->rows, count, sizeof *tx->rows, by_imei);
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (!kept || tx->rows[kept - 1].imei.body != tx->rows[i].imei.body)
                tx->rows[kept++].imei = tx->rows[i].imei;
        count = kept;
    }
    tx->row_count = count;
    return ERR_OK;
}

static size_t find_row(struct tx *tx, struct imei imei)
{
    for (size_t i = tx->hint; i < tx->row_count && i < tx->hint + 2; i++)
        if (tx->rows[i].imei.body == imei.body)
            return tx->hint = i;
    size_t low = 0, high = tx->row_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (tx->rows[mid].imei.body < imei.body)
            low = mid + 1;
        else
            high = mid;
    }
    assert(low < tx->row_count && tx->rows[low].imei.body == imei.body);
    return tx->hint = low;
}

static void put_item(struct tx *tx, const void *p, size_t n)
{
    buf_varint(&tx->body, n);
    buf_put(&tx->body, p, n);
    tx->items++;
    tx->next_seq++;
}

static void put_entry(struct tx *tx, struct commit_case *c)
{
    struct entry *e = &c->entry;
    e->actor = e->actor ? e->actor : tx->reg->actor;
    e->time_ms = tx->now_us / 1000;
    buf_clear(&tx->entry);
    item_encode_entry(e, &tx->entry);
    tx->body.failed |= tx->entry.failed;
    c->seq = tx->next_seq;
    put_item(tx, tx->entry.p, tx->entry.n);
    if (c->rules_number) {
        buf_clear(&tx->entry);
        item_encode_rules(c->rules_number, c->rules_text, &tx->entry);
        tx->body.failed |= tx->entry.failed;
        put_item(tx, tx->entry.p, tx->entry.n);
    }
    if (c->gate) {
        buf_clear(&tx->entry);
        item_encode_gate(c->gate, &tx->entry);
        tx->body.failed |= tx->entry.failed;
        put_item(tx, tx->entry.p, tx->entry.n);
    }
}

daynum commit_due(const struct verdict *v, daynum day)
{
    /* A verdict that waits for the gate stays due: the sweep looks at it every day. */
    if (reason_list(v->reason) == LIST_GREY && v->deadline != DAYNUM_NONE && v->deadline < day)
        return v->deadline + 1;
    return verdict_has_next(v) ? v->valid_through + 1 : DAYNUM_NONE;
}

/* Applies one change to its facts row, and writes its journal row when something moved. */
static enum err apply(struct tx *tx, struct commit_case *c, const struct change *change)
{
    struct registry *reg = tx->reg;
    size_t at = find_row(tx, change->imei);
    struct facts *facts = &tx->rows[at].facts;
    enum err err = c->allow ? c->allow(c, facts, change) : ERR_OK;
    if (err || (c->skip && c->skip(c, facts, change)))
        return err;
    daynum day = c->entry.effective;
    struct commit_before plain = {&reg->rules, day, tx->gate.expire_through};
    const struct commit_before *b = c->before ? c->before : &plain;
    struct verdict before =
        policy_judge_gated(change->imei, facts, b->rules, b->day, b->expire_through);
    if (change->kind == CHANGE_NONE && c->due_by &&
        (tx->rows[at].due == DAYNUM_NONE || tx->rows[at].due > c->due_by))
        return ERR_OK; /* somebody has been here since it was listed */
    bool changed = false;
    err = change_apply(facts, change, &changed);
    if (err || (!changed && !c->restate && change->kind != CHANGE_NONE))
        return err;
    struct row row = {.change = *change, .prev_seq = facts->last_seq, .before = before.reason};
    row.after = policy_judge_gated(change->imei, facts, &reg->rules, day, tx->gate.expire_through);
    if (change->kind == CHANGE_NONE) {
        daynum due = commit_due(&row.after, day);
        tx->touched[at] |= facts->exists && tx->rows[at].due != due;
        tx->rows[at].due = due;
        if (verdict_equal(&before, &row.after))
            return ERR_OK;
    }
    uint8_t bytes[LIMIT_ROW_ITEM];
    size_t n = item_encode_row(&row, bytes);
    tx->marks |= change->kind == CHANGE_MARK_SET || change->kind == CHANGE_MARK_CLEARED;
    facts->last_seq = tx->next_seq;
    put_item(tx, bytes, n);
    tx->rows[at].due = commit_due(&row.after, day);
    tx->touched[at] = true;
    if (!c->rows++) {
        c->before_first = row.before;
        c->after_first = row.after.reason;
    }
    c->moved[row.after.reason] += row.before != row.after.reason;
    return ERR_OK;
}

/* What a refused case must give back. */
struct undo {
    struct gate gate;
    size_t body_n;
    uint64_t next_seq;
    uint32_t items;
    struct facts_row *rows; /* copies, one per change, in order */
    bool *touched;
};

static bool undo_keep(struct tx *tx, const struct commit_case *c, struct undo *u)
{
    *u = (struct undo){
        .gate = tx->gate, .body_n = tx->body.n, .next_seq = tx->next_seq, .items = tx->items};
    if (c->lenient || c->count == 0)
        return true;
    u->rows = malloc(c->count * sizeof *u->rows);
    u->touched = malloc(c->count * sizeof *u->touched);
    if (!u->rows || !u->touched)
        return false;
    for (size_t i = 0; i < c->count; i++) {
        size_t at = find_row(tx, c->changes[i].imei);
        u->rows[i] = tx->rows[at];
        u->touched[i] = tx->touched[at];
    }
    return true;
}

static void undo_case(struct tx *tx, struct commit_case *c, const struct undo *u)
{
    tx->gate = u->gate;
    tx->body.n = u->body_n;
    tx->next_seq = u->next_seq;
    tx->items = u->items;
    for (size_t i = c->count; u->rows && i-- > 0;) {
        size_t at = find_row(tx, c->changes[i].imei);
        tx->rows[at] = u->rows[i];
        tx->touched[at] = u->touched[i];
    }
    c->seq = 0;
    c->rows = 0;
}

/* What the case writes besides facts, once it stands. Its error is the transaction's. */
static enum err write_records(struct tx *tx, struct commit_case *c, struct fault *fault)
{
    if (c->err || !c->also)
        return ERR_OK;
    tx->records = true;
    return c->also(tx->reg, c, fault);
}

static enum err run_case(struct tx *tx, struct commit_case *c, struct fault *fault)
{
    struct undo undo;
    assert(c->entry.event || (!c->count && c->also));
    if (c->entry.effective == DAYNUM_NONE)
        c->entry.effective = tx->today;
    enum err err = undo_keep(tx, c, &undo) ? ERR_OK : ERR_MEMORY;
    if (!err && c->stands)
        err = c->stands(c, &tx->reg->rules, &tx->gate);
    if (!err && c->ask)
        err = c->ask(tx->reg, c, fault);
    if (!err && c->gate)
        tx->gate = *c->gate;
    if (!err && c->continues)
        c->seq = c->continues;
    else if (!err && c->entry.event)
        put_entry(tx, c);
    uint32_t items = tx->items;
    for (size_t i = 0; !err && i < c->count; i++) {
        err = apply(tx, c, &c->changes[i]);
        if (err && c->lenient) {
            c->left_out++;
            err = ERR_OK;
        } else if (err) {
            c->refused = c->changes[i].imei;
        }
    }
    bool nothing = !err && !c->always && !c->continues && tx->items == items && !c->gate &&
                   !c->rules_number && !c->pair_count;
    if (err || nothing)
        undo_case(tx, c, &undo);
    else if (c->pair_count)
        section_encode(c->pairs, c->pair_count, &tx->section);
    free(undo.rows);
    free(undo.touched);
    c->err = err;
    return err == ERR_MEMORY ? ERR_MEMORY : write_records(tx, c, fault);
}

/* A rule set that a case brings is in force for its own rows and all after it. */
static enum err bring_rules(struct tx *tx, struct commit_case *c, struct fault *fault)
{
    if (!c->rules_number || c->err)
        return ERR_OK;
    struct rules rules;
    if (c->rules_number != tx->rules + 1)
        return fault_set(fault, ERR_HELD, "the rules changed meanwhile (now set %u): prepare again",
                         tx->rules);
    enum err err = rules_parse(c->rules_text, &rules, fault);
    if (!err)
        err = store_rules_put(tx->reg->store, c->rules_number, c->rules_text, fault);
    tx->rules = c->rules_number;
    return err;
}

struct seal_job {
    struct block *block;
    struct sha256 *sha;
    enum err err;
};

static void *seal_run(void *arg)
{
    struct seal_job *job = arg;
    job->err = block_seal(job->sha, job->block);
    return NULL;
}

static size_t compact(struct tx *tx)
{
    size_t kept = 0;
    for (size_t i = 0; i < tx->row_count; i++) {
        if (!tx->touched[i])
            continue;
        if (kept != i)
            tx->rows[kept] = tx->rows[i];
        kept++;
    }
    return kept;
}

/* Seals the block and writes the facts, side by side when there is much of both. */
static enum err write_all(struct tx *tx, struct block *block, struct fault *fault)
{
    struct registry *reg = tx->reg;
    struct seal_job job = {block, reg->sha, ERR_OK};
    pthread_t thread;
    bool aside =
        tx->items >= SEAL_ASIDE_ITEMS && pthread_create(&thread, NULL, seal_run, &job) == 0;
    if (!aside)
        seal_run(&job);
    size_t n = compact(tx);
    enum err err = n ? store_facts_put(reg->store, tx->rows, n, fault) : ERR_OK;
    if (aside)
        pthread_join(thread, NULL);
    if (!err)
        err = job.err;
    if (!err)
        err = store_block_append(reg->store, block, fault);
    return err;
}

static enum err write_pairs(struct tx *tx, struct commit_case *const *cases, size_t n,
                            struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++)
        if (!cases[i]->err && cases[i]->pair_count)
            err = store_pairs_put(tx->reg->store, cases[i]->pairs, cases[i]->pair_count, fault);
    return err;
}

static enum err write_notes(struct tx *tx, struct commit_case *const *cases, size_t n,
                            struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < n; i++)
        if (cases[i]->reason && cases[i]->seq)
            err = store_note_put(tx->reg->store, cases[i]->seq, tx->now_us / 1000, tx->reg->actor,
                                 str_z(cases[i]->reason), fault);
    return err;
}

static enum err write_block(struct tx *tx, struct commit_case *const *cases, size_t n,
                            const struct commit_options *options, struct fault *fault)
{
    struct registry *reg = tx->reg;
    if (tx->body.failed || tx->section.failed)
        return ERR_MEMORY;
    struct block block = {
        .header = {.first_seq = reg->head.next_seq,
                   .item_count = tx->items,
                   .body_bytes = (uint32_t)tx->body.n,
                   .written_us = tx->now_us,
                   .batch = options ? options->batch : 0,
                   .open_entry = tx->open_entry,
                   .rules = tx->rules,
                   .gate = tx->gate},
        .body = {(const char *)tx->body.p, tx->body.n},
        .section = {(const char *)tx->section.p, tx->section.n},
    };
    memcpy(block.prev_hash, reg->head.hash, SHA256_BYTES);
    enum err err = write_all(tx, &block, fault);
    if (!err)
        err = write_pairs(tx, cases, n, fault);
    if (!err)
        err = write_notes(tx, cases, n, fault);
    if (!err && tx->marks)
        err = mark_list_block(reg, &block, fault);
    if (!err && options && options->also)
        err = options->also(reg, options->also_ctx, fault);
    if (!err)
        err = store_write_commit(reg->store, fault);
    if (err)
        return err;
    reg->head.next_seq = tx->next_seq;
    memcpy(reg->head.hash, block.hash, SHA256_BYTES);
    reg->head.gate = tx->gate;
    return ERR_OK;
}

/* Nothing moved: records alone, or what the caller writes beside, or nothing at all. */
static enum err write_no_block(struct tx *tx, const struct commit_options *options,
                               struct fault *fault)
{
    struct registry *reg = tx->reg;
    bool more = options && options->also;
    if (!tx->records && !more) {
        store_write_rollback(reg->store);
        return ERR_OK;
    }
    enum err err = more ? options->also(reg, options->also_ctx, fault) : ERR_OK;
    return err ? err : store_write_commit(reg->store, fault);
}

static enum err prepare(struct tx *tx, struct commit_case *const *cases, size_t n,
                        struct fault *fault)
{
    enum err err = gather(tx, cases, n);
    if (!err)
        err = store_write_begin(tx->reg->store, fault);
    if (!err && tx->row_count)
        err = store_facts_get(tx->reg->store, tx->rows, tx->row_count, fault);
    if (!err)
        err = registry_refresh(tx->reg, fault);
    if (err)
        return err;
    tx->next_seq = tx->reg->head.next_seq;
    tx->gate = tx->reg->head.gate;
    tx->rules = tx->reg->head.rules;
    tx->now_us = clock_now_us(tx->reg->clock);
    tx->today = zone_day(&tx->reg->zone, tx->now_us / 1000000);
    return ERR_OK;
}

enum err commit_cases(struct registry *reg, struct commit_case *const *cases, size_t n,
                      const struct commit_options *options, struct fault *fault)
{
    struct tx *tx = calloc(1, sizeof *tx);
    if (!tx)
        return ERR_MEMORY;
    tx->reg = reg;
    enum err err = prepare(tx, cases, n, fault);
    tx->open_entry = n && cases[0]->continues ? cases[0]->continues : 0;
    for (size_t i = 0; !err && i < n; i++) {
        cases[i]->seq = cases[i]->rows = cases[i]->left_out = 0;
        memset(cases[i]->moved, 0, sizeof cases[i]->moved);
        err = run_case(tx, cases[i], fault);
        if (!err)
            err = bring_rules(tx, cases[i], fault);
    }
    assert(err || tx->items <= LIMIT_BLOCK_ITEMS);
    if (!err)
        err = tx->items ? write_block(tx, cases, n, options, fault)
                        : write_no_block(tx, options, fault);
    if (err)
        store_write_rollback(reg->store);
    if (!err && tx->rules != reg->rules.number)
        err = registry_refresh(reg, fault);
    free(tx->rows);
    free(tx->touched);
    buf_release(&tx->body);
    buf_release(&tx->section);
    buf_release(&tx->entry);
    free(tx);
    return err;
}

const char *commit_refusal(enum err err)
{
    switch ((int)err) {
    case ERR_NOT_SETTER:
        return "only the body that set the mark lifts it: say --by that body; nothing was changed";
    case ERR_NO_MARK:
        return "no mark of this kind stands on it; nothing was changed";
    case ERR_MARKS_FULL:
        return "it bears as many marks as there may be; nothing was changed";
    default:
        return "nothing was changed";
    }
}

enum err commit_one(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    enum err err = commit_cases(reg, &c, 1, NULL, fault);
    if (!err && c->err) {
        char imei[IMEI_TEXT15];
        imei_format15(c->refused, imei);
        fault_value(fault, imei, sizeof imei - 1);
        err = fault_set(fault, c->err, "%s", commit_refusal(c->err));
    }
    return err;
}
