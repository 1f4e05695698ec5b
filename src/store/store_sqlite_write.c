/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer's place: in line through the turnstile, BEGIN IMMEDIATE, COMMIT, and the moving of
 * the WAL into the register (checkpoints).
 *
 * Checkpoints are passive and happen after the place has been given up, so that nobody waits for
 * them but the one who wrote much. A write begins the WAL anew when all of it is moved and no reader
 * is in it. Busy writers and readers could prevent that for ever: past WAL_LIMIT the last stretch
 * is moved in the place, waiting for those readers, the longer the larger the WAL has become (4 GB
 * written beside reads of 1 s each, one upon the other: 170 MB of WAL). While one long read goes on
 * nothing helps; after it journal_size_limit cuts the file. */
#include "store/store_sqlite.h"

#include <time.h>

#include "base/clock.h"

enum {
    CHECKPOINT_PAGES = 8192, /* 32 MB written by this handle */
    WAL_LIMIT = 16384,       /* 64 MB in the WAL, whoever wrote them */
    RESTART_US = 50000,      /* wait for readers, for each WAL_LIMIT in the WAL */
};

int sqlite_on_busy(void *store, int count)
{
    struct sqlite_store *s = store;
    if (!s->in_line && count == 0)
        s->patience = patience_begin(NULL, NULL);
    if (!patience_tick(&s->patience, 0))
        return 0;
    long ms = count < 10 ? 1 : 10;
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
    return 1;
}

int sqlite_on_commit(void *store, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct sqlite_store *s = store;
    s->wal_pages = pages;
    return SQLITE_OK;
}

enum err sqlite_write_begin(struct store *store, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    s->patience = patience_begin(store->on_wait, store->on_wait_ctx);
    enum err err = turnstile_take(s->turn, &s->patience, fault);
    if (err)
        return err;
    s->in_line = true;
    err = sql_plain(s, SQL_BEGIN_IMMEDIATE, fault);
    s->in_line = false;
    if (err)
        turnstile_leave(s->turn);
    return err;
}

/* Moves what can be moved; true when nothing is left in the WAL. A failure is no harm: the WAL
 * stays, and the next one tries again. */
static bool checkpoint(struct sqlite_store *s, int mode)
{
    int wal = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, mode, &wal, &moved);
    return rc == SQLITE_OK && wal == moved;
}

static void cut_wal(struct sqlite_store *s)
{
    s->patience = patience_begin(NULL, NULL);
    if (turnstile_take(s->turn, &s->patience, NULL))
        return;
    s->patience.give_up_us =
        clock_monotonic_us() + (int64_t)RESTART_US * (s->wal_pages / WAL_LIMIT);
    s->in_line = true;
    checkpoint(s, SQLITE_CHECKPOINT_RESTART);
    s->in_line = false;
    turnstile_leave(s->turn);
}

static void after_commit(struct sqlite_store *s)
{
    int pages = 0, unused;
    sqlite3_db_status(s->db, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &unused, 1);
    s->written_pages += pages;
    if (s->written_pages < CHECKPOINT_PAGES)
        return;
    s->written_pages = 0;
    /* Once more where a reader of an older state held it up: it has mostly gone by now. */
    if (!checkpoint(s, SQLITE_CHECKPOINT_PASSIVE))
        checkpoint(s, SQLITE_CHECKPOINT_PASSIVE);
    if (s->wal_pages >= WAL_LIMIT)
        cut_wal(s);
}

enum err sqlite_write_commit(struct store *store, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = sql_plain(s, SQL_COMMIT, fault);
    if (err)
        return err;
    turnstile_leave(s->turn);
    after_commit(s);
    return ERR_OK;
}

void sqlite_write_rollback(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    /* After a failure to write SQLite may have rolled back already. */
    if (!sqlite3_get_autocommit(s->db)) {
        enum err err = sql_plain(s, SQL_ROLLBACK, NULL);
        if (err)
            sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    turnstile_leave(s->turn);
}
