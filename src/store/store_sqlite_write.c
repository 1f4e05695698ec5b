/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer's place: in line through the turnstile, BEGIN IMMEDIATE, COMMIT. Checkpoints happen
 * after the place has been given up, so that nobody waits for them. */
#include "store/store_sqlite.h"

#include <time.h>

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

enum err sqlite_write_commit(struct store *store, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    enum err err = sql_plain(s, SQL_COMMIT, fault);
    if (err)
        return err;
    turnstile_leave(s->turn);
    sqlite_checkpoint(s);
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
