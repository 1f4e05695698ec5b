/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer's place: in line through the turnstile, BEGIN IMMEDIATE, COMMIT. Checkpoints happen
 * after the place has been given up, so that nobody waits for them. */
#include "store/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* The process that has SQLite's writer lock (byte 120 of the -shm file: sqlite.org/walformat.html
 * 2.3.1), 0 = unknown. Asked of /proc/locks: opening the file ourselves to ask the lock would, at its
 * closing, drop the locks that other handles of this process have in it. */
static pid_t wal_writer(const struct sqlite_store *s)
{
    struct stat st;
    char line[256], *shm = sqlite_beside(s, "-shm");
    bool stands = shm && stat(shm, &st) == 0;
    free(shm);
    FILE *locks = stands ? fopen("/proc/locks", "re") : NULL;
    pid_t found = 0;
    while (locks && !found && fgets(line, sizeof line, locks)) {
        int pid;
        unsigned long inode;
        unsigned long long from;
        if (sscanf(line, "%*d: POSIX ADVISORY WRITE %d %*x:%*x:%lu %llu", &pid, &inode, &from) ==
                3 &&
            inode == st.st_ino && from == 120 && pid > 0)
            found = pid;
    }
    if (locks)
        fclose(locks);
    return found;
}

int sqlite_on_busy(void *store, int count)
{
    struct sqlite_store *s = store;
    if (!s->in_line && count == 0)
        s->patience = patience_begin(s->base.patience_ms, NULL, NULL);
    bool tells = s->in_line && clock_monotonic_us() >= s->patience.notice_us;
    if (!patience_tick(&s->patience, tells ? wal_writer(s) : 0))
        return 0;
    long ms = count < 10 ? 1 : 10;
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
    return 1;
}

enum err sqlite_read_begin(struct store *store, struct fault *fault)
{
    struct store_head head; /* the first read of a transaction says which moment it is */
    enum err err = sql_plain(sqlite_of(store), SQL_BEGIN, fault);
    if (err)
        return err;
    err = sqlite_head(store, &head, fault);
    if (err)
        sqlite_read_end(store);
    return err;
}

void sqlite_read_end(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    if (sql_plain(s, SQL_ROLLBACK, NULL) != ERR_OK)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

enum err sqlite_write_begin(struct store *store, struct fault *fault)
{
    struct sqlite_store *s = sqlite_of(store);
    s->patience = patience_begin(store->patience_ms, store->on_wait, store->on_wait_ctx);
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
