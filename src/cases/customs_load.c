/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of customs declarations. All rows are read and judged before the first is written; a row that is known as
 * it stands moves nothing, so loading twice changes nothing and a later file may correct a line. */
#include <stdlib.h>

#include "app/commit.h"
#include "bulk/csv.h"
#include "cases/customs_record.h"
#include "core/iin.h"
#include "people/audit_log.h"

enum column { NUMBER, DATE, DECLARANT, ITEM, QUANTITY, BRAND, MODEL, COUNTRY, COLUMNS };
static const char *const columns[COLUMNS] = {"declaration_no", "declaration_date", "declarant",
                                             "goods_item",     "quantity",         "brand",
                                             "model",          "country"};
enum { REQUIRED = (1 << BRAND) - 1, PART = 500 };

struct declared {
    struct customs_line is;
    struct record_key key;
    uint64_t line;
};

struct loading {
    struct declared *rows;
    size_t n, size;
    daynum today;
};

/* ---- reading ---- */

static enum err text_of(const struct csv_row *row, enum column c, char *out, size_t size,
                        struct fault *fault)
{
    struct str s = row->fields[c];
    if (!s.p)
        s = STR("");
    if (s.n >= size)
        return fault_set(fault, ERR_TOO_LONG, "column %s: at most %zu bytes", columns[c], size - 1);
    if (s.n && !str_printable(s))
        return fault_set(fault, ERR_NAME, "column %s: plain UTF-8 that shows", columns[c]);
    str_copy(out, size, s);
    return ERR_OK;
}

static enum err number_of(const struct csv_row *row, enum column c, uint64_t max, uint32_t *out,
                          struct fault *fault)
{
    uint64_t n = 0;
    if (!str_to_u64(row->fields[c], max, &n) || !n)
        return fault_set(fault, ERR_NUMBER, "column %s: a whole number from 1 to %llu", columns[c],
                         (unsigned long long)max);
    *out = (uint32_t)n;
    return ERR_OK;
}

static enum err day_of(const struct loading *l, const struct csv_row *row, daynum *out,
                       struct fault *fault)
{
    if (daynum_parse(row->fields[DATE], out) || *out > l->today)
        return fault_set(fault, ERR_DATE,
                         "column declaration_date: a day as YYYY-MM-DD that has come");
    return ERR_OK;
}

static enum err country_of(const struct csv_row *row, char out[3], struct fault *fault)
{
    struct str s = row->fields[COUNTRY];
    bool good = !s.n || s.n == 2;
    for (size_t i = 0; good && i < s.n; i++)
        good = s.p[i] >= 'A' && s.p[i] <= 'Z';
    if (!good)
        return fault_set(fault, ERR_USAGE, "column country: two capital letters of ISO 3166-1");
    str_copy(out, 3, s.n ? s : STR(""));
    return ERR_OK;
}

static enum err read_column(const struct loading *l, const struct csv_row *row, enum column c,
                            struct customs_line *out, struct fault *fault)
{
    switch (c) {
    case NUMBER:
        return text_of(row, c, out->number, sizeof out->number, fault);
    case DATE:
        return day_of(l, row, &out->date, fault);
    case DECLARANT:
        if (iin_check(row->fields[c], NULL))
            return fault_set(fault, ERR_IIN_BIN,
                             "column declarant: 12 digits of a BIN or IIN, the check digit right");
        str_copy(out->declarant, sizeof out->declarant, row->fields[c]);
        return ERR_OK;
    case ITEM:
        return number_of(row, c, LIMIT_CUSTOMS_ITEM, &out->item, fault);
    case QUANTITY:
        return number_of(row, c, LIMIT_CUSTOMS_QUANTITY, &out->quantity, fault);
    case BRAND:
        return text_of(row, c, out->brand, sizeof out->brand, fault);
    case MODEL:
        return text_of(row, c, out->model, sizeof out->model, fault);
    case COUNTRY:
        return country_of(row, out->country, fault);
    case COLUMNS:
        break;
    }
    return ERR_OK;
}

static enum err keep(struct loading *l, struct registry *reg, const struct customs_line *line,
                     uint64_t at, struct fault *fault)
{
    if (l->n == LIMIT_CUSTOMS_ROWS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d rows; load the file in parts",
                         LIMIT_CUSTOMS_ROWS);
    if (l->n == l->size) {
        size_t size = l->size ? 2 * l->size : 1024;
        struct declared *rows = realloc(l->rows, size * sizeof *rows);
        if (!rows)
            return fault_set(fault, ERR_MEMORY, "declarations");
        l->rows = rows;
        l->size = size;
    }
    struct declared *row = &l->rows[l->n++];
    *row = (struct declared){*line, customs_key(reg, RECORD_CUSTOMS, str_z(line->number)), at};
    record_key_number(&row->key, line->item, 4);
    return ERR_OK;
}

static enum err read_rows(struct loading *l, struct registry *reg, struct csv *csv,
                          struct fault *fault)
{
    struct csv_row row;
    enum err err;
    while (!(err = csv_next(csv, &row, fault)) && row.fields) {
        struct customs_line line = {0};
        struct fault why = {0};
        for (unsigned c = 0; !err && c < COLUMNS; c++) {
            err = read_column(l, &row, (enum column)c, &line, &why);
            if (err)
                csv_where(csv, &row, c, fault);
        }
        err = err ? fault_set(fault, err, "%s; nothing was loaded", why.detail)
                  : keep(l, reg, &line, row.line, fault);
        if (err)
            return err;
    }
    return err || l->n ? err : fault_set(fault, ERR_FILE_EMPTY, "no declaration in it");
}

static int by_key(const void *a, const void *b)
{
    const struct declared *x = a, *y = b;
    int c = str_compare(record_key_str(&x->key), record_key_str(&y->key));
    return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

static enum err no_twins(struct loading *l, const char *path, struct fault *fault)
{
    qsort(l->rows, l->n, sizeof *l->rows, by_key);
    for (size_t i = 1; i < l->n; i++) {
        const struct declared *row = &l->rows[i];
        if (str_compare(record_key_str(&row->key), record_key_str(&row[-1].key)) != 0)
            continue;
        if (fault) {
            fault->line = row->line;
            str_copy(fault->file, sizeof fault->file, str_z(path));
        }
        fault_value(fault, row->is.number, strlen(row->is.number));
        return fault_set(fault, ERR_DUPLICATE_IN_FILE,
                         "goods item %u stands in line %llu already; nothing was loaded",
                         row->is.item, (unsigned long long)row[-1].line);
    }
    return ERR_OK;
}

/* ---- writing ---- */

struct part {
    const struct declared *rows;
    size_t n;
    const uint8_t *digest; /* of all rows, with the last part */
    struct customs_loaded done;
};

struct standing {
    json_t *is; /* owned */
    bool known, same;
};

static enum err look_at(struct registry *reg, const struct declared *row, struct standing *out,
                        struct fault *fault)
{
    json_t *is = customs_line_json(&row->is), *was = NULL;
    enum err err = is ? record_get_json(reg, &row->key, &was, fault) : ERR_MEMORY;
    *out = (struct standing){is, !err, !err && json_equal(is, was)};
    json_decref(was);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err put_row(struct registry *reg, const struct declared *row,
                        struct customs_loaded *done, struct fault *fault)
{
    struct standing now;
    enum err err = look_at(reg, row, &now, fault);
    if (!err && !now.same) {
        err = record_put_json(reg, &row->key, now.is, fault);
        done->corrected += now.known;
        done->fresh += !now.known;
    }
    json_decref(now.is);
    return err;
}

static enum err put_part(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct part *part = c->ctx;
    enum err err = ERR_OK;
    part->done = (struct customs_loaded){0};
    for (size_t i = 0; !err && i < part->n; i++)
        err = put_row(reg, &part->rows[i], &part->done, fault);
    uint64_t moved = part->done.fresh + part->done.corrected;
    const struct audit_event event = {.what = AUDIT_CUSTOMS, .actor = reg->actor, .object = moved};
    if (!err && part->digest)
        err = customs_second_done(reg, part->digest, fault);
    return err || !moved ? err : audit_log_put(reg, &event, 1, fault);
}

static enum err write_rows(const struct loading *l, struct registry *reg,
                           const uint8_t digest[SHA256_BYTES], struct customs_loaded *out,
                           struct fault *fault)
{
    enum err err = ERR_OK;
    *out = (struct customs_loaded){.rows = l->n};
    for (size_t at = 0; !err && at < l->n; at += PART) {
        struct part part = {.rows = l->rows + at, .n = l->n - at < PART ? l->n - at : PART};
        part.digest = at + part.n == l->n ? digest : NULL;
        struct commit_case c = {.also = put_part, .ctx = &part};
        err = commit_one(reg, &c, fault);
        out->fresh += part.done.fresh;
        out->corrected += part.done.corrected;
    }
    return err;
}

/* ---- the second person ---- */

static enum err something_new(const struct loading *l, struct registry *reg, bool *out,
                              struct fault *fault)
{
    enum err err = ERR_OK;
    *out = false;
    for (size_t i = 0; !err && !*out && i < l->n; i++) {
        struct standing now;
        err = look_at(reg, &l->rows[i], &now, fault);
        *out = !err && !now.same;
        json_decref(now.is);
    }
    return err;
}

/* Of the rows in the order of their keys, however the file puts them. */
static enum err digest_of(const struct loading *l, uint8_t out[SHA256_BYTES])
{
    struct sha256 *sha = sha256_new();
    if (!sha)
        return ERR_MEMORY;
    sha256_begin(sha);
    for (size_t i = 0; i < l->n; i++) {
        const struct customs_line *is = &l->rows[i].is;
        const char *const texts[] = {is->number, is->declarant, is->brand, is->model, is->country};
        const int64_t numbers[] = {is->item, is->date, is->quantity};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            sha256_add(sha, texts[k], strlen(texts[k]) + 1);
        sha256_add(sha, numbers, sizeof numbers);
    }
    sha256_end(sha, out);
    sha256_free(sha);
    return ERR_OK;
}

static enum err may_load(const struct loading *l, struct registry *reg,
                         const uint8_t digest[SHA256_BYTES], struct fault *fault)
{
    bool new = false;
    enum err err = something_new(l, reg, &new, fault);
    return err || !new ? err : customs_second(reg, digest, l->n, fault);
}

enum err customs_load(struct registry *reg, const char *path, struct customs_loaded *out,
                      struct fault *fault)
{
    const struct csv_options options = {
        .path = path, .columns = columns, .column_count = COLUMNS, .required = REQUIRED};
    struct loading l = {.today = registry_today(reg)};
    struct csv *csv = NULL;
    enum err err = csv_open(&options, &csv, fault);
    if (!err)
        err = read_rows(&l, reg, csv, fault);
    csv_close(csv);
    if (!err)
        err = no_twins(&l, path, fault);
    uint8_t digest[SHA256_BYTES];
    if (!err)
        err = digest_of(&l, digest);
    if (!err)
        err = may_load(&l, reg, digest, fault);
    if (!err)
        err = write_rows(&l, reg, digest, out, fault);
    free(l.rows);
    return err;
}
