/* SPDX-License-Identifier: Apache-2.0
 *
 * What a line keeps between its turns: bytes, a place in the rows of its worker, a time. The great
 * buffers are the worker's; a line has them for its turn, and one of its own for what is left. */
#include "wire/worker.h"

static void lend(struct buf *to, struct buf *workers)
{
    if (to->p)
        return;
    *to = (struct buf){.p = workers->p, .size = workers->size};
    *workers = (struct buf){0};
}

/* What waits gets a buffer of its size. False: no memory. */
static bool take_back(struct buf *from, struct buf *workers)
{
    if (!from->p || (from->n && workers->p))
        return true; /* it is the line's own, and still needed */
    struct buf own = {0};
    if (from->n) {
        own.p = malloc(from->n);
        if (!own.p)
            return false;
        own.n = own.size = from->n;
        memcpy(own.p, from->p, from->n);
    }
    from->n = 0;
    from->failed = false;
    if (workers->p || from->size > 4 * (size_t)LIMIT_WIRE_OUT)
        buf_release(from);
    else
        *workers = *from;
    *from = own;
    return true;
}

void conn_borrow(struct conn *conn)
{
    conn->line.worker_ctx = conn->worker->ctx;
    conn->line.now_us = conn->worker->now_us;
    lend(&conn->line.out, &conn->worker->out);
    if (conn->tls)
        lend(&conn->tls->cipher, &conn->worker->cipher);
}

size_t conn_out_max(const struct conn *conn)
{
    return conn->worker->held > conn->worker->held_max ? 0 : LIMIT_WIRE_OUT;
}

static bool has_more(const struct conn *conn)
{
    if (conn->state == CONN_OPEN)
        return (conn->readable || conn->uncalled) && conn_waiting(conn) <= conn_out_max(conn);
    return conn->readable && (conn->state == CONN_HANDSHAKE || conn->state == CONN_LINGERING);
}

/* Counts what it keeps in memory; with too much of all lines together, the one goes that has not
 * moved for the longest time. */
static void hold(struct conn *conn)
{
    struct worker *worker = conn->worker;
    size_t held = conn->rest_n + conn_waiting(conn);
    worker->held = worker->held - conn->held + held;
    conn->held = held;
    if (!held)
        ring_leave(&conn->holding);
    else if (conn->moved || ring_empty(&conn->holding))
        ring_append(&worker->holding, &conn->holding);
    conn->moved = false;
    while (worker->held > worker->held_max && !ring_empty(&worker->holding)) {
        struct ring *first = worker->holding.next;
        conn_drop((struct conn *)((char *)first - offsetof(struct conn, holding)),
                  "too many unfinished messages");
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t conn_due_us(const struct conn *conn)
{
    const struct engine_options *options = &conn->worker->engine->options;
    switch (conn->state) {
    case CONN_CALLING:
    case CONN_HANDSHAKE:
        return conn->since_us + options->handshake_us;
    case CONN_SENDING:
        return conn->since_us + options->stuck_us;
    case CONN_LINGERING:
        return conn->since_us + LIMIT_WIRE_LINGER_SECONDS * 1000000LL;
    case CONN_OPEN:
    case CONN_DEAD:
        break;
    }
    int64_t due = conn->line.wake_us > 0 ? conn->line.wake_us : TIMER_NEVER;
    if (conn->line.face->idle_us > 0)
        due = sooner(due, conn->used_us + conn->line.face->idle_us);
    if (conn->owed)
        due = sooner(due, conn->owed_us + options->stuck_us);
    return due;
}

void conn_settle(struct conn *conn)
{
    struct worker *worker = conn->worker;
    bool room = take_back(&conn->line.out, &worker->out);
    if (conn->tls)
        room = take_back(&conn->tls->cipher, &worker->cipher) && room;
    if (conn->state == CONN_DEAD)
        return;
    if (!room) {
        conn_drop(conn, "no memory");
        return;
    }
    hold(conn);
    if (conn->state == CONN_DEAD)
        return;
    int64_t due = conn_due_us(conn);
    if (due <= worker->now_us) /* once a turn at most */
        due = worker->now_us + 1;
    if (due != TIMER_NEVER && (!conn->source.timer.place || due < conn->source.timer.due_us))
        timers_set(&worker->timers, &conn->source.timer, due);
    if (has_more(conn))
        ring_append(&worker->again, &conn->again);
}
