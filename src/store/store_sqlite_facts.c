/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts rows in SQLite. Two ways to read a sorted batch: a cursor that steps over the rows
 * between two wanted ones (an import among its neighbours), and a search for each (single writes
 * all over the register). facts_get begins with the cursor and turns by what it meets. */
#include "store/store_sqlite.h"

enum {
    FEW = 8,       /* wanted rows: a search for each */
    STEPS_MAX = 8, /* rows stepped over before a search is cheaper: 0.15 us each, a search 1.2 */
};

static enum err read_row(sqlite3_stmt *stmt, struct facts_row *row, struct fault *fault)
{
    struct str bytes = column_bytes(stmt, 1);
    enum err err = facts_decode(bytes.p, bytes.n, &row->facts);
    if (err)
        return fault_set(fault, err, "table facts: the row of an IMEI is damaged");
    bool none = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
    row->due = none ? DAYNUM_NONE : sqlite3_column_int(stmt, 0);
    return ERR_OK;
}

static void absent(struct facts_row *row)
{
    facts_init(&row->facts);
    row->due = DAYNUM_NONE;
}

static enum err search(struct sqlite_store *s, struct facts_row *row, struct fault *fault)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    enum err err = sql_take(s, SQL_FACTS_GET, &stmt, fault);
    if (err)
        return err;
    bind_u64(stmt, 1, row->imei.body);
    err = sql_step(s, stmt, &found, fault);
    if (err)
        return err;
    if (!found) {
        absent(row);
        return ERR_OK;
    }
    err = read_row(stmt, row, fault);
    sql_free(stmt);
    return err;
}

/* A cursor over the rows from one wanted IMEI to the last. */
struct walk {
    struct sqlite_store *s;
    enum sql sql; /* SQL_FACTS_RANGE; a scan has its own, so that its callback may get facts */
    sqlite3_stmt *stmt; /* NULL: not open */
    bool on_row;        /* false with stmt open cannot be: the end closes it */
    uint64_t body;      /* of the row it is on */
    bool ended;         /* nothing up to the last wanted */
};

static void walk_close(struct walk *w)
{
    if (w->stmt)
        sql_free(w->stmt);
    w->stmt = NULL;
    w->on_row = false;
}

static enum err walk_next(struct walk *w, struct fault *fault)
{
    bool row = false;
    enum err err = sql_step(w->s, w->stmt, &row, fault);
    w->on_row = !err && row;
    if (w->on_row) {
        w->body = column_u64(w->stmt, 2);
    } else {
        w->stmt = NULL;
        w->ended = !err;
    }
    return err;
}

static enum err walk_open(struct walk *w, struct imei from, struct imei to, struct fault *fault)
{
    enum err err = sql_take(w->s, w->sql, &w->stmt, fault);
    if (err) {
        w->stmt = NULL;
        return err;
    }
    bind_u64(w->stmt, 1, from.body);
    bind_u64(w->stmt, 2, to.body);
    return walk_next(w, fault);
}

/* Steps to the first row at or after want; gives up after `steps`: *out_reached. */
static enum err walk_to(struct walk *w, struct imei want, unsigned steps, bool *out_reached,
                        struct fault *fault)
{
    enum err err = ERR_OK;
    *out_reached = true;
    while (!err && w->on_row && w->body < want.body) {
        if (steps-- == 0) {
            *out_reached = false;
            return ERR_OK;
        }
        err = walk_next(w, fault);
    }
    return err;
}

static enum err get_sorted(struct sqlite_store *s, struct facts_row *rows, size_t n,
                           struct fault *fault)
{
    struct walk walk = {.s = s, .sql = SQL_FACTS_RANGE};
    unsigned steps = STEPS_MAX, searches = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        struct facts_row *row = &rows[i];
        bool reached = true;
        if (searches && !walk.stmt && !walk.ended) {
            searches--; /* far apart here: search some before a cursor is tried again */
            err = search(s, row, fault);
            continue;
        }
        if (!walk.stmt && !walk.ended)
            err = walk_open(&walk, row->imei, rows[n - 1].imei, fault);
        if (!err)
            err = walk_to(&walk, row->imei, steps, &reached, fault);
        if (err)
            break;
        if (!reached) {
            walk_close(&walk);
            steps = steps > 1 ? steps / 2 : 1;
            searches = STEPS_MAX / steps * 4;
            err = search(s, row, fault);
        } else if (walk.on_row && walk.body == row->imei.body) {
            steps = STEPS_MAX;
            err = read_row(walk.stmt, row, fault);
        } else {
            absent(row);
        }
    }
    walk_close(&walk);
    return err;
}

static enum err get_few(struct sqlite_store *s, struct facts_row *rows, size_t n,
                        struct fault *fault)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++)
        err = search(s, &rows[i], fault);
    return err;
}

enum err sqlite_facts_get(struct store *store, struct facts_row *rows, size_t n,
                          struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    /* Several statements see one moment only inside a transaction. */
    bool own = n > 1 && sqlite3_get_autocommit(s->db);
    enum err err = own ? sql_plain(s, SQL_BEGIN, fault) : ERR_OK;
    if (err)
        return err;
    err = n <= FEW ? get_few(s, rows, n, fault) : get_sorted(s, rows, n, fault);
    if (own) {
        enum err end = sql_plain(s, SQL_COMMIT, err ? NULL : fault);
        err = err ? err : end;
    }
    return err;
}

enum err sqlite_facts_put(struct store *store, const struct facts_row *rows, size_t n,
                          struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_FACTS_PUT, &stmt, fault);
    if (err)
        return err;
    s->in = (struct facts_in){rows, n};
    err = sql_run(s, stmt, NULL, fault);
    s->in = (struct facts_in){0};
    return err;
}

enum err sqlite_facts_drop(struct store *store, const struct imei *imeis, size_t n,
                           struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = ERR_OK;
    for (size_t i = 0; i < n && !err; i++) {
        sqlite3_stmt *stmt = NULL;
        err = sql_take(s, SQL_FACTS_DROP, &stmt, fault);
        if (err)
            break;
        bind_u64(stmt, 1, imeis[i].body);
        err = sql_run(s, stmt, NULL, fault);
    }
    return err;
}

enum err sqlite_facts_scan(struct store *store, struct imei from, struct imei to,
                           store_facts_fn *fn, void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    struct walk walk = {.s = s, .sql = SQL_FACTS_SCAN};
    struct facts_row row;
    bool more = true;
    enum err err = walk_open(&walk, from, to, fault);
    while (!err && walk.on_row && more) {
        row.imei.body = walk.body;
        err = read_row(walk.stmt, &row, fault);
        if (!err)
            more = fn(ctx, &row);
        if (!err && more)
            err = walk_next(&walk, fault);
    }
    walk_close(&walk);
    return err;
}

enum err sqlite_facts_due(struct store *store, daynum from, daynum to, store_facts_fn *fn,
                          void *ctx, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *stmt = NULL;
    enum err err = sql_take(s, SQL_FACTS_DUE, &stmt, fault);
    if (err)
        return err;
    bind_i64(stmt, 1, from);
    bind_i64(stmt, 2, to);
    struct facts_row row;
    facts_init(&row.facts);
    bool found = true, more = true;
    while (more && !(err = sql_step(s, stmt, &found, fault)) && found) {
        row.imei.body = column_u64(stmt, 0);
        row.due = sqlite3_column_int(stmt, 1);
        more = fn(ctx, &row);
    }
    if (!more)
        sql_free(stmt);
    return err;
}
