/* SPDX-License-Identifier: Apache-2.0 */
#include "seen/feed_pass.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bulk/ahead.h"
#include "bulk/unpack.h"
#include "seen/feed_json.h"

enum {
    BATCH = 1024,   /* rows handed over at once */
    BATCHES = 16,   /* that may wait */
    SAY_EVERY = 64, /* batches between two words of progress */
};

struct pass {
    struct feed_rows *rows;
    struct seen *seen;
    struct unpack *unpack;
    struct ahead *ahead;    /* NULL: what is unpacked is read at once */
    struct feed_json *json; /* NULL: the rows are CSV */
    /* What is unpacked, counted; a stop ends it. */
    struct source_reader watched;
    uint64_t unpacked;
    char first; /* byte, read to see what it is */
    bool first_waits;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved;
    unsigned put, got; /* batches, counted on and on */
    bool end;
    enum err err; /* of the one who looks up */
    size_t n[BATCHES];
    struct seen_row batch[BATCHES][BATCH];
};

/* ---- the thread that looks up ---- */

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
            err = seen_take(p->seen, p->batch[at], p->n[at]);
        pthread_mutex_lock(&p->lock);
        p->got++;
        p->err = err;
        pthread_cond_signal(&p->moved);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The batch that is full goes; the next free one is p->batch[p->put % BATCHES]. */
static enum err hand_over(struct pass *p)
{
    const struct load_options *options = p->rows->options;
    pthread_mutex_lock(&p->lock);
    p->put++;
    pthread_cond_signal(&p->moved);
    while (p->put - p->got >= BATCHES)
        pthread_cond_wait(&p->moved, &p->lock);
    enum err err = p->err;
    pthread_mutex_unlock(&p->lock);
    p->n[p->put % BATCHES] = 0;
    if (!err && p->put % SAY_EVERY == 0 && options->progress)
        options->progress(options->progress_ctx, unpack_bytes(p->unpack), unpack_size(p->unpack));
    return err;
}

/* ---- the one that reads ---- */

static enum err read_rows(struct pass *p, struct csv *csv, struct fault *fault)
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
        p->rows->out->load.rows++;
        err = feed_row(p->rows, csv, &row, err ? &bad : NULL, &p->batch[at][p->n[at]], &used);
        p->n[at] += used;
        if (!err && p->n[at] == BATCH)
            err = hand_over(p);
        if (err)
            return err;
    }
}

static enum err both(struct pass *p, struct csv *csv, struct fault *fault)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, look_up, p))
        return fault_set(fault, ERR_MEMORY, "no thread for a load");
    enum err err = read_rows(p, csv, fault);
    pthread_mutex_lock(&p->lock);
    p->end = true;
    pthread_cond_signal(&p->moved);
    pthread_mutex_unlock(&p->lock);
    pthread_join(thread, NULL);
    err = err ? err : p->err;
    if (err == ERR_TOO_MANY)
        fault_set(fault, err, "%s", seen_too_many(p->seen));
    else if (err == ERR_MEMORY)
        fault_set(fault, err, "no memory for a load");
    return err;
}

/* ---- what is read ---- */

static enum err read_watched(void *ctx, void *to, size_t n, size_t *out_n, struct fault *fault)
{
    struct pass *p = ctx;
    const struct source_reader *inner =
        p->ahead ? ahead_reader(p->ahead) : unpack_reader(p->unpack);
    const atomic_int *stop = p->rows->options->stop;
    size_t had = p->first_waits && n, got = 0;
    if (stop && *stop)
        return fault_set(fault, ERR_STOPPED, "nothing was loaded");
    if (had)
        *(char *)to = p->first;
    p->first_waits = p->first_waits && !had;
    enum err err = inner->read(inner->ctx, (char *)to + had, n - had, &got, fault);
    if (err)
        return err;
    p->unpacked += got;
    if (p->rows->options->reader && p->unpacked > LIMIT_ROWS_UNPACKED)
        return fault_set(fault, ERR_TOO_LONG, "more than %llu GiB come out of it; split it",
                         LIMIT_ROWS_UNPACKED >> 30);
    *out_n = had + got;
    return ERR_OK;
}

/* What the file is, its first byte says. */
static enum err open_source(struct pass *p, struct fault *fault)
{
    const struct load_options *options = p->rows->options;
    const struct unpack_options how = {
        .path = options->path, .reader = options->reader, .stop = options->stop};
    size_t n = 0;
    enum err err = unpack_open_with(&how, &p->unpack, fault);
    if (!err && unpack_packed(p->unpack) && unpack_size(p->unpack)) /* a pipe may let it wait */
        err = ahead_open(unpack_reader(p->unpack), &p->ahead, fault);
    if (err)
        return err;
    p->watched = *unpack_reader(p->unpack);
    p->watched.read = read_watched;
    p->watched.ctx = p;
    err = read_watched(p, &p->first, 1, &n, fault);
    if (err && fault)
        str_copy(fault->file, sizeof fault->file, str_z(p->watched.name));
    p->first_waits = n == 1;
    if (!err && n == 1 && p->first == '{')
        err = feed_json_open(&p->watched, &p->json, fault);
    p->rows->lines_before = p->json != NULL;
    return err;
}

static enum err wrong_header(const struct csv *csv, uint32_t column, struct fault *fault)
{
    csv_where(csv, &(struct csv_row){.line = 1}, column, fault);
    return fault_set(fault, ERR_FILE_HEADER,
                     "column %s is missing; wanted: date,imei,imsi,msisdn,rat[,time]",
                     feed_columns[column]);
}

static enum err read_csv(struct pass *p, struct fault *fault)
{
    struct feed_result *out = p->rows->out;
    struct csv_options options = {.path = p->rows->options->path,
                                  .reader = p->json ? feed_json_reader(p->json) : &p->watched,
                                  .columns = feed_columns,
                                  .column_count = FEED_COLUMNS,
                                  .required = 1u << FEED_DATE};
    struct csv *csv = NULL;
    enum err err = csv_open(&options, &csv, fault);
    for (uint32_t i = FEED_IMEI; !err && i <= FEED_IMSI; i++)
        if (!csv_has(csv, i))
            err = wrong_header(csv, i, fault);
    if (!err)
        err = both(p, csv, fault);
    if (csv)
        str_copy(out->ignored, sizeof out->ignored,
                 str_z(p->json ? feed_json_ignored(p->json) : csv_unknown(csv)));
    enum err ended = feed_rows_end(p->rows, err && !rejects_failed(err) ? NULL : fault);
    err = err && !rejects_failed(err) ? err : ended;
    if (!err && out->load.rows == 0)
        err = fault_set(fault, ERR_FILE_EMPTY, "%s holds no row", p->rows->options->path);
    out->load.bytes = p->unpacked;
    csv_close(csv);
    return err;
}

enum err feed_pass(struct feed_rows *rows, struct seen *seen, struct fault *fault)
{
    struct pass *p = calloc(1, sizeof *p);
    if (!p)
        return fault_set(fault, ERR_MEMORY, "no memory for a load");
    p->rows = rows;
    p->seen = seen;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->moved, NULL);
    enum err err = open_source(p, fault);
    if (!err)
        err = read_csv(p, fault);
    feed_json_close(p->json);
    ahead_close(p->ahead);
    unpack_close(p->unpack);
    pthread_cond_destroy(&p->moved);
    pthread_mutex_destroy(&p->lock);
    sodium_memzero(p, sizeof *p); /* rows name subscribers */
    free(p);
    return err;
}
