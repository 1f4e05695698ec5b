/* SPDX-License-Identifier: Apache-2.0
 *
 * load - what every import shares: the file known again by its hash, bad rows told and kept
 * apart, progress, a stop. A file goes in whole or not at all; with keep_good the good rows go in
 * and the bad ones stand in a CSV beside it. */
#ifndef BULK_LOAD_H
#define BULK_LOAD_H

#include <stdio.h>

#include "app/batch.h"
#include "bulk/csv.h"

struct load_options {
    const char *path;
    const struct source_reader
        *reader;  /* instead of the path, which names it for people; NULL: none */
    FILE *beside; /* bad rows go here, and it stays the caller's; NULL: PATH.bad.csv */
    bool keep_good;
    FILE *tell; /* bad rows are told here; NULL = nowhere */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *progress_ctx;
    const atomic_int *stop;
    uint64_t bad_bytes; /* of the file beside, at most; 0: LIMIT_BAD_ROWS_BYTES */
};

/* "FILE:LINE:COLUMN: ERROR `value`: what is wrong" */
void load_tell(FILE *out, const struct fault *fault);

struct rejects {
    const struct load_options *options;
    FILE *beside;   /* PATH.bad.csv, opened at the first bad row that is kept apart */
    uint64_t bytes; /* written to it */
    char beside_path[FAULT_FILE_MAX + 16];
    uint64_t count;
    struct fault first;
    struct fault trouble; /* why the file beside could not be written; err ERR_OK: it could */
};

/* Notes a bad row. ERR_FILE_WRITE when the file beside cannot be written; ERR_ROWS_BAD when it would have more
 * bytes than it may: rejects_end says what is wrong. */
MUST_USE enum err rejects_add(struct rejects *r, struct str row_text, const struct fault *fault);
/* After the last row: without keep_good any bad row is ERR_ROW (or the first row's own error). */
MUST_USE enum err rejects_end(struct rejects *r, struct fault *fault);

/* Is it an error of rejects_add, which rejects_end tells of? */
static inline bool rejects_failed(enum err err)
{
    return err == ERR_FILE_WRITE || err == ERR_ROWS_BAD;
}

/* When every row was bad and kept apart, there is nothing to load: ERR_FILE_EMPTY. */
MUST_USE enum err rejects_all(const struct rejects *r, struct fault *fault);

/* Each data row goes to fn; bad tells of a row that could not be cut into columns (of row only line
 * and text are then set), NULL of a good one. *rows counts both. Ends at the end of the file, at
 * the first error of the file or of fn, or at a stop (ERR_STOPPED). */
typedef enum err load_row_fn(void *ctx, const struct csv *csv, const struct csv_row *row,
                             const struct fault *bad);
MUST_USE enum err load_each(struct csv *csv, const struct load_options *options, load_row_fn *fn,
                            void *ctx, uint64_t *rows, struct fault *fault);

/* The key under which a file is remembered: its hash together with what it was loaded as. */
void load_key(struct registry *registry, const char *as, const uint8_t file[SHA256_BYTES],
              uint8_t out[SHA256_BYTES]);
enum load_before {
    LOAD_NEW,
    LOAD_PART,  /* rows of it were left out: the file comes again, whole */
    LOAD_OPEN,  /* its changes are in, and what goes behind them is not: it was broken off */
    LOAD_WHOLE, /* nothing of it is new */
};
MUST_USE enum err load_before(struct registry *registry, const uint8_t key[SHA256_BYTES],
                              enum load_before *out, struct fault *fault);
/* Rows of this load were left out: bad ones, or of days to come. */
void load_left_out(struct load *load);
bool load_is_part(const struct load *load);
/* Its changes go in; the rest comes behind them. owed: what whoever finishes it must know, at most 20 bits. */
void load_open(struct load *load, uint32_t owed);
bool load_is_open(const struct load *load, uint32_t *out_owed); /* out_owed may be NULL */

struct load_result {
    struct batch_result batch;
    bool known;    /* the same file was loaded before: nothing was done */
    uint64_t rows; /* data rows read */
    uint64_t bad;  /* of them bad */
    uint64_t bytes;
    char beside[FAULT_FILE_MAX + 16]; /* where the bad rows stand; empty = none */
};

#endif
