/* SPDX-License-Identifier: Apache-2.0
 *
 * network - what a network is told of a piece of equipment: index, rules and an operator's settings
 * -> equipment status. S13, N5g-eir and MAP all call network_answer, so they cannot disagree; what
 * is on no list's side of it is answer_make's, as for every other face.
 *
 * A struct network is a view: immutable while it is used, so that all threads read one. Whoever
 * holds it brings `today` along with the clock (node/view.h). */
#ifndef ANSWER_NETWORK_H
#define ANSWER_NETWORK_H

#include "answer/answer.h"
#include "core/spared.h"
#include "index/index.h"

/* What is said of the equipment. The first three are the wire's own numbers. */
enum equipment {
    EQUIPMENT_WHITE = 0, /* TS 29.272 7.3.51 PERMITTEDLISTED; TS 29.511 6.1.6.3.3 WHITELISTED */
    EQUIPMENT_BLACK = 1, /* PROHIBITEDLISTED, BLACKLISTED */
    EQUIPMENT_GREY = 2,  /* TRACKINGLISTED, GREYLISTED */
    EQUIPMENT_UNKNOWN,   /* S13: 5422, TS 29.272 7.4.3.5; N5g-eir: 404 ERROR_EQUIPMENT_UNKNOWN */
    EQUIPMENT_COUNT
};
const char *equipment_name(enum equipment equipment); /* "white" "black" "grey" "unknown" */

enum { NETWORK_BATCH = 32 }; /* questions that are asked together at most */

/* An operator's own choices: the settings file of its node. */
struct network_settings {
    uint8_t unknown; /* enum equipment: an IMEI that is on no list; default grey */
    /* An identity that is no IMEI (not 14 to 16 digits): enum equipment, or EQUIPMENT_COUNT: the
     * protocol's own error (S13 5004, N5g-eir 400), the default. */
    uint8_t malformed;
    /* enum equipment: an IMEI of a TAC that this node does not hold; default grey, which serves */
    uint8_t outside;
};

struct network_question {
    struct imei imei;
    uint64_t imsi; /* packed as by imsi_parse; 0 = the network gave none */
};

struct network_reply {
    uint8_t equipment; /* enum equipment */
    uint8_t list;      /* enum list */
    uint8_t reason;    /* enum reason */
    bool home;         /* asked with an IMSI of a home network */
    /* Of a TAC that the index does not hold: settings.outside was said, and list and reason say nothing. */
    bool outside;
    bool fresh; /* a home subscriber is let in with what nobody has seen active: to be reported */
};

struct network {
    const struct index *index;
    const struct rules *rules; /* with rules->tac */
    uint8_t subscriber_key[SHA256_BYTES];
    bool paired; /* subscriber_key is there: pairs can be looked up */
    struct network_settings settings;
    daynum today;                /* in the country */
    const struct spared *spared; /* whose expiry is held for this operator; NULL: nobody's */
};

/* n questions, at most NETWORK_BATCH; out[i] answers q[i]. Never fails, takes no lock, allocates
 * nothing; from any thread. Order of judgement (domain.md 3, design.md 4): the rule set's override;
 * marks; roamer or machine; pairs; the list; the operator's default for what is unknown. Where the index holds some
 * TACs alone, of another the override, roamer or machine, the rules that ask for no record (a machine's TAC, digits all
 * the same), then settings.outside: never unknown, and nothing is reported. */
void network_answer(const struct network *net, const struct network_question *q, size_t n,
                    struct network_reply *out);

/* Who asks, as the check log and the counters call it. Borrowed, stays as long as the connection. */
struct network_asker {
    struct str origin; /* Origin-Host, the client certificate's name, or the address */
    unsigned peer;     /* its number among the counters; 0: none of its own */
    enum network_face { NETWORK_S13, NETWORK_N5G, NETWORK_MAP, NETWORK_FACES } face;
};

/* One question as the wire had it: what a check log tells. */
struct network_check {
    struct network_question question;
    uint8_t software_version; /* 0..99; 255: none was given */
    uint8_t malformed;        /* the identity was no IMEI: question.imei says nothing */
};

/* Where faces bring their questions: the node (node/desk.h) answers, counts, logs, notes
 * sightings; tests give their own. One a worker thread: its calls are not shared. */
struct network_desk {
    /* n checks, at most NETWORK_BATCH, of one input of the worker's turn. Of a malformed one the
     * reply's equipment is settings.malformed, EQUIPMENT_COUNT included. */
    void (*answer)(struct network_desk *desk, const struct network_asker *asker,
                   const struct network_check *checks, size_t n, struct network_reply *out);
    /* A request that the face answered by itself: Result-Code, or HTTP status. NULL: nobody counts. */
    void (*refused)(struct network_desk *desk, const struct network_asker *asker, unsigned code);
    unsigned worker; /* its number, from 0: by which a face finds what it keeps for each */
};

static inline void network_refused(struct network_desk *desk, const struct network_asker *asker,
                                   unsigned code)
{
    if (desk->refused)
        desk->refused(desk, asker, code);
}

#endif
