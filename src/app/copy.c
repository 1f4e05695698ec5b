/* SPDX-License-Identifier: Apache-2.0
 *
 * First the blocks, in order; then the facts, in order; then, in one write, all the rest, and the mark
 * of an unfinished copy goes. So whatever ends it, what is there tells how far it came. */
#include "app/copy.h"

#include <stdlib.h>

#include "app/batch_part.h"

enum { CHUNK = 32768 };
#define ALL_THERE   (IMEI_BODIES + 2) /* moving: everything is written, the proof is left */
#define BLOCK_BYTES (8u << 20)        /* of one write */

struct copying {
    struct store *from, *to;
    const struct copy_options *options;
    struct store_head head; /* of from */
    struct store_head at;   /* of to */
    struct facts_row *rows;
    size_t n;
    size_t bytes; /* of blocks in the open write */
    uint64_t done;
    struct fault *fault;
    enum err err;
};

static bool stopped(const struct copying *c)
{
    return c->options->stop && *c->options->stop;
}

static void tell(const struct copying *c, uint64_t done, uint64_t total)
{
    if (c->options->progress)
        c->options->progress(c->options->progress_ctx, done, total);
}

static enum err end_write(struct copying *c, enum err err)
{
    if (!err)
        err = store_write_commit(c->to, c->fault);
    if (err)
        store_write_rollback(c->to);
    return !err && stopped(c) ? fault_set(c->fault, ERR_STOPPED,
                                          "the same command again goes on where this one ended")
                              : err;
}

/* ---- beginning, or going on ---- */

static enum err adopt(struct copying *c)
{
    struct store_head head = {.next_seq = 1, .gate = {DAYNUM_NONE, DAYNUM_NONE}, .moving = 1};
    memcpy(head.register_id, c->head.register_id, sizeof head.register_id);
    memcpy(head.hash, c->head.register_id, sizeof head.register_id);
    enum err err = store_write_begin(c->to, c->fault);
    if (!err) /* somebody may have made a register there meanwhile */
        err = store_head(c->to, &c->at, c->fault);
    if (!err && (c->at.next_seq != 1 || c->at.moving))
        err = fault_set(c->fault, ERR_STORE_OPEN, "the target is not empty any more");
    if (!err)
        err = store_head_put(c->to, &head, c->fault);
    c->at = head;
    return end_write(c, err);
}

static enum err begin(struct copying *c)
{
    enum err err = store_head(c->from, &c->head, c->fault);
    if (!err)
        err = store_head(c->to, &c->at, c->fault);
    if (err)
        return err;
    bool same = memcmp(c->at.register_id, c->head.register_id, sizeof c->at.register_id) == 0;
    bool equal = same && c->at.next_seq == c->head.next_seq &&
                 memcmp(c->at.hash, c->head.hash, sizeof c->at.hash) == 0;
    if (c->at.moving == ALL_THERE && same && !equal)
        return fault_set(c->fault, ERR_STORE_OPEN,
                         "the register was written after all of it was brought: empty the target "
                         "and begin anew");
    if ((c->at.moving && same) || equal)
        return ERR_OK;
    if (c->at.next_seq == 1 && !c->at.moving)
        return adopt(c);
    return fault_set(c->fault, ERR_STORE_OPEN, "%s",
                     same ? "the target is this register already, and one of the two has gone on"
                          : "the target holds another register: name an empty one");
}

/* ---- blocks ---- */

static bool on_block(void *ctx, const struct block *block)
{
    struct copying *c = ctx;
    if (!c->bytes)
        c->err = store_write_begin(c->to, c->fault);
    if (!c->err)
        c->err = store_block_append(c->to, block, c->fault);
    c->bytes += BLOCK_HEADER_BYTES + block->body.n + block->section.n;
    c->done = block->header.first_seq + block->header.item_count;
    if (c->err || c->bytes >= BLOCK_BYTES) {
        c->err = end_write(c, c->err);
        c->bytes = 0;
        tell(c, c->done, c->head.next_seq);
    }
    return !c->err;
}

/* Facts that were brought before these blocks were written may have changed with them. */
static enum err facts_anew(struct copying *c)
{
    enum err err = store_write_begin(c->to, c->fault);
    if (!err)
        err = store_head(c->to, &c->at, c->fault);
    c->at.moving = 1;
    if (!err)
        err = store_head_put(c->to, &c->at, c->fault);
    return end_write(c, err);
}

static enum err blocks(struct copying *c)
{
    bool behind = c->at.next_seq < c->head.next_seq;
    enum err err = behind ? store_blocks(c->from, c->at.next_seq, on_block, c, c->fault) : ERR_OK;
    if (!err)
        err = c->err;
    if (c->bytes)
        err = end_write(c, err);
    c->bytes = 0;
    return err || !behind ? err : facts_anew(c);
}

/* ---- facts ---- */

static enum err put_rows(struct copying *c)
{
    struct facts_row *known = malloc(CHUNK * sizeof *known);
    if (!known)
        return fault_set(c->fault, ERR_MEMORY, "facts rows");
    for (size_t i = 0; i < c->n; i++)
        known[i].imei = c->rows[i].imei;
    enum err err = store_write_begin(c->to, c->fault);
    if (!err)
        err = store_facts_get(c->to, known, c->n, c->fault);
    for (size_t i = 0; !err && i < c->n; i++)
        c->rows[i].facts.exists = known[i].facts.exists;
    free(known);
    if (!err)
        err = store_facts_put(c->to, c->rows, c->n, c->fault);
    if (!err)
        err = store_head(c->to, &c->at, c->fault);
    c->at.moving = c->rows[c->n - 1].imei.body + 2;
    if (!err)
        err = store_head_put(c->to, &c->at, c->fault);
    c->done += c->n;
    c->n = 0;
    return end_write(c, err);
}

static bool on_row(void *ctx, const struct facts_row *row)
{
    struct copying *c = ctx;
    c->rows[c->n++] = *row;
    if (c->n == CHUNK) {
        c->err = put_rows(c);
        tell(c, c->done, c->head.next_seq);
    }
    return !c->err;
}

static enum err facts(struct copying *c)
{
    struct imei from = {c->at.moving - 1}, to = {IMEI_BODIES - 1};
    c->rows = malloc(CHUNK * sizeof *c->rows);
    if (!c->rows)
        return fault_set(c->fault, ERR_MEMORY, "facts rows");
    c->done = 0;
    enum err err =
        from.body <= to.body ? store_facts_scan(c->from, from, to, on_row, c, c->fault) : ERR_OK;
    if (!err)
        err = c->err;
    if (!err && c->n)
        err = put_rows(c);
    free(c->rows);
    return err;
}

/* ---- the rest, in one write ---- */

static bool on_pair(void *ctx, const struct pair *pair)
{
    struct copying *c = ctx;
    c->err = store_pairs_put(c->to, pair, 1, c->fault);
    return !c->err;
}

static enum err on_part(void *ctx, uint32_t part, struct str bytes, struct fault *fault)
{
    struct copying *c = ctx;
    return store_batch_part_put(c->to, c->done, part, bytes, fault);
}

static bool on_batch(void *ctx, const struct batch *batch)
{
    struct copying *c = ctx;
    c->done = batch->id;
    c->err = store_batch_put(c->to, batch, c->fault);
    if (!c->err)
        c->err = batch_parts(c->from, batch, on_part, c, c->fault);
    return !c->err;
}

static bool on_load(void *ctx, const struct load *load)
{
    struct copying *c = ctx;
    c->err = store_load_put(c->to, load, c->fault);
    return !c->err;
}

static bool on_party(void *ctx, const struct party *party)
{
    struct copying *c = ctx;
    c->err = store_party_put(c->to, party, c->fault);
    return !c->err;
}

static bool on_api_key(void *ctx, const struct api_key *key)
{
    struct copying *c = ctx;
    c->err = store_api_key_put(c->to, key, c->fault);
    return !c->err;
}

static bool on_finding(void *ctx, const struct finding *finding)
{
    struct copying *c = ctx;
    c->err = store_findings_add(c->to, finding, 1, c->fault);
    return !c->err;
}

static bool on_note(void *ctx, const struct note *note)
{
    struct copying *c = ctx;
    c->err = store_note_put(c->to, note->seq, note->time_ms, note->actor, note->text, c->fault);
    return !c->err;
}

static bool on_record(void *ctx, const struct record *record)
{
    struct copying *c = ctx;
    c->err = store_records_put(c->to, record, 1, c->fault);
    return !c->err;
}

static enum err rules(struct copying *c)
{
    struct buf bytes = {0};
    enum err err = ERR_OK;
    for (uint32_t n = 1; !err && n <= c->head.rules; n++) {
        buf_clear(&bytes);
        err = store_rules_get(c->from, n, &bytes, c->fault);
        if (!err)
            err = store_rules_put(c->to, n, (struct str){(char *)bytes.p, bytes.n}, c->fault);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
        buf_clear(&bytes);
        if (!err)
            err = store_tac_list_get(c->from, n, &bytes, c->fault);
        if (!err)
            err = store_tac_list_put(c->to, n, (struct str){(char *)bytes.p, bytes.n}, c->fault);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
    }
    buf_release(&bytes);
    return err;
}

static enum err lists(struct copying *c)
{
    enum err err = rules(c);
    if (!err && !(err = store_pairs_scan(c->from, on_pair, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_batches(c->from, on_batch, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_loads(c->from, on_load, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_parties(c->from, on_party, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_api_keys(c->from, on_api_key, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_findings(c->from, on_finding, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_notes(c->from, on_note, c, c->fault)))
        err = c->err;
    if (!err && !(err = store_records(c->from, STR(""), STR(""), on_record, c, c->fault)))
        err = c->err;
    return err;
}

/* The target's mark, in the same write as what it tells of. */
static enum err mark(struct copying *c, uint64_t moving)
{
    enum err err = store_head(c->to, &c->at, c->fault);
    c->at.moving = moving;
    return err ? err : store_head_put(c->to, &c->at, c->fault);
}

static enum err bring_lists(struct copying *c)
{
    enum err err = store_write_begin(c->to, c->fault);
    if (!err)
        err = lists(c);
    if (!err)
        err = mark(c, ALL_THERE);
    return end_write(c, err);
}

/* Only what was found equal becomes a register. */
static enum err prove(struct copying *c, struct digest *out)
{
    struct digest copy;
    enum err err = digest_store(c->from, out, c->fault);
    if (!err)
        err = digest_store(c->to, &copy, c->fault);
    if (!err)
        err = digest_compare(out, &copy, c->fault);
    if (err || !c->at.moving)
        return err;
    err = store_write_begin(c->to, c->fault);
    if (!err)
        err = mark(c, 0);
    if (!err)
        err = store_write_commit(c->to, c->fault);
    if (err)
        store_write_rollback(c->to);
    return err;
}

enum err copy_register(struct store *from, struct store *to, const struct copy_options *options,
                       struct digest *out, struct fault *fault)
{
    struct copying c = {.from = from, .to = to, .options = options, .fault = fault};
    enum err err = begin(&c);
    bool there = !c.at.moving || c.at.moving == ALL_THERE;
    if (!err && !there)
        err = blocks(&c);
    if (!err && !there)
        err = facts(&c);
    if (!err && !there)
        err = bring_lists(&c);
    return err ? err : prove(&c, out);
}
