/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of one line in and out, TLS between. Fewer bytes than asked for mean that there are no more,
 * so no read is made to hear EAGAIN. */
#include "wire/worker.h"

#include <errno.h>

#include "wire/sctp.h"

/* Plain bytes that can come of a read beyond its ciphertext: a record that was unfinished before
 * (RFC 8446 5.2: 16 kB and 256 bytes; RFC 5246 6.2.3: 2048). */
enum { TLS_ROOM = 16384 + 2048 + 5 };

/* Up to n bytes from the socket. 0: there are none now, it is read to the end, or it is dead. */
static size_t receive(struct conn *conn, uint8_t *p, size_t n)
{
    if (!conn->readable)
        return 0;
    bool whole = false;
    ssize_t got = conn->from->sctp ? sctp_receive(conn->fd, p, n, &whole) : recv(conn->fd, p, n, 0);
    if (got > 0) {
        conn->midst = !whole;
        count(&conn->worker->counts.bytes_in, (uint64_t)got);
        /* SCTP gives one message at a time. */
        if ((size_t)got < n && !conn->ended && !conn->from->sctp)
            conn->readable = false;
        return (size_t)got;
    }
    if (got < 0 && errno == EINTR)
        return 0;
    conn->readable = false;
    if (got == 0)
        conn->eof = true;
    else if (errno != EAGAIN)
        conn_drop(conn, NULL);
    return 0;
}

void conn_tls_lost(struct conn *conn)
{
    char why[160];
    snprintf(why, sizeof why, "tls: %s", tls_why(conn->tls));
    conn->line.out.n = 0;
    conn_dismiss(conn, why);
}

bool conn_fill(struct conn *conn)
{
    if (!conn->tls->in_n) {
        conn->tls->in = conn->worker->cipher_in;
        conn->tls->in_n = receive(conn, conn->worker->cipher_in, LIMIT_WIRE_READ);
    }
    return conn->tls->in_n > 0;
}

size_t conn_read(struct conn *conn, uint8_t *p)
{
    size_t n = 0;
    if (!conn->tls)
        return receive(conn, p, LIMIT_WIRE_READ);
    if (!conn_fill(conn))
        return 0;
    enum tls_step step = tls_read(conn->tls, p, LIMIT_WIRE_READ + TLS_ROOM, &n);
    conn->tls->in_n = 0;
    if (step == TLS_FAILED) {
        conn_tls_lost(conn);
        return 0;
    }
    if (step == TLS_END)
        conn->eof = true;
    return n;
}

/* One message of SCTP after the other; the bytes that were taken, or -1. */
static ssize_t send_frames(const struct conn *conn, const struct buf *b)
{
    size_t at = 0;
    while (at < b->n) {
        const struct line_face *face = conn->line.face;
        size_t n = face->frame ? face->frame(b->p + at, b->n - at) : 0;
        if (n == 0 || n > b->n - at)
            n = b->n - at;
        bool overtakes = face->overtakes && face->overtakes(b->p + at, n);
        ssize_t sent = sctp_send(conn->fd, b->p + at, n, conn->from->sctp_ppid, overtakes);
        if (sent < 0)
            return at ? (ssize_t)at : sent;
        at += (size_t)sent;
    }
    return (ssize_t)at;
}

/* By when must what waits have been taken? The bytes that wait at one moment, not all that follow:
 * a line that is always behind but moves is kept. */
static void owe(struct conn *conn, size_t sent)
{
    size_t waiting = conn_waiting(conn);
    conn->owed = sent < conn->owed ? conn->owed - sent : 0;
    if (conn->owed || !waiting)
        return;
    conn->owed = waiting;
    conn->owed_us = conn->worker->now_us;
    conn->moved = true;
}

void conn_flush(struct conn *conn)
{
    struct buf *b = &conn->line.out;
    if (b->failed) {
        conn_drop(conn, "no memory");
        return;
    }
    if (conn->tls) {
        if (b->n && !conn->tls->failed && !tls_write(conn->tls, b->p, b->n)) {
            conn_tls_lost(conn);
            return;
        }
        b->n = 0;
        b = &conn->tls->cipher;
    }
    if (!b->n)
        return;
    ssize_t sent = 0;
    if (conn->writable)
        do
            sent =
                conn->from->sctp ? send_frames(conn, b) : send(conn->fd, b->p, b->n, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN) {
        conn_drop(conn, NULL);
        return;
    }
    size_t n = sent > 0 ? (size_t)sent : 0;
    count(&conn->worker->counts.bytes_out, n);
    if (n < b->n) {
        conn->writable = false;
        memmove(b->p, b->p + n, b->n - n);
    }
    b->n -= n;
    owe(conn, n);
}
