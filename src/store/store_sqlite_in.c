/* SPDX-License-Identifier: Apache-2.0
 *
 * facts_in - an array of facts rows as a virtual table, so that one statement takes in them all:
 * INSERT ... SELECT imei, due, row FROM facts_in. A bind, a step and a reset for each row cost as
 * much as the insertion itself (1.5 against 2.3 M rows a second, 4 M sorted rows). */
#include "store/store_sqlite.h"

enum { COLUMN_IMEI, COLUMN_DUE, COLUMN_ROW };

struct in_table {
    sqlite3_vtab base;
    const struct facts_in *in;
};

struct in_cursor {
    sqlite3_vtab_cursor base;
    const struct facts_row *row, *end;
    uint8_t bytes[FACTS_ROW_MAX];
};

static int in_connect(sqlite3 *db, void *in, int argc, const char *const *argv, sqlite3_vtab **out,
                      char **error)
{
    (void)argc;
    (void)argv;
    (void)error;
    int rc = sqlite3_declare_vtab(db, "CREATE TABLE x (imei, due, row)");
    if (rc)
        return rc;
    struct in_table *table = calloc(1, sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    table->in = in;
    *out = &table->base;
    return SQLITE_OK;
}

static int in_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int in_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1;
    return SQLITE_OK;
}

static int in_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct in_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int in_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int in_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                     sqlite3_value **argv)
{
    (void)number;
    (void)text;
    (void)argc;
    (void)argv;
    struct in_cursor *cursor = (struct in_cursor *)base;
    const struct facts_in *in = ((const struct in_table *)base->pVtab)->in;
    cursor->row = in->rows;
    cursor->end = in->rows + in->n;
    return SQLITE_OK;
}

static int in_next(sqlite3_vtab_cursor *base)
{
    ((struct in_cursor *)base)->row++;
    return SQLITE_OK;
}

static int in_eof(sqlite3_vtab_cursor *base)
{
    const struct in_cursor *cursor = (const struct in_cursor *)base;
    return cursor->row == cursor->end;
}

static int in_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    struct in_cursor *cursor = (struct in_cursor *)base;
    const struct facts_row *row = cursor->row;
    if (column == COLUMN_IMEI) {
        sqlite3_result_int64(out, (sqlite3_int64)row->imei.body);
    } else if (column == COLUMN_DUE) {
        if (row->due != DAYNUM_NONE)
            sqlite3_result_int(out, row->due);
    } else if (column == COLUMN_ROW) {
        size_t n = facts_encode(&row->facts, cursor->bytes);
        sqlite3_result_blob(out, cursor->bytes, (int)n, SQLITE_STATIC);
    }
    return SQLITE_OK;
}

static int in_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((const struct in_cursor *)base)->row->imei.body;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .xConnect = in_connect,
    .xBestIndex = in_best_index,
    .xDisconnect = in_disconnect,
    .xOpen = in_open,
    .xClose = in_close,
    .xFilter = in_filter,
    .xNext = in_next,
    .xEof = in_eof,
    .xColumn = in_column,
    .xRowid = in_rowid,
};

enum err sqlite_facts_in(struct sqlite_store *s, struct fault *fault)
{
    int rc = sqlite3_create_module(s->db, "facts_in", &module, &s->in);
    return rc ? sqlite_fault(s, fault) : ERR_OK;
}
