/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: moving the WAL into the register.
 *
 * A handle that has written much starts a thread with a connection of its own; its passive
 * checkpoints stop neither writers nor readers (in the writer's thread they took a sixth of the time
 * of single writes on 10 M rows, 100 ms at once). A write begins the WAL anew when all of it is moved
 * and no reader is in it. Beside busy writers or readers that never happens: past WAL_LIMIT, once the
 * thread has moved most, the last stretch is moved in the writer's place, waiting for those readers,
 * the longer the larger the WAL has become (4 GB written beside reads of 1 s each, one upon the
 * other: 170 MB of WAL). While one long read goes on nothing helps; after it journal_size_limit cuts
 * the file. A failed checkpoint is no harm: the WAL stays, and the next one tries again. */
#include "store/store_sqlite.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
    CHECKPOINT_PAGES = 8192, /* 32 MB written by this handle */
    WAL_LIMIT = 16384,       /* 64 MB in the WAL, whoever wrote them: begin it anew */
    WAL_WAIT = 28672,        /* 112 MB: so far behind is the thread that the writer waits */
    RESTART_US = 50000,      /* wait for readers, for each WAL_LIMIT in the WAL */
};

struct checkpointer {
    sqlite3 *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* of wanted and stopping, either way */
    bool wanted;          /* until it is done */
    bool durable;         /* wanted with the register synced too */
    bool stopping;
};

int sqlite_on_commit(void *store, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct sqlite_store *s = store;
    s->wal_pages = pages;
    return SQLITE_OK;
}

/* True when nothing is left in the WAL. */
static bool move(sqlite3 *db, int mode)
{
    int wal = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, mode, &wal, &moved);
    return rc == SQLITE_OK && wal == moved;
}

static void move_passively(sqlite3 *db)
{
    /* Once more where a reader of an older state held it up: it has mostly gone by now. */
    if (!move(db, SQLITE_CHECKPOINT_PASSIVE))
        move(db, SQLITE_CHECKPOINT_PASSIVE);
}

/* SQLite syncs the register only when nothing is left in the WAL, which beside busy writers is in
 * begin_anew: let it find little to wait for (30 ms instead of 170). */
static void sync_moved(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
        file->pMethods)
        file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static void *run(void *arg)
{
    struct checkpointer *c = arg;
    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        if (!c->wanted) {
            pthread_cond_wait(&c->moved, &c->lock);
            continue;
        }
        bool durable = c->durable;
        pthread_mutex_unlock(&c->lock);
        move_passively(c->db);
        if (durable)
            sync_moved(c->db);
        pthread_mutex_lock(&c->lock);
        c->wanted = false;
        pthread_cond_broadcast(&c->moved);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static sqlite3 *connect_again(const char *path)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &db, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(db, "PRAGMA synchronous = FULL; PRAGMA user_version", NULL, NULL, NULL) ==
            SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

static struct checkpointer *checkpointer_new(const char *path)
{
    struct checkpointer *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->moved, NULL);
    c->db = connect_again(path);
    if (c->db && pthread_create(&c->thread, NULL, run, c) == 0)
        return c;
    sqlite3_close(c->db);
    free(c);
    return NULL;
}

void sqlite_checkpoint_stop(struct sqlite_store *s)
{
    struct checkpointer *c = s->checkpointer;
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->moved);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    sqlite3_close(c->db);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->moved);
    free(c);
    s->checkpointer = NULL;
}

/* Asks for a checkpoint; without a thread, does it here. */
static void ask(struct sqlite_store *s)
{
    struct checkpointer *c = s->checkpointer;
    if (!c)
        c = s->checkpointer = checkpointer_new(s->path);
    if (!c) {
        move_passively(s->db);
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->wanted = true;
    c->durable = s->wal_ripe;
    pthread_cond_broadcast(&c->moved);
    pthread_mutex_unlock(&c->lock);
}

/* Has the thread ended what was asked of it? Waits for that when the WAL is too long. */
static bool idle(struct sqlite_store *s)
{
    struct checkpointer *c = s->checkpointer;
    if (!c)
        return true;
    pthread_mutex_lock(&c->lock);
    while (c->wanted && s->wal_pages >= WAL_WAIT)
        pthread_cond_wait(&c->moved, &c->lock);
    bool done = !c->wanted;
    pthread_mutex_unlock(&c->lock);
    return done;
}

static void begin_anew(struct sqlite_store *s)
{
    s->patience = patience_begin(s->base.patience_ms, NULL, NULL);
    if (turnstile_take(s->turn, &s->patience, NULL))
        return;
    s->patience.give_up_us =
        clock_monotonic_us() + (int64_t)RESTART_US * (s->wal_pages / WAL_LIMIT);
    s->in_line = true;
    move(s->db, SQLITE_CHECKPOINT_RESTART);
    s->in_line = false;
    turnstile_leave(s->turn);
}

void sqlite_checkpoint(struct sqlite_store *s)
{
    int pages = 0, unused;
    sqlite3_db_status(s->db, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &unused, 1);
    s->written_pages += pages;
    if (s->written_pages >= CHECKPOINT_PAGES) {
        s->written_pages = 0;
        s->wal_ripe = s->wal_pages >= WAL_LIMIT;
        ask(s);
    }
    if (s->wal_ripe && idle(s)) {
        s->wal_ripe = false;
        if (s->wal_pages >= WAL_LIMIT)
            begin_anew(s);
    }
}
