/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions. Writers of all machines stand in one line: an advisory lock of the transaction, which
 * PostgreSQL gives first come, first served, and takes back from whoever dies. Inside it the row of
 * journal_head is locked, so that nobody who does not know of the line can pass it either.
 *
 * A commit whose answer was lost with the connection is settled: in the next connection, in the
 * writer's place (which the lost one has until it is over), the journal tells whether the block stands. */
#include "store/store_postgres.h"

#include <stdio.h>

#include "base/clock.h"

/* 0x74616d6761, "tamga" */
#define TAKE_PLACE "SELECT pg_catalog.pg_advisory_xact_lock(499850766177)"

enum {
    TICK_MS = 100,
    GRACE_MS = 5000, /* a server that does not even tell of its time-out is gone */
};

/* ---- reading more than once ---- */

static enum err begin_moment(struct postgres_store *s, struct fault *fault)
{
    int64_t until = clock_monotonic_us() + INT64_C(1000) * s->base.patience_ms;
    enum err err;
    do {
        err = pg_link(s, until, fault);
        if (!err)
            err = pg_text(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, fault);
    } while (err == ERR_STORE_AWAY && clock_monotonic_us() < until);
    return err;
}

static void end_transaction(struct postgres_store *s)
{
    s->in = PG_OUTSIDE;
    s->has_block = false;
    /* What was queued is rolled back, too, whatever became of it. */
    if (!s->db || (s->queued && pg_settle(s, NULL) != ERR_OK && !s->db))
        return;
    if (pg_text(s, "ROLLBACK", NULL, NULL) != ERR_OK)
        pg_disconnect(s);
}

enum err pg_moment_begin(struct postgres_store *s, bool *out_own, struct fault *fault)
{
    *out_own = s->in == PG_OUTSIDE;
    enum err err = *out_own ? begin_moment(s, fault) : ERR_OK;
    if (!err && *out_own)
        s->in = PG_READING;
    return err;
}

enum err pg_moment_end(struct postgres_store *s, bool own, enum err err)
{
    if (own)
        end_transaction(s);
    return err;
}

enum err postgres_read_begin(struct store *store, struct fault *fault)
{
    struct store_head head; /* the first read of a transaction says which moment it is */
    struct postgres_store *s = postgres_of(store);
    bool own;
    enum err err = pg_moment_begin(s, &own, fault);
    if (err)
        return err;
    err = postgres_head(store, &head, fault);
    if (err)
        end_transaction(s);
    return err;
}

void postgres_read_end(struct store *store)
{
    end_transaction(postgres_of(store));
}

/* ---- the line ---- */

/* Reads what "BEGIN; take the place" answers, telling the waiting one meanwhile. The server gives up
 * when the patience ends (lock_timeout); a silent server a little later. */
static enum err stand_in_line(struct postgres_store *s, struct patience *patience, pid_t *holder,
                              struct fault *fault)
{
    PGresult *result;
    enum err err = ERR_OK;
    bool late = false;
    while ((result = pg_next_within(s, TICK_MS, &late)) || late) {
        if (late && patience_tells(patience))
            *holder = pg_holder(s);
        if (late && !patience_tick(patience, *holder) &&
            clock_monotonic_us() > patience->give_up_us + INT64_C(1000) * GRACE_MS)
            pg_disconnect(s);
        ExecStatusType status = result ? s->pq->PQresultStatus(result) : PGRES_COMMAND_OK;
        if (!err && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            err = pg_fault(s, result, fault);
        s->pq->PQclear(result);
    }
    return !err && !s->db ? pg_fault(s, NULL, fault) : err;
}

static enum err take_place(struct postgres_store *s, struct patience *patience, struct fault *fault)
{
    char sql[160];
    pid_t holder = 0;
    int64_t ms = (patience->give_up_us - clock_monotonic_us()) / 1000;
    snprintf(sql, sizeof sql, "BEGIN; SET LOCAL lock_timeout = %lld; " TAKE_PLACE,
             (long long)(ms > 1 ? ms : 1)); /* 0 would be for ever */
    if (!s->pq->PQsendQuery(s->db, sql))
        return pg_fault(s, NULL, fault);
    enum err err = stand_in_line(s, patience, &holder, fault);
    if (!err)
        return ERR_OK;
    end_transaction(s);
    return err == ERR_STORE_BUSY ? fault_set(fault, ERR_STORE_BUSY,
                                             "process %d has been writing too long", (int)holder)
                                 : err;
}

enum err postgres_write_begin(struct store *store, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    struct patience patience =
        patience_begin(store->patience_ms, store->on_wait, store->on_wait_ctx);
    enum err err;
    if (s->in != PG_OUTSIDE)
        return fault_set(fault, ERR_STORE, "a scan is going on: no write begins in its callback");
    do {
        err = pg_link(s, patience.give_up_us, fault);
        if (!err)
            err = take_place(s, &patience, fault);
    } while (err == ERR_STORE_AWAY && clock_monotonic_us() < patience.give_up_us);
    if (err)
        return err;
    s->in = PG_WRITING;
    s->has_block = false;
    return ERR_OK;
}

/* ---- the end ---- */

/* COMMIT, and whatever was queued, in one go. Its time-out is off: it would end a wait for the standby,
 * which PostgreSQL then calls done. */
static enum err commit_queued(struct postgres_store *s, bool *out_sent, struct fault *fault)
{
    s->warned = *out_sent = false;
    enum err err = pg_queue(s, PG_NO_TIMEOUT, NULL, fault);
    if (!err)
        err = pg_queue(s, PG_COMMIT, NULL, fault);
    *out_sent = !err;
    if (!err)
        err = pg_settle(s, fault);
    if (!err)
        s->in = PG_OUTSIDE;
    return err;
}

/* Does the block of the write whose answer was lost stand in the journal, and on the standby, too? The
 * locked head makes this a transaction of its own, and its commit waits for the standby as the lost
 * one did: what is acknowledged here is where it should be. */
static enum err block_stands(struct postgres_store *s, bool *out, struct fault *fault)
{
    struct pg_args args = {0};
    PGresult *rows = NULL;
    uint8_t hash[SHA256_BYTES];
    bool sent;
    arg_u64(&args, s->block_seq);
    s->in = PG_WRITING; /* a break here must not run it outside of the place */
    enum err err = pg_run(s, PG_HEAD_LOCK, NULL, NULL, NULL, fault);
    if (!err)
        err = pg_run(s, PG_BLOCK_HASH, &args, &rows, NULL, fault);
    bool stands = !err && rows_of(s, rows) == 1 && row_exact(s, rows, 0, 0, hash, sizeof hash) &&
                  memcmp(hash, s->block_hash, sizeof hash) == 0;
    s->pq->PQclear(rows);
    if (!err)
        err = commit_queued(s, &sent, fault);
    if (!err)
        *out = stands && !s->warned;
    return err;
}

static enum err settle_commit(struct postgres_store *s, struct fault *fault)
{
    struct patience patience = patience_begin(s->base.patience_ms, NULL, NULL);
    bool stands = false, has_block = s->has_block;
    enum err err = ERR_STORE_AWAY;
    while (has_block && err == ERR_STORE_AWAY && clock_monotonic_us() < patience.give_up_us) {
        err = pg_link(s, patience.give_up_us, fault);
        if (!err)
            err = take_place(s, &patience, fault);
        if (!err)
            err = block_stands(s, &stands, fault);
    }
    if (s->in != PG_OUTSIDE)
        end_transaction(s);
    s->has_block = false;
    if (!err && stands)
        return ERR_OK;
    return fault_set(fault, ERR_STORE_AWAY,
                     !has_block ? "%s: the connection was lost in a commit: look whether it was "
                                  "written before you do it again"
                     : err ? "%s: the connection was lost in a commit and cannot be made again: "
                             "whether it was written is not known"
                           : "%s: the connection was lost before the commit: nothing was "
                             "written, or on one machine alone",
                     s->shown);
}

enum err postgres_write_commit(struct store *store, struct fault *fault)
{
    struct postgres_store *s = postgres_of(store);
    bool sent;
    enum err err = commit_queued(s, &sent, fault);
    if (err == ERR_STORE_AWAY && sent)
        return settle_commit(s, fault);
    if (err)
        return err;
    s->has_block = false;
    if (s->warned) /* it stopped waiting for the standby: written here, but perhaps nowhere else */
        return fault_set(fault, ERR_STORE,
                         "%s: written, but the server stopped waiting for its standby: not "
                         "acknowledged",
                         s->shown);
    return ERR_OK;
}

void postgres_write_rollback(struct store *store)
{
    struct postgres_store *s = postgres_of(store);
    s->room_to = 0;
    if (s->in == PG_WRITING)
        end_transaction(s);
}
