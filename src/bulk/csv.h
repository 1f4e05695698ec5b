/* SPDX-License-Identifier: Apache-2.0
 *
 * csv - reads the tables that people and operators hand in, row by row, in bounded memory.
 *
 * UTF-8 with or without BOM (other bytes are a fault of their row, in the header, as NUL and UTF-16
 * anywhere, one of the file), LF or CRLF, quotes as RFC 4180; blanks around a value that stands
 * without quotes are no part of it; blank lines are skipped. A row is at most LIMIT_LINE bytes, a
 * quoted value may hold line ends. Fields are slices of the reader's memory: nothing is copied.
 *
 *     err = csv_open(&(struct csv_options){.path = path, .columns = names, .column_count = 2}, ...);
 *     while (!(err = csv_next(csv, &row, fault)) && row.fields)
 *         row.fields[0] ...
 *     csv_close(csv);
 *
 * Faults name file, line, column, byte, value, the rule and what to do. */
#ifndef BULK_CSV_H
#define BULK_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/str.h"
#include "bulk/source.h"

struct csv;

enum csv_header {
    CSV_HEADER,          /* the first row names the columns, in any order and case */
    CSV_HEADER_OR_LINES, /* or there is none, and every line is one value of columns[0] */
    CSV_RAW,             /* no header is looked for: every row gives all its fields */
};

struct csv_options {
    const char *path;                   /* "-" = standard input */
    const struct source_reader *reader; /* instead of the path; NULL: none */
    const char *const *columns;         /* names that are wanted; they outlive the reader */
    uint32_t column_count;              /* at most LIMIT_COLUMNS */
    uint64_t required; /* bit i: columns[i] must be in the header, no row without value */
    enum csv_header header;
    char separator; /* 0 = comma; semicolon or tab where the header has these and no comma */
    bool hash;      /* SHA-256 over the file, for csv_hash */
};

struct csv_row {
    const struct str *fields; /* of columns, in their order; p == NULL: not in the header.
                                 NULL itself at the end of the file. */
    uint32_t count;           /* of fields */
    uint64_t line;            /* on which the row begins, from 1 */
    struct str text;          /* as it stood, without line end */
};

/* Opens and reads the header. ERR_FILE_OPEN, _KIND, _READ, _EMPTY, _ENCODING, _HEADER, _QUOTE,
 * ERR_LINE_LONG, ERR_TOO_LONG, ERR_MEMORY. A file with a header and no row opens: what that means,
 * the caller knows. */
MUST_USE enum err csv_open(const struct csv_options *options, struct csv **out,
                           struct fault *fault);
void csv_close(struct csv *csv);

/* The next row; valid until the next call. A fault of one row (bytes that are not UTF-8, a value
 * missing, too few or too many columns, text behind a quote) leaves the reader behind that row: csv_stopped is false, and
 * who keeps the good rows calls again. On such a fault only out->line and out->text are set. */
MUST_USE enum err csv_next(struct csv *csv, struct csv_row *out, struct fault *fault);
bool csv_stopped(const struct csv *csv);

/* Is columns[i] in the header? */
bool csv_has(const struct csv *csv, uint32_t column);
/* The columns of the header that are not wanted, as text cut to size; empty: none. */
const char *csv_unknown(const struct csv *csv);
/* Says where: file, line, column and value of one field. The caller says what is wrong. */
void csv_where(const struct csv *csv, const struct csv_row *row, uint32_t column,
               struct fault *fault);
/* Bytes read as rows so far; bytes of the file, 0 = unknown (may be NULL). For progress. */
uint64_t csv_bytes(const struct csv *csv, uint64_t *out_size);
/* After the end of a file opened with hash. */
void csv_hash(struct csv *csv, uint8_t out[SHA256_BYTES]);

/* For formats that must be told apart by looking (CSV_RAW): the next row that is not blank, as one
 * field and unread still (p == NULL: none), and how the rows from there on are to be split. */
MUST_USE enum err csv_peek(struct csv *csv, struct str *out, struct fault *fault);
void csv_form(struct csv *csv, char separator, bool quotes);

#endif
