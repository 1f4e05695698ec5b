/* SPDX-License-Identifier: Apache-2.0
 *
 * What the face does with a line's bytes: read once, let it answer all of it, send once. */
#include "wire/worker.h"

#include <assert.h>

void conn_obey(struct conn *conn, enum line_next next)
{
    if (next == LINE_DROP)
        conn_drop(conn, "refused by its face");
    else if (next == LINE_CLOSE)
        conn_finish(conn);
}

/* Puts n bytes to the face, as far as it uses them. Returns how many; the line may be closed then. */
static size_t put(struct conn *conn, const uint8_t *p, size_t n)
{
    struct line *line = &conn->line;
    size_t at = 0, used = 1;
    enum line_next next = LINE_ON;
    conn->uncalled = false;
    while (at < n && used && next == LINE_ON) {
        if (conn_waiting(conn) > conn_out_max(conn)) {
            conn_flush(conn);
            if (conn->state != CONN_OPEN)
                return at;
            conn->uncalled = conn_waiting(conn) > conn_out_max(conn);
            if (conn->uncalled)
                break;
        }
        size_t before = line->out.n;
        used = 0;
        next = line->face->input(line, p + at, n - at, &used);
        assert(used <= n - at);
        at += used;
        if (used && !conn->answered && line->out.n > before) {
            conn->answered = true;
            ring_leave(&conn->young);
        }
    }
    if (at) {
        conn->used_us = conn->worker->now_us;
        conn->moved = true;
    }
    conn_obey(conn, next);
    return at;
}

static void keep_rest(struct conn *conn, const uint8_t *p, size_t n)
{
    if (n > conn->line.face->input_max && !conn->uncalled) {
        conn_dismiss(conn, "too long a message");
        return;
    }
    if (n && conn->line.whole && !conn->uncalled) {
        conn_dismiss(conn, "a message that is not whole");
        return;
    }
    if (n != conn->rest_n) {
        free(conn->rest);
        conn->rest = n ? malloc(n) : NULL;
        conn->rest_n = n;
        if (n && !conn->rest) {
            conn->rest_n = 0;
            conn_drop(conn, "no memory");
            return;
        }
    }
    if (n)
        memcpy(conn->rest, p, n);
}

static void take(struct conn *conn)
{
    uint8_t *in = conn->worker->in;
    size_t n = conn->rest_n;
    if (n)
        memcpy(in, conn->rest, n);
    /* A message of SCTP is not put behind one that the face has not seen to its end. */
    if (n <= conn->line.face->input_max && !(conn->from->sctp && conn->uncalled))
        n += conn_read(conn, in + n);
    conn->line.whole = conn->from->sctp && !conn->midst;
    if (conn->state != CONN_OPEN || (n == conn->rest_n && !conn->uncalled))
        return;
    size_t used = put(conn, in, n);
    if (conn->state == CONN_OPEN)
        keep_rest(conn, in + used, n - used);
}

void conn_serve(struct conn *conn)
{
    if (conn_waiting(conn))
        conn_flush(conn);
    /* What follows a handshake stands in the worker's buffer: it cannot wait. */
    bool at_hand = conn->tls && conn->tls->in_n;
    if (conn->state == CONN_OPEN && (at_hand || conn_waiting(conn) <= conn_out_max(conn)))
        take(conn);
    if (conn->state == CONN_OPEN)
        conn_flush(conn);
    if (conn->state == CONN_OPEN && conn->eof && !conn->uncalled)
        conn_finish(conn);
}
