/* SPDX-License-Identifier: Apache-2.0
 *
 * peers - who may connect and who is connected: the one thing that the lines of all workers share.
 * Asked when capabilities are exchanged and when a connection ends, never for a request. */
#ifndef S13_PEERS_H
#define S13_PEERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "base/str.h"

enum { PEERS_BUCKETS = 1024 };

/* One open connection. Its line reads and writes the atomics; the rest does not change. */
struct peers_entry {
    struct peers_entry *next;
    _Atomic int64_t heard_us; /* monotonic: when something whole came */
    atomic_bool doomed;       /* another connection took its place: close it */
    bool ours;                /* we began it */
    unsigned number;          /* of the pattern that let it in, from 1 */
    struct str origin;        /* its Origin-Host, in name */
    char name[];
};

struct peers {
    pthread_mutex_t lock;
    struct str *allow; /* with its bytes behind it */
    size_t allow_count;
    struct peers_entry *bucket[PEERS_BUCKETS];
};

void peers_init(struct peers *peers);
void peers_release(struct peers *peers);
MUST_USE enum err peers_allow(struct peers *peers, const struct str *allow, size_t n);

struct peers_asks {
    struct str own;    /* our Origin-Host */
    struct str origin; /* theirs */
    struct str names;  /* of their certificate, a space between */
    bool certified;    /* they showed one */
    bool ours;         /* we began the connection */
    bool many;         /* several connections of one Origin-Host are welcome */
    int64_t now_us;
    int64_t silent_us; /* one that was not heard for so long makes room for another */
};
enum peers_told {
    PEERS_IN,
    PEERS_UNKNOWN, /* not on the list, another name than its certificate's, or our own */
    PEERS_LOST,    /* it is connected already, or lost the election (RFC 6733 5.6.4) */
    PEERS_FULL,    /* no memory */
};
enum peers_told peers_enter(struct peers *peers, const struct peers_asks *asks,
                            struct peers_entry **out);
void peers_leave(struct peers *peers, struct peers_entry *entry); /* frees it; NULL: nothing */

#endif
