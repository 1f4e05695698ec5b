/* SPDX-License-Identifier: Apache-2.0
 *
 * How a line ends. Where something was still said to it, the socket is shut for sending alone and
 * what comes is thrown away for a while: a close with bytes unread would take our last words back
 * (RFC 9112 9.6 tells of it for HTTP; it is so for all of TCP). */
#include "wire/worker.h"

#include <errno.h>
#include <unistd.h>

void conn_tell(const struct conn *conn, const char *why)
{
    const struct engine_options *options = &conn->worker->engine->options;
    if (options->dropped)
        options->dropped(options->ctx, &conn->line, why);
}

static void leave_face(struct conn *conn)
{
    if (conn->state == CONN_OPEN)
        conn->line.face->close(&conn->line);
    conn->line.state = NULL;
    free(conn->rest);
    conn->rest = NULL;
    conn->rest_n = 0;
    ring_leave(&conn->young);
}

static void end(struct conn *conn)
{
    struct worker *worker = conn->worker;
    int64_t stood_us = conn->opened_us ? worker->now_us - conn->opened_us : 0;
    conn->line.out.n = 0;
    if (conn->tls)
        conn->tls->cipher.n = 0;
    worker->held -= conn->held;
    conn->held = 0;
    close(conn->fd);
    conn->fd = -1;
    conn->state = CONN_DEAD;
    timers_set(&worker->timers, &conn->source.timer, TIMER_NEVER);
    worker_timers_less(worker);
    ring_leave(&conn->all);
    ring_leave(&conn->young);
    ring_leave(&conn->holding);
    ring_append(&worker->dead, &conn->again);
    atomic_fetch_sub_explicit(&worker->counts.lines, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&worker->engine->open, 1, memory_order_relaxed);
    if (conn->dial)
        dial_lost(conn->dial, stood_us);
}

void conn_drop(struct conn *conn, const char *why)
{
    if (conn->state == CONN_DEAD)
        return;
    if (why) {
        count(&conn->worker->counts.dropped, 1);
        conn_tell(conn, why);
    }
    leave_face(conn);
    end(conn);
}

void conn_dismiss(struct conn *conn, const char *why)
{
    if (conn->state == CONN_DEAD)
        return;
    count(&conn->worker->counts.dropped, 1);
    conn_tell(conn, why);
    conn_finish(conn);
}

/* Of SCTP a read brings one message, however small: so many a turn. */
enum { THROWN_A_TURN = 64 };

static void throw_away(struct conn *conn)
{
    for (int i = 0; i < THROWN_A_TURN && conn->readable && conn->state == CONN_LINGERING; i++) {
        ssize_t got = recv(conn->fd, conn->worker->in, LIMIT_WIRE_READ, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            end(conn);
        else if (got < 0 || (got < LIMIT_WIRE_READ && !conn->ended && !conn->from->sctp))
            conn->readable = false;
        if (got == LIMIT_WIRE_READ)
            return; /* the others' turn */
    }
}

/* All is sent: says so, waits for the other end to say the same. */
static void shut(struct conn *conn)
{
    if (conn->tls && !conn->tls->failed) {
        tls_goodbye(conn->tls);
        conn->tls->failed = true;
        conn_flush(conn);
        if (conn->state == CONN_DEAD)
            return;
    }
    if (conn->eof) {
        end(conn);
        return;
    }
    shutdown(conn->fd, SHUT_WR);
    conn->state = CONN_LINGERING;
    conn->since_us = conn->worker->now_us;
    conn->readable = true;
    ring_append(&conn->worker->young, &conn->young);
    throw_away(conn);
}

void conn_finish(struct conn *conn)
{
    if (conn->state >= CONN_SENDING)
        return;
    leave_face(conn);
    conn->state = CONN_SENDING;
    conn->since_us = conn->worker->now_us;
    conn_go_on_ending(conn);
}

void conn_go_on_ending(struct conn *conn)
{
    if (conn->state == CONN_SENDING) {
        conn_flush(conn);
        if (conn->state == CONN_SENDING && !conn_waiting(conn))
            shut(conn);
    } else if (conn->state == CONN_LINGERING) {
        throw_away(conn);
    }
}
