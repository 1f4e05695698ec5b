/* SPDX-License-Identifier: Apache-2.0
 *
 * peer - the table of states, and what is done in each.
 *
 * The table follows RFC 6733 5.6 (R- and I- are told apart by line->ours) with the watchdog of
 * RFC 3539 3.4.1. Two things are left out on purpose. REOPEN: it protects who sends requests to a
 * peer that came back; we send none, and answer on the connection that asks. Failover: the same. */
#include "s13/peer.h"

#include "base/mix.h"
#include "s13/diameter_base.h"

enum act {
    DROP,   /* close at once */
    REFUSE, /* the same, and somebody is told that it never opened */
    ADMIT,  /* judge a CER, answer it, open */
    AGAIN,  /* a CER on an open connection */
    JOIN,   /* judge a CEA, open */
    ALIVE,  /* answer a DWR */
    HEARD,  /* a DWA: of our DWR? */
    LEAVE,  /* answer a DPR, let the name go */
    LEFT,   /* a DPA: close */
    REJECT, /* a request that is no good ECR */
    IGNORE,
    ASK,     /* send a DWR */
    DOUBT,   /* it was silent: wait once more */
    GIVE_UP, /* and close */
    GOODBYE, /* send a DPR */
    CLOSE,
};

static const struct {
    uint8_t act, next;
} table[PEER_STATES][PEER_EVENTS] = {
    [PEER_WAIT_CER] = {[PEER_CER] = {ADMIT, PEER_OPEN},
                       [PEER_CEA... PEER_TIME] = {REFUSE, PEER_WAIT_CER},
                       [PEER_STOP] = {DROP, PEER_WAIT_CER}},
    [PEER_WAIT_CEA] = {[PEER_CER] = {REFUSE, PEER_WAIT_CEA},
                       [PEER_CEA] = {JOIN, PEER_OPEN},
                       [PEER_DWR... PEER_TIME] = {REFUSE, PEER_WAIT_CEA},
                       [PEER_STOP] = {DROP, PEER_WAIT_CEA}},
    [PEER_OPEN] = {[PEER_CER] = {AGAIN, PEER_OPEN},
                   [PEER_CEA] = {IGNORE, PEER_OPEN},
                   [PEER_DWR] = {ALIVE, PEER_OPEN},
                   [PEER_DWA] = {IGNORE, PEER_OPEN},
                   [PEER_DPR] = {LEAVE, PEER_LEFT},
                   [PEER_DPA] = {IGNORE, PEER_OPEN},
                   [PEER_REQUEST] = {REJECT, PEER_OPEN},
                   [PEER_ANSWER] = {IGNORE, PEER_OPEN},
                   [PEER_TIME] = {ASK, PEER_ASKED},
                   [PEER_STOP] = {GOODBYE, PEER_LEAVING}},
    [PEER_ASKED] = {[PEER_CER] = {AGAIN, PEER_ASKED},
                    [PEER_CEA] = {IGNORE, PEER_ASKED},
                    [PEER_DWR] = {ALIVE, PEER_ASKED},
                    [PEER_DWA] = {HEARD, PEER_ASKED},
                    [PEER_DPR] = {LEAVE, PEER_LEFT},
                    [PEER_DPA] = {IGNORE, PEER_ASKED},
                    [PEER_REQUEST] = {REJECT, PEER_ASKED},
                    [PEER_ANSWER] = {IGNORE, PEER_ASKED},
                    [PEER_TIME] = {DOUBT, PEER_SUSPECT},
                    [PEER_STOP] = {GOODBYE, PEER_LEAVING}},
    [PEER_SUSPECT] = {[PEER_CER] = {AGAIN, PEER_ASKED},
                      [PEER_CEA] = {IGNORE, PEER_ASKED},
                      [PEER_DWR] = {ALIVE, PEER_ASKED},
                      [PEER_DWA] = {HEARD, PEER_ASKED},
                      [PEER_DPR] = {LEAVE, PEER_LEFT},
                      [PEER_DPA] = {IGNORE, PEER_ASKED},
                      [PEER_REQUEST] = {REJECT, PEER_ASKED},
                      [PEER_ANSWER] = {IGNORE, PEER_ASKED},
                      [PEER_TIME] = {GIVE_UP, PEER_SUSPECT},
                      [PEER_STOP] = {GOODBYE, PEER_LEAVING}},
    [PEER_LEAVING] = {[PEER_CER... PEER_CEA] = {IGNORE, PEER_LEAVING},
                      [PEER_DWR] = {ALIVE, PEER_LEAVING},
                      [PEER_DWA] = {IGNORE, PEER_LEAVING},
                      [PEER_DPR] = {LEAVE, PEER_LEAVING},
                      [PEER_DPA] = {LEFT, PEER_LEAVING},
                      [PEER_REQUEST] = {REJECT, PEER_LEAVING},
                      [PEER_ANSWER] = {IGNORE, PEER_LEAVING},
                      [PEER_TIME] = {CLOSE, PEER_LEAVING},
                      [PEER_STOP] = {IGNORE, PEER_LEAVING}},
    [PEER_LEFT] = {[PEER_CER... PEER_ANSWER] = {IGNORE, PEER_LEFT},
                   [PEER_TIME... PEER_STOP] = {CLOSE, PEER_LEFT}},
};

/* ---- time ---- */

static void arm(struct line *line, int64_t wait_us)
{
    struct peer *peer = line->state;
    peer->armed_us = line->now_us;
    peer->wait_us = wait_us;
    line->wake_us = line->now_us + wait_us;
}

/* Tw, with two seconds of chance to either side, so that peers do not ask in step. */
static void arm_watchdog(struct line *line)
{
    struct peer *peer = line->state;
    const int64_t jitter_us = 2000000;
    uint64_t chance = mix64((uint64_t)line->now_us ^ (uint64_t)peer->hop_by_hop << 32);
    arm(line, peer->own->tw_us - jitter_us + (int64_t)mix_range(chance, 2 * jitter_us + 1));
}

static bool is_watched(const struct peer *peer)
{
    return peer->state == PEER_OPEN || peer->state == PEER_ASKED || peer->state == PEER_SUSPECT;
}

/* line->wake_us stays: when it passes, s13_wake sees that there is more time. */
void peer_heard(struct line *line)
{
    struct peer *peer = line->state;
    if (is_watched(peer))
        peer->armed_us = line->now_us;
    if (peer->entry)
        atomic_store_explicit(&peer->entry->heard_us, line->now_us, memory_order_relaxed);
}

bool peer_serves(const struct peer *peer)
{
    return is_watched(peer) || peer->state == PEER_LEAVING;
}

/* ---- opening ---- */

void peer_tell(const struct line *line, enum s13_event event, unsigned result)
{
    const struct peer *peer = line->state;
    if (!peer->own->tell)
        return;
    struct s13_told told = {.event = event,
                            .result = result,
                            .peer = peer->asker.peer,
                            .origin = peer->asker.origin,
                            .address = line->address};
    peer->own->tell(peer->own->tell_ctx, &told);
}

static void tell_refused(const struct line *line, const struct capabilities *c, unsigned result)
{
    struct peer *peer = line->state;
    peer->asker.origin = c->origin;
    peer_tell(line, S13_REFUSED, result);
    peer->asker.origin = (struct str){0}; /* it was the message's */
}

static struct diameter_fault enter(struct line *line, const struct capabilities *c)
{
    struct peer *peer = line->state;
    struct s13 *own = peer->own;
    struct peers_asks asks = {.own = own->identity,
                              .origin = c->origin,
                              .names = line->names,
                              .certified = line->certified,
                              .ours = line->ours,
                              .many = own->many,
                              .now_us = line->now_us,
                              .silent_us = own->tw_us + 2000000};
    switch (peers_enter(&own->peers, &asks, &peer->entry)) {
    case PEERS_IN:
        peer->asker.origin = peer->entry->origin;
        peer->asker.peer = peer->entry->number;
        return fault_alone(DIAMETER_NONE);
    case PEERS_UNKNOWN:
        return fault_alone(DIAMETER_UNKNOWN_PEER);
    case PEERS_LOST:
        return fault_alone(DIAMETER_ELECTION_LOST);
    case PEERS_FULL:
        break;
    }
    return fault_alone(DIAMETER_TOO_BUSY);
}

static struct diameter_fault judge(const struct line *line, const struct capabilities *c,
                                   struct diameter_fault fault)
{
    if (fault.result)
        return fault;
    if (!c->application)
        return fault_alone(DIAMETER_NO_COMMON_APPLICATION);
    if (!c->security && !line->tls)
        return fault_alone(DIAMETER_NO_COMMON_SECURITY);
    return fault;
}

static enum line_next admit(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    struct capabilities c;
    struct diameter_fault fault = capabilities_read(message, &c);
    fault = judge(line, &c, fault);
    if (!fault.result)
        fault = enter(line, &c);
    cea_write(&line->out, peer->own, message, line->own, &fault, c.plain);
    if (fault.result) {
        peer->state = PEER_WAIT_CER;
        tell_refused(line, &c, fault.result);
        return LINE_CLOSE;
    }
    peer_tell(line, S13_OPEN, DIAMETER_SUCCESS);
    arm_watchdog(line);
    return LINE_ON;
}

static enum line_next again(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    struct capabilities c;
    struct diameter_fault fault = capabilities_read(message, &c);
    fault = judge(line, &c, fault);
    if (!fault.result && !str_eq_nocase(c.origin, peer->entry->origin))
        fault = fault_alone(DIAMETER_UNKNOWN_PEER);
    cea_write(&line->out, peer->own, message, line->own, &fault, c.plain);
    return fault.result ? LINE_CLOSE : LINE_ON;
}

static enum line_next join(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    struct capabilities c;
    struct diameter_fault fault = capabilities_read(message, &c);
    if (c.result != DIAMETER_SUCCESS && (c.result || !fault.result))
        fault = fault_alone(c.result ? (enum diameter_result)c.result : DIAMETER_MISSING_AVP);
    fault = judge(line, &c, fault);
    if (!fault.result)
        fault = enter(line, &c);
    if (fault.result) {
        peer->state = PEER_WAIT_CEA;
        tell_refused(line, &c, fault.result);
        return LINE_DROP;
    }
    peer_tell(line, S13_OPEN, DIAMETER_SUCCESS);
    arm_watchdog(line);
    return LINE_ON;
}

/* ---- open ---- */

static enum line_next alive(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    uint32_t cause;
    struct diameter_fault fault = base_read(message, &cause);
    base_answer(&line->out, peer->own, message, &fault);
    return LINE_ON;
}

static enum line_next leave(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    uint32_t cause;
    struct diameter_fault fault = base_read(message, &cause);
    base_answer(&line->out, peer->own, message, &fault);
    if (peer->state == PEER_LEAVING)
        return LINE_ON;
    peer_tell(line, S13_CLOSED, fault.result ? 0 : cause + 1);
    peer->asker.origin = (struct str){0};
    peers_leave(&peer->own->peers, peer->entry);
    peer->entry = NULL;
    arm(line, LIMIT_DIAMETER_BYE_SECONDS * 1000000LL);
    return LINE_ON;
}

static enum line_next heard(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    if (diameter_header_of(message).hop_by_hop == peer->asked)
        peer->state = PEER_OPEN;
    return LINE_ON;
}

/* No ECR in good order: which of the protocol's errors is it? */
static enum line_next reject(struct line *line, const uint8_t *message)
{
    struct peer *peer = line->state;
    struct diameter_header header = diameter_header_of(message);
    bool mine = header.application == DIAMETER_S13, base = header.application == 0;
    enum diameter_result result = DIAMETER_APPLICATION_UNSUPPORTED;
    if (header.flags & DIAMETER_ERROR)
        result = DIAMETER_INVALID_HDR_BITS; /* RFC 6733 3: never in a request */
    else if (mine || base)
        result = DIAMETER_COMMAND_UNSUPPORTED;
    struct diameter_fault fault = fault_alone(result);
    error_answer(&line->out, peer->own, message, &fault);
    network_refused(line->worker_ctx, &peer->asker, fault.result);
    return LINE_ON;
}

static enum line_next ask(struct line *line)
{
    struct peer *peer = line->state;
    peer->asked = peer->hop_by_hop++;
    dwr_write(&line->out, peer->own, peer->asked);
    arm_watchdog(line);
    return LINE_ON;
}

static enum line_next goodbye(struct line *line)
{
    struct peer *peer = line->state;
    peer->asked = peer->hop_by_hop++;
    dpr_write(&line->out, peer->own, peer->asked);
    arm(line, LIMIT_DIAMETER_BYE_SECONDS * 1000000LL);
    return LINE_ON;
}

/* ---- the machine ---- */

enum peer_event peer_event_of(const uint8_t *message)
{
    struct diameter_header header = diameter_header_of(message);
    bool request = header.flags & DIAMETER_REQUEST;
    if (request && header.flags & DIAMETER_ERROR)
        return PEER_REQUEST;
    switch (header.command) {
    case DIAMETER_CE:
        return request ? PEER_CER : PEER_CEA;
    case DIAMETER_DW:
        return request ? PEER_DWR : PEER_DWA;
    case DIAMETER_DP:
        return request ? PEER_DPR : PEER_DPA;
    default:
        return request ? PEER_REQUEST : PEER_ANSWER;
    }
}

enum line_next peer_step(struct line *line, enum peer_event event, const uint8_t *message)
{
    struct peer *peer = line->state;
    enum act act = (enum act)table[peer->state][event].act;
    peer->state = (enum peer_state)table[peer->state][event].next;
    switch (act) {
    case ADMIT:
        return admit(line, message);
    case AGAIN:
        return again(line, message);
    case JOIN:
        return join(line, message);
    case ALIVE:
        return alive(line, message);
    case HEARD:
        return heard(line, message);
    case LEAVE:
        return leave(line, message);
    case REJECT:
        return reject(line, message);
    case ASK:
        return ask(line);
    case DOUBT:
        peer_tell(line, S13_SILENT, 0);
        arm_watchdog(line);
        return LINE_ON;
    case GOODBYE:
        return goodbye(line);
    case IGNORE:
        return LINE_ON;
    case LEFT:
        return diameter_header_of(message).hop_by_hop == peer->asked ? LINE_CLOSE : LINE_ON;
    case CLOSE:
        return LINE_CLOSE;
    case REFUSE:
        peer_tell(line, S13_REFUSED, 0);
        return LINE_DROP;
    case DROP:
    case GIVE_UP:
        break;
    }
    return LINE_DROP;
}
