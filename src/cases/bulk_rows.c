/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a file of devices, each by itself: columns, numbers with their check digit, days, texts that a
 * spreadsheet would not execute, the brand by the list of models. */
#include <stdlib.h>
#include <strings.h>

#include "bulk/csv.h"
#include "cases/bulk_check.h"

enum column {
    IMEI1,
    IMEI4 = IMEI1 + LIMIT_DEVICE_IMEIS - 1,
    BRAND,
    MODEL,
    DECLARATION_NO,
    DECLARATION_DATE,
    GOODS_ITEM,
    COUNTRY,
    INVOICE_NO,
    INVOICE_DATE,
    COLUMNS
};
static const char *const columns[COLUMNS] = {
    "imei1",      "imei2",   "imei3",          "imei4",
    "brand",      "model",   "declaration_no", "declaration_date",
    "goods_item", "country", "invoice_no",     "invoice_date"};

static enum err grow_errors(struct bulk_checking *c)
{
    size_t size = c->error_size ? 2 * c->error_size : 256;
    struct bulk_error *list = realloc(c->errors, size * sizeof *list);
    if (!list)
        return ERR_MEMORY;
    c->errors = list;
    c->error_size = size;
    return ERR_OK;
}

/* What is kept of a value: as it was typed, without what does not show, cut between characters. */
static void keep_value(struct bulk_error *e, struct str value)
{
    char shown[BULK_VALUE_MAX + 1];
    str_show(shown, sizeof shown, value);
    e->n = (uint8_t)strlen(shown);
    memcpy(e->value, shown, e->n);
}

enum err bulk_note(struct bulk_checking *c, uint32_t line, unsigned column, enum bulk_found found,
                   struct str value)
{
    c->upload.found[found]++;
    if (!bulk_found_bad(found))
        return ERR_OK;
    if (c->error_count == c->error_size && grow_errors(c))
        return ERR_MEMORY;
    struct bulk_error *e = &c->errors[c->error_count++];
    *e = (struct bulk_error){
        .line = line, .column = column > UINT8_MAX ? 0 : (uint8_t)column, .found = (uint8_t)found};
    keep_value(e, value);
    return ERR_OK;
}

static enum bulk_found found_of(enum err err)
{
    switch ((int)err) {
    case ERR_IMEI_FORM:
        return BULK_IMEI_FORM;
    case ERR_IMEI_MISTYPED:
        return BULK_IMEI_MISTYPED;
    case ERR_IMEI_CHARS:
    case ERR_TOO_LONG:
        return BULK_IMEI_CHARS;
    case ERR_FILE_ENCODING:
        return BULK_ENCODING;
    case ERR_FILE_QUOTE:
        return BULK_QUOTE;
    default:
        return BULK_COLUMNS;
    }
}

/* One row at work: the first thing that is wrong with it is told, in the order of its columns. */
struct row_look {
    enum bulk_found found;
    unsigned column; /* enum column */
};

static void wrong(struct row_look *look, unsigned column, enum bulk_found found)
{
    if (!look->found)
        *look = (struct row_look){found, column};
}

static void read_imeis(const struct csv_row *row, struct bulk_device *d, struct row_look *look)
{
    for (unsigned i = IMEI1; i <= IMEI4; i++) {
        struct imei imei;
        struct str field = row->fields[i];
        if (!field.n)
            continue;
        enum err err = imei_parse_typed(field, &imei);
        if (err)
            wrong(look, i, found_of(err));
        else if (imei_all_same(imei))
            wrong(look, i, BULK_MALFORMED);
        else
            d->imeis[d->count++] = imei.body;
    }
    if (!d->count)
        wrong(look, IMEI1, BULK_IMEI_MISSING);
}

/* Would a spreadsheet take it for a formula? A lone dash stands for nothing. (CWE-1236) */
static bool is_formula(struct str s)
{
    return s.n && (s.p[0] == '=' || s.p[0] == '+' || s.p[0] == '@' || (s.p[0] == '-' && s.n > 1));
}

static void look_at_text(const struct csv_row *row, unsigned column, size_t max,
                         struct row_look *look)
{
    struct str s = row->fields[column];
    if (is_formula(s))
        wrong(look, column, BULK_FORMULA);
    else if (s.n > max || (s.n && !str_printable(s)))
        wrong(look, column, BULK_TEXT);
}

static void look_at_day(const struct csv_row *row, unsigned column, daynum today,
                        struct row_look *look)
{
    daynum day;
    struct str s = row->fields[column];
    if (s.n && (daynum_parse(s, &day) || day > today))
        wrong(look, column, BULK_DATE);
}

static void look_at_papers(const struct csv_row *row, daynum today, struct row_look *look)
{
    struct str country = row->fields[COUNTRY], item = row->fields[GOODS_ITEM];
    uint64_t n;
    look_at_text(row, BRAND, LIMIT_TAC_NAME, look);
    look_at_text(row, MODEL, LIMIT_TAC_NAME, look);
    look_at_text(row, DECLARATION_NO, LIMIT_DOCUMENT, look);
    look_at_day(row, DECLARATION_DATE, today, look);
    if (item.n && !str_to_u64(item, LIMIT_CUSTOMS_ITEM, &n))
        wrong(look, GOODS_ITEM, BULK_NUMBER);
    for (size_t i = 0; i < country.n; i++)
        if (country.n != 2 || country.p[i] < 'A' || country.p[i] > 'Z')
            wrong(look, COUNTRY, BULK_COUNTRY);
    look_at_text(row, INVOICE_NO, LIMIT_DOCUMENT, look);
    look_at_day(row, INVOICE_DATE, today, look);
}

static bool same_name(struct str a, struct str b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static void note_model(struct bulk_checking *c, const struct csv_row *row,
                       const struct bulk_device *d)
{
    struct tac_info info;
    struct str brand = row->fields[BRAND];
    if (!tac_find(c->office->registry->tac, imei_tac((struct imei){d->imeis[0]}), &info))
        c->upload.found[BULK_TAC_UNKNOWN]++;
    else if (brand.n && info.brand.n && !same_name(brand, info.brand))
        c->upload.found[BULK_MODEL_DIFFERS]++;
}

static enum err grow_devices(struct bulk_checking *c)
{
    size_t size = c->size ? 2 * c->size : 4096;
    struct bulk_device *list = realloc(c->devices, size * sizeof *list);
    if (!list)
        return ERR_MEMORY;
    c->devices = list;
    uint32_t *lines = realloc(c->lines, size * sizeof *lines);
    if (!lines)
        return ERR_MEMORY;
    c->lines = lines;
    c->size = size;
    return ERR_OK;
}

static enum err keep(struct bulk_checking *c, const struct bulk_device *d,
                     const struct csv_row *row, struct fault *fault)
{
    struct str number = row->fields[DECLARATION_NO];
    uint32_t line = 0;
    uint64_t item = 0;
    if (c->count == c->size && grow_devices(c))
        return ERR_MEMORY;
    if (number.n && row->fields[GOODS_ITEM].n)
        (void)str_to_u64(row->fields[GOODS_ITEM], LIMIT_CUSTOMS_ITEM, &item);
    enum err err = ERR_OK;
    if (number.n)
        err = bulk_lines_index(&c->declared, number, (uint32_t)item, &line, fault);
    if (err)
        return err;
    c->lines[c->count] = number.n ? line + 1 : 0;
    c->devices[c->count++] = *d;
    return ERR_OK;
}

static enum err take_row(struct bulk_checking *c, const struct csv *csv, const struct csv_row *row,
                         daynum today, struct fault *fault)
{
    struct bulk_device d = {.line = (uint32_t)row->line};
    struct row_look look = {0};
    read_imeis(row, &d, &look);
    look_at_papers(row, today, &look);
    if (!look.found) {
        note_model(c, row, &d);
        return keep(c, &d, row, fault);
    }
    struct fault where = {0};
    csv_where(csv, row, look.column, &where);
    struct str value = row->fields[look.column];
    return bulk_note(c, d.line, where.column, look.found, value.p ? value : STR(""));
}

static enum err check_header(const struct csv *csv, struct fault *fault)
{
    static const enum column wanted[] = {IMEI1, BRAND, MODEL};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!csv_has(csv, wanted[i]))
            return fault_set(fault, ERR_FILE_HEADER, "the header lacks the column %s",
                             columns[wanted[i]]);
    return ERR_OK;
}

static enum err progress(struct bulk_checking *c, const struct csv *csv)
{
    uint64_t size = c->fault_total ? c->fault_total : 1;
    atomic_store(&c->progress->done, csv_bytes(csv, NULL) * 500 / size);
    return atomic_load(&c->progress->stop) ? ERR_STOPPED : ERR_OK;
}

static enum err each_row(struct bulk_checking *c, struct csv *csv, struct fault *fault)
{
    enum { LOOK_UP = 4096 };
    daynum today = registry_today(c->office->registry);
    enum err err = check_header(csv, fault);
    while (!err) {
        struct csv_row row;
        struct fault bad = {0};
        enum err one = csv_next(csv, &row, &bad);
        if (one && csv_stopped(csv)) {
            if (fault)
                *fault = bad;
            return one;
        }
        if (!one && !row.fields)
            return c->upload.rows ? ERR_OK : fault_set(fault, ERR_FILE_EMPTY, "no row");
        if (++c->upload.rows > LIMIT_BULK_DEVICES)
            return fault_set(fault, ERR_TOO_MANY, "at most %d devices", LIMIT_BULK_DEVICES);
        err = one ? bulk_note(c, (uint32_t)row.line, bad.column, found_of(one), str_z(bad.value))
                  : take_row(c, csv, &row, today, fault);
        if (!err && c->upload.rows % LOOK_UP == 0)
            err = progress(c, csv);
    }
    return err;
}

/* What else people send under the name of a table: told by its first bytes. A packed file is never unpacked. */
enum err bulk_rows(struct bulk_checking *c, const struct source_reader *source, struct fault *fault)
{
    const struct csv_options options = {
        .reader = source, .columns = columns, .column_count = COLUMNS, .hash = true};
    struct csv *csv = NULL;
    uint8_t hash[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];
    c->fault_total = source->size;
    enum err err = csv_open(&options, &csv, fault);
    if (!err)
        err = each_row(c, csv, fault);
    if (!err) {
        csv_hash(csv, hash);
        sha256_hex(hash, hex);
        if (strcmp(hex, c->upload.sha256) != 0)
            err = fault_set(fault, ERR_DIGEST, "the file's SHA-256 is %s", hex);
    }
    csv_close(csv);
    return err;
}
