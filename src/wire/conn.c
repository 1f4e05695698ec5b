/* SPDX-License-Identifier: Apache-2.0
 *
 * A line's beginning, and its turns: what an event, a timer or the stop makes of it.
 *
 * epoll is edge-triggered and told of a socket once: readable and writable remember what it and the
 * last call said. (Level-triggered is as fast; but it would have to be told of each line that does
 * not read and of each that does again.) A line that has more after its read goes to the end of the
 * row "again"; all that are there come once more in the next turn, together with whoever has
 * something new. */
#include "wire/worker.h"

#include <unistd.h>

enum { HANDSHAKES = 4 }; /* steps of one, in a turn of a worker */

struct conn *conn_new(int fd, const struct engine_listener *from, struct dial *dial,
                      const union socket_address *address)
{
    struct conn *conn = calloc(1, sizeof *conn + (from->sctp ? SOCKET_OWN : SOCKET_TEXT));
    if (!conn)
        return NULL;
    conn->source.kind = SOURCE_CONN;
    conn->fd = fd;
    conn->from = from;
    conn->dial = dial;
    conn->state = dial ? CONN_CALLING : CONN_HANDSHAKE;
    conn->writable = true;
    conn->line = (struct line){.face = from->face,
                               .face_ctx = from->face_ctx,
                               .tls = from->tls,
                               .ours = dial,
                               .own = {conn->own, 0},
                               .identity = STR(""),
                               .names = STR(""),
                               .address = {conn->address, 0}};
    conn->line.address.n = socket_show(address, true, conn->address);
    ring_init(&conn->all);
    ring_init(&conn->young);
    ring_init(&conn->holding);
    ring_init(&conn->again);
    return conn;
}

void conn_free(struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    tls_line_free(conn->tls);
    buf_release(&conn->line.out);
    free(conn->rest);
    free(conn);
}

static void begin_state(struct conn *conn, enum conn_state state)
{
    conn->state = state;
    conn->since_us = conn->worker->now_us;
}

/* The connection stands, TLS included: the face gets it. */
static void stands(struct conn *conn)
{
    conn->line.own.n = socket_own(conn->fd, conn->from->sctp, conn->own);
    if (conn->tls) {
        struct str rest;
        conn->line.certified = tls_names(conn->tls, &conn->line.names);
        conn->line.identity = str_split(conn->line.names, ' ', &rest);
    }
    struct worker_counts *counts = &conn->worker->counts;
    count(conn->dial ? &counts->connected : &counts->accepted, 1);
    enum err err = conn->line.face->open(&conn->line);
    if (err) {
        conn_dismiss(conn, err_name(err));
        return;
    }
    begin_state(conn, CONN_OPEN);
    conn->used_us = conn->opened_us = conn->since_us;
    conn_flush(conn);
}

/* The socket stands. */
static void begin_talk(struct conn *conn)
{
    if (!conn->from->tls) {
        stands(conn);
        return;
    }
    begin_state(conn, CONN_HANDSHAKE);
    conn->tls = tls_line_new(conn->from->tls, conn->dial);
    if (!conn->tls)
        conn_drop(conn, "no memory");
    else if (conn->dial)
        conn->readable = true; /* the first word is ours */
}

void conn_enter(struct worker *worker, struct conn *conn)
{
    conn->worker = worker;
    begin_state(conn, conn->state);
    ring_append(&worker->all, &conn->all);
    if (!conn->dial)
        ring_append(&worker->young, &conn->young);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = &conn->source};
    bool timer = worker_timers_more(worker);
    if (!timer || !worker_room(worker, conn->line.face->input_max) ||
        epoll_ctl(worker->epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
        conn_drop(conn, "no memory");
    else if (worker->stopping)
        conn_drop(conn, NULL);
    if (conn->state == CONN_DEAD)
        return;
    conn_borrow(conn);
    if (conn->state == CONN_HANDSHAKE)
        begin_talk(conn);
    conn_settle(conn);
}

/* ---- turns ---- */

static void shake_hands(struct conn *conn)
{
    if (!conn_fill(conn) && !conn->dial) {
        if (conn->eof && conn->state == CONN_HANDSHAKE)
            conn_drop(conn, "tls: it was cut off");
        return;
    }
    if (conn->state != CONN_HANDSHAKE)
        return;
    enum tls_step step = tls_handshake(conn->tls);
    if (step == TLS_DONE && !tls_protocol_agreed(conn->from->tls, conn->tls)) {
        conn_dismiss(conn, "tls: no protocol in common");
        return;
    }
    if (step == TLS_FAILED) {
        conn_tls_lost(conn);
        return;
    }
    conn_flush(conn);
    if (conn->state == CONN_HANDSHAKE && step == TLS_DONE)
        stands(conn);
    else if (conn->state == CONN_HANDSHAKE && conn->eof)
        conn_drop(conn, "tls: it was cut off");
}

/* connect came to its end. */
static void call_ended(struct conn *conn)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0) {
        begin_talk(conn);
        return;
    }
    conn_tell(conn, error ? strerrordesc_np(error) : "no connection");
    conn_drop(conn, NULL);
}

void conn_again(struct conn *conn)
{
    conn_borrow(conn);
    if (conn->state == CONN_CALLING)
        call_ended(conn);
    if (conn->state == CONN_HANDSHAKE && conn->tls)
        conn_flush(conn);
    /* A signature costs as much as hundreds of answers: others come between. What was not read stays
     * readable, so its turn comes. */
    if (conn->state == CONN_HANDSHAKE && conn->readable && conn->worker->handshakes < HANDSHAKES) {
        conn->worker->handshakes++;
        shake_hands(conn);
    }
    if (conn->state == CONN_OPEN)
        conn_serve(conn);
    else
        conn_go_on_ending(conn);
    conn_settle(conn);
}

void conn_event(struct conn *conn, uint32_t events)
{
    if (events & ~(uint32_t)EPOLLOUT)
        conn->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        conn->ended = true;
    if (events & EPOLLOUT)
        conn->writable = true;
    if (conn->state == CONN_CALLING && !(events & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
        return;
    conn_again(conn);
}

static void wake(struct conn *conn)
{
    conn->line.wake_us = 0;
    if (!conn->line.face->wake)
        return;
    conn_obey(conn, conn->line.face->wake(&conn->line));
    if (conn->state == CONN_OPEN)
        conn_flush(conn);
}

static void open_due(struct conn *conn)
{
    int64_t now_us = conn->worker->now_us;
    if (conn->owed && now_us >= conn->owed_us + conn->worker->engine->options.stuck_us)
        conn_drop(conn, "does not take what is sent");
    else if (conn->line.wake_us > 0 && now_us >= conn->line.wake_us)
        wake(conn);
    else
        conn_dismiss(conn, "idle");
}

void conn_timer(struct conn *conn)
{
    if (conn_due_us(conn) > conn->worker->now_us) { /* it was put off */
        conn_settle(conn);
        return;
    }
    conn_borrow(conn);
    switch (conn->state) {
    case CONN_CALLING:
        conn_tell(conn, "no answer");
        conn_drop(conn, NULL);
        break;
    case CONN_HANDSHAKE:
        conn_drop(conn, "tls: too slow");
        break;
    case CONN_OPEN:
        open_due(conn);
        break;
    case CONN_SENDING:
        conn_drop(conn, "does not take what is sent");
        break;
    case CONN_LINGERING:
        conn_drop(conn, NULL);
        break;
    case CONN_DEAD:
        break;
    }
    conn_settle(conn);
}

void conn_stop(struct conn *conn)
{
    conn_borrow(conn);
    if (conn->state == CONN_CALLING || conn->state == CONN_HANDSHAKE)
        conn_drop(conn, NULL);
    if (conn->state == CONN_OPEN) {
        conn->readable = true; /* what came and was not told yet is answered, too */
        conn_serve(conn);
    }
    if (conn->state == CONN_OPEN) {
        enum line_next next = LINE_CLOSE;
        if (conn->line.face->stop)
            next = conn->line.face->stop(&conn->line);
        conn_obey(conn, next);
    }
    if (conn->state == CONN_OPEN)
        conn_flush(conn);
    conn_settle(conn);
}
