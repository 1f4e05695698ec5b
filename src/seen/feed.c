/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the file: one thread unpacks (ahead.h), one reads rows, one looks their pairs up (seen.h). What nothing says of, the
 * pair being new or the row older than it, gathers as (IMEI, day): sorted, the first of an IMEI is its earliest day. A look
 * at the facts then tells which activations are new or earlier, and what the judge would say, before anything is
 * written. */
#include "seen/feed.h"

#include <pthread.h>
#include <stdlib.h>

#include "app/commit.h"
#include "app/observe.h"
#include "bulk/ahead.h"
#include "bulk/imeis.h"
#include "bulk/radix.h"
#include "bulk/unpack.h"
#include "seen/feed_guard.h"

enum {
    LOOK_AT = 16384,
    BATCH = 1024,    /* rows handed over at once */
    BATCHES = 16,    /* that may wait */
    STOP_EVERY = 64, /* batches between two looks at the stop, and words of progress */
};

struct feeding {
    struct registry *reg;
    const struct load_options *options;
    const struct feed_options *feed;
    struct feed_result *out;
    struct feed_rows rows;
    struct seen *seen;
    size_t kept; /* activations that are new or earlier */
    bool again;  /* of this file only what was left out is new */
    bool waits;  /* its activations wait for a second person */
    bool told;   /* findings and load go with the batch */
    struct load load;
    struct imei soon[LIMIT_BAD_ROWS_SHOWN]; /* the first of those without a notice */
};

/* ---- the pass: one thread reads, one looks up ---- */

struct pass {
    struct seen *seen;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned put, got; /* batches, counted on and on */
    bool end;
    enum err err; /* of the one who looks up */
    size_t n[BATCHES];
    struct seen_row rows[BATCHES][BATCH];
};

static void *look_up(void *ctx)
{
    struct pass *p = ctx;
    enum err err = ERR_OK;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->put == p->got && !p->end)
            pthread_cond_wait(&p->moved, &p->lock);
        if (p->put == p->got)
            break;
        unsigned at = p->got % BATCHES;
        pthread_mutex_unlock(&p->lock);
        if (!err)
            err = seen_take(p->seen, p->rows[at], p->n[at]);
        pthread_mutex_lock(&p->lock);
        p->got++;
        p->err = err;
        pthread_cond_signal(&p->moved);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The batch that is full goes; the next free one is p->rows[p->put % BATCHES]. */
static enum err hand_over(struct pass *p)
{
    pthread_mutex_lock(&p->lock);
    p->put++;
    pthread_cond_signal(&p->moved);
    while (p->put - p->got >= BATCHES)
        pthread_cond_wait(&p->moved, &p->lock);
    enum err err = p->err;
    pthread_mutex_unlock(&p->lock);
    p->n[p->put % BATCHES] = 0;
    return err;
}

static enum err look_around(struct feeding *f, const struct unpack *unpack, unsigned batches,
                            struct fault *fault)
{
    if (batches % STOP_EVERY)
        return ERR_OK;
    if (f->options->stop && *f->options->stop)
        return fault_set(fault, ERR_STOPPED, "nothing was loaded");
    if (f->options->progress)
        f->options->progress(f->options->progress_ctx, unpack_bytes(unpack), unpack_size(unpack));
    return ERR_OK;
}

static enum err read_rows(struct feeding *f, struct pass *p, struct csv *csv,
                          const struct unpack *unpack, struct fault *fault)
{
    struct csv_row row;
    for (;;) {
        unsigned at = p->put % BATCHES;
        struct fault bad = {0};
        enum err err = csv_next(csv, &row, &bad);
        if (err && csv_stopped(csv)) {
            if (fault)
                *fault = bad;
            return err;
        }
        if (!err && !row.fields)
            return p->n[at] ? hand_over(p) : ERR_OK;
        bool used = false;
        f->out->load.rows++;
        err = feed_row(&f->rows, csv, &row, err ? &bad : NULL, &p->rows[at][p->n[at]], &used);
        p->n[at] += used;
        if (!err && p->n[at] == BATCH) {
            err = hand_over(p);
            if (!err)
                err = look_around(f, unpack, p->put, fault);
        }
        if (err)
            return err;
    }
}

static enum err both(struct feeding *f, struct csv *csv, const struct unpack *unpack,
                     struct fault *fault)
{
    struct pass *p = calloc(1, sizeof *p);
    pthread_t thread;
    if (!p)
        return fault_set(fault, ERR_MEMORY, "no memory for a load");
    p->seen = f->seen;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->moved, NULL);
    enum err err = pthread_create(&thread, NULL, look_up, p) ? ERR_MEMORY : ERR_OK;
    if (!err) {
        err = read_rows(f, p, csv, unpack, fault);
        pthread_mutex_lock(&p->lock);
        p->end = true;
        pthread_cond_signal(&p->moved);
        pthread_mutex_unlock(&p->lock);
        pthread_join(thread, NULL);
        err = err ? err : p->err;
    }
    if (err == ERR_TOO_MANY)
        fault_set(
            fault, err,
            "more than %llu pairs of IMEI and subscriber are new, or too many days; split the file",
            (unsigned long long)LIMIT_FEED_NEW);
    else if (err == ERR_MEMORY)
        fault_set(fault, err, "no memory for a load");
    pthread_cond_destroy(&p->moved);
    pthread_mutex_destroy(&p->lock);
    free(p);
    return err;
}

/* ---- what it means, before anything is written ---- */

/* Keeps the earliest day of each IMEI. */
static void earliest(struct imei_list *seen)
{
    size_t kept = 0;
    radix_sort(seen->keys, seen->n);
    for (size_t i = 0; i < seen->n; i++)
        if (!kept || seen->keys[kept - 1] >> 16 != seen->keys[i] >> 16)
            seen->keys[kept++] = seen->keys[i];
    seen->n = kept;
}

static enum err look(struct feeding *f, const uint64_t *keys, size_t n, struct facts_row *rows,
                     struct fault *fault)
{
    for (size_t i = 0; i < n; i++)
        rows[i].imei.body = keys[i] >> 16;
    struct imei_list *list = seen_activations(f->seen);
    enum err err = store_facts_get(f->reg->store, rows, n, fault);
    for (size_t i = 0; !err && i < n; i++) {
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
    return err;
}

static enum err compare(struct feeding *f, struct fault *fault)
{
    struct facts_row *rows = malloc(LOOK_AT * sizeof *rows);
    struct imei_list *list = seen_activations(f->seen);
    enum err err = rows ? ERR_OK : ERR_MEMORY;
    earliest(list);
    f->out->imeis = list->n;
    for (size_t at = 0; !err && at < list->n; at += LOOK_AT)
        err =
            look(f, list->keys + at, list->n - at < LOOK_AT ? list->n - at : LOOK_AT, rows, fault);
    free(rows);
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

static enum err apply(struct feeding *f, struct fault *fault)
{
    char label[BATCH_LABEL_MAX], reason[GUARD_REASON_MAX];
    struct load load = f->load;
    bool two = false;
    enum err err = f->out->whitened ? batch_two_person(f->reg, &two, fault) : ERR_OK;
    snprintf(label, sizeof label, "feed load --operator %.*s %s", STR_ARG(f->feed->operator_name),
             f->options->path);
    f->waits = two;
    if (f->out->future || !two) /* the rest comes after it; until then it is a part */
        load_left_out(&load);
    struct batch_plan plan = {.entry = {.event = EVENT_OBSERVED},
                              .label = label,
                              .reason = guard_reason(&f->feed->accept, f->out->tripped, reason),
                              .source = {.next = next_change, .ctx = f},
                              .needs_second = f->out->whitened > 0,
                              .load = &load,
                              .findings = f->rows.findings.list,
                              .finding_count = f->again ? 0 : f->rows.findings.n,
                              .progress = f->options->progress,
                              .progress_ctx = f->options->progress_ctx,
                              .stop = f->options->stop};
    if (!err)
        err = registry_party(f->reg, PARTY_OPERATOR, f->feed->operator_name, &plan.entry.party,
                             fault);
    if (err || (!f->kept && !plan.reason))
        return err;
    err = batch_run(f->reg, &plan, &f->out->load.batch, fault);
    f->told = !err || (err == ERR_HELD && f->out->load.batch.proposed);
    return err;
}

/* Goes with the days: from now on the file is known. */
static enum err remember(struct registry *reg, void *ctx, struct fault *fault)
{
    struct feeding *f = ctx;
    struct load load = f->load;
    load.seq = f->out->load.batch.seq;
    load.changes = f->kept;
    load.time_ms = clock_now_us(reg->clock) / 1000;
    if (f->out->future)
        load_left_out(&load);
    enum err err = store_load_put(reg->store, &load, fault);
    if (!err && !f->told && !f->again && f->rows.findings.n)
        err = store_findings_add(reg->store, f->rows.findings.list, f->rows.findings.n, fault);
    if (!err && !f->again)
        err = radio_write(reg, registry_party_id(reg, PARTY_OPERATOR, f->feed->operator_name),
                          f->rows.radio, fault);
    return err;
}

/* The activations, then who used what. */
static enum err write_all(struct feeding *f, struct fault *fault)
{
    struct fault held = {0};
    enum err err = apply(f, &held);
    bool waits = err == ERR_HELD && f->out->load.batch.proposed;
    if (fault && err)
        *fault = held;
    if (err && !waits)
        return err;
    err = feed_counts_pour(&f->rows.counts, f->seen, f->rows.today, fault);
    if (err)
        return err;
    err = waits ? ERR_HELD : ERR_OK;
    struct seen_write write = {
        .waits = waits, .also = waits ? NULL : remember, .ctx = waits ? NULL : f};
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

static enum err wrong_header(const struct csv *csv, uint32_t column, struct fault *fault)
{
    csv_where(csv, &(struct csv_row){.line = 1}, column, fault);
    return fault_set(fault, ERR_FILE_HEADER,
                     "column %s is missing; wanted: date,imei,imsi,msisdn,rat[,time]",
                     feed_columns[column]);
}

/* Was a load of just these rows there before? */
static enum err known_before(struct feeding *f, struct fault *fault)
{
    char as[LIMIT_NAME + 8];
    uint8_t rows[SHA256_BYTES + 16], digest[SHA256_BYTES];
    enum load_before before = LOAD_NEW;
    seen_digest(f->seen, rows);
    put_be(rows + SHA256_BYTES, f->rows.sum, 8);
    put_be(rows + SHA256_BYTES + 8, f->out->load.rows, 8);
    sha256_once(rows, sizeof rows, digest);
    snprintf(as, sizeof as, "feed %.*s", STR_ARG(f->feed->operator_name));
    load_key(f->reg, as, digest, f->load.hash);
    f->load.rows = f->out->load.rows;
    enum err err = load_before(f->reg, f->load.hash, &before, fault);
    f->out->load.known = before == LOAD_WHOLE;
    f->again = before == LOAD_PART;
    return err;
}

static enum err read_csv(struct feeding *f, const struct unpack *unpack,
                         const struct source_reader *reader, struct fault *fault)
{
    struct csv_options csv_options = {.path = f->options->path,
                                      .reader = reader,
                                      .columns = feed_columns,
                                      .column_count = FEED_COLUMNS,
                                      .required = 1u << FEED_DATE};
    struct csv *csv = NULL;
    enum err err = csv_open(&csv_options, &csv, fault);
    for (uint32_t i = FEED_IMEI; !err && i <= FEED_IMSI; i++)
        if (!csv_has(csv, i))
            err = wrong_header(csv, i, fault);
    if (!err) {
        str_copy(f->out->ignored, sizeof f->out->ignored, str_z(csv_unknown(csv)));
        err = both(f, csv, unpack, fault);
    }
    enum err ended = feed_rows_end(&f->rows, err && err != ERR_FILE_WRITE ? NULL : fault);
    err = err && err != ERR_FILE_WRITE ? err : ended;
    if (!err && f->out->load.rows == 0)
        err = fault_set(fault, ERR_FILE_EMPTY, "%s holds no row", f->options->path);
    if (!err)
        f->out->load.bytes = csv_bytes(csv, NULL);
    csv_close(csv);
    return err;
}

static enum err read_file(struct feeding *f, struct fault *fault)
{
    struct unpack *unpack = NULL;
    struct ahead *ahead = NULL;
    struct seen_counts counts;
    enum err err = unpack_open(f->options->path, &unpack, fault);
    if (!err && unpack_packed(unpack) && unpack_size(unpack)) /* a pipe may let its reader wait */
        err = ahead_open(unpack_reader(unpack), &ahead, fault);
    if (!err)
        err = read_csv(f, unpack, ahead ? ahead_reader(ahead) : unpack_reader(unpack), fault);
    ahead_close(ahead);
    unpack_close(unpack);
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
    uint64_t party = registry_party_id(reg, PARTY_OPERATOR, feed->operator_name);
    enum err err = feed_rows_init(&f->rows, reg);
    if (!err)
        err = seen_open(reg, party, options->stop, &f->seen, fault);
    if (!err)
        err = read_file(f, fault);
    if (!err && !out->load.known) {
        err = compare(f, fault);
        if (!err)
            err = feed_guard(&f->rows, f->soon, fault);
        if (err == ERR_GUARD)
            note_held(f, party);
        if (!err)
            err = write_all(f, fault);
    }
    feed_rows_release(&f->rows);
    seen_close(f->seen);
    free(f);
    return err;
}
