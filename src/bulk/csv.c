/* SPDX-License-Identifier: Apache-2.0
 *
 * csv - columns by name over the rows of csv_rows. Workload: 10^7 to 10^8 rows a file; a feed has
 * five columns, a list one. */
#include "bulk/csv.h"

#include <assert.h>
#include <stdlib.h>

#include "bulk/csv_rows.h"

enum { ABSENT = UINT8_MAX };

struct csv {
    struct csv_rows rows;
    const char *const *names;
    uint32_t column_count;
    uint64_t required;
    uint32_t header_count;      /* fields of the header; 0 = raw */
    bool lines;                 /* no header: one value a line */
    bool straight;              /* the map changes nothing */
    uint8_t map[LIMIT_COLUMNS]; /* column -> field, or ABSENT */
    struct str fields[LIMIT_COLUMNS];
    char unknown[160];
};

static const char not_utf8[] = "not UTF-8 (an older Windows encoding?): save it as UTF-8";

/* Of the first field that is not UTF-8, from 1; 0 = it stands in none. No bytes of a character
 * look like a separator, so such a field is foul by itself. */
static uint32_t foul_column(const struct csv_split *split)
{
    uint32_t count = split->count > LIMIT_COLUMNS ? LIMIT_COLUMNS : split->count;
    for (uint32_t i = 0; i < count; i++)
        if (!str_utf8(split->fields[i]))
            return i + 1;
    return 0;
}

static enum err stop(struct csv *csv, enum err err)
{
    csv->rows.stopped = true;
    return err;
}

/* The file's columns as text, cut to size. */
static void list_names(const struct csv_split *split, char *to, size_t size)
{
    uint32_t count = split->count > LIMIT_COLUMNS ? LIMIT_COLUMNS : split->count;
    size_t used = 0;
    to[0] = '\0';
    for (uint32_t i = 0; i < count && used + 1 < size; i++) {
        int n = snprintf(to + used, size - used, i ? ", %.*s" : "%.*s", STR_ARG(split->fields[i]));
        if (n < 0)
            return;
        used += (size_t)n;
    }
}

static enum err bad_header(struct csv *csv, struct fault *fault, const char *what, const char *name)
{
    char has[128];
    list_names(&csv->rows.split, has, sizeof has);
    csv_rows_place(&csv->rows, fault, csv->rows.pos, csv->rows.text.n);
    return stop(csv,
                fault_set(fault, ERR_FILE_HEADER, "%s%s; the first line has: %s", what, name, has));
}

/* Commas, unless the header has none and is plainly cut by something else. */
static char guess_separator(struct str header)
{
    if (memchr(header.p, ',', header.n))
        return ',';
    return memchr(header.p, ';', header.n) ? ';' : memchr(header.p, '\t', header.n) ? '\t' : ',';
}

/* Names in the header that are no columns of ours. */
static void list_unknown(struct csv *csv)
{
    const struct csv_split *split = &csv->rows.split;
    struct csv_split rest = {.count = 0};
    for (uint32_t k = 0; k < split->count; k++) {
        bool known = split->fields[k].n == 0;
        for (uint32_t i = 0; i < csv->column_count && !known; i++)
            known = csv->map[i] == k;
        if (!known)
            rest.fields[rest.count++] = split->fields[k];
    }
    list_names(&rest, csv->unknown, sizeof csv->unknown);
}

static enum err map_columns(struct csv *csv, struct fault *fault)
{
    const struct csv_split *split = &csv->rows.split;
    csv->straight = csv->column_count <= split->count;
    for (uint32_t i = 0; i < csv->column_count; i++) {
        struct str name = str_z(csv->names[i]);
        csv->map[i] = ABSENT;
        for (uint32_t k = 0; k < split->count; k++) {
            if (!str_eq_nocase(split->fields[k], name))
                continue;
            if (csv->map[i] != ABSENT)
                return bad_header(csv, fault, "two columns are named ", name.p);
            csv->map[i] = (uint8_t)k;
        }
        if (csv->map[i] == ABSENT && csv->required >> i & 1)
            return bad_header(csv, fault, "the header lacks the column ", name.p);
        csv->straight = csv->straight && csv->map[i] == i;
    }
    csv->header_count = split->count;
    list_unknown(csv);
    return ERR_OK;
}

/* The first row is a value already, in a file of one value a line. */
static void take_lines(struct csv *csv)
{
    memset(csv->map, ABSENT, sizeof csv->map);
    csv->map[0] = 0;
    csv->header_count = 1;
    csv->straight = csv->column_count == 1;
    csv->lines = true;
}

static bool is_value(const struct csv_split *split)
{
    return split->count == 1 && split->fields[0].n && split->fields[0].p[0] >= '0' &&
           split->fields[0].p[0] <= '9';
}

/* Names that cannot be read: no row of the file could be trusted. */
static enum err foul_header(struct csv *csv, struct fault *fault)
{
    const struct csv_rows *rows = &csv->rows;
    csv_rows_place(rows, fault, rows->pos + rows->foul_at, rows->text.n - rows->foul_at);
    if (fault)
        fault->column = foul_column(&rows->split);
    return stop(csv, fault_set(fault, ERR_FILE_ENCODING, not_utf8));
}

static enum err read_header(struct csv *csv, const struct csv_options *options, struct fault *fault)
{
    struct csv_rows *rows = &csv->rows;
    char separator = options->separator ? options->separator : guess_separator(rows->text);
    csv_rows_form(rows, separator, true);
    enum err err = csv_rows_find(rows, fault);
    if (err)
        return err;
    if (options->header == CSV_HEADER_OR_LINES && is_value(&rows->split)) {
        take_lines(csv);
        return ERR_OK;
    }
    if (rows->foul)
        return foul_header(csv, fault);
    if (memchr(rows->text.p, '\r', rows->text.n))
        return bad_header(csv, fault, "line ends are CR alone: save the file with LF", "");
    if (rows->split.count > LIMIT_COLUMNS)
        return bad_header(csv, fault, "more than 64 columns", "");
    if (rows->split.state == CSV_SPLIT_BEHIND)
        return bad_header(csv, fault, "text behind a closing quote", "");
    err = map_columns(csv, fault);
    if (!err)
        csv_rows_pass(rows);
    return err;
}

enum err csv_open(const struct csv_options *options, struct csv **out, struct fault *fault)
{
    assert(options->column_count <= LIMIT_COLUMNS);
    struct csv *csv = calloc(1, sizeof *csv);
    if (!csv)
        return fault_set(fault, ERR_MEMORY, "no memory to read a file");
    csv->names = options->columns;
    csv->column_count = options->column_count;
    csv->required = options->required;
    enum err err = csv_rows_open(&csv->rows, options->path, options->reader, options->hash, fault);
    if (err) {
        free(csv);
        return err;
    }
    struct str first;
    err = csv_peek(csv, &first, fault);
    if (!err && !first.p) {
        csv_rows_place(&csv->rows, fault, 0, 0);
        err = fault_set(fault, ERR_FILE_EMPTY, "there is nothing in the file");
    }
    if (!err && options->header == CSV_RAW)
        csv_rows_form(&csv->rows, options->separator ? options->separator : ',', true);
    else if (!err)
        err = read_header(csv, options, fault);
    if (err) {
        csv_close(csv);
        return err;
    }
    *out = csv;
    return ERR_OK;
}

void csv_close(struct csv *csv)
{
    if (!csv)
        return;
    csv_rows_release(&csv->rows);
    free(csv);
}

bool csv_stopped(const struct csv *csv)
{
    return csv->rows.stopped;
}

bool csv_has(const struct csv *csv, uint32_t column)
{
    return csv->header_count && column < csv->column_count && csv->map[column] != ABSENT;
}

const char *csv_unknown(const struct csv *csv)
{
    return csv->unknown;
}

static enum err bad_quote(const struct csv *csv, const struct csv_row *row, struct fault *fault)
{
    if (fault) {
        size_t at = csv->rows.split.fault_at;
        csv_where(csv, row, 0, fault);
        fault->byte += at;
        fault_value(fault, row->text.p + at, row->text.n - at);
    }
    return fault_set(fault, ERR_FILE_QUOTE,
                     "text behind a closing quote; write a quote within quotes twice");
}

static enum err bad_text(const struct csv *csv, const struct csv_row *row, struct fault *fault)
{
    const struct csv_rows *rows = &csv->rows;
    csv_where(csv, row, 0, fault);
    if (fault) {
        uint32_t column = foul_column(&rows->split);
        fault->column = column;
        fault->byte += rows->foul_at;
        if (column)
            fault_value(fault, rows->split.fields[column - 1].p, rows->split.fields[column - 1].n);
    }
    return fault_set(fault, ERR_FILE_ENCODING, not_utf8);
}

static enum err bad_count(const struct csv *csv, const struct csv_row *row, struct fault *fault)
{
    uint32_t count = csv->rows.split.count;
    csv_where(csv, row, 0, fault);
    if (count > LIMIT_COLUMNS)
        return fault_set(fault, ERR_FILE_COLUMN, "more than %d columns", LIMIT_COLUMNS);
    if (csv->lines)
        return fault_set(fault, ERR_FILE_COLUMN, "%u columns: want one value a line, or a header",
                         count);
    return fault_set(fault, ERR_FILE_COLUMN, "%u columns, the header has %u", count,
                     csv->header_count);
}

/* The row's fields in the order of the wanted columns. */
static enum err arrange(struct csv *csv, struct csv_row *row, struct fault *fault)
{
    const struct str *from = csv->rows.split.fields;
    if (!csv->straight)
        for (uint32_t i = 0; i < csv->column_count; i++)
            csv->fields[i] = csv->map[i] == ABSENT ? (struct str){NULL, 0} : from[csv->map[i]];
    row->fields = csv->straight ? from : csv->fields;
    row->count = csv->column_count;
    for (uint64_t left = csv->required; left; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(left);
        if (row->fields[i].n)
            continue;
        csv_where(csv, row, i, fault);
        row->fields = NULL;
        return fault_set(fault, ERR_FILE_COLUMN, "column %s: no value", csv->names[i]);
    }
    return ERR_OK;
}

enum err csv_next(struct csv *csv, struct csv_row *out, struct fault *fault)
{
    struct csv_rows *rows = &csv->rows;
    enum err err = csv_rows_find(rows, fault);
    if (err)
        return err;
    *out = (struct csv_row){.line = rows->line, .text = rows->text};
    if (!rows->text.p)
        return ERR_OK;
    csv_rows_pass(rows);
    if (rows->foul)
        return bad_text(csv, out, fault);
    if (rows->split.state == CSV_SPLIT_BEHIND)
        return bad_quote(csv, out, fault);
    uint32_t count = rows->split.count;
    if (count > LIMIT_COLUMNS || (csv->header_count && count != csv->header_count))
        return bad_count(csv, out, fault);
    if (csv->header_count)
        return arrange(csv, out, fault);
    out->fields = rows->split.fields;
    out->count = count;
    return ERR_OK;
}

void csv_where(const struct csv *csv, const struct csv_row *row, uint32_t column,
               struct fault *fault)
{
    if (!fault)
        return;
    const struct csv_rows *rows = &csv->rows;
    csv_rows_place(rows, fault, 0, 0);
    fault->line = row->line;
    if (!row->text.p)
        return;
    fault->byte = rows->base + (size_t)(row->text.p - rows->window);
    struct str value = row->text;
    if (row->fields && column < row->count && row->fields[column].p) {
        value = row->fields[column];
        fault->column = (csv->header_count ? csv->map[column] : column) + 1;
        if (value.p >= row->text.p && value.p <= row->text.p + row->text.n)
            fault->byte += (size_t)(value.p - row->text.p);
    }
    fault_value(fault, value.p, value.n);
}

uint64_t csv_bytes(const struct csv *csv, uint64_t *out_size)
{
    if (out_size)
        *out_size = source_size(csv->rows.source);
    return csv->rows.base + csv->rows.pos;
}

void csv_hash(struct csv *csv, uint8_t out[SHA256_BYTES])
{
    source_hash(csv->rows.source, out);
}

/* Looks without regard to quotes: whether there are any is what the looking shall tell. */
enum err csv_peek(struct csv *csv, struct str *out, struct fault *fault)
{
    struct csv_rows *rows = &csv->rows;
    bool quotes = rows->quotes;
    csv_rows_form(rows, rows->separator, false);
    enum err err = csv_rows_find(rows, fault);
    csv_rows_form(rows, rows->separator, quotes);
    if (!err)
        *out = rows->text;
    return err;
}

void csv_form(struct csv *csv, char separator, bool quotes)
{
    csv_rows_form(&csv->rows, separator, quotes);
}
