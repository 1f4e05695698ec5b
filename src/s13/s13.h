/* SPDX-License-Identifier: Apache-2.0
 *
 * s13 - the Diameter face of a node: S13 and S13' (TS 29.272 6.2), our own codec and peer machine.
 *
 * A struct s13 is one Diameter node, as its peers see it: line->face_ctx of all its lines, in all
 * workers; line->worker_ctx is the worker's struct network_desk. */
#ifndef S13_S13_H
#define S13_S13_H

#include "base/err.h"
#include "wire/line.h"

struct s13;

/* What becomes of a connection, for the log and the counters. */
enum s13_event {
    S13_OPEN,    /* capabilities were exchanged */
    S13_REFUSED, /* they were not: result says why (0: nothing came, or no Diameter) */
    S13_SILENT,  /* a watchdog was not answered in time */
    S13_FAULTY,  /* bytes that are no Diameter: closed */
    S13_CLOSED,  /* an open one ends; result: Disconnect-Cause + 1, 0: none was given */
    S13_EVENTS
};
struct s13_told {
    enum s13_event event;
    unsigned result;    /* Result-Code, see above */
    unsigned peer;      /* number of the pattern that let it in, from 1; 0: none */
    struct str origin;  /* Origin-Host, as far as it is known */
    struct str address; /* of the other end */
};

struct s13_settings {
    struct str identity; /* own Origin-Host, "eir.example.kz" */
    struct str realm;    /* own Origin-Realm; other Destination-Realms are refused (3003) */
    struct str product;  /* Product-Name; empty: "Tamga" */
    /* Who may connect: "mme1.example.kz", "*.example.kz", "*" (everybody). Their numbers from 1 are
     * network_asker.peer. None: nobody. */
    const struct str *allow;
    size_t allow_count;
    uint32_t vendor;       /* Vendor-Id of the maker: IANA's private enterprise number; 0: none */
    uint32_t origin_state; /* Origin-State-Id: grows with each start; 0: none is sent */
    unsigned tw_seconds;   /* watchdog, 6 at least (RFC 3539 3.4.1); 0: 30 */
    size_t message_max;    /* bytes of one message; 0: LIMIT_DIAMETER_MESSAGE, which is the most */
    unsigned rate_max;     /* ECRs a second of one connection, more hear 3004; 0: no limit */
    bool many;             /* one Origin-Host may have several connections at once */
    /* From any worker's thread; may be NULL. */
    void (*tell)(void *ctx, const struct s13_told *told);
    void *tell_ctx;
};

/* Copies what settings point to. ERR_SETTING_VALUE with the setting's name in fault->field,
 * ERR_MEMORY. */
MUST_USE enum err s13_new(const struct s13_settings *settings, struct s13 **out,
                          struct fault *fault);
/* Another list, from now on; who is connected stays. From any thread. */
MUST_USE enum err s13_allow(struct s13 *s13, const struct str *allow, size_t n);
void s13_free(struct s13 *s13); /* when no line is left */

extern const struct line_face s13_face;

#endif
