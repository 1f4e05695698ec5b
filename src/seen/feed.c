/* SPDX-License-Identifier: Apache-2.0
 *
 * What the pass over the file (feed_pass.h) found nothing said of, the pair being new or the row older than it, gathers as
 * (IMEI, day): sorted, the first of an IMEI is its earliest day. A look at the facts then tells which activations are new
 * or earlier, and what the judge would say, before anything is written. */
#include "seen/feed.h"

#include <stdlib.h>

#include "app/batch_aside.h"
#include "app/batch_part.h"
#include "app/commit.h"
#include "app/observe.h"
#include "bulk/imeis.h"
#include "people/audit_log.h"
#include "seen/earliest.h"
#include "seen/feed_facts.h"
#include "seen/feed_guard.h"
#include "seen/feed_pass.h"

struct feeding {
    struct registry *reg;
    const struct load_options *options;
    const struct feed_options *feed;
    struct feed_result *out;
    struct feed_rows rows;
    struct seen *seen;
    size_t kept;        /* activations that are new or earlier */
    bool again;         /* of this file only what was left out is new */
    bool open;          /* its activations are in, and it was broken off there: the rest is owed */
    struct load opened; /* how it was remembered then */
    uint32_t owed;      /* guards that were accepted then */
    bool waits;         /* its activations wait for a second person */
    bool told;          /* findings and load go with the batch */
    bool before; /* which waits already, and all else stands, since the same file came before */
    struct load load;
    struct imei soon[LIMIT_BAD_ROWS_SHOWN]; /* the first of those without a notice */
};

/* ---- what it means, before anything is written ---- */

static enum err look(void *ctx, const uint64_t *keys, const struct facts_row *rows, size_t n,
                     struct fault *fault)
{
    struct feeding *f = ctx;
    struct imei_list *list = seen_activations(f->seen);
    if (f->options->stop && *f->options->stop)
        return fault_set(fault, ERR_STOPPED, "nothing was loaded");
    for (size_t i = 0; i < n; i++) {
        daynum day = daynum_unpack((uint16_t)keys[i], DAYNUM_NONE);
        daynum had = rows[i].facts.activation;
        if (had != DAYNUM_NONE && had <= day)
            continue;
        f->out->first += had == DAYNUM_NONE;
        if (had == DAYNUM_NONE)
            feed_count(&f->rows.counts, day < f->rows.kept_from ? DAYNUM_NONE : day, SEEN_FIRST);
        f->out->earlier += had != DAYNUM_NONE;
        struct change change = {.imei = rows[i].imei,
                                .kind = CHANGE_ACTIVATED,
                                .activated = {.day = day, .known = f->rows.today}};
        if (observe_unnoticed(f->reg, &rows[i], &change) &&
            f->out->unnoticed++ < LIMIT_BAD_ROWS_SHOWN)
            f->soon[f->out->unnoticed - 1] = rows[i].imei;
        f->out->whitened += observe_whitens(f->reg, &rows[i], &change);
        list->keys[f->kept++] = keys[i]; /* at or before the place that was just read */
    }
    return ERR_OK;
}

static enum err compare(struct feeding *f, struct fault *fault)
{
    struct imei_list *list = seen_activations(f->seen);
    earliest_keep(list);
    f->out->imeis = list->n;
    enum err err = feed_facts_each(f->reg->store, list->keys, list->n, look, f, fault);
    list->n = err ? list->n : f->kept;
    list->at = 0;
    return err;
}

/* ---- writing ---- */

/* The activations as changes, made from 8 bytes each: a country's first day has 26 M. */
static bool next_change(void *ctx, struct change *out)
{
    const struct feeding *f = ctx;
    struct imei_list *list = seen_activations(f->seen);
    if (list->at == list->n)
        return false;
    uint64_t key = list->keys[list->at++];
    *out = (struct change){
        .imei = {key >> 16},
        .kind = CHANGE_ACTIVATED,
        .activated = {.day = daynum_unpack((uint16_t)key, DAYNUM_NONE), .known = f->rows.today}};
    return true;
}

struct waiting {
    const uint8_t *hash;
    uint64_t id;
};

static bool of_this_file(void *ctx, const struct batch *batch)
{
    struct waiting *w = ctx;
    if (batch->state == BATCH_PROPOSED && memcmp(batch->load_hash, w->hash, SHA256_BYTES) == 0)
        w->id = batch->id;
    return !w->id;
}

/* A proposal waits: does all else of its file stand? What it keeps of the file says so. */
static enum err all_else_stands(struct feeding *f, uint64_t id, bool *out, struct fault *fault)
{
    struct buf bytes = {0};
    struct aside aside = {0};
    enum err err = store_batch_part_get(f->reg->store, id, BATCH_PART_ASIDE, &bytes, fault);
    if (!err)
        err = aside_decode((struct str){(const char *)bytes.p, bytes.n}, &aside);
    buf_release(&bytes);
    if (!err)
        *out = !load_is_open(&aside.load, NULL) && (!load_is_part(&aside.load) || f->out->future);
    aside_release(&aside);
    return err;
}

/* The same file was proposed and waits: it is not proposed once more. */
static enum err already_waits(struct feeding *f, struct fault *fault)
{
    struct waiting w = {.hash = f->load.hash};
    struct batch_result *batch = &f->out->load.batch;
    enum err err = store_batches(f->reg->store, of_this_file, &w, fault);
    if (!err && w.id)
        err = all_else_stands(f, w.id, &f->before, fault);
    if (err || !w.id)
        return err;
    *batch = (struct batch_result){.proposed = true, .id = w.id, .changes = f->kept};
    f->told = true;
    return fault_set(fault, ERR_HELD,
                     "proposal %llu waits for a second person: `tamga --actor NAME confirm %llu`",
                     (unsigned long long)w.id, (unsigned long long)w.id);
}

/* Of the guards that tripped, those that somebody accepted. */
static uint32_t accepted_of(const struct feeding *f)
{
    return f->owed | (f->feed->accept.guards & f->out->tripped);
}

/* The batch says that the file is not whole yet: who is killed behind it loads the file again, and so is written what was
 * not: pairs and days, radio technologies, who accepted what. Where all of that stood before, rows were left out. */
static struct load not_whole(const struct feeding *f)
{
    struct load load = f->load;
    if (f->again)
        load_left_out(&load);
    else
        load_open(&load, accepted_of(f));
    return load;
}

static enum err apply(struct feeding *f, struct fault *fault)
{
    char label[BATCH_LABEL_MAX], reason[GUARD_REASON_MAX];
    const struct load load = not_whole(f);
    snprintf(label, sizeof label, "%s %.*s %s",
             f->feed->machine ? "rows of" : "feed load --operator", STR_ARG(f->feed->operator_name),
             f->options->path);
    struct batch_plan plan = {.entry = {.event = EVENT_OBSERVED},
                              .label = label,
                              .reason = guard_reason(&f->feed->accept, f->out->tripped, reason),
                              .source = {.next = next_change, .ctx = f},
                              .needs_second = f->out->whitened > 0,
                              .of_machine = f->feed->machine != NULL,
                              .load = &load,
                              .findings = f->rows.findings.list,
                              .finding_count = f->again || f->open ? 0 : f->rows.findings.n,
                              .progress = f->options->progress,
                              .progress_ctx = f->options->progress_ctx,
                              .stop = f->options->stop};
    if (f->feed->machine)
        plan.entry.document_n = (uint8_t)snprintf(plan.entry.document, sizeof plan.entry.document,
                                                  "%.*s", LIMIT_DOCUMENT - 1, f->feed->machine);
    enum err err = plan.needs_second ? already_waits(f, fault) : ERR_OK;
    if (!err)
        err = registry_party(f->reg, PARTY_OPERATOR, f->feed->operator_name, &plan.entry.party,
                             fault);
    if (err || (!f->kept && !plan.reason))
        return err;
    err = batch_run(f->reg, &plan, &f->out->load.batch, fault);
    f->told = f->told || !err || (err == ERR_HELD && f->out->load.batch.proposed);
    return err;
}

/* Of its entry, also when it was written before it was broken off. */
static uint64_t seq_of(const struct feeding *f)
{
    return f->out->load.batch.seq ? f->out->load.batch.seq : f->opened.seq;
}

/* Who accepted what a guard found; that an operator's program brought rows. */
static enum err note(struct feeding *f, struct fault *fault)
{
    const uint64_t party = registry_party_id(f->reg, PARTY_OPERATOR, f->feed->operator_name);
    const struct audit_event accepted = {
        .what = AUDIT_FEED_ACCEPT, .actor = f->reg->actor, .subject = party, .object = seq_of(f)};
    const struct audit_event rows = {.what = AUDIT_ROWS_IN,
                                     .actor = party,
                                     .subject = party,
                                     .object = f->out->load.rows,
                                     .outcome = f->waits ? ERR_HELD : ERR_OK};
    enum err err = ERR_OK;
    if (accepted_of(f))
        err = audit_log_put(f->reg, &accepted, 1, fault);
    if (!err && f->feed->machine)
        err = audit_log_put(f->reg, &rows, 1, fault);
    return err;
}

/* Its activations wait, all else stands now: when they are confirmed the file is known, as far as no row was left out; if
 * they were meanwhile, it is. */
static enum err whole_when_confirmed(struct feeding *f, struct fault *fault)
{
    struct store *store = f->reg->store;
    struct load load, now = f->load;
    struct buf bytes = {0};
    if (f->out->future)
        load_left_out(&now);
    enum err err = store_load_find(store, f->load.hash, &load, fault);
    if (err != ERR_NOT_FOUND) {
        memcpy(load.kind, now.kind, sizeof load.kind);
        return err ? err : store_load_put(store, &load, fault);
    }
    aside_encode(&now, f->rows.findings.list, f->again ? 0 : f->rows.findings.n, &bytes);
    err = bytes.failed ? ERR_MEMORY
                       : store_batch_part_put(store, f->out->load.batch.id, BATCH_PART_ASIDE,
                                              (struct str){(const char *)bytes.p, bytes.n}, fault);
    buf_release(&bytes);
    return err == ERR_NOT_FOUND ? ERR_OK : err; /* it was rejected */
}

/* Goes with the last of the days: from now on the file is known, unless its activations wait. */
static enum err remember(struct registry *reg, void *ctx, struct fault *fault)
{
    struct feeding *f = ctx;
    struct load load = f->load;
    load.seq = seq_of(f);
    load.changes = f->kept + f->opened.changes;
    load.time_ms = clock_now_us(reg->clock) / 1000;
    enum err err = f->before ? ERR_OK : note(f, fault);
    if (!err && !f->again && !f->before)
        err = radio_write(reg, registry_party_id(reg, PARTY_OPERATOR, f->feed->operator_name),
                          f->rows.radio, fault);
    if (!err && f->waits)
        return whole_when_confirmed(f, fault);
    if (err)
        return err;
    if (f->out->future)
        load_left_out(&load);
    err = store_load_put(reg->store, &load, fault);
    if (!err && !f->told && !f->again && f->rows.findings.n)
        err = store_findings_add(reg->store, f->rows.findings.list, f->rows.findings.n, fault);
    return err;
}

/* The activations, then who used what. */
static enum err write_all(struct feeding *f, struct fault *fault)
{
    struct fault held = {0};
    enum err err = feed_counts_pour(&f->rows.counts, f->seen, f->rows.today, fault);
    if (err == ERR_TOO_MANY)
        return fault_set(fault, err, "%s", seen_too_many(f->seen));
    if (!err)
        err = apply(f, &held);
    f->waits = err == ERR_HELD && f->out->load.batch.proposed;
    if (fault && err)
        *fault = held;
    if (err && !f->waits)
        return err;
    struct seen_write write = {.waits = f->waits, .also = remember, .ctx = f};
    enum err wrote = seen_write(f->seen, &write, fault);
    return wrote ? wrote : err;
}

/* ---- what a guard stopped ---- */

struct held {
    uint64_t party, rows;
    uint16_t day;
};

static enum err put_held(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    const struct held *held = c->ctx;
    struct seen_report report;
    enum err err = seen_report_get(reg, held->party, held->day, &report, fault);
    report.of[SEEN_HELD] = held->rows;
    return err ? err : seen_report_put(reg, held->party, held->day, &report, fault);
}

/* So that the operator's report tells that a file came; where that cannot be written, the load is stopped all the same. */
static void note_held(struct feeding *f, uint64_t party)
{
    struct held held = {party, f->out->load.rows, daynum_pack(f->rows.today)};
    struct commit_case c = {.also = put_held, .ctx = &held};
    (void)seen_newest(f->seen, &held.day);
    enum err err = commit_one(f->reg, &c, NULL);
    (void)err;
}

/* ---- a file ---- */

/* Was a load of just these rows there before? */
static enum err known_before(struct feeding *f, struct fault *fault)
{
    char as[LIMIT_NAME + 8];
    uint8_t rows[SHA256_BYTES + 16], digest[SHA256_BYTES];
    seen_digest(f->seen, rows);
    put_be(rows + SHA256_BYTES, f->rows.sum, 8);
    put_be(rows + SHA256_BYTES + 8, f->out->load.rows, 8);
    sha256_once(rows, sizeof rows, digest);
    snprintf(as, sizeof as, "feed %.*s", STR_ARG(f->feed->operator_name));
    load_key(f->reg, as, digest, f->load.hash);
    f->load.rows = f->out->load.rows;
    struct load before = {0};
    enum err err = store_load_find(f->reg->store, f->load.hash, &before, fault);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    f->open = f->told = load_is_open(&before, &f->owed);
    f->again = load_is_part(&before);
    f->out->load.known = !f->open && !f->again;
    if (f->open)
        f->opened = before;
    return ERR_OK;
}

static enum err read_file(struct feeding *f, struct fault *fault)
{
    struct seen_counts counts;
    enum err err = feed_pass(&f->rows, f->seen, fault);
    seen_counts(f->seen, &counts);
    f->out->pairs = counts.pairs;
    f->out->days = counts.days;
    return err ? err : known_before(f, fault);
}

enum err feed_load(struct registry *reg, const struct load_options *options,
                   const struct feed_options *feed, struct feed_result *out, struct fault *fault)
{
    struct feeding *f = calloc(1, sizeof *f);
    *out = (struct feed_result){0};
    if (!f)
        return ERR_MEMORY;
    *f = (struct feeding){.reg = reg,
                          .options = options,
                          .feed = feed,
                          .out = out,
                          .rows = {.options = options, .feed = feed, .out = out},
                          .load = {.kind = "feed"}};
    str_copy(f->load.operator_name, sizeof f->load.operator_name, feed->operator_name);
    const struct seen_options seen = {
        .party = registry_party_id(reg, PARTY_OPERATOR, feed->operator_name),
        .stop = options->stop,
        .patience_ms = feed->patience_ms};
    enum err err = feed_rows_init(&f->rows, reg);
    if (!err)
        err = seen_open(reg, &seen, &f->seen, fault);
    if (!err)
        err = read_file(f, fault);
    if (!err && !out->load.known) {
        err = compare(f, fault);
        if (!err)
            err = feed_guard(&f->rows, f->soon, fault);
        if (err == ERR_GUARD)
            note_held(f, seen.party);
        if (!err)
            err = write_all(f, fault);
    }
    if (feed->findings)
        feed->findings(feed->ctx, f->rows.findings.list, f->rows.findings.n);
    feed_rows_release(&f->rows);
    seen_close(f->seen);
    free(f);
    return err;
}
