/* SPDX-License-Identifier: Apache-2.0
 *
 * The link to the server. Nothing here waits without an end: connecting, a statement, a server that
 * is frozen or cut off. After a failure in the connection itself the handle has none (pg_lost); the
 * next verb that stands outside of a transaction makes a new one. */
#include "store/store_postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    PAUSE_FIRST_US = 50000,
    PAUSE_MOST_US = 2000000,
};

/* Plans: every statement of ours finds its rows by an index or a partition, also while the server's
 * statistics know nothing yet of a register that grows by millions in a minute; so the plans that
 * read whole tables are switched off. A lock is waited for as long as the line of writers is. A dead
 * process is noticed while its statement still runs, so that its place and its claims are free. */
const char pg_setup[] =
    "SET search_path = tamga, pg_catalog; SET client_min_messages = warning; SET jit = off; "
    "SET statement_timeout = '120s'; SET lock_timeout = '65s'; "
    "SET idle_in_transaction_session_timeout = '10min'; "
    "SET client_connection_check_interval = '500ms'; "
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')";

static const char read_only[] = "SET default_transaction_read_only = on";

static void on_notice(void *store, const PGresult *result)
{
    struct postgres_store *s = store;
    (void)result;
    s->warned = true;
}

void pg_disconnect(struct postgres_store *s)
{
    if (s->db)
        s->pq->PQfinish(s->db);
    s->db = NULL;
    s->queued = 0;
    memset(s->prepared, 0, sizeof s->prepared);
}

/* ---- waiting ---- */

/* False: not before the deadline, or poll failed. */
static bool wait_for(int fd, short what, int64_t until_us)
{
    for (;;) {
        int64_t left = (until_us - clock_monotonic_us() + 999) / 1000;
        struct pollfd p = {.fd = fd, .events = what};
        int n = fd < 0 || left <= 0 ? 0 : poll(&p, 1, (int)left);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

/* Waits until libpq can go on, with what it still has to send or with what comes. False: too late. */
static bool wait_link(struct postgres_store *s, bool unsent, int64_t until_us, bool *out_broken)
{
    short what = unsent ? POLLIN | POLLOUT : POLLIN;
    bool came = wait_for(s->pq->PQsocket(s->db), what, until_us);
    *out_broken = came && !s->pq->PQconsumeInput(s->db);
    return came;
}

/* Is there a result, or the certainty that none comes? */
static bool ready(struct postgres_store *s, int64_t until_us)
{
    bool broken = false;
    while (!broken) { /* broken: the result is the connection's end */
        int unsent = s->pq->PQflush(s->db);
        if (unsent < 0 || !s->pq->PQisBusy(s->db))
            return true;
        if (!wait_link(s, unsent > 0, until_us, &broken))
            return false;
    }
    return true;
}

bool pg_flush(struct postgres_store *s)
{
    int64_t until = clock_monotonic_us() + INT64_C(1000) * s->answer_ms;
    bool broken = false;
    int unsent;
    while ((unsent = s->pq->PQflush(s->db)) > 0 && !broken)
        if (!wait_link(s, true, until, &broken)) {
            pg_disconnect(s);
            return false;
        }
    return unsent == 0 && !broken;
}

PGresult *pg_next_within(struct postgres_store *s, int ms, bool *out_late)
{
    *out_late = false;
    if (!s->db)
        return NULL;
    *out_late = !ready(s, clock_monotonic_us() + INT64_C(1000) * ms);
    return *out_late ? NULL : s->pq->PQgetResult(s->db);
}

PGresult *pg_next(struct postgres_store *s)
{
    bool late;
    PGresult *result = pg_next_within(s, s->answer_ms, &late);
    if (late)
        pg_disconnect(s);
    return result;
}

/* ---- errors ---- */

static bool state_is(const char *state, const char *prefix)
{
    return strncmp(state, prefix, strlen(prefix)) == 0;
}

/* Class and code: PostgreSQL 15, appendix A. */
static enum err err_of(const char *state)
{
    if (state_is(state, "53100")) /* disk_full */
        return ERR_STORE_FULL;
    if (state_is(state, "53200") || state_is(state, "54000")) /* out_of_memory */
        return ERR_MEMORY;
    if (state_is(state, "55P03") || state_is(state, "57014") || state_is(state, "40"))
        return ERR_STORE_BUSY; /* lock_timeout, statement_timeout, serialization, deadlock */
    if (state_is(state, "08") || state_is(state, "57P") || state_is(state, "25006") ||
        state_is(state, "25P03") || state_is(state, "53300"))
        return ERR_STORE_AWAY; /* gone, shutting down, not the primary any more, left idle, too many */
    return ERR_STORE;
}

/* Its first line, without "ERROR:  ". */
static struct str first_line(const char *words)
{
    struct str rest = str_z(words), line = str_split(rest, '\n', &rest);
    static const char *const heads[] = {"ERROR:  ", "FATAL:  "};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (str_starts(line, str_z(heads[i])))
            line = (struct str){line.p + strlen(heads[i]), line.n - strlen(heads[i])};
    return str_trim(line);
}

enum err pg_fault(struct postgres_store *s, const PGresult *result, struct fault *fault)
{
    const char *state = result ? s->pq->PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *severity =
        result ? s->pq->PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED) : NULL;
    /* What ends the session ends it whatever it says: FATAL, PANIC. */
    bool ends = severity && strcmp(severity, "ERROR") != 0;
    const char *words = result && s->pq->PQresultErrorMessage(result)[0]
                            ? s->pq->PQresultErrorMessage(result)
                        : s->db ? s->pq->PQerrorMessage(s->db)
                                : "the server does not answer";
    struct str line = first_line(words);
    enum err err = state && !ends ? err_of(state) : ERR_STORE_AWAY;
    err = fault_set(fault, err, "%s: PostgreSQL: %.*s%s%s%s", s->shown, (int)line.n, line.p,
                    state ? " (" : "", state ? state : "", state ? ")" : "");
    if (err == ERR_STORE_AWAY || (s->db && s->pq->PQstatus(s->db) != CONNECTION_OK))
        pg_disconnect(s);
    return err;
}

/* ---- connecting ---- */

/* The URL comes last, so that what it says itself is stronger. A writer looks for the primary among
 * the hosts that the URL names. */
static PGconn *connect_any(const struct postgres_store *s)
{
    char name[32];
    snprintf(name, sizeof name, "tamga %d", (int)getpid());
    const char *
        keys[] = {"application_name",
                  "connect_timeout", /* of each host: the blocking call alone goes on to the next */
                  "keepalives_idle",
                  "keepalives_interval",
                  "keepalives_count",
                  "tcp_user_timeout",
                  "client_encoding",
                  "target_session_attrs",
                  "dbname",
                  NULL};
    const char *values[] = {name, "5", "5", "2", "3", "10000", "UTF8", "read-write", s->url, NULL};
    return s->pq->PQconnectdbParams(keys, values, 1);
}

enum err pg_connect(struct postgres_store *s, struct fault *fault)
{
    PGconn *db = connect_any(s);
    if (!db)
        return fault_set(fault, ERR_MEMORY, "%s", s->shown);
    if (s->pq->PQstatus(db) != CONNECTION_OK) {
        struct str why = first_line(s->pq->PQerrorMessage(db));
        enum err err =
            fault_set(fault, ERR_STORE_AWAY, "%s: PostgreSQL: %.*s", s->shown, (int)why.n, why.p);
        s->pq->PQfinish(db);
        return err;
    }
    s->db = db;
    s->pq->PQsetNoticeReceiver(db, on_notice, s);
    /* So that a server that reads no more (frozen, its disk hung) holds nobody up in send(). */
    enum err err = s->pq->PQsetnonblocking(db, 1) == 0 ? pg_text(s, pg_setup, NULL, fault)
                                                       : pg_fault(s, NULL, fault);
    if (!err && s->mode == STORE_READ)
        err = pg_text(s, read_only, NULL, fault);
    if (err)
        pg_disconnect(s);
    return err;
}

static void rest(int64_t us)
{
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

enum err pg_link(struct postgres_store *s, int64_t until_us, struct fault *fault)
{
    if (s->db)
        return ERR_OK;
    for (;;) {
        int64_t wait = s->next_try_us - clock_monotonic_us();
        if (wait > 0 && s->next_try_us > until_us)
            return fault_set(fault, ERR_STORE_AWAY, "%s: the database cannot be reached", s->shown);
        if (wait > 0)
            rest(wait);
        enum err err = pg_connect(s, fault);
        if (!err)
            break;
        s->pause_us = s->pause_us ? s->pause_us * 2 : PAUSE_FIRST_US;
        s->pause_us = s->pause_us > PAUSE_MOST_US ? PAUSE_MOST_US : s->pause_us;
        s->next_try_us = clock_monotonic_us() + s->pause_us;
        if (err != ERR_STORE_AWAY || s->next_try_us > until_us)
            return err;
    }
    s->pause_us = s->next_try_us = 0;
    enum err err = pg_claim_again(s, until_us, fault);
    if (err) /* what goes on without its claims would do another's work */
        pg_disconnect(s);
    return err;
}

/* ---- plain texts ---- */

enum err pg_text(struct postgres_store *s, const char *sql, PGresult **out, struct fault *fault)
{
    if (!s->db || !s->pq->PQsendQuery(s->db, sql))
        return pg_fault(s, NULL, fault);
    enum err err = ERR_OK;
    PGresult *result, *last = NULL;
    while ((result = pg_next(s))) {
        ExecStatusType status = s->pq->PQresultStatus(result);
        if (!err && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            err = pg_fault(s, result, fault);
        s->pq->PQclear(last);
        last = result;
    }
    if (!err && !s->db)
        err = pg_fault(s, NULL, fault);
    if (out && !err)
        *out = last;
    else
        s->pq->PQclear(last);
    return err;
}

pid_t pg_holder(struct postgres_store *s)
{
    struct postgres_store look = {
        .url = s->url, .shown = s->shown, .mode = STORE_READ, .pq = s->pq, .answer_ms = 5000};
    PGresult *rows = NULL;
    int pid = 0;
    if (pg_connect(&look, NULL))
        return 0;
    /* The key's halves: PostgreSQL 15, 54.12 pg_locks. */
    enum err err = pg_text(&look,
                           "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a "
                           "USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND "
                           "l.classid = 116 AND l.objid = 1634559841 AND l.objsubid = 1 AND "
                           "l.database = (SELECT oid FROM pg_database WHERE datname = "
                           "current_database())",
                           &rows, NULL);
    if (!err && rows_of(s, rows) == 1 &&
        sscanf(s->pq->PQgetvalue(rows, 0, 0), "tamga %d", &pid) != 1)
        pid = 0;
    s->pq->PQclear(err ? NULL : rows);
    pg_disconnect(&look);
    return pid;
}
