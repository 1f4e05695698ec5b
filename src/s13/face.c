/* SPDX-License-Identifier: Apache-2.0
 *
 * face - bytes of a line become messages: ECRs go to the requests, others to the peer machine. */
#include <stdlib.h>

#include "s13/diameter_base.h"
#include "s13/peer.h"
#include "s13/requests.h"

static void s13_close(struct line *line)
{
    struct peer *peer = line->state;
    if (!peer)
        return;
    if (peer->entry)
        peer_tell(line, S13_CLOSED, 0);
    peers_leave(&peer->own->peers, peer->entry);
    free(peer);
    line->state = NULL;
}

static enum err s13_open(struct line *line)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return ERR_MEMORY;
    peer->own = line->face_ctx;
    peer->asker.face = NETWORK_S13;
    peer->state = line->ours ? PEER_WAIT_CEA : PEER_WAIT_CER;
    peer->hop_by_hop = (uint32_t)line->now_us; /* any beginning is good: RFC 6733 3 */
    peer->armed_us = peer->refilled_us = line->now_us;
    peer->allowance = peer->own->rate_max;
    peer->wait_us = LIMIT_DIAMETER_CER_SECONDS * 1000000LL;
    line->wake_us = line->now_us + peer->wait_us;
    line->state = peer;
    if (line->ours)
        cer_write(&line->out, peer->own, line->own, peer->hop_by_hop++);
    if (!line->out.failed)
        return ERR_OK;
    s13_close(line);
    return ERR_MEMORY;
}

static bool is_doomed(const struct peer *peer)
{
    return peer->entry && atomic_load_explicit(&peer->entry->doomed, memory_order_relaxed);
}

/* A second's worth of requests at most, a second's worth in a second. */
static void refill(struct peer *peer, int64_t now_us)
{
    unsigned most = peer->own->rate_max;
    uint64_t passed = (uint64_t)(now_us - peer->refilled_us);
    if (!most)
        return;
    uint64_t more = passed >= 1000000 ? most : passed * most / 1000000;
    if (!more)
        return; /* what has passed counts the next time */
    peer->refilled_us = now_us;
    uint64_t sum = peer->allowance + more;
    peer->allowance = sum < most ? (unsigned)sum : most;
}

static bool allows(struct peer *peer)
{
    if (!peer->own->rate_max)
        return true;
    if (!peer->allowance)
        return false;
    peer->allowance--;
    return true;
}

/* Nothing behind this header can be told apart: the last answer. */
static enum line_next unframed(struct line *line, const uint8_t *message, size_t n)
{
    struct peer *peer = line->state;
    struct diameter_header header = diameter_header_of(message);
    bool version = header.version == DIAMETER_VERSION;
    bool cer = header.command == DIAMETER_CE && peer->state == PEER_WAIT_CER;
    bool answered = header.flags & DIAMETER_REQUEST && (peer_serves(peer) || cer);
    peer_tell(line, S13_FAULTY, 0);
    if (!answered || n < DIAMETER_HEADER)
        return LINE_DROP;
    /* Of the header alone: its AVPs are not to be believed. */
    uint8_t head[DIAMETER_HEADER];
    memcpy(head, message, sizeof head);
    put_be32(head, (uint32_t)DIAMETER_VERSION << 24 | DIAMETER_HEADER);
    struct diameter_fault fault =
        fault_alone(version ? DIAMETER_INVALID_MESSAGE_LENGTH : DIAMETER_UNSUPPORTED_VERSION);
    error_answer(&line->out, peer->own, head, &fault);
    network_refused(line->worker_ctx, &peer->asker, fault.result);
    return LINE_CLOSE;
}

/* Is the header one of a message that may come now? */
static bool is_framed(const struct peer *peer, const uint8_t *p)
{
    uint32_t word = get_be32(p), n = word & 0xffffff;
    bool known = peer->state != PEER_WAIT_CER && peer->state != PEER_WAIT_CEA;
    size_t most = known ? peer->own->message_max : LIMIT_DIAMETER_CER;
    return word >> 24 == DIAMETER_VERSION && n >= DIAMETER_HEADER && n % 4 == 0 && n <= most;
}

/* One whole message. */
static enum line_next take(struct line *line, struct requests *requests,
                           const struct requests_to *to, const uint8_t *message, size_t n)
{
    struct peer *peer = line->state;
    if (!ecr_is(message) || !peer_serves(peer)) {
        requests_answer(requests, to);
        return peer_step(line, peer_event_of(message), message);
    }
    if (peer->state == PEER_SUSPECT)
        peer->state = PEER_ASKED; /* as any message does: the table of peer.c */
    if (allows(peer)) {
        requests_take(requests, to, message, n);
    } else {
        struct diameter_fault busy = fault_alone(DIAMETER_TOO_BUSY);
        requests_answer(requests, to);
        error_answer(&line->out, peer->own, message, &busy);
        network_refused(to->desk, to->asker, busy.result);
    }
    return LINE_ON;
}

static enum line_next s13_input(struct line *line, const uint8_t *p, size_t n, size_t *out_used)
{
    struct peer *peer = line->state;
    struct requests requests;
    const struct requests_to to = {peer->own, line->worker_ctx, &peer->asker, &line->out};
    enum line_next next = LINE_ON;
    size_t at = 0;
    requests.n = requests.bytes = 0;
    *out_used = n;
    if (is_doomed(peer))
        return LINE_DROP;
    refill(peer, line->now_us);
    while (next == LINE_ON && n - at >= DIAMETER_HEADER) {
        size_t bytes = get_be32(p + at) & 0xffffff;
        if (!is_framed(peer, p + at) || (line->whole && bytes > n - at)) {
            requests_answer(&requests, &to);
            next = unframed(line, p + at, n - at);
            at = n;
            break;
        }
        if (bytes > n - at)
            break;
        next = take(line, &requests, &to, p + at, bytes);
        at += bytes;
    }
    requests_answer(&requests, &to);
    if (at && next == LINE_ON)
        peer_heard(line);
    *out_used = at;
    return line->out.failed ? LINE_DROP : next;
}

/* RFC 6733 2.1.1 wants answers not to wait for one that was lost. What opens and closes comes in order. */
static bool s13_overtakes(const uint8_t *p, size_t n)
{
    return n >= DIAMETER_HEADER && diameter_header_of(p).application == DIAMETER_S13;
}

static size_t s13_frame(const uint8_t *p, size_t n)
{
    return n < DIAMETER_HEADER ? 0 : get_be32(p) & 0xffffff;
}

static enum line_next s13_wake(struct line *line)
{
    struct peer *peer = line->state;
    int64_t due_us = peer->armed_us + peer->wait_us;
    if (is_doomed(peer))
        return LINE_DROP;
    if (line->now_us < due_us) {
        line->wake_us = due_us;
        return LINE_ON;
    }
    enum line_next next = peer_step(line, PEER_TIME, NULL);
    return line->out.failed ? LINE_DROP : next;
}

static enum line_next s13_stop(struct line *line)
{
    enum line_next next = peer_step(line, PEER_STOP, NULL);
    return line->out.failed ? LINE_DROP : next;
}

const struct line_face s13_face = {
    .name = "s13",
    .input_max = LIMIT_DIAMETER_MESSAGE,
    .idle_us = 0, /* the watchdog sees to it */
    .open = s13_open,
    .input = s13_input,
    .wake = s13_wake,
    .stop = s13_stop,
    .close = s13_close,
    .frame = s13_frame,
    .overtakes = s13_overtakes,
};
