/* SPDX-License-Identifier: Apache-2.0
 *
 * peer - one connection as the peer machine of RFC 6733 5.6 and the watchdog of RFC 3539 3.4 see
 * it. Times are line->now_us. */
#ifndef S13_PEER_H
#define S13_PEER_H

#include "answer/network.h"
#include "s13/own.h"

enum peer_state {
    PEER_WAIT_CER, /* they connected and have not said who they are */
    PEER_WAIT_CEA, /* we connected and told them who we are */
    PEER_OPEN,
    PEER_ASKED,   /* open; a DWR waits for its answer */
    PEER_SUSPECT, /* open; it was not answered in time */
    PEER_LEAVING, /* we sent a DPR, what comes is answered until its answer */
    PEER_LEFT,    /* they sent a DPR and close */
    PEER_STATES
};

enum peer_event {
    PEER_CER,
    PEER_CEA,
    PEER_DWR,
    PEER_DWA,
    PEER_DPR,
    PEER_DPA,
    PEER_REQUEST, /* any other */
    PEER_ANSWER,  /* any other */
    PEER_TIME,    /* the state has lasted as long as it may */
    PEER_STOP,    /* the program stops */
    PEER_EVENTS
};

struct peer {
    struct s13 *own;
    enum peer_state state;
    struct peers_entry *entry; /* once it is known */
    struct network_asker asker;
    int64_t armed_us;    /* since when the watchdog, or the state's own time, runs */
    int64_t wait_us;     /* how long */
    uint32_t hop_by_hop; /* of our next request */
    uint32_t asked;      /* of the one that waits for an answer */
    unsigned allowance;  /* ECRs that it may send now; settings.rate_max */
    int64_t refilled_us;
};

/* Does it answer ECRs in this state? */
bool peer_serves(const struct peer *peer);
/* message: of the first eight events. The state's next is set before the act. */
enum line_next peer_step(struct line *line, enum peer_event event, const uint8_t *message);
enum peer_event peer_event_of(const uint8_t *message);
/* Something whole came. */
void peer_heard(struct line *line);
void peer_tell(const struct line *line, enum s13_event event, unsigned result);

#endif
