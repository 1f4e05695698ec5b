/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of accreditations. All rows are read and judged before the first is written; a row that is known as it stands
 * moves nothing, so loading twice changes nothing and a later file may correct a row. */
#include <stdlib.h>

#include "bulk/csv.h"
#include "cases/accreditation.h"
#include "cases/customs.h"

enum column { BIN, KINDS, NUMBER, FROM, UNTIL, REVOKED, COLUMNS };
static const char *const columns[COLUMNS] = {"bin",        "kinds",       "certificate_no",
                                             "valid_from", "valid_until", "revoked_on"};
enum { REQUIRED = (1 << REVOKED) - 1, PART = 100 };

struct given {
    struct accreditation is;
    uint64_t line;
};

struct loading {
    struct given *rows;
    size_t n, size;
    bool revokes; /* the file says of each row whether it was revoked */
};

/* ---- reading ---- */

static enum err day_of(struct str text, daynum *out)
{
    return daynum_parse(text, out) ? ERR_DATE : ERR_OK;
}

static enum err read_column(const struct csv_row *row, enum column c, struct accreditation *out,
                            const char **out_rule)
{
    struct str s = row->fields[c].p ? row->fields[c] : STR("");
    switch (c) {
    case BIN:
        *out_rule = "12 digits of a BIN or IIN, the check digit right";
        str_copy(out->bin, sizeof out->bin, s);
        return iin_check(s, NULL) ? ERR_IIN_BIN : ERR_OK;
    case KINDS:
        *out_rule = "manufacture, repair, or both as manufacture|repair";
        return accreditation_kinds_parse(s, &out->kinds) ? ERR_OK : ERR_USAGE;
    case NUMBER:
        *out_rule = "at most 64 bytes";
        str_copy(out->number, sizeof out->number, s);
        return s.n > LIMIT_DOCUMENT ? ERR_TOO_LONG : ERR_OK;
    case FROM:
        *out_rule = "a day as YYYY-MM-DD";
        return day_of(s, &out->from);
    case UNTIL:
        *out_rule = "a day as YYYY-MM-DD, not before valid_from";
        return day_of(s, &out->until) || out->until < out->from ? ERR_DATE : ERR_OK;
    case REVOKED:
        *out_rule = "a day as YYYY-MM-DD, or empty";
        return s.n ? day_of(s, &out->revoked) : ERR_OK;
    case COLUMNS:
        break;
    }
    return ERR_OK;
}

static enum err read_row(struct csv *csv, const struct csv_row *row, struct accreditation *out,
                         struct fault *fault)
{
    const char *rule = "";
    struct fault why = {0};
    *out = (struct accreditation){.revoked = DAYNUM_NONE};
    for (unsigned c = 0; c < COLUMNS; c++) {
        enum err err = read_column(row, (enum column)c, out, &rule);
        if (!err)
            continue;
        csv_where(csv, row, c, fault);
        return fault_set(fault, err, "column %s: %s; nothing was loaded", columns[c], rule);
    }
    enum err err = accreditation_form(out, &why); /* the certificate's number shows */
    if (!err)
        return ERR_OK;
    csv_where(csv, row, NUMBER, fault);
    return fault_set(fault, err, "column %s: %s; nothing was loaded", columns[NUMBER], why.detail);
}

static enum err keep(struct loading *l, const struct accreditation *a, uint64_t line,
                     struct fault *fault)
{
    if (l->n == LIMIT_ACCREDITATION_ROWS)
        return fault_set(fault, ERR_TOO_MANY, "at most %d rows; load the file in parts",
                         LIMIT_ACCREDITATION_ROWS);
    if (l->n == l->size) {
        size_t size = l->size ? 2 * l->size : 256;
        struct given *rows = realloc(l->rows, size * sizeof *rows);
        if (!rows)
            return fault_set(fault, ERR_MEMORY, "accreditations");
        l->rows = rows;
        l->size = size;
    }
    l->rows[l->n++] = (struct given){*a, line};
    return ERR_OK;
}

static enum err read_rows(struct loading *l, struct csv *csv, struct fault *fault)
{
    struct csv_row row;
    enum err err;
    l->revokes = csv_has(csv, REVOKED);
    while (!(err = csv_next(csv, &row, fault)) && row.fields) {
        struct accreditation a;
        err = read_row(csv, &row, &a, fault);
        if (!err)
            err = keep(l, &a, row.line, fault);
        if (err)
            return err;
    }
    return err || l->n ? err : fault_set(fault, ERR_FILE_EMPTY, "no accreditation in it");
}

static int same_certificate(const struct given *a, const struct given *b)
{
    char x[LIMIT_DOCUMENT], y[LIMIT_DOCUMENT];
    int c = strcmp(a->is.bin, b->is.bin);
    struct str p = {x, customs_plain(str_z(a->is.number), x)},
               q = {y, customs_plain(str_z(b->is.number), y)};
    return c ? c : str_compare(p, q);
}

static int by_certificate(const void *a, const void *b)
{
    const struct given *x = a, *y = b;
    int c = same_certificate(x, y);
    return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

static enum err no_twins(struct loading *l, const char *path, struct fault *fault)
{
    qsort(l->rows, l->n, sizeof *l->rows, by_certificate);
    for (size_t i = 1; i < l->n; i++) {
        const struct given *row = &l->rows[i];
        if (same_certificate(&row[-1], row) != 0)
            continue;
        if (fault) {
            fault->line = row->line;
            str_copy(fault->file, sizeof fault->file, str_z(path));
        }
        fault_value(fault, row->is.number, strlen(row->is.number));
        return fault_set(fault, ERR_DUPLICATE_IN_FILE,
                         "it stands in line %llu already; nothing was loaded",
                         (unsigned long long)row[-1].line);
    }
    return ERR_OK;
}

/* ---- writing ---- */

struct part {
    struct given *rows;
    size_t n;
    bool keeps_revoked;
    struct accreditation_loaded done;
};

static enum err put_part(struct registry *reg, struct commit_case *c, struct fault *fault)
{
    struct part *part = c->ctx;
    const struct accreditation_actor actor = {.party = reg->actor};
    struct audit_event events[PART];
    size_t moved = 0;
    enum err err = ERR_OK;
    part->done = (struct accreditation_loaded){0};
    for (size_t i = 0; !err && i < part->n; i++) {
        struct accreditation *a = &part->rows[i].is;
        enum accreditation_done done = ACCREDITATION_SAME;
        err = accreditation_put(reg, a, part->keeps_revoked, &done, fault);
        part->done.fresh += done == ACCREDITATION_NEW;
        part->done.corrected += done == ACCREDITATION_CORRECTED;
        if (!err && done != ACCREDITATION_SAME)
            events[moved++] = accreditation_event(a, &actor);
    }
    return err || !moved ? err : audit_log_put(reg, events, moved, fault);
}

static enum err write_rows(const struct loading *l, struct registry *reg,
                           struct accreditation_loaded *out, struct fault *fault)
{
    enum err err = ERR_OK;
    *out = (struct accreditation_loaded){.rows = l->n};
    for (size_t at = 0; !err && at < l->n; at += PART) {
        struct part part = {.rows = l->rows + at,
                            .n = l->n - at < PART ? l->n - at : PART,
                            .keeps_revoked = !l->revokes};
        struct commit_case c = {.also = put_part, .ctx = &part};
        err = commit_one(reg, &c, fault);
        out->fresh += part.done.fresh;
        out->corrected += part.done.corrected;
    }
    return err;
}

enum err accreditation_load(struct registry *reg, const char *path,
                            struct accreditation_loaded *out, struct fault *fault)
{
    const struct csv_options options = {
        .path = path, .columns = columns, .column_count = COLUMNS, .required = REQUIRED};
    struct loading l = {0};
    struct csv *csv = NULL;
    enum err err = csv_open(&options, &csv, fault);
    if (!err)
        err = read_rows(&l, csv, fault);
    csv_close(csv);
    if (!err)
        err = no_twins(&l, path, fault);
    if (!err)
        err = write_rows(&l, reg, out, fault);
    free(l.rows);
    return err;
}
