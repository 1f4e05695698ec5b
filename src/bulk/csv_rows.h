/* SPDX-License-Identifier: Apache-2.0
 *
 * csv_rows - the lower half of csv: a window over the file and the row that stands in it. It knows
 * encodings, line ends and quotes, and nothing of columns' names. Used by csv.c alone. */
#ifndef BULK_CSV_ROWS_H
#define BULK_CSV_ROWS_H

#include "base/err.h"
#include "bulk/csv_split.h"
#include "bulk/source.h"

struct csv_rows {
    struct source *source;
    char *window;
    char *scratch;
    size_t pos;        /* of the row */
    size_t end;        /* of what has been read */
    size_t quote, odd; /* the next quote, the next byte that is NUL or not ASCII; end = none */
    uint64_t base;     /* where in the file the window begins */
    uint64_t line;     /* on which pos stands, from 1 */
    bool eof;
    bool stopped; /* no row can be trusted any more */
    bool quotes;
    char separator;

    /* The row at pos, after csv_rows_find. */
    struct str text; /* without line end; p == NULL: the end of the file */
    size_t next;     /* where the row behind it begins */
    uint64_t lines;  /* and how many line ends away */
    bool foul;       /* it is not UTF-8 from text.p + foul_at on */
    size_t foul_at;
    struct csv_split split; /* its fields */
};

/* Opens, reads the first window, refuses what begins as no UTF-8 text. The rest of *rows is zero. */
MUST_USE enum err csv_rows_open(struct csv_rows *rows, const char *path,
                                const struct source_reader *reader, bool hash, struct fault *fault);
void csv_rows_release(struct csv_rows *rows);
void csv_rows_form(struct csv_rows *rows, char separator, bool quotes);

/* Finds the next row that is not blank; again and again the same one until it is passed. */
MUST_USE enum err csv_rows_find(struct csv_rows *rows, struct fault *fault);
void csv_rows_pass(struct csv_rows *rows);

/* Where: file, line of pos, byte and value at window + at. */
void csv_rows_place(const struct csv_rows *rows, struct fault *fault, size_t at, size_t value_n);

#endif
