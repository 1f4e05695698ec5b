/* SPDX-License-Identifier: Apache-2.0
 *
 * csv_rows - a window in which a whole row always stands: it is filled again as soon as fewer than
 * a row's greatest length are left in it. So a row is found and split by one look at its bytes, no row is ever glued
 * together, and a gigabyte without a line end is refused after 64 kB.
 *
 * What is rare costs nothing where it is absent: the reader knows where the next quote and the
 * next byte that is not plain ASCII stand, and looks closer only at rows that reach so far. */
#include "bulk/csv_rows.h"

#include <stdlib.h>
#include <string.h>

#include "bulk/file_looks.h"

enum { WINDOW = 8 * LIMIT_LINE, ROW_ROOM = LIMIT_LINE + 2 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void csv_rows_place(const struct csv_rows *rows, struct fault *fault, size_t at, size_t value_n)
{
    if (!fault)
        return;
    str_copy(fault->file, sizeof fault->file, str_z(source_name(rows->source)));
    fault->line = rows->line;
    fault->column = 0;
    fault->byte = rows->base + at;
    fault_value(fault, rows->window + at, smaller(value_n, rows->end - at));
}

/* For faults after which no row can be trusted: every later call fails, too. */
static enum err stop(struct csv_rows *rows, enum err err)
{
    rows->stopped = true;
    return err;
}

/* The next byte at or behind `from` that is NUL or not ASCII; end when there is none. */
static size_t find_odd(const struct csv_rows *rows, size_t from)
{
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    const char *p = rows->window;
    size_t i = from;
    for (; i + 32 <= rows->end; i += 32) {
        uint64_t w[4], seen = 0;
        memcpy(w, p + i, sizeof w);
        for (int k = 0; k < 4; k++)
            seen |= (w[k] - ones) | w[k]; /* sets a high bit below zero or above 0x7f */
        if (seen & highs)
            break;
    }
    while (i < rows->end && (signed char)p[i] > 0)
        i++;
    return i;
}

static size_t find_quote(const struct csv_rows *rows, size_t from)
{
    if (!rows->quotes)
        return rows->end;
    const char *at = memchr(rows->window + from, '"', rows->end - from);
    return at ? (size_t)(at - rows->window) : rows->end;
}

static enum err fill(struct csv_rows *rows, struct fault *fault)
{
    size_t left = rows->end - rows->pos;
    memmove(rows->window, rows->window + rows->pos, left);
    rows->base += rows->pos;
    rows->pos = 0;
    rows->end = left;
    size_t got;
    enum err err = source_read(rows->source, rows->window + left, WINDOW - left, &got, fault);
    if (err) {
        csv_rows_place(rows, fault, rows->pos, 0);
        return stop(rows, err);
    }
    rows->end += got;
    memset(rows->window + rows->end, 0, CSV_SPLIT_PAD);
    rows->eof = got < WINDOW - left;
    rows->odd = find_odd(rows, 0);
    rows->quote = find_quote(rows, 0);
    return ERR_OK;
}

/* A NUL is a fault of the file, other bytes that are not UTF-8 are one of the row. */
static enum err check_text(struct csv_rows *rows, size_t row_end, struct fault *fault)
{
    struct str text = {rows->window + rows->pos, row_end - rows->pos};
    const char *nul = memchr(text.p, '\0', text.n);
    if (nul) {
        csv_rows_place(rows, fault, (size_t)(nul - rows->window), 0);
        return stop(rows, fault_set(fault, ERR_FILE_ENCODING,
                                    "a NUL byte: this is UTF-16 or no text; save it as UTF-8"));
    }
    rows->foul_at = str_utf8_bytes(text);
    rows->foul = rows->foul_at < text.n;
    if (!rows->foul) /* else the row is looked at again when it is found again */
        rows->odd = find_odd(rows, row_end);
    return ERR_OK;
}

static enum err too_long(struct csv_rows *rows, struct fault *fault)
{
    csv_rows_place(rows, fault, rows->pos, 32);
    return stop(rows, fault_set(fault, ERR_LINE_LONG,
                                "a line of more than %d bytes: is this a text file with lines?",
                                LIMIT_LINE));
}

/* The row at pos has quotes: only its fields tell where it ends. */
static enum err find_quoted(struct csv_rows *rows, size_t room, size_t *out_end,
                            struct fault *fault)
{
    const char *row = rows->window + rows->pos;
    csv_split_quoted(row, room, rows->separator, rows->scratch, &rows->split);
    if (rows->split.state == CSV_SPLIT_OPEN) {
        csv_rows_place(rows, fault, rows->pos + rows->split.fault_at, 32);
        return stop(rows,
                    fault_set(fault, ERR_FILE_QUOTE,
                              "a quote is opened here and not closed within %d bytes", LIMIT_LINE));
    }
    *out_end = rows->pos + rows->split.used;
    for (const char *at = row; (at = memchr(at, '\n', rows->split.used - (size_t)(at - row))); at++)
        rows->lines++;
    return ERR_OK;
}

/* Finds the end of the row at pos and splits it. */
static enum err find_fields(struct csv_rows *rows, size_t room, size_t *out_end,
                            struct fault *fault)
{
    const char *row = rows->window + rows->pos;
    if (rows->quote < rows->pos)
        rows->quote = find_quote(rows, rows->pos);
    if (rows->quote < rows->pos + room) { /* it may stand in this row */
        const char *feed = memchr(row, '\n', room);
        const size_t n = feed ? (size_t)(feed - row) : room;
        if (rows->quote < rows->pos + n)
            return find_quoted(rows, room, out_end, fault);
        room = n;
    }
    csv_split_plain(row, room, rows->separator, &rows->split);
    *out_end = rows->pos + rows->split.used;
    return ERR_OK;
}

/* Finds the row at pos, whatever is in it; text.p == NULL at the end of the file. */
static enum err find_line(struct csv_rows *rows, struct fault *fault)
{
    if (rows->end - rows->pos < ROW_ROOM && !rows->eof) {
        enum err err = fill(rows, fault);
        if (err)
            return err;
    }
    rows->text = (struct str){NULL, 0};
    rows->lines = 0;
    rows->foul = false;
    if (rows->pos == rows->end)
        return ERR_OK;
    size_t room = smaller(rows->end - rows->pos, ROW_ROOM);
    const char *row = rows->window + rows->pos;
    size_t row_end = rows->pos;
    enum err err = find_fields(rows, room, &row_end, fault);
    if (err)
        return err;
    bool ended = row_end < rows->pos + room;
    rows->next = row_end + ended;
    rows->lines += ended;
    size_t n = row_end - rows->pos;
    if (n && row[n - 1] == '\r')
        n--;
    if (n > LIMIT_LINE || (!ended && !(rows->eof && row_end == rows->end)))
        return too_long(rows, fault);
    rows->text = (struct str){row, n};
    return rows->odd < row_end ? check_text(rows, row_end, fault) : ERR_OK;
}

void csv_rows_pass(struct csv_rows *rows)
{
    rows->pos = rows->next;
    rows->line += rows->lines;
}

/* Finds the next row that is not blank. */
enum err csv_rows_find(struct csv_rows *rows, struct fault *fault)
{
    if (rows->stopped)
        return fault_set(fault, ERR_FILE_READ, "reading stopped at an earlier fault");
    for (;;) {
        enum err err = find_line(rows, fault);
        if (err || !rows->text.p)
            return err;
        if (rows->text.n && (rows->text.p[0] > ' ' || str_trim(rows->text).n))
            return ERR_OK;
        csv_rows_pass(rows);
    }
}

/* What a file begins with when it is no UTF-8 text. */
static enum err check_start(struct csv_rows *rows, struct fault *fault)
{
    enum err err = fill(rows, fault);
    if (err)
        return err;
    struct str start = {rows->window, rows->end};
    if (str_starts(start, STR("\xef\xbb\xbf"))) {
        rows->pos = 3;
        rows->odd = find_odd(rows, 3);
        return ERR_OK;
    }
    enum file_looks looks = file_looks(start);
    if (!looks)
        return ERR_OK;
    csv_rows_place(rows, fault, 0, 0);
    return stop(rows, fault_set(fault, ERR_FILE_KIND, "the file is %s", file_looks_says(looks)));
}

enum err csv_rows_open(struct csv_rows *rows, const char *path, const struct source_reader *reader,
                       bool hash, struct fault *fault)
{
    *rows = (struct csv_rows){.line = 1, .separator = ',', .quotes = true};
    rows->window = malloc(WINDOW + CSV_SPLIT_PAD);
    rows->scratch = malloc(ROW_ROOM);
    enum err err = ERR_OK;
    if (!rows->window || !rows->scratch)
        err = fault_set(fault, ERR_MEMORY, "no memory to read a file");
    if (!err)
        err = reader ? source_open_reader(reader, hash, &rows->source, fault)
                     : source_open(path, hash, &rows->source, fault);
    if (!err)
        err = check_start(rows, fault);
    if (err)
        csv_rows_release(rows);
    return err;
}

void csv_rows_release(struct csv_rows *rows)
{
    source_close(rows->source);
    if (rows->window)
        explicit_bzero(rows->window, WINDOW);
    if (rows->scratch)
        explicit_bzero(rows->scratch, ROW_ROOM);
    free(rows->window);
    free(rows->scratch);
    rows->source = NULL;
    rows->window = rows->scratch = NULL;
}

void csv_rows_form(struct csv_rows *rows, char separator, bool quotes)
{
    rows->separator = separator;
    rows->quotes = quotes;
    rows->quote = find_quote(rows, rows->pos);
}
