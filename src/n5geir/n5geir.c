/* SPDX-License-Identifier: Apache-2.0
 *
 * n5geir - the line's side: how a connection begins, how long it may be silent, how it ends. */
#include "n5geir/n5geir.h"

#include <assert.h>

#include "base/limits.h"
#include "n5geir/session.h"

#define SECONDS_US(n) ((int64_t)(n)*1000000)

struct peer {
    struct session session;
    enum { BEFORE, UP, NOTICED, LEAVING } state; /* of the goodbye: one GOAWAY, both */
};

static enum err peer_open(struct line *line)
{
    const struct n5g_settings *settings = line->face_ctx;
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return ERR_MEMORY;
    peer->session.line = line;
    peer->session.root = settings->root;
    peer->session.guard = settings->guard;
    peer->session.asker = (struct network_asker){
        .origin = line->identity.n ? line->identity : line->address,
        .face = NETWORK_N5G,
    };
    line->state = peer;
    line->wake_us = line->now_us + SECONDS_US(LIMIT_N5G_REQUEST_SECONDS);
    return ERR_OK;
}

/* RFC 9113 3.4: what a client says first. */
static const struct str preface = {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24};

/* Somebody who begins in another way. To HTTP/1 we can say so. */
static enum line_next stranger(struct line *line, const uint8_t *p)
{
    if (*p < 'A' || *p > 'Z')
        return LINE_DROP;
    buf_str(&line->out, STR("HTTP/1.1 505 HTTP Version Not Supported\r\n"
                            "connection: close\r\ncontent-type: text/plain\r\n"
                            "content-length: 37\r\n\r\n"
                            "This is HTTP/2, by prior knowledge.\r\n"));
    const struct peer *peer = line->state;
    network_refused(line->worker_ctx, &peer->session.asker, 505);
    return LINE_CLOSE;
}

/* While a request is not whole or its answer not taken, the client has less time. */
static int64_t patience_us(const struct session *s)
{
    return s->open ? s->progress_us + SECONDS_US(LIMIT_N5G_REQUEST_SECONDS)
                   : s->heard_us + SECONDS_US(LIMIT_N5G_IDLE_SECONDS);
}

/* What is under way is answered, what comes from now on is not (RFC 9113 6.8). */
static bool leave(struct peer *peer)
{
    nghttp2_session *h2 = peer->session.h2;
    struct line *line = peer->session.line;
    peer->state = LEAVING;
    line->wake_us = line->now_us + SECONDS_US(LIMIT_N5G_REQUEST_SECONDS);
    return nghttp2_submit_goaway(h2, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h2),
                                 NGHTTP2_NO_ERROR, NULL, 0) == 0 &&
           session_output(&peer->session);
}

/* Its number among the counters. */
static void number(struct line *line, struct session *s)
{
    const struct n5g_settings *settings = line->face_ctx;
    if (settings->number)
        s->asker.peer = settings->number(settings->number_ctx, s->asker.origin, !line->identity.n);
}

static enum line_next peer_input(struct line *line, const uint8_t *p, size_t n, size_t *out_used)
{
    struct peer *peer = line->state;
    struct session *s = &peer->session;
    *out_used = 0;
    if (!n)
        return LINE_ON;
    if (peer->state == BEFORE) {
        if (memcmp(p, preface.p, n < preface.n ? n : preface.n) != 0) {
            *out_used = n;
            return stranger(line, p);
        }
        if (n < preface.n)
            return LINE_ON;
        if (session_begin(s) != ERR_OK)
            return LINE_DROP;
        number(line, s);
        peer->state = UP;
    }
    *out_used = n;
    if (!session_input(s, p, n))
        return LINE_CLOSE;
    if (peer->state == NOTICED && s->echoed)
        return leave(peer) ? LINE_ON : LINE_CLOSE;
    int64_t due = patience_us(s);
    if (peer->state == UP && due < line->wake_us)
        line->wake_us = due;
    return LINE_ON;
}

static enum line_next peer_wake(struct line *line)
{
    struct peer *peer = line->state;
    if (peer->state == BEFORE)
        return LINE_CLOSE;
    if (peer->state == NOTICED)
        return leave(peer) ? LINE_ON : LINE_CLOSE;
    if (peer->state == LEAVING)
        return LINE_CLOSE;
    int64_t due = patience_us(&peer->session);
    if (due > line->now_us) {
        line->wake_us = due;
        return LINE_ON;
    }
    leave(peer);
    return LINE_CLOSE;
}

static enum line_next peer_stop(struct line *line)
{
    struct peer *peer = line->state;
    if (peer->state == BEFORE)
        return LINE_CLOSE;
    if (peer->state != UP)
        return LINE_ON;
    /* Requests that cross the first GOAWAY are still taken; the echo tells that no more can. */
    peer->state = NOTICED;
    peer->session.echoed = false;
    line->wake_us = line->now_us + (int64_t)LIMIT_N5G_GOODBYE_MS * 1000;
    nghttp2_session *h2 = peer->session.h2;
    bool good = !nghttp2_submit_shutdown_notice(h2) && session_output(&peer->session) &&
                !nghttp2_submit_ping(h2, NGHTTP2_FLAG_NONE, NULL) && session_output(&peer->session);
    return good ? LINE_ON : LINE_CLOSE;
}

static void peer_close(struct line *line)
{
    struct peer *peer = line->state;
    if (!peer)
        return;
    session_release(&peer->session);
    free(peer);
    line->state = NULL;
}

const struct line_face n5g_face = {
    .name = "n5g",
    .input_max = 64,
    .open = peer_open,
    .input = peer_input,
    .wake = peer_wake,
    .stop = peer_stop,
    .close = peer_close,
};
